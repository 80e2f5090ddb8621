/* daq.c - an ISA data-acquisition card: a 12-bit converter with a FIFO of 256 samples, an interrupt and a DMA channel.
 *
 * The signal comes from a file: a line a sample, in volts (-10 to 10), what stands before a comma being ignored
 * ("time,volts"); it starts again at its end. Without a file the signal is a ramp.
 *
 *   +0  control   bit 0 run, bit 1 interrupt at half full, bit 2 samples go out by DMA; bit 7 empties the FIFO (reads
 * 0) +1  status    bit 0 running, bit 1 a sample is there, bit 2 half full, bit 3 a sample was lost, bit 4 terminal
 * count of the DMA channel; reading clears bits 3 and 4 and ends the interrupt +2  sample    16 bits: takes the oldest
 * sample out of the FIFO, 0 to 4095; FFFFh when it is empty +4  divider   8 bits: a sample every (divider + 1) x 10 us
 *
 * The interrupt comes when the FIFO becomes half full, and at terminal count. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <abbey/plugin.h>

#define FIFO 256u
#define SIGNAL 65536u /* samples of a file */

#define RUN 0x01
#define IRQ 0x02
#define DMA 0x04
#define EMPTY 0x80

#define SOME 0x02
#define HALF 0x04
#define LOST 0x08
#define END 0x10

struct daq {
    uint16_t base;
    uint8_t channel; /* of DMA; 4 is nobody's: none */
    const char *file;
    abbey_irq *irq;
    abbey_isadma *dma;
    uint16_t *signal;
    uint32_t signal_count;
    abbey_timer *timer; /* of the next sample */
    uint16_t fifo[FIFO];
    uint32_t first, count; /* of the FIFO */
    uint32_t position;     /* in the signal */
    uint8_t control, flags, divider;
    abbey_dev *dev;
    uint64_t samples, lost; /* statistics */
};
#define ABBEY_SELF struct daq

static uint16_t take(struct daq *d)
{
    uint16_t sample = d->fifo[d->first];
    d->first = (d->first + 1) % FIFO;
    d->count--;
    return sample;
}

/* The controller grants the channel: it gets what there is, sample by sample. */
static void drain(void *self)
{
    struct daq *d = self;
    uint32_t end = 0;
    while (d->control & DMA && d->count && !end) {
        uint8_t bytes[2] = { (uint8_t)d->fifo[d->first], (uint8_t)(d->fifo[d->first] >> 8) };
        if (abbey_isadma_move(d->dma, ABBEY_ISADMA_TO_MEMORY, bytes, 2, &end) < 2)
            break;
        take(d);
    }
    if (end) {
        d->flags |= END;
        d->control &= (uint8_t)~DMA;
        if (d->control & IRQ)
            abbey_irq_set(d->irq, 1);
    }
    if (d->dma)
        abbey_isadma_request(d->dma, d->control & DMA && d->count);
}

static void pace(struct daq *d)
{
    abbey_timer_arm(d->timer, (d->divider + 1u) * 10 * ABBEY_US);
}

static void convert(void *self)
{
    struct daq *d = self;
    d->samples++;
    if (d->count == FIFO) {
        d->flags |= LOST;
        d->lost++;
        abbey_trace(d->dev, "lost: sample %u of the signal, the FIFO is full", d->position);
    } else {
        d->fifo[(d->first + d->count++) % FIFO] = d->signal[d->position % d->signal_count];
        if (d->count == FIFO / 2 && d->control & IRQ)
            abbey_irq_set(d->irq, 1);
    }
    d->position = (d->position + 1) % d->signal_count;
    if (d->control & DMA && d->dma) {
        abbey_isadma_request(d->dma, 1);
        drain(d);
    }
    pace(d);
}

static void control(struct daq *d, uint8_t value)
{
    if (value & EMPTY)
        d->first = d->count = 0;
    if (value & RUN && !(d->control & RUN))
        pace(d);
    else if (!(value & RUN))
        abbey_timer_cancel(d->timer);
    d->control = value & (RUN | IRQ | DMA);
    if (!(d->control & IRQ))
        abbey_irq_set(d->irq, 0);
    if (d->dma)
        drain(d);
}

static uint8_t status(struct daq *d)
{
    uint8_t value = d->flags | (d->control & RUN) | (d->count ? SOME : 0) | (d->count >= FIFO / 2 ? HALF : 0);
    d->flags = 0;
    abbey_irq_set(d->irq, 0);
    return value;
}

static void port(void *self, abbey_io *io)
{
    struct daq *d = self;
    if (io->offset == 0 && io->write)
        control(d, (uint8_t)io->value);
    else if (io->offset == 0)
        io->value = d->control;
    else if (!io->write)
        io->value = status(d);
}

static void data(void *self, abbey_io *io)
{
    struct daq *d = self;
    if (!io->write)
        io->value = d->count ? take(d) : 0xffff;
}

static void divider(void *self, abbey_io *io)
{
    struct daq *d = self;
    if (io->write)
        d->divider = (uint8_t)io->value;
    else
        io->value = d->divider;
}

/* ---- the signal ---- */

/* -10 V is 0, 10 V is 4095. */
static uint16_t code(double volts)
{
    double value = (volts + 10) * 4095 / 20;
    return (uint16_t)(value <= 0 ? 0 : value >= 4095 ? 4095 : value + 0.5);
}

static int32_t signal_read(abbey_dev *dev, struct daq *d)
{
    char line[200];
    uint32_t number = 0;
    FILE *file = fopen(d->file, "r");
    if (!file)
        return abbey_fail(dev, "file: cannot read '%s'", d->file);
    while (d->signal_count < SIGNAL && fgets(line, sizeof line, file)) {
        const char *comma = strrchr(line, ','), *start = comma ? comma + 1 : line;
        char *end;
        double volts = strtod(start, &end);
        number++;
        if (end != start && volts >= -10 && volts <= 10) {
            d->signal[d->signal_count++] = code(volts);
        } else if (number > 1) { /* the first line may be a heading */
            fclose(file);
            return abbey_fail(dev, "%s:%u: expected volts from -10 to 10", d->file, number);
        }
    }
    fclose(file);
    return d->signal_count ? 0 : abbey_fail(dev, "%s: no sample in it", d->file);
}

static int32_t signal_make(abbey_dev *dev, struct daq *d)
{
    d->signal = abbey_alloc(dev, SIGNAL * sizeof *d->signal);
    if (!d->signal)
        return abbey_fail(dev, "out of memory for the signal");
    if (d->file)
        return signal_read(dev, d);
    for (; d->signal_count < 4096; d->signal_count++)
        d->signal[d->signal_count] = (uint16_t)d->signal_count;
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct daq *d = self;
    d->dev = dev;
    abbey_region_desc narrow = { .size = sizeof narrow, .start = d->base, .length = 2, .fn = port };
    abbey_region_desc wide = { .size = sizeof wide, .start = d->base + 2u, .length = 2, .max_width = 2, .fn = data };
    abbey_region_desc high = { .size = sizeof high, .start = d->base + 4u, .length = 1, .fn = divider };
    if (signal_make(dev, d) < 0)
        return -1;
    d->timer = abbey_timer_new(dev, convert, d);
    if (d->channel != 4 && !(d->dma = abbey_isadma_open(dev, d->channel, drain, d)))
        return -1;
    return d->timer && abbey_pio_region(dev, &narrow, d) && abbey_pio_region(dev, &wide, d) &&
                   abbey_pio_region(dev, &high, d)
               ? 0
               : -1;
}

/* A state may come from anywhere. */
static int32_t loaded(void *self)
{
    struct daq *d = self;
    if (d->first >= FIFO || d->count > FIFO)
        return -1;
    d->position %= d->signal_count;
    return 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x320, "first of five I/O ports", .min = 0x100, .max = 0x3f8),
    ABBEY_PROP(channel, 5, "DMA channel for words, 5 to 7; 4: none", .min = 4, .max = 7),
    ABBEY_PROP_TEXT(file, NULL, "the signal: a line a sample, in volts; none: a ramp", .flags = ABBEY_PROP_PATH),
    ABBEY_PROP(irq, 10, "ISA interrupt line"),
};
static const abbey_reg regs[] = {
    ABBEY_REG(timer, 0),
    ABBEY_REG(fifo, 0),
    ABBEY_REG(first, 0),
    ABBEY_REG(count, 0),
    ABBEY_REG(position, 0),
    ABBEY_REG(control, 0),
    ABBEY_REG(flags, 0),
    ABBEY_REG(divider, 0),
};
static const abbey_stat stats[] = {
    ABBEY_STAT(samples, "samples taken, with those that were lost"),
    ABBEY_STAT(lost, "samples lost because the FIFO was full"),
};

static const abbey_device device = {
    .name = "daq",
    .summary = "analog input with FIFO, interrupt and DMA, its signal from a file",
    .bus = "isa",
    .self_size = sizeof(struct daq),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .loaded = loaded,
    .stats = ABBEY_TABLE(stats),
};
ABBEY_PLUGIN(.id = "org.example.daq", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.timer/1 abbey.isadma/1", .device = &device);
