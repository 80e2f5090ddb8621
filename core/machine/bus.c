/* bus.c - buses that plugins bring themselves: one table from the provider to the devices on its bus. */
#include "core/machine/parts.h"

#include <string.h>

static int32_t bus_offer(abbey_dev *dev, const char *id, const void *table, void *self)
{
    struct device *device = device_of(dev);
    if (device_too_late(device, "abbey_bus_offer"))
        return -1;
    if (!device->kind->provides || device->offer.table) {
        device_fail(device, device->offer.table ? "it offers a second table to the devices on its bus"
                                                : "it offers a table to the devices on its bus, and provides no bus");
        return -1;
    }
    device->offer = (struct bus_offer){ .id = id, .table = table, .self = self };
    return 0;
}

static const void *bus_find(abbey_dev *dev, const char *id, void **self)
{
    struct device *device = device_of(dev);
    const struct device *provider = board_device(device->board, device->node->bus);
    *self = NULL;
    if (device_too_late(device, "abbey_bus_find"))
        return NULL;
    if (!provider) {
        device_fail(device, "it sits on no bus");
        return NULL;
    }
    if (!provider->created) {
        device_fail(device, "its bus '%s' could not be created", provider->node->id);
        return NULL;
    }
    if (!provider->offer.table || strcmp(provider->offer.id, id) != 0) {
        device_fail(device, "it needs '%s' of its bus; '%s' offers %s", id, provider->node->id,
            provider->offer.table ? provider->offer.id : "nothing");
        return NULL;
    }
    *self = provider->offer.self;
    return provider->offer.table;
}

static const char *bus_id(abbey_dev *dev)
{
    return device_of(dev)->node->id;
}

const abbey_bus_1 bus_interface = { .size = sizeof bus_interface, .offer = bus_offer, .find = bus_find, .id = bus_id };
