/* frail.c - a card with ways to go wrong that a guest or its machine file chooses, for the tests of isolation and of
 * what is told about plugins that fail. Ports from `base`:
 * +0 a register; +1 a write crashes, when the value is 1, never comes back, when it is 2, and otherwise writes the
 * register to guest memory at 8000h; +2 a write starts a timer of 10 ms, which adds one to the register. */
#include <string.h>

#include <abbey/plugin.h>

struct frail {
    uint16_t base;
    const char *fault;
    _Bool refuse;
    abbey_irq *irq;
    abbey_dev *dev;
    abbey_dma *dma;
    abbey_timer *timer;
    uint8_t value;
    uint32_t writes; /* a statistic */
};
#define ABBEY_SELF struct frail

/* Nothing is there. */
static void crash(void)
{
    *(volatile uint8_t *)(uintptr_t)0x1000 = 0;
}

static void fired(void *self)
{
    struct frail *f = self;
    if (!strcmp(f->fault, "timer"))
        crash();
    f->value++;
    abbey_irq_set(f->irq, 1);
}

static void port(void *self, abbey_io *io)
{
    struct frail *f = self;
    f->writes += io->write;
    abbey_trace(f->dev, "access: %u", (unsigned)io->offset);
    if (io->offset == 0 && io->write)
        f->value = (uint8_t)io->value;
    else if (io->offset == 0)
        io->value = f->value;
    else if (io->offset == 1 && io->write && io->value == 1)
        crash();
    else if (io->offset == 1 && io->write && io->value == 2)
        for (;;)
            __asm__ volatile("pause");
    else if (io->offset == 1 && io->write)
        abbey_dma_write(f->dma, 0x8000, &f->value, 1);
    else if (io->write)
        abbey_timer_arm(f->timer, 10 * ABBEY_MS);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct frail *f = self;
    if (!strcmp(f->fault, "create"))
        crash();
    if (!strcmp(f->fault, "ask"))
        abbey_query(dev, "test.nowhere/1");
    f->dev = dev;
    f->dma = abbey_dma_open(dev);
    f->timer = abbey_timer_new(dev, fired, f);
    if (f->refuse)
        return abbey_fail(dev, "refuse: it was asked to refuse");
    return f->timer ? abbey_pio_map(dev, f->base, 3, port, f) : -1;
}

static void reset(void *self)
{
    if (!strcmp(((struct frail *)self)->fault, "reset"))
        crash();
}

static void destroy(void *self)
{
    if (!strcmp(((struct frail *)self)->fault, "destroy"))
        crash();
}

static int32_t loaded(void *self)
{
    return ((struct frail *)self)->value == 0x66 ? -1 : 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x330, "first of three ports", .min = 0x100, .max = 0x3f0),
    ABBEY_PROP(refuse, 0, "create() fails"),
    ABBEY_PROP_TEXT(fault, "none", "the callback that crashes, or asking for what is not there",
        .choices = "none,create,reset,timer,destroy,ask"),
    ABBEY_PROP(irq, 7, "ISA interrupt line"),
};
static const abbey_reg regs[] = { ABBEY_REG(value, 0), ABBEY_REG(timer, 0) };
static const abbey_stat stats[] = { ABBEY_STAT(writes, "writes to its ports") };
static const abbey_device device = { .name = "frail",
    .summary = "a card that goes wrong when it is told to",
    .bus = "isa",
    .self_size = sizeof(struct frail),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .destroy = destroy,
    .reset = reset,
    .loaded = loaded,
    .stats = ABBEY_TABLE(stats) };
ABBEY_PLUGIN(.id = "test.frail", .version = "1.2.3", .license = "MIT", .device = &device);
