/* fdc.c - the diskette controller of a PC: its registers, and the phases of a command.
 *
 * Intel 82077AA CHMOS Single-Chip Floppy Disk Controller, order number 290166 ("DS"; its headings are cited), wired in
 * PC-AT mode: status registers A and B are not there, DMAGATE (bit 3 of DOR) gates DRQ and INT.
 *
 * A command is written byte by byte to the data register (command phase), carried out (execution phase, with data by
 * DMA or, where SPECIFY says so, through the data register), and answers with result bytes that are read from there.
 * SEEK and RECALIBRATE have no results: an interrupt says that they have ended, and SENSE INTERRUPT STATUS tells how.
 *
 * What stock drivers do with it. SeaBIOS and DOS: reset by DOR, four SENSE INTERRUPTs, SPECIFY, RECALIBRATE, READ ID
 * or READ to find the data rate, DMA on channel 2. Linux: VERSION, DUMPREG, CONFIGURE, LOCK, then media detection by
 * trying formats; looks at the disk-change line and seeks to clear it. Windows 9x and NT: CONFIGURE with implied seeks.
 *
 * The motor is up to speed at once, and a revolution takes no time; commands end after some microseconds, so that a
 * driver which starts one with interrupts on is not surprised within the OUT. A command to a drive without a medium
 * ends with "no address mark", where the chip would wait for an index pulse for ever; drivers have timeouts for that,
 * and their users would wait.
 *
 * XXX: SCAN commands are not there (they are answered as invalid); no medium keeps deleted-data marks, so WRITE DELETED
 * DATA writes ordinary sectors; only sectors of 512 bytes exist. */
#include "fdc.h"

#include <string.h>

#define DOR_RESET 0x04u /* active low */
#define DOR_DMAGATE 0x08u
#define MSR_RQM 0x80u
#define MSR_DIO 0x40u
#define MSR_NON_DMA 0x20u
#define MSR_BUSY 0x10u
#define DSR_RESET 0x80u
#define DIR_CHANGED 0x80u
#define CONFIGURE_POLL_OFF 0x10u
#define CONFIGURE_DEFAULT 0x20u /* FIFO off, threshold 1, polling on */

#define RESET_TIME (300 * ABBEY_US)

void fdc_interrupt(struct fdc *f, uint32_t level)
{
    f->interrupt = (uint8_t)level;
    abbey_irq_set(f->irq, level && (f->dor & DOR_DMAGATE));
}

struct fdc_drive *fdc_drive(const struct fdc *f)
{
    return f->drives[f->fifo[1] & 3];
}

/* DS, "SPECIFY": bit ND. */
uint32_t fdc_by_dma(const struct fdc *f)
{
    return !(f->specify[1] & 1);
}

void fdc_idle(struct fdc *f)
{
    f->phase = FDC_COMMAND;
    f->fifo_at = f->fifo_count = 0;
}

void fdc_result(struct fdc *f, uint32_t count, uint32_t interrupt)
{
    f->phase = FDC_RESULT;
    f->fifo_at = 0;
    f->fifo_count = (uint8_t)count;
    if (interrupt)
        fdc_interrupt(f, 1);
}

/* ---- reset ---- */

/* DS, "Reset": by DOR or DSR. What CONFIGURE set stays if it was locked; the heads stay where they are. */
static void controller_reset(struct fdc *f)
{
    fdc_transfer_stop(f);
    abbey_timer_cancel(f->seek_timer);
    fdc_interrupt(f, 0);
    fdc_idle(f);
    f->seeking = 0;
    memset(f->pending, 0, sizeof f->pending);
    f->perpendicular &= 0x3c;
    if (!f->lock) {
        f->configure[0] = CONFIGURE_DEFAULT;
        f->configure[1] = 0;
    }
}

/* After reset the drives are polled, and all of them are found to have become ready. */
static void reset_ends(struct fdc *f)
{
    if (f->configure[0] & CONFIGURE_POLL_OFF)
        return;
    for (uint32_t i = 0; i < FDC_DRIVES; i++)
        f->pending[i] = (uint8_t)(ST0_POLLING | i);
    abbey_timer_arm(f->seek_timer, RESET_TIME); /* which raises the interrupt */
}

static void write_dor(struct fdc *f, uint8_t value)
{
    uint8_t changed = value ^ f->dor;
    f->dor = value;
    if (changed & DOR_RESET) {
        controller_reset(f);
        if (value & DOR_RESET)
            reset_ends(f);
    }
    fdc_interrupt(f, f->interrupt); /* DMAGATE may have changed */
}

static void write_dsr(struct fdc *f, uint8_t value)
{
    f->rate = value & 3;
    f->precompensation = value & 0x5c;
    if ((value & DSR_RESET) && (f->dor & DOR_RESET)) { /* clears itself */
        controller_reset(f);
        reset_ends(f);
    }
}

/* ---- registers ---- */

/* DS, "Main Status Register". */
static uint8_t read_msr(const struct fdc *f)
{
    uint32_t value = f->seeking;
    if (!(f->dor & DOR_RESET))
        return 0;
    if (f->phase == FDC_COMMAND) {
        value |= MSR_RQM | (f->fifo_count ? MSR_BUSY : 0);
    } else if (f->phase == FDC_RESULT) {
        value |= MSR_RQM | MSR_DIO | MSR_BUSY;
    } else {
        value |= MSR_BUSY;
        if (!fdc_by_dma(f))
            value |= MSR_NON_DMA;
        if (fdc_transfer_wants_host(f))
            value |= MSR_RQM | (fdc_transfer_to_host(f) ? MSR_DIO : 0);
    }
    return (uint8_t)value;
}

static uint8_t read_data(struct fdc *f)
{
    if (f->phase == FDC_EXECUTION && fdc_transfer_wants_host(f) && fdc_transfer_to_host(f))
        return fdc_transfer_read(f);
    if (f->phase != FDC_RESULT)
        return 0;
    uint8_t value = f->fifo[f->fifo_at & 15];
    if (f->fifo_at++ == 0)
        fdc_interrupt(f, 0); /* DS, "Result Phase": the first byte read clears INT */
    if (f->fifo_at >= f->fifo_count)
        fdc_idle(f);
    return value;
}

static void write_data(struct fdc *f, uint8_t value)
{
    if (!(f->dor & DOR_RESET))
        return;
    if (f->phase == FDC_EXECUTION && fdc_transfer_wants_host(f) && !fdc_transfer_to_host(f))
        fdc_transfer_write(f, value);
    if (f->phase != FDC_COMMAND)
        return;
    f->fifo[f->fifo_count++] = value;
    if (f->fifo_count >= fdc_command_length(f->fifo[0]))
        fdc_command_run(f);
}

static uint8_t read_dir(const struct fdc *f)
{
    uint32_t unit = f->dor & 3;
    const struct fdc_drive *drive = f->drives[unit];
    return drive && drive->changed && (f->dor >> (4 + unit) & 1) ? DIR_CHANGED : 0;
}

static uint8_t read_register(struct fdc *f, uint32_t at)
{
    switch (at) {
    case 2: return f->dor;
    case 3: return 0x00; /* TDR: no tape drives */
    case 4: return read_msr(f);
    case 5: return read_data(f);
    case 7: return read_dir(f);
    default: return 0xff;
    }
}

static void access_ports(void *self, abbey_io *io)
{
    struct fdc *f = self;
    uint32_t at = (uint32_t)(io->addr - f->base);
    uint8_t value = (uint8_t)io->value;
    if (!io->write) {
        io->value = read_register(f, at);
        return;
    }
    switch (at) {
    case 2: write_dor(f, value); break;
    case 4: write_dsr(f, value); break;
    case 5: write_data(f, value); break;
    case 7: f->rate = value & 3; break; /* CCR */
    default: break;
    }
}

/* ---- the life of a controller ---- */

static int32_t attach(struct fdc *f, struct fdc_drive *drive)
{
    if (f->drives[drive->unit])
        return -1;
    f->drives[drive->unit] = drive;
    return 0;
}

static const struct fdc_link link_ops = { .attach = attach };

static void reset(void *self)
{
    struct fdc *f = self;
    fdc_transfer_stop(f);
    fdc_interrupt(f, 0);
}

static int32_t loaded(void *self)
{
    struct fdc *f = self;
    if (f->phase > FDC_RESULT || f->fifo_at >= sizeof f->fifo || f->fifo_count > sizeof f->fifo ||
        f->buffer_at > FDC_SECTOR || f->rate > 3)
        return -1;
    if (f->phase == FDC_COMMAND && f->fifo_count >= fdc_command_length(f->fifo[0]))
        return -1;
    return fdc_transfer_loaded(f);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct fdc *f = self;
    f->dev = dev;
    f->timer = abbey_timer_new(dev, fdc_transfer_due, f);
    f->seek_timer = abbey_timer_new(dev, fdc_seeks_end, f);
    f->again = abbey_timer_new(dev, fdc_transfer_again, f);
    f->dma = abbey_isadma_open(dev, f->dma_channel, fdc_transfer_ready, f);
    if (!f->timer || !f->seek_timer || !f->again || !f->dma)
        return -1;
    /* base + 6 is a register of the hard disk controller. */
    if (abbey_pio_map(dev, f->base, 6, access_ports, f) || abbey_pio_map(dev, f->base + 7u, 1, access_ports, f))
        return -1;
    return abbey_bus_offer(dev, FDC_LINK, &link_ops, f);
}

#define ABBEY_SELF struct fdc
static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x3f0, "first of its I/O ports", .min = 0x100, .max = 0xfff8),
    ABBEY_PROP(irq, 6, "ISA interrupt line"),
    {
        .name = "dma",
        .type = ABBEY_TYPE_U8,
        .offset = offsetof(struct fdc, dma_channel),
        .value = 2,
        .meaning = "DMA channel, 0 to 3",
        .max = 3,
    },
};
static const abbey_reg regs[] = {
    ABBEY_REG(dor, 0),
    ABBEY_REG(rate, RATE_250K), /* DS, "Data Rate Select Register": 250 Kbit/s after reset */
    ABBEY_REG(precompensation, 0),
    ABBEY_REG(phase, FDC_COMMAND),
    ABBEY_REG(fifo, 0),
    ABBEY_REG(fifo_at, 0),
    ABBEY_REG(fifo_count, 0),
    ABBEY_REG(specify, 0),
    ABBEY_REG(configure[0], CONFIGURE_DEFAULT),
    ABBEY_REG(configure[1], 0),
    ABBEY_REG(perpendicular, 0),
    ABBEY_REG(lock, 0),
    ABBEY_REG(pending, 0),
    ABBEY_REG(seeking, 0),
    ABBEY_REG(interrupt, 0),
    ABBEY_REG(target, 0),
    ABBEY_REG(st1, 0),
    ABBEY_REG(st2, 0),
    ABBEY_REG(end_of_track, 0),
    ABBEY_REG(buffer, 0),
    ABBEY_REG(buffer_at, 0),
    ABBEY_REG(stage, 0),
    ABBEY_REG(tc, 0),
    ABBEY_REG(left, 0),
    ABBEY_REG(timer, 0),
    ABBEY_REG(seek_timer, 0),
};

static const abbey_device devices[] = {
    { .name = "i82077aa",
        .summary = "82077AA diskette controller",
        .bus = "isa",
        .self_size = sizeof(struct fdc),
        .state_version = 1,
        .props = ABBEY_TABLE(props),
        .regs = ABBEY_TABLE(regs),
        .create = create,
        .reset = reset,
        .loaded = loaded,
        .provides = "floppy" },
    { .name = "floppy",
        .summary = "diskette drive",
        .bus = "floppy",
        .self_size = sizeof(struct fdc_drive),
        .state_version = 1,
        .props = ABBEY_TABLE(fdc_drive_props),
        .regs = ABBEY_TABLE(fdc_drive_regs),
        .create = fdc_drive_create,
        .loaded = fdc_drive_loaded },
};
ABBEY_PLUGIN(.id = "org.abbey.i82077aa", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.timer/1 abbey.isadma/1 abbey.bus/1", .devices = ABBEY_TABLE(devices));
