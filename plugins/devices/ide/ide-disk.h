/* ide-disk.h - an ATA disk: what its files share. */
#ifndef ABBEY_IDE_DISK_H
#define ABBEY_IDE_DISK_H

#include "ata.h"

#define DISK_SECTOR 512u
#define DISK_MULTIPLE 16u /* sectors of the largest block */

/* What a command does with its sectors. */
#define DISK_NOTHING 0u
#define DISK_READ_PIO 1u
#define DISK_WRITE_PIO 2u
#define DISK_READ_DMA 3u
#define DISK_WRITE_DMA 4u
#define DISK_VERIFY 5u
#define DISK_FLUSH 6u
#define DISK_ACTIONS 7u

struct ide_disk {
    struct ata ata;
    abbey_block *media;
    uint32_t unit;
    const char *serial, *model;
    uint32_t cylinders, heads, sectors; /* default translation; 0: from the image, or computed */

    uint64_t total;                  /* sectors of the medium */
    uint64_t lba;                    /* the next sector of the command under way */
    uint32_t left;                   /* sectors from there */
    uint32_t sent;                   /* bytes of the present chunk that the bus master has had */
    uint32_t now_heads, now_sectors; /* translation that INITIALIZE DEVICE PARAMETERS set */
    uint8_t action;
    uint8_t extended;    /* the command has a 48-bit address */
    uint8_t block;       /* sectors of a block of the command under way */
    uint8_t multiple;    /* as SET MULTIPLE MODE says; 0: off */
    uint8_t mode;        /* transfer mode, as SET FEATURES has it */
    uint8_t write_cache; /* off: each write is flushed */
    uint8_t flushing;    /* the write is done, the flush behind it is not */
};

static inline struct ide_disk *ide_disk_of(struct ata *ata)
{
    return (struct ide_disk *)(void *)((uint8_t *)ata - offsetof(struct ide_disk, ata));
}

/* disk_transfer.c: begins an action over the sectors that the registers name, in blocks of so many; or fails the
 * command. */
void disk_transfer(struct ide_disk *disk, uint8_t action, bool extended, uint8_t block);
void disk_flush(struct ide_disk *disk);
/* Puts `lba` into the registers, as an address of the kind that the command has. */
void disk_address_put(struct ide_disk *disk);
/* Sectors of the present step. */
uint32_t disk_step_sectors(const struct ide_disk *disk);
/* The drive's part of struct ata_kind. */
void disk_data_ended(struct ata *ata);
void disk_medium_ended(struct ata *ata, int32_t result);
void disk_dma_ready(struct ata *ata);
void disk_ask_again(struct ata *ata);

/* identify.c: the 256 words of IDENTIFY DEVICE. */
void disk_identify(const struct ide_disk *disk, uint16_t words[256]);

#endif
