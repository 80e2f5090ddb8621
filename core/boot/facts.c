#include "core/boot/parts.h"

#include <string.h>

/* By the names that machine files use; a board with other chips gets tables without them. */
static const struct config_value *property(const struct config_node *node, const char *name)
{
    for (unsigned i = 0; i < node->value_count; i++)
        if (strcmp(node->values[i].prop->name, name) == 0)
            return &node->values[i];
    return NULL;
}

static uint32_t integer(const struct config_node *node, const char *name, uint32_t other)
{
    const struct config_value *value = property(node, name);
    return value ? (uint32_t)value->integer : other;
}

/* The ISA line of an irq property; `other` when it is not connected. */
static uint8_t line(const struct config_node *node, const char *name, uint8_t other)
{
    const struct config_value *value = property(node, name);
    return value && value->irq_chip && value->irq_pin < 16 ? (uint8_t)value->irq_pin : other;
}

static void isa_bridge(struct boot_facts *facts, const struct config_node *node)
{
    if (node->pci_function > 0)
        return;
    facts->isa_slot = node->pci_slot;
    facts->pirq[0] = integer(node, "pirq_a", 10) & 15;
    facts->pirq[1] = integer(node, "pirq_b", 10) & 15;
    facts->pirq[2] = integer(node, "pirq_c", 11) & 15;
    facts->pirq[3] = integer(node, "pirq_d", 11) & 15;
}

static void power_management(struct boot_facts *facts, const struct config_node *node)
{
    facts->pm = true;
    facts->pm_id = node->id;
    facts->pm_base = (uint16_t)integer(node, "base", 0xb000);
    facts->gpe = (uint16_t)integer(node, "gpe", 0);
    facts->pm_timer_bits = (uint8_t)integer(node, "timer_bits", 24);
    facts->sci = line(node, "irq", 9);
}

/* The types of diskette drives as CMOS 10h numbers them. */
static void floppy(struct boot_facts *facts, const struct config_node *node)
{
    static const char *const types[] = { "360K", "1.2M", "720K", "1.44M", "2.88M" };
    const struct config_value *type = property(node, "type");
    uint32_t unit = integer(node, "unit", 0);
    for (unsigned i = 0; type && type->text && unit < 2 && i < sizeof types / sizeof types[0]; i++)
        if (strcmp(type->text, types[i]) == 0)
            facts->floppy[unit] = (uint8_t)(i + 1);
}

static void diskettes(struct boot_facts *facts, const struct config_node *node)
{
    facts->fdc = true;
    facts->fdc_base = (uint16_t)integer(node, "base", 0x3f0);
    facts->fdc_irq = line(node, "irq", 6);
    facts->fdc_dma = (uint8_t)integer(node, "dma", 2);
}

static void keyboard(struct boot_facts *facts, const struct config_node *node)
{
    facts->keyboard = true;
    facts->mouse = integer(node, "mouse", 0);
    facts->mouse_irq = line(node, "mouse_irq", 12);
}

static void ide(struct boot_facts *facts, const struct config_node *node)
{
    facts->ide_slot = node->pci_slot;
    facts->ide_function = node->pci_function < 0 ? 0 : (uint32_t)node->pci_function;
}

static void uart(struct boot_facts *facts, const struct config_node *node)
{
    uint8_t irq = line(node, "irq", 0);
    if (facts->uart_count == FACTS_UARTS || irq == 0)
        return;
    facts->uarts[facts->uart_count].base = (uint16_t)integer(node, "base", 0x3f8);
    facts->uarts[facts->uart_count].irq = irq;
    facts->uart_count++;
}

// clang-format off
static void host_bridge(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->pci = true; }
static void pic(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->pic = true; }
static void pit(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->pit = true; }
static void rtc(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->rtc = true; }
static void dma(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->dma = true; }
static void display(struct boot_facts *facts, const struct config_node *node) { (void)node; facts->display = true; }

static const struct {
    const char *type;
    void (*note)(struct boot_facts *facts, const struct config_node *node);
} kinds[] = {
    { "i440fx", host_bridge },
    { "piix3", isa_bridge },
    { "piix4-pm", power_management },
    { "i8259", pic },
    { "i8254", pit },
    { "mc146818", rtc },
    { "i8042", keyboard },
    { "ns16550", uart },
    { "i8237", dma },
    { "i82077aa", diskettes },
    { "floppy", floppy },
    { "piix3-ide", ide },
    { "vga", display },
    { "vga-isa", display },
};
// clang-format on

void facts_find(const struct config *config, struct boot_facts *facts)
{
    *facts = (struct boot_facts){ .isa_slot = -1, .ide_slot = -1 };
    /* Behind RAM, at the places where SeaBIOS begins to hand out addresses. */
    facts->pci_memory = config->memory <= 2 * GB ? 0x80000000u : config->memory <= 3 * GB ? 0xc0000000u : 0xe0000000u;
    for (unsigned i = 0; i < config->device_count; i++)
        for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (strcmp(config->devices[i].type, kinds[k].type) == 0)
                kinds[k].note(facts, &config->devices[i]);
}
