/* lockstep-ends - random programs run to their ends by the interpreter, and by an engine as it runs outside of tests.
 *
 *     lockstep-ends [--seed S] [--count N] [--engine E] [--debug SWITCHES] [--verbose]
 *
 * lockstep-random compares behind each slice, and so the engine counts instructions and keeps all flags exact. What it
 * does only without that is shown here: dead flags, jumps inside units, REP by the host's own instruction, chains that
 * no budget ends. A world (world.h) ends by HLT behind a number of faults, where registers, memory, the log of faults
 * and what devices saw must be equal. Another thread kicks the engine all the while.
 *
 * A fault where arithmetic flags are dead pushes an image of EFLAGS with any (core/bt/liveness.c). The handlers clear
 * them there; where a fault in the middle of pushing left one behind, the world is run again with no-liveness, which
 * must agree, and in the first run nothing but those bits may differ.
 *
 * A world may also wreck its handlers: a program at level 0 whose stack points at them has a frame pushed over them,
 * and each handler that faults then pushes another, down over the TSS and the IDT (seed 502852). Images of dead flags
 * are run as code and used as tables there. Such a world may differ in anything, but must agree with no-liveness. */
#include <getopt.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/bt/internal.h"
#include "tests/lockstep/state.h"
#include "tests/lockstep/world.h"
#include "tests/unit/hostfault.h"

#define BUDGET 200000u   /* instructions; a world that goes on is left out */
#define RESTARTS 60u     /* faults before a world ends */
#define SECONDS_MAX 120  /* for what takes the interpreter less than one */
#define FLAGS_LOW 0xd5u  /* CF, PF, AF, ZF, SF in the first byte of EFLAGS */
#define FLAGS_HIGH 0x08u /* OF in the second */

struct options {
    uint64_t seed, count;
    const struct engine *engine;
    const char *debug;
    bool verbose;
};

/* One run of a world, on a thread that can be kicked. */
struct whole {
    struct world_plan *plan;
    const struct engine *engine;
    uint64_t budget;
    struct side *side;
    enum cpu_exit why;
    atomic_bool begun, done;
    uint64_t kicks;
};

static void run_thread(void *arg)
{
    struct whole *run = arg;
    run->side = side_new(run->plan, run->engine);
    atomic_store(&run->begun, true);
    run->why = run->engine->run(run->side->cpu, run->budget);
    hostfault_detach();
    atomic_store(&run->done, true);
}

/* Runs it to its end, kicked every 20 to 500 microseconds. */
static void run_whole(struct whole *run, struct dice *dice)
{
    const abbey_host_thread_1 *threads = hostfault_service(ABBEY_HOST_THREAD_1);
    const abbey_host_fault_1 *faults = hostfault_service(ABBEY_HOST_FAULT_1);
    abbey_error error;
    abbey_thread *thread = threads && faults ? threads->start("side", run_thread, run, &error) : NULL;
    if (!thread) {
        fputs("no thread: plugins/hostos/linux.so is not under ABBEY_BUILDDIR\n", stderr);
        exit(1);
    }
    time_t start = time(NULL);
    while (!atomic_load(&run->done)) {
        nanosleep(&(struct timespec){ .tv_nsec = 1000 * (20 + (long)dice_below(dice, 480)) }, NULL);
        if (!atomic_load(&run->begun))
            continue;
        if (time(NULL) - start > SECONDS_MAX)
            cpu_signal(run->side->cpu, CPU_SIGNAL_STOP);
        faults->kick(thread);
        run->kicks++;
    }
    threads->join(thread);
}

enum verdict { SAME, IMAGES, WRECKED, DIFFERENT, LEFT_OUT };

/* Do the memories differ in nothing but bits that may be arithmetic flags? */
static bool only_images(const struct side *a, const struct side *b)
{
    for (uint32_t page = 0; page < WORLD_END; page += 4096) {
        bool marked;
        const uint8_t *in_a = mem_page(a->mem, page, false, &marked), *in_b = mem_page(b->mem, page, false, &marked);
        for (unsigned i = 0; in_a && in_b && i < 4096; i++)
            if (((in_a[i] ^ in_b[i]) & ~FLAGS_LOW) && (in_a[i] ^ in_b[i]) != FLAGS_HIGH)
                return false;
    }
    return true;
}

/* Runs the world by both, and compares; differences go to `out`, if not NULL. */
static enum verdict world_compare(
    const struct options *options, uint64_t seed, const char *debug, FILE *out, uint64_t *instructions, uint64_t *kicks)
{
    struct dice dice = { seed ^ 0x6b1c5 };
    struct world_plan *plan = world_plan_new(seed, true);
    world_plan_end(plan, RESTARTS);
    plan->host_faults = true;
    if (debug)
        plan->debug = debug;
    struct whole a = { .plan = plan, .engine = engine_find("interp"), .budget = BUDGET };
    struct whole b = { .plan = plan, .engine = options->engine, .budget = UINT64_MAX };
    enum verdict verdict = LEFT_OUT;
    run_whole(&a, &dice);
    if (a.why == CPU_EXIT_HALT || a.why == CPU_EXIT_TRIPLE_FAULT) {
        *instructions += a.side->cpu->instructions;
        run_whole(&b, &dice);
        *kicks += b.kicks;
        b.side->cpu->instructions = a.side->cpu->instructions; /* which it does not count */
        if (b.why == CPU_EXIT_TRIPLE_FAULT)                    /* at an instruction where they may have been dead */
            b.side->cpu->eflags ^= (a.side->cpu->eflags ^ b.side->cpu->eflags) & FLAGS_ARITH;
        bool registers = state_same(a.side->cpu, b.side->cpu, out) && a.why == b.why;
        bool memory = side_memory_same(a.side, b.side, true, out);
        if (registers && memory)
            verdict = SAME;
        else if (registers && a.side->device == b.side->device && only_images(a.side, b.side))
            verdict = IMAGES;
        else
            verdict = side_handlers_whole(a.side, plan) ? DIFFERENT : WRECKED;
        side_free(b.side);
    }
    side_free(a.side);
    world_plan_free(plan);
    return verdict;
}

/* Compares, shows what differs, and counts. */
static void world_check(const struct options *options, uint64_t seed, uint64_t *instructions, uint64_t *kicks,
    unsigned counts[LEFT_OUT + 1])
{
    char debug[100];
    uint64_t ignored = 0;
    enum verdict verdict = world_compare(options, seed, options->debug, NULL, instructions, kicks);
    if (verdict == IMAGES || verdict == WRECKED) {
        struct world_plan *plan = world_plan_new(seed, true);
        snprintf(debug, sizeof(debug), "%s,no-liveness", options->debug ? options->debug : plan->debug);
        world_plan_free(plan);
        if (world_compare(options, seed, debug, NULL, &ignored, &ignored) != SAME)
            verdict = DIFFERENT;
    }
    counts[verdict]++;
    if (options->verbose)
        printf("# seed %llu: %u\n", (unsigned long long)seed, verdict);
    if (verdict != DIFFERENT)
        return;
    printf("# seed %llu: first engine / second engine:\n", (unsigned long long)seed);
    world_compare(options, seed, options->debug, stdout, &ignored, &ignored);
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = { { "seed", 1, NULL, 's' }, { "count", 1, NULL, 'c' },
        { "engine", 1, NULL, 'e' }, { "debug", 1, NULL, 'd' }, { "verbose", 0, NULL, 'v' }, { 0 } };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 's': options->seed = strtoull(optarg, NULL, 0); break;
        case 'c': options->count = strtoull(optarg, NULL, 0); break;
        case 'e': options->engine = engine_find(optarg); break;
        case 'd': options->debug = optarg; break;
        case 'v': options->verbose = true; break;
        default: return false;
        }
    }
    return optind == argc && options->engine;
}

int main(int argc, char **argv)
{
    struct options options = { .seed = 1, .count = 1000000, .engine = engine_find("auto") };
    if (!parse_options(argc, argv, &options)) {
        fputs("usage: lockstep-ends [--seed S] [--count N] [--engine E] [--debug SWITCHES] [--verbose]\n", stderr);
        return 2;
    }
    uint64_t done = 0, kicks = 0, seed = options.seed;
    unsigned counts[LEFT_OUT + 1] = { 0 };
    printf("1..1\n");
    for (; done < options.count && counts[DIFFERENT] < 10; seed++) {
        world_check(&options, seed, &done, &kicks, counts);
        fflush(stdout);
    }
    unsigned worlds = counts[SAME] + counts[IMAGES] + counts[WRECKED];
    bool good = !counts[DIFFERENT];
    printf("# %u worlds, %u of them with images of dead flags, %u with such images as code; %u left out; %llu "
           "kicks\n",
        worlds, counts[IMAGES], counts[WRECKED], counts[LEFT_OUT], (unsigned long long)kicks);
    printf("%sok 1 - interp and %s end alike on %llu random instructions, seeds %llu to %llu\n", good ? "" : "not ",
        options.engine->name, (unsigned long long)done, (unsigned long long)options.seed, (unsigned long long)seed - 1);
    return !good;
}
