/* disk_transfer.c - a disk's sectors on their way, and the addresses that name them ("ATA": ATA/ATAPI-5, T13/1321D).
 *
 * A command with data becomes an action over `left` sectors from `lba`, in steps of a block (PIO) or of what the buffer
 * holds (DMA, verify). Each step is one request to the medium. The registers are moved on when a step has ended well,
 * so that a disk restored in the middle of one does it again. */
#include "ide-disk.h"

#include <string.h>

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
void disk_address_put(struct ide_disk *d)
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
    disk_address_put(d);
    ata_fail(&d->ata, error);
}

static void action_end(struct ide_disk *d)
{
    d->action = DISK_NOTHING;
    d->flushing = 0;
    ata_end(&d->ata);
}

/* Sectors of the present step. */
uint32_t disk_step_sectors(const struct ide_disk *d)
{
    bool pio = d->action == DISK_READ_PIO || d->action == DISK_WRITE_PIO;
    uint32_t most = pio ? d->block : ATA_BUFFER_BYTES / DISK_SECTOR;
    return d->left < most ? d->left : most;
}

static void step_request(struct ide_disk *d, uint32_t kind)
{
    ata_medium(&d->ata, kind, d->lba * DISK_SECTOR, (uint64_t)disk_step_sectors(d) * DISK_SECTOR);
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
    case DISK_WRITE_PIO: ata_out(&d->ata, disk_step_sectors(d) * DISK_SECTOR, !first); break;
    case DISK_WRITE_DMA: ata_dma_wait(&d->ata); break;
    case DISK_FLUSH: flush_request(d); break;
    default: step_request(d, ABBEY_BLOCK_READ); break;
    }
}

/* A step has ended well. */
static void step_end(struct ide_disk *d)
{
    uint32_t sectors = disk_step_sectors(d);
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

void disk_data_ended(struct ata *ata)
{
    struct ide_disk *d = ide_disk_of(ata);
    if (d->action == DISK_WRITE_PIO) {
        memcpy(ata->buffer, ata->data, ata->end);
        step_request(d, ABBEY_BLOCK_WRITE);
    } else if (d->action == DISK_READ_PIO) {
        step_end(d);
    } else {
        ata->phase = ATA_PHASE_IDLE; /* IDENTIFY DEVICE */
    }
}

void disk_dma_ready(struct ata *ata)
{
    struct ide_disk *d = ide_disk_of(ata);
    uint32_t bytes = disk_step_sectors(d) * DISK_SECTOR;
    if (d->action == DISK_READ_DMA) {
        d->sent += ata->bus->dma(ata->bus_self, ata->unit, ata->buffer + d->sent, bytes - d->sent, 1);
        if (d->sent == bytes)
            step_end(d);
    } else if (ata->bus->dma(ata->bus_self, ata->unit, ata->buffer, bytes, 0) == bytes) {
        step_request(d, ABBEY_BLOCK_WRITE);
    }
}

void disk_medium_ended(struct ata *ata, int32_t result)
{
    struct ide_disk *d = ide_disk_of(ata);
    bool reads = d->action == DISK_READ_PIO || d->action == DISK_READ_DMA || d->action == DISK_VERIFY;
    uint32_t bytes = disk_step_sectors(d) * DISK_SECTOR;
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
void disk_ask_again(struct ata *ata)
{
    struct ide_disk *d = ide_disk_of(ata);
    uint32_t bytes = disk_step_sectors(d) * DISK_SECTOR;
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

/* ---- how one begins ---- */

void disk_transfer(struct ide_disk *d, uint8_t action, bool extended, uint8_t block)
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

void disk_flush(struct ide_disk *d)
{
    d->extended = 0;
    d->lba = 0;
    d->left = 0;
    d->action = DISK_FLUSH;
    flush_request(d);
}
