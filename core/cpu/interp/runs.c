/* runs.c - decoding ahead, and forgetting in time.
 *
 * A run is what follows an address up to the first instruction that may go elsewhere, at most RUN_INSNS instructions
 * and within one page, so that a page with a run is fetched from, translated and checked once for all of them. Its key
 * is the physical address and the code size: two linear aliases share it, and a CR3 load leaves it valid.
 *
 * Pages with runs carry MEM_MARK_CODE; a store to them comes through mem_store(), which calls runs_drop() *before* it
 * writes. A dropped run is only unlinked: its memory stays as it is until runs_flush(), which happens between runs, so
 * the run under way may drop itself. Example, at 7c00h in 16-bit code:
 *
 *     7c00  c6 06 06 7c 42   mov byte [7c06h], 42h     the store drops this very run; `broken` is set
 *     7c05  b0 00            mov al, 0                 not executed from the old run; decoded anew: mov al, 42h
 *
 * Memory is an arena that only grows; when it is full everything is dropped and decoding starts anew. */
#include "core/cpu/interp/runs.h"

#include <stdlib.h>

#include "core/cpu/access.h"

#define RUN_BYTES(count) ((uint32_t)((sizeof(struct run) + (count) * sizeof(struct insn) + 15) & ~(size_t)15))

bool runs_init(struct interp *it)
{
    it->arena = malloc(ARENA_BYTES);
    it->pages = calloc(PAGES_MAX, sizeof(struct code_page));
    it->last = it->scratch = calloc(1, RUN_BYTES(1));
    return it->arena && it->pages && it->scratch;
}

void runs_free(struct interp *it)
{
    free(it->arena);
    free(it->pages);
    free(it->scratch);
}

/* ---- pages ---- */

static struct code_page **page_link(struct interp *it, uint64_t frame)
{
    struct code_page **link = &it->page_bucket[frame % PAGE_BUCKETS];
    while (*link && (*link)->frame != frame)
        link = &(*link)->next;
    return link;
}

/* The page of the frame, new and marked if need be. The caller has made sure that the pool has room. */
static struct code_page *page_get(struct interp *it, uint64_t frame)
{
    struct code_page **link = page_link(it, frame);
    if (*link)
        return *link;
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

/* The bytes of the run in its first or second page, as [*first, *last]. */
static void run_extent(const struct run *run, unsigned side, uint32_t *first, uint32_t *last)
{
    uint32_t start = (uint32_t)(run->key >> 1) & MEM_PAGE_MASK;
    uint32_t end = start + run->bytes - 1;
    *first = side ? 0 : start;
    *last = side ? end - MEM_PAGE_SIZE : end < MEM_PAGE_SIZE ? end : MEM_PAGE_MASK;
}

static uint64_t granules_of(uint32_t first, uint32_t last)
{
    return (UINT64_MAX >> (63 - last / 64)) & (UINT64_MAX << (first / 64));
}

static void page_add(struct code_page *page, struct run *run, unsigned side)
{
    uint32_t first, last;
    run->page[side] = page;
    run->page_next[side] = page->runs;
    page->runs = run;
    run_extent(run, side, &first, &last);
    page->granules |= granules_of(first, last);
}

static unsigned run_side(const struct run *run, const struct code_page *page)
{
    return run->page[0] == page ? 0 : 1;
}

static void page_unlink(struct code_page *page, const struct run *run)
{
    struct run **link = &page->runs;
    while (*link != run)
        link = &(*link)->page_next[run_side(*link, page)];
    *link = run->page_next[run_side(run, page)];
}

static void page_free_if_empty(struct interp *it, struct code_page *page)
{
    if (page->runs)
        return;
    mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    *page_link(it, page->frame) = page->next;
    page->next = it->pages_free;
    it->pages_free = page;
}

/* ---- dropping ---- */

static void run_drop(struct interp *it, struct run *run)
{
    struct run **link = &it->bucket[run_hash(run->key)];
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    for (unsigned side = 0; side < 2; side++) {
        if (run->page[side]) {
            page_unlink(run->page[side], run);
            page_free_if_empty(it, run->page[side]);
        }
    }
    it->cpu->tlb->changes++;
    if (run == it->current)
        it->broken = true;
    if (run->parts)
        it->executor->dropped(it->executor->opaque, run);
}

static void page_drop(struct interp *it, struct code_page *page, uint32_t first, uint32_t last)
{
    if (!(page->granules & granules_of(first, last)))
        return;
    uint64_t left = 0;
    struct run *next;
    for (struct run *run = page->runs; run; run = next) {
        uint32_t run_first, run_last;
        unsigned side = run_side(run, page);
        next = run->page_next[side];
        run_extent(run, side, &run_first, &run_last);
        if (run_first <= last && first <= run_last)
            run_drop(it, run);
        else
            left |= granules_of(run_first, run_last);
    }
    page->granules = left;
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

void runs_flush(struct interp *it)
{
    for (unsigned i = 0; i < PAGE_BUCKETS; i++)
        for (struct code_page *page = it->page_bucket[i]; page; page = page->next)
            mem_unmark(it->cpu->mem, page->frame << MEM_PAGE_SHIFT, MEM_MARK_CODE);
    memset(it->bucket, 0, sizeof(it->bucket));
    memset(it->page_bucket, 0, sizeof(it->page_bucket));
    it->pages_used = 0;
    it->pages_free = NULL;
    it->arena_used = 0;
    it->flush_wanted = false;
    it->last = it->scratch;
    it->cpu->tlb->changes++;
    if (it->executor)
        it->executor->flushed(it->executor->opaque);
}

/* ---- making ---- */

/* Bytes of `page`, for code that may lie in device memory. */
static void page_bytes(struct cpu *cpu, const struct tlb_entry *page, uint32_t linear, uint8_t *to, uint32_t count)
{
    const uint8_t *host = tlb_host(page, linear);
    if (host)
        memcpy(to, host, count);
    else
        phys_read(cpu, tlb_gpa(page, linear), to, count);
}

static uint32_t min32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Decodes the instruction at the start of a run with all that fetching it may raise. *second is the frame it crosses
 * into, or 0. */
static bool decode_first(
    struct interp *it, uint32_t eip, const struct tlb_entry *page, struct insn *insn, uint64_t *second)
{
    struct cpu *cpu = it->cpu;
    const struct segment *cs = &cpu->seg[CS];
    uint32_t linear = cs->base + eip;
    uint32_t offset = linear & MEM_PAGE_MASK;
    uint32_t in_limit = cs->limit - eip < 14 ? cs->limit - eip + 1 : 15;
    uint32_t in_page = min32(in_limit, MEM_PAGE_SIZE - offset);
    bool ends;
    uint8_t bytes[15];

    *second = 0;
    page_bytes(cpu, page, linear, bytes, in_page);
    if (decode(&it->decoder, bytes, in_page, (cs->attr & SEG_DB) != 0, insn, &ends))
        return ends;
    if (in_page < in_limit) {
        const struct tlb_entry *next = tlb_translate(cpu, linear + in_page, TLB_FETCH, cpu->cpl == 3);
        *second = next->frame & TLB_FRAME;
        page_bytes(cpu, next, linear + in_page, bytes + in_page, in_limit - in_page);
        if (decode(&it->decoder, bytes, in_limit, (cs->attr & SEG_DB) != 0, insn, &ends))
            return true;
    }
    cpu_raise_code(cpu, EXC_GP, 0); /* goes on behind the limit */
}

static bool arena_full(const struct interp *it)
{
    return it->arena_used + RUN_BYTES(RUN_INSNS) > ARENA_BYTES || it->pages_used + 2 > PAGES_MAX;
}

/* Decodes more instructions behind those that the run has, as long as they lie in its page, whose offset it starts at;
 * `host` is where its first byte stands. */
static void run_extend(struct interp *it, struct run *run, const uint8_t *host, uint32_t offset)
{
    while (!run->ends && run->count < RUN_INSNS) {
        uint32_t count = min32(15, MEM_PAGE_SIZE - offset - run->bytes);
        struct insn *insn = &run->insn[run->count];
        bool ends;
        if (!count || !decode(&it->decoder, host + run->bytes, count, run->key & 1, insn, &ends) || !insn->length)
            break;
        run->bytes += insn->length;
        run->count++;
        run->ends = ends;
    }
}

/* Makes the run that was decoded at the end of the arena one of its page and of the cache. */
static void run_keep(struct interp *it, struct run *run, uint64_t frame)
{
    it->arena_used += RUN_BYTES(run->count);
    page_add(page_get(it, frame), run, 0);
    struct run **head = &it->bucket[run_hash(run->key)];
    run->next = *head;
    *head = run;
}

struct run *run_make(struct interp *it, uint32_t eip, bool alone)
{
    struct cpu *cpu = it->cpu;
    const struct segment *cs = &cpu->seg[CS];
    uint32_t linear = cs->base + eip;
    if (eip > cs->limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    const struct tlb_entry page = *tlb_translate(cpu, linear, TLB_FETCH, cpu->cpl == 3);
    const uint8_t *host = tlb_host(&page, linear);
    alone = alone || !host;

    if (arena_full(it))
        runs_flush(it);
    struct run *run = alone ? it->scratch : (struct run *)(void *)(it->arena + it->arena_used);
    uint64_t second;
    memset(run, 0, sizeof(*run));
    run->key = run_key(tlb_gpa(&page, linear), (cs->attr & SEG_DB) != 0);
    bool ends = decode_first(it, eip, &page, &run->insn[0], &second);
    run->bytes = run->insn[0].length;
    run->count = 1;
    bool crosses = (linear & MEM_PAGE_MASK) + run->bytes > MEM_PAGE_SIZE;
    if (crosses && second == (page.frame & TLB_FRAME))
        alone = true; /* a page mapped twice in a row; lists know a run by its page */
    if (alone || !run->insn[0].length) {
        memmove(it->scratch, run, RUN_BYTES(1));
        return it->scratch;
    }
    run->ends = ends;
    if (!ends && !crosses)
        run_extend(it, run, host, linear & MEM_PAGE_MASK);
    run_keep(it, run, page.frame & TLB_FRAME);
    if (crosses)
        page_add(page_get(it, second), run, 1);
    return run;
}

struct run *run_ahead(struct interp *it, uint32_t eip)
{
    struct cpu *cpu = it->cpu;
    const struct segment *cs = &cpu->seg[CS];
    uint32_t linear = cs->base + eip;
    const struct tlb_entry *page = tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, linear, 1);
    if (!page || cs->limit != UINT32_MAX)
        return NULL;
    uint64_t key = run_key(tlb_gpa(page, linear), (cs->attr & SEG_DB) != 0);
    struct run *run = it->bucket[run_hash(key)];
    while (run && run->key != key)
        run = run->next;
    if (run) {
        uint32_t behind = (linear | MEM_PAGE_MASK) + 1;
        const struct tlb_entry *next = run->page[1] ? tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, behind, 1) : NULL;
        return run->page[1] && (!next || (next->frame & TLB_FRAME) != run->page[1]->frame) ? NULL : run;
    }
    if (arena_full(it))
        return NULL;
    run = (struct run *)(void *)(it->arena + it->arena_used);
    memset(run, 0, sizeof(*run));
    run->key = key;
    run_extend(it, run, tlb_host(page, linear), linear & MEM_PAGE_MASK);
    if (!run->count)
        return NULL;
    run_keep(it, run, page->frame & TLB_FRAME);
    return run;
}

bool run_crosses_same(struct cpu *cpu, const struct run *run, uint32_t linear)
{
    const struct tlb_entry *next = tlb_translate(cpu, (linear | MEM_PAGE_MASK) + 1, TLB_FETCH, cpu->cpl == 3);
    return (next->frame & TLB_FRAME) == run->page[1]->frame;
}
