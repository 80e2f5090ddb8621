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

static void uart_add(struct boot_facts *facts, const struct config_node *node)
{
    const struct config_value *base = property(node, "base"), *irq = property(node, "irq");
    if (facts->uart_count == FACTS_UARTS || !base || !irq || !irq->irq_chip || irq->irq_pin > 15)
        return;
    facts->uarts[facts->uart_count].base = (uint16_t)base->integer;
    facts->uarts[facts->uart_count].irq = (uint8_t)irq->irq_pin;
    facts->uart_count++;
}

void facts_find(const struct config *config, struct boot_facts *facts)
{
    *facts = (struct boot_facts){ .isa_slot = -1 };
    for (unsigned i = 0; i < config->device_count; i++) {
        const struct config_node *node = &config->devices[i];
        const struct {
            const char *type;
            bool *flag;
        } flags[] = {
            { "i440fx", &facts->pci },
            { "piix4-pm", &facts->pm },
            { "i8259", &facts->pic },
            { "i8254", &facts->pit },
            { "mc146818", &facts->rtc },
            { "i8042", &facts->keyboard },
            { "vga", &facts->display },
            { "svga", &facts->display },
        };
        for (unsigned k = 0; k < sizeof flags / sizeof flags[0]; k++)
            if (strcmp(node->type, flags[k].type) == 0)
                *flags[k].flag = true;
        if (strcmp(node->type, "piix3") == 0 && node->pci_function == 0)
            facts->isa_slot = node->pci_slot;
        if (strcmp(node->type, "ns16550") == 0)
            uart_add(facts, node);
    }
}
