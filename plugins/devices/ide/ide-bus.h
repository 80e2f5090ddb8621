/* ide-bus.h - the cable between an IDE controller and its drives: a bus of kind "ide", offered as abbey.bus/1.
 *
 * The controller decodes ports and moves DMA data; all registers of the command block are in the drives, as in
 * hardware. Units 0 and 1 are drive 0 and 1 of the primary channel, 2 and 3 those of the secondary. */
#ifndef ABBEY_IDE_BUS_H
#define ABBEY_IDE_BUS_H

#include <abbey/plugin.h>

#define IDE_BUS_1 "org.abbey.ide/1"
#define IDE_UNITS 4u

/* Registers by their place in the command block (ATA-5 section 7), and the one register of the control block. */
#define IDE_DATA 0u
#define IDE_ERROR 1u /* read; features, written */
#define IDE_COUNT 2u
#define IDE_LOW 3u
#define IDE_MID 4u
#define IDE_HIGH 5u
#define IDE_DEVICE 6u
#define IDE_STATUS 7u  /* read; command, written */
#define IDE_CONTROL 8u /* device control, written; alternate status, read */

/* The drive's side. All [locked]. */
struct ide_drive_ops {
    uint32_t size;
    uint32_t reserved;
    /* Registers 1 to 8 of the selected drive. */
    uint8_t (*read)(void *self, uint32_t reg);
    /* Every write reaches both drives of a channel but that of a command: it goes to the selected one, or to both
     * when it is EXECUTE DEVICE DIAGNOSTIC. */
    void (*write)(void *self, uint32_t reg, uint8_t value);
    uint16_t (*data_read)(void *self);
    void (*data_write)(void *self, uint16_t value);
    /* The bus master was started: a drive that waits for it calls dma(). */
    void (*dma_ready)(void *self);
};

/* The controller's side. */
struct ide_bus_ops {
    uint32_t size;
    uint32_t reserved;
    /* Puts a drive on the cable. 0, or -1 with the reason reported as the drive's. [create] */
    int32_t (*attach)(void *bus, abbey_dev *drive, uint32_t unit, const struct ide_drive_ops *ops, void *self);
    /* The drive's INTRQ, as nIEN lets it through. [locked] */
    void (*intrq)(void *bus, uint32_t unit, uint32_t level);
    /* Moves up to `count` bytes between the drive and memory, `to_memory` or from it; returns how many were moved:
     * fewer when the bus master is not started, set up for the other direction, or at the end of its table. From memory
     * the position stays until dma_advance(), so that a transfer under way can be begun again after a restore. [locked]
     */
    uint32_t (*dma)(void *bus, uint32_t unit, uint8_t *bytes, uint32_t count, uint32_t to_memory);
    void (*dma_advance)(void *bus, uint32_t unit, uint32_t count);
};

#endif
