/* mc146818.c - real-time clock and CMOS memory of a PC.
 *
 * Motorola MC146818A Real-Time Clock plus RAM data sheet, MC146818/D ("DS"; the headings are cited). The second bank of
 * 128 bytes at ports 72h and 73h, and the write-only port 70h, are those of 82371AB (PIIX4), order number 290562, "RTC
 * Registers"; where the BIOS keeps what in the bytes from 0Eh on is the IBM PC/AT Technical Reference, and custom
 * since.
 *
 * What stock drivers do with it. DOS and SeaBIOS: read the time, set the alarm, use the 1024 Hz periodic interrupt for
 * int 15h waits, size memory from bytes 15h-18h and 30h-35h. Linux: waits for UIP low, reads; sets the time with SET
 * and the divider held in reset; alarms with don't-care codes; checks for a clock at boot by watching UIP. Windows NT
 * uses the periodic interrupt for profiling; Windows 9x reads the clock every few minutes. All of them expect register
 * C to be cleared by the read that shows it.
 *
 * The clock does not tick here. `second` was the time of day when the wall clock showed `anchor`; what the registers
 * show is computed from the difference, and a host timer runs only while an enabled interrupt is to come. The registers
 * change at the end of the update cycle, which is the second's boundary; UIP is up before it.
 *
 * Example: anchor 100.0 s, second = noon. At wall clock 107.999 s the registers show 12:00:07 and UIP is 1; at 108.0 s
 * they show 12:00:08, UF is set, and AF if the alarm bytes match. */
#include "mc146818.h"

#include <string.h>

#define ABBEY_SELF struct mc146818

#define CRYSTAL_HZ 32768u
/* DS, "Update Cycle", 32.768 kHz time base: UIP rises 244 us before an update of 1984 us. */
#define UIP_NS ((244 + 1984) * ABBEY_US)

static uint64_t wall(const struct mc146818 *r)
{
    return r->system->wall_clock(r->dev);
}

/* DS, "Register A": DV 11x hold the divider chain in reset.
 * XXX: the dividers for 4.194304 and 1.048576 MHz crystals count as right, whatever hangs on the chip. */
static int divider_held(const struct mc146818 *r)
{
    return (r->cmos[A] & 0x60) == 0x60;
}

static int clock_held(const struct mc146818 *r)
{
    return divider_held(r) || (r->cmos[B] & B_SET);
}

static uint64_t since_anchor(const struct mc146818 *r, uint64_t now)
{
    return now > r->anchor ? now - r->anchor : 0;
}

/* ---- time ---- */

static int64_t second_at(const struct mc146818 *r, uint64_t now)
{
    return clock_held(r) ? r->second : r->second + (int64_t)(since_anchor(r, now) / ABBEY_SEC);
}

/* Makes the registers and `second` show the present; the phase within the second stays. */
static void clock_refresh(struct mc146818 *r, uint64_t now)
{
    if (clock_held(r))
        return;
    uint64_t whole = since_anchor(r, now) / ABBEY_SEC;
    r->second += (int64_t)whole;
    r->anchor += whole * ABBEY_SEC;
    calendar_show(r, r->second);
}

/* 256..2 interrupts a second, and 8192 down from RS 3 (DS, "Table 5"): the period in ticks of the crystal. */
static uint32_t periodic_ticks(const struct mc146818 *r)
{
    uint32_t rs = r->cmos[A] & A_RS;
    return !rs || divider_held(r) ? 0 : rs < 3 ? 64u << rs : 1u << (rs - 1);
}

static uint64_t crystal_ticks(const struct mc146818 *r, uint64_t now)
{
    return (uint64_t)((unsigned __int128)since_anchor(r, now) * CRYSTAL_HZ / ABBEY_SEC);
}

/* DS, "Alarm": a byte from C0h to FFh matches everything. */
static int alarm_is(const struct mc146818 *r, unsigned reg, int64_t value)
{
    uint8_t byte = r->cmos[reg];
    return byte >= 0xc0 || byte == (reg == HOURS_ALARM ? calendar_hour(r, value) : calendar_number(r, value));
}

/* Seconds from `second` to the next alarm, 1..86400; 0 when the bytes never match. */
static int64_t alarm_after(const struct mc146818 *r, int64_t second)
{
    int64_t start = (second % DAY_SECONDS + DAY_SECONDS) % DAY_SECONDS, ahead = 1;
    while (ahead <= DAY_SECONDS) {
        int64_t t = (start + ahead) % DAY_SECONDS;
        if (!alarm_is(r, HOURS_ALARM, t / 3600))
            ahead += 3600 - t % 3600;
        else if (!alarm_is(r, MINUTES_ALARM, t / 60 % 60))
            ahead += 60 - t % 60;
        else if (!alarm_is(r, SECONDS_ALARM, t % 60))
            ahead++;
        else
            return ahead;
    }
    return 0;
}

static void irq_update(struct mc146818 *r)
{
    abbey_irq_set(r->irq, (r->flags & r->cmos[B] & (C_PF | C_AF | C_UF)) != 0);
}

/* Raises what has come due since the last time (DS, "Register C"). The flags rise whether or not they may interrupt. */
static void flags_run(struct mc146818 *r)
{
    uint64_t now = wall(r);
    uint32_t period = periodic_ticks(r);
    if (period && crystal_ticks(r, now) / period != crystal_ticks(r, r->seen) / period)
        r->flags |= C_PF;
    if (!clock_held(r)) {
        int64_t from = r->second + (int64_t)(since_anchor(r, r->seen) / ABBEY_SEC), to = second_at(r, now);
        if (to > from) {
            r->flags |= C_UF;
            int64_t alarm = r->flags & C_AF ? 0 : alarm_after(r, from);
            if (alarm && alarm <= to - from)
                r->flags |= C_AF;
        }
    }
    r->seen = now > r->seen ? now : r->seen;
    irq_update(r);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Arms the timer for the next flag that would interrupt. */
static void timer_rearm(struct mc146818 *r)
{
    uint64_t now = r->seen, due = ABBEY_NEVER; /* in ns after the anchor */
    uint32_t period = periodic_ticks(r), wanted = r->cmos[B] & (uint32_t)~r->flags;
    uint64_t past = since_anchor(r, now);
    if (period && (wanted & B_PIE)) {
        uint64_t tick = (crystal_ticks(r, now) / period + 1) * period;
        due = (uint64_t)(((unsigned __int128)tick * ABBEY_SEC + CRYSTAL_HZ - 1) / CRYSTAL_HZ);
    }
    if (!clock_held(r)) {
        uint64_t whole = past / ABBEY_SEC;
        if (wanted & B_UIE)
            due = earlier(due, (whole + 1) * ABBEY_SEC);
        int64_t alarm = wanted & B_AIE ? alarm_after(r, r->second + (int64_t)whole) : 0;
        if (alarm)
            due = earlier(due, (whole + (uint64_t)alarm) * ABBEY_SEC);
    }
    if (due == ABBEY_NEVER) {
        abbey_timer_cancel(r->timer);
        return;
    }
    uint64_t wall_due = r->anchor + due, wall_now = wall(r);
    abbey_timer_arm(r->timer, wall_due > wall_now ? wall_due - wall_now : 0);
}

static void timer_due(void *self)
{
    struct mc146818 *r = self;
    flags_run(r);
    timer_rearm(r);
}

/* ---- registers ---- */

static uint8_t read_a(const struct mc146818 *r, uint64_t now)
{
    int updating = !clock_held(r) && since_anchor(r, now) % ABBEY_SEC >= ABBEY_SEC - UIP_NS;
    return (uint8_t)(r->cmos[A] | (updating ? A_UIP : 0));
}

static uint8_t read_register(struct mc146818 *r, uint8_t reg)
{
    uint64_t now = wall(r);
    uint8_t value;
    switch (reg) {
    case A: return read_a(r, now);
    case C:
        flags_run(r);
        value = (uint8_t)(r->flags | (r->flags & r->cmos[B] & (C_PF | C_AF | C_UF) ? C_IRQF : 0));
        r->flags = 0;
        irq_update(r);
        timer_rearm(r);
        return value;
    case D: return D_VRT; /* DS, "Register D": the battery has not failed */
    default:
        if (reg < A || reg == CENTURY) {
            flags_run(r);
            clock_refresh(r, now);
        }
        return r->cmos[reg];
    }
}

/* Registers A and B start and stop the clock. What the registers hold when it stops is what it goes on from; after the
 * divider was held, the first update comes half a second later (DS, "Divider Control"). */
static void write_control(struct mc146818 *r, uint8_t reg, uint8_t value)
{
    uint64_t now = wall(r);
    clock_refresh(r, now);
    int held = clock_held(r), divider = divider_held(r);
    if (reg == A) {
        r->cmos[A] = value & (A_DV | A_RS);
    } else {
        if (value & B_SET)
            value &= (uint8_t)~B_UIE; /* DS, "SET" */
        uint8_t changed = r->cmos[B] ^ value;
        r->cmos[B] = value;
        if (!held && !clock_held(r) && (changed & (B_DM | B_24)))
            calendar_show(r, r->second);
    }
    if (held && !clock_held(r))
        r->second = calendar_read(r);
    if (divider && !divider_held(r)) {
        r->anchor = now - ABBEY_SEC / 2;
    } else if (held && !clock_held(r)) {
        uint64_t phase = since_anchor(r, now) % ABBEY_SEC;
        r->anchor = now - phase;
    }
    if (r->seen < r->anchor || divider)
        r->seen = now;
}

static void write_register(struct mc146818 *r, uint8_t reg, uint8_t value)
{
    if (reg == C || reg == D)
        return; /* read-only */
    flags_run(r);
    if (reg == A || reg == B) {
        write_control(r, reg, value);
    } else if (reg < A || reg == CENTURY) {
        uint64_t now = wall(r);
        clock_refresh(r, now);
        r->cmos[reg] = value;
        if (!clock_held(r) && reg != SECONDS_ALARM && reg != MINUTES_ALARM && reg != HOURS_ALARM)
            r->second = calendar_read(r);
    } else {
        r->cmos[reg] = value;
        return;
    }
    irq_update(r);
    timer_rearm(r);
}

/* Port 70h bit 7 masks NMI. XXX: kept, but the board has no source of NMI to mask yet. */
static void access_ports(void *self, abbey_io *io)
{
    struct mc146818 *r = self;
    uint8_t value = (uint8_t)io->value;
    switch (io->offset) {
    case 0:
        io->value = 0xff;
        if (io->write) {
            r->index = value & 0x7f;
            r->nmi_off = value >> 7;
        }
        break;
    case 1:
        if (io->write)
            write_register(r, r->index, value);
        else
            io->value = read_register(r, r->index);
        break;
    case 2:
        io->value = r->index1;
        if (io->write)
            r->index1 = value & 0x7f;
        break;
    default:
        io->value = r->bank1[r->index1];
        if (io->write)
            r->bank1[r->index1] = value;
    }
}

/* ---- the bytes that a BIOS setup would have filled ---- */

static void put16(struct mc146818 *r, unsigned at, uint64_t value)
{
    r->cmos[at] = (uint8_t)value;
    r->cmos[at + 1] = (uint8_t)(value >> 8);
}

static void fill_memory(struct mc146818 *r)
{
    const uint64_t KB = 1024, MB = 1024 * KB, HOLE = 0xe0000000ull;
    uint64_t bytes = r->system->memory(r->dev);
    uint64_t low = bytes < HOLE ? bytes : HOLE, high = bytes - low;
    uint64_t base = low / KB < 640 ? low / KB : 640;
    uint64_t extended = low > MB ? (low - MB) / KB : 0;
    uint64_t above16 = low > 16 * MB ? (low - 16 * MB) / (64 * KB) : 0;
    r->cmos[0x14] = 0x07; /* equipment: FPU, a mouse port, no diskette drive, EGA or better */
    put16(r, 0x15, base);
    put16(r, 0x17, extended < 0xffff ? extended : 0xffff);
    put16(r, 0x30, extended < 0xffff ? extended : 0xffff);
    put16(r, 0x34, above16 < 0xffff ? above16 : 0xffff);
    put16(r, 0x5b, high / (64 * KB));
    r->cmos[0x5d] = (uint8_t)(high / (64 * KB) >> 16);
    uint32_t sum = 0;
    for (unsigned i = 0x10; i <= 0x2d; i++)
        sum += r->cmos[i];
    r->cmos[0x2e] = (uint8_t)(sum >> 8);
    r->cmos[0x2f] = (uint8_t)sum;
}

/* DS, "RESET": the interrupt enables and flags fall, the clock and the RAM do not notice. */
static void reset(void *self)
{
    struct mc146818 *r = self;
    r->cmos[B] &= (uint8_t) ~(B_PIE | B_AIE | B_UIE | B_SQWE);
    irq_update(r);
}

static int32_t loaded(void *self)
{
    struct mc146818 *r = self;
    const int64_t far = INT64_C(1) << 40;
    if (r->index > 127 || r->index1 > 127 || r->week > 6 || r->second > far || r->second < -far)
        return -1;
    uint64_t now = wall(r);
    r->anchor = earlier(r->anchor, now); /* on a host whose clock is behind, the guest's goes on from where it was */
    r->seen = earlier(r->seen, now);
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct mc146818 *r = self;
    r->dev = dev;
    r->system = abbey_system(dev);
    r->timer = abbey_timer_new(dev, timer_due, r);
    if (!r->timer)
        return abbey_fail(dev, "no memory for a timer");
    r->anchor = r->seen = wall(r);
    r->second = (int64_t)(r->anchor / ABBEY_SEC) + r->utc_offset;
    r->anchor -= r->anchor % ABBEY_SEC;
    r->cmos[A] = 0x26; /* what BIOSes set: 32.768 kHz, 1024 Hz periodic */
    r->cmos[B] = B_24;
    calendar_show(r, r->second);
    fill_memory(r);
    return abbey_pio_map(dev, 0x70, 4, access_ports, r);
}

static const abbey_prop props[] = {
    ABBEY_PROP(irq, 8, "interrupt line"),
    ABBEY_PROP(utc_offset, 0, "seconds that the clock is ahead of UTC when the machine is built", .min = -DAY_SECONDS,
        .max = DAY_SECONDS),
};

/* Battery-backed: all but the index and the flags. */
static const abbey_reg regs[] = {
    ABBEY_REG(cmos, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(bank1, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(index, 0),
    ABBEY_REG(index1, 0),
    ABBEY_REG(flags, 0),
    ABBEY_REG(nmi_off, 0),
    ABBEY_REG(second, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(anchor, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(seen, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(week, 0, .flags = ABBEY_REG_KEEP),
    ABBEY_REG(timer, 0),
};

static const abbey_device device = { .name = "mc146818",
    .summary = "MC146818A real-time clock with 256 bytes of CMOS memory",
    .self_size = sizeof(struct mc146818),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.mc146818", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.timer/1 abbey.system/1", .device = &device);
