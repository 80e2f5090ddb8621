/* packet_disc.c - the packet commands that tell what is on the disc: one data track in one session. */
#include "packet.h"

#include <string.h>

#define LEADOUT_TRACK 0xaau

/* An address as LBA, or as minute, second, frame: 75 frames a second, LBA 0 at 00:02:00. */
static void address_put(uint8_t *at, uint32_t lba, bool msf)
{
    uint32_t frames = lba + 150;
    if (msf)
        lba = (frames / 4500 & 0xff) << 16 | (frames / 75 % 60) << 8 | frames % 75;
    put32(at, lba);
}

void packet_read_capacity(struct ide_cd *cd, const uint8_t *packet)
{
    (void)packet;
    put32(cd->ata.data, cd_sectors(cd) - 1);
    put32(cd->ata.data + 4, CD_SECTOR);
    cd_reply(cd, 8, 8);
}

/* MMC-3 section 6.26; the format stands in byte 2, in old drives in byte 9. */
static uint32_t toc_tracks(struct ide_cd *cd, bool msf, uint8_t first)
{
    uint8_t *reply = cd->ata.data, *at = reply + 4;
    reply[2] = reply[3] = 1;
    for (uint32_t track = 1; track <= LEADOUT_TRACK; track += LEADOUT_TRACK - 1) {
        if (first > track)
            continue;
        memset(at, 0, 8);
        at[1] = track == 1 ? 0x14 : 0x16; /* data track */
        at[2] = (uint8_t)track;
        address_put(at + 4, track == 1 ? 0 : cd_sectors(cd), msf);
        at += 8;
    }
    return (uint32_t)(at - reply);
}

static uint32_t toc_sessions(struct ide_cd *cd, bool msf)
{
    uint8_t *reply = cd->ata.data;
    memset(reply + 2, 0, 10);
    reply[2] = reply[3] = 1;
    reply[5] = 0x14;
    reply[6] = 1;
    address_put(reply + 8, 0, msf);
    return 12;
}

static uint32_t toc_raw(struct ide_cd *cd)
{
    static const uint8_t points[] = { 0xa0, 0xa1, 0xa2, 1 };
    uint8_t *reply = cd->ata.data, *at = reply + 4;
    reply[2] = reply[3] = 1;
    for (unsigned i = 0; i < sizeof points; i++, at += 11) {
        memset(at, 0, 11);
        at[0] = 1;
        at[1] = 0x14;
        at[3] = points[i];
        if (points[i] == 0xa0 || points[i] == 0xa1)
            at[8] = 1; /* first and last track */
        else
            address_put(at + 7, points[i] == 1 ? 0 : cd_sectors(cd), true);
    }
    return (uint32_t)(at - reply);
}

void packet_read_toc(struct ide_cd *cd, const uint8_t *packet)
{
    bool msf = packet[1] & 2;
    uint8_t format = packet[2] & 15 ? packet[2] & 15 : packet[9] >> 6, first = packet[6];
    uint32_t allocated = be16(packet + 7), bytes;
    if (format == 0 && (first <= 1 || first == LEADOUT_TRACK))
        bytes = toc_tracks(cd, msf, first);
    else if (format == 1)
        bytes = toc_sessions(cd, msf);
    else if (format == 2 && first <= 1)
        bytes = toc_raw(cd);
    else {
        packet_illegal(cd);
        return;
    }
    put16(cd->ata.data, bytes - 2);
    cd_reply(cd, bytes, allocated);
}

void packet_read_disc_information(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data;
    uint32_t allocated = be16(packet + 7);
    memset(reply, 0, 34);
    put16(reply, 32);
    reply[2] = 0x0e; /* complete, last session complete */
    reply[3] = reply[4] = reply[5] = reply[6] = 1;
    reply[7] = 0x20; /* unrestricted use */
    memset(reply + 16, 0xff, 8);
    cd_reply(cd, 34, allocated);
}

void packet_read_track_information(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data;
    uint32_t allocated = be16(packet + 7);
    memset(reply, 0, 28);
    put16(reply, 26);
    reply[2] = reply[3] = 1;
    reply[5] = 4; /* data */
    reply[6] = 1; /* mode 1 */
    put32(reply + 24, cd_sectors(cd));
    cd_reply(cd, 28, allocated);
}

/* No audio: the status says so. */
void packet_read_subchannel(struct ide_cd *cd, const uint8_t *packet)
{
    uint32_t allocated = be16(packet + 7);
    if ((packet[2] & 0x40) && packet[3] != 1) {
        packet_illegal(cd);
        return;
    }
    memset(cd->ata.data, 0, 16);
    cd->ata.data[1] = 0x15; /* no status to return */
    if (packet[2] & 0x40) {
        cd->ata.data[3] = 12;
        cd->ata.data[4] = 1;
        cd->ata.data[5] = 0x14;
        cd->ata.data[6] = cd->ata.data[7] = 1;
    }
    cd_reply(cd, packet[2] & 0x40 ? 16 : 4, allocated);
}
