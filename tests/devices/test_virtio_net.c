/* test_virtio_net.c - the virtio network adapter by both interfaces, merged buffers, networks without room, and rings
 * of hostile drivers. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

#define IO 0xc100u
#define MMIO 0xf0000000u
#define LINE 18        /* INTA# of slot 3 is PIRQC# */
#define RINGS 0x10000u /* 0x4000 bytes for each queue: descriptors, and the rings at +1000h, +2000h */
#define SIZE 256u
#define DATA 0x40000u

#define F_CSUM (1u << 0)
#define F_MAC (1u << 5)
#define F_HOST_TSO4 (1u << 11)
#define F_MERGED (1u << 15)
#define F_STATUS (1u << 16)
#define F_EVENTS (1u << 29)

static abbey_bench *b;
static uint8_t *ram;
static uint16_t available[2];
static uint8_t frame[4096];

static void open_bench(void)
{
    uint64_t bytes;
    b = dut_machine("abbey: 1\nmemory: 1M\nbackends: {n: {backend: bench-net}}\ndevices:\n"
                    "  nic: {device: virtio-net, addr: \"03.0\", mac: \"52:54:00:12:34:56\", net: n}\n");
    abbey_pci_write(b, 3, 0, 0x10, 4, IO);
    abbey_pci_write(b, 3, 0, 0x14, 4, MMIO);
    abbey_pci_write(b, 3, 0, 0x04, 2, 7);
    ram = abbey_ram(b, &bytes);
    for (unsigned i = 0; i < sizeof frame; i++)
        frame[i] = (uint8_t)(i * 7 + (i >> 8));
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

static uint32_t ring(uint32_t queue)
{
    return RINGS + 0x4000 * queue;
}

static void start_legacy(uint32_t features)
{
    dut_out(b, IO + 18, 0);
    dut_out(b, IO + 18, 3);
    abbey_out(b, IO + 4, 4, features);
    for (uint32_t i = 0; i < 2; i++) {
        abbey_out(b, IO + 14, 2, i);
        CU_ASSERT_EQUAL(abbey_in(b, IO + 12, 2), SIZE);
        abbey_out(b, IO + 8, 4, ring(i) / 4096);
    }
    dut_out(b, IO + 18, 7);
}

static void start_modern(uint32_t features)
{
    abbey_store(b, MMIO + 20, 1, 0);
    abbey_store(b, MMIO + 20, 1, 3);
    abbey_store(b, MMIO + 8, 4, 0);
    abbey_store(b, MMIO + 12, 4, features);
    abbey_store(b, MMIO + 8, 4, 1);
    abbey_store(b, MMIO + 12, 4, 1);
    abbey_store(b, MMIO + 20, 1, 11);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 11);
    for (uint32_t i = 0; i < 2; i++) {
        abbey_store(b, MMIO + 22, 2, i);
        abbey_store(b, MMIO + 32, 4, ring(i));
        abbey_store(b, MMIO + 40, 4, ring(i) + 0x1000);
        abbey_store(b, MMIO + 48, 4, ring(i) + 0x2000);
        abbey_store(b, MMIO + 28, 2, 1);
    }
    abbey_store(b, MMIO + 20, 1, 15);
}

static void start(bool modern, uint32_t features)
{
    memset(ram + RINGS, 0, 0x8000);
    available[0] = available[1] = 0;
    if (modern)
        start_modern(features);
    else
        start_legacy(features);
}

static void descriptor(uint32_t queue, uint32_t index, uint32_t address, uint32_t bytes, uint32_t flags, uint32_t next)
{
    uint32_t at = ring(queue) + 16 * index;
    put(at, address, 8);
    put(at + 8, bytes, 4);
    put(at + 12, flags, 2);
    put(at + 14, next, 2);
}

static void offer(uint32_t queue, uint32_t head)
{
    put(ring(queue) + 0x1000 + 4 + 2 * (available[queue] % SIZE), head, 2);
    put(ring(queue) + 0x1000 + 2, ++available[queue], 2);
}

static void notify(bool modern, uint32_t queue)
{
    if (modern)
        abbey_store(b, MMIO + 0x3000, 2, queue);
    else
        abbey_out(b, IO + 16, 2, queue);
}

static uint32_t used(uint32_t queue)
{
    return get(ring(queue) + 0x2000 + 2, 2);
}

static uint32_t used_bytes(uint32_t queue, uint32_t index)
{
    return get(ring(queue) + 0x2000 + 4 + 8 * index + 4, 4);
}

static void identification(void)
{
    open_bench();
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0, 4), 0x10001af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0x2c, 4), 0x00011af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0x08, 4) >> 16, 0x0200);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 20, 4), 0x12005452);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x2000 + 4, 4), 0x00015634);
    start(true, F_MAC | F_STATUS);
    abbey_net_plug(b, "n", 0);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x2000 + 6, 2), 0);
    CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x1000, 1), 2);
    abbey_bench_free(b);
}

/* The header alone, in a piece with the frame, and the frame in many pieces. */
static void transmits(void)
{
    uint8_t got[4096];
    uint32_t flags;
    for (unsigned way = 0; way < 6; way++) {
        bool modern = way & 1;
        uint32_t header = modern ? 12 : 10, bytes = 1000 + way;
        open_bench();
        start(modern, F_CSUM | F_HOST_TSO4);
        memset(ram + DATA, 0, 12);
        put(DATA, 1, 1); /* a checksum, from 34 on, at 16 */
        put(DATA + 6, 34, 2);
        put(DATA + 8, 16, 2);
        memcpy(ram + DATA + header, frame, bytes);
        if (way < 2) {
            descriptor(1, 7, DATA, header + bytes, 0, 0);
        } else if (way < 4) {
            descriptor(1, 7, DATA, header, 1, 9);
            descriptor(1, 9, DATA + header, bytes, 0, 0);
        } else {
            descriptor(1, 7, DATA, 5, 1, 9);
            descriptor(1, 9, DATA + 5, header, 1, 10);
            descriptor(1, 10, DATA + 5 + header, bytes - 5, 0, 0);
        }
        offer(1, 7);
        notify(modern, 1);
        CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, &flags), bytes);
        CU_ASSERT_EQUAL(memcmp(got, frame, bytes), 0);
        CU_ASSERT_EQUAL(flags, 1);
        CU_ASSERT_EQUAL(used(1), 1);
        CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
        CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        abbey_bench_free(b);
    }
}

static void receives(void)
{
    for (unsigned way = 0; way < 4; way++) {
        bool modern = way & 1, merged = way & 2;
        uint32_t header = modern || merged ? 12 : 10;
        open_bench();
        start(modern, merged ? F_MERGED : 0);
        for (uint32_t i = 0; i < 8; i++) {
            descriptor(0, i, DATA + 0x1000 * i, merged ? 300 : 1600, 2, 0);
            offer(0, i);
        }
        notify(modern, 0);
        memset(ram + DATA, 0xee, 0x8000);
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
        uint32_t buffers = merged ? 4 : 1;
        CU_ASSERT_EQUAL(used(0), buffers);
        CU_ASSERT_EQUAL(used_bytes(0, 0), merged ? 300 : 1000 + header);
        if (header == 12)
            CU_ASSERT_EQUAL(get(DATA + 10, 2), buffers);
        CU_ASSERT_EQUAL(get(DATA, 4), 0);
        CU_ASSERT_EQUAL(memcmp(ram + DATA + header, frame, merged ? 300 - header : 1000), 0);
        if (merged) {
            CU_ASSERT_EQUAL(memcmp(ram + DATA + 0x1000, frame + 300 - header, 300), 0);
            CU_ASSERT_EQUAL(used_bytes(0, 3), 1000 + header - 900);
            CU_ASSERT_EQUAL(ram[DATA + 0x3000 + 1000 + header - 900], 0xee);
        }
        CU_ASSERT_EQUAL(abbey_line(b, LINE), 1);
        CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        abbey_bench_free(b);
    }
}

static void back_pressure(void)
{
    uint8_t got[4096];
    open_bench();
    start(true, F_MERGED);
    for (uint32_t i = 0; i < 3; i++) { /* too few for one frame */
        descriptor(0, i, DATA + 0x1000 * i, 300, 2, 0);
        offer(0, i);
    }
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 0);
    CU_ASSERT_EQUAL(used(0), 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    uint32_t accepts = abbey_net_accepts(b, "n");
    descriptor(0, 3, DATA + 0x3000, 300, 2, 0);
    offer(0, 3);
    notify(true, 0);
    CU_ASSERT_EQUAL(abbey_net_accepts(b, "n"), accepts + 1);
    CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
    CU_ASSERT_EQUAL(used(0), 4);
    CU_ASSERT_EQUAL(get(ring(0) + 0x2000 + 4, 4), 0);

    abbey_net_stall(b, "n", 1);
    memset(ram + DATA, 0, 12);
    descriptor(1, 0, DATA, 112, 0, 0);
    offer(1, 0);
    notify(true, 1);
    CU_ASSERT_EQUAL(used(1), 0);
    abbey_net_stall(b, "n", 0);
    CU_ASSERT_EQUAL(used(1), 1);
    CU_ASSERT_EQUAL(abbey_net_sent(b, "n", got, sizeof got, NULL), 100);
    abbey_bench_free(b);
}

/* A driver that says at which index it wants to be interrupted, and is told at which to notify. */
static void events(void)
{
    for (unsigned way = 0; way < 2; way++) {
        uint32_t header = way ? 12 : 10;
        open_bench();
        start(way, F_EVENTS);
        for (uint32_t i = 0; i < 4; i++) {
            descriptor(0, i, DATA + 0x1000 * i, 1600, 2, 0);
            offer(0, i);
        }
        put(ring(0) + 0x1000 + 4 + 2 * SIZE, 2, 2); /* when three are there */
        put(ring(0) + 0x1000, 1, 2);                /* means nothing */
        for (uint32_t i = 0; i < 4; i++) {
            CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
            CU_ASSERT_EQUAL(abbey_line(b, LINE), i >= 2);
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        }
        CU_ASSERT_EQUAL(get(ring(0) + 0x2000 + 4 + 8 * SIZE, 2), 0); /* no need to notify of more buffers, */
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 0);
        CU_ASSERT_EQUAL(get(ring(0) + 0x2000 + 4 + 8 * SIZE, 2), 4); /* until there are none */
        CU_ASSERT_EQUAL(way ? abbey_load(b, MMIO + 0x1000, 1) : abbey_in(b, IO + 19, 1), 1);

        memset(ram + DATA, 0, 12);
        descriptor(1, 0, DATA, header + 100, 0, 0);
        put(ring(1) + 0x1000 + 4 + 2 * SIZE, 1, 2);
        for (uint32_t i = 0; i < 2; i++) {
            offer(1, 0);
            notify(way, 1);
            CU_ASSERT_EQUAL(used(1), i + 1);
            CU_ASSERT_EQUAL(get(ring(1) + 0x2000 + 4 + 8 * SIZE, 2), i + 1);
            CU_ASSERT_EQUAL(abbey_line(b, LINE), (int32_t)i);
        }
        abbey_bench_free(b);
    }
}

/* The driver is told that it broke a rule, and a reset heals. */
static void broken_drivers(void)
{
    for (unsigned way = 0; way < 4; way++) {
        open_bench();
        start(true, 0);
        switch (way) {
        case 0: /* a buffer that is too small */
            descriptor(0, 0, DATA, 100, 2, 0);
            offer(0, 0);
            CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
            break;
        case 1: /* without end */
            descriptor(1, 0, DATA, 100, 1, 0);
            offer(1, 0);
            notify(true, 1);
            break;
        case 2: /* more than the ring holds */
            put(ring(1) + 0x1000 + 2, 1000, 2);
            notify(true, 1);
            break;
        default: /* nothing to write to */
            descriptor(0, 0, DATA, 1000, 0, 0);
            offer(0, 0);
            CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 100), 1);
            break;
        }
        CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 15 | 64);
        start(true, 0);
        descriptor(0, 0, DATA, 1600, 2, 0);
        offer(0, 0);
        notify(true, 0);
        CU_ASSERT_EQUAL(abbey_net_feed(b, "n", frame, 1000), 1);
        CU_ASSERT_EQUAL(used(0), 1);
        abbey_bench_free(b);
    }
}

/* Rings of anything, mostly small numbers, and frames both ways. */
static void hostile(unsigned i)
{
    static uint32_t seed = 31337;
    uint8_t got[4096];
    start(i % 2, (i & 2 ? F_MERGED | F_CSUM | F_HOST_TSO4 : 0) | (i & 4 ? F_EVENTS : 0));
    for (uint32_t k = 0; k < 0x300; k++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t at = (k % 3 * 0x1000) + (seed >> 8) % 256 * 4;
        if (seed >> 30)
            put(ring(k & 1) + at, seed >> 27 & 1 ? seed >> 8 & 0x1ffff : seed >> 8 & 0x70007, 4);
    }
    put(ring(0) + 0x1000 + 2, seed >> 8 & 15, 2);
    put(ring(1) + 0x1000 + 2, seed >> 12 & 15, 2);
    notify(i % 2, 1);
    notify(i % 2, 0);
    for (unsigned k = 0; k < 4; k++)
        abbey_net_feed(b, "n", frame, 14 + (seed >> (4 + k)) % 2000);
    while (abbey_net_sent(b, "n", got, sizeof got, NULL))
        ;
}

static void fuzz(void)
{
    static const struct dut_ports ports[] = { { IO, 128 } };
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
    dut_race(ram + RINGS, 0x8000, hostile);
    abbey_bench_free(b);
}

/* Firmware that cannot map BARs reads and writes through configuration space. */
static void window(void)
{
    uint32_t at = 0;
    open_bench();
    for (at = abbey_pci_read(b, 3, 0, 0x34, 1); at && abbey_pci_read(b, 3, 0, at + 3, 1) != 5;)
        at = abbey_pci_read(b, 3, 0, at + 1, 1);
    CU_ASSERT_NOT_EQUAL_FATAL(at, 0);
    abbey_pci_write(b, 3, 0, at + 4, 1, 1);
    abbey_pci_write(b, 3, 0, at + 12, 4, 4);
    abbey_pci_write(b, 3, 0, at + 8, 4, 0x2000);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, at + 16, 4), 0x12005452);
    abbey_pci_write(b, 3, 0, at + 12, 4, 1);
    abbey_pci_write(b, 3, 0, at + 8, 4, 20);
    abbey_pci_write(b, 3, 0, at + 16, 1, 3);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 3);
    abbey_pci_write(b, 3, 0, at + 8, 4, 0xfffffffe); /* nowhere */
    abbey_pci_write(b, 3, 0, at + 12, 4, 4);
    abbey_pci_write(b, 3, 0, at + 16, 4, 0);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 3);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "transmits, whatever way the header stands", transmits },
    { "receives, into one buffer and into several", receives },
    { "loses nothing when there is no room", back_pressure },
    { "interrupts and asks for notifications where that is wanted", events },
    { "drivers that break the rules", broken_drivers },
    { "can be reached through configuration space", window },
    { "stands random rings, accesses and states", fuzz },
    { "stands rings that change meanwhile", races },
};

int main(void)
{
    return unit_main("virtio-net", tests, sizeof tests / sizeof tests[0]);
}
