/* fuzz_config.c - damaged machine files: each must give a placed error or a valid machine, never a crash or a leak.
 *
 * Deterministic: case N of seed S is always the same file. ABBEY_FUZZ_SEED (default 1) and ABBEY_FUZZ_COUNT (cases in
 * all, default 10000) say what runs, ABBEY_FUZZ_CASE=N runs and prints one case. Leaks and bad accesses show under
 * configure --enable-sanitizers=address,undefined. */
#include <ctype.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/config/config.h"
#include "tests/fuzz/mutate.h"
#include "tests/unit/config_fixture.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What damage starts from: the machines that Abbey brings, and one that uses all the rest of the schema. */
static const char everything[] =
    "abbey: 1\n"
    "name: \"every \\u00e9 key\"\n"
    "memory: 0x8000000\n"
    "cpu: { model: host, engine: interp, cache: 16M, clock: instructions }\n"
    "boot: { kernel: ./k, initrd: ~/i, cmdline: 'a ''b''', format: raw, load: 0x7c00, entry: 0x7c10, mode: protected "
    "}\n"
    "host: { backend: linux }\n"
    "guest: { optimize: [linux] }\n"
    "log: { level: debug }\n"
    "reboot: false\n"
    "plugins: { path: [lib, /lib], require: { org.example.chips: \">=1.2 <2\" } }\n"
    "backends:\n"
    "  tty: { backend: stdio }\n"
    "  log: { backend: file, path: out.log, append: true }\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  apic: { device: ioapic }\n"
    "  com1: { device: ns16550, bus: isa, base: 0x2f8, irq: pic.3, line: tty, fifo: false }\n"
    "  dbg: { device: debugcon, line: log }\n"
    "  pci: { device: i440fx }\n"
    "  br: { device: bridge, bus: pci, addr: \"1e.0\" }\n"
    "  isa: { device: piix3, bus: pci, addr: \"01.0\" }\n"
    "  pm: { device: piix4-pm, bus: br, irq: 9 }\n"
    "  card: { device: card, bus: br, path: rom, vram: 8M, offset: -1, big: 0xffffffffffffffff, mode: slow, title: "
    "null }\n"
    "  bell: { device: doorbell, delay: 7, irq: apic.2 }\n";
static struct text seeds[3];

static unsigned long long seed = 1, current, count = 10000;
static bool verbose;

/* ---- when it goes wrong ---- */

static void crash_tell(void)
{
    char line[120];
    int length = snprintf(
        line, sizeof(line), "# crashed; again with ABBEY_FUZZ_SEED=%llu ABBEY_FUZZ_CASE=%llu\n", seed, current);
    if (length > 0 && write(STDERR_FILENO, line, (size_t)length) < 0)
        return;
}

static void crash_signal(int number)
{
    crash_tell();
    signal(number, SIG_DFL);
    raise(number);
}

/* Called by the sanitizers' runtime, where there is one. */
void __asan_on_error(void);
void __asan_on_error(void)
{
    crash_tell();
}

/* ---- one case ---- */

struct outcome {
    bool good;
    char *errors;
};

static struct outcome machine_read(
    const struct text *text, const char *const *settings, unsigned setting_count, const char *file)
{
    struct outcome outcome = { false, NULL };
    size_t size = 0;
    FILE *out = open_memstream(&outcome.errors, &size);
    struct config_request request = { .file = file ? file : "fuzz.yaml",
        .text = text ? text->bytes : NULL,
        .text_bytes = text ? text->size : 0,
        .settings = settings,
        .setting_count = setting_count,
        .plugins = fixture_plugins() };
    struct config *config = config_read(&request, out);
    fclose(out);
    outcome.good = config != NULL;
    for (unsigned i = 0; config && i < config->device_count; i++) {
        bool found = !config->devices[i].bus;
        for (unsigned j = 0; j < i; j++)
            found = found || !strcmp(config->devices[j].id, config->devices[i].bus);
        if (!found || config->devices[i].value_count != config->devices[i].device->device.props.count)
            outcome.good = false; /* and no error: reported below */
    }
    config_free(config);
    return outcome;
}

/* Whether the errors have the form that editors and scripts read: each begins with a place and a rule. */
static bool errors_well_formed(const char *errors)
{
    unsigned placed = 0;
    for (const char *line = errors; *line; line = strchr(line, '\n') + 1) {
        const char *end = strchr(line, '\n'), *rule = strstr(line, ": error[");
        if (!end)
            return false;
        for (const char *p = line; p < end; p++)
            if ((unsigned char)*p < 0x20 || *p == 0x7f)
                return false;
        if (isspace((unsigned char)*line) || strstr(line, " more errors\n") == end - strlen(" more errors"))
            continue;
        /* FILE:LINE:COLUMN: error[rule]: text */
        const char *p = rule;
        if (!rule || rule > end || strncmp(strchr(rule, ']') ? strchr(rule, ']') : "", "]: ", 3) != 0)
            return false;
        for (unsigned i = 0; i < 2; i++) {
            const char *digits = p;
            while (p > line && isdigit((unsigned char)p[-1]))
                p--;
            if (p == digits || p == line || p[-1] != ':')
                return false;
            p--;
        }
        placed++;
    }
    return placed > 0;
}

/* What `config show` prints of a good machine is a good machine, and shows the same. */
static char *shown(const struct text *text, const char *const *settings, unsigned setting_count, const char *file)
{
    char *result = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&result, &size), *errors = fopen("/dev/null", "w");
    struct config_request request = { .file = file ? file : "fuzz.yaml",
        .text = text ? text->bytes : NULL,
        .text_bytes = text ? text->size : 0,
        .settings = settings,
        .setting_count = setting_count,
        .plugins = fixture_plugins() };
    if (config_show(&request, false, out, errors) < 0)
        fputs("(not shown)\n", out);
    fclose(out);
    fclose(errors);
    return result;
}

/* Without the places. */
static void comments_strip(char *text)
{
    char *out = text;
    for (char *line = text; *line;) {
        char *end = strchr(line, '\n'), *comment = end;
        while (comment > line && *comment != '#')
            comment--;
        memmove(out, line, (size_t)(comment - line));
        out += comment - line;
        line = end + 1;
    }
    *out = '\0';
}

static bool show_is_stable(
    const struct text *text, const char *const *settings, unsigned setting_count, const char *file)
{
    char *first = shown(text, settings, setting_count, file);
    struct text again = { first, strlen(first), 0 };
    char *second = shown(&again, NULL, 0, NULL);
    comments_strip(second);
    comments_strip(first);
    bool same = !strcmp(first, second);
    if (!same)
        printf("# shown:\n%s\n# shown again:\n%s\n", first, second);
    free(first);
    free(second);
    return same;
}

/* True when all is as it must be; *valid when the machine is a good one. */
static bool case_check(
    const struct text *text, const char *const *settings, unsigned setting_count, const char *file, bool *valid)
{
    struct outcome outcome = machine_read(text, settings, setting_count, file);
    *valid = outcome.good;
    bool fine = outcome.good ? !*outcome.errors && show_is_stable(text, settings, setting_count, file)
                             : errors_well_formed(outcome.errors);
    if (!fine || verbose) {
        printf("# %s\n%s\n", outcome.good ? "valid" : "refused:", outcome.errors);
        for (unsigned i = 0; i < setting_count; i++)
            printf("# --set %s\n", settings[i]);
        if (text)
            fwrite(text->bytes, 1, text->size, stdout);
    }
    free(outcome.errors);
    return fine;
}

/* ---- the kinds of damage ---- */

static char base_dir[] = "/tmp/abbey-fuzz-XXXXXX";

static bool damaged(struct rng *rng, void (*mutate)(struct rng *, struct text *, const struct text *), bool *valid)
{
    struct text text = { NULL, 0, 0 };
    const struct text *from = &seeds[rng_below(rng, COUNT(seeds))];
    text_append(&text, from->bytes, from->size);
    mutate(rng, &text, &seeds[rng_below(rng, COUNT(seeds))]);
    bool fine = case_check(&text, NULL, 0, NULL, valid);
    text_free(&text);
    return fine;
}

static bool damage_bytes(struct rng *rng, bool *valid)
{
    return damaged(rng, mutate_bytes, valid);
}

static bool damage_tokens(struct rng *rng, bool *valid)
{
    return damaged(rng, mutate_tokens, valid);
}

static bool damage_tree(struct rng *rng, bool *valid)
{
    return damaged(rng, mutate_tree, valid);
}

static bool damage_settings(struct rng *rng, bool *valid)
{
    struct text settings[3] = { 0 };
    const char *list[3];
    for (unsigned i = 0; i < 3; i++) {
        mutate_setting(rng, &settings[i]);
        list[i] = settings[i].bytes;
    }
    bool fine = case_check(&seeds[rng_below(rng, COUNT(seeds))], list, 1 + (unsigned)rng_below(rng, 3), NULL, valid);
    for (unsigned i = 0; i < 3; i++)
        text_free(&settings[i]);
    return fine;
}

/* A good machine on a damaged base. */
static bool damage_base(struct rng *rng, bool *valid)
{
    struct text text = { NULL, 0, 0 };
    char path[100], own[100];
    snprintf(path, sizeof(path), "%s/base.yaml", base_dir);
    snprintf(own, sizeof(own), "%s/own.yaml", base_dir);
    text_append(&text, seeds[0].bytes, seeds[0].size);
    (rng_below(rng, 2) ? mutate_tokens : mutate_tree)(rng, &text, &seeds[1]);
    FILE *base = fopen(path, "w"), *file = fopen(own, "w");
    if (!base || !file || fwrite(text.bytes, 1, text.size, base) != text.size)
        exit(99);
    fputs("abbey: 1\nbase: base\nbackends: { tty: { backend: stdio } }\ndevices:\n  com1: { line: tty }\n  kbd: null\n",
        file);
    fclose(base);
    fclose(file);
    bool fine = case_check(NULL, NULL, 0, own, valid);
    if (!fine)
        fwrite(text.bytes, 1, text.size, stdout);
    unlink(path);
    unlink(own);
    text_free(&text);
    return fine;
}

static const struct {
    const char *name;
    bool (*run)(struct rng *rng, bool *valid);
} kinds[] = {
    { "bytes", damage_bytes },
    { "tokens", damage_tokens },
    { "trees", damage_tree },
    { "settings", damage_settings },
    { "bases", damage_base },
};

static bool case_run(bool *valid)
{
    struct rng rng = { seed * 0x100000001b3u + current };
    rng_next(&rng);
    return kinds[current % COUNT(kinds)].run(&rng, valid);
}

/* ---- start ---- */

static void seed_read(struct text *text, const char *name)
{
    const char *top = getenv("ABBEY_SRCDIR");
    char path[4096], buffer[4096];
    snprintf(path, sizeof(path), "%s/tests/fuzz/machines/%s", top ? top : ".", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        printf("Bail out! cannot read %s; set ABBEY_SRCDIR\n", path);
        exit(99);
    }
    for (size_t got; (got = fread(buffer, 1, sizeof(buffer), file)) > 0;)
        text_append(text, buffer, got);
    fclose(file);
    snprintf(path, sizeof(path), "%s/tests/fuzz/machines", top ? top : ".");
    char *absolute = realpath(path, NULL);
    if (absolute)
        setenv("ABBEY_CONFIG_PATH", absolute, 1);
    free(absolute);
}

static unsigned long long number_from(const char *name, unsigned long long otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 0) : otherwise;
}

int main(void)
{
    bool all_fine = true, valid;
    seed_read(&seeds[0], "pc.yaml");
    seed_read(&seeds[1], "linux-direct.yaml");
    text_append(&seeds[2], everything, strlen(everything));
    seed = number_from("ABBEY_FUZZ_SEED", seed);
    count = number_from("ABBEY_FUZZ_COUNT", count);
    if (!mkdtemp(base_dir) || chdir(base_dir) < 0) /* what a damaged `base:` finds must not depend on the caller */
        return 99;
    signal(SIGSEGV, crash_signal);
    signal(SIGABRT, crash_signal);
    if (getenv("ABBEY_FUZZ_CASE")) {
        verbose = true;
        current = number_from("ABBEY_FUZZ_CASE", 0);
        all_fine = case_run(&valid);
        printf("1..1\n%sok 1 - case %llu of seed %llu\n", all_fine ? "" : "not ", current, seed);
    } else {
        printf("1..%zu\n", COUNT(kinds) + COUNT(seeds));
        for (unsigned i = 0; i < COUNT(seeds); i++) {
            bool fine = case_check(&seeds[i], NULL, 0, NULL, &valid) && valid;
            printf("%sok %u - seed %u is valid\n", fine ? "" : "not ", i + 1, i);
            all_fine = all_fine && fine;
        }
        for (unsigned kind = 0; kind < COUNT(kinds); kind++) {
            unsigned long long bad = 0, good = 0, cases = 0;
            for (current = kind; current < count; current += COUNT(kinds), cases++) {
                if (!case_run(&valid)) {
                    printf("# wrong: ABBEY_FUZZ_SEED=%llu ABBEY_FUZZ_CASE=%llu\n", seed, current);
                    bad++;
                }
                good += valid;
            }
            printf("# seed %llu: %llu cases, %llu still valid\n%sok %zu - damaged %s give placed errors or a valid "
                   "machine\n",
                seed, cases, good, bad ? "not " : "", COUNT(seeds) + kind + 1, kinds[kind].name);
            all_fine = all_fine && !bad;
        }
    }
    rmdir(base_dir);
    for (unsigned i = 0; i < COUNT(seeds); i++)
        text_free(&seeds[i]);
    return all_fine ? 0 : 1;
}
