/* The serial port, with the test at the far side of the line. */
#include "tests/devices/dut.h"

#include <string.h>

#define RBR 0x3f8
#define THR 0x3f8
#define IER 0x3f9
#define IIR 0x3fa
#define FCR 0x3fa
#define LCR 0x3fb
#define MCR 0x3fc
#define LSR 0x3fd
#define MSR 0x3fe
#define SCR 0x3ff
#define IRQ 4

/* 115200 8N1: a character takes 86.8 us. */
static abbey_bench *open_as(const char *properties)
{
    abbey_bench *b = dut_new("ns16550", properties);
    dut_out(b, LCR, 0x83);
    dut_out(b, THR, 1);
    dut_out(b, IER, 0);
    dut_out(b, LCR, 0x03);
    dut_out(b, MCR, 0x0b);
    return b;
}

static abbey_bench *uart(void)
{
    return open_as("{line: bench}");
}

static void feed(abbey_bench *b, const char *text)
{
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)text, (uint32_t)strlen(text)), strlen(text));
}

static int sent(abbey_bench *b, const char *text)
{
    uint8_t bytes[256];
    uint32_t count = abbey_char_sent(b, bytes, sizeof bytes);
    return count == strlen(text) && !memcmp(bytes, text, count);
}

/* What Linux's 8250 driver does to find a 16550A. */
static void detected_as_16550a(void)
{
    abbey_bench *b = dut_new("ns16550", NULL);
    dut_out(b, IER, 0);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0);
    dut_out(b, IER, 0x0f);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0x0f);
    dut_out(b, IER, 0xff);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0x0f); /* no sleep mode, no UUE */
    dut_out(b, IER, 0);
    dut_out(b, MCR, 0x1a);
    CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xf0, 0x90);
    dut_out(b, MCR, 0);
    dut_out(b, SCR, 0xa5);
    CU_ASSERT_EQUAL(dut_in(b, SCR), 0xa5);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0x01);
    dut_out(b, FCR, 0x01);
    CU_ASSERT_EQUAL(dut_in(b, IIR) >> 6, 3);
    dut_out(b, FCR, 0x21);
    CU_ASSERT_EQUAL(dut_in(b, IIR) >> 5, 6); /* no 64-byte FIFO */
    dut_out(b, FCR, 0x00);
    CU_ASSERT_EQUAL(dut_in(b, IIR) >> 6, 0);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    abbey_bench_free(b);
}

static void divisor_latch(void)
{
    abbey_bench *b = uart();
    dut_out(b, LCR, 0x80);
    dut_out(b, THR, 0x34);
    dut_out(b, IER, 0x12);
    CU_ASSERT_EQUAL(dut_in(b, RBR), 0x34);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0x12);
    dut_out(b, LCR, 0x03);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0);
    CU_ASSERT(sent(b, ""));
    abbey_bench_free(b);
}

static void transmits(void)
{
    abbey_bench *b = uart();
    for (const char *c = "hello"; *c; c++) {
        CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
        dut_out(b, THR, (uint8_t)*c);
    }
    CU_ASSERT(sent(b, "hello"));
    abbey_bench_free(b);
}

static void transmitter_interrupt(void)
{
    abbey_bench *b = uart();
    for (int i = 0; i < 2; i++) { /* each enabling raises it: Linux looks for chips that forget */
        dut_out(b, IER, 0x02);
        CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
        CU_ASSERT_EQUAL(dut_in(b, IIR), 0x02);
        CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
        CU_ASSERT_EQUAL(dut_in(b, IIR), 0x01);
        dut_out(b, IER, 0x00);
    }
    dut_out(b, IER, 0x02);
    dut_in(b, IIR);
    dut_out(b, THR, 'x');
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0x02);
    dut_out(b, MCR, 0x03); /* OUT2 off: the card's driver is off */
    dut_out(b, THR, 'y');
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    dut_out(b, MCR, 0x0b);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    abbey_bench_free(b);
}

static void receives(void)
{
    abbey_bench *b = uart();
    dut_out(b, IER, 0x01);
    feed(b, "a");
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0x04);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x61);
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"b", 1), 0); /* one byte without FIFO */
    CU_ASSERT_EQUAL(dut_in(b, RBR), 'a');
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    abbey_bench_free(b);
}

static void fifo_triggers(void)
{
    static const unsigned level[4] = { 1, 4, 8, 14 };
    for (unsigned i = 0; i < 4; i++) {
        abbey_bench *b = uart();
        dut_out(b, FCR, (uint8_t)(0x07 | i << 6));
        dut_out(b, IER, 0x01);
        for (unsigned n = 1; n <= 16; n++) {
            feed(b, "z");
            CU_ASSERT_EQUAL(abbey_line(b, IRQ), n >= level[i]);
        }
        CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"z", 1), 0);
        CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc4);
        for (unsigned n = 16; n-- > 0;) {
            dut_in(b, RBR);
            CU_ASSERT_EQUAL(abbey_line(b, IRQ), n >= level[i]);
        }
        abbey_bench_free(b);
    }
}

static void character_timeout(void)
{
    abbey_bench *b = uart();
    dut_out(b, FCR, 0x87);
    dut_out(b, IER, 0x01);
    feed(b, "abc");
    abbey_advance(b, 340 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, 10 * ABBEY_US); /* 4 x 86.8 us */
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xcc);
    CU_ASSERT_EQUAL(dut_in(b, RBR), 'a');
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0); /* and again four characters later */
    abbey_advance(b, 350 * ABBEY_US);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xcc);
    CU_ASSERT_EQUAL(dut_in(b, RBR), 'b');
    CU_ASSERT_EQUAL(dut_in(b, RBR), 'c');
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc1);
    abbey_bench_free(b);
}

static void fifo_clears(void)
{
    abbey_bench *b = uart();
    dut_out(b, FCR, 0x01);
    feed(b, "abcd");
    dut_out(b, FCR, 0x03);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    feed(b, "e");
    dut_out(b, FCR, 0x00);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    abbey_bench_free(b);
}

static void loopback(void)
{
    abbey_bench *b = uart();
    dut_out(b, FCR, 0x07);
    dut_in(b, MSR);
    dut_out(b, MCR, 0x10);
    CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xf0, 0x00);
    static const struct {
        uint8_t mcr, msr;
    } wires[] = { { 0x11, 0x20 }, { 0x12, 0x10 }, { 0x14, 0x40 }, { 0x18, 0x80 } };
    for (unsigned i = 0; i < 4; i++) {
        dut_out(b, MCR, wires[i].mcr);
        CU_ASSERT_EQUAL(dut_in(b, MSR) & 0xf0, wires[i].msr);
    }
    dut_out(b, THR, 'q');
    CU_ASSERT_EQUAL(dut_in(b, RBR), 'q');
    CU_ASSERT(sent(b, ""));
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"x", 1), 0); /* the line is cut off */
    for (unsigned i = 0; i < 17; i++)
        dut_out(b, THR, (uint8_t)i);
    CU_ASSERT_EQUAL(dut_in(b, LSR) & 0x03, 0x03); /* overrun: the 17th is lost */
    CU_ASSERT_EQUAL(abbey_statistic(b, "dut", "overruns"), 1);
    CU_ASSERT_EQUAL(dut_in(b, LSR) & 0x02, 0);
    for (unsigned i = 0; i < 16; i++)
        CU_ASSERT_EQUAL(dut_in(b, RBR), i);
    abbey_bench_free(b);
}

static void modem_deltas(void)
{
    abbey_bench *b = uart();
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0xb0);
    dut_out(b, MCR, 0x1f); /* loopback: RI comes, the others stay */
    dut_in(b, MSR);
    dut_out(b, MCR, 0x1b);
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0xb4); /* TERI: the end of the ring */
    dut_out(b, MCR, 0x1a);
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0x92); /* DDSR */
    CU_ASSERT_EQUAL(dut_in(b, MSR), 0x90);
    dut_out(b, IER, 0x08);
    dut_out(b, MCR, 0x0b); /* out of loopback: DSR again */
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0x00);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    CU_ASSERT_EQUAL(dut_in(b, MSR) & 0x0f, 0x02);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    abbey_bench_free(b);
}

static void interrupt_priority(void)
{
    abbey_bench *b = uart();
    dut_out(b, FCR, 0x01);
    dut_out(b, MCR, 0x13);
    dut_in(b, MSR);
    dut_out(b, IER, 0x0f);
    dut_in(b, IIR);        /* THRE shown */
    dut_out(b, MCR, 0x11); /* CTS falls: modem status */
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc0);
    dut_out(b, THR, 'a'); /* THRE and, looped, data */
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc4);
    dut_out(b, LCR, 0x43); /* break */
    dut_in(b, RBR);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc6);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60 | 0x80 | 0x11);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc4);
    CU_ASSERT_EQUAL(dut_in(b, RBR), 0);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc2);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc0);
    dut_in(b, MSR);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 0xc1);
    abbey_bench_free(b);
}

static void slow_far_side(void)
{
    abbey_bench *b = uart();
    dut_out(b, FCR, 0x01);
    dut_out(b, IER, 0x02);
    dut_in(b, IIR);
    abbey_char_stall(b, 1);
    for (const char *c = "0123456789abcdef"; *c; c++)
        dut_out(b, THR, (uint8_t)*c);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x00);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0); /* the new backend does not know that somebody waits */
    abbey_char_stall(b, 0);
    abbey_advance(b, 10 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    CU_ASSERT(sent(b, "0123456789abcdef"));
    abbey_bench_free(b);
}

static void paced(void)
{
    abbey_bench *b = open_as("{line: bench, pace: true}");
    dut_out(b, FCR, 0x01);
    dut_out(b, IER, 0x02);
    dut_in(b, IIR);
    dut_out(b, THR, 'a');
    dut_out(b, THR, 'b');
    dut_out(b, THR, 'c');
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x00);
    abbey_advance(b, 87 * ABBEY_US);
    CU_ASSERT(sent(b, "a"));
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_advance(b, 87 * ABBEY_US); /* c moves to the shift register */
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x20);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 1);
    abbey_advance(b, 87 * ABBEY_US);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    CU_ASSERT(sent(b, "bc"));
    dut_out(b, LCR, 0x83);
    dut_out(b, THR, 12); /* 9600 */
    dut_out(b, LCR, 0x03);
    dut_out(b, THR, 'd');
    abbey_advance(b, 1041 * ABBEY_US);
    CU_ASSERT(sent(b, ""));
    abbey_advance(b, 2 * ABBEY_US);
    CU_ASSERT(sent(b, "d"));
    abbey_bench_free(b);
}

/* Input from a pipe must not be eaten by a driver that clears the FIFOs while it starts. */
static void holds_input(void)
{
    abbey_bench *b = dut_new("ns16550", "{line: bench}");
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"x", 1), 0);
    dut_out(b, MCR, 0x01);
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"x", 1), 0);
    dut_out(b, MCR, 0x03);
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"x", 1), 1);
    abbey_bench_free(b);
    b = dut_new("ns16550", "{line: bench, hold: false}");
    CU_ASSERT_EQUAL(abbey_char_feed(b, (const uint8_t *)"x", 1), 1);
    abbey_bench_free(b);
}

static void two_instances(void)
{
    abbey_bench *b = dut_machine("abbey: 1\ndevices:\n  a: {device: ns16550, line: bench}\n"
                                 "  b: {device: ns16550, base: 0x2f8, irq: 3}\n");
    dut_out(b, 0x2ff, 0x22);
    dut_out(b, SCR, 0x11);
    CU_ASSERT_EQUAL(dut_in(b, 0x2ff), 0x22);
    dut_out(b, 0x2f8, 'n'); /* not connected: goes nowhere */
    dut_out(b, THR, 'y');
    CU_ASSERT(sent(b, "y"));
    dut_out(b, 0x2fc, 0x08);
    dut_out(b, 0x2f9, 0x02);
    CU_ASSERT_EQUAL(abbey_line(b, 3), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 4), 0);
    abbey_bench_free(b);
}

static void reset_state(void)
{
    abbey_bench *b = uart();
    dut_out(b, IER, 0x02);
    dut_out(b, FCR, 0x01);
    feed(b, "abc");
    abbey_bench_reset(b);
    CU_ASSERT_EQUAL(abbey_line(b, IRQ), 0);
    CU_ASSERT_EQUAL(dut_in(b, IER), 0);
    CU_ASSERT_EQUAL(dut_in(b, IIR), 1);
    CU_ASSERT_EQUAL(dut_in(b, LSR), 0x60);
    CU_ASSERT_EQUAL(dut_in(b, MCR), 0);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { 0x3f8, 8 } };

static void fuzz(void)
{
    abbey_bench *b = uart();
    dut_fuzz(b, ports, 1, dut_fuzz_count(20000));
    abbey_bench_free(b);
    b = open_as("{line: bench, pace: true, hold: false}");
    dut_fuzz(b, ports, 1, dut_fuzz_count(20000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = uart();
    dut_fuzz_state(b, ports, 1, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "Linux finds a 16550A", detected_as_16550a },
    { "the divisor latch hides behind DLAB", divisor_latch },
    { "what is written is sent", transmits },
    { "THRE interrupt: on enabling, after sending, behind OUT2", transmitter_interrupt },
    { "receives a byte at a time without FIFOs", receives },
    { "FIFO triggers at 1, 4, 8, 14", fifo_triggers },
    { "a byte below the trigger interrupts after four characters", character_timeout },
    { "FCR clears the FIFOs", fifo_clears },
    { "loopback of data and modem lines, overrun", loopback },
    { "modem status deltas", modem_deltas },
    { "interrupt identification by priority, break", interrupt_priority },
    { "a far side that takes nothing holds THRE low", slow_far_side },
    { "paced transmission takes the time of the divisor", paced },
    { "input waits for RTS", holds_input },
    { "two ports side by side", two_instances },
    { "reset", reset_state },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("ns16550", tests)
