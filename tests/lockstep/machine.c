/* lockstep-machine - one machine file built twice, with two engines, and advanced in turns: they must agree.
 *
 *     lockstep-machine [--engines A,B] [--set PATH=VALUE]... [--slice N] [--memory-every N] [--until N] FILE
 *
 * The machine runs on the instruction clock, so that a run repeats exactly. Behind each slice of N instructions
 * (10,000) the processors are compared, and behind each --memory-every instructions (20 million) checksums of memory.
 *
 * Nothing can be rewound. At a divergence both machines are built again, brought to the last place where they agreed,
 * and go on from there in slices a hundredth as long, until the slice is one instruction. The console should be a file,
 * or two: `--set backends.tty.path=FILE` gets the letter of the side, a or b, behind the name. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/machine_impl.h"
#include "tests/lockstep/state.h"
#include "tests/unit/hostfault.h"

struct options {
    const char *file;
    const char **settings;
    unsigned setting_count;
    char engine[2][16];
    uint64_t slice, memory_every, until;
};

struct pair {
    struct config *config[2];
    struct machine *machine[2];
};

static bool pair_new(struct pair *pair, const struct options *options)
{
    *pair = (struct pair){ 0 };
    for (unsigned i = 0; i < 2; i++) {
        const char **settings = calloc(options->setting_count + 3, sizeof(*settings));
        char engine[64], path[4096];
        unsigned count = 0;
        for (; count < options->setting_count; count++) {
            settings[count] = options->settings[count];
            if (!strncmp(settings[count], "backends.tty.path=", 18)) {
                snprintf(path, sizeof(path), "%s.%c", settings[count], 'a' + (int)i);
                settings[count] = path;
            }
        }
        snprintf(engine, sizeof(engine), "cpu.engine=%s", options->engine[i]);
        settings[count++] = engine;
        settings[count++] = "cpu.clock=instructions";
        pair->config[i] = config_load(options->file, settings, count, stderr);
        pair->machine[i] = pair->config[i] ? machine_new(pair->config[i], stderr) : NULL;
        free(settings);
        if (!pair->machine[i])
            return false;
        const struct engine *built = pair->machine[i]->vcpu.engine;
        if (built->fault && !hostfault_add(built, pair->machine[i]->cpu))
            return false;
    }
    return true;
}

static void pair_free(struct pair *pair)
{
    for (unsigned i = 0; i < 2; i++) {
        hostfault_choose(NULL, NULL);
        machine_free(pair->machine[i]);
        config_free(pair->config[i]);
    }
}

static bool memory_same(const struct pair *pair)
{
    return mem_checksum(pair->machine[0]->mem) == mem_checksum(pair->machine[1]->mem);
}

/* The first places where memory differs. */
static void memory_print(const struct pair *pair, FILE *out)
{
    unsigned lines = 0;
    for (uint64_t at = 0; at < mem_low_bytes(pair->machine[0]->mem) && lines < 16; at += 4) {
        bool marked;
        const uint8_t *page = mem_page(pair->machine[0]->mem, at, false, &marked);
        if (!page)
            continue;
        uint64_t a = mem_load(pair->machine[0]->mem, at, 4), b = mem_load(pair->machine[1]->mem, at, 4);
        if (a != b)
            fprintf(out, "#   memory[%08llx]: %08llx / %08llx\n", (unsigned long long)at, (unsigned long long)a,
                (unsigned long long)b),
                lines++;
    }
}

static bool advance(struct machine *machine, uint64_t instructions)
{
    hostfault_choose(machine->vcpu.engine, machine->cpu);
    return machine_advance(machine, instructions);
}

enum outcome { AGREED, ENDED, DIFFERED };

/* Runs both from the start. They are brought to `from` in one go, then advance by slices to `to`, compared behind each.
 * *good is where they agreed last, *bad where they did not. */
static enum outcome run(const struct options *options, uint64_t from, uint64_t to, uint64_t slice,
    uint64_t memory_every, uint64_t *good, uint64_t *bad, bool verbose)
{
    struct pair pair;
    if (!pair_new(&pair, options))
        exit(1);
    struct cpu *a = pair.machine[0]->cpu, *b = pair.machine[1]->cpu;
    bool alive = true, other = true, same = true;
    uint64_t now = 0, memory_at = from, print_at = 0;
    *good = from;
    while (alive && other && same && now < to) {
        if (verbose && slice == 1)
            state_print_insn(a, stdout);
        uint64_t step = now < from ? from - now : to - now < slice ? to - now : slice;
        if (now < from && slice > 1 && step > options->slice)
            step = options->slice; /* as it was at first */
        alive = advance(pair.machine[0], step);
        other = advance(pair.machine[1], step);
        now += step;
        if (now < from)
            continue;
        same = alive == other && state_same(a, b, verbose ? stdout : NULL);
        if (same && (now >= memory_at || now >= to || !alive)) {
            same = memory_same(&pair);
            memory_at = now + memory_every;
            if (same)
                *good = now;
        }
        if (now >= print_at) {
            fprintf(stderr, "# %llu million\n", (unsigned long long)now / 1000000);
            print_at = now + 250000000;
        }
    }
    *bad = now;
    if (!same && verbose)
        memory_print(&pair, stdout);
    pair_free(&pair);
    return !same ? DIFFERED : alive ? AGREED : ENDED;
}

static int compare(const struct options *options)
{
    uint64_t good = 0, bad = 0, slice = options->slice;
    enum outcome outcome = run(options, 0, options->until, slice, options->memory_every, &good, &bad, false);
    printf("1..1\n");
    if (outcome != DIFFERED) {
        printf("ok 1 - %s and %s agree on %s for %llu instructions%s\n", options->engine[0], options->engine[1],
            options->file, (unsigned long long)bad, outcome == ENDED ? ", to its end" : "");
        return 0;
    }
    while (slice > 1) {
        printf("# they differ between %llu and %llu\n", (unsigned long long)good, (unsigned long long)bad);
        fflush(stdout);
        slice = (bad - good) / 100 < slice ? (bad - good) / 100 : slice / 2;
        slice = slice ? slice : 1;
        uint64_t from = good, to = bad;
        outcome = run(options, from, to, slice, slice, &good, &bad, slice == 1);
        if (outcome != DIFFERED) {
            printf("# in slices of %llu they do not differ: the divergence depends on where slices end\n",
                (unsigned long long)slice);
            break;
        }
    }
    printf("not ok 1 - %s and %s differ on %s behind %llu instructions\n", options->engine[0], options->engine[1],
        options->file, (unsigned long long)bad);
    return 1;
}

static bool parse_options(int argc, char **argv, struct options *options)
{
    static const struct option names[] = { { "engines", 1, NULL, 'e' }, { "set", 1, NULL, 's' },
        { "slice", 1, NULL, 'n' }, { "memory-every", 1, NULL, 'm' }, { "until", 1, NULL, 'u' }, { 0 } };
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        switch (c) {
        case 'e':
            if (sscanf(optarg, "%15[^,],%15s", options->engine[0], options->engine[1]) != 2)
                return false;
            break;
        case 's': options->settings[options->setting_count++] = optarg; break;
        case 'n': options->slice = strtoull(optarg, NULL, 0); break;
        case 'm': options->memory_every = strtoull(optarg, NULL, 0); break;
        case 'u': options->until = strtoull(optarg, NULL, 0); break;
        default: return false;
        }
    }
    options->file = argv[optind];
    return optind + 1 == argc && options->slice && options->memory_every;
}

int main(int argc, char **argv)
{
    struct options options = {
        .engine = { "interp", "interp" }, .slice = 10000, .memory_every = 20000000, .until = 1000000000000
    };
    options.settings = calloc((size_t)argc, sizeof(*options.settings));
    bool good = parse_options(argc, argv, &options);
    if (!good)
        fputs("usage: lockstep-machine [--engines A,B] [--set PATH=VALUE]... [--slice N] [--memory-every N] [--until "
              "N] FILE\n",
            stderr);
    int status = good ? compare(&options) : 2;
    free(options.settings);
    return status;
}
