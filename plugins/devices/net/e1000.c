#include "e1000.h"

#include <stddef.h>
#include <string.h>

#define CTRL_RST 0x04000000u
#define CTRL_PHY_RST 0x80000000u
#define STATUS_UP 0x83u /* full duplex, link, 1000 Mb/s */
#define STATUS_DOWN 0x81u
#define ITR_UNIT 256u /* ns */
#define MEMORY 0x20000u
#define PORTS 64u

#define FIELD(name) ((uint16_t)offsetof(struct e1000, name))

/* Registers that hold what is written to them. */
static const struct {
    uint16_t at, field;
    uint32_t mask;
} plain[] = { { 0x0018, FIELD(ctrl_ext), ~0u }, { 0x0028, FIELD(fcal), ~0u }, { 0x002c, FIELD(fcah), 0xffff },
    { 0x0030, FIELD(fct), 0xffff }, { 0x0038, FIELD(vet), 0xffff }, { 0x00c4, FIELD(itr), 0xffff },
    { 0x0170, FIELD(fcttv), 0xffff }, { 0x0178, FIELD(txcw), ~0u }, { 0x0410, FIELD(tipg), ~0u },
    { 0x0458, FIELD(ait), 0xffff }, { 0x0e00, FIELD(ledctl), ~0u }, { 0x1000, FIELD(pba), 0xffff },
    { 0x2160, FIELD(fcrtl), ~0u }, { 0x2168, FIELD(fcrth), ~0u }, { 0x2800, FIELD(rx.base_low), ~15u },
    { 0x2804, FIELD(rx.base_high), ~0u }, { 0x2808, FIELD(rx.length), 0xfff80 }, { 0x2810, FIELD(rx.head), 0xffff },
    { 0x2818, FIELD(rx.tail), 0xffff }, { 0x2820, FIELD(rdtr), 0xffff }, { 0x2828, FIELD(rxdctl), ~0u },
    { 0x282c, FIELD(radv), 0xffff }, { 0x2c00, FIELD(rsrpd), 0xfff }, { 0x3800, FIELD(tx.base_low), ~15u },
    { 0x3804, FIELD(tx.base_high), ~0u }, { 0x3808, FIELD(tx.length), 0xfff80 }, { 0x3810, FIELD(tx.head), 0xffff },
    { 0x3818, FIELD(tx.tail), 0xffff }, { 0x3820, FIELD(tidv), 0xffff }, { 0x3828, FIELD(txdctl), ~0u },
    { 0x382c, FIELD(tadv), 0xffff }, { 0x5000, FIELD(rxcsum), ~0u }, { 0x5800, FIELD(wuc), ~0u },
    { 0x5808, FIELD(wufc), ~0u }, { 0x5838, FIELD(ipav), ~0u }, { 0x5820, FIELD(manc), ~0u },
    { 0x0100, FIELD(rctl), ~0u }, { 0x0400, FIELD(tctl), ~0u } };

/* ---- interrupts ---- */

/* The line follows causes and mask; but it rises no earlier than ITR (SDM 13.4.18) allows. */
static void interrupt_update(struct e1000 *e)
{
    uint64_t now = abbey_now(e->dev);
    if (!(e->icr & e->ims)) {
        abbey_irq_set(e->irq, 0);
    } else if (now >= e->quiet_until) {
        e->quiet_until = now + e->itr * ITR_UNIT;
        abbey_irq_set(e->irq, 1);
    } else if (abbey_timer_due(e->moderation) == ABBEY_NEVER) {
        abbey_timer_arm_at(e->moderation, e->quiet_until);
    }
}

void e1000_cause(struct e1000 *e, uint32_t causes)
{
    e->icr |= causes;
    interrupt_update(e);
}

static void on_moderation(void *self)
{
    interrupt_update(self);
}

/* ---- reset ---- */

static void chip_reset(struct e1000 *e)
{
    struct e1000 keep = *e;
    size_t first = offsetof(struct e1000, quiet_until);
    memset((uint8_t *)e + first, 0, sizeof *e - first);
    memcpy(e->phy, keep.phy, sizeof e->phy);
    e->rx_waits = keep.rx_waits;
    e->io_address = keep.io_address;
    e->ctrl = 0x00140240; /* SLU, SWDPIN0 and others of the EEPROM */
    e->pba = 0x00100030;
    e->ledctl = 0x07068302;
    e->rom_level = 1;
    memcpy(&e->ra[0], e->station, 4);
    e->ra[1] = e->station[4] | (uint32_t)e->station[5] << 8 | 0x80000000u;
    abbey_timer_cancel(e->moderation);
    abbey_irq_set(e->irq, 0);
}

/* A frame that waits finds room, or is not for us any more. */
static void receive_again(struct e1000 *e)
{
    if (!e->rx_waits)
        return;
    e->rx_waits = 0;
    abbey_net_accept(e->net);
}

static void reset(void *self)
{
    struct e1000 *e = self;
    e->io_address = 0;
    e1000_phy_reset(e);
    chip_reset(e);
    receive_again(e);
}

/* ---- registers ---- */

static uint32_t *array_find(struct e1000 *e, uint32_t at)
{
    if (at >= 0x5200 && at < 0x5400)
        return &e->mta[(at - 0x5200) / 4];
    if (at >= 0x5400 && at < 0x5480)
        return &e->ra[(at - 0x5400) / 4];
    if (at >= 0x5600 && at < 0x5800)
        return &e->vfta[(at - 0x5600) / 4];
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (plain[i].at == at)
            return (uint32_t *)(void *)((uint8_t *)e + plain[i].field);
    return NULL;
}

static uint32_t plain_mask(uint32_t at)
{
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
        if (plain[i].at == at)
            return plain[i].mask;
    return ~0u;
}

static uint32_t eerd_read(const struct e1000 *e)
{
    return e->eerd & 1 ? (uint32_t)e1000_rom_word(e, e->eerd >> 8 & 0xff) << 16 | (e->eerd & 0xff00) | 0x10 : 0;
}

static uint32_t register_read(struct e1000 *e, uint32_t at)
{
    uint32_t value;
    const uint32_t *found;
    switch (at) {
    case 0x0000:
    case 0x0004: return e->ctrl;
    case 0x0008: return abbey_net_link(e->net) ? STATUS_UP : STATUS_DOWN;
    case 0x0010: return e1000_eecd_read(e);
    case 0x0014: return eerd_read(e);
    case 0x0020: return e->mdic;
    case 0x00c0: /* ICR: reading clears */
        value = e->icr;
        e->icr = 0;
        interrupt_update(e);
        return value;
    case 0x00c8:
    case 0x00d0: return e->ims;
    default: break;
    }
    if (at >= 0x4000 && at < 0x4000 + 4 * E1000_STATISTICS) {
        value = e->statistics[(at - 0x4000) / 4];
        e->statistics[(at - 0x4000) / 4] = 0;
        return value;
    }
    found = array_find(e, at);
    return found ? *found : 0;
}

static void ctrl_write(struct e1000 *e, uint32_t value)
{
    if (value & CTRL_RST) {
        chip_reset(e);
        receive_again(e);
        return;
    }
    if (value & CTRL_PHY_RST)
        e1000_phy_reset(e);
    e->ctrl = value & ~CTRL_PHY_RST;
}

static void register_write(struct e1000 *e, uint32_t at, uint32_t value)
{
    uint32_t *found;
    switch (at) {
    case 0x0000:
    case 0x0004: ctrl_write(e, value); return;
    case 0x0010: e1000_eecd_write(e, value); return;
    case 0x0014: e->eerd = value; return;
    case 0x0020:
        e->mdic = e1000_mdic_write(e, value);
        if (value & 0x20000000)
            e1000_cause(e, 0x200); /* MDAC */
        return;
    case 0x00c0: e->icr &= ~value; break;
    case 0x00c8: e->icr |= value & 0x1ffff; break;
    case 0x00d0: e->ims |= value & 0x1ffff; break;
    case 0x00d8: e->ims &= ~value; break;
    default:
        found = array_find(e, at);
        if (found)
            *found = value & plain_mask(at);
        if (at == 0x3818 || at == 0x0400)
            e1000_transmit(e);
        if (at == 0x2818 || at == 0x0100)
            receive_again(e);
        break;
    }
    interrupt_update(e);
}

static void access(void *self, abbey_io *io)
{
    struct e1000 *e = self;
    uint32_t at = (uint32_t)io->offset;
    bool whole = io->size == 4 && at % 4 == 0;
    if (!io->write)
        io->value = whole ? register_read(e, at) : 0;
    else if (whole)
        register_write(e, at, (uint32_t)io->value);
}

/* SDM 13.3: an address and a window to it, for who cannot map memory. */
static void access_ports(void *self, abbey_io *io)
{
    struct e1000 *e = self;
    uint32_t at = (uint32_t)io->offset;
    if (!io->write)
        io->value = 0;
    if (io->size != 4 || at > 4)
        return;
    if (at == 0 && io->write)
        e->io_address = (uint32_t)io->value & (MEMORY - 4);
    else if (at == 0)
        io->value = e->io_address;
    else if (at == 4 && io->write)
        register_write(e, e->io_address, (uint32_t)io->value);
    else if (at == 4)
        io->value = register_read(e, e->io_address);
}

/* ---- the network ---- */

static uint32_t on_receive(void *self, const abbey_net_frame *frame)
{
    return e1000_receive(self, frame);
}

static void on_received(void *self)
{
    interrupt_update(self);
}

static void on_writable(void *self)
{
    e1000_transmit(self);
}

static void on_link(void *self, uint32_t up)
{
    (void)up;
    e1000_cause(self, ICR_LSC);
}

static const abbey_net_client_1 client = {
    .size = sizeof client, .receive = on_receive, .received = on_received, .writable = on_writable, .link = on_link
};

/* ---- the device ---- */

static int32_t create(abbey_dev *dev, void *self)
{
    struct e1000 *e = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x8086,
        .device = 0x100e,
        .subsystem_vendor = 0x8086,
        .subsystem = 0x001e,
        .class_code = 0x020000,
        .revision = 2,
        .intx = 1,
        .bars = { { .kind = ABBEY_PCI_BAR_MEM32, .length = MEMORY, .max_width = 4, .fn = access },
            { .kind = ABBEY_PCI_BAR_NONE },
            { .kind = ABBEY_PCI_BAR_IO, .length = PORTS, .max_width = 4, .fn = access_ports } } };
    e->dev = dev;
    ether_crc_init(&e->crc);
    if (abbey_net_address(dev, e->mac, e->station))
        return -1;
    e->dma = abbey_dma_open(dev);
    e->pci = abbey_pci_add(dev, &desc, e);
    e->moderation = abbey_timer_new(dev, on_moderation, e);
    if (!e->dma || !e->pci || !e->moderation)
        return -1;
    e->irq = abbey_pci_intx(e->pci);
    if (abbey_net_attach(e->net, &client, e))
        return abbey_fail(dev, "net: another device uses it");
    return 0;
}

#define ABBEY_SELF struct e1000
static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(net, NULL, "network that the cable leads to; none: not plugged in"),
    ABBEY_PROP_TEXT(mac, NULL, "station address; by default made from the names of machine and device"),
};
/* clang-format off */
#define RING_REGS(r) ABBEY_REG(r.base_low, 0), ABBEY_REG(r.base_high, 0), ABBEY_REG(r.length, 0), ABBEY_REG(r.head, 0), \
    ABBEY_REG(r.tail, 0)
static const abbey_reg regs[] = {
    ABBEY_REG(moderation, 0), ABBEY_REG(quiet_until, 0), ABBEY_REG(ctrl, 0), ABBEY_REG(ctrl_ext, 0), ABBEY_REG(eecd, 0),
    ABBEY_REG(eerd, 0), ABBEY_REG(fcal, 0), ABBEY_REG(fcah, 0), ABBEY_REG(fct, 0), ABBEY_REG(vet, 0), ABBEY_REG(itr, 0),
    ABBEY_REG(icr, 0), ABBEY_REG(ims, 0), ABBEY_REG(rctl, 0), ABBEY_REG(fcttv, 0), ABBEY_REG(txcw, 0), ABBEY_REG(tctl, 0),
    ABBEY_REG(tipg, 0), ABBEY_REG(ait, 0), ABBEY_REG(ledctl, 0), ABBEY_REG(pba, 0), ABBEY_REG(fcrtl, 0),
    ABBEY_REG(fcrth, 0), ABBEY_REG(rdtr, 0), ABBEY_REG(rxdctl, 0), ABBEY_REG(radv, 0), ABBEY_REG(rsrpd, 0),
    ABBEY_REG(tidv, 0), ABBEY_REG(txdctl, 0), ABBEY_REG(tadv, 0), ABBEY_REG(rxcsum, 0), ABBEY_REG(wuc, 0),
    ABBEY_REG(wufc, 0), ABBEY_REG(ipav, 0), ABBEY_REG(manc, 0), ABBEY_REG(mdic, 0), ABBEY_REG(io_address, 0),
    RING_REGS(rx), RING_REGS(tx), ABBEY_REG(statistics, 0), ABBEY_REG(mta, 0), ABBEY_REG(ra, 0), ABBEY_REG(vfta, 0),
    ABBEY_REG(phy, 0), ABBEY_REG(context, 0), ABBEY_REG(rom_in, 0), ABBEY_REG(rom_out, 0), ABBEY_REG(rom_bits, 0),
    ABBEY_REG(rom_reading, 0), ABBEY_REG(rom_level, 0), ABBEY_REG(rx_waits, 0),
};
/* clang-format on */

static const abbey_device device = { .name = "e1000",
    .summary = "Intel 82540EM Gigabit Ethernet adapter",
    .bus = "pci",
    .self_size = sizeof(struct e1000),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset };
ABBEY_PLUGIN(.id = "org.abbey.e1000", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pci/1 abbey.dma/1 abbey.timer/1 abbey.net/1", .device = &device);
