/* piix4-pm.c - ACPI power management: the PM1 registers, the PM timer, a block of general-purpose events.
 *
 * Intel 82371AB PCI-TO-ISA / IDE XCELERATOR (PIIX4), order number 290562, "Power Management PCI Configuration Registers
 * (Function 3)" and "Power Management I/O Registers" ("DS"; registers are cited by name); Advanced Configuration and
 * Power Interface Specification 2.0, section 4.7 ("ACPI") for the meaning of the fixed registers.
 *
 * What stock drivers do with it. Linux: finds the ports in the FADT, not here; enables PWRBTN_EN and GBL_EN, uses the
 * PM timer as clocksource, powers off by SLP_TYP and SLP_EN; its PCI quirk reads PMBASE and the device monitors.
 * SeaBIOS sets PMBASE and PMIOSE itself and reads the PM timer. Windows 98 and 2000 drive all of it through ACPI
 * tables; older ones, and DOS, never touch it.
 *
 * The processor has no system management mode, so nobody could switch ACPI mode on, and at a direct boot there is no
 * firmware either: with `ready` (the default) the chip comes out of reset as firmware would leave it: PMBASE at `base`,
 * decoding on, SCI_EN set, and APMC_EN set in DEVACTB, by which SeaBIOS sees that the handler of system management
 * interrupts is in place and does not try to install its own.
 *
 * Ports from PMBASE: 0 PMSTS, 2 PMEN, 4 PMCNTRL, 8 PMTMR, 0Ch GPSTS, 0Eh GPEN. The block of general-purpose events that
 * the ACPI tables name stands at ports of its own (`gpe`), where virtual boards have put it since Bochs.
 *
 * XXX: no SMBus, device monitors, clock throttling, SMI; sleep states other than S5 wake up at once. */
#include <abbey/plugin.h>

#define PM_HZ 3579545u
#define PM_PORTS 64u

struct piix4_pm {
    uint16_t base, gpe;
    _Bool ready;
    uint8_t timer_bits;
    abbey_irq *irq;
    uint16_t pmsts, pmen, pmcntrl;
    uint16_t gpsts, gpen;     /* the chip's own events */
    uint16_t gpe_sts, gpe_en; /* the board's */
    uint64_t halves;          /* half periods of the PM timer up to which TMROF_STS was raised */
    abbey_timer *overflow;
    abbey_region *ports;
    abbey_pci *pci;
    const abbey_system_1 *system;
    abbey_dev *dev;
};
#define ABBEY_SELF struct piix4_pm

#define PMBASE 0x40
#define DEVACTB 0x58
#define APMC_EN 0x02000000u
#define PMREGMISC 0x80
#define PMIOSE 0x01

#define TMROF 0x0001
#define GBL 0x0020
#define PWRBTN 0x0100
#define RTC 0x0400
#define WAK 0x8000
#define STS_BITS (TMROF | 0x0010 | GBL | PWRBTN | RTC | WAK)
#define EN_BITS (TMROF | GBL | PWRBTN | RTC)
#define SCI_EN 0x0001
#define BM_RLD 0x0002
#define SLP_TYP 0x1c00
#define SLP_EN 0x2000
#define SLP_TYP_S5 0 /* DS, "PMCNTRL": 000 is soft off; the ACPI tables say the same in \_S5 */

static uint64_t pm_ticks(const struct piix4_pm *p)
{
    return (uint64_t)((unsigned __int128)abbey_now(p->dev) * PM_HZ / ABBEY_SEC);
}

/* ACPI 4.7.2.1: TMR_STS is set when the most significant bit of the counter changes. */
static void overflow_run(struct piix4_pm *p)
{
    uint64_t halves = pm_ticks(p) >> (p->timer_bits - 1);
    if (halves != p->halves)
        p->pmsts |= TMROF;
    p->halves = halves;
}

/* The SCI is a level: asserted while an enabled event stands (ACPI 4.7.2.5). The timer of the host runs only when an
 * overflow would interrupt. */
static void sci_update(struct piix4_pm *p)
{
    int events = (p->pmsts & p->pmen & EN_BITS) || (p->gpsts & p->gpen) || (p->gpe_sts & p->gpe_en);
    abbey_irq_set(p->irq, (p->pmcntrl & SCI_EN) && events);
    if ((p->pmen & TMROF) && !(p->pmsts & TMROF)) {
        uint64_t tick = (p->halves + 1) << (p->timer_bits - 1);
        abbey_timer_arm_at(p->overflow, (uint64_t)(((unsigned __int128)tick * ABBEY_SEC + PM_HZ - 1) / PM_HZ));
    } else {
        abbey_timer_cancel(p->overflow);
    }
}

static void overflow_due(void *self)
{
    struct piix4_pm *p = self;
    overflow_run(p);
    sci_update(p);
}

/* DS, "PMCNTRL"; ACPI 4.7.3.2. SLP_EN and GBL_RLS read as zero. */
static void write_control(struct piix4_pm *p, uint16_t value)
{
    p->pmcntrl = value & (SCI_EN | BM_RLD | SLP_TYP);
    if (!(value & SLP_EN))
        return;
    if ((value & SLP_TYP) == SLP_TYP_S5 << 10) {
        p->system->power_off(p->dev);
        return;
    }
    abbey_log(p->dev, ABBEY_LOG_INFO, "the guest asks for sleep type %u, which is not there; it wakes at once",
        (value & SLP_TYP) >> 10);
    p->pmsts |= WAK;
}

/* A register pair, status below enable, as one dword of ports. */
static void write_events(uint16_t *sts, uint16_t *en, uint16_t en_bits, uint32_t value, uint32_t lanes)
{
    *sts &= (uint16_t) ~(value & lanes);
    uint16_t mask = (uint16_t)(lanes >> 16);
    *en = (uint16_t)((*en & ~mask) | (value >> 16 & mask & en_bits));
}

static uint32_t read_dword(struct piix4_pm *p, uint32_t at)
{
    switch (at) {
    case 0x0: return p->pmsts | (uint32_t)p->pmen << 16;
    case 0x4: return p->pmcntrl;
    case 0x8: return (uint32_t)(pm_ticks(p) & ((1ull << p->timer_bits) - 1));
    case 0xc: return p->gpsts | (uint32_t)p->gpen << 16;
    default: return 0;
    }
}

static void write_dword(struct piix4_pm *p, uint32_t at, uint32_t value, uint32_t lanes)
{
    switch (at) {
    case 0x0: write_events(&p->pmsts, &p->pmen, EN_BITS, value, lanes); break;
    case 0x4:
        if (lanes & 0xffff)
            write_control(p, (uint16_t)((p->pmcntrl & ~lanes) | (value & lanes)));
        break;
    case 0xc: write_events(&p->gpsts, &p->gpen, 0x0f81, value, lanes); break;
    default: break;
    }
}

/* Accesses of 1, 2 and 4 bytes fall into one dword: an odd-sized or crossing one is cut by the host. */
static void access_pm(void *self, abbey_io *io)
{
    struct piix4_pm *p = self;
    uint32_t at = (uint32_t)io->offset & ~3u, shift = ((uint32_t)io->offset & 3) * 8;
    overflow_run(p);
    if (!io->write) {
        io->value = read_dword(p, at) >> shift;
        return;
    }
    uint32_t lanes = (io->size == 4 ? UINT32_MAX : (1u << io->size * 8) - 1) << shift;
    write_dword(p, at, (uint32_t)io->value << shift, lanes);
    sci_update(p);
}

static void access_gpe(void *self, abbey_io *io)
{
    struct piix4_pm *p = self;
    uint32_t shift = ((uint32_t)io->offset & 3) * 8;
    if (!io->write) {
        io->value = (p->gpe_sts | (uint32_t)p->gpe_en << 16) >> shift;
        return;
    }
    uint32_t lanes = (io->size == 4 ? UINT32_MAX : (1u << io->size * 8) - 1) << shift;
    write_events(&p->gpe_sts, &p->gpe_en, 0xffff, (uint32_t)io->value << shift, lanes);
    sci_update(p);
}

static void power_button(void *self)
{
    struct piix4_pm *p = self;
    p->pmsts |= PWRBTN;
    if (!(p->pmcntrl & SCI_EN) || !(p->pmen & PWRBTN))
        abbey_log(p->dev, ABBEY_LOG_INFO, "power button pressed, but the guest does not listen to it");
    sci_update(p);
}

/* DS, "PMBASE" and "PMREGMISC": where the ports are, and whether they decode. */
static void config_written(void *self, uint32_t offset, uint32_t count)
{
    struct piix4_pm *p = self;
    if (offset < PMBASE + 4 && offset + count > PMBASE)
        abbey_region_move(p->ports, abbey_pci_config_get(p->pci, PMBASE, 2) & 0xffc0u);
    if (offset <= PMREGMISC && offset + count > PMREGMISC)
        abbey_region_enable(p->ports, abbey_pci_config_get(p->pci, PMREGMISC, 1) & PMIOSE);
}

static void reset(void *self)
{
    struct piix4_pm *p = self;
    p->pmcntrl = p->ready ? SCI_EN : 0;
    p->halves = pm_ticks(p) >> (p->timer_bits - 1);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct piix4_pm *p = self;
    p->dev = dev;
    p->system = abbey_system(dev);
    p->overflow = abbey_timer_new(dev, overflow_due, p);
    if (!p->overflow)
        return abbey_fail(dev, "no memory for a timer");
    if (p->timer_bits != 24 && p->timer_bits != 32)
        return abbey_fail(dev, "timer_bits is %u; a PM timer has 24 or 32", p->timer_bits);
    if (p->base % PM_PORTS || p->gpe % 4)
        return abbey_fail(dev, "base is a multiple of %u, gpe of 4", PM_PORTS);
    static const abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x8086,
        .device = 0x7113,
        .class_code = 0x068000,
        .revision = 0x03,
        .config_written = config_written };
    p->pci = abbey_pci_add(dev, &desc, p);
    if (!p->pci || p->system->power_button(dev, power_button, p))
        return -1;
    abbey_pci_config_set(p->pci, 0x06, 2, 0x0280); /* fast back-to-back, medium DEVSEL# */
    abbey_pci_config_set(p->pci, PMBASE, 4, p->base | 1u);
    abbey_pci_config_mask(p->pci, PMBASE, 4, 0xffc0, 0);
    abbey_pci_config_set(p->pci, DEVACTB, 4, p->ready ? APMC_EN : 0);
    abbey_pci_config_mask(p->pci, DEVACTB, 4, 0xffffffff, 0);
    abbey_pci_config_set(p->pci, PMREGMISC, 1, p->ready ? PMIOSE : 0);
    abbey_pci_config_mask(p->pci, PMREGMISC, 1, PMIOSE, 0);
    abbey_pci_config_set(p->pci, 0x90, 4, 1); /* SMBBA: an I/O base that nothing stands behind */
    abbey_region_desc ports = { .size = sizeof ports,
        .max_width = 4,
        .start = p->base,
        .length = PM_PORTS,
        .fn = access_pm,
        .disabled = !p->ready };
    abbey_region_desc gpe = { .size = sizeof gpe, .max_width = 4, .start = p->gpe, .length = 4, .fn = access_gpe };
    p->ports = abbey_pio_region(dev, &ports, p);
    if (!p->ports || (p->gpe && !abbey_pio_region(dev, &gpe, p)))
        return -1;
    return 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(base, 0xb000, "PMBASE at reset: first of 64 I/O ports", .min = 0x100, .max = 0xffc0),
    ABBEY_PROP(gpe, 0xafe0, "first of 4 I/O ports of the general-purpose events; 0: none", .max = 0xfffc),
    ABBEY_PROP(irq, 9, "interrupt line of the SCI"),
    ABBEY_PROP(ready, 1, "come out of reset with the ports decoded and ACPI mode on"),
    ABBEY_PROP(timer_bits, 24, "width of the PM timer, 24 or 32 bits", .min = 24, .max = 32),
};
static const abbey_reg regs[] = {
    ABBEY_REG(pmsts, 0),
    ABBEY_REG(pmen, 0),
    ABBEY_REG(pmcntrl, 0),
    ABBEY_REG(gpsts, 0),
    ABBEY_REG(gpen, 0),
    ABBEY_REG(gpe_sts, 0),
    ABBEY_REG(gpe_en, 0),
    ABBEY_REG(halves, 0),
    ABBEY_REG(overflow, 0),
};

static const abbey_device device = { .name = "piix4-pm",
    .summary = "PIIX4 power management: ACPI events, PM timer, power off",
    .bus = "pci",
    .self_size = sizeof(struct piix4_pm),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset };
ABBEY_PLUGIN(.id = "org.abbey.piix4-pm", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.pci/1 abbey.timer/1 abbey.system/1", .device = &device);
