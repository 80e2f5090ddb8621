/* test_board_state.c - saved states: by name, whole or not at all, refused with the place of what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/probe.h"
#include "tests/unit/unit.h"

static abbey_bench *bench;

static struct probe *fresh(void)
{
    abbey_bench_free(bench);
    bench = probe_bench("  a: {device: probe, irq: 3}\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(bench);
    return probe_of(bench, "a");
}

static struct probe *a(void)
{
    return probe_of(bench, "a");
}

/* Loads the present state with one member of device "a", or of its registers, set to `value` (NULL: removed); `where`
 * is "registers.u8" or "version". */
static int32_t load_with(const char *where, json_t *value)
{
    json_t *state = board_save(bench->board);
    json_t *at = json_object_get(json_object_get(state, "devices"), "a");
    if (strncmp(where, "registers.", 10) == 0) {
        at = json_object_get(at, "registers");
        where += 10;
    }
    if (value)
        json_object_set_new(at, where, value);
    else
        json_object_del(at, where);
    char *text = json_dumps(state, 0);
    int32_t result = abbey_state_load(bench, text);
    free(text);
    json_decref(state);
    return result;
}

static bool refused_with(const char *where, json_t *value, const char *message)
{
    long before = (long)strlen(probe_errors());
    int32_t result = load_with(where, value);
    bool said = strstr(probe_errors() + before, message) != NULL;
    if (result != -1 || !said)
        printf("# %s: result %d, expected '%s' in: %s\n", where, result, message, probe_errors() + before);
    return result == -1 && said;
}

static void every_type_survives(void)
{
    struct probe *p = fresh();
    p->u8 = 0xff, p->u16 = 0xfffe, p->u32 = 0xfffffffd, p->u64 = UINT64_MAX - 3, p->i32 = INT32_MIN, p->i64 = INT64_MIN;
    p->flag = false, p->kept = 77;
    memcpy(p->words, (uint16_t[]){ 1, 0xffff, 0x1234 }, sizeof p->words);
    abbey_timer_arm(p->timers[0], 12345);
    abbey_timer_arm_at(p->timers[1], 0);
    abbey_advance(bench, 0); /* timer 1 was due at once */
    CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
    p = a();
    CU_ASSERT(p->u8 == 0xff && p->u16 == 0xfffe && p->u32 == 0xfffffffd && p->u64 == UINT64_MAX - 3);
    CU_ASSERT(p->i32 == INT32_MIN && p->i64 == INT64_MIN && !p->flag && p->kept == 77);
    CU_ASSERT(p->words[0] == 1 && p->words[1] == 0xffff && p->words[2] == 0x1234);
    CU_ASSERT_EQUAL(abbey_timer_due(p->timers[0]), bench->now + 12345);
    CU_ASSERT_EQUAL(abbey_timer_due(p->timers[1]), ABBEY_NEVER);
    p->u64 = INT64_MAX;
    CU_ASSERT_EQUAL(abbey_roundtrip(bench), 0);
    CU_ASSERT_EQUAL(a()->u64, INT64_MAX);
}

static void reset_values_come_from_the_rows(void)
{
    struct probe *p = fresh();
    CU_ASSERT(p->u8 == 0x12 && p->u16 == 0x1234 && p->i32 == -7 && p->i64 == -8 && p->flag);
    CU_ASSERT(p->words[0] == 0xabab && p->words[2] == 0xabab);
    p->u8 = 9, p->kept = 9, p->flag = false;
    memset(p->words, 0, sizeof p->words);
    abbey_bench_reset(bench);
    CU_ASSERT(p->u8 == 0x12 && p->kept == 9 && p->flag && p->words[1] == 0xabab);
    CU_ASSERT_EQUAL(p->resets, 2); /* one when it was built */
}

static void what_a_state_lacks_gets_its_reset_value(void)
{
    struct probe *p = fresh();
    p->u16 = 1, p->u32 = 1;
    CU_ASSERT_EQUAL(load_with("registers.u16", NULL), 0);
    CU_ASSERT(a()->u16 == 0x1234 && a()->u32 == 1);
    abbey_timer_arm(a()->timers[0], 10);
    CU_ASSERT_EQUAL(load_with("registers.timers[0]", NULL), 0);
    CU_ASSERT_EQUAL(abbey_timer_due(a()->timers[0]), ABBEY_NEVER);
}

static void wrong_values_are_refused_with_their_place(void)
{
    fresh();
    CU_ASSERT(refused_with("registers.u8", json_integer(256),
        "state: devices.a.registers.u8: error[state]: expected an unsigned integer of 8 bits"));
    CU_ASSERT(refused_with("registers.u8", json_integer(-1), "devices.a.registers.u8"));
    CU_ASSERT(refused_with("registers.u8", json_string("1"), "devices.a.registers.u8"));
    CU_ASSERT(refused_with("registers.u32", json_integer(INT64_C(1) << 32), "unsigned integer of 32 bits"));
    CU_ASSERT(refused_with("registers.i32", json_integer(INT64_C(1) << 31), "expected a signed integer of 32 bits"));
    CU_ASSERT(refused_with("registers.u64", json_string("0x1"), "unsigned integer of 64 bits"));
    CU_ASSERT(refused_with("registers.u64", json_string("0xfffffffffffffffg"), "unsigned integer of 64 bits"));
    CU_ASSERT(refused_with("registers.flag", json_integer(1), "expected true or false"));
    CU_ASSERT(refused_with("registers.words", json_string("00"), "6 bytes as 12 hex digits"));
    CU_ASSERT(refused_with("registers.words", json_string("00000000000g"), "6 bytes as 12 hex digits"));
    CU_ASSERT(refused_with("registers.timers[0]", json_true(), "null, or nanoseconds from now"));
    CU_ASSERT(refused_with("registers.speed", json_integer(1), "device 'probe' has no register 'speed'"));
    CU_ASSERT(refused_with("registers", json_array(), "devices.a.registers: error[state]: expected an object"));
    CU_ASSERT(refused_with("registers", NULL, "devices.a.registers: error[state]: it is missing"));
    CU_ASSERT(refused_with("device", json_string("ns16550"), "the state is of a 'ns16550', the machine has a 'probe'"));
    CU_ASSERT(
        refused_with("version", json_integer(4), "version 4 of 'probe', the plugin knows up to 3; update the plugin"));
    CU_ASSERT(refused_with("version", json_integer(0), "version 0"));
    CU_ASSERT(refused_with("lines", json_pack("{s:b}", "intr", 1), "a line that the device does not drive"));
    CU_ASSERT(refused_with("lines", json_pack("{s:i}", "irq", 1), "the level of 'irq'"));
    CU_ASSERT(refused_with("ranges", json_array(), "range 0 is not [start, enabled]"));
    CU_ASSERT(refused_with("ranges", json_pack("[[ib], [ib]]", 1, 1, 1, 1), "2 ranges, the device 1"));
    CU_ASSERT(refused_with("ranges", json_pack("[[ib]]", -1, 1), "range 0"));
    CU_ASSERT(refused_with("pci", json_string("00"), "the device is no PCI function"));
}

static void a_state_of_another_machine_is_refused(void)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        { "", "state:1:0: error[state]" },
        { "[]", "state: abbey_state: error[state]: it is missing" },
        { "{\"abbey_state\": 2, \"board\": {}, \"devices\": {}}", "the state has format 2, this abbey reads 1" },
        { "{\"abbey_state\": 1, \"abbey_state\": 1}", "duplicate" },
        { "{\"abbey_state\": 1, \"board\": {}, \"devices\": {\"z\": {}}}",
            "the state has a device 'z', the machine does not" },
        { "{\"abbey_state\": 1, \"board\": {}, \"devices\": {}}",
            "devices.a: error[state]: the machine has this device, the state does not" },
        { "{\"abbey_state\": 1, \"board\": {\"a20_on\": -1}, \"devices\": {}}",
            "state: board: error[state]: expected a20_on" },
        { "{\"abbey_state\": 1, \"board\": {}, \"devices\": {\"a\": 5}}",
            "state: devices.a: error[state]: expected an object" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fresh()->u8 = 5;
        CU_ASSERT_EQUAL(abbey_state_load(bench, cases[i].text), -1);
        if (!strstr(probe_errors(), cases[i].message))
            printf("# no '%s' in: %s\n", cases[i].message, probe_errors());
        CU_ASSERT_PTR_NOT_NULL(strstr(probe_errors(), cases[i].message));
        CU_ASSERT_EQUAL(a()->u8, 0x12); /* as after a reset */
    }
}

static void nothing_is_half_loaded(void)
{
    struct probe *p = fresh();
    p->u32 = 5, p->kept = 6;
    char *good = strdup(abbey_state(bench));
    p->u32 = 7, p->kept = 8;
    /* The registers before the bad one are good and different. */
    char *bad = strdup(good), *at = strstr(bad, "\"i64\": -8");
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    memcpy(at, "\"i64\":  x", 9);
    CU_ASSERT_EQUAL(abbey_state_load(bench, bad), -1);
    CU_ASSERT(p->u32 == 0 && p->kept == 8);
    memcpy(at, "\"i64\": \"\"", 9);
    CU_ASSERT_EQUAL(abbey_state_load(bench, bad), -1);
    CU_ASSERT(p->u32 == 0 && p->kept == 8);
    CU_ASSERT_EQUAL(abbey_state_load(bench, good), 0);
    CU_ASSERT(p->u32 == 5 && p->kept == 6);
    /* The plugin has the last word; what resets keep is put back too. */
    p->kept = 10;
    CU_ASSERT(
        refused_with("registers.u8", json_integer(0xee), "the plugin test.probe 1.0.0 refuses the state in loaded()"));
    json_t *state = board_save(bench->board);
    json_t *registers = json_object_get(json_object_get(json_object_get(state, "devices"), "a"), "registers");
    json_object_set_new(registers, "u8", json_integer(0xee));
    json_object_set_new(registers, "kept", json_integer(99));
    CU_ASSERT_FALSE(board_load(bench->board, state, bench_errors));
    CU_ASSERT_EQUAL(p->kept, 10);
    CU_ASSERT_EQUAL(p->u8, 0x12);
    json_decref(state);
    free(good);
    free(bad);
}

static void older_versions_are_upgraded(void)
{
    struct probe *p = fresh();
    p->u16 = 21;
    probe_taken(p);
    CU_ASSERT_EQUAL(load_with("version", json_integer(2)), 0);
    CU_ASSERT_STRING_EQUAL(probe_taken(p), "upgrade2 loaded ");
    CU_ASSERT_EQUAL(p->u16, 42);
    CU_ASSERT_EQUAL(load_with("version", json_integer(3)), 0);
    CU_ASSERT_STRING_EQUAL(probe_taken(p), "loaded ");
    p->u8 = 0xed;
    CU_ASSERT(
        refused_with("version", json_integer(1), "the plugin test.probe 1.0.0 cannot upgrade() a state of version 1"));
}

static void overdue_timers_stay_overdue(void)
{
    fresh();
    abbey_advance(bench, 1000);
    CU_ASSERT_EQUAL(load_with("registers.timers[0]", json_integer(-300)), 0);
    CU_ASSERT_EQUAL(abbey_timer_due(a()->timers[0]), 700);
    CU_ASSERT_EQUAL(load_with("registers.timers[0]", json_integer(INT64_MIN)), 0);
    CU_ASSERT_EQUAL(abbey_timer_due(a()->timers[0]), 0);
    CU_ASSERT_EQUAL(load_with("registers.timers[0]", json_integer(INT64_MAX)), 0);
    abbey_advance(bench, 5);
}

static void a_dump_is_for_people(void)
{
    char *text = NULL;
    size_t size;
    struct probe *p = fresh();
    p->u32 = 0xcafe;
    abbey_timer_arm(p->timers[0], 5);
    FILE *out = open_memstream(&text, &size);
    board_dump(bench->board, out);
    fclose(out);
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "a (probe)\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "u32                  cafeh\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "timers[0]            due in ns: 5\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(text, "timers[1]            off\n"));
    free(text);
    abbey_bench_free(bench);
    bench = NULL;
}

static const struct unit_test tests[] = {
    { "every type of register survives", every_type_survives },
    { "reset values come from the rows, kept ones stay", reset_values_come_from_the_rows },
    { "what a state lacks gets its reset value", what_a_state_lacks_gets_its_reset_value },
    { "wrong values are refused with their place", wrong_values_are_refused_with_their_place },
    { "a state of another machine is refused", a_state_of_another_machine_is_refused },
    { "nothing is half loaded", nothing_is_half_loaded },
    { "older versions are upgraded", older_versions_are_upgraded },
    { "overdue timers stay overdue", overdue_timers_stay_overdue },
    { "a dump is for people", a_dump_is_for_people },
};
UNIT_MAIN("state", tests)
