/* What a BIOS does to the board before it starts an operating system, where there is no BIOS (82371AB/82371SB data
 * sheets: PIIX4, PIIX3). Chips that are not there read as all ones and are passed by. */
#include "core/boot/parts.h"

#define PCI_ADDRESS 0xcf8u
#define PCI_DATA 0xcfcu

#define ID_PIIX3_ISA 0x70008086u
#define ID_PIIX4_ISA 0x71108086u
#define ID_PIIX4_PM 0x71138086u

#define PORT_FAST_A20 0x92u
#define PORT_ELCR 0x4d0u
#define PORT_DMA_2_MASK 0xd4u
#define PORT_DMA_2_MODE 0xd6u

static uint32_t pci_address(unsigned slot, unsigned function, unsigned offset)
{
    return 0x80000000u | slot << 11 | function << 8 | (offset & 0xfcu);
}

static uint32_t pci_read(
    const struct boot_ports *ports, unsigned slot, unsigned function, unsigned offset, uint32_t size)
{
    ports->out(ports->opaque, PCI_ADDRESS, 4, pci_address(slot, function, offset));
    return ports->in(ports->opaque, (uint16_t)(PCI_DATA + (offset & 3)), size);
}

static void pci_write(
    const struct boot_ports *ports, unsigned slot, unsigned function, unsigned offset, uint32_t size, uint32_t value)
{
    ports->out(ports->opaque, PCI_ADDRESS, 4, pci_address(slot, function, offset));
    ports->out(ports->opaque, (uint16_t)(PCI_DATA + (offset & 3)), size, value);
}

/* PIRQ routing (PIRQRC: bit 7 is off), and level triggering for the lines that it uses. */
static void isa_bridge(const struct boot_facts *facts, const struct boot_ports *ports, unsigned slot, unsigned function)
{
    uint32_t levels = facts->pm ? 1u << facts->sci : 0;
    for (unsigned i = 0; i < 4; i++) {
        pci_write(ports, slot, function, 0x60 + i, 1, facts->pirq[i] ? facts->pirq[i] : 0x80u);
        if (facts->pirq[i])
            levels |= 1u << facts->pirq[i];
    }
    ports->out(ports->opaque, PORT_ELCR, 1, levels & 0xff);
    ports->out(ports->opaque, PORT_ELCR + 1, 1, levels >> 8);
}

/* The base of the power management registers, their decoding, and ACPI mode. */
static void power_management(
    const struct boot_facts *facts, const struct boot_ports *ports, unsigned slot, unsigned function)
{
    pci_write(ports, slot, function, 0x40, 4, facts->pm_base | 1u);  /* PMBA */
    pci_write(ports, slot, function, 0x80, 1, 1);                    /* PMREGMISC: PMIOSE */
    ports->out(ports->opaque, (uint16_t)(facts->pm_base + 4), 2, 1); /* PMCNTRL: SCI_EN */
}

static void function_set_up(
    const struct boot_facts *facts, const struct boot_ports *ports, unsigned slot, unsigned function, uint32_t id)
{
    if (id == ID_PIIX3_ISA || id == ID_PIIX4_ISA)
        isa_bridge(facts, ports, slot, function);
    if (id == ID_PIIX4_PM && facts->pm)
        power_management(facts, ports, slot, function);
    uint32_t pin = pci_read(ports, slot, function, 0x3d, 1);
    if (id == ID_PIIX4_PM)
        pci_write(ports, slot, function, 0x3c, 1, facts->sci);
    else if (pin >= 1 && pin <= 4)
        pci_write(ports, slot, function, 0x3c, 1, facts->pirq[boot_pirq(slot, pin - 1)]);
}

/* XXX: base address registers are left to the operating system; Linux assigns those that it finds at zero. */
static void pci_set_up(const struct boot_facts *facts, const struct boot_ports *ports)
{
    for (unsigned slot = 0; slot < 32; slot++) {
        for (unsigned function = 0; function < 8; function++) {
            uint32_t id = pci_read(ports, slot, function, 0, 4);
            if ((id & 0xffff) != 0xffff)
                function_set_up(facts, ports, slot, function, id);
            else if (function == 0)
                break;
            if (function == 0 && !(pci_read(ports, slot, 0, 0x0e, 1) & 0x80))
                break; /* one function */
        }
    }
}

/* The cascade of the 8237 pair (82371SB, DMA registers): without it channels 0 to 3 never get the bus. */
static void dma_set_up(const struct boot_ports *ports)
{
    ports->out(ports->opaque, PORT_DMA_2_MODE, 1, 0xc0);
    ports->out(ports->opaque, PORT_DMA_2_MASK, 1, 0);
}

void chores_do(const struct boot *boot, const struct boot_ports *ports)
{
    ports->out(ports->opaque, PORT_FAST_A20, 1, 2);
    dma_set_up(ports);
    if (boot->facts.pci)
        pci_set_up(&boot->facts, ports);
    if (boot->facts.display)
        textmode_set(boot, ports);
    if (mem_a20_mask(boot->mem) != ~(gpa_t)0)
        mem_set_a20(boot->mem, true); /* a board without port 92h */
}
