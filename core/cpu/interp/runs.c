/* runs.c - decoding ahead, and forgetting in time.
 *
 * A run is what follows an address up to the first instruction that may go elsewhere, at most RUN_INSNS instructions
 * and within one page, so that a page with a run is fetched from, translated and checked once for all of them. Its key
 * is the physical address and the code size: two linear aliases share it, and a CR3 load leaves it valid.
 *
 * Memory is an arena of a few parts. Runs are put one behind the other into one of them; when it is full, the runs of
 * the oldest part are dropped and that is the next. What an executor made from a run stays: it has its own parts of
 * pages (code_pages.c) and its own memory. */
#include "core/cpu/interp/runs.h"

#include <stdlib.h>

#include "core/cpu/interp/code_pages.h"

#define RUN_BYTES(count) ((uint32_t)((sizeof(struct run) + (count) * sizeof(struct insn) + 15) & ~(size_t)15))

bool runs_init(struct interp *it)
{
    it->arena = malloc(ARENA_PARTS * ARENA_BYTES);
    it->heat = calloc(HEAT_SLOTS, sizeof(struct run_heat));
    it->pages = calloc(PAGES_MAX, sizeof(struct code_page));
    it->last = it->scratch = calloc(1, RUN_BYTES(1));
    return it->arena && it->heat && it->pages && it->scratch;
}

void runs_free(struct interp *it)
{
    free(it->arena);
    free(it->heat);
    free(it->pages);
    free(it->scratch);
}

/* ---- the arena ---- */

static struct run *arena_at(const struct interp *it, unsigned part, uint32_t offset)
{
    return (struct run *)(void *)(it->arena + part * ARENA_BYTES + offset);
}

/* Where the next run goes, or NULL when there is no room without dropping others. */
static struct run *arena_next(const struct interp *it)
{
    uint32_t used = it->arena_used[it->arena_part];
    bool full = used + RUN_BYTES(RUN_INSNS) > ARENA_BYTES || code_pages_full(it, 2);
    return full ? NULL : arena_at(it, it->arena_part, used);
}

/* Drops the runs of the oldest part and begins it anew. */
static void arena_turn(struct interp *it)
{
    it->arena_part = (it->arena_part + 1) % ARENA_PARTS;
    for (uint32_t offset = 0; offset < it->arena_used[it->arena_part];) {
        struct run *run = arena_at(it, it->arena_part, offset);
        offset += RUN_BYTES(run->count);
        if (!run->dropped)
            run_drop(it, run);
    }
    it->arena_used[it->arena_part] = 0;
    it->last = it->scratch;
}

void runs_flush(struct interp *it)
{
    code_pages_forget(it);
    memset(it->bucket, 0, sizeof(it->bucket));
    memset(it->arena_used, 0, sizeof(it->arena_used));
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
    it->arena_used[it->arena_part] += RUN_BYTES(run->count);
    code_page_add(it, run, 0, frame);
    struct run **head = &it->bucket[run_hash(run->key)];
    run->next = *head;
    *head = run;
}

uint64_t run_key_now(struct cpu *cpu)
{
    const struct segment *cs = &cpu->seg[CS];
    uint32_t eip = cpu->eip, linear = cs->base + eip;
    const struct tlb_entry *entry = tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, linear, 1);
    if (!entry)
        entry = cs->limit < eip ? NULL : tlb_translate(cpu, linear, TLB_FETCH, cpu->cpl == 3);
    if (!entry)
        cpu_raise_code(cpu, EXC_GP, 0);
    return run_key(tlb_gpa(entry, linear), (cs->attr & SEG_DB) != 0);
}

static struct run *run_cached(struct interp *it, uint64_t key)
{
    struct run *run = it->bucket[run_hash(key)];
    while (run && run->key != key)
        run = run->next;
    if (run && !run_same(it, run)) {
        run_drop(it, run);
        return NULL;
    }
    return run;
}

struct run *run_find(struct interp *it, uint64_t key)
{
    struct cpu *cpu = it->cpu;
    const struct segment *cs = &cpu->seg[CS];
    struct run *run = run_cached(it, key);
    if (!run)
        run = run_make(it, cpu->eip, false);
    if (run == it->scratch)
        return run;
    bool alone = (uint64_t)cpu->eip + run->bytes - 1 > cs->limit ||
                 (run->part[1].page && !run_crosses_same(cpu, run, cs->base + cpu->eip));
    return __builtin_expect(alone, 0) ? run_make(it, cpu->eip, true) : run;
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

    if (code_pages_full(it, 2))
        runs_flush(it);
    if (!arena_next(it))
        arena_turn(it);
    struct run *run = alone ? it->scratch : arena_next(it);
    uint64_t second;
    memset(run, 0, sizeof(*run));
    run->key = run_key(tlb_gpa(&page, linear), (cs->attr & SEG_DB) != 0);
    bool ends = decode_first(it, eip, &page, &run->insn[0], &second);
    run->bytes = run->insn[0].length;
    run->count = 1;
    bool crosses = (linear & MEM_PAGE_MASK) + run->bytes > MEM_PAGE_SIZE;
    if (crosses && second == (page.frame & TLB_FRAME))
        alone = true; /* a page mapped twice in a row; lists know a run by its page */
    if (crosses && !tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, (linear | MEM_PAGE_MASK) + 1, 1))
        alone = true; /* into device memory */
    if (alone || !run->insn[0].length) {
        memmove(it->scratch, run, RUN_BYTES(1));
        return it->scratch;
    }
    run->ends = ends;
    if (!ends && !crosses)
        run_extend(it, run, host, linear & MEM_PAGE_MASK);
    run_keep(it, run, page.frame & TLB_FRAME);
    if (crosses)
        code_page_add(it, run, 1, second);
    return run;
}

struct run *run_ahead(struct interp *it, uint32_t eip)
{
    struct cpu *cpu = it->cpu;
    const struct segment *cs = &cpu->seg[CS];
    uint32_t linear = cs->base + eip;
    const struct tlb_entry *page = tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, linear, 1);
    if (!page || eip > cs->limit)
        return NULL;
    uint64_t key = run_key(tlb_gpa(page, linear), (cs->attr & SEG_DB) != 0);
    struct run *run = run_cached(it, key);
    if (run) {
        uint32_t behind = (linear | MEM_PAGE_MASK) + 1;
        const struct tlb_entry *next =
            run->part[1].page ? tlb_hit(cpu->tlb, TLB_FETCH, cpu->cpl == 3, behind, 1) : NULL;
        bool same = !run->part[1].page || (next && (next->frame & TLB_FRAME) == run->part[1].page->frame);
        return same && run->bytes - 1 <= cs->limit - eip ? run : NULL;
    }
    run = arena_next(it);
    if (!run)
        return NULL;
    memset(run, 0, sizeof(*run));
    run->key = key;
    run_extend(it, run, tlb_host(page, linear), linear & MEM_PAGE_MASK);
    if (!run->count)
        return NULL;
    run_keep(it, run, page->frame & TLB_FRAME);
    return run->bytes - 1 <= cs->limit - eip ? run : NULL;
}

bool run_crosses_same(struct cpu *cpu, const struct run *run, uint32_t linear)
{
    const struct tlb_entry *next = tlb_translate(cpu, (linear | MEM_PAGE_MASK) + 1, TLB_FETCH, cpu->cpl == 3);
    return (next->frame & TLB_FRAME) == run->part[1].page->frame;
}
