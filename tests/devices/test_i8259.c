/* The 8259A pair. Its inputs are driven by serial ports, a port an input: enabling the transmitter interrupt of an idle
 * port raises its line, disabling it lowers the line. */
#include "tests/devices/dut.h"

#include <stdio.h>

#define MASTER 0x20
#define SLAVE 0xa0
#define UART(line) ((uint16_t)(0x1000 + 8 * (line)))

static abbey_bench *pic(void)
{
    char yaml[2048];
    int at = snprintf(yaml, sizeof yaml, "abbey: 1\ndevices:\n  pic: {device: i8259}\n");
    for (int line = 0; line < 16; line++)
        if (line != 2)
            at += snprintf(yaml + at, sizeof yaml - (size_t)at, "  u%d: {device: ns16550, base: %d, irq: pic.%d}\n",
                line, UART(line), line);
    abbey_bench *b = dut_machine(yaml);
    for (int line = 0; line < 16; line++)
        if (line != 2)
            dut_out(b, (uint16_t)(UART(line) + 4), 0x08);
    return b;
}

static void set(abbey_bench *b, int line, int level)
{
    dut_out(b, (uint16_t)(UART(line) + 1), level ? 0x02 : 0x00);
}

static void init_as(abbey_bench *b, uint8_t icw1, uint8_t icw4)
{
    dut_out(b, MASTER, icw1);
    dut_out(b, MASTER + 1, 0x20);
    dut_out(b, MASTER + 1, 0x04);
    dut_out(b, MASTER + 1, icw4);
    dut_out(b, SLAVE, icw1);
    dut_out(b, SLAVE + 1, 0x28);
    dut_out(b, SLAVE + 1, 0x02);
    dut_out(b, SLAVE + 1, 0x01);
}

/* As Linux does: vectors 20h and 28h, no automatic EOI. */
static abbey_bench *ready(void)
{
    abbey_bench *b = pic();
    init_as(b, 0x11, 0x01);
    return b;
}

static uint8_t isr(abbey_bench *b, uint16_t chip)
{
    dut_out(b, chip, 0x0b);
    return dut_in(b, chip);
}

static uint8_t irr(abbey_bench *b, uint16_t chip)
{
    dut_out(b, chip, 0x0a);
    return dut_in(b, chip);
}

static void silent_before_init(void)
{
    abbey_bench *b = pic();
    set(b, 3, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    dut_out(b, MASTER + 1, 0xfb); /* the probe of Linux */
    CU_ASSERT_EQUAL(dut_in(b, MASTER + 1), 0xfb);
    abbey_bench_free(b);
}

static void vector_and_levels(void)
{
    abbey_bench *b = ready();
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    set(b, 3, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(irr(b, MASTER), 0x08);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x23);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    CU_ASSERT_EQUAL(irr(b, MASTER), 0);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x08);
    abbey_bench_free(b);
}

static void nested_priority(void)
{
    abbey_bench *b = ready();
    set(b, 5, 1);
    set(b, 3, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x23);
    CU_ASSERT_EQUAL(abbey_intr(b), 0); /* 5 waits for 3 */
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x25);
    set(b, 6, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 0); /* lower */
    set(b, 1, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 1); /* higher: nests */
    CU_ASSERT_EQUAL(abbey_ack(b), 0x21);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x22);
    dut_out(b, MASTER, 0x20); /* non-specific: the highest in service */
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x20);
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x26);
    abbey_bench_free(b);
}

static void specific_eoi(void)
{
    abbey_bench *b = ready();
    set(b, 5, 1);
    abbey_ack(b);
    set(b, 1, 1);
    abbey_ack(b);
    dut_out(b, MASTER, 0x65);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x02);
    abbey_bench_free(b);
}

static void masks(void)
{
    abbey_bench *b = ready();
    dut_out(b, MASTER + 1, 0x08);
    set(b, 3, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    CU_ASSERT_EQUAL(irr(b, MASTER), 0x08);
    dut_out(b, MASTER + 1, 0x00);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    abbey_bench_free(b);
}

static void cascade(void)
{
    abbey_bench *b = ready();
    set(b, 12, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2c);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x04);
    CU_ASSERT_EQUAL(isr(b, SLAVE), 0x10);
    set(b, 14, 1);
    dut_out(b, SLAVE, 0x64);
    CU_ASSERT_EQUAL(abbey_intr(b), 0); /* the master still serves IR2 */
    dut_out(b, MASTER, 0x62);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2e);
    abbey_bench_free(b);
}

/* With automatic EOI the slave asks again at once: its second request must make an edge on the master's IR2. */
static void cascade_again(void)
{
    abbey_bench *b = pic();
    init_as(b, 0x11, 0x03);
    dut_out(b, SLAVE, 0x11);
    dut_out(b, SLAVE + 1, 0x28);
    dut_out(b, SLAVE + 1, 0x02);
    dut_out(b, SLAVE + 1, 0x03);
    set(b, 12, 1);
    set(b, 9, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x29);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2c);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    abbey_bench_free(b);
}

/* Without it a higher request of the same slave waits for the master's EOI. */
static void special_fully_nested(void)
{
    for (int special = 0; special < 2; special++) {
        abbey_bench *b = pic();
        init_as(b, 0x11, special ? 0x11 : 0x01);
        set(b, 12, 1);
        abbey_ack(b);
        set(b, 8, 1);
        CU_ASSERT_EQUAL(abbey_intr(b), special);
        set(b, 1, 1); /* above IR2 in any case */
        CU_ASSERT_EQUAL(abbey_intr(b), 1);
        CU_ASSERT_EQUAL(abbey_ack(b), 0x21);
        dut_out(b, MASTER, 0x61);
        CU_ASSERT_EQUAL(abbey_intr(b), special);
        CU_ASSERT_EQUAL(abbey_ack(b), special ? 0x28 : 0x27);
        abbey_bench_free(b);
    }
}

static void automatic_eoi(void)
{
    abbey_bench *b = pic();
    init_as(b, 0x11, 0x03);
    set(b, 4, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x24);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0);
    dut_out(b, MASTER, 0x80); /* rotate in automatic EOI mode */
    set(b, 1, 1);
    abbey_ack(b); /* 1 is lowest now, so 2, 3 ... are above it, and 0 */
    set(b, 1, 0);
    set(b, 1, 1);
    set(b, 6, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x26);
    abbey_bench_free(b);
}

static void rotation(void)
{
    abbey_bench *b = ready();
    set(b, 3, 1);
    abbey_ack(b);
    dut_out(b, MASTER, 0xa0); /* rotate on non-specific EOI: 3 becomes lowest */
    set(b, 1, 1);
    set(b, 5, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x25);
    dut_out(b, MASTER, 0xe5); /* rotate on specific EOI */
    CU_ASSERT_EQUAL(isr(b, MASTER), 0);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x21);
    dut_out(b, MASTER, 0x20);
    dut_out(b, MASTER, 0xc0); /* set priority: 0 is lowest */
    set(b, 0, 1);
    set(b, 7, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x27);
    abbey_bench_free(b);
}

static void special_mask(void)
{
    abbey_bench *b = ready();
    set(b, 4, 1);
    abbey_ack(b);
    set(b, 6, 1);
    dut_out(b, MASTER + 1, 0x10);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    dut_out(b, MASTER, 0x68);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x26);
    dut_out(b, MASTER, 0x20); /* passes over the masked 4 */
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x10);
    dut_out(b, MASTER, 0x48);
    set(b, 7, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    abbey_bench_free(b);
}

static void poll_command(void)
{
    abbey_bench *b = ready();
    dut_out(b, MASTER, 0x0c);
    CU_ASSERT_EQUAL(dut_in(b, MASTER), 0);
    set(b, 5, 1);
    dut_out(b, MASTER, 0x0c);
    CU_ASSERT_EQUAL(dut_in(b, MASTER), 0x85);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0x20);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    set(b, 12, 1);
    dut_out(b, SLAVE, 0x0c);
    CU_ASSERT_EQUAL(dut_in(b, SLAVE), 0x84);
    abbey_bench_free(b);
}

static void edges(void)
{
    abbey_bench *b = ready();
    set(b, 5, 1);
    abbey_ack(b);
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_intr(b), 0); /* still high, but no new edge */
    set(b, 5, 0);
    set(b, 5, 1);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    dut_out(b, MASTER, 0x11); /* ICW1 forgets edges */
    dut_out(b, MASTER + 1, 0x20);
    dut_out(b, MASTER + 1, 0x04);
    dut_out(b, MASTER + 1, 0x01);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    CU_ASSERT_EQUAL(irr(b, MASTER), 0);
    abbey_bench_free(b);
}

static void levels(void)
{
    abbey_bench *b = ready();
    dut_out(b, 0x4d0, 0xff);
    dut_out(b, 0x4d1, 0xff);
    CU_ASSERT_EQUAL(dut_in(b, 0x4d0), 0xf8);
    CU_ASSERT_EQUAL(dut_in(b, 0x4d1), 0xde);
    set(b, 5, 1);
    abbey_ack(b);
    CU_ASSERT_EQUAL(irr(b, MASTER), 0x20); /* the line itself */
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    set(b, 5, 0);
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    set(b, 10, 1);
    abbey_ack(b);
    dut_out(b, SLAVE, 0x62);
    dut_out(b, MASTER, 0x62);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2a);
    abbey_bench_free(b);
}

static void level_by_icw1(void)
{
    abbey_bench *b = pic();
    init_as(b, 0x19, 0x01);
    set(b, 1, 1);
    abbey_ack(b);
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    abbey_bench_free(b);
}

static void spurious(void)
{
    abbey_bench *b = ready();
    set(b, 3, 1);
    set(b, 3, 0); /* gone before INTA */
    CU_ASSERT_EQUAL(abbey_intr(b), 0);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x27);
    CU_ASSERT_EQUAL(isr(b, MASTER), 0);
    set(b, 12, 1);
    set(b, 12, 0);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x27);
    CU_ASSERT_EQUAL(isr(b, SLAVE), 0);
    abbey_bench_free(b);
}

static void no_slaves(void)
{
    abbey_bench *b = ready();
    dut_out(b, MASTER, 0x19); /* ICW3 = 0: no slave */
    dut_out(b, MASTER + 1, 0x20);
    dut_out(b, MASTER + 1, 0x00);
    dut_out(b, MASTER + 1, 0x01);
    set(b, 12, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x22);
    CU_ASSERT_EQUAL(isr(b, SLAVE), 0);
    abbey_bench_free(b);
}

static void icw_variants(void)
{
    abbey_bench *b = pic();
    dut_out(b, MASTER, 0x12); /* single, no ICW4 */
    dut_out(b, MASTER + 1, 0x40);
    dut_out(b, MASTER + 1, 0xf7); /* OCW1 already */
    CU_ASSERT_EQUAL(dut_in(b, MASTER + 1), 0xf7);
    set(b, 3, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x43);
    abbey_bench_free(b);
}

static void reset_state(void)
{
    abbey_bench *b = dut_new("i8259", "{elcr: 0xe00}");
    CU_ASSERT_EQUAL(dut_in(b, 0x4d1), 0x0e);
    dut_out(b, 0x4d1, 0);
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(dut_in(b, 0x4d1), 0x0e);
    CU_ASSERT_EQUAL(dut_in(b, MASTER + 1), 0xff);
    abbey_bench_free(b);
}

static void state_survives(void)
{
    abbey_bench *b = ready();
    set(b, 5, 1);
    abbey_ack(b);
    set(b, 12, 1);
    set(b, 6, 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_intr(b), 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x2c);
    dut_out(b, SLAVE, 0x20);
    dut_out(b, MASTER, 0x20);
    dut_out(b, MASTER, 0x20);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x26);
    dut_out(b, MASTER, 0x11); /* between the ICWs */
    dut_out(b, MASTER + 1, 0x50);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dut_out(b, MASTER + 1, 0x04);
    dut_out(b, MASTER + 1, 0x01);
    set(b, 4, 1);
    CU_ASSERT_EQUAL(abbey_ack(b), 0x54);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { MASTER, 2 }, { SLAVE, 2 }, { 0x4d0, 2 }, { 0x1000, 128 } };

static void fuzz(void)
{
    abbey_bench *b = pic();
    dut_fuzz(b, ports, 4, dut_fuzz_count(20000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = pic();
    dut_fuzz_state(b, ports, 4, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "no interrupt before software has initialized the chips; Linux's probe works", silent_before_init },
    { "a request gives its vector and moves from IRR to ISR", vector_and_levels },
    { "fully nested mode: priorities, nesting, non-specific EOI", nested_priority },
    { "specific EOI ends the level it names", specific_eoi },
    { "a masked request waits in IRR", masks },
    { "the slave's vector through IR2, and both EOIs", cascade },
    { "two requests of the slave one after the other", cascade_again },
    { "special fully nested mode lets a slave interrupt itself", special_fully_nested },
    { "automatic EOI, and rotation in it", automatic_eoi },
    { "rotation on EOI and set priority", rotation },
    { "special mask mode lets lower levels through", special_mask },
    { "the poll command acknowledges", poll_command },
    { "an edge-triggered line interrupts once", edges },
    { "a level-triggered line interrupts again; ELCR keeps its fixed bits", levels },
    { "ICW1 can make all inputs level-triggered", level_by_icw1 },
    { "a request that went away is the spurious IRQ7", spurious },
    { "a master without slaves answers for IR2 itself", no_slaves },
    { "single mode and no ICW4 shorten the initialization", icw_variants },
    { "reset masks everything and restores ELCR", reset_state },
    { "state survives in service and between ICWs", state_survives },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("i8259", tests)
