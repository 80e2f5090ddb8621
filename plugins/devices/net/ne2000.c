/* ne2000.c - ports, registers and the buffer of an NE2000; see ne2000.h. */
#include "ne2000.h"

#include <string.h>

static void chip_reset(struct ne2000 *n)
{
    n->cr = CR_STP | 0x20;
    n->isr = ISR_RST;
    n->imr = 0;
    ne2000_interrupt(n);
    ne2000_receive_again(n);
}

/* ---- the buffer ---- */

static uint8_t buffer_get(const struct ne2000 *n, uint16_t at)
{
    uint32_t prom = (at & 31u) >> 1;
    if (at >= BUFFER && at < 2 * BUFFER)
        return n->memory[at - BUFFER];
    return at < 32 ? (prom < 6 ? n->station[prom] : prom >= 14 ? 0x57 : 0) : 0xff;
}

/* Moves remote DMA on by a byte; the ring is read around its end. */
static void dma_next(struct ne2000 *n)
{
    n->rsar++;
    if (n->rsar == n->pstop << 8)
        n->rsar = (uint16_t)(n->pstart << 8);
    if (n->rbcr && !--n->rbcr) {
        n->isr |= ISR_RDC;
        ne2000_interrupt(n);
    }
}

static void data_access(struct ne2000 *n, abbey_io *io)
{
    /* In word mode each access moves a word at least, of which a narrow one sees the first byte. */
    uint32_t bytes = !(n->dcr & DCR_WORDS) ? 1 : io->size > 2 ? io->size : 2;
    uint64_t value = 0;
    for (uint32_t i = 0; i < bytes; i++) {
        if (io->write && (n->cr & CR_DMA) == CR_WRITE && n->rbcr) {
            ne2000_put(n, n->rsar, (uint8_t)(io->value >> 8 * i));
            dma_next(n);
        } else if (!io->write && (n->cr & CR_DMA) == CR_READ && n->rbcr) {
            value |= (uint64_t)buffer_get(n, n->rsar) << 8 * i;
            dma_next(n);
        }
    }
    if (!io->write)
        io->value = value;
}

/* ---- registers ---- */

static void command(struct ne2000 *n, uint8_t value)
{
    if (!(value & (CR_STP | CR_STA))) /* neither: the chip goes on, as drivers that turn pages trust it to */
        value |= n->cr & (CR_STP | CR_STA);
    n->cr = (uint8_t)((value & ~CR_TXP) | (n->cr & CR_TXP) | (value & CR_TXP));
    if (value & CR_STP) {
        n->isr |= ISR_RST;
        n->cr &= (uint8_t)~CR_TXP;
    } else {
        n->isr &= (uint8_t)~ISR_RST;
    }
    if (value & (CR_READ | CR_WRITE) && !(value & 0x20) && !n->rbcr)
        n->isr |= ISR_RDC; /* nothing to move */
    ne2000_transmit(n);
    ne2000_receive_again(n);
    ne2000_interrupt(n);
}

static void page0_write(struct ne2000 *n, uint32_t index, uint8_t value)
{
    switch (index) {
    case 1: n->pstart = value; break;
    case 2: n->pstop = value; break;
    case 3:
        n->bnry = value;
        ne2000_receive_again(n);
        break;
    case 4: n->tpsr = value; break;
    case 5: n->tbcr = (uint16_t)((n->tbcr & 0xff00) | value); break;
    case 6: n->tbcr = (uint16_t)((n->tbcr & 0xff) | value << 8); break;
    case 7:
        n->isr &= (uint8_t) ~(value & 0x7f);
        ne2000_interrupt(n); /* an edge, when the next frame comes at once */
        ne2000_receive_again(n);
        break;
    case 8: n->rsar = (uint16_t)((n->rsar & 0xff00) | value); break;
    case 9: n->rsar = (uint16_t)((n->rsar & 0xff) | value << 8); break;
    case 10: n->rbcr = (uint16_t)((n->rbcr & 0xff00) | value); break;
    case 11: n->rbcr = (uint16_t)((n->rbcr & 0xff) | value << 8); break;
    case 12: n->rcr = value; break;
    case 13: n->tcr = value; break;
    case 14: n->dcr = value; break;
    case 15:
        n->imr = value;
        ne2000_receive_again(n);
        break;
    default: break;
    }
    ne2000_interrupt(n);
}

static uint8_t page0_read(const struct ne2000 *n, uint32_t index)
{
    switch (index) {
    case 3: return n->bnry;
    case 4: return n->tsr;
    case 7: return n->isr;
    case 8: return (uint8_t)n->rsar;
    case 9: return (uint8_t)(n->rsar >> 8);
    case 10: return n->pci ? 0x50 : 0xff; /* "PC", the mark of the RTL8029 */
    case 11: return n->pci ? 0x43 : 0xff;
    case 12: return n->rsr;
    default: return 0;
    }
}

static uint8_t *page1_find(struct ne2000 *n, uint32_t index)
{
    return index < 7 ? &n->par[index - 1] : index == 7 ? &n->curr : &n->mar[index - 8];
}

static uint8_t page2_read(const struct ne2000 *n, uint32_t index)
{
    const uint8_t values[16] = { 0, n->pstart, n->pstop, 0, n->tpsr, 0, 0, 0, 0, 0, 0, 0, n->rcr, n->tcr, n->dcr,
        n->imr };
    return values[index];
}

static void register_access(struct ne2000 *n, uint32_t index, abbey_io *io)
{
    uint32_t page = n->cr >> 6;
    if (io->write) {
        uint8_t value = (uint8_t)io->value;
        if (index == 0)
            command(n, value);
        else if (page == 0)
            page0_write(n, index, value);
        else if (page == 1)
            *page1_find(n, index) = value;
        return;
    }
    io->value = index == 0  ? n->cr
                : page == 0 ? page0_read(n, index)
                : page == 1 ? *page1_find(n, index)
                : page == 2 ? page2_read(n, index)
                            : 0u;
}

static void access(void *self, abbey_io *io)
{
    struct ne2000 *n = self;
    uint32_t offset = (uint32_t)io->offset & 31;
    if (offset < 16) { /* registers have a byte; of a wide access the chip sees the first */
        register_access(n, offset, io);
    } else if (offset < 24) {
        data_access(n, io);
    } else {
        if (!io->write)
            io->value = 0;
        chip_reset(n);
    }
}

/* ---- the devices ---- */

static void reset(void *self)
{
    struct ne2000 *n = self;
    memcpy(n->par, n->station, 6);
    chip_reset(n);
}

static int32_t adapter_create(struct ne2000 *n, abbey_dev *dev)
{
    ether_crc_init(&n->crc);
    if (abbey_net_address(dev, n->mac, n->station))
        return -1;
    return abbey_net_attach(n->net, &ne2000_client, n) ? abbey_fail(dev, "net: another device uses it") : 0;
}

static int32_t create_isa(abbey_dev *dev, void *self)
{
    struct ne2000 *n = self;
    abbey_region_desc ports = { .size = sizeof ports, .start = n->base, .length = 32, .max_width = 2, .fn = access };
    if (!abbey_pio_region(dev, &ports, n))
        return -1;
    return adapter_create(n, dev);
}

static int32_t create_pci(abbey_dev *dev, void *self)
{
    struct ne2000 *n = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x10ec,
        .device = 0x8029,
        .class_code = 0x020000,
        .intx = 1,
        .bars = { { .kind = ABBEY_PCI_BAR_IO, .length = 32, .max_width = 4, .fn = access } } };
    abbey_pci *pci = abbey_pci_add(dev, &desc, n);
    if (!pci)
        return -1;
    n->irq = abbey_pci_intx(pci);
    n->pci = true;
    return adapter_create(n, dev);
}

#define ABBEY_SELF struct ne2000
#define NET_PROPS                                                                        \
    ABBEY_PROP_TEXT(net, NULL, "network that the cable leads to; none: not plugged in"), \
        ABBEY_PROP_TEXT(mac, NULL, "station address; by default made from the names of machine and device")
static const abbey_prop props_isa[] = {
    NET_PROPS,
    ABBEY_PROP(base, 0x300, "first of 32 I/O ports", .min = 0x100, .max = 0x3e0),
    ABBEY_PROP(irq, 10, "ISA interrupt line"),
};
static const abbey_prop props_pci[] = { NET_PROPS };
static const abbey_reg regs[] = { ABBEY_REG(cr, 0), ABBEY_REG(isr, 0), ABBEY_REG(imr, 0), ABBEY_REG(dcr, 0),
    ABBEY_REG(rcr, 0), ABBEY_REG(tcr, 0), ABBEY_REG(tsr, 0), ABBEY_REG(rsr, 0), ABBEY_REG(pstart, 0),
    ABBEY_REG(pstop, 0), ABBEY_REG(bnry, 0), ABBEY_REG(curr, 0), ABBEY_REG(tpsr, 0), ABBEY_REG(tbcr, 0),
    ABBEY_REG(rsar, 0), ABBEY_REG(rbcr, 0), ABBEY_REG(par, 0), ABBEY_REG(mar, 0), ABBEY_REG(rx_waits, 0),
    ABBEY_REG(memory, 0) };

static const abbey_device devices[] = {
    { .name = "ne2000",
        .summary = "NE2000 Ethernet adapter for ISA",
        .bus = "isa",
        .self_size = sizeof(struct ne2000),
        .state_version = 1,
        .props = ABBEY_TABLE(props_isa),
        .regs = ABBEY_TABLE(regs),
        .create = create_isa,
        .reset = reset },
    { .name = "ne2k-pci",
        .summary = "RTL8029 Ethernet adapter, an NE2000 for PCI",
        .bus = "pci",
        .self_size = sizeof(struct ne2000),
        .state_version = 1,
        .props = ABBEY_TABLE(props_pci),
        .regs = ABBEY_TABLE(regs),
        .create = create_pci,
        .reset = reset },
};
ABBEY_PLUGIN(.id = "org.abbey.ne2000", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.pci/1 abbey.net/1", .devices = ABBEY_TABLE(devices));
