/* check.h - the tests that the author of a plugin would forget, each in a process of its own: `abbey plugins check`.
 *
 * A test is a row: a name, what it is about, a function. The runner forks for each test of each device, so that one
 * that crashes or hangs is a result like any other. Everything random comes from one seed, which is printed. */
#ifndef ABBEY_SDK_CHECK_H
#define ABBEY_SDK_CHECK_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sdk/bench/drive.h"

#define CHECK_PASSED 0
#define CHECK_FAILED 1
#define CHECK_SKIPPED 2

/* What the process of a test and the runner share. */
struct check_shared {
    struct drive_note note;
    char reason[1500];
};

struct check {
    const char *path;       /* of the plugin */
    const char *properties; /* what the author gives every instance, "{irq: 5}"; NULL: nothing */
    const char *name;       /* of the device or backend under test; NULL for tests of the file */
    uint64_t seed;          /* of this test; advanced by check_roll() */
    uint64_t accesses;      /* of the test `accesses` */
    struct check_shared *shared;
};

/* What a test is run for. */
#define CHECK_FILE 0u
#define CHECK_DEVICE 1u
#define CHECK_BACKEND 2u

struct check_test {
    const char *name;
    const char *about; /* one line */
    unsigned scope;    /* CHECK_FILE, ... */
    int (*run)(struct check *check);
};
extern const struct check_test check_tests[];
extern const unsigned check_test_count;

struct check_options {
    const char *path;
    const char *properties;
    const char *device; /* only this device or backend; NULL: all */
    const char *test;   /* only this test; NULL: all */
    uint64_t seed, accesses;
    bool json, verbose;
};

/* Runs the tests and reports on stdout. The number that failed, or -1 when there is no test of that name. */
int check_run(const struct check_options *options);

/* ---- for the tests ---- */

/* Records why a test failed or was skipped; the first failure counts. Returns CHECK_FAILED or CHECK_SKIPPED. */
__attribute__((format(printf, 2, 3))) int check_fail(struct check *check, const char *format, ...);
__attribute__((format(printf, 2, 3))) int check_skip(struct check *check, const char *format, ...);

uint32_t check_roll(struct check *check);
/* The bytes of one step, from the seed. */
void check_step_bytes(struct check *check, uint8_t step[DRIVE_STEP]);
/* Takes `count` random steps; returns a digest of what the guest saw. */
uint64_t check_drive(struct check *check, abbey_bench *bench, uint64_t count);

/* A bench with one instance "dut" of the device under test, with the author's properties, what it needs besides, and
 * `more` ("depth: 4" or NULL). NULL when it was refused; what was said stands in check_said() until the next call. */
abbey_bench *check_bench(struct check *check, const char *more);
const char *check_said(void);
/* The same with a failure recorded. */
abbey_bench *check_bench_or_fail(struct check *check);

/* Whether the text of a flow mapping gives a property. */
bool check_given(const char *text, const char *name);

/* The plugins that a bench for it takes: its file, or all that are found; the caller's to close. */
struct plugin_set *check_plugin_set(const struct check *check);

/* The kind under test, from the plugin's own file; the set is the caller's to close. NULL after check_fail(). */
struct plugin_set *check_open(struct check *check);
const abbey_device *check_device(const struct plugin_set *set, const char *name);
const abbey_backend *check_backend(const struct plugin_set *set, const char *name);

/* Another bench in the state of `from`: RAM, disks, time, registers. NULL after check_fail(). */
abbey_bench *check_copy(struct check *check, abbey_bench *from);

/* The device under test. */
struct device *check_dut(abbey_bench *bench);

/* Whether memory grows with every batch of calls: a failure is recorded. `once` returns a CHECK_ result. */
int check_growth(struct check *check, int (*once)(struct check *check));

/* Bytes that malloc() has given out and not got back. */
uint64_t check_heap(void);

int check_abi(struct check *check);
int check_symbols(struct check *check);
int check_descriptor(struct check *check);
int check_reload(struct check *check);
int check_leak(struct check *check);
int check_properties(struct check *check);
int check_two_instances(struct check *check);
int check_reset(struct check *check);
int check_save_restore(struct check *check);
int check_registers(struct check *check);
int check_state(struct check *check);
int check_accesses(struct check *check);
int check_blocking(struct check *check);
int check_threads(struct check *check);
int check_backend_create(struct check *check);
int check_block(struct check *check);

#endif
