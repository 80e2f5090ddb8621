#include "tests/devices/ide_rig.h"

#include <stdio.h>
#include <string.h>

#define TABLE 0x8000 /* of regions, in memory */

abbey_bench *ide_bench(const char *backends, const char *more)
{
    char text[2048];
    snprintf(text, sizeof text,
        "abbey: 1\nmemory: 1M\nbackends: {%s}\ndevices:\n"
        "  ide: {device: piix3-ide, addr: \"01.0\"}\n%s",
        backends, more);
    abbey_bench *bench = dut_machine(text);
    abbey_pci_write(bench, 1, 0, 0x20, 4, IDE_BM);
    abbey_pci_write(bench, 1, 0, 0x04, 2, 5);
    return bench;
}

uint8_t ide_wait(abbey_bench *bench, uint16_t base)
{
    for (unsigned i = 0; i < 1000 && dut_in(bench, (uint16_t)(base + 0x206)) & 0x80; i++)
        abbey_advance(bench, 10 * ABBEY_US);
    return dut_in(bench, (uint16_t)(base + 0x206));
}

void ide_command(abbey_bench *bench, uint16_t base, uint8_t drive, uint8_t command, uint32_t lba, uint8_t count)
{
    dut_out(bench, (uint16_t)(base + 6), (uint8_t)(0xe0u | (uint32_t)drive << 4 | (lba >> 24 & 15)));
    dut_out(bench, (uint16_t)(base + 2), count);
    dut_out(bench, (uint16_t)(base + 3), (uint8_t)lba);
    dut_out(bench, (uint16_t)(base + 4), (uint8_t)(lba >> 8));
    dut_out(bench, (uint16_t)(base + 5), (uint8_t)(lba >> 16));
    dut_out(bench, (uint16_t)(base + 7), command);
}

void ide_command_ext(abbey_bench *bench, uint16_t base, uint8_t drive, uint8_t command, uint64_t lba, uint16_t count)
{
    dut_out(bench, (uint16_t)(base + 6), (uint8_t)(0xe0u | (uint32_t)drive << 4));
    dut_out(bench, (uint16_t)(base + 2), (uint8_t)(count >> 8));
    dut_out(bench, (uint16_t)(base + 3), (uint8_t)(lba >> 24));
    dut_out(bench, (uint16_t)(base + 4), (uint8_t)(lba >> 32));
    dut_out(bench, (uint16_t)(base + 5), (uint8_t)(lba >> 40));
    dut_out(bench, (uint16_t)(base + 2), (uint8_t)count);
    dut_out(bench, (uint16_t)(base + 3), (uint8_t)lba);
    dut_out(bench, (uint16_t)(base + 4), (uint8_t)(lba >> 8));
    dut_out(bench, (uint16_t)(base + 5), (uint8_t)(lba >> 16));
    dut_out(bench, (uint16_t)(base + 7), command);
}

void ide_read(abbey_bench *bench, uint16_t base, uint8_t *to, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2) {
        uint32_t word = abbey_in(bench, base, 2);
        to[i] = (uint8_t)word;
        to[i + 1] = (uint8_t)(word >> 8);
    }
}

void ide_write(abbey_bench *bench, uint16_t base, const uint8_t *from, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i += 2)
        abbey_out(bench, base, 2, (uint32_t)from[i] | (uint32_t)from[i + 1] << 8);
}

void ide_dma(abbey_bench *bench, unsigned channel, uint32_t address, uint32_t bytes, bool to_memory)
{
    uint16_t bm = (uint16_t)(IDE_BM + 8 * channel);
    uint32_t table = TABLE;
    for (uint32_t done = 0; done < bytes; table += 8) { /* a region does not cross 64 KB */
        uint32_t part = 0x10000 - ((address + done) & 0xffff);
        part = part < bytes - done ? part : bytes - done;
        abbey_store(bench, table, 4, address + done);
        done += part;
        abbey_store(bench, table + 4, 4, (part & 0xffff) | (done == bytes ? 0x80000000u : 0));
    }
    abbey_out(bench, (uint16_t)(bm + 4), 4, TABLE);
    dut_out(bench, (uint16_t)(bm + 2), 0x06);
    dut_out(bench, bm, to_memory ? 0x08 : 0x00);
    dut_out(bench, bm, to_memory ? 0x09 : 0x01);
}

uint8_t ide_dma_status(abbey_bench *bench, unsigned channel)
{
    return dut_in(bench, (uint16_t)(IDE_BM + 8 * channel + 2));
}

void ide_dma_stop(abbey_bench *bench, unsigned channel)
{
    dut_out(bench, (uint16_t)(IDE_BM + 8 * channel), 0);
}
