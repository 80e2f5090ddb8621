/* ide-cd.h - an ATAPI CD-ROM drive: what ide-cd.c (transfers) and the packet commands share. */
#ifndef ABBEY_IDE_CD_H
#define ABBEY_IDE_CD_H

#include "ata.h"

#define CD_SECTOR 2048u
#define CD_PACKET_BYTES 12u

/* What is under way. */
#define CD_NOTHING 0u
#define CD_PACKET 1u /* takes the packet */
#define CD_REPLY 2u  /* sends `have` bytes of data[] */
#define CD_READ 3u   /* sends sectors of the medium, a chunk at a time */
#define CD_TAKE 4u   /* takes a parameter list, and ignores it */
#define CD_ACTIONS 5u

/* Sense keys, and additional sense as ASC << 8 | ASCQ (MMC-3 table 486, SPC-2 table 108). */
#define SENSE_NOT_READY 0x2u
#define SENSE_MEDIUM_ERROR 0x3u
#define SENSE_ILLEGAL_REQUEST 0x5u
#define SENSE_UNIT_ATTENTION 0x6u
#define ASC_NONE 0x0000u
#define ASC_READ_ERROR 0x1100u
#define ASC_INVALID_OPCODE 0x2000u
#define ASC_OUT_OF_RANGE 0x2100u
#define ASC_INVALID_FIELD 0x2400u
#define ASC_MEDIUM_CHANGED 0x2800u
#define ASC_WAS_RESET 0x2900u
#define ASC_NO_MEDIUM 0x3a00u
#define ASC_REMOVAL_PREVENTED 0x5302u

/* Events of the media class (MMC-3 section 6.6.4). */
#define EVENT_NONE 0u
#define EVENT_EJECT 1u
#define EVENT_NEW 2u
#define EVENT_GONE 3u

struct ide_cd {
    struct ata ata;
    abbey_block *media;
    uint32_t unit;
    const char *serial, *model;

    uint8_t action;
    uint8_t dma;    /* the command's data go by DMA */
    uint16_t limit; /* bytes of a block by PIO, as the host asked */
    uint16_t have;  /* bytes of data[] that are to be sent */
    uint32_t lba;   /* of the present chunk */
    uint32_t left;  /* sectors from there */
    uint32_t sent;  /* bytes of the present chunk that the bus master has had */
    uint8_t sense_key;
    uint16_t sense_code;
    uint16_t attention; /* additional sense of a unit attention that waits, or 0 */
    uint8_t event;
    uint8_t locked; /* the door */
    uint8_t tray_open;
    uint8_t mode; /* transfer mode, as SET FEATURES has it */
};

/* Sectors of the medium; 0 without one. */
uint32_t cd_sectors(const struct ide_cd *cd);

/* cd_identify.c: the 256 words of IDENTIFY PACKET DEVICE. */
void cd_identify(const struct ide_cd *cd, uint16_t words[256]);

/* cd_control.c: adds cd.insert and cd.eject; 0, or -1 after a reported reason. [create] */
int32_t cd_commands_add(struct ide_cd *cd, abbey_dev *dev);

/* packet.c: carries out the packet in data[]. */
void packet_run(struct ide_cd *cd);

/* ide-cd.c: how a packet command ends or goes on. */
void cd_good(struct ide_cd *cd);
void cd_check(struct ide_cd *cd, uint8_t key, uint16_t code);
void cd_reply(struct ide_cd *cd, uint32_t bytes, uint32_t allocated); /* the first bytes of data[] */
void cd_read(struct ide_cd *cd, uint32_t lba, uint32_t sectors);
void cd_take(struct ide_cd *cd, uint32_t bytes);

#endif
