/* plug.c - PCI devices that come and go while the machine runs: `plugged: false` in the machine file, and the commands
 * device.plug and device.unplug.
 *
 * Every device that a machine may get is in its file and is created with it, so that what is wrong with it is told
 * before anything starts. One that is not plugged in has no power: it answers nowhere, drives no line, its timers stand
 * still, it is no bus master, and when it is plugged in it begins as after a reset. There is no hot-plug controller
 * that would tell the guest, which therefore looks again by itself (Linux: /sys/bus/pci/rescan), and lets go of a
 * device before it is pulled out (/sys/bus/pci/devices/.../remove). */
#include "core/machine/call.h"

#include <stdlib.h>

#include "core/config/suggest.h"

/* Nothing of it is seen or heard any more. */
static void power_off(struct device *device)
{
    for (struct source *s = device->sources; s; s = s->next)
        abbey_irq_set(&s->handle, 0);
    for (struct timer *t = device->timers; t; t = t->next)
        timer_set(t, ABBEY_NEVER);
    device->unplugged = true;
    pci_function_reset(device->pci);
    for (struct region *r = device->regions; r; r = r->next)
        region_place(r, r->start, r->enabled);
}

static void power_on(struct device *device)
{
    struct call call;
    device->unplugged = false;
    for (struct region *r = device->regions; r; r = r->next)
        region_place(r, r->first_start, r->first_enabled);
    vrams_clear(device);
    device_reset_registers(device);
    if (!device->kind->reset)
        return;
    call_begin(&call, device, "reset()", NULL);
    device->kind->reset(device->self);
    call_end(&call);
}

bool plug_created(struct device *device)
{
    if (!device->node->unplugged)
        return true;
    if (!device->pci || device->bus || device->kind->provides) {
        device_fail(device, "plugged: it is no PCI function, or provides a bus, and cannot come and go");
        return false;
    }
    power_off(device);
    return true;
}

void plug_set(struct device *device, bool plugged)
{
    if (!device->pci || device->unplugged == !plugged)
        return;
    if (plugged)
        power_on(device);
    else
        power_off(device);
}

/* ---- commands ---- */

struct plug_args {
    const char *id;
};

static void plug_run(struct board *board, const char *id, bool plugged, abbey_message *answer)
{
    struct suggestion near = { .wanted = id };
    struct device *device = board_device(board, id);
    for (unsigned i = 0; i < board->device_count; i++)
        if (board->devices[i].pci && !board->devices[i].kind->provides)
            suggest_offer(&near, board->devices[i].node->id);
    if (!device || !device->pci || device->kind->provides) {
        message_error(answer, error_new("DeviceNotFound", "arguments.id", NULL, near.best,
                                  device ? "'%.80s' is no PCI function, or provides a bus, and cannot come and go"
                                         : "the machine has no device '%.80s'; give it to it with `plugged: false`",
                                  id));
        return;
    }
    if (device->unplugged == !plugged) {
        abbey_message_fail(answer, "'%s' is %s already", id, plugged ? "plugged in" : "unplugged");
        return;
    }
    plug_set(device, plugged);
    abbey_message_send(commands_event(board->owner.commands, id, plugged ? "device.plugged" : "device.unplugged"));
}

static void device_plug(void *self, const void *args, abbey_message *answer)
{
    plug_run(self, ((const struct plug_args *)args)->id, true, answer);
}

static void device_unplug(void *self, const void *args, abbey_message *answer)
{
    plug_run(self, ((const struct plug_args *)args)->id, false, answer);
}

static const abbey_prop plug_args[] = {
    ABBEY_ARG_TEXT(struct plug_args, id, NULL, "of a device on a PCI bus", .flags = ABBEY_PROP_REQUIRED),
};
static const abbey_command rows[] = {
    { .name = "device.plug",
        .meaning = "puts a PCI device into its slot; the guest finds it when it looks again",
        .thread = ABBEY_COMMAND_VCPU,
        .args = ABBEY_TABLE(plug_args),
        .args_size = sizeof(struct plug_args),
        .run = device_plug },
    { .name = "device.unplug",
        .meaning = "pulls a PCI device out of its slot; the guest should have let go of it before",
        .thread = ABBEY_COMMAND_VCPU,
        .args = ABBEY_TABLE(plug_args),
        .args_size = sizeof(struct plug_args),
        .run = device_unplug },
};

bool plug_commands_add(struct board *board, abbey_error *error)
{
    const abbey_table table = ABBEY_TABLE(rows);
    return commands_add(board->owner.commands, NULL, &table, board, error);
}
