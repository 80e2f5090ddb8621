/* lockstep-random - two engines run the same random programs and must agree on everything, bit for bit.
 *
 *     lockstep-random [--seed S] [--count N] [--engines A,B] [--debug SWITCHES] [--raw] [--verbose] [--whole]
 *
 * A world (world.h) is made from a seed and built twice. Both sides advance by slices of 1 to 10,000 instructions; in
 * between interrupts come in, and memory is written as a device would. After each slice processors and memory are
 * compared. A world takes 30,000 instructions; the next one has the next seed. With the same engine on both sides the
 * second one runs each slice in several pieces, which must change nothing.
 *
 * A divergence is searched again by itself: everything repeats from the seed, so the failing slice is cut until the
 * first instruction behind which the sides differ is found. */
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/cpu/access.h"
#include "tests/lockstep/state.h"
#include "tests/lockstep/world.h"
#include "tests/unit/hostfault.h"

#define WORLD_INSTRUCTIONS 30000u
#define NO_CUT UINT32_MAX

struct options {
    uint64_t seed, count;
    const struct engine *engine[2];
    const char *debug; /* switches of engines (cpu.debug) instead of the seed's, or NULL */
    bool raw;          /* leave undefined flags in the programs */
    bool verbose;
    bool whole; /* show a failing slice without stepping through its end */
};

/* ---- one slice ---- */

enum outcome { RUNS, HALTED, DEAD, TIMED_OUT };

static const char *const outcome_names[] = { "runs", "halted", "dead", "timed out" };

static struct cpu *_Atomic under_way; /* to be stopped when it takes too long */
static volatile sig_atomic_t second_under_way;

/* Brings the side to `target` instructions, in pieces if `pieces` is not NULL. A program that only faults, and so never
 * gets there, is dead. */
static enum outcome side_advance(struct side *side, uint64_t target, struct dice *pieces)
{
    struct cpu *cpu = side->cpu;
    for (unsigned idle = 0; cpu->instructions < target;) {
        uint64_t left = target - cpu->instructions, before = cpu->instructions;
        if (pieces && left > 1)
            left = 1 + dice_below(pieces, (uint32_t)left);
        atomic_store(&under_way, cpu);
        hostfault_choose(side->engine, cpu);
        enum cpu_exit why = side->engine->run(cpu, left);
        atomic_store(&under_way, NULL);
        if (why == CPU_EXIT_HALT)
            return HALTED;
        if (why == CPU_EXIT_TRIPLE_FAULT)
            return DEAD;
        if (why == CPU_EXIT_STOP)
            return TIMED_OUT;
        idle = cpu->instructions == before ? idle + 1 : 0;
        if (idle > 20000)
            return DEAD;
    }
    return RUNS;
}

static uint32_t slice_length(struct dice *dice)
{
    static const uint32_t limits[] = { 1, 3, 30, 100, 300, 1000, 10000 };
    return 1 + dice_below(dice, DICE_PICK(dice, limits));
}

/* What happens between two slices: the same on both sides. */
static void disturb(struct side *sides[2], struct dice *dice, bool halted)
{
    uint32_t what = dice_below(dice, 8), vector = 0x20 + dice_below(dice, 0xe0);
    uint8_t bytes[64];
    uint32_t at = WORLD_CODE + dice_below(dice, WORLD_END - WORLD_CODE - 64), count = 1 + dice_below(dice, 64);
    for (unsigned i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)dice_32(dice);
    for (unsigned i = 0; i < 2; i++) {
        struct cpu *cpu = sides[i]->cpu;
        if (halted) {
            cpu->nmi_blocked = false;
            cpu_signal(cpu, CPU_SIGNAL_NMI);
        } else if (what < 3) {
            sides[i]->intr_vector = vector;
            cpu_signal(cpu, CPU_SIGNAL_INTR);
        } else if (what == 3) {
            cpu_signal(cpu, CPU_SIGNAL_NMI);
        } else if (what == 4) {
            mem_write(sides[i]->mem, at, bytes, count);
        }
    }
}

/* ---- one world ---- */

struct world_end {
    uint32_t slice;  /* the one that differs, or NO_CUT */
    uint32_t length; /* in instructions */
    uint64_t instructions;
    uint32_t restarts; /* by the handlers */
    json_t *stats;     /* of the second engine, or NULL */
};

static bool sides_same(struct side *sides[2], bool all, FILE *out)
{
    bool same = state_same(sides[0]->cpu, sides[1]->cpu, out);
    return side_memory_same(sides[0], sides[1], all, out) && same;
}

/* Runs a world until it ends or the sides differ. With `cut_slice` that slice is cut to `cut_length` and is the last;
 * `out` then gets the last instructions and the differences. */
static struct world_end world_run(
    const struct options *options, uint64_t seed, uint32_t cut_slice, uint32_t cut_length, FILE *out)
{
    struct world_plan *plan = world_plan_new(seed, !options->raw);
    if (options->debug)
        plan->debug = options->debug;
    struct side *sides[2] = { side_new(plan, options->engine[0]), side_new(plan, options->engine[1]) };
    struct dice dice = { seed ^ 0xd15c0 }, pieces = { seed ^ 0x91ece5 };
    struct world_end end = { .slice = NO_CUT };
    bool twins = options->engine[0] == options->engine[1];
    for (uint32_t slice = 0; end.slice == NO_CUT && sides[0]->cpu->instructions < WORLD_INSTRUCTIONS; slice++) {
        uint32_t length = slice_length(&dice);
        if (slice == cut_slice && options->whole) {
            length = cut_length;
        } else if (slice == cut_slice) {
            uint32_t first = cut_length > 16 ? cut_length - 16 : 0;
            if (out && first)
                side_advance(sides[0], sides[0]->cpu->instructions + first, NULL);
            for (uint32_t i = first; out && i < cut_length; i++) {
                state_print_insn(sides[0]->cpu, out);
                side_advance(sides[0], sides[0]->cpu->instructions + 1, NULL);
            }
            length = cut_length;
        }
        uint64_t target = sides[1]->cpu->instructions + length;
        second_under_way = 0;
        enum outcome a = side_advance(sides[0], target, NULL);
        if (a == TIMED_OUT) { /* REP with a count of billions where no page is absent: nothing wrong */
            printf("# seed %llu takes too long\n", (unsigned long long)seed);
            break;
        }
        second_under_way = 1;
        enum outcome b = side_advance(sides[1], target, twins ? &pieces : NULL);
        bool last = slice == cut_slice || a == DEAD || sides[0]->cpu->instructions >= WORLD_INSTRUCTIONS;
        if (a == DEAD && b == DEAD && !sides[0]->cpu->shutdown)
            break; /* only faults: how many were taken depends on the pieces */
        if (a != b && out)
            fprintf(out, "#   %s / %s\n", outcome_names[a], outcome_names[b]);
        if (!sides_same(sides, last, out) || a != b) {
            end.slice = slice;
            end.length = length;
        }
        if (last)
            break;
        disturb(sides, &dice, a == HALTED);
    }
    end.instructions = sides[0]->cpu->instructions;
    end.restarts = (uint32_t)mem_load(sides[0]->mem, WORLD_RESTARTS, 4);
    if (options->verbose && options->engine[1]->stats)
        options->engine[1]->stats(sides[1]->cpu, end.stats = json_object());
    for (unsigned i = 0; i < 2; i++)
        side_free(sides[i]);
    world_plan_free(plan);
    return end;
}

/* Finds the shortest failing slice, and shows it. */
static void world_explain(const struct options *options, uint64_t seed, struct world_end end)
{
    uint32_t good = 0, bad = end.length;
    while (bad - good > 1) {
        uint32_t middle = good + (bad - good) / 2;
        if (world_run(options, seed, end.slice, middle, NULL).slice == NO_CUT)
            good = middle;
        else
            bad = middle;
    }
    printf("# seed %llu: slice %u differs behind its instruction %u of %u\n", (unsigned long long)seed, end.slice, bad,
        end.length);
    struct world_plan *plan = world_plan_new(seed, !options->raw);
    printf("# paging %s, wp %d, am %d; first engine / second engine:\n",
        !plan->paging ? "off"
        : plan->pae   ? "PAE"
                      : "on",
        plan->wp, plan->am);
    world_plan_free(plan);
    if (world_run(options, seed, end.slice, bad, stdout).slice == NO_CUT)
        printf("# one by one these instructions do the same as on the other side: the slices matter\n");
}

/* ---- the command ---- */

/* A world takes a tenth of a second. The first engine is stopped after 4 seconds, and the world is left out; the second
 * one has a minute for what the first could do. */
#define ALARM_SECONDS 4u
#define ALARMS_MAX 15

static volatile sig_atomic_t alarms;

static void out_of_time(int signal)
{
    static const char text[] = "not ok 1 - the second engine does not stop\n";
    struct cpu *cpu = atomic_load(&under_way);
    (void)signal;
    alarm(ALARM_SECONDS);
    alarms++;
    if (cpu && (!second_under_way || alarms > ALARMS_MAX))
        cpu_signal(cpu, CPU_SIGNAL_STOP);
    if (alarms > 2 * ALARMS_MAX)
        _exit(write(STDOUT_FILENO, text, sizeof(text) - 1) > 0 ? 1 : 3);
}

static bool parse_engines(struct options *options, const char *text)
{
    char name[2][16];
    if (sscanf(text, "%15[^,],%15s", name[0], name[1]) != 2)
        return false;
    for (unsigned i = 0; i < 2; i++)
        options->engine[i] = engine_find(name[i]);
    return options->engine[0] && options->engine[1];
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = { { "seed", 1, NULL, 's' }, { "count", 1, NULL, 'c' },
        { "engines", 1, NULL, 'e' }, { "debug", 1, NULL, 'd' }, { "raw", 0, NULL, 'r' }, { "verbose", 0, NULL, 'v' },
        { "whole", 0, NULL, 'w' }, { 0 } };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 's': options->seed = strtoull(optarg, NULL, 0); break;
        case 'c': options->count = strtoull(optarg, NULL, 0); break;
        case 'e':
            if (!parse_engines(options, optarg))
                return false;
            break;
        case 'd': options->debug = optarg; break;
        case 'r': options->raw = true; break;
        case 'w': options->whole = true; break;
        case 'v': options->verbose = true; break;
        default: return false;
        }
    }
    return optind == argc;
}

/* One pair of engines over `count` instructions; a line of TAP. */
static bool compare(const struct options *options, unsigned number)
{
    uint64_t seed = options->seed, done = 0, failures = 0;
    for (; done < options->count && failures < 10; seed++) {
        alarms = 0;
        alarm(ALARM_SECONDS);
        struct world_end end = world_run(options, seed, NO_CUT, 0, NULL);
        alarm(0);
        done += end.instructions;
        if (options->verbose) {
            char *stats = end.stats ? json_dumps(end.stats, JSON_COMPACT) : NULL;
            printf("# seed %llu: %llu instructions, %u restarts %s\n", (unsigned long long)seed,
                (unsigned long long)end.instructions, end.restarts, stats ? stats : "");
            free(stats);
        }
        json_decref(end.stats);
        if (end.slice != NO_CUT) {
            failures++;
            world_explain(options, seed, end);
        }
        fflush(stdout);
    }
    printf("%sok %u - %s and %s agree on %llu random instructions, seeds %llu to %llu\n", failures ? "not " : "",
        number, options->engine[0]->name, options->engine[1]->name, (unsigned long long)done,
        (unsigned long long)options->seed, (unsigned long long)seed - 1);
    return failures == 0;
}

int main(int argc, char **argv)
{
    struct options options = { .seed = 1, .count = 3000000 };
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: lockstep-random [--seed S] [--count N] [--engines A,B] [--debug SWITCHES] [--raw] [--verbose] "
              "[--whole]\n",
            stderr);
        return 2;
    }
    signal(SIGALRM, out_of_time);
    if (options.engine[0]) {
        printf("1..1\n");
        return !compare(&options, 1);
    }
    /* Every engine against the interpreter. */
    unsigned count = 0;
    bool good = true;
    while (engine_at(count))
        count++;
    printf("1..%u\n", count);
    for (unsigned i = 0; i < count; i++) {
        options.engine[0] = engine_find("interp");
        options.engine[1] = engine_at(i);
        good = compare(&options, i + 1) && good;
    }
    return !good;
}
