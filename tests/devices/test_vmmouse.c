/* VMware's mouse protocol at port 5658h of the keyboard controller, asked as the drivers of Linux and X ask it. */
#include <abbey/input.h>
#include <abbey/registers.h>

#include "tests/devices/dut.h"

#include <string.h>

#define PORT 0x5658
#define MAGIC 0x564d5868u
#define ENABLE 0x45414552u
#define DISABLE 0x000000f5u
#define RELATIVE 0x4c455252u
#define ABSOLUTE 0x53424152u
#define NONE 0xffff0000u

static abbey_bench *b;
static uint32_t eax, ebx, ecx, edx;

static void command(uint32_t number, uint32_t argument)
{
    uint32_t *r = abbey_bench_registers(b);
    r[ABBEY_EAX] = MAGIC;
    r[ABBEY_EBX] = argument;
    r[ABBEY_ECX] = number;
    r[ABBEY_EDX] = PORT;
    eax = abbey_in(b, PORT, 4);
    ebx = r[ABBEY_EBX];
    ecx = r[ABBEY_ECX];
    edx = r[ABBEY_EDX];
}

static uint32_t status(void)
{
    command(40, 0);
    return eax;
}

/* Ready for positions, as after the drivers' start; the PS/2 mouse reports too. */
static void start(void)
{
    b = dut_new("i8042", "{mouse: true, vmmouse: true}");
    dut_out(b, 0x64, 0x60);
    dut_out(b, 0x60, 0x47); /* both ports on, with interrupts */
    dut_out(b, 0x64, 0xd4);
    dut_out(b, 0x60, 0xf4);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(dut_in(b, 0x60), 0xfa);
    command(41, ENABLE);
    CU_ASSERT_EQUAL(status(), 1);
    command(39, 1);
    CU_ASSERT_EQUAL(eax, 0x3442554a);
    CU_ASSERT_EQUAL(status(), 0);
    command(41, ABSOLUTE);
}

static void packet_is(uint32_t buttons, uint32_t x, uint32_t y, uint32_t wheel)
{
    command(39, 4);
    CU_ASSERT_EQUAL(eax, buttons);
    CU_ASSERT_EQUAL(ebx, x);
    CU_ASSERT_EQUAL(ecx, y);
    CU_ASSERT_EQUAL(edx, wheel);
}

static void found(void)
{
    b = dut_new("i8042", "{mouse: true, vmmouse: true}");
    command(10, ~MAGIC);
    CU_ASSERT_NOT_EQUAL(eax, UINT32_MAX);
    CU_ASSERT_EQUAL(ebx, MAGIC);
    command(45, UINT32_MAX); /* the clock's frequency, which others tell */
    CU_ASSERT_EQUAL(eax, UINT32_MAX);
    CU_ASSERT_EQUAL(ebx, UINT32_MAX);
    CU_ASSERT_EQUAL(status(), NONE); /* not enabled yet */
    abbey_bench_registers(b)[ABBEY_EAX] = 0;
    abbey_bench_registers(b)[ABBEY_EBX] = 7;
    abbey_bench_registers(b)[ABBEY_ECX] = 10;
    CU_ASSERT_EQUAL(abbey_in(b, PORT, 4), UINT32_MAX); /* without the magic number nothing is there */
    CU_ASSERT_EQUAL(abbey_bench_registers(b)[ABBEY_EBX], 7);
    abbey_bench_free(b);
    b = dut_new("i8042", "{mouse: true}");
    command(10, ~MAGIC);
    CU_ASSERT_EQUAL(eax, UINT32_MAX);
    CU_ASSERT_EQUAL(ebx, ~MAGIC);
    abbey_bench_free(b);
}

static void positions(void)
{
    start();
    abbey_point(b, 0x7fff, 0x4000, 0, ABBEY_BUTTON_LEFT);
    CU_ASSERT_EQUAL(status(), 4);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, ABBEY_MS); /* the PS/2 mouse says that there is something, and no motion */
    CU_ASSERT_EQUAL(abbey_line(b, 12), 1);
    CU_ASSERT_EQUAL(dut_in(b, 0x60), 0x08);
    for (unsigned i = 0; i < 2; i++) {
        abbey_advance(b, ABBEY_MS);
        CU_ASSERT_EQUAL(dut_in(b, 0x60), 0);
    }
    packet_is(0x20, 0x7fff, 0x4000, 0);
    /* Of positions alike only the last one is kept; a change of buttons and the wheel are not lost. */
    abbey_point(b, 1, 1, 0, 0);
    abbey_point(b, 2, 2, 0, 0);
    abbey_point(b, 3, 3, 1, 0);
    abbey_point(b, 4, 4, 0, ABBEY_BUTTON_RIGHT | ABBEY_BUTTON_MIDDLE);
    packet_is(0, 2, 2, 0);
    packet_is(0, 3, 3, 1);
    packet_is(0x18, 4, 4, 0);
    CU_ASSERT_EQUAL(status(), 0);
    abbey_bench_free(b);
}

static void motion(void)
{
    start();
    abbey_move(b, 5, 3, -1, 0);
    packet_is(0x10000, 5, (uint32_t)-3, (uint32_t)-1);
    command(41, RELATIVE);
    abbey_point(b, 0, 0, 0, 0);
    abbey_point(b, 65535, 0, 0, 0); /* nobody listens to positions: it is motion again */
    while (status() > 4)
        command(39, 4);
    command(39, 4);
    CU_ASSERT_EQUAL(eax, 0x10000);
    CU_ASSERT_TRUE(ebx > 600 && ebx < 2000);
    command(41, DISABLE);
    CU_ASSERT_EQUAL(status(), NONE);
    abbey_move(b, 5, 3, 0, 0);
    CU_ASSERT_EQUAL(status(), NONE);
    abbey_bench_free(b);
}

static void too_much(void)
{
    start();
    for (unsigned i = 0; i < 100; i++)
        abbey_point(b, i, i, 0, i & 1);
    CU_ASSERT_EQUAL(status(), 64);
    for (unsigned i = 0; i < 15; i++)
        command(39, 4);
    packet_is(0x20, 99, 99, 0); /* the last one is never lost */
    command(39, 1);             /* more than there is */
    CU_ASSERT_EQUAL(status(), NONE);
    command(41, ENABLE);
    command(39, 5); /* more than fits into registers */
    CU_ASSERT_EQUAL(status(), NONE);
    command(41, ENABLE);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(status(), NONE);
    abbey_bench_free(b);
}

static void fuzz(void)
{
    static const uint32_t numbers[] = { 10, 39, 40, 41, 45, 86 }, arguments[] = { ENABLE, DISABLE, RELATIVE, ABSOLUTE };
    uint32_t seed = 4711;
    start();
    for (unsigned i = 0; i < 200000; i++) {
        seed = seed * 1664525 + 1013904223;
        command(numbers[seed % 7 % 6], seed >> 31 ? arguments[seed >> 28 & 3] : seed >> 28 & 7);
        CU_ASSERT_TRUE(status() <= 64 || eax == NONE);
        if (seed >> 10 & 1)
            abbey_point(b, seed >> 16, seed & 0xffff, (int32_t)(seed >> 20 & 3) - 1, seed >> 24 & 7);
        if (seed % 1000 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    dut_fuzz_state(b, (const struct dut_ports[]){ { 0x60, 1 }, { 0x64, 1 } }, 2, 200);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "drivers find it", found },
    { "positions", positions },
    { "motion", motion },
    { "a queue that is full, and one that is empty", too_much },
    { "random commands and damaged states", fuzz },
};
UNIT_MAIN("vmmouse", tests)
