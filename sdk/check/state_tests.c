/* state_tests.c - saved states: a machine that was restored goes on as the one that was not; and a state is as little
 * to be trusted as a guest. */
#include <stdlib.h>
#include <string.h>

#include "sdk/check/check.h"

#define ROUNDS 20u

/* What the line has sent is no part of a state: it goes before the comparison begins. */
static void drain(abbey_bench *bench)
{
    uint8_t bytes[256];
    while (abbey_char_sent(bench, bytes, sizeof bytes))
        ;
}

int check_save_restore(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    for (unsigned round = 0; bench && round < ROUNDS; round++) {
        check_drive(check, bench, check_roll(check) % 400);
        drain(bench);
        abbey_bench *restored = check_copy(check, bench);
        if (!restored)
            return CHECK_FAILED;
        uint64_t seed = check->seed, seen = check_drive(check, bench, 400);
        uint64_t at = check->shared->note.number;
        check->seed = seed;
        uint64_t again = check_drive(check, restored, 400);
        if (seen != again || strcmp(abbey_state(bench), abbey_state(restored)) != 0) {
            char *one = strdup(abbey_state(bench));
            fprintf(stderr, "went on: %s\nrestored: %s\n", one, abbey_state(restored));
            free(one);
            return check_fail(check,
                "a device restored before step %llu %s than the one that went on: something it knew was not saved",
                (unsigned long long)at - 400, seen != again ? "answers otherwise" : "comes to another state");
        }
        abbey_bench_free(restored);
    }
    abbey_bench_free(bench);
    return bench ? CHECK_PASSED : CHECK_FAILED;
}

/* A random value of a register's type. */
static json_t *value_make(struct check *check, const abbey_reg *reg, const json_t *old)
{
    uint64_t bits = check_roll(check) | (uint64_t)check_roll(check) << 32;
    switch (reg->type) {
    case ABBEY_TYPE_U8: return json_integer((uint8_t)bits);
    case ABBEY_TYPE_U16: return json_integer((uint16_t)bits);
    case ABBEY_TYPE_U32: return json_integer((uint32_t)bits);
    case ABBEY_TYPE_U64: return json_integer((json_int_t)(bits >> 1));
    case ABBEY_TYPE_I32: return json_integer((int32_t)bits);
    case ABBEY_TYPE_I64: return json_integer((json_int_t)bits);
    case ABBEY_TYPE_BOOL: return json_boolean(bits & 1);
    case ABBEY_TYPE_TIMER: return bits & 1 ? json_null() : json_integer((json_int_t)(bits % 100000000));
    default: break;
    }
    char *text = strdup(json_string_value(old) ? json_string_value(old) : "");
    for (char *c = text; c && *c; c++)
        *c = "0123456789abcdef"[check_roll(check) & 15];
    json_t *made = json_string(text);
    free(text);
    return made;
}

/* The state with some registers of the device at random values of their types. */
static char *state_spoil(struct check *check, abbey_bench *bench)
{
    const struct device *device = check_dut(bench);
    json_t *state = json_loads(abbey_state(bench), 0, NULL);
    json_t *registers = json_object_get(json_object_get(json_object_get(state, "devices"), "dut"), "registers");
    for (uint32_t i = 0; i < device->kind->regs.count; i++) {
        const abbey_reg *reg = (const abbey_reg *)device->kind->regs.rows + i;
        if (check_roll(check) % 2)
            json_object_set_new(registers, reg->name, value_make(check, reg, json_object_get(registers, reg->name)));
    }
    char *text = json_dumps(state, 0);
    json_decref(state);
    return text;
}

int check_state(struct check *check)
{
    abbey_bench *bench = check_bench_or_fail(check);
    for (unsigned round = 0; bench && round < 10 * ROUNDS; round++) {
        check_drive(check, bench, 100);
        char *state = strdup(abbey_state(bench)), *spoilt = state_spoil(check, bench);
        size_t length = state ? strlen(state) : 0;
        check->shared->note.what = "the loading of a state";
        check->shared->note.size = 0;
        if (!length || !spoilt)
            return check_fail(check, "out of memory");
        state[check_roll(check) % (length - 1)] = 0;
        if (abbey_state_load(bench, state) == 0)
            return check_fail(check, "a state of %zu bytes, cut off at %zu, was loaded", length, strlen(state));
        abbey_state_load(bench, spoilt); /* taken or refused: nothing may break */
        check_drive(check, bench, 200);
        free(state);
        free(spoilt);
    }
    abbey_bench_free(bench);
    return bench ? CHECK_PASSED : CHECK_FAILED;
}
