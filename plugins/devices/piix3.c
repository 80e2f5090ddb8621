/* piix3.c - PCI-to-ISA bridge: PIRQ routing, reset control, port 92h, coprocessor errors, POST codes.
 *
 * Intel 82371FB (PIIX) and 82371SB (PIIX3) PCI ISA IDE Xcelerator, order number 290550 ("DS"; registers are cited by
 * name). Its interrupt controllers, timer and ELCR are devices of their own here (i8259, i8254).
 *
 * What stock drivers do with it. SeaBIOS: routes PIRQA#, B# to IRQ 10 and C#, D# to IRQ 11, resets by 02h, 06h at CF9h,
 * uses port 92h for A20. Linux: reads and writes PIRQRC through its "PIIX" router when ACPI is off;
 * `reboot=p` writes 02h, 06h to CF9h; port 80h serves as a delay of one ISA cycle. Windows 9x: PIRQRC through the
 * BIOS's routing table; HIMEM and Windows toggle A20 by port 92h where int 15h says so.
 *
 * Without firmware somebody must route: the properties give the reset values of PIRQRC, by default those of SeaBIOS,
 * so that a guest finds its interrupts on the same lines whichever way it was booted.
 *
 * Coprocessor errors: XBCS bit 5 comes out of reset set, where the data sheet has it clear. A PC's firmware sets it,
 * SeaBIOS does not, and DOS programs need it: SeaBIOS's handler of IRQ 13 then does what theirs expect.
 *
 * Its DMA controllers are a device of their own as well (i8237). XXX: the APM ports B2h, B3h are not there. */
#include <abbey/plugin.h>

#define LINES 16

struct piix3 {
    uint8_t pirq_a, pirq_b, pirq_c, pirq_d; /* lines at reset, 0: off */
    uint8_t pirq;                           /* levels of PIRQ[A:D]#, a bit each, 1 asserted */
    uint8_t rc;                             /* port CF9h */
    uint8_t port92;
    uint8_t post;        /* port 80h */
    uint8_t ferr, ignne; /* levels of the pins, 1 active */
    abbey_irq *line[LINES];
    abbey_pci *pci;
    const abbey_system_1 *system;
    abbey_dev *dev;
};
#define ABBEY_SELF struct piix3

#define PIRQRC 0x60
#define PIRQRC_OFF 0x80
#define ROUTABLE 0xdef8u /* DS, "PIRQRC": 3-7, 9-12, 14, 15; the others are reserved */
#define RC_HARD 0x02
#define RC_RESET 0x04
#define XBCS 0x4e
#define XBCS_COPROCESSOR 0x20
#define FERR_LINE 13
#define FAST_INIT 0x01
#define FAST_A20 0x02

/* A line is asserted while one of the PIRQs that are routed to it is. */
static void route_update(struct piix3 *b)
{
    uint32_t levels = 0;
    for (uint32_t i = 0; i < 4; i++) {
        uint32_t route = abbey_pci_config_get(b->pci, PIRQRC + i, 1);
        if ((b->pirq >> i & 1) && !(route & PIRQRC_OFF))
            levels |= 1u << (route & 15);
    }
    for (uint32_t i = 0; i < LINES; i++)
        if (ROUTABLE >> i & 1)
            abbey_irq_set(b->line[i], levels >> i & 1);
}

static void route(void *self, uint32_t pirq, uint32_t level)
{
    struct piix3 *b = self;
    uint8_t bit = (uint8_t)(1u << (pirq & 3));
    b->pirq = level ? b->pirq | bit : b->pirq & (uint8_t)~bit;
    route_update(b);
}

static void config_written(void *self, uint32_t offset, uint32_t count)
{
    struct piix3 *b = self;
    if (offset < PIRQRC + 4 && offset + count > PIRQRC)
        route_update(b);
}

/* DS, "RC - Reset Control Register": a 0 to 1 step of bit 2 resets, as bit 1 says everything or the processor alone. */
static void access_rc(void *self, abbey_io *io)
{
    struct piix3 *b = self;
    if (!io->write) {
        io->value = b->rc;
        return;
    }
    uint8_t risen = (uint8_t)io->value & (uint8_t)~b->rc;
    b->rc = (uint8_t)io->value & (RC_HARD | RC_RESET);
    if (risen & RC_RESET)
        b->system->reset(b->dev, b->rc & RC_HARD ? ABBEY_RESET_COLD : ABBEY_RESET_CPU);
}

/* DS, "PORT 92 Register". A20 is told of when the bit changes: until then this gate has not spoken. */
static void access_92(void *self, abbey_io *io)
{
    struct piix3 *b = self;
    if (!io->write) {
        io->value = b->port92;
        return;
    }
    uint8_t changed = (uint8_t)io->value ^ b->port92;
    b->port92 = (uint8_t)io->value & (FAST_A20 | FAST_INIT);
    if (changed & FAST_A20)
        b->system->a20(b->dev, 1, b->port92 & FAST_A20 ? 1 : 0);
    if (changed & b->port92 & FAST_INIT)
        b->system->reset(b->dev, ABBEY_RESET_CPU);
}

/* DS, "Coprocessor Error": FERR# raises IRQ 13, which a write to port F0h takes back. That write asserts IGNNE# while
 * FERR# is active, and IGNNE# goes with FERR#. */
static uint32_t coprocessor_error(void *self, uint32_t active)
{
    struct piix3 *b = self;
    b->ferr = active && (abbey_pci_config_get(b->pci, XBCS, 1) & XBCS_COPROCESSOR);
    if (!b->ferr)
        b->ignne = 0;
    else if (!b->ignne)
        abbey_irq_set(b->line[FERR_LINE], 1);
    return b->ignne;
}

static void access_f0(void *self, abbey_io *io)
{
    struct piix3 *b = self;
    if (!io->write) {
        io->value = 0xff;
        return;
    }
    abbey_irq_set(b->line[FERR_LINE], 0);
    b->ignne = b->ferr;
}

static void access_post(void *self, abbey_io *io)
{
    struct piix3 *b = self;
    if (!io->write) {
        io->value = b->post;
        return;
    }
    b->post = (uint8_t)io->value;
    abbey_trace(b->dev, "POST code %02x", b->post);
}

/* Registers of the chip's own with a meaning or a reset value that software looks at (DS, "PCI Configuration Registers,
 * function 0"); what the others would change is not there. */
static const struct config_register {
    uint8_t offset, bytes;
    uint16_t reset, writable;
} registers[] = {
    { 0x04, 2, 0x0007, 0x0008 }, /* PCICMD: decoding and mastering are always on */
    { 0x06, 2, 0x0200, 0x0000 }, /* PCISTS: medium DEVSEL# */
    { 0x4c, 1, 0x4d, 0xff },     /* IORT */
    { XBCS, 2, 0x0003 | XBCS_COPROCESSOR, 0xffff }, { 0x69, 1, 0x02, 0xfe }, /* TOM */
    { 0x6a, 2, 0x0000, 0x8085 },                                             /* MSTAT */
    { 0x70, 1, 0x80, 0xef },                                                 /* MBIRQ0 */
    { 0x71, 1, 0x80, 0xef },                                                 /* MBIRQ1 */
    { 0x78, 2, 0x0002, 0xffff },                                             /* PCSC */
    { 0x82, 1, 0x00, 0x0f },                                                 /* DLC */
    { 0xa0, 1, 0x08, 0x1f },                                                 /* SMICNTL */
    { 0xa2, 2, 0x0000, 0x01ff },                                             /* SMIEN */
    { 0xa8, 1, 0x0f, 0xff },                                                 /* FTMR */
};

static int32_t config_init(struct piix3 *b)
{
    for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        const struct config_register *r = &registers[i];
        abbey_pci_config_set(b->pci, r->offset, r->bytes, r->reset);
        abbey_pci_config_mask(b->pci, r->offset, r->bytes, r->writable, 0);
    }
    const uint8_t lines[4] = { b->pirq_a, b->pirq_b, b->pirq_c, b->pirq_d };
    for (uint32_t i = 0; i < 4; i++) {
        if (lines[i] && !(ROUTABLE >> lines[i] & 1))
            return abbey_fail(b->dev,
                "pirq_%c: a PIRQ cannot be routed to line %u; choose 3 to 7, 9 to 12, 14, 15, or 0", (char)('a' + i),
                lines[i]);
        abbey_pci_config_set(b->pci, PIRQRC + i, 1, lines[i] ? lines[i] : PIRQRC_OFF);
        abbey_pci_config_mask(b->pci, PIRQRC + i, 1, 0x8f, 0);
    }
    return 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct piix3 *b = self;
    b->dev = dev;
    b->system = abbey_system(dev);
    static const abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x8086,
        .device = 0x7000,
        .class_code = 0x060100,
        .multifunction = 1,
        .config_written = config_written };
    b->pci = abbey_pci_add(dev, &desc, b);
    if (!b->pci || config_init(b))
        return -1;
    for (uint32_t i = 0; i < LINES; i++)
        if (ROUTABLE >> i & 1)
            b->line[i] = abbey_irq_line(dev, i);
    b->line[FERR_LINE] = abbey_irq_line(dev, FERR_LINE);
    if (abbey_coprocessor(dev)->wire(dev, coprocessor_error, b) || abbey_pio_map(dev, 0xf0, 1, access_f0, b))
        return -1;
    const abbey_pci_1 *bus = (const abbey_pci_1 *)abbey_query(dev, ABBEY_PCI_1);
    if (bus->route(dev, route, b))
        return -1;
    abbey_region_desc rc = { .size = sizeof rc, .start = 0xcf9, .length = 1, .fn = access_rc, .overlap = 1 };
    if (!abbey_pio_region(dev, &rc, b) || abbey_pio_map(dev, 0x92, 1, access_92, b))
        return -1;
    return abbey_pio_map(dev, 0x80, 1, access_post, b);
}

static const abbey_prop props[] = {
    ABBEY_PROP(pirq_a, 10, "ISA line of PIRQA# at reset; 0: none", .max = 15),
    ABBEY_PROP(pirq_b, 10, "ISA line of PIRQB# at reset; 0: none", .max = 15),
    ABBEY_PROP(pirq_c, 11, "ISA line of PIRQC# at reset; 0: none", .max = 15),
    ABBEY_PROP(pirq_d, 11, "ISA line of PIRQD# at reset; 0: none", .max = 15),
};
static const abbey_reg regs[] = {
    ABBEY_REG(pirq, 0),
    ABBEY_REG(rc, 0),
    ABBEY_REG(port92, 0),
    ABBEY_REG(post, 0),
    ABBEY_REG(ferr, 0),
    ABBEY_REG(ignne, 0),
};

static const abbey_device device = { .name = "piix3",
    .summary = "PIIX3 PCI-to-ISA bridge: interrupt routing, reset control, port 92h, coprocessor errors",
    .bus = "pci",
    .self_size = sizeof(struct piix3),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .provides = "isa" };
ABBEY_PLUGIN(.id = "org.abbey.piix3", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.pci/1 abbey.irqchip/1 abbey.system/1 abbey.coprocessor/1", .device = &device);
