/* test_virtio_blk.c - the virtio disk by both interfaces, and rings of hostile drivers. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

#define IO 0xc100u
#define MMIO 0xf0000000u
#define RINGS 0x10000u /* descriptors; the rings follow at +1000h, +2000h */
#define SIZE 256u
#define DATA 0x100000u

#define IN 0u
#define OUT 1u
#define FLUSH 4u
#define GET_ID 8u
#define DISCARD 11u
#define ZEROES 13u

static abbey_bench *b;
static uint8_t *ram, *disk;
static uint16_t available, used;

static void map(void)
{
    abbey_pci_write(b, 3, 0, 0x10, 4, IO);
    abbey_pci_write(b, 3, 0, 0x14, 4, MMIO);
    abbey_pci_write(b, 3, 0, 0x04, 2, 7);
}

static void open_bench(const char *options)
{
    char text[400];
    uint64_t bytes;
    snprintf(text, sizeof text,
        "abbey: 1\nmemory: 2M\nbackends: {d: {backend: bench-disk, size: 1M%s}}\ndevices:\n"
        "  blk: {device: virtio-blk, addr: \"03.0\", media: d}\n",
        options);
    b = dut_machine(text);
    map();
    ram = abbey_ram(b, &bytes);
    disk = abbey_disk(b, "d", &bytes);
    for (uint64_t i = 0; i < bytes; i++)
        disk[i] = (uint8_t)(i * 7 + (i >> 9));
    available = used = 0;
}

static void put(uint32_t at, uint64_t value, uint32_t bytes)
{
    memcpy(ram + at, &value, bytes);
}

static uint32_t get16(uint32_t at)
{
    return (uint32_t)ram[at] | (uint32_t)ram[at + 1] << 8;
}

static void start_legacy(void)
{
    dut_out(b, IO + 18, 0);
    dut_out(b, IO + 18, 3);
    abbey_out(b, IO + 4, 4, abbey_in(b, IO, 4));
    abbey_out(b, IO + 14, 2, 0);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 12, 2), SIZE);
    abbey_out(b, IO + 8, 4, RINGS / 4096);
    dut_out(b, IO + 18, 7);
}

static void start_modern(void)
{
    abbey_store(b, MMIO + 20, 1, 0);
    abbey_store(b, MMIO + 20, 1, 3);
    for (uint32_t half = 0; half < 2; half++) {
        abbey_store(b, MMIO, 4, half);
        abbey_store(b, MMIO + 8, 4, half);
        abbey_store(b, MMIO + 12, 4, abbey_load(b, MMIO + 4, 4));
    }
    abbey_store(b, MMIO + 20, 1, 11);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 11);
    abbey_store(b, MMIO + 22, 2, 0);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 24, 2), SIZE);
    abbey_store(b, MMIO + 32, 4, RINGS);
    abbey_store(b, MMIO + 40, 4, RINGS + 0x1000);
    abbey_store(b, MMIO + 48, 4, RINGS + 0x2000);
    abbey_store(b, MMIO + 28, 2, 1);
    abbey_store(b, MMIO + 20, 1, 15);
}

static void descriptor(uint32_t table, uint32_t index, uint64_t address, uint32_t bytes, uint32_t flags, uint32_t next)
{
    put(table + 16 * index, address, 8);
    put(table + 16 * index + 8, bytes, 4);
    put(table + 16 * index + 12, flags, 2);
    put(table + 16 * index + 14, next, 2);
}

static void offer(uint32_t head)
{
    put(RINGS + 0x1000 + 4 + 2 * (available % SIZE), head, 2);
    put(RINGS + 0x1000 + 4 + 2 * SIZE, available, 2); /* the interrupt is for this one */
    put(RINGS + 0x1000 + 2, ++available, 2);
}

static void notify(bool modern)
{
    if (modern)
        abbey_store(b, MMIO + 0x3000, 2, 0);
    else
        abbey_out(b, IO + 16, 2, 0);
}

/* One request from header to status, waiting for its end; the status byte, or 0xff when it did not end. */
static uint8_t request(bool modern, bool indirect, uint32_t type, uint64_t sector, uint32_t bytes)
{
    uint32_t table = indirect ? RINGS + 0x6000 : RINGS, header = RINGS + 0x5000, status = header + 16;
    bool to_device = type == OUT || type == DISCARD || type == ZEROES;
    put(header, type, 8);
    put(header + 8, sector, 8);
    ram[status] = 0xff;
    descriptor(table, 0, header, 16, 1, bytes ? 1 : 3);
    descriptor(table, 1, DATA, bytes / 2, to_device ? 1 : 3, 2);
    descriptor(table, 2, DATA + bytes / 2, bytes - bytes / 2, to_device ? 1 : 3, 3);
    descriptor(table, 3, status, 1, 2, 0);
    if (indirect)
        descriptor(RINGS, 0, table, 64, 4, 0);
    offer(0);
    notify(modern);
    abbey_advance(b, ABBEY_MS);
    if (get16(RINGS + 0x2000 + 2) != (uint16_t)(used + 1))
        return 0xff;
    used++;
    CU_ASSERT_EQUAL(abbey_line(b, 18), 1); /* INTA# of slot 3 is PIRQC# */
    CU_ASSERT_EQUAL(modern ? abbey_load(b, MMIO + 0x1000, 1) : dut_in(b, IO + 19), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 18), 0);
    return ram[status];
}

static void identification(void)
{
    open_bench("");
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0, 4), 0x10011af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0x2c, 4), 0x00021af4);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, 0x06, 2) & 0x10, 0x10);
    unsigned seen = 0;
    for (uint32_t at = abbey_pci_read(b, 3, 0, 0x34, 1); at; at = abbey_pci_read(b, 3, 0, at + 1, 1)) {
        CU_ASSERT_EQUAL(abbey_pci_read(b, 3, 0, at, 1), 9);
        seen |= 1u << abbey_pci_read(b, 3, 0, at + 3, 1);
    }
    CU_ASSERT_EQUAL(seen, 0x3e);
    CU_ASSERT_EQUAL(abbey_in(b, IO + 20, 4), 2048);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x2000, 4), 2048);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x2000 + 20, 4), 512);
    abbey_bench_free(b);
    open_bench(", read_only: true");
    CU_ASSERT_EQUAL(abbey_in(b, IO, 4) & 0x6020, 0x20);
    abbey_bench_free(b);
}

static void reads_and_writes(void)
{
    for (unsigned way = 0; way < 3; way++) {
        bool modern = way > 0, indirect = way == 2;
        abbey_disk_counts n = { .size = sizeof n };
        open_bench("");
        if (modern)
            start_modern();
        else
            start_legacy();
        CU_ASSERT_EQUAL(request(modern, indirect, IN, 5, 0x90000), 0); /* larger than a buffer */
        CU_ASSERT_EQUAL(memcmp(ram + DATA, disk + 5 * 512, 0x90000), 0);
        CU_ASSERT_EQUAL(ram[RINGS + 0x2000 + 4 + 4] | ram[RINGS + 0x2000 + 4 + 6] << 16, 1 | 9 << 16);
        for (unsigned i = 0; i < 0x50000; i++)
            ram[DATA + i] = (uint8_t)(i * 13 + (i >> 8));
        CU_ASSERT_EQUAL(request(modern, indirect, OUT, 700, 0x50000), 0);
        CU_ASSERT_EQUAL(memcmp(ram + DATA, disk + 700 * 512, 0x50000), 0);
        CU_ASSERT_EQUAL(request(modern, indirect, FLUSH, 0, 0), 0);
        abbey_disk_counts_get(b, "d", &n);
        CU_ASSERT_EQUAL(n.flushes, 1);
        CU_ASSERT_EQUAL(request(modern, indirect, GET_ID, 0, 20), 0);
        CU_ASSERT_EQUAL(memcmp(ram + DATA, "AB-blk", 7), 0);
        put(DATA, 3, 8);
        put(DATA + 8, 5, 8);
        CU_ASSERT_EQUAL(request(modern, indirect, ZEROES, 0, 16), 0);
        CU_ASSERT_EQUAL(disk[3 * 512] | disk[8 * 512 - 1], 0);
        CU_ASSERT_NOT_EQUAL(disk[3 * 512 - 1] | disk[8 * 512], 0);
        CU_ASSERT_EQUAL(request(modern, indirect, DISCARD, 0, 16), 0);
        CU_ASSERT_EQUAL(request(modern, indirect, 99, 0, 512), 2);
        CU_ASSERT_EQUAL(request(modern, indirect, IN, 2047, 1024), 1);
        CU_ASSERT_EQUAL(request(modern, indirect, IN, 0, 100), 1);
        abbey_disk_break(b, "d", 1);
        CU_ASSERT_EQUAL(request(modern, indirect, IN, 0, 512), 1);
        abbey_bench_free(b);
    }
}

static void features(void)
{
    open_bench("");
    abbey_store(b, MMIO + 20, 1, 3); /* nothing of version 1 */
    abbey_store(b, MMIO + 20, 1, 11);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 3);
    abbey_store(b, MMIO + 8, 4, 1); /* more than was offered */
    abbey_store(b, MMIO + 12, 4, 3);
    abbey_store(b, MMIO + 20, 1, 11);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 3);
    abbey_store(b, MMIO + 12, 4, 1);
    abbey_store(b, MMIO + 20, 1, 11);
    CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 11);
    abbey_bench_free(b);
}

/* More requests than slots, saved and restored while they are under way. */
static void many(void)
{
    open_bench("");
    start_modern();
    for (uint32_t i = 0; i < 60; i++) {
        uint32_t header = RINGS + 0x4000 + 32 * i;
        put(header, IN, 8);
        put(header + 8, 20 * i, 8);
        ram[header + 16] = 0xff;
        descriptor(RINGS, 3 * i, header, 16, 1, 3 * i + 1);
        descriptor(RINGS, 3 * i + 1, DATA + 0x2000 * i, 0x2000, 3, 3 * i + 2);
        descriptor(RINGS, 3 * i + 2, header + 16, 1, 2, 0);
        offer(3 * i);
    }
    notify(true);
    for (unsigned i = 0; i < 400; i++) {
        abbey_advance(b, 3 * ABBEY_US);
        if (i % 5 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(get16(RINGS + 0x2000 + 2), 60);
    for (uint32_t i = 0; i < 60; i++) {
        CU_ASSERT_EQUAL(ram[RINGS + 0x4000 + 32 * i + 16], 0);
        CU_ASSERT_EQUAL(memcmp(ram + DATA + 0x2000 * i, disk + 20 * 512 * i, 0x2000), 0);
    }
    abbey_bench_free(b);
}

/* After a reset no answer to what was asked before it arrives. */
static void reset_on_the_way(void)
{
    open_bench("");
    start_modern();
    descriptor(RINGS, 0, RINGS + 0x5000, 16, 1, 1);
    descriptor(RINGS, 1, DATA, 0x2000, 3, 2);
    descriptor(RINGS, 2, RINGS + 0x5010, 1, 2, 0);
    memset(ram + DATA, 0, 0x2000);
    put(RINGS + 0x5000, IN, 8);
    put(RINGS + 0x5008, 1, 8);
    ram[RINGS + 0x5010] = 0xff;
    offer(0);
    notify(true);
    abbey_store(b, MMIO + 20, 1, 0);
    abbey_advance(b, ABBEY_MS);
    CU_ASSERT_EQUAL(ram[RINGS + 0x5010], 0xff);
    CU_ASSERT_EQUAL(ram[DATA + 5], 0);
    CU_ASSERT_EQUAL(abbey_line(b, 18), 0);
    available = 0;
    start_modern();
    CU_ASSERT_EQUAL(request(true, false, IN, 1, 0x2000), 0);
    abbey_bench_free(b);
}

static void broken_drivers(void)
{
    static const char *const what[] = { "loop", "far index", "far head", "far next", "nested", "no memory", "order" };
    for (unsigned i = 0; i < sizeof what / sizeof what[0]; i++) {
        open_bench("");
        start_modern();
        descriptor(RINGS, 0, RINGS + 0x5000, 16, 1, 1);
        descriptor(RINGS, 1, DATA, 512, 3, 2);
        descriptor(RINGS, 2, RINGS + 0x5010, 1, 2, 0);
        switch (i) {
        case 0: descriptor(RINGS, 1, DATA, 512, 3, 1); break;
        case 1: available = 1000; break;
        case 3: descriptor(RINGS, 0, RINGS + 0x5000, 16, 1, 300); break;
        case 4:
            descriptor(RINGS, 0, RINGS + 0x6000, 32, 4, 0);
            descriptor(RINGS + 0x6000, 0, RINGS + 0x6000, 32, 4, 0);
            break;
        case 5: descriptor(RINGS, 0, 0xd0000000, 32, 4, 0); break;
        case 6: descriptor(RINGS, 0, RINGS + 0x5000, 16, 3, 1), descriptor(RINGS, 1, DATA, 512, 1, 2); break;
        default: break;
        }
        offer(i == 2 ? 256 : 0);
        notify(true);
        abbey_advance(b, ABBEY_MS);
        CU_ASSERT_EQUAL(abbey_load(b, MMIO + 20, 1), 15 | 64);
        if (abbey_load(b, MMIO + 20, 1) != (15 | 64))
            printf("# %s\n", what[i]);
        CU_ASSERT_EQUAL(abbey_line(b, 18), 1);
        CU_ASSERT_EQUAL(abbey_load(b, MMIO + 0x1000, 1), 2); /* configuration changed */
        available = 0;
        start_modern(); /* a reset heals */
        used = 0;
        CU_ASSERT_EQUAL(request(true, false, IN, 0, 512), 0);
        abbey_bench_free(b);
    }
}

static void fuzz(void)
{
    static const struct dut_ports ports[] = { { IO, 128 } };
    unsigned accesses = dut_fuzz_count(20000);
    uint32_t seed = 777;
    open_bench("");
    for (unsigned i = 0; i < accesses / 20; i++) {
        available = 0;
        if (i % 2)
            start_modern();
        else
            start_legacy();
        for (uint32_t k = 0; k < 0x3000 / 4; k++) { /* anything in the rings, mostly small numbers */
            seed = seed * 1664525 + 1013904223;
            if (seed >> 29 == 0)
                put(RINGS + 4 * k, seed >> 27 & 1 ? seed >> 8 & 0x1ffff : seed >> 8 & 0x70007, 4);
        }
        put(RINGS + 0x1000 + 2, seed >> 8 & 15, 2);
        notify(i % 2);
        abbey_advance(b, 20 * ABBEY_US);
        if (i % 8 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    }
    dut_fuzz(b, ports, 1, accesses);
    dut_fuzz_state(b, ports, 1, 100);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "reads, writes, flushes, zeroes by both interfaces", reads_and_writes },
    { "features", features },
    { "many requests, restored on the way", many },
    { "reset on the way", reset_on_the_way },
    { "drivers that break the rules", broken_drivers },
    { "stands random rings, accesses and states", fuzz },
};

int main(void)
{
    return unit_main("virtio-blk", tests, sizeof tests / sizeof tests[0]);
}
