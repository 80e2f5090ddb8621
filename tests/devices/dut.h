/* dut.h - what the tests of the devices share: the device under test on the author's bench. */
#ifndef ABBEY_TESTS_DUT_H
#define ABBEY_TESTS_DUT_H

#include <abbey/bench.h>

#include "tests/unit/unit.h"

/* A bench with one plugin of this build; ends the program with a message when it cannot be made. */
abbey_bench *dut_new(const char *name, const char *properties);
abbey_bench *dut_machine(const char *yaml);
/* Lets machines have the devices that are made for tests, in tests/devices of the build. */
void dut_test_plugins(void);

/* Byte accesses. */
uint8_t dut_in(abbey_bench *bench, uint16_t port);
void dut_out(abbey_bench *bench, uint16_t port, uint8_t value);

struct dut_ports {
    uint16_t first, count;
};

/* How many accesses are wanted in all: ABBEY_FUZZ_COUNT, or `otherwise`. */
unsigned dut_fuzz_count(unsigned otherwise);

/* Random accesses of every size to the ranges, time passing between them, with a round trip of the state now and then.
 * The seed is printed once; ABBEY_SEED overrides it. */
void dut_fuzz(abbey_bench *bench, const struct dut_ports *ranges, unsigned count, unsigned accesses);

/* Saved states with random digits, refused or taken, each followed by some accesses. */
void dut_fuzz_state(abbey_bench *bench, const struct dut_ports *ranges, unsigned count, unsigned states);

/* Calls round(0), round(1), ... up to a twentieth of dut_fuzz_count(20000), while a thread writes at random to `count`
 * bytes from there on: rings that change while the device works with them. What it does then no test can foresee, but
 * for a crash. */
void dut_race(uint8_t *bytes, uint32_t count, void (*round)(unsigned number));

#endif
