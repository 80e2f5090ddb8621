/* test_ne2000.c - the NE2000 on ISA and on PCI as drivers use it, networks without room, and random accesses. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

#define PSTART 0x46u
#define PSTOP 0x80u

static abbey_bench *b;
static uint16_t io;
static uint8_t frame[1600];

static void open_bench(bool pci)
{
    io = pci ? 0xc100 : 0x300;
    b = dut_machine(pci ? "abbey: 1\nmemory: 1M\nbackends: {n: {backend: bench-net}}\ndevices:\n"
                          "  nic: {device: ne2k-pci, addr: \"03.0\", mac: \"52:54:00:12:34:56\", net: n}\n"
                        : "abbey: 1\nmemory: 1M\nbackends: {n: {backend: bench-net}}\ndevices:\n"
                          "  nic: {device: ne2000, irq: 10, mac: \"52:54:00:12:34:56\", net: n}\n");
    if (pci) {
        abbey_pci_write(b, 3, 0, 0x10, 4, io);
        abbey_pci_write(b, 3, 0, 0x04, 2, 7);
    }
    for (unsigned i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 7 + (i >> 8));
    memcpy(frame, "\x52\x54\0\x12\x34\x56", 6);
}

static uint8_t in(unsigned at)
{
    return dut_in(b, (uint16_t)(io + at));
}

static void out(unsigned at, uint8_t value)
{
    dut_out(b, (uint16_t)(io + at), value);
}

static void dma(unsigned at, unsigned bytes, bool write)
{
    out(8, (uint8_t)at);
    out(9, (uint8_t)(at >> 8));
    out(10, (uint8_t)bytes);
    out(11, (uint8_t)(bytes >> 8));
    out(0, write ? 0x12 : 0x0a);
}

static void read_buffer(unsigned at, uint8_t *to, unsigned bytes)
{
    dma(at, bytes, false);
    for (unsigned i = 0; i < bytes; i += 2) {
        uint32_t value = abbey_in(b, (uint16_t)(io + 16), 2);
        memcpy(to + i, &value, 2);
    }
    CU_ASSERT_EQUAL(in(7) & 0x40, 0x40);
    out(7, 0x40);
}

static void start(uint8_t rcr)
{
    in(31);
    out(0, 0x21);
    out(14, 0x49);
    out(12, rcr);
    out(13, 0);
    out(1, PSTART);
    out(2, PSTOP);
    out(3, PSTART);
    out(7, 0xff);
    out(15, 0x0f);
    out(0, 0x61);
    for (unsigned i = 0; i < 6; i++)
        out(1 + i, frame[i]);
    out(7, PSTART + 1);
    out(0, 0x22);
}

static void both(void (*test)(uint32_t line))
{
    for (unsigned pci = 0; pci < 2; pci++) {
        open_bench(pci);
        test(pci ? 18 : 10);
        CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        abbey_bench_free(b);
    }
}

static void prom_read(uint32_t line)
{
    uint8_t prom[32];
    (void)line;
    start(4);
    read_buffer(0, prom, 32);
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_TRUE(prom[2 * i] == frame[i] && prom[2 * i + 1] == frame[i]);
    CU_ASSERT_EQUAL(prom[28] & prom[30], 0x57);
    dma(0, 32, false); /* bytes in word mode: each takes a word */
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(in(16), frame[i]);
    out(0, 0x22);
}

static void frame_sent(uint32_t line)
{
    uint8_t got[1600];
    start(4);
    dma(0x4000, 100, true);
    for (unsigned i = 0; i < 100; i += 2)
        abbey_out(b, (uint16_t)(io + 16), 2, (uint32_t)frame[i] | (uint32_t)frame[i + 1] << 8);
    out(4, 0x40);
    out(5, 100);
    out(6, 0);
    abbey_net_stall(b, "n", 1);
    out(0, 0x26);
    CU_ASSERT_EQUAL(in(0) & 4, 4);
    CU_ASSERT_EQUAL(abbey_line(b, line), 0);
    abbey_net_stall(b, "n", 0);
    CU_ASSERT_EQUAL(in(0) & 4, 0);
    CU_ASSERT_EQUAL(in(7) & 2, 2);
    CU_ASSERT_EQUAL(abbey_line(b, line), 1);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 100);
    CU_ASSERT_EQUAL(memcmp(got, frame, 100), 0);
}

/* Frames fill the ring, the rest waits; those that were read make room, around the ring's end. */
static void frames_received(uint32_t line)
{
    uint8_t got[1600];
    unsigned page = PSTART + 1, waiting = 0;
    start(4);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", "\2\2\2\2\2\2aaaaaa\x08\0", 14), 1); /* for another */
    CU_ASSERT_EQUAL(in(7) & 1, 0);
    for (unsigned i = 0; i < 60; i++) {
        unsigned bytes = 200 + 20 * i, stored = bytes + 4;
        out(15, 0); /* a driver that polls */
        while (abbey_net_feed(b, "n", frame, bytes) == 1)
            waiting++;
        CU_ASSERT_EQUAL(abbey_line(b, line), 0);
        CU_ASSERT_TRUE_FATAL(waiting > 0);
        for (; waiting; waiting--) {
            read_buffer(page << 8, got, 4);
            stored = got[2] | (unsigned)got[3] << 8;
            CU_ASSERT_EQUAL_FATAL(got[0], 1);
            unsigned next = got[1];
            read_buffer((page << 8) + 4, got, (stored + 1) & ~1u);
            CU_ASSERT_EQUAL(memcmp(got, frame, stored - 4), 0);
            page = next;
            out(3, (uint8_t)(page == PSTART ? PSTOP - 1 : page - 1));
        }
    }
    CU_ASSERT_TRUE(abbey_net_accepts(b, "n") >= 60);
}

/* Turning pages neither stops the chip nor starts it. */
static void pages_turned(uint32_t line)
{
    start(4);
    out(0, 0x60);
    CU_ASSERT_EQUAL(in(7), PSTART + 1);
    CU_ASSERT_EQUAL(in(0), 0x62);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(abbey_line(b, line), 1);
    out(0, 0x20);
    CU_ASSERT_EQUAL(in(7) & 1, 1);
    out(0, 0x21);
    out(0, 0x60);
    CU_ASSERT_EQUAL(in(0), 0x61);
}

/* A driver that reads all there is and then acknowledges hears of the next one. */
static void frames_announced(uint32_t line)
{
    uint8_t got[4];
    unsigned page = PSTART + 1;
    start(4);
    for (unsigned i = 0; i < 100; i++) {
        uint32_t accepts = abbey_net_accepts(b, "n");
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 0);
        CU_ASSERT_EQUAL(abbey_line(b, line), 1);
        read_buffer(page << 8, got, 4);
        page = got[1];
        out(3, (uint8_t)(page == PSTART ? PSTOP - 1 : page - 1));
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 0);
        out(7, 1);
        CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), accepts + 2);
        CU_ASSERT_EQUAL(abbey_line(b, line), 0);
    }
}

static void reads_prom(void)
{
    both(prom_read);
}

static void transmits(void)
{
    both(frame_sent);
}

static void receives(void)
{
    both(frames_received);
}

static void turns_pages(void)
{
    both(pages_turned);
}

static void announces(void)
{
    both(frames_announced);
}

static void fuzz(void)
{
    unsigned accesses = dut_fuzz_count(20000);
    for (unsigned pci = 0; pci < 2; pci++) {
        open_bench(pci);
        struct dut_ports ports[] = { { io, 32 } };
        for (unsigned i = 0; i < 20; i++) {
            start(0x1e);
            for (unsigned k = 0; k < 50; k++) {
                abbey_net_feed(b, "n", frame, 14 + (i * 977 + k * 131) % 1586);
                dut_fuzz(b, ports, 1, accesses / 2000);
            }
        }
        dut_fuzz_state(b, ports, 1, 100);
        abbey_bench_free(b);
    }
}

static const struct unit_test tests[] = {
    { "has its address in the PROM", reads_prom },
    { "transmits when the network has room", transmits },
    { "receives around the ring, and loses nothing", receives },
    { "goes on while pages are turned", turns_pages },
    { "announces each frame behind the one before", announces },
    { "stands random accesses and states", fuzz },
};

int main(void)
{
    return unit_main("ne2000", tests, sizeof tests / sizeof tests[0]);
}
