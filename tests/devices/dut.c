#include "tests/devices/dut.h"

#include <stdio.h>
#include <stdlib.h>

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

uint8_t dut_in(abbey_bench *bench, uint16_t port)
{
    return (uint8_t)abbey_in(bench, port, 1);
}

void dut_out(abbey_bench *bench, uint16_t port, uint8_t value)
{
    abbey_out(bench, port, 1, value);
}

/* xorshift: the same sequence on every host. */
static uint32_t next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (uint32_t)(*state >> 16);
}

void dut_fuzz(abbey_bench *bench, const struct dut_ports *ranges, unsigned count, unsigned accesses)
{
    const char *given = getenv("ABBEY_SEED");
    uint64_t state = given ? strtoull(given, NULL, 0) : 20001;
    state = state ? state : 1;
    printf("# seed %llu\n", (unsigned long long)state);
    for (unsigned i = 0; i < accesses; i++) {
        const struct dut_ports *range = &ranges[next(&state) % count];
        uint16_t port = (uint16_t)(range->first + next(&state) % range->count);
        uint32_t size = 1u << next(&state) % 8 % 3, value = next(&state);
        if (next(&state) % 3)
            abbey_out(bench, port, size, value);
        else
            abbey_in(bench, port, size);
        if (next(&state) % 4 == 0)
            abbey_advance(bench, next(&state) % 3000000);
        if (next(&state) % 1024 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
        if (next(&state) % 4096 == 0)
            abbey_bench_reset(bench);
    }
    CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
    abbey_advance(bench, ABBEY_SEC);
}
