/* doorbell.c - ISA doorbell: OUT rings after a delay, IN tells whether it rang and acknowledges. */
#include <abbey/plugin.h>

struct doorbell {
    uint16_t base; /* from the machine file */
    uint32_t delay;
    abbey_irq *irq;
    abbey_timer *timer; /* guest-visible state */
    uint8_t rung;
};
#define ABBEY_SELF struct doorbell

static void ring(void *self)
{
    struct doorbell *d = self;
    d->rung = 1;
    abbey_irq_set(d->irq, 1);
}

static void port(void *self, abbey_io *io)
{
    struct doorbell *d = self;
    if (io->write) {
        abbey_timer_arm(d->timer, d->delay * ABBEY_US);
    } else {
        io->value = d->rung;
        d->rung = 0;
        abbey_irq_set(d->irq, 0);
    }
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct doorbell *d = self;
    d->timer = abbey_timer_new(dev, ring, d);
    return d->timer ? abbey_pio_map(dev, d->base, 1, port, d) : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x310, "I/O port", .min = 0x100, .max = 0x3ff),
    ABBEY_PROP(delay, 50, "microseconds from OUT to interrupt", .max = 1000000),
    ABBEY_PROP(irq, 5, "ISA interrupt line"),
};
static const abbey_reg regs[] = { ABBEY_REG(rung, 0), ABBEY_REG(timer, 0) };

static const abbey_device device = {
    .name = "doorbell",
    .summary = "delayed interrupt on a port write",
    .bus = "isa",
    .self_size = sizeof(struct doorbell),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
};
ABBEY_PLUGIN(.id = "org.example.doorbell", .version = "1.0.0", .license = "MIT", .device = &device);
