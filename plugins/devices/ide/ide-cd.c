/* ide-cd.c - an ATAPI CD-ROM drive: the PACKET command and its data. ATA/ATAPI-5 (T13/1321D), cited as "ATA",
 * section 8.21.
 *
 * A packet command is a walk of its own, with the count register as the interrupt reason:
 *
 *     PACKET written      -> DRQ, reason 01h: the host writes 12 bytes, no interrupt before them
 *     data by PIO         -> DRQ, reason 02h (to the host) or 00h, and how many bytes; an interrupt each block
 *     data by DMA         -> when the bus master runs
 *     the end             -> reason 03h, interrupt; CHK and the sense key when it failed
 *
 * What stock drivers use. SeaBIOS: IDENTIFY PACKET DEVICE, TEST UNIT READY, REQUEST SENSE, READ CAPACITY, READ(10) by
 * PIO. Linux: also GET CONFIGURATION, GET EVENT STATUS every two seconds, READ by DMA, MODE SENSE, PREVENT REMOVAL. */
#include "ide-cd.h"

#include <stdio.h>
#include <string.h>

#define ABBEY_SELF struct ide_cd

#define REASON_COMMAND 1u
#define REASON_TO_HOST 2u
#define FEATURE_DMA 1u
#define MODE_DEFAULT 0x0c /* PIO mode 4 */

static struct ide_cd *cd_of(struct ata *ata)
{
    return (struct ide_cd *)(void *)((uint8_t *)ata - offsetof(struct ide_cd, ata));
}

uint32_t cd_sectors(const struct ide_cd *cd)
{
    abbey_block_info info = abbey_block_info_get(cd->media);
    uint64_t sectors = (info.bytes + CD_SECTOR - 1) / CD_SECTOR;
    if (!(info.flags & ABBEY_BLOCK_PRESENT) || cd->tray_open)
        return 0;
    return sectors > UINT32_MAX ? UINT32_MAX : (uint32_t)sectors;
}

/* ---- how a packet command ends ---- */

void cd_good(struct ide_cd *cd)
{
    cd->action = CD_NOTHING;
    cd->ata.count[0] = REASON_COMMAND | REASON_TO_HOST;
    ata_end(&cd->ata);
}

void cd_check(struct ide_cd *cd, uint8_t key, uint16_t code)
{
    cd->action = CD_NOTHING;
    cd->sense_key = key;
    cd->sense_code = code;
    cd->ata.count[0] = REASON_COMMAND | REASON_TO_HOST;
    ata_fail(&cd->ata, (uint8_t)((uint32_t)key << 4 | ATA_ERROR_ABRT));
}

/* ---- data ---- */

/* The next block by PIO: of `have` bytes in data[], from ata.end on. */
static void block_send(struct ide_cd *cd)
{
    uint32_t from = cd->ata.end, left = cd->have - from, bytes = left < cd->limit ? left : cd->limit;
    cd->ata.count[0] = REASON_TO_HOST;
    cd->ata.mid[0] = (uint8_t)bytes;
    cd->ata.high[0] = (uint8_t)(bytes >> 8);
    ata_in_part(&cd->ata, from, from + bytes);
}

static uint32_t chunk_sectors(const struct ide_cd *cd)
{
    uint32_t most = (cd->dma ? ATA_BUFFER_BYTES : ATA_DATA_BYTES) / CD_SECTOR;
    return cd->left < most ? cd->left : most;
}

/* Bytes that a chunk asks of the medium: the last sector of an image may be cut short. */
static uint64_t chunk_medium_bytes(const struct ide_cd *cd)
{
    uint64_t size = abbey_block_info_get(cd->media).bytes, offset = (uint64_t)cd->lba * CD_SECTOR;
    uint64_t bytes = (uint64_t)chunk_sectors(cd) * CD_SECTOR;
    return offset >= size ? 0 : size - offset < bytes ? size - offset : bytes;
}

static void chunk_request(struct ide_cd *cd)
{
    memset(cd->ata.buffer, 0, chunk_sectors(cd) * CD_SECTOR);
    cd->sent = 0;
    ata_medium(&cd->ata, ABBEY_BLOCK_READ, (uint64_t)cd->lba * CD_SECTOR, chunk_medium_bytes(cd));
}

void cd_read(struct ide_cd *cd, uint32_t lba, uint32_t sectors)
{
    uint32_t total = cd_sectors(cd);
    if (lba >= total || sectors > total - lba) {
        cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_OUT_OF_RANGE);
        return;
    }
    if (!sectors) {
        cd_good(cd);
        return;
    }
    cd->action = CD_READ;
    cd->lba = lba;
    cd->left = sectors;
    chunk_request(cd);
}

static void chunk_sent(struct ide_cd *cd)
{
    uint32_t sectors = chunk_sectors(cd);
    cd->lba += sectors;
    cd->left -= sectors;
    if (cd->left)
        chunk_request(cd);
    else
        cd_good(cd);
}

void cd_reply(struct ide_cd *cd, uint32_t bytes, uint32_t allocated)
{
    bytes = bytes < allocated ? bytes : allocated;
    if (!bytes) {
        cd_good(cd);
        return;
    }
    cd->action = CD_REPLY;
    cd->have = (uint16_t)bytes;
    cd->sent = 0;
    cd->ata.at = cd->ata.end = 0;
    if (cd->dma)
        ata_dma_wait(&cd->ata);
    else
        block_send(cd);
}

void cd_take(struct ide_cd *cd, uint32_t bytes)
{
    uint32_t most = cd->limit < ATA_DATA_BYTES ? cd->limit : ATA_DATA_BYTES;
    if (!bytes || cd->dma) {
        cd_good(cd);
        return;
    }
    if (bytes > most) {
        cd_check(cd, SENSE_ILLEGAL_REQUEST, ASC_INVALID_FIELD);
        return;
    }
    cd->action = CD_TAKE;
    cd->ata.count[0] = 0;
    cd->ata.mid[0] = (uint8_t)bytes;
    cd->ata.high[0] = (uint8_t)(bytes >> 8);
    ata_out(&cd->ata, bytes, true);
}

static void data_ended(struct ata *ata)
{
    struct ide_cd *cd = cd_of(ata);
    switch (cd->action) {
    case CD_PACKET: packet_run(cd); break;
    case CD_TAKE: cd_good(cd); break;
    case CD_REPLY:
        if (ata->end < cd->have)
            block_send(cd);
        else
            cd_good(cd);
        break;
    case CD_READ:
        if (ata->end < cd->have)
            block_send(cd);
        else
            chunk_sent(cd);
        break;
    default: ata->phase = ATA_PHASE_IDLE; break; /* IDENTIFY PACKET DEVICE */
    }
}

static void medium_ended(struct ata *ata, int32_t result)
{
    struct ide_cd *cd = cd_of(ata);
    if (cd->action != CD_READ) {
        cd_good(cd);
    } else if (result == ABBEY_BLOCK_NO_MEDIUM) {
        cd_check(cd, SENSE_NOT_READY, ASC_NO_MEDIUM);
    } else if (result != ABBEY_BLOCK_OK) {
        cd_check(cd, SENSE_MEDIUM_ERROR, ASC_READ_ERROR);
    } else if (cd->dma) {
        ata_dma_wait(ata);
    } else {
        cd->have = (uint16_t)(chunk_sectors(cd) * CD_SECTOR);
        memcpy(ata->data, ata->buffer, cd->have);
        ata->at = ata->end = 0;
        block_send(cd);
    }
}

static void dma_ready(struct ata *ata)
{
    struct ide_cd *cd = cd_of(ata);
    bool reply = cd->action == CD_REPLY;
    uint32_t bytes = reply ? cd->have : chunk_sectors(cd) * CD_SECTOR;
    uint8_t *from = reply ? ata->data : ata->buffer;
    cd->sent += ata->bus->dma(ata->bus_self, ata->unit, from + cd->sent, bytes - cd->sent, 1);
    if (cd->sent < bytes)
        return;
    if (reply)
        cd_good(cd);
    else
        chunk_sent(cd);
}

static void ask_again(struct ata *ata)
{
    struct ide_cd *cd = cd_of(ata);
    if (ata->phase == ATA_PHASE_DMA && cd->action == CD_READ)
        ata_refill(ata, (uint64_t)cd->lba * CD_SECTOR, chunk_medium_bytes(cd));
    else if (ata->phase == ATA_PHASE_BUSY && cd->action == CD_READ)
        chunk_request(cd);
    else if (ata->phase == ATA_PHASE_BUSY)
        cd_good(cd);
}

/* ---- ATA commands ---- */

static void packet(struct ide_cd *cd)
{
    uint32_t limit = (uint32_t)cd->ata.high[0] << 8 | cd->ata.mid[0];
    cd->dma = cd->ata.feature[0] & FEATURE_DMA;
    cd->limit = (uint16_t)(limit == 0 || limit > 0xfffe ? 0xfffe : limit < 2 ? 2 : limit & ~1u);
    cd->action = CD_PACKET;
    cd->ata.count[0] = REASON_COMMAND;
    ata_out(&cd->ata, CD_PACKET_BYTES, false);
}

static void set_features(struct ide_cd *cd)
{
    uint8_t mode = cd->ata.count[0];
    bool known =
        mode <= 1 || (mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x42);
    if (cd->ata.feature[0] == 0x03 && known) {
        cd->mode = mode <= 1 ? MODE_DEFAULT : mode;
        ata_end(&cd->ata);
    } else {
        ata_fail(&cd->ata, ATA_ERROR_ABRT);
    }
}

static void cd_command(struct ata *ata, uint8_t command)
{
    struct ide_cd *cd = cd_of(ata);
    uint16_t words[256];
    cd->action = CD_NOTHING;
    switch (command) {
    case 0x90: ata_diagnose(ata); break;
    case 0xa0: packet(cd); break;
    case 0xa1:
        cd_identify(cd, words);
        memcpy(ata->data, words, sizeof words);
        ata_in(ata, sizeof words, true);
        break;
    case 0xe5:
        ata->count[0] = 0xff;
        ata_end(ata);
        break;
    case 0xe0:
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe6: ata_end(ata); break;
    case 0xef: set_features(cd); break;
    case 0x20: /* ATA section 9.12: these show that it is a PACKET device */
    case 0xec:
        ata_signature(ata);
        ata_fail(ata, ATA_ERROR_ABRT);
        break;
    default: ata_fail(ata, ATA_ERROR_ABRT); break;
    }
}

static void cd_reset(struct ata *ata)
{
    struct ide_cd *cd = cd_of(ata);
    cd->action = CD_NOTHING;
    cd->sense_key = 0;
    cd->sense_code = 0;
}

static const struct ata_kind kind = {
    .packet = true,
    .command = cd_command,
    .data_ended = data_ended,
    .medium_ended = medium_ended,
    .dma_ready = dma_ready,
    .reset = cd_reset,
    .ask_again = ask_again,
};

/* ---- the instance ---- */

static void medium_event(void *self, uint32_t event)
{
    struct ide_cd *cd = self;
    if (event == ABBEY_BLOCK_EJECT) {
        cd->event = EVENT_EJECT;
        return;
    }
    cd->tray_open = 0;
    cd->event = cd_sectors(cd) ? EVENT_NEW : EVENT_GONE;
    if (cd->event == EVENT_NEW)
        cd->attention = ASC_MEDIUM_CHANGED;
}

static void reset(void *self)
{
    struct ide_cd *cd = self;
    abbey_block_lock(cd->media, 0);
    ata_power_on(&cd->ata);
}

/* The registers of a transfer fit each other, and lead out of nothing. */
static bool transfer_good(const struct ide_cd *cd)
{
    const struct ata *ata = &cd->ata;
    uint32_t chunk = cd->action == CD_REPLY ? cd->have : chunk_sectors(cd) * CD_SECTOR;
    bool sends = cd->action == CD_REPLY || cd->action == CD_READ;
    if (cd->have > ATA_DATA_BYTES || cd->limit % 2 || (sends && cd->limit < 2))
        return false;
    if (cd->action == CD_READ && !cd->left)
        return false;
    switch (ata->phase) {
    case ATA_PHASE_IN: return cd->action == CD_NOTHING || (sends && ata->end <= cd->have);
    case ATA_PHASE_OUT: return cd->action == CD_TAKE || (cd->action == CD_PACKET && ata->end == CD_PACKET_BYTES);
    case ATA_PHASE_DMA: return sends && cd->dma && cd->sent <= chunk;
    default: return true;
    }
}

static int32_t loaded(void *self)
{
    struct ide_cd *cd = self;
    if (cd->action >= CD_ACTIONS || !transfer_good(cd))
        return -1;
    abbey_block_lock(cd->media, cd->locked);
    return ata_loaded(&cd->ata);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct ide_cd *cd = self;
    static const abbey_block_client_1 client = {
        .size = sizeof client, .flags = ABBEY_BLOCK_REMOVABLE, .event = medium_event
    };
    if (!cd->serial) {
        char *text = abbey_alloc(dev, 21);
        if (!text)
            return abbey_fail(dev, "out of memory");
        snprintf(text, 21, "AB-%s", abbey_dev_id(dev));
        cd->serial = text;
    }
    if (abbey_block_attach(cd->media, &client, cd))
        return abbey_fail(dev, "media: another device uses it");
    if (cd_commands_add(cd, dev))
        return -1;
    return ata_create(&cd->ata, dev, cd->unit, &kind, cd->media);
}

static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(media, NULL, "backend of the disc; without one the drive stays empty"),
    ABBEY_PROP(unit, 2, "0, 1: drives of the primary channel; 2, 3: of the secondary", .max = 3),
    ABBEY_PROP_TEXT(serial, NULL, "serial number, at most 20 characters; by default made from the id"),
    ABBEY_PROP_TEXT(model, "ABBEY CD-ROM", "model name, at most 40 characters"),
};
static const abbey_reg regs[] = {
    ATA_REGS,
    ABBEY_REG(action, 0),
    ABBEY_REG(dma, 0),
    ABBEY_REG(limit, 0),
    ABBEY_REG(have, 0),
    ABBEY_REG(lba, 0),
    ABBEY_REG(left, 0),
    ABBEY_REG(sent, 0),
    ABBEY_REG(sense_key, 0),
    ABBEY_REG(sense_code, 0),
    ABBEY_REG(attention, ASC_WAS_RESET),
    ABBEY_REG(event, EVENT_NONE),
    ABBEY_REG(locked, 0),
    ABBEY_REG(tray_open, 0),
    ABBEY_REG(mode, MODE_DEFAULT),
};

static const abbey_device device = { .name = "ide-cd",
    .summary = "ATAPI CD-ROM drive",
    .bus = "ide",
    .self_size = sizeof(struct ide_cd),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.ide-cd", .version = "1.0.0", .license = "MIT", .requires = "abbey.bus/1",
    .device = &device);
