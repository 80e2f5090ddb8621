/* The 8254, counted tick by tick as its data sheet draws it. */
#include "tests/devices/dut.h"

#include <stdio.h>

#define HZ 1193182u
#define CONTROL 0x43
#define CH0 0x40
#define CH2 0x42
#define PORT61 0x61

static uint64_t time_now; /* of the bench */

static abbey_bench *pit(void)
{
    time_now = 0;
    return dut_new("i8254", NULL);
}

/* To the beginning of tick k. */
static void to(abbey_bench *b, uint64_t k)
{
    uint64_t then = (uint64_t)(((unsigned __int128)k * ABBEY_SEC + HZ - 1) / HZ);
    abbey_advance(b, then - time_now);
    time_now = then;
}

static void count16(abbey_bench *b, uint16_t port, uint16_t count)
{
    dut_out(b, port, (uint8_t)count);
    dut_out(b, port, (uint8_t)(count >> 8));
}

static uint16_t latched(abbey_bench *b, unsigned channel)
{
    dut_out(b, CONTROL, (uint8_t)(channel << 6));
    uint8_t low = dut_in(b, (uint16_t)(CH0 + channel));
    return (uint16_t)(low | dut_in(b, (uint16_t)(CH0 + channel)) << 8);
}

/* The status byte by read-back. */
static uint8_t status(abbey_bench *b, unsigned channel)
{
    dut_out(b, CONTROL, (uint8_t)(0xe0 | 2u << channel));
    return dut_in(b, (uint16_t)(CH0 + channel));
}

static int out(abbey_bench *b, unsigned channel)
{
    return status(b, channel) >> 7;
}

/* Count and OUT at successive ticks from `first`, as in a waveform of the data sheet. */
static void expect_wave(abbey_bench *b, unsigned channel, uint64_t first, const uint16_t *counts, const char *outs)
{
    for (unsigned i = 0; outs[i]; i++) {
        to(b, first + i);
        CU_ASSERT_EQUAL(out(b, channel), outs[i] == 'H');
        if (counts)
            CU_ASSERT_EQUAL(latched(b, channel), counts[i]);
        if (out(b, channel) != (outs[i] == 'H') || (counts && latched(b, channel) != counts[i]))
            printf("# at step %u: out %d count %u\n", i, out(b, channel), latched(b, channel));
    }
}

static void mode0(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x30);
    CU_ASSERT_EQUAL(out(b, 0), 0);
    count16(b, CH0, 4);
    expect_wave(b, 0, 1, (const uint16_t[]){ 4, 3, 2, 1, 0, 0xffff, 0xfffe }, "LLLLHHH");
    CU_ASSERT_EQUAL(abbey_line(b, 0), 1);
    dut_out(b, CH0, 9); /* the first byte stops it and takes OUT down */
    CU_ASSERT_EQUAL(out(b, 0), 0);
    CU_ASSERT_EQUAL(abbey_line(b, 0), 0);
    to(b, 50);
    dut_out(b, CH0, 0);
    to(b, 59);
    CU_ASSERT_EQUAL(abbey_line(b, 0), 0);
    to(b, 60); /* N + 1 clocks after the write */
    CU_ASSERT_EQUAL(abbey_line(b, 0), 1);
    abbey_bench_free(b);
}

static void mode0_gate(void)
{
    abbey_bench *b = pit();
    dut_out(b, PORT61, 1);
    dut_out(b, CONTROL, 0xb0);
    count16(b, CH2, 10);
    to(b, 5);
    CU_ASSERT_EQUAL(latched(b, 2), 6);
    dut_out(b, PORT61, 0);
    to(b, 100);
    CU_ASSERT_EQUAL(latched(b, 2), 6);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dut_out(b, PORT61, 1);
    to(b, 105);
    CU_ASSERT_EQUAL(dut_in(b, PORT61) & 0x20, 0);
    to(b, 106);
    CU_ASSERT_EQUAL(dut_in(b, PORT61) & 0x20, 0x20);
    abbey_bench_free(b);
}

static void mode1(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0xb2);
    CU_ASSERT_EQUAL(out(b, 2), 1);
    count16(b, CH2, 3);
    to(b, 20);
    CU_ASSERT_EQUAL(out(b, 2), 1); /* no trigger yet */
    dut_out(b, PORT61, 1);
    expect_wave(b, 2, 21, (const uint16_t[]){ 3, 2, 1, 0, 0xffff }, "LLLHH");
    dut_out(b, PORT61, 0);
    to(b, 40);
    dut_out(b, PORT61, 1);
    to(b, 42);
    dut_out(b, PORT61, 0);
    dut_out(b, PORT61, 1); /* retriggers */
    expect_wave(b, 2, 43, NULL, "LLLH");
    abbey_bench_free(b);
}

static void mode2(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 3);
    CU_ASSERT_EQUAL(out(b, 0), 1);
    expect_wave(b, 0, 1, (const uint16_t[]){ 3, 2, 1, 3, 2, 1, 3 }, "HHLHHLH");
    count16(b, CH0, 5); /* at tick 7: the cycle of 3 ends first */
    expect_wave(b, 0, 8, (const uint16_t[]){ 2, 1, 5, 4, 3, 2, 1, 5 }, "HLHHHHLH");
    abbey_bench_free(b);
}

static void mode2_gate(void)
{
    abbey_bench *b = pit();
    dut_out(b, PORT61, 1);
    dut_out(b, CONTROL, 0xb4);
    count16(b, CH2, 4);
    to(b, 4);
    CU_ASSERT_EQUAL(out(b, 2), 0);
    dut_out(b, PORT61, 0);
    CU_ASSERT_EQUAL(out(b, 2), 1);
    to(b, 30);
    CU_ASSERT_EQUAL(out(b, 2), 1);
    dut_out(b, PORT61, 1);
    expect_wave(b, 2, 31, (const uint16_t[]){ 4, 3, 2, 1, 4 }, "HHHLH");
    abbey_bench_free(b);
}

static void mode3(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x36);
    count16(b, CH0, 4);
    expect_wave(b, 0, 1, (const uint16_t[]){ 4, 2, 4, 2, 4, 2, 4, 2 }, "HHLLHHLL");
    dut_out(b, CONTROL, 0x36);
    count16(b, CH0, 5);
    expect_wave(b, 0, 9, (const uint16_t[]){ 4, 2, 0, 4, 2, 4, 2, 0, 4, 2 }, "HHHLLHHHLL");
    abbey_bench_free(b);
}

/* A new count waits for the end of the half-cycle, high or low. */
static void mode3_new_count(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x36);
    count16(b, CH0, 8);
    expect_wave(b, 0, 1, NULL, "HH");
    count16(b, CH0, 4);
    expect_wave(b, 0, 3, (const uint16_t[]){ 4, 2, 4, 2, 4, 2 }, "HHLLHH");
    abbey_bench_free(b);
}

static void mode4(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x38);
    count16(b, CH0, 3);
    expect_wave(b, 0, 1, (const uint16_t[]){ 3, 2, 1, 0, 0xffff, 0xfffe }, "HHHLHH");
    count16(b, CH0, 100);
    to(b, 6 + 100 + 1);
    CU_ASSERT_EQUAL(out(b, 0), 0);
    to(b, 6 + 100 + 2);
    CU_ASSERT_EQUAL(out(b, 0), 1);
    abbey_bench_free(b);
}

static void mode5(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0xba);
    count16(b, CH2, 3);
    to(b, 10);
    dut_out(b, PORT61, 1);
    expect_wave(b, 2, 11, (const uint16_t[]){ 3, 2, 1, 0, 0xffff }, "HHHLH");
    abbey_bench_free(b);
}

static void bcd(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x31);
    count16(b, CH0, 0x0100);
    to(b, 2);
    CU_ASSERT_EQUAL(latched(b, 0), 0x0099);
    to(b, 102);
    CU_ASSERT_EQUAL(latched(b, 0), 0x9999);
    dut_out(b, CONTROL, 0x35);
    count16(b, CH0, 0); /* 10000 */
    CU_ASSERT_EQUAL(latched(b, 0), 0);
    to(b, 102 + 2);
    CU_ASSERT_EQUAL(latched(b, 0), 0x9999);
    to(b, 103 + 10000);
    CU_ASSERT_EQUAL(latched(b, 0), 0);
    abbey_bench_free(b);
}

static void count_zero(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 0);
    to(b, 2);
    CU_ASSERT_EQUAL(latched(b, 0), 0xffff);
    to(b, 65536);
    CU_ASSERT_EQUAL(out(b, 0), 0);
    to(b, 65537);
    CU_ASSERT_EQUAL(out(b, 0), 1);
    CU_ASSERT_EQUAL(latched(b, 0), 0);
    abbey_bench_free(b);
}

static void byte_access(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x14); /* low byte alone */
    dut_out(b, CH0, 0x40);
    to(b, 2);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x3f);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x3f);
    dut_out(b, CONTROL, 0x24); /* high byte alone */
    dut_out(b, CH0, 0x12);
    to(b, 4);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x11);
    abbey_bench_free(b);
}

static void latch(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 0x1234);
    to(b, 0x11);
    dut_out(b, CONTROL, 0x00);
    to(b, 0x101);
    dut_out(b, CONTROL, 0x00); /* ignored: the first is not read yet */
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x24);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x12);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x34); /* now the running count: 1134h */
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x11);
    abbey_bench_free(b);
}

static void read_back(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x34);
    CU_ASSERT_EQUAL(status(b, 0), 0x80 | 0x40 | 0x34); /* no count yet */
    count16(b, CH0, 1000);
    CU_ASSERT_EQUAL(status(b, 0), 0x80 | 0x40 | 0x34); /* written, not loaded */
    to(b, 1);
    CU_ASSERT_EQUAL(status(b, 0), 0x80 | 0x34);
    dut_out(b, CONTROL, 0xb7);
    dut_out(b, CONTROL, 0xca); /* status and count of 0 and 2 */
    CU_ASSERT_EQUAL(dut_in(b, CH0), 0x80 | 0x34);
    to(b, 200);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 1000 & 0xff);
    CU_ASSERT_EQUAL(dut_in(b, CH0), 1000 >> 8);
    CU_ASSERT_EQUAL(dut_in(b, CH2), 0x80 | 0x40 | 0x37);
    count16(b, CH0, 500);
    CU_ASSERT_EQUAL(status(b, 0) & 0x40, 0x40); /* waits for the end of the cycle */
    to(b, 1001);
    CU_ASSERT_EQUAL(status(b, 0) & 0x40, 0);
    abbey_bench_free(b);
}

static void port61(void)
{
    abbey_bench *b = pit();
    dut_out(b, PORT61, 0xff);
    CU_ASSERT_EQUAL(dut_in(b, PORT61) & 0x0f, 0x0f);
    unsigned toggles = 0;
    uint8_t last = dut_in(b, PORT61) & 0x10;
    for (uint64_t k = 1; k <= 180; k++) {
        to(b, k);
        uint8_t now = dut_in(b, PORT61) & 0x10;
        toggles += now != last;
        last = now;
    }
    CU_ASSERT_EQUAL(toggles, 10);
    abbey_bench_free(b);
}

static const char board[] = "abbey: 1\ndevices:\n  pic: {device: i8259}\n  pit: {device: i8254%s}\n";

static abbey_bench *pc(const char *properties)
{
    char yaml[256];
    snprintf(yaml, sizeof yaml, board, properties);
    abbey_bench *b = dut_machine(yaml);
    time_now = 0;
    dut_out(b, 0x20, 0x13);
    dut_out(b, 0x21, 0x20);
    dut_out(b, 0x21, 0x03); /* automatic EOI */
    dut_out(b, 0x21, 0xfe);
    return b;
}

static unsigned take(abbey_bench *b)
{
    unsigned taken = 0;
    while (abbey_intr(b) && taken < 100) {
        abbey_ack(b);
        taken++;
    }
    return taken;
}

/* 100 Hz as Linux programs it: 1193182 / 100 rounds to 11932. An hour of ticks is exact. */
static void no_drift(void)
{
    abbey_bench *b = pc("");
    unsigned ticks = take(b);
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 11932);
    take(b);
    ticks = 0;
    for (uint64_t k = 1; k <= 360000; k++) {
        abbey_advance(b, 10 * ABBEY_MS);
        ticks += take(b);
    }
    uint64_t expected = ((uint64_t)HZ * 3600 - 1) / 11932;
    CU_ASSERT_EQUAL(ticks, expected);
    abbey_bench_free(b);
}

static void tick_modes(void)
{
    static const struct {
        uint8_t control;
        unsigned ticks;
    } modes[] = { { 0x30, 1 }, { 0x34, 10 }, { 0x36, 10 }, { 0x38, 1 } };
    for (unsigned i = 0; i < 4; i++) {
        abbey_bench *b = pc("");
        dut_out(b, CONTROL, modes[i].control);
        count16(b, CH0, 1000);
        take(b);
        unsigned ticks = 0;
        for (uint64_t k = 100; k <= 10100; k += 100) {
            to(b, k);
            ticks += take(b);
        }
        CU_ASSERT_EQUAL(ticks, modes[i].ticks);
        abbey_bench_free(b);
    }
}

/* The guest takes nothing for 20 periods, then answers at once. */
static unsigned ticks_after_pause(const char *properties)
{
    abbey_bench *b = pc(properties);
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 1000);
    take(b);
    unsigned ticks = 0;
    to(b, 20050);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    for (uint64_t k = 20060; k <= 60050; k += 10) {
        to(b, k);
        unsigned now = take(b);
        CU_ASSERT(now <= 1); /* one by one, never a burst */
        ticks += now;
    }
    abbey_bench_free(b);
    return ticks;
}

static void lost_ticks(void)
{
    CU_ASSERT_EQUAL(ticks_after_pause(", catch_up: 0"), 41);
    CU_ASSERT_EQUAL(ticks_after_pause(""), 60);
    CU_ASSERT_EQUAL(ticks_after_pause(", backlog_limit: 5"), 46);
}

static void long_absence(void)
{
    abbey_bench *b = pit();
    dut_out(b, CONTROL, 0x34);
    count16(b, CH0, 2);
    to(b, 1000);
    CU_ASSERT_EQUAL(latched(b, 0), 1);
    CU_ASSERT_EQUAL(abbey_state_load(b, abbey_state(b)), 0);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_line(b, 0), 0);
    to(b, 5000);
    CU_ASSERT_EQUAL(abbey_line(b, 0), 0);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { 0x40, 4 }, { 0x40, 4 }, { 0x61, 1 } };

static void fuzz(void)
{
    abbey_bench *b = pit();
    dut_fuzz(b, ports, 3, dut_fuzz_count(6000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = pit();
    dut_fuzz_state(b, ports, 3, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "mode 0: interrupt on terminal count", mode0 },
    { "mode 0: the gate holds the count", mode0_gate },
    { "mode 1: retriggerable one-shot", mode1 },
    { "mode 2: rate generator, new count at the end of a cycle", mode2 },
    { "mode 2: the gate restarts it", mode2_gate },
    { "mode 3: square wave, even and odd", mode3 },
    { "mode 3: a new count at the end of a half-cycle", mode3_new_count },
    { "mode 4: software-triggered strobe", mode4 },
    { "mode 5: hardware-triggered strobe", mode5 },
    { "counting in BCD", bcd },
    { "a count of zero is the longest", count_zero },
    { "access to one byte alone", byte_access },
    { "a latched count is held until read", latch },
    { "read-back of status and count, null count", read_back },
    { "port 61h: gate, speaker, OUT2, refresh toggle", port61 },
    { "100 Hz for an hour does not drift", no_drift },
    { "each mode ticks as often as it should", tick_modes },
    { "ticks that a late guest missed come later, at a bounded rate", lost_ticks },
    { "the fastest rate, and reset", long_absence },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("i8254", tests)
