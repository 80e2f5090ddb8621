#include "tests/devices/dut.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static abbey_bench *good(abbey_bench *bench, const char *what)
{
    if (!bench) {
        printf("Bail out! no bench for %s\n", what);
        exit(99);
    }
    return bench;
}

abbey_bench *dut_new(const char *name, const char *properties)
{
    const char *build = getenv("ABBEY_BUILDDIR");
    char path[1024];
    snprintf(path, sizeof path, "%s/plugins/devices/%s.so", build ? build : ".", name);
    return good(abbey_bench_new(path, properties), name);
}

abbey_bench *dut_machine(const char *yaml)
{
    return good(abbey_bench_machine(yaml), "a machine");
}

void dut_test_plugins(void)
{
    const char *build = getenv("ABBEY_BUILDDIR"), *path = getenv("ABBEY_PLUGIN_PATH");
    char extended[4096];
    if (!path || strstr(path, "tests/devices"))
        return;
    snprintf(extended, sizeof extended, "%s:%s/tests/devices", path, build ? build : ".");
    setenv("ABBEY_PLUGIN_PATH", extended, 1);
}

uint8_t dut_in(abbey_bench *bench, uint16_t port)
{
    return (uint8_t)abbey_in(bench, port, 1);
}

void dut_out(abbey_bench *bench, uint16_t port, uint8_t value)
{
    abbey_out(bench, port, 1, value);
}

static uint64_t state;

static void seed(void)
{
    const char *given = getenv("ABBEY_SEED");
    if (state)
        return;
    state = given ? strtoull(given, NULL, 0) : 20001;
    state = state ? state : 1;
    printf("# seed %llu\n", (unsigned long long)state);
}

/* xorshift: the same sequence on every host. */
static uint32_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

static void access_any(abbey_bench *bench, const struct dut_ports *ranges, unsigned count)
{
    const struct dut_ports *range = &ranges[next() % count];
    uint16_t port = (uint16_t)(range->first + next() % range->count);
    uint32_t size = 1u << next() % 8 % 3, value = next();
    if (next() % 3)
        abbey_out(bench, port, size, value);
    else
        abbey_in(bench, port, size);
    if (next() % 4 == 0)
        abbey_advance(bench, next() % 3000000);
}

unsigned dut_fuzz_count(unsigned otherwise)
{
    const char *wanted = getenv("ABBEY_FUZZ_COUNT");
    return wanted ? (unsigned)strtoul(wanted, NULL, 0) : otherwise;
}

void dut_fuzz(abbey_bench *bench, const struct dut_ports *ranges, unsigned count, unsigned accesses)
{
    seed();
    for (unsigned i = 0; i < accesses; i++) {
        access_any(bench, ranges, count);
        if (next() % 1024 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
        if (next() % 4096 == 0)
            abbey_bench_reset(bench);
    }
    CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
    abbey_advance(bench, ABBEY_SEC);
}

/* Whether a digit belongs to the value of a register: those stand four deep, one a line. */
static int in_register(const char *text, const char *at)
{
    const char *line = at;
    while (line > text && line[-1] != '\n')
        line--;
    const char *value = strstr(line, "\": ");
    return !strncmp(line, "    \"", 5) && value && value < at;
}

/* Puts other digits in place of some, so that the text stays a state in form. */
static char *mutate(const char *text)
{
    char *copy = strdup(text);
    size_t length = strlen(copy);
    for (unsigned changes = 1 + next() % 8, tries = 10000; changes > 0 && tries > 0; tries--) {
        char *at = &copy[next() % length];
        if (*at < '0' || *at > '9' || !in_register(copy, at))
            continue;
        *at = (char)('0' + next() % 10);
        if (*at == '0' && at[-1] == ' ' && at[1] >= '0' && at[1] <= '9')
            *at = '1'; /* JSON has no leading zeros */
        changes--;
    }
    return copy;
}

void dut_fuzz_state(abbey_bench *bench, const struct dut_ports *ranges, unsigned count, unsigned states)
{
    unsigned taken = 0;
    seed();
    for (unsigned i = 0; i < states; i++) {
        for (unsigned k = next() % 64; k > 0; k--)
            access_any(bench, ranges, count);
        char *mutant = mutate(abbey_state(bench));
        taken += abbey_state_load(bench, mutant) == 0;
        free(mutant);
        for (unsigned k = next() % 64; k > 0; k--)
            access_any(bench, ranges, count);
    }
    CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
    printf("# %u of %u mutated states were taken\n", taken, states);
}
