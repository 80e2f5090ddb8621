#include "tests/unit/probe.h"

#include <stdlib.h>
#include <string.h>

#define ABBEY_SELF struct probe

unsigned probe_destroyed;

void probe_log(struct probe *probe, const char *format, ...)
{
    size_t used = strlen(probe->log);
    va_list args;
    va_start(args, format);
    vsnprintf(probe->log + used, sizeof probe->log - used, format, args);
    va_end(args);
}

const char *probe_taken(struct probe *probe)
{
    static char text[sizeof probe->log];
    memcpy(text, probe->log, sizeof text);
    probe->log[0] = 0;
    return text;
}

/* Reads give 1 in the lowest byte, 2 in the next, counted from the start of the range. */
static void access(void *self, abbey_io *io)
{
    struct probe *p = self;
    if (io->write) {
        probe_log(p, "w%x.%u=%llx ", (unsigned)io->offset, io->size, (unsigned long long)io->value);
        return;
    }
    probe_log(p, "r%x.%u ", (unsigned)io->offset, io->size);
    io->value = 0;
    for (uint32_t i = 0; i < io->size; i++)
        io->value |= (io->offset + i + 1) << 8 * i;
}

// clang-format off
#define TIMER(n) static void timer##n(void *self) { probe_log(self, "t%d ", n); }
TIMER(0) TIMER(1) TIMER(2)
    // clang-format on

    /* Arms itself at once, for ever. */
    static void timer3(void *self)
{
    struct probe *p = self;
    p->u32++;
    abbey_timer_arm(p->timers[3], 0);
}

static int32_t create(abbey_dev *dev, void *self)
{
    static const abbey_timer_fn fns[4] = { timer0, timer1, timer2, timer3 };
    struct probe *p = self;
    p->dev = dev;
    if (p->fail)
        return p->note ? abbey_fail(dev, "it was told to fail: %s", p->note) : -1;
    for (unsigned i = 0; i < 4; i++)
        p->timers[i] = abbey_timer_new(dev, fns[i], p);
    p->dma = abbey_dma_open(dev);
    abbey_region_desc desc = { .size = sizeof desc,
        .max_width = p->width,
        .start = p->memory ? p->start : p->base,
        .length = p->length,
        .fn = access,
        .disabled = p->disabled,
        .overlap = p->overlap };
    p->region = p->memory ? abbey_mmio_region(dev, &desc, p) : abbey_pio_region(dev, &desc, p);
    return p->region || p->tolerate ? 0 : -1;
}

static void destroy(void *self)
{
    (void)self;
    probe_destroyed++;
}

static void reset(void *self)
{
    ((struct probe *)self)->resets++;
}

static int32_t loaded(void *self)
{
    struct probe *p = self;
    probe_log(p, "loaded ");
    return p->u8 == 0xee ? -1 : 0;
}

static int32_t upgrade(void *self, uint32_t version)
{
    struct probe *p = self;
    probe_log(p, "upgrade%u ", version);
    p->u16 = (uint16_t)(p->u16 * 2);
    return p->u8 == 0xed ? -1 : 0;
}

/* A controller that records its inputs and drives INTR while input 3 is up. */
static void input(void *self, uint32_t pin, uint32_t level)
{
    struct probe *p = self;
    probe_log(p, "%c%u ", level ? '+' : '-', pin);
    if (pin == 3)
        abbey_irq_set(p->intr, level);
}

static uint32_t ack(void *self)
{
    probe_log(self, "ack ");
    return 0x123;
}

static uint32_t pending(void *self, uint32_t pin)
{
    (void)self;
    return pin == 5;
}

static int32_t chip_create(abbey_dev *dev, void *self)
{
    struct probe *p = self;
    p->dev = dev;
    p->intr = abbey_intr_connect(dev, ack, p);
    return p->intr ? abbey_irq_inputs(dev, input, p) | abbey_irq_answer(dev, pending, p) : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0x300, "first port"),
    ABBEY_PROP(length, 8, "ports or bytes"),
    ABBEY_PROP(width, 1, "bytes"),
    ABBEY_PROP(memory, 0, "memory, not ports"),
    ABBEY_PROP(start, 0xf0000000, "first byte"),
    ABBEY_PROP(overlap, 0, "over others"),
    ABBEY_PROP(disabled, 0, "not visible at first"),
    ABBEY_PROP(fail, 0, "create() fails"),
    ABBEY_PROP(tolerate, 0, "create() succeeds after a clash"),
    ABBEY_PROP(irq, -1, "interrupt"),
    ABBEY_PROP_TEXT(note, NULL, "a text"),
};
static const abbey_reg regs[] = {
    ABBEY_REG(u8, 0x12),
    ABBEY_REG(u16, 0x1234),
    ABBEY_REG(u32, 0),
    ABBEY_REG(u64, 0),
    ABBEY_REG(i32, -7),
    ABBEY_REG(i64, -8),
    ABBEY_REG(flag, 1),
    ABBEY_REG(words, 0xab),
    ABBEY_REG(kept, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(timers[0], 0),
    ABBEY_REG(timers[1], 0),
};
static const abbey_device devices[] = {
    { .name = "probe",
        .summary = "does as it is told",
        .self_size = sizeof(struct probe),
        .state_version = 3,
        .props = ABBEY_TABLE(props),
        .regs = ABBEY_TABLE(regs),
        .create = create,
        .destroy = destroy,
        .reset = reset,
        .loaded = loaded,
        .upgrade = upgrade },
    { .name = "chip",
        .summary = "a controller of 8 inputs",
        .self_size = sizeof(struct probe),
        .state_version = 1,
        .create = chip_create,
        .destroy = destroy,
        .irq_inputs = 8 },
};
static const abbey_plugin plugin = { .magic = ABBEY_MAGIC,
    .size = sizeof plugin,
    .abi_major = ABBEY_ABI_MAJOR,
    .abi_minor = ABBEY_ABI_MINOR,
    .id = "test.probe",
    .version = "1.0.0",
    .license = "MIT",
    .devices = ABBEY_TABLE(devices) };

static char *errors;
static size_t error_size;

static void errors_close(void)
{
    if (bench_errors)
        fclose(bench_errors);
    bench_errors = NULL;
    free(errors);
    errors = NULL;
}

abbey_bench *probe_bench(const char *text)
{
    char machine[4096];
    struct plugin_set *set = calloc(1, sizeof *set);
    snprintf(machine, sizeof machine, "abbey: 1\nmemory: 2M\ndevices:\n%s", text);
    if (!set || !plugin_set_add(set, &plugin, "test")) {
        printf("# %s\n", set && set->count ? set->plugins[0].refusal : "no memory");
        exit(99);
    }
    static bool registered;
    if (!registered)
        registered = atexit(errors_close) == 0;
    errors_close();
    bench_errors = open_memstream(&errors, &error_size);
    abbey_bench *bench = bench_build(set, machine);
    fflush(bench_errors);
    return bench;
}

const char *probe_errors(void)
{
    fflush(bench_errors);
    return errors ? errors : "";
}

struct probe *probe_of(abbey_bench *bench, const char *id)
{
    return board_device(bench->board, id)->self;
}
