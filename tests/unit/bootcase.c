#include "tests/unit/bootcase.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/hostmem.h"

static const abbey_prop prop_base = { .name = "base" }, prop_irq = { .name = "irq" };
static const abbey_prop prop_gpe = { .name = "gpe" }, prop_mouse = { .name = "mouse" };
static struct config_value pm_values[] = { { .prop = &prop_gpe, .integer = 0xafe0 } };
static struct config_value keyboard_values[] = { { .prop = &prop_mouse, .integer = 1 } };
static struct config_value com1_values[] = {
    { .prop = &prop_base, .integer = 0x3f8 },
    { .prop = &prop_irq, .irq_chip = "pic", .irq_pin = 4 },
};

/* ---- two PCI functions and a few ports ---- */

static uint8_t *function_of(struct bootcase *b)
{
    uint32_t function = b->pci_address >> 8 & 0xffffff;
    return function == (0x800000 | 1 << 3) ? b->piix3 : function == (0x800000 | 1 << 3 | 3) ? b->pm : NULL;
}

static uint32_t port_in(void *opaque, uint16_t port, uint32_t size)
{
    struct bootcase *b = opaque;
    uint32_t value = ~0u;
    uint8_t *space = function_of(b);
    if (port >= 0xcfc && port + size <= 0xd00 && space)
        memcpy(&value, space + (b->pci_address & 0xfc) + (port & 3), size);
    return size == 4 ? value : value & ((1u << 8 * size) - 1);
}

static void port_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    struct bootcase *b = opaque;
    uint8_t *space = function_of(b);
    if (port == 0xcf8 && size == 4)
        b->pci_address = value;
    else if (port >= 0xcfc && port + size <= 0xd00 && space)
        memcpy(space + (b->pci_address & 0xfc) + (port & 3), &value, size);
    else if (port == 0x92)
        b->port92 = (uint8_t)value;
    else if (port == 0x4d0)
        b->elcr = (uint16_t)((b->elcr & 0xff00) | value);
    else if (port == 0x4d1)
        b->elcr = (uint16_t)((b->elcr & 0xff) | value << 8);
    else if (port == 0xb004)
        b->pm_control = (uint16_t)value;
}

/* ---- the board ---- */

static void device(struct bootcase *b, const char *type, int32_t slot, int32_t function)
{
    b->devices[b->config.device_count++] =
        (struct config_node){ .id = type, .type = type, .pci_slot = slot, .pci_function = function };
}

void bootcase_new(struct bootcase *b, uint64_t ram_bytes)
{
    memset(b, 0, sizeof *b);
    b->mem = mem_new(&hostmem, ram_bytes, 3584ull << 20, NULL);
    if (!b->mem)
        abort();
    b->cpu.mem = b->mem;
    b->config.devices = b->devices;
    b->config.boot.mode = "protected";
    device(b, "i440fx", 0, 0);
    device(b, "piix3", 1, 0);
    device(b, "piix4-pm", 1, 3);
    device(b, "i8259", -1, -1);
    device(b, "i8254", -1, -1);
    device(b, "mc146818", -1, -1);
    device(b, "i8042", -1, -1);
    device(b, "ns16550", -1, -1);
    b->devices[2].values = pm_values;
    b->devices[2].value_count = 1;
    b->devices[6].values = keyboard_values;
    b->devices[6].value_count = 1;
    b->devices[7].values = com1_values;
    b->devices[7].value_count = 2;
    memcpy(b->piix3, "\x86\x80\x00\x70", 4);
    b->piix3[0x0e] = 0x80;
    memcpy(b->pm, "\x86\x80\x13\x71", 4);
    b->pm[0x3d] = 1;
    b->ports = (struct boot_ports){ port_in, port_out, b };
}

bool bootcase_start(struct bootcase *b)
{
    memset(&b->error, 0, sizeof b->error);
    if (!b->boot)
        b->boot = boot_new(&b->config, b->mem, &b->error);
    return b->boot && boot_start(b->boot, &b->cpu, &b->ports, &b->error);
}

void bootcase_free(struct bootcase *b)
{
    boot_free(b->boot);
    mem_free(b->mem);
}

uint32_t bootcase_load(struct bootcase *b, uint64_t gpa, uint32_t size)
{
    return (uint32_t)mem_load(b->mem, gpa, size);
}

bool bootcase_equal(struct bootcase *b, uint64_t gpa, const void *bytes, uint64_t count)
{
    uint8_t *copy = malloc(count);
    bool equal = copy && mem_read(b->mem, gpa, copy, count) && memcmp(copy, bytes, count) == 0;
    free(copy);
    return equal;
}
