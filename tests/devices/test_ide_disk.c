/* test_ide_disk.c - the IDE controller and its disks, as drivers see them. */
#include "tests/devices/ide_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define P IDE_PRIMARY
#define SECTORS 2048u

static abbey_bench *one_disk(void)
{
    abbey_bench *b = ide_bench("d: {backend: bench-disk, size: 1M}", "  hd: {device: ide-disk, media: d}\n");
    uint64_t bytes;
    uint8_t *disk = abbey_disk(b, "d", &bytes);
    for (uint64_t i = 0; i < bytes; i++)
        disk[i] = (uint8_t)(i * 7 + (i >> 9));
    return b;
}

static uint8_t *disk_of(abbey_bench *b)
{
    uint64_t bytes;
    return abbey_disk(b, "d", &bytes);
}

static uint16_t word(const uint8_t *bytes, unsigned index)
{
    return (uint16_t)(bytes[2 * index] | bytes[2 * index + 1] << 8);
}

static void identification(void)
{
    abbey_bench *b = one_disk();
    uint8_t id[512], sum = 0;
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0, 4), 0x70108086);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 8, 4) >> 8, 0x010180);
    CU_ASSERT_EQUAL(abbey_pci_read(b, 1, 0, 0x40, 4), 0x80008000);
    ide_command(b, P, 0, 0xec, 0, 0);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 1);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x58);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 0);
    ide_read(b, P, id, 512);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
    CU_ASSERT_EQUAL(memcmp(id + 54, "BAEB YAHDRIDKS ", 12), 0); /* "ABBEY HARDDISK", bytes of words swapped */
    CU_ASSERT_EQUAL(word(id, 60) | word(id, 61) << 16, SECTORS);
    CU_ASSERT_EQUAL(word(id, 1) * word(id, 3) * word(id, 6), 2 * 16 * 63);
    CU_ASSERT_EQUAL(word(id, 83) & 0x0400, 0x0400);
    for (unsigned i = 0; i < 512; i++)
        sum = (uint8_t)(sum + id[i]);
    CU_ASSERT_EQUAL(sum, 0);
    abbey_bench_free(b);
}

static void pio(void)
{
    abbey_bench *b = one_disk();
    uint8_t data[3 * 512], *disk = disk_of(b);
    ide_command(b, P, 0, 0x20, 5, 3);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
        CU_ASSERT_EQUAL(abbey_line(b, 14), 1);
        dut_in(b, P + 7);
        ide_read(b, P, data + 512 * i, 512);
    }
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 0);
    CU_ASSERT_EQUAL(memcmp(data, disk + 5 * 512, sizeof data), 0);

    ide_command(b, P, 0, 0x30, 100, 2);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 0); /* the first block needs no interrupt */
    ide_write(b, P, data, 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 1);
    dut_in(b, P + 7);
    ide_write(b, P, data + 512, 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 1);
    CU_ASSERT_EQUAL(memcmp(disk + 100 * 512, data, 1024), 0);
    abbey_bench_free(b);
}

static void multiple(void)
{
    abbey_bench *b = one_disk();
    uint8_t data[20 * 512], *disk = disk_of(b);
    ide_command(b, P, 0, 0xc4, 0, 20); /* before SET MULTIPLE MODE */
    CU_ASSERT_EQUAL(dut_in(b, P + 7) & 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x04);
    ide_command(b, P, 0, 0xc6, 0, 16);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
    ide_command(b, P, 0, 0xc4, 7, 20);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    ide_read(b, P, data, 16 * 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    ide_read(b, P, data + 16 * 512, 4 * 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(memcmp(data, disk + 7 * 512, sizeof data), 0);
    ide_command_ext(b, P, 0, 0x39, 200, 17);
    ide_wait(b, P);
    ide_write(b, P, data, 16 * 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    ide_write(b, P, data + 16 * 512, 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(memcmp(disk + 200 * 512, data, 17 * 512), 0);
    abbey_bench_free(b);
}

static void dma(void)
{
    abbey_bench *b = one_disk();
    uint64_t bytes;
    uint8_t *ram = abbey_ram(b, &bytes), *disk = disk_of(b);
    /* The command first, then the start; and the other way round. */
    for (unsigned order = 0; order < 2; order++) {
        memset(ram + 0x11000, 0, 256 * 512);
        if (order)
            ide_dma(b, 0, 0x11000, 256 * 512, true);
        ide_command(b, P, 0, 0xc8, 3, 0); /* 0: 256 sectors */
        if (!order) {
            CU_ASSERT_EQUAL(ide_wait(b, P) & 0x89, 0x08);
            ide_dma(b, 0, 0x11000, 256 * 512, true);
        }
        CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
        CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 7, 4);
        CU_ASSERT_EQUAL(abbey_line(b, 14), 1);
        ide_dma_stop(b, 0);
        dut_in(b, P + 7);
        CU_ASSERT_EQUAL(memcmp(ram + 0x11000, disk + 3 * 512, 256 * 512), 0);
    }
    ide_dma(b, 0, 0x11000, 1000 * 512, false);
    ide_command_ext(b, P, 0, 0x35, 1024, 1000);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 7, 4);
    CU_ASSERT_EQUAL(memcmp(ram + 0x11000, disk + 1024 * 512, 1000 * 512), 0);
    abbey_bench_free(b);
}

/* A table that is too short leaves the drive waiting, one that is too long leaves the channel active (BM section 3). */
static void dma_of_other_sizes(void)
{
    abbey_bench *b = one_disk();
    ide_dma(b, 0, 0x11000, 512, true);
    ide_command(b, P, 0, 0xc8, 0, 2);
    CU_ASSERT_EQUAL(ide_wait(b, P) & 0x89, 0x08);
    CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 7, 0);
    dut_out(b, P + 0x206, 4);
    CU_ASSERT_EQUAL(ide_wait(b, P) & 0x80, 0x80);
    dut_out(b, P + 0x206, 0);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    ide_dma_stop(b, 0);
    ide_dma(b, 0, 0x11000, 4096, true);
    ide_command(b, P, 0, 0xc8, 0, 2);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 7, 5);
    ide_dma_stop(b, 0);
    CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 7, 4);
    /* Regions where there is no memory. */
    ide_dma(b, 0, 0xd0000000, 1024, true);
    ide_command(b, P, 0, 0xc8, 0, 2);
    ide_wait(b, P);
    CU_ASSERT_EQUAL(ide_dma_status(b, 0) & 3, 2);
    abbey_bench_free(b);
}

static void errors(void)
{
    abbey_bench *b = one_disk();
    ide_command(b, P, 0, 0x20, SECTORS - 1, 2);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x51);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x10);
    ide_command_ext(b, P, 0, 0x25, 1ull << 40, 1);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x51);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x10);
    ide_command(b, P, 0, 0xb0, 0, 0); /* SMART is not there */
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x04);
    ide_command(b, P, 0, 0xa1, 0, 0); /* nor is it a PACKET device */
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x04);
    abbey_disk_break(b, "d", 1);
    ide_command(b, P, 0, 0x20, 0x123, 1);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x51);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x40);
    CU_ASSERT_EQUAL(dut_in(b, P + 3), 0x23);
    CU_ASSERT_EQUAL(dut_in(b, P + 4), 0x01);
    ide_command(b, P, 0, 0xe7, 0, 0);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x51);
    abbey_disk_break(b, "d", 0);
    ide_command(b, P, 0, 0xe7, 0, 0);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    abbey_bench_free(b);
}

static void flushes(void)
{
    abbey_bench *b = one_disk();
    uint8_t data[512] = { 0 };
    abbey_disk_counts n = { .size = sizeof n };
    ide_command(b, P, 0, 0xe7, 0, 0);
    ide_wait(b, P);
    ide_command(b, P, 0, 0xea, 0, 0);
    ide_wait(b, P);
    ide_command(b, P, 0, 0xe0, 0, 0); /* STANDBY IMMEDIATE, before power-off */
    ide_wait(b, P);
    abbey_disk_counts_get(b, "d", &n);
    CU_ASSERT_EQUAL(n.flushes, 3);
    /* Without the write cache a write is not done before it is safe. */
    dut_out(b, P + 1, 0x82);
    ide_command(b, P, 0, 0xef, 0, 0);
    ide_command(b, P, 0, 0x30, 1, 1);
    ide_write(b, P, data, 512);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    abbey_disk_counts_get(b, "d", &n);
    CU_ASSERT_EQUAL(n.flushes, 4);
    abbey_bench_free(b);
}

static void cylinders_heads_sectors(void)
{
    abbey_bench *b = one_disk();
    uint8_t data[512], *disk = disk_of(b);
    dut_out(b, P + 6, 0xa3); /* 4 heads */
    dut_out(b, P + 2, 17);
    dut_out(b, P + 7, 0x91);
    dut_out(b, P + 6, 0xa2); /* cylinder 5, head 2, sector 9 */
    dut_out(b, P + 2, 1);
    dut_out(b, P + 3, 9);
    dut_out(b, P + 4, 5);
    dut_out(b, P + 5, 0);
    dut_out(b, P + 7, 0x20);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x58);
    ide_read(b, P, data, 512);
    CU_ASSERT_EQUAL(memcmp(data, disk + ((5 * 4 + 2) * 17 + 8) * 512, 512), 0);
    dut_out(b, P + 3, 0); /* there is no sector 0 */
    dut_out(b, P + 7, 0x20);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x51);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 0x10);
    abbey_bench_free(b);
}

static void drives_and_channels(void)
{
    abbey_bench *b = ide_bench("d: {backend: bench-disk, size: 1M}, e: {backend: bench-disk, size: 64K}",
        "  hd: {device: ide-disk, media: d}\n  he: {device: ide-disk, unit: 3, media: e}\n");
    /* Drive 1 of the primary channel is not there: drive 0 answers for it with a status of 0. */
    dut_out(b, P + 6, 0xb0);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0);
    dut_out(b, P + 7, 0xec);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0);
    dut_out(b, P + 6, 0xa0);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
    /* Drive 0 of the secondary is not there: the bus floats. */
    dut_out(b, IDE_SECONDARY + 6, 0xa0);
    CU_ASSERT_EQUAL(dut_in(b, IDE_SECONDARY + 7), 0xff);
    ide_command(b, IDE_SECONDARY, 1, 0xec, 0, 0);
    CU_ASSERT_EQUAL(ide_wait(b, IDE_SECONDARY), 0x58);
    CU_ASSERT_EQUAL(abbey_line(b, 15), 1);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 0);
    /* nIEN holds the line down, and lets the interrupt through later. */
    dut_out(b, IDE_SECONDARY + 0x206, 2);
    CU_ASSERT_EQUAL(abbey_line(b, 15), 0);
    dut_out(b, IDE_SECONDARY + 0x206, 0);
    CU_ASSERT_EQUAL(abbey_line(b, 15), 1);
    /* A channel that IDETIM does not decode is not there. */
    abbey_pci_write(b, 1, 0, 0x40, 2, 0);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0xff);
    abbey_pci_write(b, 1, 0, 0x40, 2, 0x8000);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
    abbey_bench_free(b);
}

static void resets(void)
{
    abbey_bench *b = one_disk();
    ide_command(b, P, 0, 0xec, 0, 0);
    dut_out(b, P + 0x206, 4);
    CU_ASSERT_EQUAL(dut_in(b, P + 0x206), 0x80);
    dut_out(b, P + 0x206, 0);
    CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 1);
    CU_ASSERT_EQUAL(dut_in(b, P + 2), 1);
    CU_ASSERT_EQUAL(dut_in(b, P + 3), 1);
    CU_ASSERT_EQUAL(dut_in(b, P + 4) | dut_in(b, P + 5), 0);
    /* While the medium has not answered, a reset waits, and what it answers is dropped. */
    ide_command(b, P, 0, 0x20, 0, 1);
    dut_out(b, P + 0x206, 4);
    dut_out(b, P + 0x206, 0);
    CU_ASSERT_EQUAL(dut_in(b, P + 0x206), 0x80);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(abbey_line(b, 14), 0);
    ide_command(b, P, 0, 0x20, 0, 1);
    abbey_bench_reset(b);
    abbey_pci_write(b, 1, 0, 0x04, 2, 5);
    CU_ASSERT_EQUAL(dut_in(b, P + 0x206), 0x80);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    dut_out(b, P + 7, 0x90);
    CU_ASSERT_EQUAL(ide_wait(b, P), 0x50);
    CU_ASSERT_EQUAL(dut_in(b, P + 1), 1);
    abbey_bench_free(b);
}

/* Saved and restored at every point of its way, a transfer arrives whole. */
static void restored_on_the_way(void)
{
    static const uint8_t commands[] = { 0x24, 0x29, 0x25, 0x34, 0x39, 0x35 };
    for (unsigned c = 0; c < sizeof commands; c++) {
        abbey_bench *b = one_disk();
        uint64_t bytes;
        bool to_disk = commands[c] >= 0x30, by_dma = (commands[c] & 15) == 5;
        uint8_t *ram = abbey_ram(b, &bytes) + 0x20000, *disk = disk_of(b), expected[600 * 512];
        for (unsigned i = 0; i < sizeof expected; i++)
            expected[i] = to_disk ? (uint8_t)(i * 13 + (i >> 9)) : disk[512 + i];
        ide_command(b, P, 0, 0xc6, 0, 16);
        memcpy(ram, expected, to_disk ? sizeof expected : 0);
        if (by_dma)
            ide_dma(b, 0, 0x20000, sizeof expected, !to_disk);
        ide_command_ext(b, P, 0, commands[c], 1, 600);
        for (unsigned done = 0, i = 0; i < 5000; i++) {
            if (i % 7 != 6 && i < 60)
                CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
            uint8_t status = dut_in(b, P + 7);
            if (!(status & 0x80) && (status & 8) && !by_dma) {
                unsigned part = 128; /* within a block as well */
                part = sizeof expected - done < part ? (unsigned)sizeof expected - done : part;
                if (to_disk)
                    ide_write(b, P, expected + done, part);
                else
                    ide_read(b, P, ram + done, part);
                done += part;
            }
            abbey_advance(b, 5 * ABBEY_US);
        }
        CU_ASSERT_EQUAL(dut_in(b, P + 7), 0x50);
        CU_ASSERT_EQUAL(memcmp(to_disk ? disk_of(b) + 512 : ram, expected, sizeof expected), 0);
        abbey_bench_free(b);
    }
}

static void refused(void)
{
    static const char *const bad[] = {
        "  hd: {device: ide-disk, media: d}\n  he: {device: ide-disk, media: e}\n", /* both unit 0 */
        "  hd: {device: ide-disk, media: d, unit: 4}\n",
        "  hd: {device: ide-disk, media: n}\n", /* empty */
        "  hd: {device: ide-disk, media: d, heads: 4}\n",
    };
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[600];
        snprintf(text, sizeof text,
            "abbey: 1\nmemory: 1M\nbackends: {d: {backend: bench-disk}, e: {backend: bench-disk}, n: {backend: "
            "bench-disk, "
            "size: 0}}\ndevices:\n  ide: {device: piix3-ide}\n%s",
            bad[i]);
        abbey_bench *b = abbey_bench_machine(text);
        CU_ASSERT_PTR_NULL(b);
        abbey_bench_free(b);
    }
}

static void fuzz(void)
{
    static const struct dut_ports ports[] = { { 0x1f0, 8 }, { 0x3f6, 1 }, { IDE_BM, 16 }, { 0x1f0, 8 }, { 0x170, 8 } };
    abbey_bench *b = ide_bench("d: {backend: bench-disk, size: 1M}, e: {backend: bench-disk, size: 64K}",
        "  hd: {device: ide-disk, media: d}\n  he: {device: ide-disk, unit: 1, media: e}\n");
    dut_fuzz(b, ports, sizeof ports / sizeof ports[0], dut_fuzz_count(30000));
    dut_fuzz_state(b, ports, sizeof ports / sizeof ports[0], 100);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "reads and writes sectors by PIO", pio },
    { "reads and writes in blocks of several sectors", multiple },
    { "reads and writes by DMA", dma },
    { "DMA tables that are too short, too long, or wrong", dma_of_other_sizes },
    { "reports errors", errors },
    { "flushes", flushes },
    { "addresses by cylinder, head, sector", cylinders_heads_sectors },
    { "four drives on two channels", drives_and_channels },
    { "resets", resets },
    { "restored in the middle of a transfer", restored_on_the_way },
    { "refuses drives that cannot be", refused },
    { "stands random accesses and states", fuzz },
};

int main(void)
{
    return unit_main("ide-disk", tests, sizeof tests / sizeof tests[0]);
}
