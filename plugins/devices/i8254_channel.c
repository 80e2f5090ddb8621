/* i8254_channel.c - one counter of the interval timer, in all modes ("DS": data sheet 231164-005).
 *
 * It remembers at which tick its counting element was loaded and with what; count, OUT and the next edge are computed
 * from the tick that it is asked for.
 *
 * Example, mode 2 with count 3, written during tick 10: loaded at tick 11 with 3 (OUT high), 12: 2, 13: 1 (OUT low),
 * 14: 3 again with the rising edge that is the interrupt. */
#include "i8254_channel.h"

#define LATCHED_COUNT 1
#define LATCHED_STATUS 2

static uint32_t radix(const struct i8254_channel *c)
{
    return c->bcd ? 10000u : 0x10000u;
}

/* Length of the half-cycle that a run of mode 3 begins with: the high one of an odd count is longer by one (DS,
 * "Mode 3: Square Wave Mode"). */
static uint32_t first_half(const struct i8254_channel *c)
{
    return c->second ? c->count / 2 : (c->count + 1) / 2;
}

/* Lets a new count of modes 2 and 3 in when its cycle or half-cycle has come (DS, "Mode 2", "Mode 3"). */
void channel_sync(struct i8254_channel *c, uint64_t tick)
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
static uint64_t counted(const struct i8254_channel *c, uint64_t tick)
{
    return c->stopped ? c->elapsed : tick > c->start ? tick - c->start : 0;
}

uint32_t channel_out(const struct i8254_channel *c, uint64_t tick)
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
uint64_t channel_edge(const struct i8254_channel *c, uint64_t tick)
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
static uint32_t channel_value(const struct i8254_channel *c, uint64_t tick)
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

static uint16_t channel_count(const struct i8254_channel *c, uint64_t tick)
{
    uint32_t n = channel_value(c, tick) % radix(c);
    return c->bcd ? to_bcd(n) : (uint16_t)n;
}

static void channel_stop(struct i8254_channel *c, uint64_t tick)
{
    c->held = channel_value(c, tick);
    c->counting = c->stopped = 0;
}

/* The element takes the count register at the next clock. */
static void channel_load(struct i8254_channel *c, uint64_t tick)
{
    c->before = c->mode == 1 ? (uint8_t)channel_out(c, tick) : c->mode != 0;
    c->start = tick + 1;
    c->switch_at = ABBEY_NEVER;
    c->count = c->reload;
    c->counting = 1;
    c->second = 0;
    c->stopped = 0;
    c->null_count = 0; /* once `start` has come: see channel_latch_status() */
    if ((c->mode == 0 || c->mode == 4) && !c->gate) {
        c->stopped = 1;
        c->elapsed = 0;
    }
}

/* DS, "Write Operations" and the mode definitions: what a complete new count does in each mode. */
static void channel_new_count(struct i8254_channel *c, uint32_t value, uint64_t tick)
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

void channel_write(struct i8254_channel *c, uint8_t value, uint64_t tick)
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

uint8_t channel_read(struct i8254_channel *c, uint64_t tick)
{
    channel_sync(c, tick);
    if (c->latched & LATCHED_STATUS) {
        c->latched &= (uint8_t)~LATCHED_STATUS;
        return c->latched_status;
    }
    uint16_t n = c->latched & LATCHED_COUNT ? c->latched_count : channel_count(c, tick);
    int high = c->access == 2 || (c->access == I8254_ACCESS_WORD && c->read_high);
    if (c->access == I8254_ACCESS_WORD)
        c->read_high ^= 1;
    if (c->access != I8254_ACCESS_WORD || !c->read_high)
        c->latched &= (uint8_t)~LATCHED_COUNT;
    return (uint8_t)(high ? n >> 8 : n);
}

void channel_latch_count(struct i8254_channel *c, uint64_t tick)
{
    channel_sync(c, tick);
    if (c->latched & LATCHED_COUNT)
        return; /* held until it is read (DS, "Counter Latch Command") */
    c->latched_count = channel_count(c, tick);
    c->latched |= LATCHED_COUNT;
}

void channel_latch_status(struct i8254_channel *c, uint64_t tick)
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
void channel_program(struct i8254_channel *c, uint8_t word, uint64_t tick)
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
void channel_gate(struct i8254_channel *c, uint8_t gate, uint64_t tick)
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
