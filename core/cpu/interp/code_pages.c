/* code_pages.c - which pages of memory hold code that somebody keeps a form of, and what goes when they are written.
 *
 * A page is in the list while decoded runs lie in it or an executor's parts, which stand for ranges of its bytes. It
 * then carries MEM_MARK_CODE, and stores to it come through mem_store(), which calls runs_drop() *before* it writes. A
 * bit for each 64 bytes tells most stores to data beside code from those that matter.
 *
 * A dropped run is only unlinked: its memory stays as it is until its part of the arena is used again, which happens
 * between runs, so the run under way may drop itself. Example, at 7c00h in 16-bit code:
 *
 *     7c00  c6 06 06 7c 42   mov byte [7c06h], 42h     the store drops this very run; `broken` is set
 *     7c05  b0 00            mov al, 0                 not executed from the old run; decoded anew: mov al, 42h
 */
#include "core/cpu/interp/code_pages.h"

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

static void page_free_if_empty(struct interp *it, struct code_page *page)
{
    if (page->runs || page->parts)
        return;
    mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    *page_link(it, page->frame) = page->next;
    page->next = it->pages_free;
    it->pages_free = page;
}

static uint64_t granules_of(uint32_t first, uint32_t last)
{
    return (UINT64_MAX >> (63 - last / 64)) & (UINT64_MAX << (first / 64));
}

/* ---- runs ---- */

/* The bytes of the run in its first or second page, as [*first, *last]. */
static void run_extent(const struct run *run, unsigned side, uint32_t *first, uint32_t *last)
{
    uint32_t start = (uint32_t)(run->key >> 1) & MEM_PAGE_MASK;
    uint32_t end = start + run->bytes - 1;
    *first = side ? 0 : start;
    *last = side ? end - MEM_PAGE_SIZE : end < MEM_PAGE_SIZE ? end : MEM_PAGE_MASK;
}

static unsigned run_side(const struct run *run, const struct code_page *page)
{
    return run->page[0] == page ? 0 : 1;
}

bool code_page_add(struct interp *it, struct run *run, unsigned side, uint64_t frame)
{
    uint32_t first, last;
    struct code_page *page = page_get(it, frame);
    if (!page)
        return false;
    run->page[side] = page;
    run->page_next[side] = page->runs;
    page->runs = run;
    run_extent(run, side, &first, &last);
    page->granules |= granules_of(first, last);
    return true;
}

static void page_unlink(struct code_page *page, const struct run *run)
{
    struct run **link = &page->runs;
    while (*link != run)
        link = &(*link)->page_next[run_side(*link, page)];
    *link = run->page_next[run_side(run, page)];
}

/* Takes the run out of the cache and out of the pages' lists, which may be empty then. */
static void run_unlink(struct interp *it, struct run *run)
{
    struct run **link = &it->bucket[run_hash(run->key)];
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    for (unsigned side = 0; side < 2; side++)
        if (run->page[side])
            page_unlink(run->page[side], run);
    run->dropped = true;
    it->cpu->tlb->changes++;
    if (run == it->current)
        it->broken = true;
}

void run_drop(struct interp *it, struct run *run)
{
    run_unlink(it, run);
    for (unsigned side = 0; side < 2; side++)
        if (run->page[side])
            page_free_if_empty(it, run->page[side]);
}

/* ---- parts ---- */

bool code_part_add(struct interp *it, struct code_part *part, uint64_t frame, uint32_t first, uint32_t last)
{
    struct code_page *page = page_get(it, frame);
    if (!page)
        return false;
    *part = (struct code_part){ page, page->parts, &page->parts, (uint16_t)first, (uint16_t)last };
    if (page->parts)
        page->parts->link = &part->next;
    page->parts = part;
    page->granules |= granules_of(first, last);
    return true;
}

void code_part_remove(struct interp *it, struct code_part *part)
{
    *part->link = part->next;
    if (part->next)
        part->next->link = part->link;
    page_free_if_empty(it, part->page);
}

/* The first part of the page that has a byte in the range, or NULL. */
static struct code_part *part_in(const struct code_page *page, uint32_t first, uint32_t last)
{
    struct code_part *part = page->parts;
    while (part && (part->last < first || last < part->first))
        part = part->next;
    return part;
}

/* ---- dropping ---- */

static void page_drop(struct interp *it, struct code_page *page, uint32_t first, uint32_t last)
{
    if (it->drop_pages) {
        first = 0;
        last = MEM_PAGE_MASK;
    }
    if (!(page->granules & granules_of(first, last)))
        return;
    uint64_t frame = page->frame, left = 0;
    struct run *next;
    for (struct run *run = page->runs; run; run = next) {
        uint32_t run_first, run_last;
        unsigned side = run_side(run, page);
        next = run->page_next[side];
        run_extent(run, side, &run_first, &run_last);
        if (run_first > last || first > run_last) {
            left |= granules_of(run_first, run_last);
            continue;
        }
        run_unlink(it, run);
        run_heat(it, run->key)->count = 0;
        if (run->page[!side])
            page_free_if_empty(it, run->page[!side]);
    }
    for (struct code_part *part; (part = part_in(page, first, last));) {
        it->executor->dropped(it->executor->opaque, part);
        if (*page_link(it, frame) != page)
            return; /* that was the last */
    }
    for (const struct code_part *part = page->parts; part; part = part->next)
        left |= granules_of(part->first, part->last);
    page->granules = left;
    page_free_if_empty(it, page);
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

void code_pages_forget(struct interp *it)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++)
        for (struct code_page *page = it->page_bucket[i]; page; page = page->next)
            mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    memset(it->page_bucket, 0, sizeof(it->page_bucket));
    it->pages_used = 0;
    it->pages_free = NULL;
}
