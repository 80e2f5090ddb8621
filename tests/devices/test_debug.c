/* Debug console and debug exit. */
#include "tests/devices/dut.h"

#include <string.h>

static void console_sends(void)
{
    abbey_bench *b = dut_new("debugcon", "{line: bench}");
    uint8_t bytes[16];
    CU_ASSERT_EQUAL(dut_in(b, 0xe9), 0xe9);
    dut_out(b, 0xe9, 'o');
    dut_out(b, 0xe9, 'k');
    CU_ASSERT_EQUAL(abbey_char_sent(b, bytes, sizeof bytes), 2);
    CU_ASSERT_EQUAL(memcmp(bytes, "ok", 2), 0);
    abbey_bench_free(b);
}

static void console_waits(void)
{
    abbey_bench *b = dut_new("debugcon", "{line: bench, port: 0x402}");
    static uint8_t bytes[8192];
    abbey_char_stall(b, 1);
    for (unsigned i = 0; i < 5000; i++)
        dut_out(b, 0x402, (uint8_t)i);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_char_stall(b, 0);
    abbey_advance(b, 10 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_char_sent(b, bytes, sizeof bytes), 4096); /* the rest is dropped, and says nothing */
    CU_ASSERT_EQUAL(bytes[0], 0);
    CU_ASSERT_EQUAL(bytes[4095], 0xff);
    dut_out(b, 0x402, 'x');
    CU_ASSERT_EQUAL(abbey_char_sent(b, bytes, sizeof bytes), 1);
    abbey_bench_free(b);
}

static void console_alone(void)
{
    abbey_bench *b = dut_new("debugcon", NULL);
    const struct dut_ports ports[] = { { 0xe9, 1 } };
    dut_fuzz(b, ports, 1, dut_fuzz_count(10000));
    abbey_bench_free(b);
}

static void exit_status(void)
{
    abbey_bench *b = dut_new("debug-exit", NULL);
    abbey_events e = { .size = sizeof e };
    abbey_in(b, 0x501, 1);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.exits, 0);
    dut_out(b, 0x501, 0);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.exits, 1);
    CU_ASSERT_EQUAL(e.exit_status, 1);
    dut_out(b, 0x501, 0x21);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.exit_status, 0x43);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "the console is there and sends", console_sends },
    { "a stalled far side is served later", console_waits },
    { "the console without a stream; random accesses", console_alone },
    { "debug-exit ends the machine with (v << 1) | 1", exit_status },
};
UNIT_MAIN("debug", tests)
