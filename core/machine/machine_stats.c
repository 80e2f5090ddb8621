/* machine_stats.c - what a run cost and where: the JSON of --stats and vm.stats, and the report after a failure. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>

#include "core/cpu/tlb.h"
#include "core/stats/stats.h"

static const struct stats_row vcpu_rows[] = {
    STATS_ROW_AS("budget", struct vcpu_counters, exits[CPU_EXIT_BUDGET],
        "a stretch of instructions that was asked for was done"),
    STATS_ROW_AS("stop", struct vcpu_counters, exits[CPU_EXIT_STOP],
        "something was asked of the virtual CPU: reset, pause, end"),
    STATS_ROW_AS("halt", struct vcpu_counters, exits[CPU_EXIT_HALT], "HLT with no interrupt waiting"),
    STATS_ROW_AS("triple_fault", struct vcpu_counters, exits[CPU_EXIT_TRIPLE_FAULT], "the processor shut down"),
};

static const struct stats_row cpu_rows[] = {
    STATS_ROW(struct cpu_counters, interrupts, "hardware interrupts delivered"),
    STATS_ROW(struct cpu_counters, nmis, "non-maskable interrupts delivered"),
    STATS_ROW(struct cpu_counters, exceptions, "faults and traps delivered"),
    STATS_ROW(struct cpu_counters, software_interrupts, "INT instructions"),
};

static const struct stats_row tlb_rows[] = {
    STATS_ROW(struct tlb_counters, true_faults, "page faults that are the guest's own"),
    STATS_ROW(struct tlb_counters, tlb_fills, "translations looked up in the guest's page tables"),
    STATS_ROW(struct tlb_counters, tlb_flushes, "flushes of all translations"),
    STATS_ROW(struct tlb_counters, tlb_page_flushes, "flushes of one page (INVLPG)"),
};

static double seconds(uint64_t nanoseconds)
{
    return (double)nanoseconds / (double)ABBEY_SEC;
}

/* Where the time of the virtual CPU's thread went. What is left for the guest holds the engine's own work. */
static json_t *by_state(const struct machine *machine, uint64_t now)
{
    const struct vcpu_counters *vcpu = &machine->vcpu.counters;
    uint64_t total = machine->started ? now - machine->started : 0;
    uint64_t idle = vcpu->idle + (vcpu->asleep_since ? now - vcpu->asleep_since : 0);
    uint64_t hz = machine->clock.tsc_hz;
    uint64_t devices = hz ? (uint64_t)((unsigned __int128)machine->device_ticks * ABBEY_SEC / hz) : 0;
    uint64_t paused = machine->paused_time + (machine->paused ? now - machine->paused_since : 0);
    uint64_t other = idle + devices + paused;
    return json_pack("{s:f, s:f, s:f, s:f}", "guest", seconds(total > other ? total - other : 0), "devices",
        seconds(devices), "idle", seconds(idle), "paused", seconds(paused));
}

/* Virtual seconds of the milestones that were reached; NULL: none. */
static json_t *boot_marks(const struct machine *machine)
{
    const struct vclock *clock = &machine->clock;
    json_t *marks = json_object();
    double user = (double)machine->cpu->counters.user_at;
    if (machine->idle_at)
        json_object_set_new(marks, "idle", json_real(seconds(machine->idle_at)));
    if (user > 0)
        json_object_set_new(marks, "user",
            json_real(user / (double)(clock->instructions || !clock->tsc_hz ? ABBEY_SEC : clock->tsc_hz)));
    if (json_object_size(marks))
        return marks;
    json_decref(marks);
    return NULL;
}

/* The groups that are tables of rows; without a machine their meanings. */
static void groups_add(json_t *stats, const struct machine *machine, const struct engine *engine)
{
    const struct cpu *cpu = machine ? machine->cpu : NULL;
    stats_add(stats, "exits", vcpu_rows, STATS_COUNT(vcpu_rows), machine ? &machine->vcpu.counters : NULL);
    stats_add(stats, "exits", cpu_rows, STATS_COUNT(cpu_rows), cpu ? &cpu->counters : NULL);
    if (engine->stats)
        engine->stats(cpu, stats);
    if (!machine || machine->guest)
        guest_stats(machine ? machine->guest : NULL, stats);
    stats_add(stats, "mmu", tlb_rows, STATS_COUNT(tlb_rows), cpu ? &cpu->tlb->counters : NULL);
}

json_t *machine_stats(struct machine *machine)
{
    uint64_t now = machine->ended ? machine->ended : machine->host.clock->monotonic();
    json_t *stats = json_pack("{s:s, s:I, s:f, s:o, s:o*, s:I}", "engine", machine->vcpu.engine->name, "instructions",
        (json_int_t)machine->cpu->instructions, "seconds", machine->started ? seconds(now - machine->started) : 0.0,
        "seconds_by_state", by_state(machine, now), "boot", boot_marks(machine), "resets", (json_int_t)machine->resets);
    groups_add(stats, machine, machine->vcpu.engine);
    json_object_set_new(stats, "devices", board_stats(machine->board));
    return stats;
}

json_t *machine_stats_meanings(void)
{
    json_t *stats = json_object();
    for (unsigned i = 0; engine_at(i); i++)
        groups_add(stats, NULL, engine_at(i));
    return stats;
}

char *machine_report(struct machine *machine)
{
    enum { ROOM = 4096 };
    char *text = malloc(ROOM);
    if (text)
        cpu_dump(machine->cpu, text, ROOM);
    return text;
}
