/* ide-disk.c - an ATA disk: addresses, transfers, and its commands. ATA/ATAPI-5 (T13/1321D), cited as "ATA", and the
 * 48-bit commands of ATA/ATAPI-6 (T13/1410D), "ATA6".
 *
 * A command with data becomes an action over `left` sectors from `lba`, in steps of a block (PIO) or of what the buffer
 * holds (DMA, verify). Each step is one request to the medium. The registers are moved on when a step has ended well,
 * so that a disk restored in the middle of one does it again.
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

static struct ide_disk *disk_of(struct ata *ata)
{
    return (struct ide_disk *)(void *)((uint8_t *)ata - offsetof(struct ide_disk, ata));
}

/* ---- addresses ---- */

/* The sector that the registers name; more than the disk has when they name none. */
static uint64_t address_get(const struct ide_disk *d)
{
    const struct ata *a = &d->ata;
    if (d->extended)
        return (uint64_t)a->high[1] << 40 | (uint64_t)a->mid[1] << 32 | (uint64_t)a->low[1] << 24 |
               (uint64_t)a->high[0] << 16 | (uint64_t)a->mid[0] << 8 | a->low[0];
    if (a->device & ATA_DEVICE_LBA)
        return (uint64_t)(a->device & 15u) << 24 | (uint64_t)a->high[0] << 16 | (uint64_t)a->mid[0] << 8 | a->low[0];
    uint32_t cylinder = (uint32_t)a->high[0] << 8 | a->mid[0], head = a->device & 15u;
    if (head >= d->now_heads || !a->low[0] || a->low[0] > d->now_sectors)
        return UINT64_MAX;
    return ((uint64_t)cylinder * d->now_heads + head) * d->now_sectors + a->low[0] - 1;
}

/* After an error the registers name the sector where it came up. */
static void address_put(struct ide_disk *d)
{
    struct ata *a = &d->ata;
    uint64_t lba = d->lba;
    if (!d->extended && !(a->device & ATA_DEVICE_LBA)) {
        uint64_t track = lba / d->now_sectors, cylinder = track / d->now_heads;
        a->low[0] = (uint8_t)(lba % d->now_sectors + 1);
        a->mid[0] = (uint8_t)cylinder;
        a->high[0] = (uint8_t)(cylinder >> 8);
        a->device = (uint8_t)((a->device & 0xf0u) | track % d->now_heads);
        return;
    }
    a->low[0] = (uint8_t)lba;
    a->mid[0] = (uint8_t)(lba >> 8);
    a->high[0] = (uint8_t)(lba >> 16);
    a->low[1] = (uint8_t)(lba >> 24);
    a->mid[1] = (uint8_t)(lba >> 32);
    a->high[1] = (uint8_t)(lba >> 40);
    if (!d->extended)
        a->device = (uint8_t)((a->device & 0xf0u) | (lba >> 24 & 15u));
}

/* A count of zero is the largest: 256, or 65536. */
static uint32_t count_get(const struct ide_disk *d)
{
    uint32_t count = d->extended ? (uint32_t)d->ata.count[1] << 8 | d->ata.count[0] : d->ata.count[0];
    return count ? count : d->extended ? 65536 : 256;
}

/* ---- transfers ---- */

static void action_fail(struct ide_disk *d, uint8_t error)
{
    d->action = DISK_NOTHING;
    address_put(d);
    ata_fail(&d->ata, error);
}

static void action_end(struct ide_disk *d)
{
    d->action = DISK_NOTHING;
    d->flushing = 0;
    ata_end(&d->ata);
}

/* Sectors of the present step. */
static uint32_t step_sectors(const struct ide_disk *d)
{
    bool pio = d->action == DISK_READ_PIO || d->action == DISK_WRITE_PIO;
    uint32_t most = pio ? d->block : ATA_BUFFER_BYTES / DISK_SECTOR;
    return d->left < most ? d->left : most;
}

static void step_request(struct ide_disk *d, uint32_t kind)
{
    ata_medium(&d->ata, kind, d->lba * DISK_SECTOR, (uint64_t)step_sectors(d) * DISK_SECTOR);
}

static void flush_request(struct ide_disk *d)
{
    d->flushing = d->action != DISK_FLUSH;
    ata_medium(&d->ata, ABBEY_BLOCK_FLUSH, 0, 0);
}

/* Begins the step at `lba`. The first block of a write by PIO comes without an interrupt (ATA section 9.6). */
static void step_begin(struct ide_disk *d, bool first)
{
    d->sent = 0;
    switch (d->action) {
    case DISK_WRITE_PIO: ata_out(&d->ata, step_sectors(d) * DISK_SECTOR, !first); break;
    case DISK_WRITE_DMA: ata_dma_wait(&d->ata); break;
    case DISK_FLUSH: flush_request(d); break;
    default: step_request(d, ABBEY_BLOCK_READ); break;
    }
}

/* A step has ended well. */
static void step_end(struct ide_disk *d)
{
    uint32_t sectors = step_sectors(d);
    d->lba += sectors;
    d->left -= sectors;
    if (d->left) {
        step_begin(d, false);
    } else if (d->action == DISK_READ_PIO) {
        d->action = DISK_NOTHING;
        d->ata.phase = ATA_PHASE_IDLE; /* the last block was announced; its end is not */
    } else if ((d->action == DISK_WRITE_PIO || d->action == DISK_WRITE_DMA) && !d->write_cache) {
        flush_request(d);
    } else {
        action_end(d);
    }
}

static void data_ended(struct ata *ata)
{
    struct ide_disk *d = disk_of(ata);
    if (d->action == DISK_WRITE_PIO) {
        memcpy(ata->buffer, ata->data, ata->end);
        step_request(d, ABBEY_BLOCK_WRITE);
    } else if (d->action == DISK_READ_PIO) {
        step_end(d);
    } else {
        ata->phase = ATA_PHASE_IDLE; /* IDENTIFY DEVICE */
    }
}

static void dma_ready(struct ata *ata)
{
    struct ide_disk *d = disk_of(ata);
    uint32_t bytes = step_sectors(d) * DISK_SECTOR;
    if (d->action == DISK_READ_DMA) {
        d->sent += ata->bus->dma(ata->bus_self, ata->unit, ata->buffer + d->sent, bytes - d->sent, 1);
        if (d->sent == bytes)
            step_end(d);
    } else if (ata->bus->dma(ata->bus_self, ata->unit, ata->buffer, bytes, 0) == bytes) {
        step_request(d, ABBEY_BLOCK_WRITE);
    }
}

static void medium_ended(struct ata *ata, int32_t result)
{
    struct ide_disk *d = disk_of(ata);
    bool reads = d->action == DISK_READ_PIO || d->action == DISK_READ_DMA || d->action == DISK_VERIFY;
    uint32_t bytes = step_sectors(d) * DISK_SECTOR;
    if (result != ABBEY_BLOCK_OK) {
        d->flushing = 0;
        action_fail(d, reads ? ATA_ERROR_UNC : ATA_ERROR_ABRT);
    } else if (d->flushing || d->action == DISK_FLUSH) {
        action_end(d);
    } else if (d->action == DISK_READ_PIO) {
        memcpy(ata->data, ata->buffer, bytes);
        ata_in(ata, bytes, true);
    } else if (d->action == DISK_READ_DMA) {
        ata_dma_wait(ata);
    } else {
        if (d->action == DISK_WRITE_DMA)
            ata->bus->dma_advance(ata->bus_self, ata->unit, bytes);
        step_end(d);
    }
}

/* Restored while the medium had not answered. What a write by DMA sends is fetched from memory again, that of a PIO
 * write stands in data[]. */
static void ask_again(struct ata *ata)
{
    struct ide_disk *d = disk_of(ata);
    uint32_t bytes = step_sectors(d) * DISK_SECTOR;
    if (ata->phase == ATA_PHASE_DMA) {
        if (d->action == DISK_READ_DMA)
            ata_refill(ata, d->lba * DISK_SECTOR, bytes);
    } else if (d->flushing) {
        flush_request(d);
    } else if (d->action == DISK_WRITE_PIO) {
        memcpy(ata->buffer, ata->data, bytes);
        step_request(d, ABBEY_BLOCK_WRITE);
    } else if (d->action == DISK_WRITE_DMA) {
        ata_dma_wait(ata);
    } else if (d->action == DISK_READ_DMA) {
        step_request(d, ABBEY_BLOCK_READ); /* `sent` stays */
    } else if (d->action != DISK_NOTHING) {
        step_begin(d, false);
    } else {
        ata_fail(ata, ATA_ERROR_ABRT);
    }
}

/* ---- commands ---- */

static void action_start(struct ide_disk *d, uint8_t action, bool extended, uint8_t block)
{
    d->extended = extended;
    d->lba = address_get(d);
    d->left = count_get(d);
    if (d->lba >= d->total || d->left > d->total - d->lba) {
        d->lba = d->left = 0;
        ata_fail(&d->ata, ATA_ERROR_IDNF);
        return;
    }
    d->action = action;
    d->block = block;
    step_begin(d, true);
}

static void flush(struct ide_disk *d)
{
    d->extended = 0;
    d->lba = 0;
    d->left = 0;
    d->action = DISK_FLUSH;
    flush_request(d);
}

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
    address_put(d);
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
        action_start(d, t->action, t->extended, t->multiple ? d->multiple : 1);
        return true;
    }
    return false;
}

static void disk_command(struct ata *ata, uint8_t command)
{
    struct ide_disk *d = disk_of(ata);
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
    case 0xea: flush(d); break;
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
    struct ide_disk *d = disk_of(ata);
    d->action = DISK_NOTHING;
    d->flushing = 0;
    d->left = 0;
}

static const struct ata_kind kind = {
    .command = disk_command,
    .data_ended = data_ended,
    .medium_ended = medium_ended,
    .dma_ready = dma_ready,
    .reset = disk_reset,
    .ask_again = ask_again,
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
        (!d->left || !d->block || d->block > DISK_MULTIPLE || d->sent > step_sectors(d) * DISK_SECTOR))
        return -1;
    bool pio = d->action == DISK_READ_PIO || d->action == DISK_WRITE_PIO;
    bool data = d->ata.phase == ATA_PHASE_IN || d->ata.phase == ATA_PHASE_OUT;
    if (pio && data && d->ata.end != step_sectors(d) * DISK_SECTOR)
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
