/* command.c - the commands of the 82077AA ("Command Set/Descriptions" of the data sheet): those without data, and what
 * all have in common. */
#include "fdc.h"

#define SEEK_TIME (200 * ABBEY_US)
#define VERSION_82077AA 0x90u

static void invalid(struct fdc *f)
{
    f->fifo[0] = ST0_INVALID;
    fdc_result(f, 1, 0);
}

static void transfer(struct fdc *f)
{
    f->end_of_track = f->fifo[6];
    fdc_transfer_start(f);
}

static void read_id_or_format(struct fdc *f)
{
    fdc_transfer_start(f);
}

static void specify(struct fdc *f)
{
    f->specify[0] = f->fifo[1];
    f->specify[1] = f->fifo[2];
    fdc_idle(f);
}

static void sense_drive(struct fdc *f)
{
    const struct fdc_drive *drive = fdc_drive(f);
    uint32_t st3 = 0x28 | (f->fifo[1] & 7u);
    if (drive && drive->cylinder == 0)
        st3 |= 0x10; /* track 0 */
    if (drive && drive->read_only)
        st3 |= 0x40;
    f->fifo[0] = (uint8_t)st3;
    fdc_result(f, 1, 0);
}

/* ---- heads ---- */

static uint8_t cylinder_of(const struct fdc *f, uint32_t unit)
{
    return f->drives[unit] ? f->drives[unit]->cylinder : f->target[unit];
}

static void seek_start(struct fdc *f, uint32_t target)
{
    uint32_t unit = f->fifo[1] & 3;
    f->target[unit] = (uint8_t)target;
    f->seeking |= (uint8_t)(1u << unit);
    f->pending[unit] = 0;
    abbey_timer_arm(f->seek_timer, SEEK_TIME);
    fdc_idle(f);
}

static void seek(struct fdc *f)
{
    seek_start(f, f->fifo[2]);
}

/* DS, "RECALIBRATE": without a drive no track 0 is found in 79 steps; sense_interrupt() is told by ST0_EQUIPMENT. */
static void recalibrate(struct fdc *f)
{
    uint32_t unit = f->fifo[1] & 3;
    seek_start(f, 0);
    f->pending[unit] = f->drives[unit] ? 0 : ST0_ABNORMAL | ST0_EQUIPMENT;
}

static void seek_relative(struct fdc *f)
{
    uint32_t now = cylinder_of(f, f->fifo[1] & 3), by = f->fifo[2], up = f->fifo[0] & 0x40;
    seek_start(f, up ? (now + by > 255 ? 255 : now + by) : (now > by ? now - by : 0));
}

void fdc_seeks_end(void *self)
{
    struct fdc *f = self;
    for (uint32_t unit = 0; unit < FDC_DRIVES; unit++) {
        if (!(f->seeking >> unit & 1))
            continue;
        if (f->drives[unit])
            fdc_drive_seek(f->drives[unit], f->target[unit]);
        f->pending[unit] = (uint8_t)(f->pending[unit] | ST0_SEEK_END | unit);
    }
    f->seeking = 0;
    fdc_interrupt(f, 1);
}

/* DS, "SENSE INTERRUPT STATUS": one drive a command; without a reason it is an invalid command. */
static void sense_interrupt(struct fdc *f)
{
    for (uint32_t unit = 0; unit < FDC_DRIVES; unit++) {
        if (!f->pending[unit] || (f->seeking >> unit & 1))
            continue;
        f->fifo[0] = f->pending[unit];
        f->fifo[1] = cylinder_of(f, unit);
        f->pending[unit] = 0;
        fdc_interrupt(f, 0);
        fdc_result(f, 2, 0);
        return;
    }
    invalid(f);
}

/* ---- the controller itself ---- */

static void version(struct fdc *f)
{
    f->fifo[0] = VERSION_82077AA;
    fdc_result(f, 1, 0);
}

static void configure(struct fdc *f)
{
    f->configure[0] = f->fifo[2];
    f->configure[1] = f->fifo[3];
    fdc_idle(f);
}

/* DS, "PERPENDICULAR MODE": without OW the drive bits stay. */
static void perpendicular(struct fdc *f)
{
    uint32_t value = f->fifo[1], drives = value & 0x80 ? value & 0x3c : f->perpendicular & 0x3cu;
    f->perpendicular = (uint8_t)(drives | (value & 3));
    fdc_idle(f);
}

static void lock(struct fdc *f)
{
    f->lock = f->fifo[0] >> 7;
    f->fifo[0] = (uint8_t)(f->lock << 4);
    fdc_result(f, 1, 0);
}

static void dump_registers(struct fdc *f)
{
    for (uint32_t unit = 0; unit < FDC_DRIVES; unit++)
        f->fifo[unit] = cylinder_of(f, unit);
    f->fifo[4] = f->specify[0];
    f->fifo[5] = f->specify[1];
    f->fifo[6] = f->end_of_track;
    f->fifo[7] = (uint8_t)((uint32_t)f->lock << 7 | f->perpendicular);
    f->fifo[8] = f->configure[0];
    f->fifo[9] = f->configure[1];
    fdc_result(f, 10, 0);
}

/* ---- which is which ---- */

// clang-format off
/* A byte belongs to the first row with byte & mask == value; the length counts it. */
static const struct command {
    uint8_t mask, value, length;
    void (*run)(struct fdc *f);
} commands[] = {
    { 0x1f, 0x06, 9, transfer },          /* READ DATA */
    { 0x3f, 0x05, 9, transfer },          /* WRITE DATA */
    { 0x1f, 0x0c, 9, transfer },          /* READ DELETED DATA */
    { 0x3f, 0x09, 9, transfer },          /* WRITE DELETED DATA */
    { 0xbf, 0x02, 9, transfer },          /* READ TRACK */
    { 0x1f, 0x16, 9, transfer },          /* VERIFY */
    { 0xbf, 0x0a, 2, read_id_or_format }, /* READ ID */
    { 0xbf, 0x0d, 6, read_id_or_format }, /* FORMAT TRACK */
    { 0xff, 0x07, 2, recalibrate },
    { 0xff, 0x08, 1, sense_interrupt },
    { 0xff, 0x03, 3, specify },
    { 0xff, 0x04, 2, sense_drive },
    { 0xff, 0x0f, 3, seek },
    { 0xbf, 0x8f, 3, seek_relative },
    { 0xff, 0x10, 1, version },
    { 0xff, 0x13, 4, configure },
    { 0xff, 0x12, 2, perpendicular },
    { 0x7f, 0x14, 1, lock },
    { 0xff, 0x0e, 1, dump_registers },
    { 0x00, 0x00, 1, invalid },
};
// clang-format on

static const struct command *command_find(uint8_t byte)
{
    const struct command *command = commands;
    while ((byte & command->mask) != command->value)
        command++;
    return command;
}

uint32_t fdc_command_length(uint8_t byte)
{
    return command_find(byte)->length;
}

void fdc_command_run(struct fdc *f)
{
    command_find(f->fifo[0])->run(f);
}
