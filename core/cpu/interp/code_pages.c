/* code_pages.c - which pages of memory hold code that somebody keeps a form of, and what goes when they are written.
 *
 * A page is in the list while there are parts of it: ranges of its bytes that decoded runs and units of an executor
 * were made from. It then carries MEM_MARK_CODE, and stores to it come through mem_store(), which calls runs_drop()
 * *before* it writes. A bit for each byte tells stores to data beside code from those that matter.
 *
 * A page whose stores cost too much may be *loose* (MEM_MARK_LOOSE; the executor decides): windows let stores to it
 * pass, and a run of it is compared with memory each time before it is used. Stores by the interpreter and by devices
 * are still noticed, so nothing can change behind the back of a run under way.
 *
 * A dropped run is only unlinked: its memory stays as it is until its part of the arena is used again, which happens
 * between runs, so the run under way may drop itself. Example, at 7c00h in 16-bit code:
 *
 *     7c00  c6 06 06 7c 42   mov byte [7c06h], 42h     the store drops this very run; `broken` is set
 *     7c05  b0 00            mov al, 0                 not executed from the old run; decoded anew: mov al, 42h
 */
#include "core/cpu/interp/code_pages.h"

#include <stddef.h>

static struct code_page **page_link(struct interp *it, uint64_t frame)
{
    struct code_page **link = &it->page_bucket[frame % PAGE_BUCKETS];
    while (*link && (*link)->frame != frame)
        link = &(*link)->next;
    return link;
}

bool code_pages_full(const struct interp *it, uint32_t count)
{
    return !it->pages_free && it->pages_used + count > PAGES_MAX;
}

/* The page of the frame, new and marked if need be; NULL when there are too many. */
static struct code_page *page_get(struct interp *it, uint64_t frame)
{
    struct code_page **link = page_link(it, frame);
    if (*link)
        return *link;
    if (code_pages_full(it, 1))
        return NULL;
    struct code_page *page = it->pages_free;
    if (page)
        it->pages_free = page->next;
    else
        page = &it->pages[it->pages_used++];
    *page = (struct code_page){ .frame = frame };
    *link = page;
    mem_mark(it->cpu->mem, frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    tlb_slow_writes(it->cpu, frame << MEM_PAGE_SHIFT);
    return page;
}

static bool page_loose(const struct interp *it, uint64_t frame)
{
    return mem_marks(it->cpu->mem, frame << MEM_PAGE_SHIFT) & MEM_MARK_LOOSE;
}

/* Do the `count` bytes of the run behind the first `skip` stand at `host` still? */
static bool bytes_same(const struct run *run, uint32_t skip, const uint8_t *host, uint32_t count)
{
    for (unsigned i = 0; i < run->count && count; i++) {
        const struct insn *insn = &run->insn[i];
        uint32_t here = insn->length < skip ? insn->length : skip;
        uint32_t left = insn->length - here < count ? insn->length - here : count;
        if (memcmp(host, insn->bytes + here, left) != 0)
            return false;
        skip -= here;
        host += left;
        count -= left;
    }
    return true;
}

bool run_same(struct interp *it, const struct run *run)
{
    uint32_t skip = 0;
    for (unsigned side = 0; side < 2 && run->part[side].page; side++) {
        const struct code_part *part = &run->part[side];
        gpa_t gpa = part->page->frame << MEM_PAGE_SHIFT;
        uint32_t count = part->last - part->first + 1u;
        bool marked;
        const uint8_t *host = page_loose(it, part->page->frame) ? mem_page(it->cpu->mem, gpa, false, &marked) : NULL;
        if (host && !bytes_same(run, skip, host + part->first, count))
            return false;
        skip += count;
    }
    return true;
}

static void page_free_if_empty(struct interp *it, struct code_page *page)
{
    if (page->parts)
        return;
    mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    *page_link(it, page->frame) = page->next;
    page->next = it->pages_free;
    it->pages_free = page;
}

/* The bits of `first` to `last` in one word of page->bytes. */
static uint64_t bits_of(uint32_t word, uint32_t first, uint32_t last)
{
    uint64_t from = first > word * 64 ? UINT64_MAX << first % 64 : UINT64_MAX;
    uint64_t to = last < word * 64 + 63 ? UINT64_MAX >> (63 - last % 64) : UINT64_MAX;
    return from & to;
}

static void bytes_add(struct code_page *page, uint32_t first, uint32_t last)
{
    for (uint32_t word = first / 64; word <= last / 64; word++)
        page->bytes[word] |= bits_of(word, first, last);
}

static bool bytes_any(const struct code_page *page, uint32_t first, uint32_t last)
{
    uint64_t found = 0;
    for (uint32_t word = first / 64; word <= last / 64; word++)
        found |= page->bytes[word] & bits_of(word, first, last);
    return found;
}

/* ---- parts ---- */

bool code_part_add(struct interp *it, struct code_part *part, uint64_t frame, uint32_t first, uint32_t last)
{
    struct code_page *page = page_get(it, frame);
    if (!page)
        return false;
    part->page = page;
    part->next = page->parts;
    part->link = &page->parts;
    part->first = (uint16_t)first;
    part->last = (uint16_t)last;
    if (page->parts)
        page->parts->link = &part->next;
    page->parts = part;
    bytes_add(page, first, last);
    return true;
}

void code_part_remove(struct interp *it, struct code_part *part)
{
    *part->link = part->next;
    if (part->next)
        part->next->link = part->link;
    page_free_if_empty(it, part->page);
}

/* ---- runs ---- */

bool code_page_add(struct interp *it, struct run *run, unsigned side, uint64_t frame)
{
    uint32_t start = (uint32_t)(run->key >> 1) & MEM_PAGE_MASK;
    uint32_t end = start + run->bytes - 1;
    run->part[side].owner = side ? OWNER_RUN_END : OWNER_RUN;
    if (side)
        return code_part_add(it, &run->part[1], frame, 0, end - MEM_PAGE_SIZE);
    return code_part_add(it, &run->part[0], frame, start, end < MEM_PAGE_SIZE ? end : MEM_PAGE_MASK);
}

static struct run *run_of(struct code_part *part)
{
    size_t offset = part->owner == OWNER_RUN ? offsetof(struct run, part[0]) : offsetof(struct run, part[1]);
    return (struct run *)(void *)((uint8_t *)part - offset);
}

void run_drop(struct interp *it, struct run *run)
{
    struct run **link = &it->bucket[run_hash(run->key)];
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    for (unsigned side = 0; side < 2; side++)
        if (run->part[side].page)
            code_part_remove(it, &run->part[side]);
    run->dropped = true;
    it->cpu->tlb->changes++;
    if (run == it->current)
        it->broken = true;
}

/* ---- dropping ---- */

static bool part_overlaps(const struct code_part *part, uint32_t first, uint32_t last)
{
    return part->first <= last && first <= part->last;
}

static void bytes_anew(struct code_page *page)
{
    memset(page->bytes, 0, sizeof(page->bytes));
    for (const struct code_part *part = page->parts; part; part = part->next)
        bytes_add(page, part->first, part->last);
}

/* Drops one that has a byte in the range; false when there was none. */
static bool part_drop(struct interp *it, struct code_page *page, uint32_t first, uint32_t last)
{
    struct code_part *part = page->parts;
    while (part && !part_overlaps(part, first, last))
        part = part->next;
    if (!part)
        return false;
    if (part->owner == OWNER_EXECUTOR) {
        it->executor->dropped(it->executor->opaque, part);
        return true;
    }
    struct run *run = run_of(part);
    run_heat(it, run->key)->count = 0;
    run_drop(it, run);
    return true;
}

/* May the code under way be of that page? Whoever uses code of a loose page keeps to one page at a time. */
static bool under_way(const struct interp *it, uint64_t frame)
{
    const struct cpu *cpu = it->cpu;
    const uint32_t ends[2] = { cpu->insn_eip, cpu->eip - 1 };
    for (unsigned i = 0; i < 2; i++) {
        const struct tlb_entry *page = tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, cpu->seg[CS].base + ends[i], 1);
        if (!page || (page->frame & TLB_FRAME) == frame)
            return true;
    }
    return false;
}

static void page_drop(struct interp *it, struct code_page *page, uint32_t first, uint32_t last)
{
    uint64_t frame = page->frame;
    bool dropped = false;
    if (it->executor)
        it->executor->written(it->executor->opaque, frame);
    if (it->drop_pages) {
        first = 0;
        last = MEM_PAGE_MASK;
    }
    if (!bytes_any(page, first, last))
        return;
    if (page_loose(it, frame)) {
        it->broken |= under_way(it, frame); /* all else is compared before it is used */
        return;
    }
    while (part_drop(it, page, first, last)) {
        dropped = true;
        if (*page_link(it, frame) != page)
            return; /* that was the last */
    }
    if (!dropped)
        bytes_anew(page); /* only then, so that overwriting a page of many parts is not quadratic */
}

void runs_drop(struct interp *it, gpa_t gpa, uint32_t count)
{
    gpa_t end = gpa + count;
    while (gpa < end) {
        uint32_t first = (uint32_t)gpa & MEM_PAGE_MASK;
        gpa_t next = (gpa | MEM_PAGE_MASK) + 1;
        uint32_t last = next <= end ? MEM_PAGE_MASK : (uint32_t)(end - 1) & MEM_PAGE_MASK;
        struct code_page *page = *page_link(it, gpa >> MEM_PAGE_SHIFT);
        if (page)
            page_drop(it, page, first, last);
        gpa = next;
    }
}

void code_page_clear(struct interp *it, uint64_t frame)
{
    struct code_page *page = *page_link(it, frame);
    while (page && *page_link(it, frame) == page) {
        struct code_part *part = page->parts;
        if (part->owner == OWNER_EXECUTOR)
            it->executor->dropped(it->executor->opaque, part);
        else
            run_drop(it, run_of(part));
    }
}

void code_pages_forget(struct interp *it)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++)
        for (struct code_page *page = it->page_bucket[i]; page; page = page->next)
            mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    memset(it->page_bucket, 0, sizeof(it->page_bucket));
    it->pages_used = 0;
    it->pages_free = NULL;
}
