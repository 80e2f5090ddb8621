/* buses.c - which bus each device sits on, and so the order in which they are made.
 *
 * A device names the kind of bus it wants in its descriptor ("pci"); another provides that kind. `bus:` says which, and
 * may be left out where only one can be meant. ISA devices of the mainboard (the interrupt controller, the timer) work
 * without an ISA bridge. */
#include "core/config/check.h"

#include <ctype.h>
#include <string.h>

#include "core/config/suggest.h"

static bool provides(const struct entry *entry, const char *kind)
{
    const char *offered = entry->node.device->device.provides;
    return offered && !strcmp(offered, kind);
}

/* "a", "b" or "c" among the devices that provide a bus of the kind. */
static const char *providers_list(struct check *check, const struct entry *but, const char *kind)
{
    const char *list = "";
    for (unsigned i = 0; i < check->device_count; i++)
        if (provides(&check->devices[i], kind) && &check->devices[i] != but)
            list = arena_format(check->arena, "%s%s'%s'", list, *list ? ", " : "", check->devices[i].node.id);
    return list;
}

static void bus_named(struct check *check, struct entry *entry, struct node *bus)
{
    const char *kind = entry->node.device->device.bus;
    const abbey_prop row = { .type = ABBEY_TYPE_STRING };
    if (!value_is_scalar(check->report, bus, &row, entry_property(check, entry, "bus")))
        return;
    if (!kind) {
        report_error(check->report, bus->at, "wrong-bus", "'%s' sits on the board itself; device '%s' takes no bus",
            entry->node.id, entry->node.type);
        return;
    }
    unsigned i = entry_find(check->devices, check->device_count, bus->text);
    if (i == NO_ENTRY && check->devices_lost) {
        return;
    } else if (i == NO_ENTRY) {
        struct suggestion near = { .wanted = bus->text };
        for (i = 0; i < check->device_count; i++)
            if (provides(&check->devices[i], kind))
                suggest_offer(&near, check->devices[i].node.id);
        const char *list = providers_list(check, entry, kind);
        struct report_item *item = report_error(check->report, bus->at, "unknown-bus",
            "there is no device '%s'; a bus of kind '%s' is provided by %s", arena_clip(check->arena, bus->text), kind,
            *list ? list : "none");
        report_nearest(item, near.best);
    } else if (!provides(&check->devices[i], kind)) {
        const char *offered = check->devices[i].node.device->device.provides;
        report_error(check->report, bus->at, "wrong-bus", "'%s' needs a bus of kind '%s'; '%s' provides %s%s%s",
            entry->node.id, kind, bus->text, offered ? "'" : "none", offered ? offered : "", offered ? "'" : "");
    } else {
        entry->bus = i;
    }
}

/* Device types that would provide the bus, for whoever has none. */
static const char *types_list(struct check *check, const char *kind)
{
    const char *list = "";
    for (unsigned i = 0; i < check->plugins->count; i++) {
        const struct plugin *plugin = &check->plugins->plugins[i];
        for (unsigned j = 0; !plugin->refusal && j < plugin->device_count; j++) {
            const abbey_device *device = &plugin->devices[j].device;
            if (device->provides && !strcmp(device->provides, kind))
                list = arena_format(check->arena, "%s%s'%s'", list, *list ? ", " : "", device->name);
        }
    }
    return list;
}

static void bus_implied(struct check *check, struct entry *entry)
{
    const char *kind = entry->node.device->device.bus;
    unsigned count = 0;
    for (unsigned i = 0; kind && i < check->device_count; i++) {
        if (&check->devices[i] != entry && provides(&check->devices[i], kind)) {
            entry->bus = i;
            count++;
        }
    }
    if (count > 1) {
        entry->bus = NO_ENTRY;
        report_error(check->report, entry->at, "several-buses", "'%s' must say its `bus:`, one of %s", entry->node.id,
            providers_list(check, entry, kind));
    } else if (kind && !count && strcmp(kind, "isa") != 0 && !check->devices_lost) {
        const char *types = types_list(check, kind);
        report_error(check->report, entry->at, "no-bus",
            "'%s' needs a bus of kind '%s', and no device of this machine provides one%s%s", entry->node.id, kind,
            *types ? "; these do: " : "", types);
    }
}

/* ---- addr: "SS.F" ---- */

static void addr_read(struct check *check, struct entry *entry, struct node *addr)
{
    const char *kind = entry->node.device->device.bus;
    const abbey_prop row = { .type = ABBEY_TYPE_STRING };
    if (!value_is_scalar(check->report, addr, &row, entry_property(check, entry, "addr")))
        return;
    if (!kind || strcmp(kind, "pci") != 0) {
        report_error(check->report, addr->key_at, "bad-addr", "only devices on a pci bus have an `addr:`; '%s' is none",
            entry->node.id);
        return;
    }
    const char *p = addr->text;
    int slot = 0, digits = 0;
    for (; isxdigit((unsigned char)*p) && digits < 3; p++, digits++)
        slot = slot * 16 + (isdigit((unsigned char)*p) ? *p - '0' : tolower((unsigned char)*p) - 'a' + 10);
    if (!digits || slot > 31 || p[0] != '.' || p[1] < '0' || p[1] > '7' || p[2]) {
        report_error(check->report, addr->at, "bad-addr",
            "an address on a pci bus is SLOT.FUNCTION, \"00.0\" to \"1f.7\", not '%s'",
            arena_clip(check->arena, addr->text));
        return;
    }
    entry->node.pci_slot = slot;
    entry->node.pci_function = p[1] - '0';
}

static void addrs_compare(struct check *check)
{
    for (unsigned i = 0; i < check->device_count; i++) {
        for (unsigned j = 0; j < i; j++) {
            struct entry *a = &check->devices[i], *b = &check->devices[j];
            if (a->node.pci_slot < 0 || a->bus != b->bus || a->node.pci_slot != b->node.pci_slot ||
                a->node.pci_function != b->node.pci_function)
                continue;
            struct place at = node_find(a->tree, "addr")->at, other = node_find(b->tree, "addr")->at;
            bool later = report_after(check->report, at.mark, other.mark);
            report_error(check->report, later ? at : other, "addr-clash",
                "addr %02x.%d of '%s' is already held by '%s' (%s)", (unsigned)a->node.pci_slot, a->node.pci_function,
                (later ? a : b)->node.id, (later ? b : a)->node.id,
                report_where(check->report, (later ? other : at).mark));
            break; /* once is enough */
        }
    }
}

/* ---- cycles and order ---- */

#define STATE_NEW 0u
#define STATE_OPEN 1u /* on the way up from some device */
#define STATE_DONE 2u

static void cycle_report(struct check *check, unsigned start)
{
    const char *list = arena_format(check->arena, "'%s'", check->devices[start].node.id);
    unsigned first = start;
    for (unsigned i = check->devices[start].bus;; i = check->devices[i].bus) {
        list = arena_format(check->arena, "%s on '%s'", list, check->devices[i].node.id);
        if (report_after(check->report, check->devices[first].at.mark, check->devices[i].at.mark))
            first = i;
        if (i == start)
            break;
    }
    report_error(check->report, check->devices[first].at, "bus-cycle", "a bus cannot sit on itself: %s", list);
}

static bool cycles_find(struct check *check)
{
    bool found = false;
    for (unsigned i = 0; i < check->device_count; i++) {
        unsigned at = i;
        while (at != NO_ENTRY && check->devices[at].state == STATE_NEW) {
            check->devices[at].state = STATE_OPEN;
            at = check->devices[at].bus;
        }
        if (at != NO_ENTRY && check->devices[at].state == STATE_OPEN) {
            cycle_report(check, at);
            found = true;
        }
        for (at = i; at != NO_ENTRY && check->devices[at].state == STATE_OPEN; at = check->devices[at].bus)
            check->devices[at].state = STATE_DONE;
    }
    return found;
}

/* Stable: the first device in the file whose bus is there comes next. */
static void devices_order(struct check *check)
{
    struct entry *sorted = arena_alloc(check->arena, (check->device_count + 1) * sizeof(*sorted));
    unsigned *place = arena_alloc(check->arena, (check->device_count + 1) * sizeof(*place));
    bool *placed = arena_alloc(check->arena, (check->device_count + 1) * sizeof(*placed));
    for (unsigned n = 0; n < check->device_count; n++) {
        unsigned i = 0;
        while (placed[i] || (check->devices[i].bus != NO_ENTRY && !placed[check->devices[i].bus]))
            i++;
        placed[i] = true;
        place[i] = n;
        sorted[n] = check->devices[i];
    }
    for (unsigned n = 0; n < check->device_count; n++) {
        if (sorted[n].bus != NO_ENTRY) {
            sorted[n].bus = place[sorted[n].bus];
            sorted[n].node.bus = sorted[sorted[n].bus].node.id;
        }
    }
    check->devices = sorted;
}

/* A key that every device may have; `absent` when it has it not. */
static bool flag_read(struct check *check, struct entry *entry, const char *key, bool absent)
{
    const abbey_prop row = { .type = ABBEY_TYPE_BOOL };
    struct config_value value = { .prop = &row };
    struct node *node = node_find(entry->tree, key);
    if (!node || node->kind == NODE_NULL ||
        !value_read(check->report, node, &row, entry_property(check, entry, key), &value))
        return absent;
    return value.integer != 0;
}

static void plugged_read(struct check *check, struct entry *entry)
{
    const char *kind = entry->node.device->device.bus;
    struct node *node = node_find(entry->tree, "plugged");
    entry->node.unplugged = !flag_read(check, entry, "plugged", true);
    if (entry->node.unplugged && (!kind || strcmp(kind, "pci") != 0 || entry->node.device->device.provides))
        report_error(check->report, node->key_at, "bad-plugged",
            "only devices on a pci bus that provide no bus come and go; '%s' is none", entry->node.id);
}

void check_buses(struct check *check)
{
    for (unsigned i = 0; i < check->device_count; i++) {
        struct entry *entry = &check->devices[i];
        struct node *bus = node_find(entry->tree, "bus"), *addr = node_find(entry->tree, "addr");
        if (bus && bus->kind != NODE_NULL)
            bus_named(check, entry, bus);
        else
            bus_implied(check, entry);
        if (addr && addr->kind != NODE_NULL)
            addr_read(check, entry, addr);
        entry->node.isolate = flag_read(check, entry, "isolate", false);
        plugged_read(check, entry);
    }
    addrs_compare(check);
    if (!cycles_find(check))
        devices_order(check);
}
