#include <string.h>

#include "core/bt/bt.h"
#include "core/cpu/interp/interp.h"
#include "core/vmm/vcpu.h"

static bool bt_prepare(struct cpu *cpu, uint64_t cache_bytes, bool counting, abbey_error *error)
{
    return bt_new(cpu, cache_bytes, counting, error) != NULL;
}

static void bt_release(struct cpu *cpu)
{
    bt_free(cpu->bt.bt);
}

static bool bt_engine_debug(struct cpu *cpu, const char *names, abbey_error *error)
{
    return bt_debug(cpu->bt.bt, names, error);
}

static int32_t bt_engine_fault(void *cpu, abbey_fault *fault)
{
    return bt_fault(((struct cpu *)cpu)->bt.bt, fault);
}

static void bt_engine_attached(struct cpu *cpu)
{
    bt_attached(cpu->bt.bt);
}

static bool bt_engine_trace(struct cpu *cpu, const struct trace_options *options, abbey_error *error)
{
    return bt_trace(cpu->bt.bt, options, error);
}

static void bt_engine_watch(struct cpu *cpu, void (*fn)(void *opaque), void *opaque)
{
    bt_watch(cpu->bt.bt, fn, opaque);
}

static void bt_engine_hint_user(struct cpu *cpu, gpa_t gpa)
{
    bt_hint_user(cpu->bt.bt, gpa);
}

static void bt_engine_stats(const struct cpu *cpu, json_t *stats)
{
    bt_stats(cpu ? cpu->bt.bt : NULL, stats);
}

/* Best first: "auto" takes the first that is supported. */
static const struct engine engines[] = {
    { .name = "bt",
        .run = bt_run,
        .supported = bt_supported,
        .prepare = bt_prepare,
        .release = bt_release,
        .debug = bt_engine_debug,
        .fault = bt_engine_fault,
        .attached = bt_engine_attached,
        .trace = bt_engine_trace,
        .watch = bt_engine_watch,
        .hint_user = bt_engine_hint_user,
        .stats = bt_engine_stats },
    { .name = "interp", .run = interp_run },
};

const struct engine *engine_find(const char *name)
{
    for (unsigned i = 0; engine_at(i); i++)
        if (strcmp(name, "auto") == 0 || strcmp(engine_at(i)->name, name) == 0)
            return engine_at(i);
    return NULL;
}

const struct engine *engine_at(unsigned i)
{
    for (unsigned n = 0; n < sizeof engines / sizeof engines[0]; n++)
        if ((!engines[n].supported || engines[n].supported()) && i-- == 0)
            return &engines[n];
    return NULL;
}
