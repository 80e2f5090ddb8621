/* test_pcnet.c - the Am79C970A as drivers use it: both register layouts, the three layouts of descriptors, filters,
 * chained buffers, networks without room; and rings of hostile drivers. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

#define IO 0xc100u
#define MMIO 0xf0000000u
#define LINE 18 /* INTA# of slot 3 is PIRQC# */
#define BLOCK 0x1000u
#define RX 0x2000u
#define TX 0x3000u
#define BUFFERS 0x10000u /* of 0x800 bytes each: eight for receiving, then those for sending */
#define SENDING (BUFFERS + 0x4000u)
#define ENTRIES 8u

static const uint8_t station[6] = { 0x52, 0x54, 0, 0x12, 0x34, 0x56 };

static abbey_bench *b;
static uint8_t *ram;
static unsigned style;

static void open_bench(void)
{
    uint64_t bytes;
    b = dut_machine("abbey: 1\nmemory: 1M\nbackends: {n: {backend: bench-net}}\ndevices:\n"
                    "  nic: {device: pcnet, addr: \"03.0\", mac: \"52:54:00:12:34:56\", net: n}\n");
    abbey_pci_write(b, 3, 0, 0x10, 4, IO);
    abbey_pci_write(b, 3, 0, 0x14, 4, MMIO);
    abbey_pci_write(b, 3, 0, 0x04, 2, 7);
    ram = abbey_ram(b, &bytes);
}

static uint32_t csr(uint32_t index)
{
    abbey_out(b, IO + 0x12, 2, index);
    return abbey_in(b, IO + 0x10, 2);
}

static void csr_set(uint32_t index, uint32_t value)
{
    abbey_out(b, IO + 0x12, 2, index);
    abbey_out(b, IO + 0x10, 2, value);
}

static uint32_t bcr(uint32_t index)
{
    abbey_out(b, IO + 0x12, 2, index);
    return abbey_in(b, IO + 0x16, 2);
}

static void bcr_set(uint32_t index, uint32_t value)
{
    abbey_out(b, IO + 0x12, 2, index);
    abbey_out(b, IO + 0x16, 2, value);
}

static void put(uint32_t at, uint64_t value, uint32_t bytes)
{
    memcpy(ram + at, &value, bytes);
}

static uint32_t get(uint32_t at, uint32_t bytes)
{
    uint32_t value = 0;
    memcpy(&value, ram + at, bytes);
    return value;
}

static uint32_t entry(uint32_t ring, uint32_t index)
{
    return ring + index * (style ? 16 : 8);
}

/* Hands a buffer over; `flags` as in bits 31:16 of the 32-bit layouts. */
static void give(uint32_t ring, uint32_t index, uint32_t address, uint32_t bytes, uint32_t flags)
{
    uint32_t at = entry(ring, index), count = 0xf000u | (-bytes & 0xfff);
    if (!style) {
        put(at, address, 3);
        put(at + 3, flags >> 8, 1);
        put(at + 4, count, 2);
        put(at + 6, 0xffff, 2);
        return;
    }
    put(at + (style == 3 ? 8 : 0), address, 4);
    put(at + (style == 3 ? 0 : 8), 0xffffffff, 4);
    put(at + 4, flags << 16 | count, 4);
}

static uint32_t flags_of(uint32_t ring, uint32_t index)
{
    return style ? get(entry(ring, index) + 6, 2) : get(entry(ring, index) + 3, 1) << 8;
}

static uint32_t count_of(uint32_t index)
{
    return style ? get(entry(RX, index) + (style == 3 ? 0 : 8), 4) : get(entry(RX, index) + 6, 2);
}

/* Rings and the block that names them. */
static void prepare(unsigned layout, uint32_t mode)
{
    style = layout;
    csr_set(0, 4);
    bcr_set(20, layout);
    memset(ram + BLOCK, 0, 32);
    if (layout) {
        put(BLOCK, mode | 3u << 20 | 3u << 28, 4);
        memcpy(ram + BLOCK + 4, station, 6);
        put(BLOCK + 12, 1ull << 54, 8); /* the hash of 01:00:5e:00:00:01 */
        put(BLOCK + 20, RX, 4);
        put(BLOCK + 24, TX, 4);
    } else {
        put(BLOCK, mode, 2);
        memcpy(ram + BLOCK + 2, station, 6);
        put(BLOCK + 8, 1ull << 54, 8);
        put(BLOCK + 16, RX | 3u << 29, 4);
        put(BLOCK + 20, TX | 3u << 29, 4);
    }
    memset(ram + RX, 0, 16 * ENTRIES);
    memset(ram + TX, 0, 16 * ENTRIES);
    for (uint32_t i = 0; i < ENTRIES; i++)
        give(RX, i, BUFFERS + 0x800 * i, 0x600, 0x8000);
    csr_set(1, BLOCK);
    csr_set(2, 0);
}

static void start(unsigned layout, uint32_t mode)
{
    prepare(layout, mode);
    csr_set(0, 0x41);
    CU_ASSERT_EQUAL(csr(0), 0x01c1); /* IDON, INTR, IENA, INIT */
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    csr_set(0, 0x0142);
    CU_ASSERT_EQUAL(csr(0), 0x0073);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
}

static void identification(void)
{
    open_bench();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0, 4), 0x20001022);
    for (unsigned i = 0; i < 6; i++)
        CU_ASSERT_EQUAL(dut_in(b, (uint16_t)(IO + i)), station[i]);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 14, 2), 0x5757);
    CU_ASSERT_EQUAL(csr(0), 4);
    CU_ASSERT_EQUAL(csr(88) | csr(89) << 16, 0x02621003);
    CU_ASSERT_EQUAL(csr(12) | csr(13) << 16, 0x12005452);
    CU_ASSERT_EQUAL(bcr(18) & 0x80, 0);
    abbey_out(b, IO + 16, 4, 0); /* to double words */
    abbey_out(b, IO + 20, 4, 18);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 28, 4) & 0x80, 0x80);
    abbey_out(b, IO + 20, 4, 88);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 16, 4), 0x1003);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 16, 4), 0x1003);
    abbey_in(b, IO + 24, 4); /* a reset by software keeps them */
    abbey_out(b, IO + 20, 4, 88);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 16, 4), 0x1003);
    abbey_bench_reset(b);
    abbey_bench_free(b);
}

/* A frame to `to`, of a length, with bytes to recognize. */
static uint8_t *frame_make(const uint8_t *to, uint32_t bytes)
{
    static uint8_t frame[4096];
    memcpy(frame, to, 6);
    memcpy(frame + 6, "\x02\1\2\3\4\5\x08\0", 8);
    for (uint32_t i = 14; i < bytes; i++)
        frame[i] = (uint8_t)(i * 7);
    return frame;
}

static uint32_t crc(const uint8_t *bytes, uint32_t count)
{
    uint32_t value = UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        for (unsigned bit = 0; bit < 8; bit++)
            value = value >> 1 ^ ((value ^ bytes[i] >> bit) & 1 ? 0xedb88320u : 0);
    return ~value;
}

static void transmits(void)
{
    uint8_t got[4096];
    for (unsigned layout = 0; layout <= 3; layout += layout ? 1 : 2) {
        open_bench();
        start(layout, 0);
        for (unsigned round = 0; round < 20; round++) {
            uint32_t bytes = 60 + 70 * round, at = SENDING;
            uint8_t *frame = frame_make(station, bytes);
            memcpy(ram + at, frame, bytes);
            give(TX, round * 2 % ENTRIES, at, 20, 0x8200);
            give(TX, (round * 2 + 1) % ENTRIES, at + 20, bytes - 20, 0x8100);
            csr_set(0, 0x48);
            CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), bytes);
            CU_ASSERT_EQUAL(memcmp(got, frame, bytes), 0);
            CU_ASSERT_EQUAL(flags_of(TX, round * 2 % ENTRIES) & 0xc000, 0);
            CU_ASSERT_EQUAL(flags_of(TX, (round * 2 + 1) % ENTRIES) & 0xc000, 0);
            abbey_advance(b, ABBEY_MS);
            CU_ASSERT_EQUAL(csr(0) & 0x0280, 0x0280); /* TINT, INTR */
            CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
            csr_set(0, 0x0240);
            CU_ASSERT_EQUAL(abbey_line(b, LINE), 0);
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        }
        abbey_bench_free(b);
    }
}

/* Half of a frame waits for the rest; and a driver that never demands is found by polling. */
static void incomplete(void)
{
    uint8_t got[4096];
    open_bench();
    start(2, 0);
    memcpy(ram + SENDING, frame_make(station, 100), 100);
    give(TX, 0, SENDING, 50, 0x8200);
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 0);
    give(TX, 1, SENDING + 50, 50, 0x8100);
    abbey_advance(b, 200 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 100);
    give(TX, 2, SENDING, 50, 0x8000); /* no start: skipped */
    give(TX, 3, SENDING, 60, 0x8300);
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 60);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 0);
    give(TX, 4, 0x80000000, 60, 0x8300); /* no memory there */
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(csr(0) & 0x8800, 0x8800);
    CU_ASSERT_EQUAL(flags_of(TX, 4) & 0xc000, 0x4000);
    abbey_bench_free(b);
}

static void receives(void)
{
    static const uint8_t all[6] = { 255, 255, 255, 255, 255, 255 }, group[6] = { 1, 0, 0x5e, 0, 0, 1 },
                         other_group[6] = { 1, 0, 0x5e, 0, 0, 2 }, other[6] = { 2, 0, 0, 0, 0, 9 };
    static const struct {
        const uint8_t *to;
        uint32_t mode, taken, why;
    } cases[] = { { station, 0, 1, 0x40 }, { all, 0, 1, 0x10 }, { group, 0, 1, 0x20 }, { other_group, 0, 0, 0 },
        { other, 0, 0, 0 }, { other, 0x8000, 1, 0 }, { all, 0x4000, 0, 0 }, { station, 0x2000, 0, 0 } };
    for (unsigned layout = 0; layout <= 3; layout += layout ? 1 : 2)
        for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            uint32_t bytes = i % 2 ? 42 : 1514, wire = bytes < 60 ? 60 : bytes;
            uint8_t *frame = frame_make(cases[i].to, bytes);
            open_bench();
            start(layout, cases[i].mode);
            memset(ram + BUFFERS, 0xee, 0x1000);
            CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, bytes), 1);
            CU_ASSERT_EQUAL(!(flags_of(RX, 0) & 0x8000), cases[i].taken);
            CU_ASSERT_EQUAL(abbey_line(b, LINE), (int32_t)cases[i].taken);
            if (cases[i].taken) {
                CU_ASSERT_EQUAL(flags_of(RX, 0), 0x0300 | (layout ? cases[i].why : 0));
                CU_ASSERT_EQUAL(count_of(0), wire + 4);
                CU_ASSERT_EQUAL(memcmp(ram + BUFFERS, frame, bytes), 0);
                CU_ASSERT_EQUAL(get(BUFFERS + wire, 4), crc(ram + BUFFERS, wire));
                CU_ASSERT_EQUAL(ram[BUFFERS + wire + 4], 0xee);
                CU_ASSERT_EQUAL(csr(0) & 0x0480, 0x0480);
            }
            abbey_bench_free(b);
        }
}

static void receives_in_parts(void)
{
    uint8_t *frame = frame_make(station, 1000);
    open_bench();
    start(2, 0);
    for (uint32_t i = 0; i < 3; i++)
        give(RX, i, BUFFERS + 0x800 * i, 400, 0x8000);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
    CU_ASSERT_EQUAL(flags_of(RX, 0), 0x0240);
    CU_ASSERT_EQUAL(flags_of(RX, 1), 0);
    CU_ASSERT_EQUAL(flags_of(RX, 2), 0x0100);
    CU_ASSERT_EQUAL(count_of(2), 1004);
    CU_ASSERT_EQUAL(memcmp(ram + BUFFERS + 0x1000, frame + 800, 200), 0);
    give(RX, 3, BUFFERS, 400, 0x8000);
    give(RX, 4, BUFFERS, 400, 0);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
    CU_ASSERT_EQUAL(flags_of(RX, 3), 0x4640); /* ERR, BUFF: the frame was cut off */
    abbey_bench_free(b);
}

/* Frames wait for descriptors, and descriptors for the network; nothing is lost. */
static void back_pressure(void)
{
    uint8_t got[4096], *frame = frame_make(station, 100);
    open_bench();
    start(2, 0);
    for (uint32_t i = 0; i < ENTRIES; i++)
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 0);
    uint32_t accepts = abbey_net_accepts(b, "n");
    csr_set(0, 0x0440);
    CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), accepts);
    give(RX, 0, BUFFERS, 0x600, 0x8000);
    csr_set(0, 0x0040);
    CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), accepts + 1);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 0);
    give(RX, 1, BUFFERS, 0x600, 0x8000); /* and a driver that says nothing */
    abbey_advance(b, 200 * ABBEY_MS);
    CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), accepts + 2);

    memcpy(ram + SENDING, frame, 100);
    abbey_net_stall(b, "n", 1);
    give(TX, 0, SENDING, 100, 0x8300);
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(flags_of(TX, 0), 0x8300);
    abbey_net_stall(b, "n", 0);
    CU_ASSERT_EQUAL(flags_of(TX, 0), 0x0300);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 100);
    abbey_bench_free(b);
}

static void cable(void)
{
    open_bench();
    start(2, 0);
    CU_ASSERT_EQUAL(bcr(4), 0x80c0);
    abbey_net_plug(b, "n", 0);
    CU_ASSERT_EQUAL(bcr(4), 0x00c0);
    give(TX, 0, SENDING, 100, 0x8300);
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(flags_of(TX, 0), 0x4300);
    CU_ASSERT_EQUAL(get(entry(TX, 0) + 8, 4), 0x08000000); /* LCAR */
    abbey_bench_free(b);
}

static void loops_back(void)
{
    uint8_t got[4096], *frame = frame_make(station, 200);
    open_bench();
    start(3, 4);
    memcpy(ram + SENDING, frame, 200);
    give(TX, 0, SENDING, 200, 0x8300);
    csr_set(0, 0x48);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 0);
    CU_ASSERT_EQUAL(memcmp(ram + BUFFERS, frame, 200), 0);
    CU_ASSERT_EQUAL(count_of(0), 204);
    abbey_bench_free(b);
}

/* Rings of anything, most of it owned by the chip, and frames both ways. */
static void hostile(unsigned i)
{
    static uint32_t seed = 4711;
    uint8_t got[4096];
    prepare(i % 3 ? i % 3 + 1 : 0, i % 5 ? 0 : 0x8004);
    csr_set(0, 0x41);
    csr_set(0, 0x0142);
    for (uint32_t k = 0; k < 0x200; k++) {
        seed = seed * 1664525 + 1013904223;
        if (seed >> 30 == 0)
            put((k & 1 ? RX : TX) + 2 * (k >> 1 & 0x3f), seed >> 8, 2);
    }
    csr_set(0, 0x48);
    for (unsigned k = 0; k < 4; k++)
        abbey_net_feed(b, "n", frame_make(station, 1600), (seed >> (4 + k)) % 1600);
    csr_set(0, 0x0748);
    abbey_advance(b, 20 * ABBEY_US);
    while (abbey_net_sent(b, "n", got, sizeof got, NULL))
        ;
}

static void fuzz(void)
{
    static const struct dut_ports ports[] = { { IO, 32 } };
    unsigned accesses = dut_fuzz_count(20000);
    open_bench();
    for (unsigned i = 0; i < accesses / 20; i++) {
        hostile(i);
        if (i % 8 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    dut_fuzz(b, ports, 1, accesses);
    dut_fuzz_state(b, ports, 1, 100);
    abbey_bench_free(b);
}

static void races(void)
{
    open_bench();
    dut_race(ram + BLOCK, 0x3000, hostile);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "transmits, in all layouts", transmits },
    { "waits for the rest of a frame", incomplete },
    { "receives what is for it", receives },
    { "receives into several buffers", receives_in_parts },
    { "loses nothing when there is no room", back_pressure },
    { "notices the cable", cable },
    { "loops back", loops_back },
    { "stands random rings, accesses and states", fuzz },
    { "stands rings that change meanwhile", races },
};

int main(void)
{
    return unit_main("pcnet", tests, sizeof tests / sizeof tests[0]);
}
