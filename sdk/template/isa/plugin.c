/* @NAME@.c - @SUMMARY@.
 *
 * Ports, from `base`:
 *   +0  write: a value; read: the value
 *   +1  write: starts the timer, `delay` microseconds; read: 1 when it has run out, which also ends the interrupt */
#include <abbey/plugin.h>

struct @IDENT@ {
    uint16_t base; /* from the machine file */
    uint32_t delay;
    abbey_irq *irq;
    abbey_timer *timer; /* what the guest can see; each has a row in regs */
    uint8_t value, done;
};
#define ABBEY_SELF struct @IDENT@

static void ran_out(void *self)
{
    struct @IDENT@ *d = self;
    d->done = 1;
    abbey_irq_set(d->irq, 1);
}

static void port(void *self, abbey_io *io)
{
    struct @IDENT@ *d = self;
    if (io->offset == 0 && io->write) {
        d->value = (uint8_t)io->value;
    } else if (io->offset == 0) {
        io->value = d->value;
    } else if (io->write) {
        abbey_timer_arm(d->timer, d->delay * ABBEY_US);
    } else {
        io->value = d->done;
        d->done = 0;
        abbey_irq_set(d->irq, 0);
    }
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct @IDENT@ *d = self;
    d->timer = abbey_timer_new(dev, ran_out, d);
    return d->timer ? abbey_pio_map(dev, d->base, 2, port, d) : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x310, "first of two I/O ports", .min = 0x100, .max = 0x3fe),
    ABBEY_PROP(delay, 100, "microseconds that the timer runs", .max = 1000000),
    ABBEY_PROP(irq, 5, "ISA interrupt line"),
};
static const abbey_reg regs[] = { ABBEY_REG(value, 0), ABBEY_REG(done, 0), ABBEY_REG(timer, 0) };

static const abbey_device device = {
    .name = "@NAME@",
    .summary = "@SUMMARY@",
    .bus = "isa",
    .self_size = sizeof(struct @IDENT@),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
};
ABBEY_PLUGIN(.id = "@ID@", .version = "0.1.0", .license = "@LICENSE@", .requires = "abbey.pio/1 abbey.timer/1",
    .device = &device);
