/* packet.h - what the packet commands share: the table (packet.c), and the commands that describe the disc
 * (packet_disc.c). */
#ifndef ABBEY_IDE_PACKET_H
#define ABBEY_IDE_PACKET_H

#include "ide-cd.h"

/* Packets and replies have the high byte first. */
static inline uint32_t be16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

static inline uint32_t be24(const uint8_t *at)
{
    return be16(at) << 8 | at[2];
}

static inline uint32_t be32(const uint8_t *at)
{
    return be16(at) << 16 | be16(at + 2);
}

static inline void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void put32(uint8_t *at, uint32_t value)
{
    put16(at, value >> 16);
    put16(at + 2, value);
}

/* INVALID FIELD IN CDB. */
static inline void packet_illegal(struct ide_cd *cd)
{
    cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
}

/* packet_disc.c: the commands of these names; there is a disc. */
void packet_read_capacity(struct ide_cd *cd, const uint8_t *packet);
void packet_read_toc(struct ide_cd *cd, const uint8_t *packet);
void packet_read_disc_information(struct ide_cd *cd, const uint8_t *packet);
void packet_read_track_information(struct ide_cd *cd, const uint8_t *packet);
void packet_read_subchannel(struct ide_cd *cd, const uint8_t *packet);

#endif
