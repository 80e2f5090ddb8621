/* ata.c - the command block, resets and data blocks of a drive. See ata.h. */
#include "ata.h"

#include <string.h>

#define CONTROL_NIEN 0x02u
#define CONTROL_SRST 0x04u
#define CONTROL_HOB 0x80u
#define DEVICE_OBSOLETE 0xa0u /* bits 7 and 5 read as one on all but the newest drives */
#define DEVICE_1 0x10u

static uint8_t ready(const struct ata *ata)
{
    return ata->kind->packet ? ATA_DRDY : ATA_DRDY | ATA_DSC;
}

void ata_irq(struct ata *ata, bool level)
{
    ata->irq = level;
    ata->bus->intrq(ata->bus_self, ata->unit, level && !(ata->control & CONTROL_NIEN));
}

void ata_end(struct ata *ata)
{
    ata->phase = ATA_PHASE_IDLE;
    ata->status = ready(ata);
    ata->error = 0;
    ata_irq(ata, true);
}

void ata_fail(struct ata *ata, uint8_t error)
{
    ata->phase = ATA_PHASE_IDLE;
    ata->status = ready(ata) | ATA_ERR;
    ata->error = error;
    ata_irq(ata, true);
}

static void data_phase(struct ata *ata, uint8_t phase, uint32_t from, uint32_t to, bool interrupt)
{
    ata->phase = phase;
    ata->at = (uint16_t)from;
    ata->end = (uint16_t)to;
    ata->status = ready(ata) | ATA_DRQ;
    if (interrupt)
        ata_irq(ata, true);
}

void ata_in(struct ata *ata, uint32_t bytes, bool interrupt)
{
    data_phase(ata, ATA_PHASE_IN, 0, bytes, interrupt);
}

void ata_in_part(struct ata *ata, uint32_t from, uint32_t to)
{
    data_phase(ata, ATA_PHASE_IN, from, to, true);
}

void ata_out(struct ata *ata, uint32_t bytes, bool interrupt)
{
    data_phase(ata, ATA_PHASE_OUT, 0, bytes, interrupt);
}

void ata_dma_wait(struct ata *ata)
{
    ata->phase = ATA_PHASE_DMA;
    ata->status = ready(ata) | ATA_DRQ;
    ata->kind->dma_ready(ata);
}

/* ---- the medium ---- */

static void request_start(struct ata *ata, uint32_t kind, uint64_t offset, uint64_t bytes)
{
    bool data = kind == ABBEY_BLOCK_READ || kind == ABBEY_BLOCK_WRITE;
    ata->segment = (abbey_block_segment){ ata->buffer, bytes };
    ata->request.kind = kind;
    ata->request.offset = offset;
    ata->request.bytes = bytes;
    ata->request.segments = &ata->segment;
    ata->request.segment_count = data ? 1 : 0;
    ata->flying = true;
    abbey_block_submit(ata->medium, &ata->request);
}

void ata_medium(struct ata *ata, uint32_t kind, uint64_t offset, uint64_t bytes)
{
    ata->phase = ATA_PHASE_BUSY;
    ata->status = ATA_BSY;
    request_start(ata, kind, offset, bytes);
}

void ata_refill(struct ata *ata, uint64_t offset, uint64_t bytes)
{
    request_start(ata, ABBEY_BLOCK_READ, offset, bytes);
}

static void software_reset(struct ata *ata);

static void resume(struct ata *ata);

static void medium_done(void *self, abbey_block_request *request)
{
    struct ata *ata = self;
    ata->flying = false;
    if (ata->stale) { /* the answer to a question from before the restore */
        ata->stale = false;
        resume(ata);
        return;
    }
    if (ata->control & CONTROL_SRST)
        return; /* nobody wants the answer any more */
    if (ata->resetting) {
        ata->resetting = 0;
        software_reset(ata);
    } else if (ata->phase == ATA_PHASE_BUSY) {
        ata->kind->medium_ended(ata, request->result);
    } else if (ata->phase == ATA_PHASE_DMA) {
        if (request->result == ABBEY_BLOCK_OK)
            ata->kind->dma_ready(ata);
        else
            ata->kind->medium_ended(ata, request->result);
    }
}

/* ---- resets ---- */

void ata_signature(struct ata *ata)
{
    ata->count[0] = ata->low[0] = 1;
    ata->mid[0] = ata->kind->packet ? 0x14 : 0;
    ata->high[0] = ata->kind->packet ? 0xeb : 0;
    ata->device = 0;
}

static void software_reset(struct ata *ata)
{
    ata->phase = ATA_PHASE_IDLE;
    ata->error = 1;
    ata_signature(ata);
    ata->status = ata->kind->packet ? 0 : ready(ata);
    ata->kind->reset(ata);
}

/* While SRST is set the drive is busy; it is done when SRST is clear and the medium has answered. */
static void control_write(struct ata *ata, uint8_t value)
{
    uint8_t fallen = ata->control & (uint8_t)~value;
    ata->control = value;
    if (value & CONTROL_SRST) {
        ata->status = ATA_BSY;
        ata->phase = ATA_PHASE_BUSY;
        ata->irq = 0;
    } else if (fallen & CONTROL_SRST) {
        ata->resetting = ata->flying;
        if (!ata->flying)
            software_reset(ata);
    }
    ata_irq(ata, ata->irq);
}

void ata_diagnose(struct ata *ata)
{
    ata_signature(ata);
    ata_end(ata);
    ata->error = 1;
    if (ata->kind->packet)
        ata->status = 0;
}

void ata_power_on(struct ata *ata)
{
    ata->status = ATA_BSY;
    ata->phase = ATA_PHASE_BUSY;
    ata->stale = false;
    ata->resetting = ata->flying;
    if (!ata->flying)
        software_reset(ata);
}

/* Asks for what a restored drive waits for. */
static void resume(struct ata *ata)
{
    if (ata->control & CONTROL_SRST || !ata->medium)
        return;
    if (ata->resetting)
        request_start(ata, ABBEY_BLOCK_FLUSH, 0, 0); /* in place of the answer it waited for */
    else if (ata->phase == ATA_PHASE_BUSY || ata->phase == ATA_PHASE_DMA)
        ata->kind->ask_again(ata);
}

/* A state may come from anywhere: what would lead out of data[] is refused. A drive that was waiting asks again. */
int32_t ata_loaded(struct ata *ata)
{
    bool data = ata->phase == ATA_PHASE_IN || ata->phase == ATA_PHASE_OUT;
    bool busy = ata->phase == ATA_PHASE_BUSY;
    if (ata->phase >= ATA_PHASES || ata->end > ATA_DATA_BYTES || ata->at > ata->end || (data && ata->at == ata->end) ||
        busy != !!(ata->status & ATA_BSY) || (ata->resetting && !busy))
        return -1;
    ata->stale = ata->flying;
    if (!ata->flying)
        resume(ata);
    return 0;
}

/* ---- the command block ---- */

static uint8_t reg_read(void *self, uint32_t reg)
{
    struct ata *ata = self;
    uint32_t hob = ata->control & CONTROL_HOB ? 1 : 0;
    if (reg != IDE_STATUS && reg != IDE_CONTROL && (ata->status & ATA_BSY))
        return ata->status; /* ATA section 7: while BSY is set every register reads as the status */
    switch (reg) {
    case IDE_ERROR: return ata->error;
    case IDE_COUNT: return ata->count[hob];
    case IDE_LOW: return ata->low[hob];
    case IDE_MID: return ata->mid[hob];
    case IDE_HIGH: return ata->high[hob];
    case IDE_DEVICE: return ata->device | DEVICE_OBSOLETE | (ata->unit & 1 ? DEVICE_1 : 0);
    case IDE_STATUS: ata_irq(ata, false); return ata->status;
    default: return ata->status;
    }
}

static void shift_in(uint8_t bytes[2], uint8_t value)
{
    bytes[1] = bytes[0];
    bytes[0] = value;
}

static void reg_write(void *self, uint32_t reg, uint8_t value)
{
    struct ata *ata = self;
    if (reg == IDE_CONTROL) {
        control_write(ata, value);
        return;
    }
    ata->control &= (uint8_t)~CONTROL_HOB;
    bool device_reset = reg == IDE_STATUS && value == 0x08 && ata->kind->packet;
    if ((ata->control & CONTROL_SRST) || ((ata->status & (ATA_BSY | ATA_DRQ)) && !device_reset))
        return; /* closed */
    switch (reg) {
    case IDE_ERROR: shift_in(ata->feature, value); break;
    case IDE_COUNT: shift_in(ata->count, value); break;
    case IDE_LOW: shift_in(ata->low, value); break;
    case IDE_MID: shift_in(ata->mid, value); break;
    case IDE_HIGH: shift_in(ata->high, value); break;
    case IDE_DEVICE: ata->device = value & (uint8_t) ~(DEVICE_OBSOLETE | DEVICE_1); break;
    case IDE_STATUS:
        ata_irq(ata, false);
        if (device_reset) {
            ata->phase = ATA_PHASE_BUSY;
            ata->status = ATA_BSY;
            ata->resetting = ata->flying;
            if (!ata->flying)
                software_reset(ata);
            break;
        }
        ata->kind->command(ata, value);
        break;
    default: break;
    }
}

static void block_ended(struct ata *ata)
{
    ata->status = ready(ata);
    ata->kind->data_ended(ata);
}

static uint16_t data_read(void *self)
{
    struct ata *ata = self;
    uint16_t value = 0xffff;
    if (ata->phase != ATA_PHASE_IN || (ata->status & ATA_BSY))
        return value;
    memcpy(&value, ata->data + ata->at, ata->end - ata->at >= 2 ? 2 : 1);
    ata->at = (uint16_t)(ata->at + 2 < ata->end ? ata->at + 2 : ata->end);
    if (ata->at == ata->end)
        block_ended(ata);
    return value;
}

static void data_write(void *self, uint16_t value)
{
    struct ata *ata = self;
    if (ata->phase != ATA_PHASE_OUT || (ata->status & ATA_BSY))
        return;
    memcpy(ata->data + ata->at, &value, ata->end - ata->at >= 2 ? 2 : 1);
    ata->at = (uint16_t)(ata->at + 2 < ata->end ? ata->at + 2 : ata->end);
    if (ata->at == ata->end)
        block_ended(ata);
}

static void dma_ready(void *self)
{
    struct ata *ata = self;
    if (ata->phase == ATA_PHASE_DMA && !ata->flying)
        ata->kind->dma_ready(ata);
}

static const struct ide_drive_ops drive_ops = { .size = sizeof drive_ops,
    .read = reg_read,
    .write = reg_write,
    .data_read = data_read,
    .data_write = data_write,
    .dma_ready = dma_ready };

int32_t ata_create(struct ata *ata, abbey_dev *dev, uint32_t unit, const struct ata_kind *kind, abbey_block *medium)
{
    ata->dev = dev;
    ata->unit = unit;
    ata->kind = kind;
    ata->medium = medium;
    ata->request = (abbey_block_request){ .size = sizeof ata->request, .done = medium_done, .self = ata };
    ata->buffer = abbey_alloc(dev, ATA_BUFFER_BYTES);
    if (!ata->buffer)
        return abbey_fail(dev, "out of memory for its buffer");
    ata->bus = abbey_bus_find(dev, IDE_BUS_1, &ata->bus_self);
    return ata->bus ? ata->bus->attach(ata->bus_self, dev, unit, &drive_ops, ata) : -1;
}
