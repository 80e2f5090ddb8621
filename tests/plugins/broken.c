/* broken.c - a card that is right (BROKEN 0), and what its author may do wrong: one shared object for each number. What
 * `abbey plugins check` must find in each stands in tests/sdk/check.sh.
 *
 * The card: +0 a read takes a sample out of the FIFO, a write puts one in; +4 how many there are; +8 an index; +12 the
 * entry of a table at that index. The interrupt comes `delay` after the FIFO was filled. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <abbey/plugin.h>

// clang-format off
#define WRONG_ABI 1
#define MISSING_SYMBOL 2
#define GLOBAL_STATE 3
#define FORGOTTEN_REGISTER 4
#define ODD_SIZE 5          /* crashes on an access of two bytes in the middle of a register */
#define LEAK 6
#define BLOCKING 7
#define LYING_RANGE 8       /* a depth that its row allows and create() does not */
#define EARLY_CRASH 9       /* in create() */
#define CALLS_LATE 10       /* makes a timer outside create() */
#define BAD_STATE 11        /* trusts the index of a saved state */
#define RESET_COUNTS 12     /* comes out of each reset otherwise */
#define STAT_CLEARED 13     /* clears a statistic at reset */
// clang-format on

#define FIFO 16
#define TABLE 8

struct card {
    uint16_t base;
    uint32_t depth, delay;
    abbey_irq *irq;
    abbey_timer *timer;
    abbey_dev *dev;
    uint32_t fifo[FIFO];
    uint32_t table[TABLE];
    uint8_t count, index;
    uint32_t taken; /* samples so far, seen at +4 in the upper half */
    uint32_t resets;
    uint32_t writes; /* a statistic */
};
#define ABBEY_SELF struct card

#if BROKEN == MISSING_SYMBOL
extern void a_function_that_nobody_has(void);
#endif
#if BROKEN == GLOBAL_STATE
static uint32_t last;
#endif

static void full(void *self)
{
    abbey_irq_set(((struct card *)self)->irq, 1);
}

static uint32_t take(struct card *c)
{
    uint32_t value = c->fifo[0];
    if (!c->count)
        return ~0u;
    memmove(c->fifo, c->fifo + 1, sizeof c->fifo - sizeof c->fifo[0]);
    c->fifo[FIFO - 1] = 0;
    c->count--;
    c->taken++;
    abbey_irq_set(c->irq, 0);
    return value;
}

static void put(struct card *c, uint32_t value)
{
    if (c->count >= c->depth || c->count >= FIFO)
        return;
    c->fifo[c->count++] = value;
    if (c->count == c->depth)
        abbey_timer_arm(c->timer, c->delay * ABBEY_US);
}

/* The entry that the index says. One beyond the table, which only a saved state can bring, lies far from anything. */
static uint32_t *entry(struct card *c)
{
    return c->table + (c->index < TABLE ? c->index : (uint64_t)c->index << 30);
}

static void port(void *self, abbey_io *io)
{
    struct card *c = self;
    uint32_t reg = (uint32_t)io->offset / 4;
    c->writes += io->write;
#if BROKEN == GLOBAL_STATE
    if (io->write)
        last = (uint32_t)io->value;
    else if (reg == 1)
        reg = last & 1;
#elif BROKEN == ODD_SIZE
    if (io->size == 2 && io->offset % 4 == 2)
        *(volatile uint32_t *)(uintptr_t)(io->offset * 8) = 0;
#elif BROKEN == LEAK
    /* A compiler may leave out a malloc() whose result nobody sees; clang does. */
    void *volatile lost = io->write ? malloc(40) : NULL;
    (void)lost;
#elif BROKEN == BLOCKING
    if (reg == 0 && !io->write && io->size == 4)
        usleep(500);
#elif BROKEN == CALLS_LATE
    if (reg == 2 && io->write)
        abbey_timer_new(c->dev, full, c);
#endif
    if (reg == 0 && io->write)
        put(c, (uint32_t)io->value);
    else if (reg == 0)
        io->value = take(c);
    else if (reg == 1)
        io->value = c->count | c->taken << 16;
    else if (reg == 2 && io->write)
        c->index = (uint8_t)(io->value % TABLE);
    else if (reg == 2)
        io->value = c->index;
    else if (io->write)
        *entry(c) = (uint32_t)io->value;
    else
        io->value = *entry(c);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct card *c = self;
    abbey_region_desc desc = { .size = sizeof desc, .start = c->base, .length = 16, .max_width = 4, .fn = port };
    c->dev = dev;
#if BROKEN == MISSING_SYMBOL
    a_function_that_nobody_has();
#elif BROKEN == EARLY_CRASH
    *(volatile uint32_t *)(uintptr_t)c->depth = 0;
#elif BROKEN == LYING_RANGE
    if (c->depth > FIFO)
        return abbey_fail(dev, "depth: there is room for %d samples", FIFO);
#endif
    c->timer = abbey_timer_new(dev, full, c);
    return c->timer && abbey_pio_region(dev, &desc, c) ? 0 : -1;
}

/* A state is not to be trusted. */
static int32_t loaded(void *self)
{
    const struct card *c = self;
    return BROKEN == BAD_STATE || (c->index < TABLE && c->count <= FIFO) ? 0 : -1;
}

static void reset(void *self)
{
    struct card *c = self;
    if (BROKEN == RESET_COUNTS)
        c->taken = ++c->resets;
    if (BROKEN == STAT_CLEARED)
        c->writes = 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x300, "I/O port", .min = 0x100, .max = 0x3f0),
    ABBEY_PROP(depth, FIFO, "samples of the FIFO", .min = 1, .max = BROKEN == LYING_RANGE ? 1024 : FIFO),
    ABBEY_PROP(delay, 50, "microseconds from the last sample to the interrupt", .max = 1000000),
    ABBEY_PROP(irq, 5, "ISA interrupt line"),
};
static const abbey_reg regs[] = {
    ABBEY_REG(fifo, 0),
    ABBEY_REG(table, 0),
    ABBEY_REG(count, 0),
    ABBEY_REG(index, 0),
    ABBEY_REG(timer, 0),
#if BROKEN != FORGOTTEN_REGISTER
    ABBEY_REG(taken, 0),
#endif
};

static const abbey_stat stats[] = { ABBEY_STAT(writes, "writes to any register") };

static const abbey_device device = {
    .name = "sampler",
    .summary = "a card for the tests of abbey plugins check",
    .bus = "isa",
    .self_size = sizeof(struct card),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded,
    .stats = ABBEY_TABLE(stats),
};

#if BROKEN == WRONG_ABI
#undef ABBEY_ABI_MAJOR
#define ABBEY_ABI_MAJOR 7
#endif
ABBEY_PLUGIN(.id = "test.sampler", .version = "1.0.0", .license = "MIT", .requires = "abbey.pio/1 abbey.timer/1",
    .device = &device);
