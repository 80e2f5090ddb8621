/* control.c - the board on the control socket: the commands and events of devices, and what there is to list. */
#include "core/machine/parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/suggest.h"
#include "core/machine/input.h"
#include "core/machine/screen.h"
#include "core/machine/state.h"

/* ---- abbey.control/1 ---- */

static int32_t control_add(abbey_dev *dev, const abbey_table *rows, void *self)
{
    struct device *device = device_of(dev);
    abbey_error error = { "" };
    if (device_too_late(device, "abbey_commands_add"))
        return -1;
    if (!device->board->owner.commands ||
        commands_add(device->board->owner.commands, device->node->id, rows, self, &error))
        return 0;
    device_fail(device, "%s", error.text);
    return -1;
}

/* A board without commands has nobody to tell; the message is then let go by its own send(). */
static abbey_message *control_event(abbey_dev *dev, const char *name)
{
    struct device *device = device_of(dev);
    return commands_event(device->board->owner.commands, device->node->id, name);
}

static void control_pause(abbey_dev *dev, const char *reason)
{
    struct device *device = device_of(dev);
    if (device->board->owner.pause)
        device->board->owner.pause(device->board->opaque, device->node->id, reason);
}

static int32_t control_on_pause(abbey_dev *dev, abbey_pause_fn fn, void *self)
{
    struct device *device = device_of(dev);
    struct board *board = device->board;
    if (device_too_late(device, "on_pause"))
        return -1;
    struct pause_listener *listener = calloc(1, sizeof *listener);
    if (!listener) {
        device_fail(device, "out of memory");
        return -1;
    }
    *listener = (struct pause_listener){ board->listeners, fn, self };
    board->listeners = listener;
    return 0;
}

const abbey_control_1 control_interface = { .size = sizeof control_interface,
    .add = control_add,
    .event = control_event,
    .pause = control_pause,
    .on_pause = control_on_pause };

void board_paused(struct board *board, bool paused)
{
    for (struct pause_listener *l = board->listeners; l; l = l->next)
        l->fn(l->self, paused);
}

/* ---- device.list, device.describe ---- */

static json_t *device_brief(const struct device *device)
{
    const struct config_node *node = device->node;
    json_t *brief = json_pack("{s:s, s:s, s:s, s:s?, s:s*}", "id", node->id, "kind",
        device->kind ? "device" : "backend", "type", device->kind ? device->kind->name : device->backend->name,
        "summary", device->kind ? device->kind->summary : device->backend->summary, "bus", node->bus);
    if (node->pci_slot >= 0 && device->pci) {
        char addr[16];
        snprintf(addr, sizeof addr, "%02x.%x", device->pci->slot, device->pci->function);
        json_object_set_new(brief, "addr", json_string(addr));
    }
    return brief;
}

static void list(void *self, const void *args, abbey_message *answer)
{
    const struct board *board = self;
    json_t *all = json_array();
    (void)args;
    for (unsigned i = 0; i < board->device_count; i++)
        json_array_append_new(all, device_brief(&board->devices[i]));
    for (unsigned i = 0; i < board->backend_count; i++)
        json_array_append_new(all, device_brief(&board->backends[i]));
    message_return(answer, all);
}

static json_t *value_json(const struct config_value *value)
{
    char text[200];
    switch (value->prop->type) {
    case ABBEY_TYPE_BOOL: return json_boolean(value->integer != 0);
    case ABBEY_TYPE_IRQ:
        snprintf(text, sizeof text, "%s.%u", value->irq_chip ? value->irq_chip : "", value->irq_pin);
        return value->irq_chip ? json_string(text) : json_null();
    case ABBEY_TYPE_U64:
        snprintf(text, sizeof text, "0x%" PRIx64, (uint64_t)value->integer); /* JSON here ends at 63 bits */
        return value->integer < 0 ? json_string(text) : json_integer((json_int_t)value->integer);
    case ABBEY_TYPE_U8:
    case ABBEY_TYPE_U16:
    case ABBEY_TYPE_U32:
    case ABBEY_TYPE_I32:
    case ABBEY_TYPE_I64: return json_integer((json_int_t)value->integer);
    default: return value->text ? json_string(value->text) : json_null(); /* strings, and backends by id */
    }
}

static json_t *properties_json(const struct config_node *node)
{
    json_t *properties = json_object();
    for (unsigned i = 0; i < node->value_count; i++)
        json_object_set_new(properties, node->values[i].prop->name, value_json(&node->values[i]));
    return properties;
}

static json_t *registers_json(const struct device *device)
{
    json_t *registers = json_object();
    for (uint32_t i = 0; device->kind && i < device->kind->regs.count; i++)
        json_object_set_new(registers, reg_at(device, i)->name, reg_json(device, reg_at(device, i)));
    return registers;
}

static json_t *ranges_json(const struct device *device)
{
    json_t *ranges = json_array();
    for (const struct region *r = device->regions; r; r = r->next)
        json_array_append_new(
            ranges, json_pack("{s:s, s:I, s:I, s:b}", "space", r->ports ? "ports" : "memory", "start",
                        (json_int_t)r->start, "length", (json_int_t)r->length, "shown", (int)r->shown));
    return ranges;
}

struct describe_args {
    const char *id;
};

static struct device *device_or_backend(const struct board *board, const char *id, struct suggestion *near)
{
    for (unsigned i = 0; i < board->device_count + board->backend_count; i++) {
        struct device *device =
            i < board->device_count ? &board->devices[i] : &board->backends[i - board->device_count];
        suggest_offer(near, device->node->id);
        if (strcmp(device->node->id, id) == 0)
            return device;
    }
    return NULL;
}

static void device_missing(abbey_message *answer, const char *id, const char *nearest)
{
    message_error(answer, error_new("DeviceNotFound", "arguments.id", NULL, nearest,
                              "the machine has neither a device nor a backend '%.80s'; `device.list` lists them", id));
}

static void describe(void *self, const void *args, abbey_message *answer)
{
    const struct board *board = self;
    const char *id = ((const struct describe_args *)args)->id;
    struct suggestion near = { .wanted = id };
    const struct device *device = device_or_backend(board, id, &near);
    if (!device) {
        device_missing(answer, id, near.best);
        return;
    }
    char where[300];
    json_t *all = device_brief(device);
    json_object_set_new(all, "place", json_string(device_where(device, where, sizeof where)));
    json_object_set_new(all, "properties", properties_json(device->node));
    json_object_set_new(all, "commands", commands_of(board->owner.commands, device->node->id));
    if (device->pci)
        json_object_set_new(all, "plugged", json_boolean(!device->unplugged));
    if (device->kind) {
        json_object_set_new(all, "registers", registers_json(device));
        json_object_set_new(all, "ranges", ranges_json(device));
        json_object_set_new(all, "accesses", json_integer((json_int_t)device->accesses));
        json_object_set_new(all, "interrupts", json_integer((json_int_t)device->interrupts));
        json_object_set_new(all, "statistics", device_stats(device));
        if (device->isolate)
            json_object_set_new(all, "isolate", isolate_json(device));
    }
    message_return(answer, all);
}

struct trace_args {
    const char *id;
    bool on;
};

static void trace(void *self, const void *args, abbey_message *answer)
{
    struct board *board = self;
    const struct trace_args *given = args;
    struct suggestion near = { .wanted = given->id };
    struct device *device = device_or_backend(board, given->id, &near);
    if (!device) {
        device_missing(answer, given->id, near.best);
        return;
    }
    uint32_t level = board->owner.log_level;
    if (given->on || level == ABBEY_LOG_TRACE)
        level = given->on ? ABBEY_LOG_TRACE : ABBEY_LOG_DEBUG;
    /* A device may look at any time, on a thread of its own. */
    __atomic_store_n(&device->base.log_level, level, __ATOMIC_RELAXED);
}

static const abbey_prop trace_args[] = {
    ABBEY_ARG_TEXT(struct trace_args, id, NULL, "of a device or backend", .flags = ABBEY_PROP_REQUIRED),
    ABBEY_ARG(struct trace_args, on, 1, "whether they are shown"),
};

static const abbey_prop describe_args[] = {
    ABBEY_ARG_TEXT(struct describe_args, id, NULL, "of a device or backend", .flags = ABBEY_PROP_REQUIRED),
};

static const abbey_command rows[] = {
    { .name = "device.list", .meaning = "the devices and backends of the machine", .run = list },
    { .name = "device.describe",
        .meaning = "one device: properties, registers, where it stands, its commands",
        .args = ABBEY_TABLE(describe_args),
        .args_size = sizeof(struct describe_args),
        .run = describe },
    { .name = "device.trace",
        .meaning = "shows the trace points of one device or backend in the log, or does so no more",
        .args = ABBEY_TABLE(trace_args),
        .args_size = sizeof(struct trace_args),
        .run = trace },
};

bool board_commands_add(struct board *board, abbey_error *error)
{
    const abbey_table table = ABBEY_TABLE(rows);
    return commands_add(board->owner.commands, NULL, &table, board, error) && isolate_commands_add(board, error) &&
           plug_commands_add(board, error) && screen_commands_add(board, error) && input_commands_add(board, error);
}
