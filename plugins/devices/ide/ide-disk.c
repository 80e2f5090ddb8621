/* ide-disk.c - an ATA disk: its commands. ATA/ATAPI-5 (T13/1321D), cited as "ATA", and the 48-bit commands of
 * ATA/ATAPI-6 (T13/1410D), "ATA6". What moves sectors is in disk_transfer.c.
 *
 * What stock drivers use. SeaBIOS: IDENTIFY, READ/WRITE SECTORS and their EXT, READ/WRITE DMA. Linux libata: IDENTIFY,
 * INITIALIZE DEVICE PARAMETERS for old disks, SET FEATURES (transfer mode), DMA with and without EXT, READ/WRITE
 * MULTIPLE where DMA is off, FLUSH CACHE, STANDBY IMMEDIATE at the end. Windows 9x: SET MULTIPLE MODE, IDLE. SMART is
 * not offered. */
#include "ide-disk.h"

#include <stdio.h>
#include <string.h>

#define ABBEY_SELF struct ide_disk

#define MODE_DEFAULT 0x0c /* PIO mode 4 with flow control */

/* ---- commands ---- */

static void identify(struct ide_disk *d)
{
    uint16_t words[256];
    disk_identify(d, words);
    memcpy(d->ata.data, words, sizeof words);
    d->action = DISK_NOTHING;
    ata_in(&d->ata, sizeof words, true);
}

/* ATA section 8.16: heads less one in the device register, sectors of a track in the count. */
static void initialize_parameters(struct ide_disk *d)
{
    if (!d->ata.count[0] || d->ata.count[0] > 63) {
        ata_fail(&d->ata, ATA_ERROR_ABRT);
        return;
    }
    d->now_heads = (d->ata.device & 15u) + 1;
    d->now_sectors = d->ata.count[0];
    ata_end(&d->ata);
}

/* ATA section 8.37; transfer modes in table 21. */
static void set_features(struct ide_disk *d)
{
    uint8_t mode = d->ata.count[0];
    bool good = true;
    switch (d->ata.feature[0]) {
    case 0x02: d->write_cache = 1; break;
    case 0x82: d->write_cache = 0; break;
    case 0x03:
        if (mode <= 1)
            d->mode = MODE_DEFAULT;
        else if ((mode >= 0x08 && mode <= 0x0c) || (mode >= 0x20 && mode <= 0x22) || (mode >= 0x40 && mode <= 0x45))
            d->mode = mode;
        else
            good = false;
        break;
    case 0x55:
    case 0xaa: /* look-ahead */
    case 0x66:
    case 0xcc: /* power-on defaults at a reset */ break;
    default: good = false; break;
    }
    if (good)
        ata_end(&d->ata);
    else
        ata_fail(&d->ata, ATA_ERROR_ABRT);
}

static void set_multiple(struct ide_disk *d)
{
    uint8_t count = d->ata.count[0];
    if (count > DISK_MULTIPLE || (count & (count - 1))) {
        ata_fail(&d->ata, ATA_ERROR_ABRT);
        return;
    }
    d->multiple = count;
    ata_end(&d->ata);
}

static void read_native_max(struct ide_disk *d, bool extended)
{
    uint64_t lba = d->lba;
    d->extended = extended;
    d->lba = d->total - 1;
    if (!extended && d->lba > 0x0fffffff)
        d->lba = 0x0fffffff;
    disk_address_put(d);
    d->lba = lba;
    ata_end(&d->ata);
}

/* What a command of the 2Xh to CXh kind does; a row each (ATA and ATA6, chapter 8). */
static const struct transfer {
    uint8_t command, action;
    bool extended, multiple;
} transfers[] = {
    { 0x20, DISK_READ_PIO, false, false },
    { 0x21, DISK_READ_PIO, false, false }, /* without retries: obsolete */
    { 0x24, DISK_READ_PIO, true, false },
    { 0x25, DISK_READ_DMA, true, false },
    { 0x29, DISK_READ_PIO, true, true },
    { 0x30, DISK_WRITE_PIO, false, false },
    { 0x31, DISK_WRITE_PIO, false, false },
    { 0x34, DISK_WRITE_PIO, true, false },
    { 0x35, DISK_WRITE_DMA, true, false },
    { 0x39, DISK_WRITE_PIO, true, true },
    { 0x40, DISK_VERIFY, false, false },
    { 0x41, DISK_VERIFY, false, false },
    { 0x42, DISK_VERIFY, true, false },
    { 0xc4, DISK_READ_PIO, false, true },
    { 0xc5, DISK_WRITE_PIO, false, true },
    { 0xc8, DISK_READ_DMA, false, false },
    { 0xc9, DISK_READ_DMA, false, false },
    { 0xca, DISK_WRITE_DMA, false, false },
    { 0xcb, DISK_WRITE_DMA, false, false },
};

static bool transfer_command(struct ide_disk *d, uint8_t command)
{
    for (unsigned i = 0; i < sizeof transfers / sizeof transfers[0]; i++) {
        const struct transfer *t = &transfers[i];
        if (t->command != command)
            continue;
        if (t->multiple && !d->multiple)
            return false;
        disk_transfer(d, t->action, t->extended, t->multiple ? d->multiple : 1);
        return true;
    }
    return false;
}

static void disk_command(struct ata *ata, uint8_t command)
{
    struct ide_disk *d = ide_disk_of(ata);
    d->action = DISK_NOTHING;
    if (transfer_command(d, command))
        return;
    switch (command) {
    case 0x90: ata_diagnose(ata); break;
    case 0x91: initialize_parameters(d); break;
    case 0xc6: set_multiple(d); break;
    case 0xe5: /* CHECK POWER MODE: active */
    case 0x98:
        ata->count[0] = 0xff;
        ata_end(ata);
        break;
    case 0x94: /* STANDBY IMMEDIATE and its kin: the cache goes to the medium first */
    case 0xe0:
    case 0x96:
    case 0xe2:
    case 0x99:
    case 0xe6:
    case 0xe7: /* FLUSH CACHE */
    case 0xea: disk_flush(d); break;
    case 0x95: /* IDLE IMMEDIATE, IDLE */
    case 0xe1:
    case 0x97:
    case 0xe3: ata_end(ata); break;
    case 0xec: identify(d); break;
    case 0xef: set_features(d); break;
    case 0xf8: read_native_max(d, false); break;
    case 0x27: read_native_max(d, true); break;
    default:
        if ((command & 0xf0) == 0x10 || (command & 0xf0) == 0x70) /* RECALIBRATE, SEEK */
            ata_end(ata);
        else
            ata_fail(ata, ATA_ERROR_ABRT);
        break;
    }
}

/* A software reset keeps the translation, the modes and the cache as they were set (ATA section 9.2). */
static void disk_reset(struct ata *ata)
{
    struct ide_disk *d = ide_disk_of(ata);
    d->action = DISK_NOTHING;
    d->flushing = 0;
    d->left = 0;
}

static const struct ata_kind kind = {
    .command = disk_command,
    .data_ended = disk_data_ended,
    .medium_ended = disk_medium_ended,
    .dma_ready = disk_dma_ready,
    .reset = disk_reset,
    .ask_again = disk_ask_again,
};

/* ---- the instance ---- */

static void reset(void *self)
{
    struct ide_disk *d = self;
    if (!d->media)
        return;
    d->now_heads = d->heads;
    d->now_sectors = d->sectors;
    ata_power_on(&d->ata);
}

static int32_t loaded(void *self)
{
    struct ide_disk *d = self;
    if (!d->media)
        return 0;
    bool active = d->action != DISK_NOTHING && d->action != DISK_FLUSH;
    uint32_t chunk = ATA_BUFFER_BYTES;
    if (d->action >= DISK_ACTIONS || !d->now_heads || d->now_heads > 16 || !d->now_sectors || d->now_sectors > 63 ||
        d->multiple > DISK_MULTIPLE || d->left > 65536 || d->lba > d->total || d->left > d->total - d->lba ||
        d->sent > chunk)
        return -1;
    if (active && !d->flushing &&
        (!d->left || !d->block || d->block > DISK_MULTIPLE || d->sent > disk_step_sectors(d) * DISK_SECTOR))
        return -1;
    bool pio = d->action == DISK_READ_PIO || d->action == DISK_WRITE_PIO;
    bool data = d->ata.phase == ATA_PHASE_IN || d->ata.phase == ATA_PHASE_OUT;
    if (pio && data && d->ata.end != disk_step_sectors(d) * DISK_SECTOR)
        return -1;
    bool dma = d->action == DISK_READ_DMA || d->action == DISK_WRITE_DMA;
    if ((d->ata.phase == ATA_PHASE_DMA && !dma) || (d->ata.phase == ATA_PHASE_OUT && d->action != DISK_WRITE_PIO) ||
        (d->ata.phase == ATA_PHASE_IN && d->action != DISK_READ_PIO && d->action != DISK_NOTHING))
        return -1;
    return ata_loaded(&d->ata);
}

/* What the properties leave open comes from the image, or is 16 heads of 63 sectors, as large disks report. */
static int32_t geometry(struct ide_disk *d, abbey_dev *dev, const abbey_block_info *info)
{
    bool given = d->cylinders || d->heads || d->sectors;
    if (given && !(d->cylinders && d->heads && d->sectors))
        return abbey_fail(dev, "cylinders, heads and sectors: give all three or none");
    if (!given && info->cylinders && info->heads && info->heads <= 16 && info->sectors && info->sectors <= 63) {
        d->cylinders = info->cylinders;
        d->heads = info->heads;
        d->sectors = info->sectors;
    } else if (!given) {
        d->heads = 16;
        d->sectors = 63;
        d->cylinders = (uint32_t)(d->total / (16 * 63));
        d->cylinders = d->cylinders ? d->cylinders : 1;
    }
    d->cylinders = d->cylinders > 16383 ? 16383 : d->cylinders;
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct ide_disk *d = self;
    if (!d->media)
        return 0; /* no disk: nothing answers on the cable */
    abbey_block_info info = abbey_block_info_get(d->media);
    d->total = info.bytes / DISK_SECTOR;
    if (!(info.flags & ABBEY_BLOCK_PRESENT) || !d->total)
        return abbey_fail(dev, "media: the disk is empty");
    if (d->total >> 48)
        return abbey_fail(dev, "media: more sectors than 48 bits can count");
    if (geometry(d, dev, &info))
        return -1;
    if (!d->serial) {
        char *text = abbey_alloc(dev, 21);
        if (!text)
            return abbey_fail(dev, "out of memory");
        snprintf(text, 21, "AB-%s", abbey_dev_id(dev));
        d->serial = text;
    }
    static const abbey_block_client_1 client = { .size = sizeof client };
    if (abbey_block_attach(d->media, &client, d))
        return abbey_fail(dev, "media: another device uses it");
    return ata_create(&d->ata, dev, d->unit, &kind, d->media);
}

static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(media, NULL, "backend of the disk; without one the drive is not there"),
    ABBEY_PROP(unit, 0, "0, 1: drives of the primary channel; 2, 3: of the secondary", .max = 3),
    ABBEY_PROP_TEXT(serial, NULL, "serial number, at most 20 characters; by default made from the id"),
    ABBEY_PROP_TEXT(model, "ABBEY HARDDISK", "model name, at most 40 characters"),
    ABBEY_PROP(cylinders, 0, "cylinders of the default translation; 0: as the image says, or computed", .max = 65535),
    ABBEY_PROP(heads, 0, "heads of the default translation, with cylinders", .max = 16),
    ABBEY_PROP(sectors, 0, "sectors of a track of the default translation, with cylinders", .max = 63),
};
static const abbey_reg regs[] = {
    ATA_REGS,
    ABBEY_REG(lba, 0),
    ABBEY_REG(left, 0),
    ABBEY_REG(sent, 0),
    ABBEY_REG(now_heads, 0),
    ABBEY_REG(now_sectors, 0),
    ABBEY_REG(action, 0),
    ABBEY_REG(extended, 0),
    ABBEY_REG(block, 0),
    ABBEY_REG(multiple, 0),
    ABBEY_REG(mode, MODE_DEFAULT),
    ABBEY_REG(write_cache, 1),
    ABBEY_REG(flushing, 0),
};

static const abbey_device device = { .name = "ide-disk",
    .summary = "ATA disk",
    .bus = "ide",
    .self_size = sizeof(struct ide_disk),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.ide-disk", .version = "1.0.0", .license = "MIT", .requires = "abbey.bus/1",
    .device = &device);
