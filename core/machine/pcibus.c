/* pcibus.c - a PCI bus: who stands in which slot, configuration cycles, and the four interrupt lines.
 *
 * Boards rotate the interrupt pins so that the INTA# of neighbouring slots lands on different lines: pin p (INTA# = 0)
 * of slot s drives line (s + p - 1) mod 4 of the router, as SeaBIOS and our own ACPI tables take it for a PIIX board.
 * All pins on one line are joined by OR. */
#include "core/machine/parts.h"

#include <stdlib.h>

/* The bus that a device provides, or the one it is put on. */
static struct pci_bus *bus_of(const struct device *device)
{
    if (device->bus)
        return device->bus;
    const struct device *parent = board_device(device->board, device->node->bus);
    return parent ? parent->bus : NULL;
}

static uint32_t line_of(const struct pci_function *f)
{
    return (f->slot + f->desc.intx + 2u) & 3u; /* intx is p + 1 */
}

void pci_pin_set(struct pci_function *f, bool level)
{
    struct pci_bus *bus = f->bus;
    if (!f->intx || f->intx_out == level)
        return;
    f->intx_out = level;
    uint32_t *asserted = &bus->asserted[line_of(f)];
    bool before = *asserted != 0;
    *asserted = level ? *asserted + 1 : *asserted - 1;
    bool after = *asserted != 0;
    if (before != after && bus->route)
        bus->route(bus->route_self, line_of(f), after);
}

void pci_pins_recount(struct pci_bus *bus)
{
    for (uint32_t i = 0; i < 4; i++)
        bus->asserted[i] = 0;
    for (uint32_t i = 0; i < 32 * 8; i++) {
        struct pci_function *f = bus->functions[i / 8][i % 8];
        if (!f)
            continue;
        f->intx_out = pci_intx_shown(f);
        if (f->intx_out)
            bus->asserted[line_of(f)]++;
    }
}

/* Whether the machine file gives the slot to some device of this bus, created or not. */
static bool slot_named(const struct device *device, uint32_t slot)
{
    const struct board *board = device->board;
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *d = &board->devices[i];
        if (d->node->pci_slot == (int32_t)slot && bus_of(d) == bus_of(device))
            return true;
    }
    return false;
}

static bool slot_empty(const struct pci_bus *bus, uint32_t slot)
{
    for (uint32_t i = 0; i < 8; i++)
        if (bus->functions[slot][i])
            return false;
    return true;
}

/* Where the function goes: the bridge of the bus is 00.0, others stand where the file says or in the first free slot.
 */
static bool place_find(struct device *device, struct pci_bus *bus, uint32_t *slot, uint32_t *function)
{
    *slot = *function = 0;
    if (bus->bridge == device)
        return true;
    if (device->node->pci_slot >= 0) {
        *slot = (uint32_t)device->node->pci_slot & 31;
        *function = device->node->pci_function > 0 ? (uint32_t)device->node->pci_function & 7 : 0;
        return true;
    }
    for (*slot = 1; *slot < 32; ++*slot)
        if (slot_empty(bus, *slot) && !slot_named(device, *slot))
            return true;
    device_fail(device, "all 31 slots of bus '%s' are taken", bus->bridge->node->id);
    return false;
}

static abbey_pci *pci_add(abbey_dev *dev, const abbey_pci_desc *desc, void *self)
{
    struct device *device = device_of(dev);
    struct pci_bus *bus = bus_of(device);
    uint32_t slot, function;
    char where[300];
    if (device_too_late(device, "abbey_pci_add"))
        return NULL;
    if (!bus || device->pci) {
        device_fail(device, bus ? "it is a PCI function already" : "it is a PCI function, and not on a PCI bus");
        return NULL;
    }
    if (!place_find(device, bus, &slot, &function))
        return NULL;
    const struct pci_function *other = bus->functions[slot][function];
    if (other) {
        device_fail(device, "addr %02x.%u of '%s' is already held by '%s' (%s)", slot, function, device->node->id,
            other->device->node->id, device_where(other->device, where, sizeof where));
        return NULL;
    }
    struct pci_function *f = pci_function_new(device, desc, self);
    if (!f)
        return NULL;
    f->bus = bus;
    f->slot = slot;
    f->function = function;
    device->pci = bus->functions[slot][function] = f;
    return &f->handle;
}

/* A guest looks for functions 1 to 7 of a slot only when function 0 says that there are some (PCI 2.1, 6.2.1). */
void pci_created(struct board *board)
{
    for (unsigned i = 0; i < board->device_count; i++) {
        struct pci_function *f = board->devices[i].pci, *first = f ? f->bus->functions[f->slot][0] : NULL;
        if (!f || f->function == 0)
            continue;
        if (first)
            first->config[0x0e] = first->reset[0x0e] |= 0x80;
        else
            device_log(f->device, ABBEY_LOG_WARN,
                "function %02x.%u has no function 0 beside it: guests will not find it", f->slot, f->function);
    }
}

static void pci_cycle(abbey_dev *dev, abbey_pci_cycle *cycle)
{
    struct device *device = device_of(dev);
    struct pci_bus *bus = bus_of(device);
    uint32_t slot = cycle->address >> 11 & 31, function = cycle->address >> 8 & 7, offset = cycle->address & 0xff;
    struct pci_function *f = bus && (cycle->address >> 16 & 0xff) == 0 ? bus->functions[slot][function] : NULL;
    uint32_t mask = cycle->size == 4 ? ~0u : cycle->size == 2 ? 0xffff : 0xff;
    if (f && !device_dead(f->device)) {
        f->device->accesses++;
        if (cycle->write)
            pci_config_write(f, offset, cycle->size, cycle->value);
        else
            cycle->value = pci_config_read(f, offset, cycle->size) & mask;
    } else if (!cycle->write) {
        cycle->value = mask; /* master abort: nobody is there, or not any more */
    }
}

static int32_t pci_route(abbey_dev *dev, abbey_pci_route_fn fn, void *self)
{
    struct device *device = device_of(dev);
    struct pci_bus *bus = bus_of(device);
    char where[300];
    if (device_too_late(device, "route"))
        return -1;
    if (!bus) {
        device_fail(device, "it routes PCI interrupts, and is not on a PCI bus");
        return -1;
    }
    if (bus->route) {
        device_fail(device, "the interrupt lines of bus '%s' are already routed by '%s' (%s)", bus->bridge->node->id,
            bus->router->node->id, device_where(bus->router, where, sizeof where));
        return -1;
    }
    bus->route = fn;
    bus->route_self = self;
    bus->router = device;
    for (uint32_t line = 0; line < 4; line++)
        if (bus->asserted[line])
            fn(self, line, 1);
    return 0;
}

const abbey_pci_1 pci_interface = {
    .size = sizeof pci_interface, .add = pci_add, .cycle = pci_cycle, .route = pci_route
};

uint32_t board_pci_config(const struct board *board, const char *id, uint32_t offset)
{
    const struct device *device = board_device(board, id);
    return device && device->pci ? pci_config_read(device->pci, offset, 4) : ~0u;
}

unsigned board_pci_slots(const struct board *board, struct board_pci_slot *slots, unsigned room)
{
    unsigned count = 0;
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct pci_function *f = board->devices[i].pci;
        if (!f)
            continue;
        if (count < room)
            slots[count] = (struct board_pci_slot){ .id = f->device->node->id,
                .slot = f->slot,
                .function = f->function,
                .vendor = f->desc.vendor,
                .device = f->desc.device };
        count++;
    }
    return count;
}
