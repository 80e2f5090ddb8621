/* ACPI power management. */
#include "tests/devices/dut.h"

#define PM 0xb000
#define STS PM
#define EN (PM + 2)
#define CNT (PM + 4)
#define TMR (PM + 8)
#define GPE 0xafe0
#define SCI 9
#define HZ 3579545u

static abbey_bench *pm(const char *properties)
{
    return dut_new("piix4-pm", properties);
}

/* Where the bench put it: the first free slot. */
static uint32_t slot(abbey_bench *b)
{
    uint32_t s = 0;
    while (s < 31 && abbey_pci_read(b, s, 0, 0, 4) != 0x71138086)
        s++;
    return s;
}

static void comes_up_ready(void)
{
    abbey_bench *b = pm(NULL);
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2), 0);
    CU_ASSERT_EQUAL(abbey_in(b, EN, 2), 0);
    CU_ASSERT_EQUAL(abbey_in(b, CNT, 2), 0x0001);
    CU_ASSERT_EQUAL(abbey_pci_read(b, slot(b), 0, 0x40, 4), 0xb001);
    CU_ASSERT_EQUAL(abbey_pci_read(b, slot(b), 0, 0x80, 1), 0x01);
    CU_ASSERT_EQUAL(abbey_pci_read(b, slot(b), 0, 0x08, 4) >> 8, 0x068000);
    abbey_bench_free(b);
}

static void firmware_sets_it_up(void)
{
    abbey_bench *b = pm("{ready: false}");
    uint32_t s = slot(b);
    CU_ASSERT_EQUAL(abbey_in(b, CNT, 2), 0xffff);
    abbey_pci_write(b, s, 0, 0x40, 4, 0x0000c03f);
    CU_ASSERT_EQUAL(abbey_pci_read(b, s, 0, 0x40, 4), 0xc001);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 2), 0xffff);
    abbey_pci_write(b, s, 0, 0x80, 1, 0xff);
    CU_ASSERT_EQUAL(abbey_pci_read(b, s, 0, 0x80, 1), 0x01);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 2), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 2), 0);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_in(b, 0xc004, 2), 0xffff);
    abbey_bench_free(b);
}

static void powers_off(void)
{
    abbey_bench *b = pm(NULL);
    abbey_events e = { .size = sizeof e };
    abbey_out(b, CNT, 2, 0x0001);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.power_offs, 0);
    abbey_out(b, CNT, 2, 0x2401); /* type 1 is not there: wakes at once */
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.power_offs, 0);
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2) & 0x8000, 0x8000);
    CU_ASSERT_EQUAL(abbey_in(b, CNT, 2), 0x0401); /* SLP_EN reads as zero */
    abbey_out(b, CNT, 2, 0x2001);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.power_offs, 1);
    abbey_bench_free(b);
}

static void power_button(void)
{
    abbey_bench *b = pm(NULL);
    CU_ASSERT_EQUAL(abbey_power_press(b), 0);
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2), 0x0100);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_out(b, EN, 2, 0x0100);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_out(b, STS, 2, 0x0001); /* the wrong bit */
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 1);
    abbey_out(b, STS + 1, 1, 0x01); /* bytes work too */
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_power_press(b);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 1);
    abbey_out(b, CNT, 2, 0x0000); /* SCI_EN off */
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_bench_free(b);
}

static void timer_counts(void)
{
    abbey_bench *b = pm(NULL);
    abbey_advance(b, ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_in(b, TMR, 4), HZ);
    abbey_out(b, TMR, 4, 0);
    CU_ASSERT_EQUAL(abbey_in(b, TMR, 4), HZ);
    abbey_advance(b, 9 * ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_in(b, TMR, 4), 10 * HZ & 0xffffff);
    abbey_bench_free(b);
    b = pm("{timer_bits: 32}");
    abbey_advance(b, 10 * ABBEY_SEC);
    CU_ASSERT_EQUAL(abbey_in(b, TMR, 4), 10 * HZ);
    abbey_bench_free(b);
}

/* The top bit of 24 changes after 2^23 ticks: 2.343487 s. */
static void timer_overflow(void)
{
    abbey_bench *b = pm(NULL);
    abbey_out(b, EN, 2, 0x0001);
    abbey_advance(b, 2343 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 1);
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2), 0x0001);
    abbey_out(b, STS, 2, 0x0001);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_advance(b, 2000 * ABBEY_MS); /* once a half period */
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2), 0);
    abbey_advance(b, 343 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 1);
    abbey_out(b, EN, 2, 0);
    abbey_out(b, STS, 2, 1);
    abbey_advance(b, 3 * ABBEY_SEC); /* the status rises without the enable */
    CU_ASSERT_EQUAL(abbey_in(b, STS, 2), 0x0001);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_bench_free(b);
}

static void general_events(void)
{
    abbey_bench *b = pm(NULL);
    abbey_out(b, GPE + 2, 2, 0x00ff);
    CU_ASSERT_EQUAL(abbey_in(b, GPE, 4), 0x00ff0000);
    CU_ASSERT_EQUAL(abbey_in(b, GPE + 2, 1), 0xff);
    CU_ASSERT_EQUAL(abbey_line(b, SCI), 0);
    abbey_bench_free(b);
    b = pm("{gpe: 0}");
    CU_ASSERT_EQUAL(abbey_in(b, GPE, 4), 0xffffffff);
    abbey_bench_free(b);
}

static void refuses(void)
{
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\ndevices:\n  pm: {device: piix4-pm, base: 0xb001}\n"));
    CU_ASSERT_PTR_NULL(abbey_bench_machine("abbey: 1\ndevices:\n  pm: {device: piix4-pm, timer_bits: 25}\n"));
}

static const struct dut_ports ports[] = { { PM, 64 }, { PM, 12 }, { GPE, 4 } };

static void fuzz(void)
{
    abbey_bench *b = pm(NULL);
    dut_fuzz(b, ports, 3, dut_fuzz_count(20000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = pm(NULL);
    dut_fuzz_state(b, ports, 3, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "out of reset as firmware would leave it", comes_up_ready },
    { "with ready: false, firmware places it", firmware_sets_it_up },
    { "S5 powers off", powers_off },
    { "the power button raises the SCI", power_button },
    { "the PM timer counts 3.579545 MHz in 24 or 32 bits", timer_counts },
    { "PM timer overflow", timer_overflow },
    { "the block of general-purpose events", general_events },
    { "impossible properties are refused", refuses },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("piix4-pm", tests)
