/* run.c - the translator as an engine: which runs are worth translating, entering them, and what brings them back.
 *
 * The interpreter's loop stays the loop: it takes interrupts, delivers faults, steps through what is special. Then it
 * asks the executor, which is bt_execute(): where there is a unit for CS:EIP and the mode of now, or the run there is
 * hot enough to be made one, that is entered, and control comes back here only by
 *
 *   - an exit whose target is not translated yet or not linked (the link is remembered, and connected next time),
 *   - an indirect jump that misses the table,
 *   - an instruction that ends translated code by its nature (system instructions) or after which bt_exec() says so,
 *   - a fault of the guest: cpu_raise() unwinds to the loop from inside bt_exec(), where all state is in struct cpu,
 *   - a fault or a kick (fault.c). */
#include "core/bt/internal.h"
#include "core/cpu/fpu.h"

#include <stdlib.h>

/* So often the executions wanted are doubled, for code that was changed after it had been translated. */
#define DROPS_MAX 3u
#define HOT 8u /* default of bt->hot */

bool bt_supported(void)
{
    return __builtin_cpu_supports("bmi2");
}

/* The unit at CS:EIP, if there is one and its first instruction still goes on where it did. */
static struct unit *unit_now(struct bt *bt, uint64_t key, uint32_t mode)
{
    struct unit *unit = unit_find(bt, key, bt->cpu->eip, mode);
    if (!unit || !unit->crosses)
        return unit;
    const struct page_check *page = &unit->page[1];
    const struct tlb_entry *now = tlb_translate(bt->cpu, page->linear, TLB_FETCH, mode & MODE_USER);
    return (now->frame & TLB_FRAME) == (page->entry >> 32 & TLB_FRAME) ? unit : NULL;
}

/* The unit that was left because its source changed, or NULL. */
static struct unit *stale_of(struct link *link)
{
    uintptr_t value = (uintptr_t)link;
    return value & LINK_STALE ? (struct unit *)(value - LINK_STALE) : NULL;
}

/* Its comparison failed: another version takes its place, or it is left for later. */
static void unit_stale(struct bt *bt, struct unit *stale, struct unit *by)
{
    smc_stale(bt, stale);
    if (by && by != stale && by->key == stale->key && by->eip == stale->eip && by->mode == stale->mode &&
        by->cs == stale->cs) {
        unit_replace(bt, stale, by);
        bt->counters.revived++;
    } else {
        unit_shelve(bt, stale);
    }
}

/* A unit of the run for the present EIP and mode when the run is hot; NULL: let the interpreter do it. */
static struct unit *unit_make(struct bt *bt, struct run *run, uint32_t mode)
{
    struct run_heat *heat = run_heat(bt->it, run->key);
    bool loose = mem_marks(bt->cpu->mem, run->key >> 1) & MEM_MARK_LOOSE; /* what changes there is kept, not dropped */
    unsigned hot = bt->hot > 1 ? (unsigned)bt->hot << (loose ? 0 : heat->drops) : 1;
    if (hot > UINT8_MAX)
        hot = UINT8_MAX;
    if (heat->count < hot)
        heat->count++;
    if (mode == MODE_NONE || run == bt->it->scratch || heat->count < hot || !table_make(bt, mode))
        return NULL;
    heat->count = (uint8_t)(hot - 1); /* another address or mode is translated at once */
    if (heat->drops)
        heat->drops--;
    return unit_translate(bt, run, mode);
}

/* Counts what translated code has done since it was entered, where it counts; it may have been left by a fault of the
 * guest. */
static void left(struct bt *bt)
{
    if (bt->inside && bt->counting)
        bt->counters.translated += bt->cpu->instructions - bt->counters.callouts - bt->entered;
    bt->inside = false;
}

static struct run *bt_execute(void *opaque, uint64_t key)
{
    struct bt *bt = opaque;
    struct cpu *cpu = bt->cpu;
    left(bt);
    bool missed = bt->link == LINK_MISS;
    struct unit *stale = missed ? NULL : stale_of(bt->link);
    struct link *link = missed || stale ? NULL : bt->link;
    bt->link = NULL;
    cpu->bt.kicked = 0;
    bt->it->broken = false; /* of the run before: it must not look like something that pends */
    bt->it->iterations = 0; /* of REP in what ran before, likewise */
    if (atomic_load_explicit(&cpu->signals, memory_order_acquire) && interp_yields(cpu))
        return NULL; /* the kick came before the clearing: the loop looks at signals again */
    bool aside = fault_aside(bt);
    if (!aside) {
        hint_forgive(bt);
        watch_look(bt);
        smc_work(bt);
    }
    if (bt->debug & DEBUG_LOOSE)
        smc_force(bt, key >> 1 >> MEM_PAGE_SHIFT);
    uint32_t mode = mode_now(bt);
    struct unit *unit = mode == MODE_NONE || aside ? NULL : unit_now(bt, key, mode);
    if (stale && !stale->dead)
        unit_stale(bt, stale, unit);
    if (aside)
        return run_find(bt->it, key);
    if (bt->debug & DEBUG_EVICT) {
        cache_evict(bt);
        unit = mode == MODE_NONE ? NULL : unit_now(bt, key, mode);
        link = NULL;
    }
    if (!unit) {
        uint64_t evictions = bt->counters.evictions;
        struct run *run = run_find(bt->it, key);
        unit = unit_make(bt, run, mode);
        if (!unit)
            return run;
        if (evictions != bt->counters.evictions)
            link = NULL;
    }
    if (bt->counting && cpu->instructions + unit->budget > bt->it->end)
        return run_find(bt->it, key);
    tables_bound(bt);
    unit_set_pages(bt, unit);
    if (link)
        link_connect(bt, link, unit);
    if (missed) {
        table_list(bt, unit);
        bt->counters.indirect_misses++;
    }
    mode_enter(bt, mode, table_find(bt, mode));
    cpu->bt.end = bt->it->end;
    table_follow(bt);
    bt->counters.entries++;
    bt->inside = true;
    bt->entered = cpu->instructions - bt->counters.callouts;
    bt->link = stub_call_enter(bt, unit->body);
    left(bt);
    mode_left(bt);
    fpu_pointers(cpu);
    return NULL;
}

/* ---- the executor's other duties ---- */

static void bt_dropped(void *opaque, struct code_part *part)
{
    struct bt *bt = opaque;
    struct unit *unit = ((struct part *)(void *)part)->unit;
    smc_invalidated(bt, part->page->frame);
    unit_drop(bt, unit);
    if (bt->smc_clearing)
        return;
    struct run_heat *heat = run_heat(bt->it, unit->key);
    heat->count = 0;
    heat->drops = heat->drops + 2u < DROPS_MAX ? (uint8_t)(heat->drops + 2) : DROPS_MAX;
    bt->counters.invalidations++;
    bt->link = NULL;
    bt->it->broken = true; /* the unit under way may be one of them */
}

static void bt_written(void *opaque, uint64_t frame)
{
    smc_written(opaque, frame);
}

static void bt_flushed(void *opaque)
{
    struct bt *bt = opaque;
    for (unsigned i = 0; i < bt->segments; i++)
        for (uint32_t n = 0; n < bt->segment[i].count; n++)
            bt->counters.invalidated_by_map += !bt->segment[i].order[n]->dead;
    cache_flush(bt);
    bt->retired = NULL;
}

/* ---- the engine ---- */

struct bt *bt_new(struct cpu *cpu, uint64_t cache_bytes, bool counting, abbey_error *error)
{
    struct bt *bt = calloc(1, sizeof(*bt));
    if (!bt)
        return NULL;
    bt->cpu = cpu;
    bt->it = cpu->interp;
    bt->counting = counting;
    bt->hot = HOT;
    bt->table_pages_max = TABLE_PAGES_MAX;
    bt->exact_flags = counting;
    bt->host = mem_host(cpu->mem);
    bt->bytes = cache_bytes;
    bt->executor = (struct executor){ bt, bt_execute, bt_dropped, bt_written, bt_flushed };
    if (!cache_init(bt, error)) {
        bt_free(bt);
        return NULL;
    }
    cpu->bt.bt = bt;
    cpu->bt.tlb_sets = (TLB_SETS - 1) << MEM_PAGE_SHIFT;
    return bt;
}

bool bt_trace(struct bt *bt, const struct trace_options *options, abbey_error *error)
{
    bt->trace = trace_new(options, error);
    return bt->trace != NULL;
}

void bt_attached(struct bt *bt)
{
    const abbey_host_window_1 *host = mem_windows(bt->cpu->mem);
    bt->faults = true;
    bt->cpu->bt.window = NULL; /* of this thread */
    if (host && !bt->windows && !(bt->debug & DEBUG_NO_WINDOWS))
        bt->windows = windows_new(bt->cpu->mem, host,
            (bt->debug & DEBUG_WINDOWS ? WINDOWS_AT_ONCE : 0) | (bt->debug & DEBUG_NO_GUARD ? WINDOWS_UNGUARDED : 0) |
                (bt->debug & DEBUG_ONE_PAGE_FILLS ? WINDOWS_ONE_PAGE : 0));
    bt->cpu->windows = bt->windows;
}

void bt_free(struct bt *bt)
{
    if (!bt)
        return;
    bt->it->executor = NULL;
    trace_free(bt->trace);
    bt->cpu->windows = NULL;
    windows_free(bt->windows);
    cache_free(bt);
    free(bt);
}

enum cpu_exit bt_run(struct cpu *cpu, uint64_t budget)
{
    struct bt *bt = cpu->bt.bt;
    bt->it->executor = &bt->executor;
    __asm__ volatile("stmxcsr %0; fnstcw %1" : "=m"(cpu->bt.host_mxcsr), "=m"(cpu->bt.host_fcw));
    enum cpu_exit why = interp_run(cpu, budget);
    fpu_home(cpu);
    return why;
}
