/* packet.c - the packet commands of a CD-ROM drive: Multi-Media Commands 3 (MMC-3, T10/1363D) as ATAPI carries them,
 * and what ATA drives of the 1990s had of SFF-8020i. A row of the table is a command. */
#include "packet.h"

#include <string.h>

static void test_unit_ready(struct ide_cd *cd, const uint8_t *packet)
{
    (void)packet;
    cd_good(cd);
}

static void request_sense(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data, allocated = packet[4];
    if (!cd->sense_key && cd->attention) {
        cd->sense_key = SENSE_UNIT_ATTENTION;
        cd->sense_code = cd->attention;
        cd->attention = 0;
    }
    memset(reply, 0, 18);
    reply[0] = 0x70;
    reply[2] = cd->sense_key;
    reply[7] = 10;
    put16(reply + 12, cd->sense_code);
    cd->sense_key = 0;
    cd->sense_code = 0;
    cd_reply(cd, 18, allocated);
}

static void inquiry(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data, allocated = packet[4];
    if (packet[1] & 3) { /* vital product data */
        packet_illegal(cd);
        return;
    }
    memset(reply, 0, 36);
    reply[0] = 0x05; /* CD-ROM */
    reply[1] = 0x80; /* removable */
    reply[3] = 0x21; /* ATAPI, response format 1 */
    reply[4] = 31;
    memcpy(reply + 8, "ABBEY   CD-ROM          1.0 ", 28);
    cd_reply(cd, 36, allocated);
}

static void start_stop(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t what = packet[4] & 3;
    if (what == 2 && cd->locked) {
        cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_REMOVAL_PREVENTED);
        return;
    }
    if (what == 2) {
        if (cd_sectors(cd) && abbey_block_eject(cd->media) == 0)
            cd->event = EVENT_GONE;
        cd->tray_open = 1;
    } else if (what == 3) {
        cd->tray_open = 0;
    }
    cd_good(cd);
}

static void prevent_removal(struct ide_cd *cd, const uint8_t *packet)
{
    cd->locked = packet[4] & 1;
    abbey_block_lock(cd->media, cd->locked);
    cd_good(cd);
}

static void read_10(struct ide_cd *cd, const uint8_t *packet)
{
    cd_read(cd, be32(packet + 2), be16(packet + 7));
}

static void read_12(struct ide_cd *cd, const uint8_t *packet)
{
    cd_read(cd, be32(packet + 2), be32(packet + 6));
}

/* User data alone: the image has neither headers nor subchannels. */
static void read_cd(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t fields = packet[9] & 0xf8, type = packet[1] >> 2 & 7;
    if ((fields != 0x10 && fields != 0) || (packet[10] & 7) || (type != 0 && type != 2))
        packet_illegal(cd);
    else if (fields)
        cd_read(cd, be32(packet + 2), be24(packet + 6));
    else
        cd_good(cd);
}

static void seek(struct ide_cd *cd, const uint8_t *packet)
{
    if (be32(packet + 2) >= cd_sectors(cd))
        cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
    else
        cd_good(cd);
}

/* ---- mode pages ---- */

static uint32_t page_error_recovery(uint8_t *at)
{
    memset(at, 0, 8);
    at[0] = 0x01;
    at[1] = 6;
    at[3] = 5; /* retries */
    return 8;
}

static uint32_t page_capabilities(const struct ide_cd *cd, uint8_t *at)
{
    memset(at, 0, 20);
    at[0] = 0x2a;
    at[1] = 18;
    at[4] = 0x60;                                   /* mode 2 forms 1 and 2 */
    at[6] = (uint8_t)(0x29 | (cd->locked ? 2 : 0)); /* tray, eject, can be locked */
    put16(at + 8, 8467);                            /* kB/s: 48x */
    put16(at + 12, 512);                            /* kB of buffer */
    put16(at + 14, 8467);
    return 20;
}

static void mode_sense(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data, page = packet[2] & 0x3f;
    uint32_t allocated = be16(packet + 7), bytes = 8;
    if (packet[2] >> 6 == 3) { /* saved values */
        cd_check(cd, SENSE_ILLEGAL_REQUEST, 0x3900);
        return;
    }
    memset(reply, 0, 8);
    if (page == 0x01 || page == 0x3f)
        bytes += page_error_recovery(reply + bytes);
    if (page == 0x2a || page == 0x3f)
        bytes += page_capabilities(cd, reply + bytes);
    if (bytes == 8) {
        packet_illegal(cd);
        return;
    }
    put16(reply, bytes - 2);
    reply[2] = cd->tray_open    ? 0x71
               : cd_sectors(cd) ? 0x01
                                : 0x70; /* SFF-8020i table 71: door open; data CD; no disc */
    cd_reply(cd, bytes, allocated);
}

static void mode_select(struct ide_cd *cd, const uint8_t *packet)
{
    cd_take(cd, be16(packet + 7));
}

/* ---- what MMC added ---- */

static uint32_t feature_put(uint8_t *at, uint32_t code, uint8_t flags, uint32_t more)
{
    memset(at, 0, 4 + more);
    put16(at, code);
    at[2] = flags; /* version, persistent, current */
    at[3] = (uint8_t)more;
    return 4 + more;
}

static void get_configuration(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data, request = packet[1] & 3, present = cd_sectors(cd) ? 1 : 0;
    uint32_t start = be16(packet + 2), allocated = be16(packet + 7), bytes = 8;
    static const struct {
        uint16_t code;
        uint8_t flags, more;
    } features[] = { { 0x0000, 0x03, 4 }, { 0x0001, 0x03, 4 }, { 0x0003, 0x03, 4 }, { 0x0010, 0x00, 8 },
        { 0x001e, 0x00, 0 } };
    memset(reply, 0, 8);
    put16(reply + 6, present ? 0x0008 : 0); /* profile: CD-ROM */
    for (unsigned i = 0; i < sizeof features / sizeof features[0]; i++) {
        uint8_t *at = reply + bytes, flags = features[i].flags | (features[i].flags ? 0 : present);
        if (features[i].code < start || (request == 2 && features[i].code != start) || (request == 1 && !(flags & 1)))
            continue;
        bytes += feature_put(at, features[i].code, flags, features[i].more);
        if (features[i].code == 0x0000) {
            put16(at + 4, 0x0008);
            at[6] = present;
        } else if (features[i].code == 0x0001) {
            put32(at + 4, 2); /* ATAPI */
        } else if (features[i].code == 0x0003) {
            at[4] = 0x29; /* tray, eject, lock */
        } else if (features[i].code == 0x0010) {
            put32(at + 4, CD_SECTOR);
            put16(at + 8, 1);
        }
    }
    put32(reply, bytes - 4);
    cd_reply(cd, bytes, allocated);
}

static void get_event(struct ide_cd *cd, const uint8_t *packet)
{
    uint8_t *reply = cd->ata.data;
    uint32_t allocated = be16(packet + 7);
    if (!(packet[1] & 1)) { /* only polled: drives that answer later are rare */
        packet_illegal(cd);
        return;
    }
    memset(reply, 0, 8);
    reply[3] = 0x10; /* the media class alone */
    if (!(packet[4] & 0x10)) {
        put16(reply, 2);
        reply[2] = 0x80;
        cd_reply(cd, 4, allocated);
        return;
    }
    put16(reply, 6);
    reply[2] = 4;
    reply[4] = cd->event;
    reply[5] = (uint8_t)((cd->tray_open ? 1 : 0) | (cd_sectors(cd) ? 2 : 0));
    if (allocated > 4)
        cd->event = EVENT_NONE;
    cd_reply(cd, 8, allocated);
}

static void mechanism_status(struct ide_cd *cd, const uint8_t *packet)
{
    uint32_t allocated = be16(packet + 8);
    memset(cd->ata.data, 0, 8);
    cd->ata.data[1] = cd->tray_open ? 0x10 : 0;
    cd_reply(cd, 8, allocated);
}

#define NEEDS_MEDIUM 1u
#define ALWAYS 2u /* runs, and leaves a unit attention waiting */

static const struct command {
    uint8_t opcode, flags;
    void (*run)(struct ide_cd *cd, const uint8_t *packet);
} commands[] = {
    { 0x00, NEEDS_MEDIUM, test_unit_ready },
    { 0x03, ALWAYS, request_sense },
    { 0x12, ALWAYS, inquiry },
    { 0x1b, 0, start_stop },
    { 0x1e, 0, prevent_removal },
    { 0x25, NEEDS_MEDIUM, packet_read_capacity },
    { 0x28, NEEDS_MEDIUM, read_10 },
    { 0x2b, NEEDS_MEDIUM, seek },
    { 0x42, NEEDS_MEDIUM, packet_read_subchannel },
    { 0x43, NEEDS_MEDIUM, packet_read_toc },
    { 0x46, ALWAYS, get_configuration },
    { 0x4a, ALWAYS, get_event },
    { 0x51, NEEDS_MEDIUM, packet_read_disc_information },
    { 0x52, NEEDS_MEDIUM, packet_read_track_information },
    { 0x55, 0, mode_select },
    { 0x5a, 0, mode_sense },
    { 0xa8, NEEDS_MEDIUM, read_12 },
    { 0xbb, 0, test_unit_ready }, /* SET CD SPEED: as fast as it goes */
    { 0xbd, 0, mechanism_status },
    { 0xbe, NEEDS_MEDIUM, read_cd },
};

void packet_run(struct ide_cd *cd)
{
    uint8_t packet[CD_PACKET_BYTES];
    const struct command *found = NULL;
    memcpy(packet, cd->ata.data, sizeof packet);
    for (unsigned i = 0; i < sizeof commands / sizeof commands[0]; i++)
        if (commands[i].opcode == packet[0])
            found = &commands[i];
    if (cd->attention && !(found && found->flags & ALWAYS)) {
        uint16_t code = cd->attention;
        cd->attention = 0;
        cd_check(cd, SENSE_UNIT_ATTENTION, code);
    } else if (!found) {
        cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_INVALID_OPCODE);
    } else if (found->flags & NEEDS_MEDIUM && !cd_sectors(cd)) {
        cd_check(cd, SENSE_NOT_READY, ASC_NO_MEDIUM);
    } else {
        found->run(cd, packet);
    }
}
