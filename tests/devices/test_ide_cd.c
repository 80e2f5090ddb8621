/* test_ide_cd.c - the CD-ROM drive, as drivers see it. */
#include "tests/devices/ide_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define S IDE_SECONDARY
#define SECTORS 500u

static abbey_bench *drive(void)
{
    abbey_bench *b =
        ide_bench("c: {backend: bench-disk, size: 1000K, read_only: true}", "  cd: {device: ide-cd, media: c}\n");
    uint64_t bytes;
    uint8_t *disc = abbey_disk(b, "c", &bytes);
    for (uint64_t i = 0; i < bytes; i++)
        disc[i] = (uint8_t)(i * 11 + (i >> 11));
    return b;
}

/* Sends a packet; the status when the drive has something, or is done. `limit`: bytes of a block; 0: by DMA. */
static uint8_t packet_send(abbey_bench *b, const uint8_t packet[12], uint16_t limit)
{
    dut_out(b, S + 6, 0xa0);
    dut_out(b, S + 1, limit ? 0 : 1);
    dut_out(b, S + 4, (uint8_t)limit);
    dut_out(b, S + 5, (uint8_t)(limit >> 8));
    dut_out(b, S + 7, 0xa0);
    CU_ASSERT_EQUAL(ide_wait(b, S), 0x48);
    CU_ASSERT_EQUAL(dut_in(b, S + 2) & 7, 1);
    CU_ASSERT_EQUAL(abbey_line(b, 15), 0);
    ide_write(b, S, packet, 12);
    return ide_wait(b, S);
}

/* Reads all blocks of a reply by PIO; how many bytes. */
static unsigned reply(abbey_bench *b, uint8_t *to, unsigned room)
{
    unsigned done = 0;
    while (ide_wait(b, S) & 8) {
        unsigned bytes = dut_in(b, S + 4) | (unsigned)dut_in(b, S + 5) << 8;
        CU_ASSERT_EQUAL(dut_in(b, S + 2) & 7, 2);
        CU_ASSERT_EQUAL(abbey_line(b, 15), 1);
        dut_in(b, S + 7);
        if (!bytes || bytes > room - done)
            break;
        ide_read(b, S, to + done, bytes);
        done += bytes;
    }
    CU_ASSERT_EQUAL(abbey_line(b, 15), 1);
    CU_ASSERT_EQUAL(dut_in(b, S + 2) & 7, 3);
    dut_in(b, S + 7);
    return done;
}

/* The key and additional sense, as REQUEST SENSE gives them. */
static uint32_t sense(abbey_bench *b)
{
    static const uint8_t packet[12] = { 0x03, 0, 0, 0, 18 };
    uint8_t bytes[64];
    packet_send(b, packet, 18);
    CU_ASSERT_EQUAL(reply(b, bytes, sizeof bytes), 18);
    return (uint32_t)bytes[2] << 16 | (uint32_t)bytes[12] << 8 | bytes[13];
}

static void settle(abbey_bench *b)
{
    static const uint8_t ready[12] = { 0 };
    packet_send(b, ready, 0xfffe);
    CU_ASSERT_EQUAL(sense(b), 0x062900); /* the attention that a power-on leaves */
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x40);
}

static void identification(void)
{
    abbey_bench *b = drive();
    uint8_t id[512];
    CU_ASSERT_EQUAL(dut_in(b, S + 7), 0);
    CU_ASSERT_EQUAL(dut_in(b, S + 4), 0x14);
    CU_ASSERT_EQUAL(dut_in(b, S + 5), 0xeb);
    ide_command(b, S, 0, 0xec, 0x123456, 7); /* as a disk: refused, with the signature */
    CU_ASSERT_EQUAL(dut_in(b, S + 7) & 1, 1);
    CU_ASSERT_EQUAL(dut_in(b, S + 4) | dut_in(b, S + 5) << 8, 0xeb14);
    ide_command(b, S, 0, 0xa1, 0, 0);
    CU_ASSERT_EQUAL(ide_wait(b, S), 0x48);
    ide_read(b, S, id, 512);
    CU_ASSERT_EQUAL(id[0] | id[1] << 8, 0x85c0);
    CU_ASSERT_EQUAL(memcmp(id + 54, "BAEB YDCR-MO", 12), 0);
    abbey_bench_free(b);
}

static void reads(void)
{
    static const uint16_t limits[] = { 0xfffe, 2048, 8192, 512, 0 };
    abbey_bench *b = drive();
    uint64_t size;
    uint8_t data[10 * 2048], *disc = abbey_disk(b, "c", &size), *ram = abbey_ram(b, &size) + 0x20000;
    static const uint8_t packet[12] = { 0x28, 0, 0, 0, 0x01, 0x02, 0, 0, 10 };
    settle(b);
    for (unsigned i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        memset(data, 0, sizeof data);
        if (!limits[i])
            ide_dma(b, 1, 0x20000, sizeof data, true);
        packet_send(b, packet, limits[i]);
        if (limits[i]) {
            CU_ASSERT_EQUAL(reply(b, data, sizeof data), sizeof data);
        } else {
            CU_ASSERT_EQUAL(ide_wait(b, S), 0x40);
            CU_ASSERT_EQUAL(ide_dma_status(b, 1) & 7, 4);
            memcpy(data, ram, sizeof data);
        }
        CU_ASSERT_EQUAL(memcmp(data, disc + 0x102 * 2048, sizeof data), 0);
    }
    static const uint8_t beyond[12] = { 0x28, 0, 0, 0, 0x01, 0xf0, 0, 0, 10 };
    CU_ASSERT_EQUAL(packet_send(b, beyond, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(dut_in(b, S + 1) >> 4, 5);
    CU_ASSERT_EQUAL(sense(b), 0x052100);
    abbey_disk_break(b, "c", 1);
    CU_ASSERT_EQUAL(packet_send(b, packet, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x031100);
    abbey_bench_free(b);
}

static void contents(void)
{
    abbey_bench *b = drive();
    uint8_t bytes[256];
    settle(b);
    static const uint8_t capacity[12] = { 0x25 };
    packet_send(b, capacity, 0xfffe);
    CU_ASSERT_EQUAL(reply(b, bytes, sizeof bytes), 8);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x00\x00\x01\xf3\x00\x00\x08\x00", 8), 0);
    static const uint8_t toc[12] = { 0x43, 2, 0, 0, 0, 0, 0, 0, 255 };
    packet_send(b, toc, 0xfffe);
    CU_ASSERT_EQUAL(reply(b, bytes, sizeof bytes), 20);
    CU_ASSERT_EQUAL(
        memcmp(bytes, "\x00\x12\x01\x01\x00\x14\x01\x00\x00\x00\x02\x00\x00\x16\xaa\x00\x00\x00\x08\x32", 20), 0);
    static const uint8_t inquiry[12] = { 0x12, 0, 0, 0, 36 };
    packet_send(b, inquiry, 0xfffe);
    CU_ASSERT_EQUAL(reply(b, bytes, sizeof bytes), 36);
    CU_ASSERT_EQUAL(bytes[0], 5);
    static const uint8_t sense_10[12] = { 0x5a, 0, 0x2a, 0, 0, 0, 0, 0, 255 };
    packet_send(b, sense_10, 0xfffe);
    CU_ASSERT_EQUAL(reply(b, bytes, sizeof bytes), 28);
    CU_ASSERT_EQUAL(bytes[8], 0x2a);
    static const uint8_t unknown[12] = { 0x2a };
    CU_ASSERT_EQUAL(packet_send(b, unknown, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x052000);
    abbey_bench_free(b);
}

/* The disc is taken out and another put in, by the user and by the guest, with the door locked and not. */
static void changes(void)
{
    static const uint8_t ready[12] = { 0 }, lock[12] = { 0x1e, 0, 0, 0, 1 }, unlock[12] = { 0x1e },
                         eject[12] = { 0x1b, 0, 0, 0, 2 }, close[12] = { 0x1b, 0, 0, 0, 3 },
                         event[12] = { 0x4a, 1, 0, 0, 0x10, 0, 0, 0, 8 };
    abbey_bench *b = drive();
    uint8_t bytes[8];
    abbey_disk_counts n = { .size = sizeof n };
    settle(b);
    abbey_disk_insert(b, "c", 0);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x023a00);
    packet_send(b, event, 0xfffe);
    reply(b, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x00\x06\x04\x10\x03\x00", 6), 0);
    abbey_disk_insert(b, "c", 1);
    packet_send(b, event, 0xfffe);
    reply(b, bytes, sizeof bytes);
    CU_ASSERT_EQUAL(memcmp(bytes, "\x00\x06\x04\x10\x02\x02", 6), 0);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x062800);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x40);
    packet_send(b, lock, 0xfffe);
    abbey_disk_counts_get(b, "c", &n);
    CU_ASSERT_EQUAL(n.locked, 1);
    CU_ASSERT_EQUAL(packet_send(b, eject, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x055302);
    packet_send(b, unlock, 0xfffe);
    CU_ASSERT_EQUAL(packet_send(b, eject, 0xfffe), 0x40);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x023a00);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(packet_send(b, close, 0xfffe), 0x40);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x41); /* the tray is in, and empty */
    abbey_bench_free(b);
}

static void empty_drive(void)
{
    abbey_bench *b = ide_bench("", "  cd: {device: ide-cd}\n");
    static const uint8_t ready[12] = { 0 };
    packet_send(b, ready, 0xfffe);
    CU_ASSERT_EQUAL(sense(b), 0x062900);
    CU_ASSERT_EQUAL(packet_send(b, ready, 0xfffe), 0x41);
    CU_ASSERT_EQUAL(sense(b), 0x023a00);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_bench_free(b);
}

static void restored_on_the_way(void)
{
    static const uint8_t packet[12] = { 0xa8, 0, 0, 0, 0, 3, 0, 0, 0, 200 };
    for (unsigned by_dma = 0; by_dma < 2; by_dma++) {
        abbey_bench *b = drive();
        uint64_t size;
        uint8_t *ram = abbey_ram(b, &size) + 0x20000;
        unsigned done = 0;
        settle(b);
        if (by_dma)
            ide_dma(b, 1, 0x20000, 200 * 2048, true);
        packet_send(b, packet, by_dma ? 0 : 1024);
        for (unsigned i = 0; i < 20000; i++) {
            if (i % 5 != 4 && i < 100)
                CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
            if ((dut_in(b, S + 7) & 0x88) == 8 && !by_dma) {
                ide_read(b, S, ram + done, 64);
                done += 64;
            }
            abbey_advance(b, 5 * ABBEY_US);
        }
        CU_ASSERT_EQUAL(dut_in(b, S + 7), 0x40);
        CU_ASSERT_EQUAL(memcmp(ram, abbey_disk(b, "c", &size) + 3 * 2048, 200 * 2048), 0);
        abbey_bench_free(b);
    }
}

/* Random packets, and random accesses between them. */
static void fuzz(void)
{
    static const struct dut_ports ports[] = { { 0x170, 8 }, { 0x376, 1 }, { IDE_BM + 8, 8 }, { 0x170, 2 } };
    static const uint8_t opcodes[] = { 0x00, 0x03, 0x12, 0x1b, 0x1e, 0x25, 0x28, 0x2b, 0x42, 0x43, 0x46, 0x4a, 0x51,
        0x52, 0x55, 0x5a, 0xa8, 0xbb, 0xbd, 0xbe, 0xff };
    unsigned accesses = dut_fuzz_count(20000);
    abbey_bench *b = drive();
    uint32_t seed = 12345;
    for (unsigned i = 0; i < accesses / 40; i++) {
        uint8_t packet[12], bytes[64];
        for (unsigned k = 0; k < 12; k++)
            packet[k] = (seed = seed * 1664525 + 1013904223) >> 30 ? 0 : (uint8_t)(seed >> 16);
        packet[0] = opcodes[seed % sizeof opcodes];
        dut_out(b, S + 0x206, 4);
        dut_out(b, S + 0x206, 0);
        ide_wait(b, S);
        if (seed >> 20 & 1)
            ide_dma(b, 1, 0x20000, 4096, true);
        dut_out(b, S + 1, (uint8_t)(seed >> 21 & 1));
        dut_out(b, S + 4, (uint8_t)(seed >> 8));
        dut_out(b, S + 5, (uint8_t)(seed >> 25));
        dut_out(b, S + 7, 0xa0);
        ide_write(b, S, packet, 12);
        ide_wait(b, S);
        ide_read(b, S, bytes, sizeof bytes);
        if (i % 16 == 0)
            CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
        abbey_disk_insert(b, "c", seed >> 12 & 1);
    }
    dut_fuzz(b, ports, sizeof ports / sizeof ports[0], accesses);
    dut_fuzz_state(b, ports, sizeof ports / sizeof ports[0], 100);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "says what it is", identification },
    { "reads by PIO in blocks of any size, and by DMA", reads },
    { "tells what is on the disc", contents },
    { "the disc is changed", changes },
    { "a drive without a disc", empty_drive },
    { "restored in the middle of a transfer", restored_on_the_way },
    { "stands random packets, accesses and states", fuzz },
};

int main(void)
{
    return unit_main("ide-cd", tests, sizeof tests / sizeof tests[0]);
}
