/* test_e1000.c - the 82540EM as drivers use it: its EEPROM and transceiver, descriptors old and new, segmentation,
 * filters, moderated interrupts, networks without room; and rings of hostile drivers. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

#define MMIO 0xf0000000u
#define IO 0xc100u
#define LINE 18 /* INTA# of slot 3 is PIRQC# */
#define RX 0x2000u
#define TX 0x3000u
#define BUFFERS 0x10000u
#define SENDING 0x20000u
#define ENTRIES 8u

static const uint8_t station[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static abbey_bench *b;
static uint8_t *ram;
static uint32_t tail;
static uint8_t frame[4096];

static uint32_t get(uint32_t at)
{
    return (uint32_t)abbey_load(b, MMIO + at, 4);
}

static void set(uint32_t at, uint32_t value)
{
    abbey_store(b, MMIO + at, 4, value);
}

static void put(uint32_t at, uint64_t value, uint32_t bytes)
{
    memcpy(ram + at, &value, bytes);
}

static uint32_t ram_get(uint32_t at, uint32_t bytes)
{
    uint32_t value = 0;
    memcpy(&value, ram + at, bytes);
    return value;
}

static void open_bench(void)
{
    uint64_t bytes;
    b = dut_machine("abbey: 1\nmemory: 1M\nbackends: {n: {backend: bench-net}}\ndevices:\n"
                    "  nic: {device: e1000, addr: \"03.0\", mac: \"52:54:00:12:34:56\", net: n}\n");
    abbey_pci_write(b, 3, 0, 0x10, 4, MMIO);
    abbey_pci_write(b, 3, 0, 0x18, 4, IO);
    abbey_pci_write(b, 3, 0, 0x04, 2, 7);
    ram = abbey_ram(b, &bytes);
    for (unsigned i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 7 + (i >> 8));
    memcpy(frame, station, 6);
}

static void start(uint32_t rctl)
{
    set(0, 0x04000000);
    memset(ram + RX, 0, 16 * ENTRIES);
    memset(ram + TX, 0, 16 * ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        put(RX + 16 * i, BUFFERS + 0x1000 * i, 8);
    set(0x2800, RX);
    set(0x2808, 16 * ENTRIES);
    set(0x2818, ENTRIES - 1);
    set(0x3800, TX);
    set(0x3808, 16 * ENTRIES);
    set(0x0100, rctl);
    set(0x0400, 2);
    set(0x00d0, 0x97);
    tail = 0;
}

static void describe(uint32_t address, uint32_t command, uint32_t status)
{
    put(TX + 16 * tail, address, 8);
    put(TX + 16 * tail + 8, command, 4);
    put(TX + 16 * tail + 12, status, 4);
    tail = (tail + 1) % ENTRIES;
}

/* One edge after the other, as drivers do it. */
static uint32_t rom_read(uint32_t index)
{
    uint32_t command = 6u << 6 | index, value = 0;
    set(0x10, 0x40);
    CU_ASSERT_EQUAL(get(0x10) & 0x80, 0x80);
    for (unsigned i = 9; i--;) {
        uint32_t bit = (command >> i & 1) << 2;
        set(0x10, 0x42 | bit);
        set(0x10, 0x43 | bit);
        set(0x10, 0x42 | bit);
    }
    CU_ASSERT_EQUAL(get(0x10) & 8, 0);
    for (unsigned i = 0; i < 16; i++) {
        set(0x10, 0x43);
        value = value << 1 | (get(0x10) >> 3 & 1);
        set(0x10, 0x42);
    }
    set(0x10, 0);
    return value;
}

static uint32_t phy(uint32_t index)
{
    set(0x20, 2u << 26 | 1u << 21 | index << 16);
    return get(0x20) & 0xffff;
}

static void identification(void)
{
    uint32_t sum = 0;
    open_bench();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0, 4), 0x100e8086);
    for (uint32_t i = 0; i < 64; i++)
        sum += rom_read(i);
    CU_ASSERT_EQUAL(sum & 0xffff, 0xbaba);
    CU_ASSERT_EQUAL(rom_read(0) | rom_read(1) << 16, 0x12005452);
    set(0x14, 2u << 8 | 1);
    CU_ASSERT_EQUAL(get(0x14), 0x56340210);
    CU_ASSERT_EQUAL(get(0x5400), 0x12005452);
    CU_ASSERT_EQUAL(get(0x5404), 0x80005634);
    CU_ASSERT_EQUAL(phy(2) << 16 | phy(3), 0x01410c20);
    CU_ASSERT_EQUAL(phy(1) & 4, 4);
    CU_ASSERT_EQUAL(get(8), 0x83);
    abbey_out(b, IO, 4, 0x5404);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 4, 4), 0x80005634);
    set(0xd0, 4);
    abbey_net_plug(b, "n", 0);
    CU_ASSERT_EQUAL(phy(1) & 4, 0);
    CU_ASSERT_EQUAL(get(8) & 2, 0);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    CU_ASSERT_EQUAL(get(0xc0), 4);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    abbey_bench_free(b);
}

static void transmits(void)
{
    uint8_t got[4096];
    uint32_t flags;
    open_bench();
    start(0);
    memcpy(ram + SENDING, frame, 1000);
    describe(SENDING, 0x08000000 | 400, 0); /* RS, the old kind */
    set(0x3818, tail);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 0);
    CU_ASSERT_EQUAL(get(0x3810), 0);
    describe(SENDING + 400, 0x09000000 | 600, 0);
    set(0x3818, tail);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 1000);
    CU_ASSERT_EQUAL(memcmp(got, frame, 1000), 0);
    CU_ASSERT_EQUAL(get(0x3810), 2);
    CU_ASSERT_EQUAL(ram[TX + 12] & ram[TX + 28] & 1, 1);
    CU_ASSERT_EQUAL(get(0xc0), 3);
    describe(0 | 14 | 24u << 8 | 33u << 16, 0, 0); /* a context: IP at 14, TCP at 34 */
    put(TX + 16 * 2 + 4, 34 | 50u << 8, 4);
    put(TX + 16 * 2 + 8, 0x20000000, 4);
    describe(SENDING, 0x29100000 | 1000, 0x0200); /* data with TXSM */
    set(0x3818, tail);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, &flags), 1000);
    CU_ASSERT_EQUAL(flags, 1);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_bench_free(b);
}

/* The headers of a packet to be cut get its length, the sum of IP and that of the pseudo-header. */
static void segments(void)
{
    uint8_t got[4096];
    uint32_t flags;
    open_bench();
    start(0);
    memcpy(frame + 12, "\x08\0\x45\0\0\0\0\1\x40\0\x40\6\0\0\x0a\0\2\x0f\x0a\0\2\2", 22);
    memset(frame + 34 + 16, 0, 2);
    memcpy(ram + SENDING, frame, 3000);
    describe(14 | 24u << 8 | 33u << 16, 0x27000000 | 2946, 0);
    put(TX + 4, 34 | 50u << 8, 4);
    put(TX + 12, 54u << 8 | 1460u << 16, 4);
    describe(SENDING, 0x2c100000 | 60, 0x0300);
    describe(SENDING + 60, 0x2d100000 | 2940, 0);
    set(0x3818, tail);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, &flags), 3000);
    CU_ASSERT_EQUAL(flags, 3);
    CU_ASSERT_EQUAL(got[16] << 8 | got[17], 2986);
    uint32_t sum = 0, pseudo = 6 + 2966;
    for (unsigned i = 14; i < 34; i += 2)
        sum += (uint32_t)got[i] << 8 | got[i + 1];
    for (unsigned i = 26; i < 34; i += 2)
        pseudo += (uint32_t)got[i] << 8 | got[i + 1];
    CU_ASSERT_EQUAL((sum & 0xffff) + (sum >> 16), 0xffff);
    CU_ASSERT_EQUAL((uint32_t)got[50] << 8 | got[51], (pseudo & 0xffff) + (pseudo >> 16));
    CU_ASSERT_EQUAL(memcmp(got + 54, frame + 54, 2946), 0);
    abbey_bench_free(b);
}

static void receives(void)
{
    static const struct {
        uint8_t to[6];
        uint32_t rctl, taken;
    } cases[] = { { { 0x52, 0x54, 0, 0x12, 0x34, 0x56 }, 0, 1 }, { { 255, 255, 255, 255, 255, 255 }, 0x8000, 1 },
        { { 255, 255, 255, 255, 255, 255 }, 0, 0 }, { { 2, 0, 0, 0, 0, 1 }, 0, 0 }, { { 2, 0, 0, 0, 0, 1 }, 8, 1 },
        { { 1, 0, 0x5e, 0, 0, 1 }, 0, 1 }, { { 1, 0, 0x5e, 0, 0, 2 }, 0, 0 }, { { 1, 0, 0x5e, 0, 0, 2 }, 16, 1 } };
    for (unsigned i = 0; i < 2 * sizeof cases / sizeof cases[0]; i++) {
        uint32_t bytes = i % 3 ? 1514 : 42, wire = bytes < 60 ? 60 : bytes, strip = i & 1;
        open_bench();
        start(2 | cases[i / 2].rctl | strip << 26);
        set(0x5200 + 4 * (0x010 >> 5), 1u << (0x010 & 31)); /* MO 0: bits 47:36 of 01:00:5e:00:00:01 */
        memcpy(frame, cases[i / 2].to, 6);
        memset(ram + BUFFERS, 0xee, 0x1000);
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, bytes), 1);
        CU_ASSERT_EQUAL(get(0x2810), cases[i / 2].taken);
        CU_ASSERT_EQUAL(abbey_line(b, LINE), (int32_t)cases[i / 2].taken);
        if (cases[i / 2].taken) {
            CU_ASSERT_EQUAL(ram[RX + 12] & 3, 3);
            CU_ASSERT_EQUAL(ram_get(RX + 8, 2), wire + (strip ? 0 : 4));
            CU_ASSERT_EQUAL(memcmp(ram + BUFFERS, frame, bytes), 0);
            CU_ASSERT_EQUAL(ram[BUFFERS + wire + (strip ? 0 : 4)], 0xee);
            CU_ASSERT_EQUAL(get(0x4074), 1);
            CU_ASSERT_EQUAL(get(0x4074), 0);
        }
        abbey_bench_free(b);
    }
}

static void back_pressure(void)
{
    uint8_t got[4096];
    open_bench();
    start(2);
    for (uint32_t i = 0; i < ENTRIES - 1; i++)
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(get(0xc0) & 0x90, 0x90);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    set(0x2818, 2);
    CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), 1);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    abbey_net_stall(b, "n", 1);
    describe(SENDING, 0x09000000 | 100, 0);
    set(0x3818, tail);
    CU_ASSERT_EQUAL(get(0x3810), 0);
    abbey_net_stall(b, "n", 0);
    CU_ASSERT_EQUAL(get(0x3810), 1);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 100);
    abbey_bench_free(b);
}

/* ITR: the second interrupt waits until the interval is over. */
static void moderation(void)
{
    open_bench();
    start(2);
    set(0xc4, 400); /* 102.4 us */
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    get(0xc0);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    abbey_advance(b, 100 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
    abbey_advance(b, 3 * ABBEY_US);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    abbey_bench_free(b);
}

/* Rings of anything, with addresses mostly good, frames both ways, and some register. */
static void hostile(unsigned i)
{
    static uint32_t seed = 815;
    uint8_t got[4096];
    start(0x801a | (i & 3) << 16 | (i & 4 ? 0x02000020 : 0));
    for (uint32_t k = 0; k < 64; k++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t at = (k & 1 ? RX : TX) + 4 * (k >> 1);
        if (at % 16 == 0)
            put(at, seed >> 12 & (seed & 0x100 ? 0xfffff : 0xffffffff), 4);
        else if (at % 16 != 4)
            put(at, seed & 0x200 ? seed : seed & 0x2f1003ff, 4);
    }
    set(0x3818, seed >> 8 & 7);
    set(0x3810, seed >> 12 & 15);
    set(0x3818, seed >> 16 & 7);
    for (unsigned k = 0; k < 4; k++)
        abbey_net_feed(b, "n", frame, 14 + (seed >> (4 + k)) % 2000);
    abbey_advance(b, 20 * ABBEY_US);
    set((seed >> 6) % 0x6000 & ~3u, seed);
    get((seed >> 9) % 0x6000 & ~3u);
    while (abbey_net_sent(b, "n", got, sizeof got, NULL))
        ;
}

static void fuzz(void)
{
    static const struct dut_ports ports[] = { { IO, 8 } };
    unsigned accesses = dut_fuzz_count(20000);
    open_bench();
    for (unsigned i = 0; i < accesses / 20; i++) {
        hostile(i);
        if (i % 64 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    dut_fuzz(b, ports, 1, accesses);
    dut_fuzz_state(b, ports, 1, 100);
    abbey_bench_free(b);
}

static void races(void)
{
    open_bench();
    dut_race(ram + RX, 0x2000, hostile);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "transmits", transmits },
    { "hands large packets over to be cut", segments },
    { "receives what is for it", receives },
    { "loses nothing when there is no room", back_pressure },
    { "moderates interrupts", moderation },
    { "stands random rings, accesses and states", fuzz },
    { "stands rings that change meanwhile", races },
};

int main(void)
{
    return unit_main("e1000", tests, sizeof tests / sizeof tests[0]);
}
