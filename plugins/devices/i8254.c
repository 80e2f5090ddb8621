/* i8254.c - the interval timer of a PC, and port 61h.
 *
 * Intel 8254 Programmable Interval Timer data sheet, order number 231164-005 ("DS"; the headings are cited); 82371SB
 * (PIIX3), order number 290550, "NMI Status and Control Register" for port 61h.
 *
 * What stock drivers do with it. DOS and SeaBIOS: channel 0 in mode 3 or 2 with count 0 (18.2 Hz), channel 2 in mode 3
 * for sound. Linux: channel 2 in mode 0 behind port 61h to calibrate the TSC; channel 0 in mode 2 as periodic tick, or
 * mode 4 for one shot. Windows 9x and NT: channel 0 in mode 2, latching its count to read the time.
 *
 * Nothing here counts. A channel remembers at which tick of the 1193182 Hz clock its counting element was loaded and
 * with what; count, OUT and the next edge are computed from the present tick, which is computed from virtual time by
 * one 128-bit multiplication. So nothing drifts, and a timer of the host is armed once an edge, for channel 0 alone.
 *
 * Example, mode 2 with count 3, written during tick 10: loaded at tick 11 with 3 (OUT high), 12: 2, 13: 1 (OUT low),
 * 14: 3 again with the rising edge that is the interrupt. */
#include <abbey/plugin.h>

#define PIT_HZ 1193182u

struct channel {
    uint64_t start;     /* tick at which the counting element was loaded */
    uint64_t switch_at; /* modes 2 and 3: tick at which `reload` replaces `count`; ABBEY_NEVER: no new count */
    uint32_t count;     /* what was loaded, 1..10000h */
    uint32_t reload;    /* the count register */
    uint32_t elapsed;   /* ticks counted when the gate stopped the count, modes 0 and 4 */
    uint32_t held;      /* what a stopped element shows */
    uint8_t mode;       /* 0..5 */
    uint8_t bcd;
    uint8_t access; /* RW1 RW0: 1 low byte, 2 high byte, 3 low then high */
    uint8_t gate;
    uint8_t counting;   /* the element was loaded since the control word and nothing has stopped it */
    uint8_t stopped;    /* modes 0 and 4 loaded, but the gate is low */
    uint8_t second;     /* mode 3: this run of half-cycles began with the low one */
    uint8_t before;     /* OUT until `start` */
    uint8_t write_high; /* the next byte written is the high one */
    uint8_t read_high;
    uint8_t low_byte; /* written, waiting for the high one */
    uint8_t null_count;
    uint8_t latched; /* bit 0: the count is latched, bit 1: the status is */
    uint8_t latched_status;
    uint16_t latched_count;
};

struct i8254 {
    uint32_t catch_up, backlog_limit;
    abbey_irq *irq;
    struct channel chan[3];
    uint8_t port61;   /* bits 3:0 as written */
    uint8_t out0;     /* what the interrupt line shows */
    uint32_t backlog; /* ticks that came while the one before was still pending */
    uint64_t ticked;  /* channel 0 is worked off up to here */
    abbey_timer *timer;
    abbey_dev *dev;
};
#define ABBEY_SELF struct i8254

#define ACCESS_WORD 3
#define LATCHED_COUNT 1
#define LATCHED_STATUS 2
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

/* ---- one channel ---- */

static uint32_t radix(const struct channel *c)
{
    return c->bcd ? 10000u : 0x10000u;
}

/* Length of the half-cycle that a run of mode 3 begins with: the high one of an odd count is longer by one (DS,
 * "Mode 3: Square Wave Mode"). */
static uint32_t first_half(const struct channel *c)
{
    return c->second ? c->count / 2 : (c->count + 1) / 2;
}

/* Lets a new count of modes 2 and 3 in when its cycle or half-cycle has come (DS, "Mode 2", "Mode 3"). */
static void channel_sync(struct channel *c, uint64_t tick)
{
    if (!c->counting || tick < c->switch_at)
        return;
    if (c->mode == 3) {
        uint64_t into = (c->switch_at - c->start) % c->count;
        if (into == first_half(c))
            c->second ^= 1;
    }
    c->start = c->switch_at;
    c->count = c->reload;
    c->switch_at = ABBEY_NEVER;
    c->null_count = 0;
}

/* Ticks since the counting element was loaded. */
static uint64_t counted(const struct channel *c, uint64_t tick)
{
    return c->stopped ? c->elapsed : tick > c->start ? tick - c->start : 0;
}

static uint32_t channel_out(const struct channel *c, uint64_t tick)
{
    if (!c->counting || (tick < c->start && !c->stopped))
        return c->before;
    uint64_t n = counted(c, tick);
    switch (c->mode) {
    case 0:
    case 1: return n >= c->count;
    case 2: return !c->gate || n % c->count != c->count - 1u;
    case 3: return !c->gate || (n % c->count < first_half(c)) != c->second;
    default: return n != c->count; /* 4, 5: the strobe is one tick long */
    }
}

/* The next tick after `tick` at which OUT may change by itself, or ABBEY_NEVER. */
static uint64_t channel_edge(const struct channel *c, uint64_t tick)
{
    if (!c->counting || c->stopped || ((c->mode == 2 || c->mode == 3) && !c->gate))
        return ABBEY_NEVER;
    if (tick < c->start)
        return c->start;
    uint64_t n = tick - c->start, cycle = n - n % c->count, into = n % c->count;
    uint64_t edge = ABBEY_NEVER;
    switch (c->mode) {
    case 0:
    case 1: edge = n < c->count ? c->count : ABBEY_NEVER; break;
    case 2: edge = cycle + (into < c->count - 1u ? c->count - 1u : c->count); break;
    case 3: edge = cycle + (into < first_half(c) ? first_half(c) : c->count); break;
    default: edge = n < c->count ? c->count : n == c->count ? c->count + 1u : ABBEY_NEVER;
    }
    if (edge == ABBEY_NEVER)
        return edge;
    edge += c->start;
    return edge < c->switch_at ? edge : c->switch_at;
}

static uint16_t to_bcd(uint32_t n)
{
    return (uint16_t)(n % 10 | n / 10 % 10 << 4 | n / 100 % 10 << 8 | n / 1000 % 10 << 12);
}

/* A BCD count with digits above 9 means what the decrementer makes of it: weights of ten. */
static uint32_t from_bcd(uint32_t n)
{
    return ((n & 15) + (n >> 4 & 15) * 10 + (n >> 8 & 15) * 100 + (n >> 12 & 15) * 1000) % 10000;
}

/* The counting element (DS, "Mode Definitions"). */
static uint32_t channel_value(const struct channel *c, uint64_t tick)
{
    if (!c->counting || (!c->gate && (c->mode == 2 || c->mode == 3)))
        return c->held;
    uint64_t n = counted(c, tick);
    uint32_t into = (uint32_t)(n % c->count), half = first_half(c);
    switch (c->mode) {
    case 2: return c->count - into;
    case 3: return (c->count & ~1u) - 2 * (into < half ? into : into - half); /* by twos; an odd count from one less */
    default: return (uint32_t)((c->count + radix(c) - n % radix(c)) % radix(c)); /* 0, 1, 4, 5 go on below zero */
    }
}

static uint16_t channel_count(const struct channel *c, uint64_t tick)
{
    uint32_t n = channel_value(c, tick) % radix(c);
    return c->bcd ? to_bcd(n) : (uint16_t)n;
}

static void channel_stop(struct channel *c, uint64_t tick)
{
    c->held = channel_value(c, tick);
    c->counting = c->stopped = 0;
}

/* The element takes the count register at the next clock. */
static void channel_load(struct channel *c, uint64_t tick)
{
    c->before = c->mode == 1 ? (uint8_t)channel_out(c, tick) : c->mode != 0;
    c->start = tick + 1;
    c->switch_at = ABBEY_NEVER;
    c->count = c->reload;
    c->counting = 1;
    c->second = 0;
    c->stopped = 0;
    c->null_count = 0; /* once `start` has come: see latch_status() */
    if ((c->mode == 0 || c->mode == 4) && !c->gate) {
        c->stopped = 1;
        c->elapsed = 0;
    }
}

/* DS, "Write Operations" and the mode definitions: what a complete new count does in each mode. */
static void channel_new_count(struct channel *c, uint32_t value, uint64_t tick)
{
    uint32_t n = c->bcd ? from_bcd(value) : value;
    c->reload = n ? n : radix(c);
    if ((c->mode == 2 || c->mode == 3) && c->reload == 1)
        c->reload = 2; /* 1 is illegal there (DS, "Minimum and Maximum Initial Counts") */
    c->null_count = 1;
    if (c->mode == 1 || c->mode == 5)
        return; /* waits for a trigger */
    if ((c->mode == 2 || c->mode == 3) && c->counting && tick >= c->start) {
        if (!c->gate)
            return; /* the rising gate loads it */
        uint64_t n_in = tick - c->start, into = n_in % c->count, cycle = c->start + n_in - into;
        uint32_t half = c->mode == 3 && into < first_half(c) ? first_half(c) : c->count;
        c->switch_at = cycle + half;
        return;
    }
    channel_load(c, tick);
}

static void channel_write(struct channel *c, uint8_t value, uint64_t tick)
{
    channel_sync(c, tick);
    switch (c->access) {
    case 1: channel_new_count(c, value, tick); return;
    case 2: channel_new_count(c, (uint32_t)value << 8, tick); return;
    default: break;
    }
    if (c->write_high) {
        c->write_high = 0;
        channel_new_count(c, (uint32_t)value << 8 | c->low_byte, tick);
        return;
    }
    c->low_byte = value;
    c->write_high = 1;
    if (c->mode == 0 && c->counting) { /* DS, "Mode 0": the first byte disables counting, OUT goes low at once */
        channel_stop(c, tick);
        c->before = 0;
    }
}

static uint8_t channel_read(struct channel *c, uint64_t tick)
{
    channel_sync(c, tick);
    if (c->latched & LATCHED_STATUS) {
        c->latched &= (uint8_t)~LATCHED_STATUS;
        return c->latched_status;
    }
    uint16_t n = c->latched & LATCHED_COUNT ? c->latched_count : channel_count(c, tick);
    int high = c->access == 2 || (c->access == ACCESS_WORD && c->read_high);
    if (c->access == ACCESS_WORD)
        c->read_high ^= 1;
    if (c->access != ACCESS_WORD || !c->read_high)
        c->latched &= (uint8_t)~LATCHED_COUNT;
    return (uint8_t)(high ? n >> 8 : n);
}

static void latch_count(struct channel *c, uint64_t tick)
{
    channel_sync(c, tick);
    if (c->latched & LATCHED_COUNT)
        return; /* held until it is read (DS, "Counter Latch Command") */
    c->latched_count = channel_count(c, tick);
    c->latched |= LATCHED_COUNT;
}

static void latch_status(struct channel *c, uint64_t tick)
{
    channel_sync(c, tick);
    if (c->latched & LATCHED_STATUS)
        return;
    uint32_t null_count = c->null_count || (c->counting && tick < c->start);
    c->latched_status = (uint8_t)(channel_out(c, tick) << 7 | null_count << 6 | (uint32_t)c->access << 4 |
                                  (uint32_t)c->mode << 1 | c->bcd);
    c->latched |= LATCHED_STATUS;
}

/* DS, "Control Word Format": stops the channel until a count is written; OUT goes to its initial state. */
static void channel_program(struct channel *c, uint8_t word, uint64_t tick)
{
    channel_stop(c, tick);
    c->access = word >> 4 & 3;
    c->mode = word >> 1 & 7;
    if (c->mode > 5)
        c->mode &= 3; /* M2 is "don't care" for modes 2 and 3 */
    c->bcd = word & 1;
    c->before = c->mode != 0;
    c->write_high = c->read_high = c->latched = 0;
    c->null_count = 1;
    c->switch_at = ABBEY_NEVER;
}

/* DS, "Gate Pin Operations Summary". */
static void channel_gate(struct channel *c, uint8_t gate, uint64_t tick)
{
    if (gate == c->gate)
        return;
    channel_sync(c, tick);
    if (c->mode == 0 || c->mode == 4) { /* the level enables counting */
        if (c->counting && !gate) {
            c->elapsed = (uint32_t)(counted(c, tick) < UINT32_MAX ? counted(c, tick) : UINT32_MAX);
            c->stopped = 1;
        } else if (c->stopped) {
            c->start = tick - (c->elapsed < tick ? c->elapsed : tick);
            c->stopped = 0;
        }
    } else if (!gate) {
        if (c->mode == 2 || c->mode == 3)
            c->held = channel_value(c, tick);
    } else if ((c->mode == 1 || c->mode == 5 || c->counting) && c->reload && !c->write_high) {
        c->gate = gate; /* a rising edge triggers or starts anew */
        channel_load(c, tick);
    }
    c->gate = gate;
}

/* ---- channel 0's interrupt ---- */

static void timer_rearm(struct i8254 *p)
{
    const struct channel *c = &p->chan[0];
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
    const struct channel *c = &p->chan[0];
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
    struct channel *c = &p->chan[0];
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
                    latch_count(&p->chan[i], tick);
                if (!(word & 0x10))
                    latch_status(&p->chan[i], tick);
            }
    } else if (word & 0x30) {
        channel_program(&p->chan[select], word, tick);
    } else {
        latch_count(&p->chan[select], tick);
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
    struct channel *c = &p->chan[2];
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
        struct channel *c = &p->chan[i];
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
#define CHANNEL_REGS(n)                                                                                    \
    ABBEY_REG(chan[n].start, 0), ABBEY_REG(chan[n].switch_at, ABBEY_NEVER), ABBEY_REG(chan[n].count, 0),   \
        ABBEY_REG(chan[n].reload, 0), ABBEY_REG(chan[n].elapsed, 0), ABBEY_REG(chan[n].held, 0),           \
        ABBEY_REG(chan[n].mode, 0), ABBEY_REG(chan[n].bcd, 0), ABBEY_REG(chan[n].access, ACCESS_WORD),     \
        ABBEY_REG(chan[n].gate, (n) < 2), ABBEY_REG(chan[n].counting, 0), ABBEY_REG(chan[n].stopped, 0),   \
        ABBEY_REG(chan[n].second, 0), ABBEY_REG(chan[n].before, 0), ABBEY_REG(chan[n].write_high, 0),      \
        ABBEY_REG(chan[n].read_high, 0), ABBEY_REG(chan[n].low_byte, 0), ABBEY_REG(chan[n].null_count, 1), \
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
