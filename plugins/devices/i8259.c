/* i8259.c - the interrupt controllers of a PC: two 8259A, the slave's INT on the master's IR2, and PIIX3's ELCR.
 *
 * Intel 8259A Programmable Interrupt Controller data sheet, order number 231468-003 ("DS"; the headings are cited),
 * and 82371SB (PIIX3), order number 290550, "ELCR1/ELCR2 - Edge/Level Control Registers".
 *
 * What stock drivers do with it. DOS and SeaBIOS: ICW1-4 once, non-specific EOI, masks, and a read of ISR or IRR to
 * tell a spurious IRQ7. Linux: probes by writing the master's IMR and reading it back; ICW4 = 01h; specific EOI 60h+n,
 * slave first, then 62h to the master; reads ISR when IRQ7 or IRQ15 looks spurious; sets ELCR bits for ACPI and PCI
 * lines. Windows 9x and NT: the same with specific EOI; Windows 9x's VPICD also rotates priorities and uses special
 * mask mode on behalf of DOS programs.
 *
 * A request in edge mode lives in IRR from the rising edge until it is acknowledged or the line falls again (DS,
 * "Interrupt Request Register" and figure 9: a line that fell before INTA gives the default IR7). IRR of a level line
 * is the line itself.
 *
 * Example: IR12 rises. The slave's resolver finds level 4, raises its INT, which is the master's IR2; the master raises
 * INTR. On acknowledge the master takes level 2 and lets the slave supply the vector; both set their IS bit, and IR12
 * needs two EOIs. */
#include <abbey/plugin.h>

struct chip {
    uint8_t lines; /* levels of the inputs, as driven from outside */
    uint8_t edges; /* requests latched by a rising edge */
    uint8_t isr;
    uint8_t imr;
    uint8_t icw1, icw2, icw3, icw4;
    uint8_t expect; /* the ICW (2, 3, 4) that the next write to A0=1 is; 0: OCW1 */
    uint8_t lowest; /* level with the lowest priority; 7 unless rotated */
    uint8_t elcr;
    uint8_t read_isr;     /* OCW3 RIS */
    uint8_t poll;         /* OCW3 P: the next read acknowledges */
    uint8_t special_mask; /* OCW3 SMM */
    uint8_t rotate_aeoi;
};

struct i8259 {
    uint16_t elcr;
    struct chip chip[2]; /* master, slave */
    abbey_irq *intr;
};
#define ABBEY_SELF struct i8259

#define MASTER 0
#define SLAVE 1
#define CASCADE 2 /* the master's input that the slave drives */
#define NONE 8    /* "no level" */

#define ICW1_IC4 0x01
#define ICW1_SNGL 0x02
#define ICW1_LTIM 0x08
#define ICW1_MARK 0x10
#define ICW4_AEOI 0x02
#define ICW4_SFNM 0x10
#define OCW3_MARK 0x08

static uint8_t level_pins(const struct chip *c)
{
    return c->icw1 & ICW1_LTIM ? 0xff : c->elcr;
}

static uint8_t requests(const struct chip *c)
{
    uint8_t level = level_pins(c);
    return (uint8_t)((c->edges & ~level) | (c->lines & level));
}

/* The level of highest priority among `bits`; priorities go round from the one behind `lowest`. */
static unsigned highest(const struct chip *c, uint8_t bits)
{
    for (unsigned rank = 0; rank < 8; rank++) {
        unsigned level = (c->lowest + 1u + rank) & 7;
        if (bits >> level & 1)
            return level;
    }
    return NONE;
}

static unsigned rank_of(const struct chip *c, unsigned level)
{
    return level == NONE ? 8 : (level + 7u - c->lowest) & 7;
}

/* The level that the chip asks service for now, or NONE (DS, "Fully Nested Mode"). In special mask mode an IS bit that
 * is masked holds nobody back (DS, "Special Mask Mode"); in special fully nested mode a slave in service does not hold
 * back itself (DS, "The Special Fully Nested Mode"). */
static unsigned resolve(const struct chip *c)
{
    unsigned level = highest(c, (uint8_t)(requests(c) & ~c->imr));
    if (level == NONE)
        return NONE;
    unsigned served = highest(c, c->special_mask ? (uint8_t)(c->isr & ~c->imr) : c->isr);
    unsigned rank = rank_of(c, level), limit = rank_of(c, served);
    if (rank < limit)
        return level;
    if (rank == limit && (c->icw4 & ICW4_SFNM) && !(c->icw1 & ICW1_SNGL) && (c->icw3 >> level & 1))
        return level;
    return NONE;
}

static void drive(struct chip *c, unsigned pin, uint32_t level)
{
    uint8_t bit = (uint8_t)(1u << pin);
    if (level) {
        if (!(c->lines & bit))
            c->edges |= bit;
        c->lines |= bit;
    } else {
        c->lines &= (uint8_t)~bit;
        c->edges &= (uint8_t)~bit;
    }
}

/* Outputs follow from the registers: the slave's INT, then INTR. */
static void update(struct i8259 *p)
{
    drive(&p->chip[MASTER], CASCADE, resolve(&p->chip[SLAVE]) != NONE);
    abbey_irq_set(p->intr, resolve(&p->chip[MASTER]) != NONE);
}

/* What INTA does to a chip (DS, "Interrupt Sequence"; "Automatic End of Interrupt (AEOI) Mode"). */
static void acknowledge(struct chip *c, unsigned level)
{
    uint8_t bit = (uint8_t)(1u << level);
    c->edges &= (uint8_t)~bit;
    if (!(c->icw4 & ICW4_AEOI))
        c->isr |= bit;
    else if (c->rotate_aeoi)
        c->lowest = (uint8_t)level;
}

/* The level acknowledged, or 7 without an IS bit when the request is gone: the spurious interrupt. */
static unsigned take(struct chip *c)
{
    unsigned level = resolve(c);
    if (level == NONE)
        return 7;
    acknowledge(c, level);
    return level;
}

static uint32_t intr_ack(void *self)
{
    struct i8259 *p = self;
    struct chip *master = &p->chip[MASTER], *slave = &p->chip[SLAVE];
    unsigned level = take(master);
    uint32_t vector = (master->icw2 & 0xf8u) | level;
    int cascaded = level == CASCADE && !(master->icw1 & ICW1_SNGL) && (master->icw3 >> CASCADE & 1);
    if (cascaded && (slave->icw3 & 7) == CASCADE) {
        vector = (slave->icw2 & 0xf8u) | take(slave);
        drive(master, CASCADE, 0); /* the slave's INT falls with INTA, so a second request of it makes a new edge */
    }
    update(p);
    return vector;
}

/* OCW2: end of interrupt and rotation (DS, "End of Interrupt (EOI)", "Automatic Rotation", "Specific Rotation"). */
static void write_ocw2(struct chip *c, uint8_t value)
{
    uint8_t named = value & 7;
    unsigned level = NONE;
    switch (value >> 5) {
    case 0: c->rotate_aeoi = 0; return;
    case 4: c->rotate_aeoi = 1; return;
    case 6: c->lowest = named; return;
    case 1: /* non-specific; in special mask mode masked IS bits are passed over */
    case 5: level = highest(c, c->special_mask ? (uint8_t)(c->isr & ~c->imr) : c->isr); break;
    case 3:
    case 7: level = named; break;
    default: return; /* 2: no operation */
    }
    if (level == NONE)
        return;
    c->isr &= (uint8_t) ~(1u << level);
    if (value & 0x80)
        c->lowest = (uint8_t)level;
}

static void write_ocw3(struct chip *c, uint8_t value)
{
    if (value & 0x40)
        c->special_mask = value >> 5 & 1;
    if (value & 0x04)
        c->poll = 1;
    else if (value & 0x02)
        c->read_isr = value & 1;
}

/* DS, "Initialization Command Words 1 and 2": the edge sense circuit is reset, so a line that is high already makes no
 * request; IMR, special mask mode and the priorities return to their defaults. */
static void write_icw1(struct chip *c, uint8_t value)
{
    c->icw1 = value;
    c->icw4 = 0;
    c->edges = c->isr = c->imr = 0;
    c->lowest = 7;
    c->special_mask = c->read_isr = c->poll = c->rotate_aeoi = 0;
    c->expect = 2;
}

/* XXX: ICW4 with uPM = 0 (MCS-80 CALL sequences) is kept but acts as 8086 mode: a PC has no other processor. */
static void write_data(struct chip *c, uint8_t value)
{
    switch (c->expect) {
    case 2:
        c->icw2 = value;
        c->expect = !(c->icw1 & ICW1_SNGL) ? 3 : c->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 3:
        c->icw3 = value;
        c->expect = c->icw1 & ICW1_IC4 ? 4 : 0;
        break;
    case 4:
        c->icw4 = value;
        c->expect = 0;
        break;
    default: c->imr = value;
    }
}

/* DS, "Poll Command": bit 7 says that there is a request, the low bits which; the read acknowledges it. */
static uint8_t read_poll(struct chip *c)
{
    unsigned level = resolve(c);
    c->poll = 0;
    if (level == NONE)
        return 0;
    acknowledge(c, level);
    return (uint8_t)(0x80 | level);
}

static void access_chip(struct i8259 *p, struct chip *c, abbey_io *io)
{
    uint8_t value = (uint8_t)io->value;
    if (!io->write) {
        if (c->poll)
            io->value = read_poll(c);
        else if (io->offset == 1)
            io->value = c->imr;
        else
            io->value = c->read_isr ? c->isr : requests(c);
    } else if (io->offset == 1) {
        write_data(c, value);
    } else if (value & ICW1_MARK) {
        write_icw1(c, value);
    } else if (value & OCW3_MARK) {
        write_ocw3(c, value);
    } else {
        write_ocw2(c, value);
    }
    update(p);
}

static void access_master(void *self, abbey_io *io)
{
    struct i8259 *p = self;
    access_chip(p, &p->chip[MASTER], io);
}

static void access_slave(void *self, abbey_io *io)
{
    struct i8259 *p = self;
    access_chip(p, &p->chip[SLAVE], io);
}

/* PIIX3, "ELCR1", "ELCR2": IRQ0, 1, 2, 8 and 13 are edge-triggered for good. */
static const uint8_t elcr_writable[2] = { 0xf8, 0xde };

static void access_elcr(void *self, abbey_io *io)
{
    struct i8259 *p = self;
    struct chip *c = &p->chip[io->offset & 1];
    if (!io->write) {
        io->value = c->elcr;
        return;
    }
    c->elcr = (uint8_t)io->value & elcr_writable[io->offset & 1];
    update(p);
}

static void input(void *self, uint32_t pin, uint32_t level)
{
    struct i8259 *p = self;
    if (pin == CASCADE || pin > 15)
        return; /* IR2 is the slave's */
    drive(&p->chip[pin >> 3], pin & 7, level);
    update(p);
}

static uint32_t pending(void *self, uint32_t pin)
{
    const struct i8259 *p = self;
    const struct chip *c = &p->chip[pin >> 3 & 1];
    if (pin >= 8 && (p->chip[MASTER].imr >> CASCADE & 1))
        return 0;
    return (requests(c) & ~c->imr) >> (pin & 7) & 1;
}

static void reset(void *self)
{
    struct i8259 *p = self;
    for (unsigned i = 0; i < 2; i++)
        p->chip[i].elcr = (uint8_t)(p->elcr >> (8 * i)) & elcr_writable[i];
    update(p);
}

static int32_t loaded(void *self)
{
    struct i8259 *p = self;
    for (unsigned i = 0; i < 2; i++) {
        struct chip *c = &p->chip[i];
        if (c->expect > 4 || c->expect == 1 || c->lowest > 7)
            return -1;
        c->elcr &= elcr_writable[i];
    }
    abbey_irq_set(p->intr, resolve(&p->chip[MASTER]) != NONE);
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct i8259 *p = self;
    p->intr = abbey_intr_connect(dev, intr_ack, p);
    if (!p->intr || abbey_irq_inputs(dev, input, p) || abbey_irq_answer(dev, pending, p))
        return -1;
    if (abbey_pio_map(dev, 0x20, 2, access_master, p) || abbey_pio_map(dev, 0xa0, 2, access_slave, p))
        return -1;
    return abbey_pio_map(dev, 0x4d0, 2, access_elcr, p);
}

static const abbey_prop props[] = {
    ABBEY_PROP(
        elcr, 0, "ELCR after reset, a bit for each level-triggered line (firmware's task otherwise)", .max = 0xffff),
};

/* Nothing passes before software has spoken: the data sheet leaves the power-on state open. */
#define CHIP_REGS(n)                                                                                                   \
    ABBEY_REG(chip[n].lines, 0), ABBEY_REG(chip[n].edges, 0), ABBEY_REG(chip[n].isr, 0), ABBEY_REG(chip[n].imr, 0xff), \
        ABBEY_REG(chip[n].icw1, 0), ABBEY_REG(chip[n].icw2, 0), ABBEY_REG(chip[n].icw3, 0),                            \
        ABBEY_REG(chip[n].icw4, 0), ABBEY_REG(chip[n].expect, 0), ABBEY_REG(chip[n].lowest, 7),                        \
        ABBEY_REG(chip[n].elcr, 0), ABBEY_REG(chip[n].read_isr, 0), ABBEY_REG(chip[n].poll, 0),                        \
        ABBEY_REG(chip[n].special_mask, 0), ABBEY_REG(chip[n].rotate_aeoi, 0)
static const abbey_reg regs[] = { CHIP_REGS(MASTER), CHIP_REGS(SLAVE) };

static const abbey_device device = { .name = "i8259",
    .summary = "pair of 8259A interrupt controllers with the 16 ISA lines",
    .self_size = sizeof(struct i8259),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded,
    .irq_inputs = 16,
    .isa_lines = 1 };
ABBEY_PLUGIN(.id = "org.abbey.i8259", .version = "1.0.0", .license = "MIT", .requires = "abbey.pio/1 abbey.irqchip/1",
    .device = &device);
