/* i8254.c - the interval timer of a PC, and port 61h.
 *
 * Intel 8254 Programmable Interval Timer data sheet, order number 231164-005 ("DS"; the headings are cited); 82371SB
 * (PIIX3), order number 290550, "NMI Status and Control Register" for port 61h.
 *
 * What stock drivers do with it. DOS and SeaBIOS: channel 0 in mode 3 or 2 with count 0 (18.2 Hz), channel 2 in mode 3
 * for sound. Linux: channel 2 in mode 0 behind port 61h to calibrate the TSC; channel 0 in mode 2 as periodic tick, or
 * mode 4 for one shot. Windows 9x and NT: channel 0 in mode 2, latching its count to read the time.
 *
 * Nothing here counts: a channel computes from the present tick of the 1193182 Hz clock (i8254_channel.c), which is
 * computed from virtual time by one 128-bit multiplication. So nothing drifts, and a timer of the host is armed once an
 * edge, for channel 0 alone. */
#include "i8254_channel.h"

#define PIT_HZ 1193182u

struct i8254 {
    uint32_t catch_up, backlog_limit;
    abbey_irq *irq;
    struct i8254_channel chan[3];
    uint8_t port61;   /* bits 3:0 as written */
    uint8_t out0;     /* what the interrupt line shows */
    uint32_t backlog; /* ticks that came while the one before was still pending */
    uint64_t ticked;  /* channel 0 is worked off up to here */
    abbey_timer *timer;
    abbey_dev *dev;
};
#define ABBEY_SELF struct i8254

#define GATE2 0x01

static uint64_t tick_now(const struct i8254 *p)
{
    return (uint64_t)((unsigned __int128)abbey_now(p->dev) * PIT_HZ / ABBEY_SEC);
}

/* The first nanosecond of a tick. */
static uint64_t tick_time(uint64_t tick)
{
    unsigned __int128 ns = ((unsigned __int128)tick * ABBEY_SEC + PIT_HZ - 1) / PIT_HZ;
    return ns < ABBEY_NEVER ? (uint64_t)ns : ABBEY_NEVER - 1;
}

/* ---- channel 0's interrupt ---- */

static void timer_rearm(struct i8254 *p)
{
    const struct i8254_channel *c = &p->chan[0];
    uint64_t edge = channel_edge(c, p->ticked);
    if (c->mode != 3 && edge != ABBEY_NEVER && !channel_out(c, edge))
        edge = channel_edge(c, edge); /* a low phase of one tick is worked off with the rise that ends it */
    uint64_t when = edge == ABBEY_NEVER ? ABBEY_NEVER : tick_time(edge);
    if (p->backlog && c->counting) { /* a lost tick is offered between the regular ones */
        uint64_t soon = tick_time(p->ticked + 1 + (uint64_t)c->count * 100 / (100 + p->catch_up));
        when = soon < when ? soon : when;
    }
    abbey_timer_arm_at(p->timer, when);
}

static void line_pulse(struct i8254 *p)
{
    abbey_irq_set(p->irq, 0);
    abbey_irq_set(p->irq, 1);
}

/* OUT rose. A tick that finds the one before still pending would be lost: it goes on the backlog. */
static void line_rise(struct i8254 *p)
{
    if (p->out0 && p->catch_up && abbey_irq_pending(p->irq)) {
        if (p->backlog < p->backlog_limit)
            p->backlog++;
        return;
    }
    line_pulse(p);
    p->out0 = 1;
}

/* OUT fell. The 8259A would withdraw a request that the processor has not taken; a real PC is never that late, so the
 * fall waits for it. */
static void line_fall(struct i8254 *p)
{
    if (p->catch_up && abbey_irq_pending(p->irq))
        return;
    abbey_irq_set(p->irq, 0);
    p->out0 = 0;
}

/* Where the host was away for several periods, each rise past the last goes on the backlog at once. */
static void channel0_skip(struct i8254 *p, uint64_t now)
{
    const struct i8254_channel *c = &p->chan[0];
    if ((c->mode != 2 && c->mode != 3) || !c->counting || c->switch_at != ABBEY_NEVER || p->ticked < c->start)
        return;
    uint64_t periods = now > p->ticked ? (now - p->ticked) / c->count : 0;
    if (periods < 2)
        return;
    uint64_t lost = p->catch_up ? periods - 1 : 0, room = p->backlog_limit - p->backlog;
    p->backlog += (uint32_t)(lost < room ? lost : room);
    p->ticked += (periods - 1) * c->count;
}

/* Works off channel 0's edges up to now. */
static void channel0_run(struct i8254 *p)
{
    struct i8254_channel *c = &p->chan[0];
    uint64_t now = tick_now(p);
    for (uint64_t edge; channel0_skip(p, now), (edge = channel_edge(c, p->ticked)) <= now; p->ticked = edge) {
        uint32_t was = channel_out(c, p->ticked);
        channel_sync(c, edge);
        uint32_t out = channel_out(c, edge);
        if (out && !was)
            line_rise(p);
        else if (!out && was)
            line_fall(p);
    }
    if (now > p->ticked)
        p->ticked = now;
}

static void timer_due(void *self)
{
    struct i8254 *p = self;
    channel0_run(p);
    if (p->backlog && !abbey_irq_pending(p->irq)) {
        p->backlog--;
        line_pulse(p);
        p->out0 = 1;
    }
    timer_rearm(p);
}

/* After software changed channel 0: its OUT may have jumped. */
static void channel0_changed(struct i8254 *p, uint32_t was)
{
    uint32_t out = channel_out(&p->chan[0], p->ticked);
    if (out && !was)
        line_rise(p);
    else if (!out && was)
        line_fall(p);
    timer_rearm(p);
}

/* ---- ports ---- */

static void write_control(struct i8254 *p, uint8_t word, uint64_t tick)
{
    unsigned select = word >> 6;
    if (select == 3) { /* DS, "Read-Back Command" */
        for (unsigned i = 0; i < 3; i++)
            if (word >> (i + 1) & 1) {
                if (!(word & 0x20))
                    channel_latch_count(&p->chan[i], tick);
                if (!(word & 0x10))
                    channel_latch_status(&p->chan[i], tick);
            }
    } else if (word & 0x30) {
        channel_program(&p->chan[select], word, tick);
    } else {
        channel_latch_count(&p->chan[select], tick);
    }
}

static void access_counters(void *self, abbey_io *io)
{
    struct i8254 *p = self;
    channel0_run(p);
    uint64_t tick = tick_now(p);
    if (!io->write) {
        io->value = io->offset < 3 ? channel_read(&p->chan[io->offset], tick) : 0xff;
        return;
    }
    uint32_t was = channel_out(&p->chan[0], tick);
    uint8_t value = (uint8_t)io->value;
    if (io->offset == 3)
        write_control(p, value, tick);
    else
        channel_write(&p->chan[io->offset], value, tick);
    if (io->offset == 0 || (io->offset == 3 && value < 0x40 && (value & 0x30))) {
        p->backlog = 0; /* a new rate or a new deadline: the guest has set its clock anew */
        channel0_changed(p, was);
    }
}

/* PIIX3, port 61h: 0 gate of channel 2, 1 speaker data, 2 and 3 NMI enables, 4 refresh toggle, 5 OUT of channel 2. The
 * refresh request comes every 18 ticks (15 us) whether or not firmware has set channel 1 up. */
static void access_port61(void *self, abbey_io *io)
{
    struct i8254 *p = self;
    struct i8254_channel *c = &p->chan[2];
    uint64_t tick = tick_now(p);
    if (io->write) {
        p->port61 = io->value & 0x0f;
        channel_gate(c, p->port61 & GATE2, tick);
        return;
    }
    channel_sync(c, tick);
    io->value = (uint64_t)(p->port61 | (tick / 18 & 1) << 4 | (uint64_t)channel_out(c, tick) << 5);
}

static void reset(void *self)
{
    struct i8254 *p = self;
    p->ticked = tick_now(p);
    abbey_irq_set(p->irq, 0);
}

/* A state that would divide by zero or count backwards is no state of ours. */
static int32_t loaded(void *self)
{
    struct i8254 *p = self;
    const uint64_t far = 1ull << 60;
    if (p->ticked >= far)
        return -1;
    if (p->backlog > p->backlog_limit)
        p->backlog = p->backlog_limit;
    for (unsigned i = 0; i < 3; i++) {
        struct i8254_channel *c = &p->chan[i];
        if (c->mode > 5 || c->access < 1 || c->access > 3 || c->start >= far || c->count > 0x10000 ||
            c->reload > 0x10000)
            return -1;
        if (c->counting && (!c->count || !c->reload))
            return -1;
        if (c->switch_at != ABBEY_NEVER && (c->switch_at < c->start || c->switch_at >= far || !c->counting))
            return -1;
        c->second &= 1;
        c->read_high &= 1;
        c->bcd &= 1;
        c->gate = i < 2 || (p->port61 & GATE2);
    }
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct i8254 *p = self;
    p->dev = dev;
    p->timer = abbey_timer_new(dev, timer_due, p);
    if (!p->timer)
        return abbey_fail(dev, "no memory for a timer");
    if (abbey_pio_map(dev, 0x40, 4, access_counters, p))
        return -1;
    return abbey_pio_map(dev, 0x61, 1, access_port61, p);
}

static const abbey_prop props[] = {
    ABBEY_PROP(irq, 0, "interrupt line of channel 0"),
    ABBEY_PROP(catch_up, 100,
        "how much faster ticks come while lost ones are made up for, in percent; 0: they stay lost", .max = 1000),
    ABBEY_PROP(backlog_limit, 5000, "lost ticks remembered at most", .max = 1000000),
};

/* The data sheet leaves the power-on state open; OUT of channel 0 is low here. Gates 0 and 1 are tied high. */
#define CHANNEL_REGS(n)                                                                                      \
    ABBEY_REG(chan[n].start, 0), ABBEY_REG(chan[n].switch_at, ABBEY_NEVER), ABBEY_REG(chan[n].count, 0),     \
        ABBEY_REG(chan[n].reload, 0), ABBEY_REG(chan[n].elapsed, 0), ABBEY_REG(chan[n].held, 0),             \
        ABBEY_REG(chan[n].mode, 0), ABBEY_REG(chan[n].bcd, 0), ABBEY_REG(chan[n].access, I8254_ACCESS_WORD), \
        ABBEY_REG(chan[n].gate, (n) < 2), ABBEY_REG(chan[n].counting, 0), ABBEY_REG(chan[n].stopped, 0),     \
        ABBEY_REG(chan[n].second, 0), ABBEY_REG(chan[n].before, 0), ABBEY_REG(chan[n].write_high, 0),        \
        ABBEY_REG(chan[n].read_high, 0), ABBEY_REG(chan[n].low_byte, 0), ABBEY_REG(chan[n].null_count, 1),   \
        ABBEY_REG(chan[n].latched, 0), ABBEY_REG(chan[n].latched_status, 0), ABBEY_REG(chan[n].latched_count, 0)
static const abbey_reg regs[] = { CHANNEL_REGS(0), CHANNEL_REGS(1), CHANNEL_REGS(2), ABBEY_REG(port61, 0),
    ABBEY_REG(out0, 0), ABBEY_REG(backlog, 0), ABBEY_REG(ticked, 0), ABBEY_REG(timer, 0) };

static const abbey_device device = { .name = "i8254",
    .summary = "8254 interval timer with the speaker gate of port 61h",
    .self_size = sizeof(struct i8254),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.i8254", .version = "1.0.0", .license = "MIT", .requires = "abbey.pio/1 abbey.timer/1",
    .device = &device);
