/* pci-pin.c - a PCI function that does nothing but drive its interrupt pin from a port. */
#include <abbey/plugin.h>

struct pci_pin {
    uint16_t port;
    uint8_t pin;
    uint8_t level;
    abbey_irq *intx;
};
#define ABBEY_SELF struct pci_pin

static void access_port(void *self, abbey_io *io)
{
    struct pci_pin *p = self;
    if (io->write)
        p->level = io->value & 1;
    io->value = p->level;
    abbey_irq_set(p->intx, p->level);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct pci_pin *p = self;
    abbey_pci_desc desc = {
        .size = sizeof desc, .vendor = 0x1234, .device = 0x0001, .class_code = 0xff0000, .intx = p->pin
    };
    abbey_pci *pci = abbey_pci_add(dev, &desc, p);
    if (!pci)
        return -1;
    p->intx = abbey_pci_intx(pci);
    return abbey_pio_map(dev, p->port, 1, access_port, p);
}

static const abbey_prop props[] = {
    ABBEY_PROP(port, 0x300, "port whose bit 0 is the level"),
    ABBEY_PROP(pin, 1, "interrupt pin, 1 for INTA#", .min = 1, .max = 4),
};
static const abbey_reg regs[] = { ABBEY_REG(level, 0) };
static const abbey_device device = { .name = "pci-pin",
    .summary = "drives a PCI interrupt pin",
    .bus = "pci",
    .self_size = sizeof(struct pci_pin),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create };
ABBEY_PLUGIN(.id = "org.abbey.test.pci-pin", .version = "1.0.0", .license = "MIT", .device = &device);
