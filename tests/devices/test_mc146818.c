/* The real-time clock. The bench starts on 2000-01-01 00:00:00, a Saturday. */
#include "tests/devices/dut.h"

#define A 0x0a
#define B 0x0b
#define C 0x0c
#define SET 0x80
#define UIP 0x80

static uint8_t get(abbey_bench *b, uint8_t reg)
{
    dut_out(b, 0x70, reg);
    return dut_in(b, 0x71);
}

static void put(abbey_bench *b, uint8_t reg, uint8_t value)
{
    dut_out(b, 0x70, reg);
    dut_out(b, 0x71, value);
}

static abbey_bench *rtc(void)
{
    return dut_new("mc146818", NULL);
}

/* hh:mm:ss as one number of the digits shown. */
static uint32_t clock_of(abbey_bench *b)
{
    return (uint32_t)get(b, 4) << 16 | (uint32_t)get(b, 2) << 8 | get(b, 0);
}

static uint32_t date_of(abbey_bench *b)
{
    return (uint32_t)get(b, 0x32) << 24 | (uint32_t)get(b, 9) << 16 | (uint32_t)get(b, 8) << 8 | get(b, 7);
}

/* As Linux sets it: SET and the divider in reset, then both released. */
static void set_clock(abbey_bench *b, uint32_t date, uint32_t time)
{
    put(b, B, get(b, B) | SET);
    put(b, A, 0x76);
    for (uint8_t i = 0; i < 3; i++)
        put(b, (uint8_t)(2 * i), (uint8_t)(time >> 8 * i));
    put(b, 7, (uint8_t)date);
    put(b, 8, (uint8_t)(date >> 8));
    put(b, 9, (uint8_t)(date >> 16));
    put(b, 0x32, (uint8_t)(date >> 24));
    put(b, A, 0x26);
    put(b, B, get(b, B) & (uint8_t)~SET);
}

static void runs(void)
{
    abbey_bench *b = rtc();
    CU_ASSERT_EQUAL(date_of(b), 0x20000101);
    CU_ASSERT_EQUAL(get(b, 6), 7);
    CU_ASSERT_EQUAL(clock_of(b), 0);
    abbey_advance(b, 3599 * ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0x005959);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0x010000);
    CU_ASSERT_EQUAL(get(b, 0x0d), 0x80);
    abbey_bench_free(b);
}

static void update_in_progress(void)
{
    abbey_bench *b = rtc();
    CU_ASSERT_EQUAL(get(b, A), 0x26);
    abbey_advance(b, 1000 * ABBEY_MS - 2229 * ABBEY_US);
    CU_ASSERT_EQUAL(get(b, A) & UIP, 0);
    abbey_advance(b, ABBEY_US);
    CU_ASSERT_EQUAL(get(b, A) & UIP, UIP);
    CU_ASSERT_EQUAL(get(b, 0), 0);
    put(b, B, 0x82); /* SET aborts the update */
    CU_ASSERT_EQUAL(get(b, A) & UIP, 0);
    put(b, B, 0x02);
    abbey_advance(b, 2228 * ABBEY_US);
    CU_ASSERT_EQUAL(get(b, A) & UIP, 0);
    CU_ASSERT_EQUAL(get(b, 0), 1);
    abbey_bench_free(b);
}

static void update_interrupt(void)
{
    abbey_bench *b = rtc();
    put(b, A, 0x20); /* no periodic flag */
    put(b, B, 0x12);
    abbey_advance(b, 999 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 1);
    CU_ASSERT_EQUAL(get(b, C), 0x90);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    CU_ASSERT_EQUAL(get(b, C), 0);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 1);
    put(b, B, 0x82); /* SET clears UIE */
    CU_ASSERT_EQUAL(get(b, B), 0x82);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_bench_free(b);
}

/* Flags rise without their enables, and without a line. */
static void polled_flags(void)
{
    abbey_bench *b = rtc();
    put(b, A, 0x20);
    put(b, 1, 0x05);
    put(b, 3, 0x00);
    put(b, 5, 0x00);
    get(b, C);
    abbey_advance(b, 4 * ABBEY_SEC);
    CU_ASSERT_EQUAL(get(b, C), 0x10);
    abbey_advance(b, 2 * ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 6); /* reading the time loses no flag */
    CU_ASSERT_EQUAL(get(b, C), 0x30);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_bench_free(b);
}

static void alarm(void)
{
    abbey_bench *b = rtc();
    put(b, 1, 0x30);
    put(b, 3, 0x02);
    put(b, 5, 0x01);
    put(b, B, 0x22);
    abbey_advance(b, (3600 + 149) * ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0x010230);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 1);
    CU_ASSERT_EQUAL(get(b, C) & 0xa0, 0xa0);
    abbey_advance(b, 86399 * ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 1);
    abbey_bench_free(b);
}

static void alarm_dont_care(void)
{
    abbey_bench *b = rtc();
    put(b, 1, 0x15);
    put(b, 3, 0xff);
    put(b, 5, 0xc0);
    put(b, B, 0x22);
    unsigned rings = 0;
    for (unsigned s = 0; s < 600; s++) {
        abbey_advance(b, ABBEY_SEC);
        rings += (uint32_t)abbey_line(b, 8);
        get(b, C);
    }
    CU_ASSERT_EQUAL(rings, 10);
    put(b, 1, 0x99); /* never */
    abbey_advance(b, 90000 * ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    abbey_bench_free(b);
}

static void periodic(void)
{
    static const struct {
        uint8_t rate;
        unsigned per_second;
    } rates[] = { { 1, 256 }, { 2, 128 }, { 3, 8192 }, { 6, 1024 }, { 15, 2 }, { 0, 0 } };
    for (unsigned i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        abbey_bench *b = rtc();
        put(b, A, 0x20 | rates[i].rate);
        put(b, B, 0x42);
        unsigned seen = 0;
        for (unsigned k = 0; k < 32768; k++) { /* a step is less than the shortest period */
            abbey_advance(b, (k + 1) * ABBEY_SEC / 32768 - k * ABBEY_SEC / 32768);
            if (abbey_line(b, 8)) {
                seen++;
                CU_ASSERT_EQUAL(get(b, C) & 0xc0, 0xc0);
            }
        }
        CU_ASSERT(seen + 1 >= rates[i].per_second && seen <= rates[i].per_second);
        abbey_bench_free(b);
    }
}

static void sets_and_rolls(void)
{
    abbey_bench *b = rtc();
    set_clock(b, 0x20000228, 0x235959);
    CU_ASSERT_EQUAL(clock_of(b), 0x235959);
    abbey_advance(b, 499 * ABBEY_MS); /* the divider starts half a second before the first update */
    CU_ASSERT_EQUAL(clock_of(b), 0x235959);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(clock_of(b), 0);
    CU_ASSERT_EQUAL(date_of(b), 0x20000229);
    set_clock(b, 0x19991231, 0x235959);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(date_of(b), 0x20000101);
    set_clock(b, 0x21000228, 0x235959);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(date_of(b), 0x21000301);
    abbey_bench_free(b);
}

static void frozen(void)
{
    abbey_bench *b = rtc();
    put(b, B, 0x82);
    abbey_advance(b, 10 * ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0);
    CU_ASSERT_EQUAL(get(b, C) & 0x10, 0);
    put(b, 0, 0x42);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    put(b, B, 0x02);
    CU_ASSERT_EQUAL(clock_of(b), 0x42);
    abbey_advance(b, 2 * ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0x44);
    abbey_bench_free(b);
}

static void formats(void)
{
    abbey_bench *b = rtc();
    set_clock(b, 0x20000101, 0x134501);
    put(b, B, 0x00); /* 12 hours, BCD */
    CU_ASSERT_EQUAL(get(b, 4), 0x81);
    put(b, B, 0x04); /* 12 hours, binary */
    CU_ASSERT_EQUAL(get(b, 4), 0x81);
    CU_ASSERT_EQUAL(get(b, 2), 45);
    put(b, B, 0x06);
    CU_ASSERT_EQUAL(get(b, 4), 13);
    CU_ASSERT_EQUAL(get(b, 0x32), 20);
    put(b, B, 0x82);
    put(b, B, 0x80);
    put(b, 4, 0x12); /* midnight */
    put(b, B, 0x00);
    put(b, B, 0x02);
    CU_ASSERT_EQUAL(get(b, 4), 0x00);
    abbey_bench_free(b);
}

static void weekday(void)
{
    abbey_bench *b = rtc();
    put(b, 6, 3);
    abbey_advance(b, 86400 * ABBEY_SEC);
    CU_ASSERT_EQUAL(get(b, 6), 4);
    abbey_bench_free(b);
}

static void battery(void)
{
    abbey_bench *b = rtc();
    put(b, 0x40, 0x5a);
    dut_out(b, 0x72, 0x40);
    dut_out(b, 0x73, 0xa5);
    set_clock(b, 0x19980704, 0x120000);
    put(b, B, 0x72);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 1);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_line(b, 8), 0);
    CU_ASSERT_EQUAL(get(b, B), 0x02);
    CU_ASSERT_EQUAL(get(b, 0x40), 0x5a);
    dut_out(b, 0x72, 0x40);
    CU_ASSERT_EQUAL(dut_in(b, 0x73), 0xa5);
    CU_ASSERT_EQUAL(date_of(b), 0x19980704);
    abbey_advance(b, 5 * ABBEY_SEC);
    CU_ASSERT_EQUAL(clock_of(b), 0x120006);
    abbey_bench_free(b);
}

static void memory_size(void)
{
    abbey_bench *b = dut_machine("abbey: 1\nmemory: 64M\ndevices:\n  rtc: {device: mc146818}\n");
    CU_ASSERT_EQUAL(get(b, 0x15) | get(b, 0x16) << 8, 640);
    CU_ASSERT_EQUAL(get(b, 0x17) | get(b, 0x18) << 8, 63 * 1024);
    CU_ASSERT_EQUAL(get(b, 0x30) | get(b, 0x31) << 8, 63 * 1024);
    CU_ASSERT_EQUAL(get(b, 0x34) | get(b, 0x35) << 8, 48 * 16);
    unsigned sum = 0;
    for (uint8_t i = 0x10; i <= 0x2d; i++)
        sum += get(b, i);
    CU_ASSERT_EQUAL(sum, (unsigned)(get(b, 0x2e) << 8 | get(b, 0x2f)));
    abbey_bench_free(b);
}

static void offset_and_garbage(void)
{
    abbey_bench *b = dut_new("mc146818", "{utc_offset: -3600}");
    CU_ASSERT_EQUAL(date_of(b), 0x19991231);
    CU_ASSERT_EQUAL(clock_of(b), 0x230000);
    for (uint8_t i = 0; i < 10; i++)
        put(b, i, 0xff);
    put(b, 0x32, 0xff);
    abbey_advance(b, 3 * ABBEY_SEC);
    clock_of(b);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { 0x70, 4 }, { 0x70, 2 } };

static void fuzz(void)
{
    abbey_bench *b = rtc();
    for (uint8_t reg = 0; reg < 14; reg++)
        put(b, reg, (uint8_t)(reg * 37));
    dut_fuzz(b, ports, 2, dut_fuzz_count(10000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = rtc();
    dut_fuzz_state(b, ports, 2, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "shows the wall clock and goes on", runs },
    { "UIP is up for 2228 us before each second", update_in_progress },
    { "update-ended interrupt, cleared by reading C and by SET", update_interrupt },
    { "flags rise without enables", polled_flags },
    { "alarm at one time of the day", alarm },
    { "alarm with don't-care bytes, and one that never comes", alarm_dont_care },
    { "periodic interrupt at each rate", periodic },
    { "setting it as Linux does; leap years and centuries", sets_and_rolls },
    { "SET freezes the time", frozen },
    { "12 and 24 hours, BCD and binary", formats },
    { "the day of the week is the guest's own", weekday },
    { "reset leaves what the battery keeps", battery },
    { "CMOS tells the memory size, with its checksum", memory_size },
    { "an offset to UTC; nonsense in the registers", offset_and_garbage },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("mc146818", tests)
