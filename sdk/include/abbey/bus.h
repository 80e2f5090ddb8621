/* abbey/bus.h - buses that plugins bring themselves: interface "abbey.bus/1".
 *
 * A device that provides a bus names its kind in its descriptor (`provides: "ide"`), one that sits on it names the same
 * kind (`bus: "ide"`); the machine file connects the two by id, and the one that provides is created first. What the
 * two then say to each other is between them: the provider offers a table of its own under an id of its own, and
 * the other finds it by that id. Whoever defines a bus publishes a header with both. The board itself does ports,
 * memory, interrupt lines and PCI.
 *
 *     provider, in create():   abbey_bus_offer(dev, "org.example.link/1", &link_ops, self);
 *     device, in create():     const struct link_ops *ops = abbey_bus_find(dev, "org.example.link/1", &link);
 *                              if (!ops || ops->attach(link, dev, d->unit, &my_ops, d)) return -1; */
#ifndef ABBEY_BUS_H
#define ABBEY_BUS_H

#include <abbey/dev.h>

typedef struct abbey_bus_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*offer)(abbey_dev *dev, const char *id, const void *table, void *self);
    const void *(*find)(abbey_dev *dev, const char *id, void **self);
    const char *(*id)(abbey_dev *dev);
} abbey_bus_1;

#define ABBEY_BUS_1 "abbey.bus/1"

/* Offers `table` and `self` to the devices on the bus that this device provides. Both live as long as the device. 0,
 * or -1 with a reported reason: it provides no bus, or has offered a table already. [create] */
static inline int32_t abbey_bus_offer(abbey_dev *dev, const char *id, const void *table, void *self)
{
    const abbey_bus_1 *bus = (const abbey_bus_1 *)abbey_query(dev, ABBEY_BUS_1);
    return bus->offer(dev, id, table, self);
}

/* The table that the bus this device sits on offers under `id`, and the provider's `self` to call it with. NULL, with a
 * reported reason, when it offers none of that id. [create] */
static inline const void *abbey_bus_find(abbey_dev *dev, const char *id, void **self)
{
    const abbey_bus_1 *bus = (const abbey_bus_1 *)abbey_query(dev, ABBEY_BUS_1);
    return bus->find(dev, id, self);
}

/* The id that the machine file gives the device, for messages that name two; lives as long as the device. [create] */
static inline const char *abbey_dev_id(abbey_dev *dev)
{
    const abbey_bus_1 *bus = (const abbey_bus_1 *)abbey_query(dev, ABBEY_BUS_1);
    return bus->id(dev);
}

#endif
