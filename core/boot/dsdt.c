/* The DSDT: what an operating system cannot find by itself. The PCI bus and how its interrupts go to the 8259s, the
 * devices of the ISA bus, and how to switch off.
 *
 *     Scope (\_SB) {
 *         Device (PCI0) { _HID, _CRS, _PRT
 *             Device (ISA) { _ADR  OperationRegion (PIRQ, PCI_Config, 0x60, 4)  Field PRQA..PRQD
 *                            Device (TIMR), (RTC), (KBD), (COM1)... } }
 *         Device (LNKA) ... (LNKD)   interrupt links over PRQA..PRQD: bit 7 set is off, bits 3:0 the line (PIIX3)
 *     }
 *     Name (\_S5, Package () { 0, 0, 0, 0 })    SLP_TYP 0 is soft-off (82371AB, PMCNTRL) */
#include "core/boot/dsdt.h"

#include <stdio.h>
#include <string.h>

#define PCI_MEMORY_LAST 0xfebfffffu /* then the places of the APICs and the firmware */

static void hid(struct aml *aml, const char *id)
{
    aml_name(aml, "_HID");
    aml_eisa_id(aml, id);
}

static void uid(struct aml *aml, uint32_t number)
{
    aml_name(aml, "_UID");
    aml_integer(aml, number);
}

/* ---- ISA devices ---- */

/* One device: its line, -1 for none; its ports {first, count}, count 0: no more; its DMA channels, a bit each. */
struct isa_device {
    bool there;
    const char *name, *id;
    int irq;
    struct {
        uint16_t first;
        uint8_t count;
    } ports[3];
    uint8_t dma;
};

static void isa_device(struct aml *aml, struct aml *res, const struct isa_device *device)
{
    aml_device(aml, device->name);
    hid(aml, device->id);
    for (unsigned i = 0; i < 3 && device->ports[i].count; i++)
        res_io(res, device->ports[i].first, device->ports[i].count);
    if (device->irq >= 0)
        res_irq(res, (uint32_t)device->irq);
    if (device->dma)
        res_dma(res, device->dma);
    aml_resources(aml, "_CRS", res);
    aml_close(aml);
}

static void isa_devices(struct aml *aml, struct aml *res, const struct boot_facts *facts)
{
    const uint16_t fdc = facts->fdc_base;
    const uint8_t fdc_dma = (uint8_t)(1u << facts->fdc_dma);
    // clang-format off
    const struct isa_device devices[] = {
        { facts->pic,      "PIC",  "PNP0000",  2, { { 0x20, 2 }, { 0xa0, 2 }, { 0x4d0, 2 } }, 0 },
        { facts->pit,      "TIMR", "PNP0100",  0, { { 0x40, 4 } }, 0 },
        { facts->pit,      "SPKR", "PNP0800", -1, { { 0x61, 1 } }, 0 },
        { facts->rtc,      "RTC",  "PNP0B00",  8, { { 0x70, 2 } }, 0 },
        { facts->keyboard, "KBD",  "PNP0303",  1, { { 0x60, 1 }, { 0x64, 1 } }, 0 },
        { facts->mouse,    "MOU",  "PNP0F13", facts->mouse_irq, { { 0 } }, 0 },
        { facts->pm,       "PMIO", "PNP0C02", -1, { { facts->pm_base, 0x40 }, { facts->gpe, facts->gpe ? 4 : 0 } }, 0 },
        { facts->dma,      "DMAC", "PNP0200", -1, { { 0x00, 16 }, { 0x81, 15 }, { 0xc0, 32 } }, 1 << 4 },
        { facts->fdc,      "FDC0", "PNP0700", facts->fdc_irq, { { fdc + 2, 4 }, { fdc + 7, 1 } }, fdc_dma },
    };
    // clang-format on
    for (unsigned i = 0; i < sizeof devices / sizeof devices[0]; i++)
        if (devices[i].there)
            isa_device(aml, res, &devices[i]);
    for (unsigned i = 0; i < facts->uart_count; i++) {
        char name[8];
        snprintf(name, sizeof name, "COM%u", (i + 1) % 10);
        aml_device(aml, name);
        hid(aml, "PNP0501");
        uid(aml, i + 1);
        res_io(res, facts->uarts[i].base, 8);
        res_irq(res, facts->uarts[i].irq);
        aml_resources(aml, "_CRS", res);
        aml_close(aml);
    }
}

/* ---- PCI ---- */

static const char *link_name(unsigned pirq)
{
    static const char *const names[] = { "LNKA", "LNKB", "LNKC", "LNKD" };
    return names[pirq & 3];
}

/* Function 3 of the PIIX4 is the one user of its slot's INTA, and its interrupt is the SCI, which no link routes. */
static void pci_routes(struct aml *aml, const struct boot_facts *facts)
{
    aml_name(aml, "_PRT");
    aml_package(aml, 31 * 4);
    for (unsigned slot = 1; slot < 32; slot++) {
        for (unsigned pin = 0; pin < 4; pin++) {
            aml_package(aml, 4);
            aml_integer(aml, slot << 16 | 0xffff);
            aml_integer(aml, pin);
            if (slot == (uint32_t)facts->isa_slot && pin == 0) {
                aml_integer(aml, 0);
                aml_integer(aml, facts->sci);
            } else {
                aml_path(aml, link_name(boot_pirq(slot, pin)));
                aml_integer(aml, 0);
            }
            aml_close(aml);
        }
    }
    aml_close(aml);
}

static void isa_bridge(struct aml *aml, struct aml *res, const struct boot_facts *facts)
{
    aml_device(aml, "ISA");
    aml_name(aml, "_ADR");
    aml_integer(aml, (uint32_t)facts->isa_slot << 16);
    aml_byte(aml, AML_OP_REGION >> 8);
    aml_byte(aml, AML_OP_REGION & 0xff);
    aml_path(aml, "PIRQ");
    aml_byte(aml, 2); /* PCI_Config */
    aml_integer(aml, 0x60);
    aml_integer(aml, 4);
    aml_open(aml, AML_FIELD);
    aml_path(aml, "PIRQ");
    aml_byte(aml, 1); /* ByteAcc, NoLock, Preserve */
    for (unsigned i = 0; i < 4; i++) {
        const char name[] = { 'P', 'R', 'Q', (char)('A' + i), 0 };
        aml_path(aml, name);
        aml_byte(aml, 8); /* bits */
    }
    aml_close(aml);
    isa_devices(aml, res, facts);
    aml_close(aml);
}

static void pci_bus(struct aml *aml, struct aml *res, const struct boot_facts *facts)
{
    aml_device(aml, "PCI0");
    hid(aml, "PNP0A03");
    uid(aml, 0);
    res_bus_window(res, 0, 255);
    res_io(res, 0xcf8, 8);
    res_io_window(res, 0, 0xcf7);
    res_io_window(res, 0xd00, 0xffff);
    res_memory_window(res, 0xa0000, 0xbffff);
    res_memory_window(res, facts->pci_memory, PCI_MEMORY_LAST);
    aml_resources(aml, "_CRS", res);
    if (facts->isa_slot >= 0) {
        pci_routes(aml, facts);
        isa_bridge(aml, res, facts);
    } else {
        isa_devices(aml, res, facts);
    }
    aml_close(aml);
}

/* ---- interrupt links (ACPI 2.0, 6.2.12) ---- */

/* CreateDWordField (buffer, 5, PRRI): the interrupt number in an extended interrupt descriptor. */
static void irq_field(struct aml *aml, const char *buffer)
{
    aml_byte(aml, AML_DWORD_FIELD);
    if (buffer)
        aml_path(aml, buffer);
    else
        aml_byte(aml, AML_ARG0);
    aml_integer(aml, 5);
    aml_path(aml, "PRRI");
}

/* The lines that links may choose from: those that the board uses for PCI now, each once. */
static uint8_t link_lines(const struct boot_facts *facts, uint8_t lines[4])
{
    uint8_t count = 0;
    for (uint8_t irq = 1; irq < 16; irq++)
        if (facts->pirq[0] == irq || facts->pirq[1] == irq || facts->pirq[2] == irq || facts->pirq[3] == irq)
            lines[count++] = irq;
    return count;
}

static void link_device(struct aml *aml, struct aml *res, const struct boot_facts *facts, unsigned pirq)
{
    static const uint8_t none[] = { 0 };
    uint8_t lines[4], line_count = link_lines(facts, lines);
    char reg[] = "\\_SB.PCI0.ISA.PRQA";
    reg[sizeof reg - 2] = (char)('A' + pirq);

    aml_device(aml, link_name(pirq));
    hid(aml, "PNP0C0F");
    uid(aml, pirq + 1);
    if (line_count)
        res_irq_shared(res, lines, line_count);
    aml_resources(aml, "_PRS", res);

    aml_method(aml, "_STA", 0, false); /* If (PRQx & 0x80) { Return (9) } Return (11): present, off or on */
    aml_open(aml, AML_IF);
    aml_byte(aml, AML_AND);
    aml_path(aml, reg);
    aml_integer(aml, 0x80);
    aml_byte(aml, 0);
    aml_byte(aml, AML_RETURN);
    aml_integer(aml, 0x09);
    aml_close(aml);
    aml_byte(aml, AML_RETURN);
    aml_integer(aml, 0x0b);
    aml_close(aml);

    aml_method(aml, "_DIS", 0, false); /* PRQx |= 0x80 */
    aml_byte(aml, AML_OR);
    aml_path(aml, reg);
    aml_integer(aml, 0x80);
    aml_path(aml, reg);
    aml_close(aml);

    aml_method(aml, "_CRS", 0, true); /* PRR0 with PRQx as its number, 0 while it is off */
    res_irq_shared(res, none, 1);
    aml_resources(aml, "PRR0", res);
    irq_field(aml, "PRR0");
    aml_open(aml, AML_IF);
    aml_byte(aml, AML_LLESS);
    aml_path(aml, reg);
    aml_integer(aml, 0x80);
    aml_byte(aml, AML_STORE);
    aml_path(aml, reg);
    aml_path(aml, "PRRI");
    aml_close(aml);
    aml_byte(aml, AML_RETURN);
    aml_path(aml, "PRR0");
    aml_close(aml);

    aml_method(aml, "_SRS", 1, true); /* PRQx = the number in Arg0 */
    irq_field(aml, NULL);
    aml_byte(aml, AML_STORE);
    aml_path(aml, "PRRI");
    aml_path(aml, reg);
    aml_close(aml);
    aml_close(aml);
}

bool dsdt_write(struct aml *aml, const struct boot_facts *facts)
{
    struct aml res;
    memset(&res, 0, sizeof res);
    aml_scope(aml, "\\_SB");
    if (facts->pci)
        pci_bus(aml, &res, facts);
    else
        isa_devices(aml, &res, facts);
    if (facts->pci && facts->isa_slot >= 0)
        for (unsigned pirq = 0; pirq < 4; pirq++)
            link_device(aml, &res, facts, pirq);
    aml_close(aml);
    aml_name(aml, "\\_S5");
    aml_package(aml, 4);
    for (unsigned i = 0; i < 4; i++)
        aml_integer(aml, 0);
    aml_close(aml);
    return !aml->full && aml->depth == 0;
}
