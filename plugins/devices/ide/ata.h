/* ata.h - what every ATA drive has: the command block, data blocks by PIO and DMA, resets, and one request to its
 * medium at a time. ATA/ATAPI-5 (T13/1321D), cited as "ATA".
 *
 * A drive is always in one phase, and a command is a walk through them that the kind of drive decides:
 *
 *     IDLE     takes registers and commands
 *     BUSY     waits for its medium; BSY is set and registers are closed
 *     IN, OUT  a block of data[] is read or written through the data port; DRQ is set
 *     DMA      has a chunk ready, or wants one, and waits for the bus master; DRQ is set
 *
 *     READ SECTORS 2:  IDLE -> BUSY -> IN (512 bytes) -> BUSY -> IN (512 bytes) -> IDLE
 *     READ DMA 2:      IDLE -> BUSY -> DMA -> IDLE
 *
 * Everything that a command needs to go on stands in registers, so that a saved drive in the phase BUSY asks its medium
 * again when it is restored; the medium's buffer itself is not saved. A reset in the phase BUSY waits for the medium.
 */
#ifndef ABBEY_ATA_H
#define ABBEY_ATA_H

#include <stdbool.h>

#include "ide-bus.h"

#define ATA_BSY 0x80u
#define ATA_DRDY 0x40u
#define ATA_DSC 0x10u
#define ATA_DRQ 0x08u
#define ATA_ERR 0x01u

#define ATA_ERROR_UNC 0x40u
#define ATA_ERROR_IDNF 0x10u
#define ATA_ERROR_ABRT 0x04u

#define ATA_DEVICE_LBA 0x40u

#define ATA_PHASE_IDLE 0u
#define ATA_PHASE_BUSY 1u
#define ATA_PHASE_IN 2u
#define ATA_PHASE_OUT 3u
#define ATA_PHASE_DMA 4u
#define ATA_PHASES 5u

#define ATA_DATA_BYTES 8192u     /* the largest block by PIO: 16 sectors of 512 bytes */
#define ATA_BUFFER_BYTES 262144u /* the largest request to the medium */

struct ata;

/* What differs between kinds of drives. All [locked]. */
struct ata_kind {
    bool packet; /* a PACKET device: its signature, no DRDY after a reset */
    void (*command)(struct ata *ata, uint8_t command);
    void (*data_ended)(struct ata *ata);                   /* the host has read or written all of data[] */
    void (*medium_ended)(struct ata *ata, int32_t result); /* the request has ended; the phase is still BUSY */
    void (*dma_ready)(struct ata *ata);                    /* the bus master runs, in the phase DMA */
    void (*reset)(struct ata *ata);                        /* what a software reset changes beyond the command block */
    void (*ask_again)(struct ata *ata); /* restored in the phase BUSY or DMA: request and buffer are lost */
};

/* Registers that hold two bytes, the later in [0] (ATA/ATAPI-6 section 6.20: 48-bit addresses). */
struct ata {
    abbey_dev *dev;
    const struct ata_kind *kind;
    const struct ide_bus_ops *bus;
    void *bus_self;
    uint32_t unit;

    abbey_block *medium;
    abbey_block_request request;
    abbey_block_segment segment;
    uint8_t *buffer; /* of ATA_BUFFER_BYTES */
    bool flying;     /* the request is the backend's */
    bool stale;      /* its answer is not wanted: a state was loaded meanwhile */

    uint8_t error, device, status, control, irq;
    uint8_t feature[2], count[2], low[2], mid[2], high[2];
    uint8_t phase;
    uint8_t resetting; /* a reset waits for the medium */
    uint16_t at, end;  /* of data[], while the host reads or writes it */
    uint8_t data[ATA_DATA_BYTES];
};

/* Rows of the register table, for a drive with a field `ata`. */
#define ATA_REGS                                                                                             \
    ABBEY_REG(ata.error, 1), ABBEY_REG(ata.device, 0), ABBEY_REG(ata.status, 0), ABBEY_REG(ata.control, 0),  \
        ABBEY_REG(ata.irq, 0), ABBEY_REG(ata.feature, 0), ABBEY_REG(ata.count, 0), ABBEY_REG(ata.low, 0),    \
        ABBEY_REG(ata.mid, 0), ABBEY_REG(ata.high, 0), ABBEY_REG(ata.phase, 0), ABBEY_REG(ata.resetting, 0), \
        ABBEY_REG(ata.at, 0), ABBEY_REG(ata.end, 0), ABBEY_REG(ata.data, 0)

/* Puts the drive on its bus. 0, or -1 with a reported reason. [create] */
int32_t ata_create(struct ata *ata, abbey_dev *dev, uint32_t unit, const struct ata_kind *kind, abbey_block *medium);

/* For the descriptor's reset() and loaded(). */
void ata_power_on(struct ata *ata);
int32_t ata_loaded(struct ata *ata);

/* The command is over: ready, or failed with bits of the error register; then INTRQ. */
void ata_end(struct ata *ata);
void ata_fail(struct ata *ata, uint8_t error);
/* data[] holds `bytes` for the host, or is to get them. */
void ata_in(struct ata *ata, uint32_t bytes, bool interrupt);
/* The same for the bytes of data[] from `from` up to `to`, with an interrupt. */
void ata_in_part(struct ata *ata, uint32_t from, uint32_t to);
void ata_out(struct ata *ata, uint32_t bytes, bool interrupt);
/* Waits for the bus master, which may be running already. */
void ata_dma_wait(struct ata *ata);
/* Asks the medium; `bytes` of the buffer are read or written. */
void ata_medium(struct ata *ata, uint32_t kind, uint64_t offset, uint64_t bytes);
/* Reads into the buffer what a restore has lost, in the phase DMA; dma_ready() is called when it is there. */
void ata_refill(struct ata *ata, uint64_t offset, uint64_t bytes);
/* Raises or drops INTRQ, as nIEN lets it through. */
void ata_irq(struct ata *ata, bool level);
/* The registers of a PACKET device or a disk after a reset (ATA section 9.12). */
void ata_signature(struct ata *ata);
/* For EXECUTE DEVICE DIAGNOSTIC: the signature, error 01h (passed), INTRQ. */
void ata_diagnose(struct ata *ata);

/* ata_identify.c: text as `count` words, padded with blanks, its first character in the high byte. */
void ata_text_put(uint16_t *words, unsigned count, const char *text);
/* The supported modes of a kind, and which is chosen, as words 63 and 88 have them: mode n is bit n, and bit n + 8 says
 * that it is chosen. `mode` is as SET FEATURES has it, with its `kind` in bits 7:3. */
uint16_t ata_modes(uint8_t supported, uint8_t kind, uint8_t mode);

#endif
