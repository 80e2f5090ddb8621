/* @NAME@.c - @SUMMARY@.
 *
 * A PCI function with one memory BAR of 4 KB:
 *   +0  the value of the register
 *   +4  a guest-physical address: a write copies the register there, as bus master, and raises INTA#
 *   +8  read: 1 when a copy was made, 2 when it failed; a write clears it and INTA#
 *
 * Vendor 1234h is nobody's; a card to be sold needs the number of its maker. */
#include <abbey/plugin.h>

struct @IDENT@ {
    uint32_t initial; /* from the machine file */
    abbey_dma *dma;
    abbey_irq *intx;
    uint32_t value, status; /* what the guest can see; each has a row in regs */
};
#define ABBEY_SELF struct @IDENT@

static void copy(struct @IDENT@ *d, uint32_t address)
{
    d->status = abbey_dma_write(d->dma, address, &d->value, sizeof d->value) == 0 ? 1 : 2;
    abbey_irq_set(d->intx, 1);
}

static void access(void *self, abbey_io *io)
{
    struct @IDENT@ *d = self;
    if (io->size != 4 || io->offset % 4) { /* the registers are dwords */
        io->value = ~0ull;
        return;
    }
    switch (io->offset) {
    case 0:
        if (io->write)
            d->value = (uint32_t)io->value;
        else
            io->value = d->value;
        break;
    case 4:
        if (io->write)
            copy(d, (uint32_t)io->value);
        else
            io->value = 0;
        break;
    case 8:
        if (io->write) {
            d->status = 0;
            abbey_irq_set(d->intx, 0);
        } else {
            io->value = d->status;
        }
        break;
    default: io->value = 0; break;
    }
}

static void reset(void *self)
{
    struct @IDENT@ *d = self;
    d->value = d->initial;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct @IDENT@ *d = self;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1234,
        .device = 0x0001,
        .class_code = 0xff0000, /* no class of the specification fits */
        .intx = 1,
        .bars = { { .kind = ABBEY_PCI_BAR_MEM32, .length = 4096, .max_width = 4, .fn = access } } };
    abbey_pci *pci = abbey_pci_add(dev, &desc, d);
    d->dma = abbey_dma_open(dev);
    if (!pci || !d->dma)
        return -1;
    d->intx = abbey_pci_intx(pci);
    return 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(initial, 0, "value of the register after a reset"),
};
static const abbey_reg regs[] = { ABBEY_REG(value, 0), ABBEY_REG(status, 0) };

static const abbey_device device = {
    .name = "@NAME@",
    .summary = "@SUMMARY@",
    .bus = "pci",
    .self_size = sizeof(struct @IDENT@),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
};
ABBEY_PLUGIN(.id = "@ID@", .version = "0.1.0", .license = "@LICENSE@", .requires = "abbey.pci/1 abbey.dma/1",
    .device = &device);
