/* ide_rig.h - a PC's IDE controller with drives on the author's bench, driven by the registers as drivers do. */
#ifndef ABBEY_TESTS_IDE_RIG_H
#define ABBEY_TESTS_IDE_RIG_H

#include <stdbool.h>

#include "tests/devices/dut.h"

#define IDE_PRIMARY 0x1f0
#define IDE_SECONDARY 0x170
#define IDE_BM 0xc000 /* where the rig puts the bus master */

/* A bench with the controller at 01.0 and what `more` adds to `devices:`, and `backends`; bus mastering is on. */
abbey_bench *ide_bench(const char *backends, const char *more);

/* Lets the medium answer; the status then. */
uint8_t ide_wait(abbey_bench *bench, uint16_t base);

/* Writes the registers of a command with a 28-bit address. */
void ide_command(abbey_bench *bench, uint16_t base, uint8_t drive, uint8_t command, uint32_t lba, uint8_t count);
/* The same with a 48-bit address. */
void ide_command_ext(abbey_bench *bench, uint16_t base, uint8_t drive, uint8_t command, uint64_t lba, uint16_t count);

void ide_read(abbey_bench *bench, uint16_t base, uint8_t *to, unsigned bytes);
void ide_write(abbey_bench *bench, uint16_t base, const uint8_t *from, unsigned bytes);

/* Sets up and starts the bus master of a channel (0, 1) for one region of memory. */
void ide_dma(abbey_bench *bench, unsigned channel, uint32_t address, uint32_t bytes, bool to_memory);
uint8_t ide_dma_status(abbey_bench *bench, unsigned channel);
void ide_dma_stop(abbey_bench *bench, unsigned channel);

#endif
