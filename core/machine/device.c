/* device.c - one instance of a device or backend: its properties put into its struct, created, destroyed. */
#include "core/machine/call.h"

#include <stdlib.h>
#include <string.h>

void device_fail(struct device *device, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    device->handle.base->fail(&device->handle, format, args);
    va_end(args);
}

void device_log(struct device *device, uint32_t level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    device->handle.base->log(&device->handle, level, format, args);
    va_end(args);
}

bool device_too_late(struct device *device, const char *call)
{
    if (!device->creating)
        device_log(device, ABBEY_LOG_ERROR, "calls %s() outside create(), which the SDK does not allow", call);
    return !device->creating;
}

static void mark_text(const struct config_mark *mark, char *text, size_t room)
{
    if (!mark->file)
        snprintf(text, room, "a default");
    else if (mark->line)
        snprintf(text, room, "%s:%u:%u", mark->file, mark->line, mark->column);
    else
        snprintf(text, room, "%s", mark->file);
}

const char *device_where(const struct device *device, char *text, size_t room)
{
    mark_text(&device->node->mark, text, room);
    return text;
}

struct device *board_device(const struct board *board, const char *id)
{
    for (unsigned i = 0; id && i < board->device_count; i++)
        if (strcmp(board->devices[i].node->id, id) == 0)
            return &board->devices[i];
    return NULL;
}

static bool connect_irq(struct device *device, const struct config_value *value, void *field)
{
    if (!value->irq_chip)
        return true;
    struct device *chip = board_device(device->board, value->irq_chip);
    if (!chip || value->irq_pin >= chip->inputs.count) {
        device_fail(device, "%s: '%s' has no interrupt input %u", value->prop->name, value->irq_chip, value->irq_pin);
        return false;
    }
    struct source *source = source_connect(device, value->prop->name, chip, value->irq_pin);
    abbey_irq *irq = source ? &source->handle : NULL;
    memcpy(field, &irq, sizeof irq);
    return source != NULL;
}

/* A property that names a backend gets its interface. */
static bool connect_backend(struct device *device, const struct config_value *value, void *field)
{
    const char *kind = plugin_backend_kind(value->prop->type);
    if (!kind || !value->text)
        return true;
    for (unsigned i = 0; i < device->board->backend_count; i++) {
        struct device *b = &device->board->backends[i];
        if (strcmp(b->node->id, value->text) != 0)
            continue;
        if (strcmp(b->backend->kind, kind) != 0) {
            device_fail(device, "%s: backend '%s' is of kind '%s', not '%s'", value->prop->name, value->text,
                b->backend->kind, kind);
            return false;
        }
        memcpy(field, &b->interface, sizeof b->interface);
        if (!b->created)
            device_fail(device, "%s: its backend '%s' could not be created", value->prop->name, value->text);
        return b->created;
    }
    device_fail(device, "%s: there is no backend '%s'", value->prop->name, value->text);
    return false;
}

/* Stores one typed value in the field that its row names. */
static bool property_apply(struct device *device, const struct config_value *value)
{
    const abbey_prop *prop = value->prop;
    void *field = (uint8_t *)device->self + prop->offset;
    switch (prop->type) {
    case ABBEY_TYPE_U8: *(uint8_t *)field = (uint8_t)value->integer; break;
    case ABBEY_TYPE_U16: *(uint16_t *)field = (uint16_t)value->integer; break;
    case ABBEY_TYPE_U32: *(uint32_t *)field = (uint32_t)value->integer; break;
    case ABBEY_TYPE_U64: *(uint64_t *)field = (uint64_t)value->integer; break;
    case ABBEY_TYPE_I32: *(int32_t *)field = (int32_t)value->integer; break;
    case ABBEY_TYPE_I64: *(int64_t *)field = value->integer; break;
    case ABBEY_TYPE_BOOL: *(_Bool *)field = value->integer != 0; break;
    case ABBEY_TYPE_STRING: *(const char **)field = value->text; break;
    case ABBEY_TYPE_IRQ: return connect_irq(device, value, field);
    default: return connect_backend(device, value, field);
    }
    return true;
}

/* Shows the line of the file that the mark points at, with a caret. */
static void line_show(const struct config_mark *mark, FILE *errors)
{
    char line[200];
    FILE *file = mark->line && mark->column ? fopen(mark->file, "r") : NULL;
    uint32_t at = 1;
    while (file && fgets(line, sizeof line, file)) {
        bool whole = strchr(line, '\n') != NULL;
        if (at == mark->line && mark->column < sizeof line) {
            line[strcspn(line, "\r\n")] = 0;
            fprintf(errors, "%5u | %s\n      | %*s^\n", at, line, (int)mark->column - 1, "");
            break;
        }
        at += whole;
    }
    if (file)
        fclose(file);
}

static void report(struct device *device, FILE *errors)
{
    const char *what = device->kind ? "device" : "backend";
    char where[300];
    char plugin[200];
    device_plugin_text(device, plugin, sizeof plugin);
    fprintf(errors, "%s: error[%s]: %s '%s': %s\n", device_where(device, where, sizeof where), what, what,
        device->node->id, device->failure ? device->failure : "its create() failed and gave no reason");
    fprintf(errors, "      | in create() of %s\n", plugin);
    line_show(&device->node->mark, errors);
}

void device_properties_apply(struct device *device)
{
    for (unsigned i = 0; i < device->node->value_count; i++)
        if (device->node->values[i].prop->type != ABBEY_TYPE_IRQ)
            property_apply(device, &device->node->values[i]);
}

static void *aligned_zero(size_t bytes)
{
    size_t rounded = (bytes + 63) & ~(size_t)63;
    void *at = rounded >= bytes ? aligned_alloc(64, rounded ? rounded : 64) : NULL;
    if (at)
        memset(at, 0, rounded);
    return at;
}

/* Everything up to and including the plugin's create(). */
static bool create(struct device *device)
{
    const struct config_node *node = device->node;
    if (node->isolate && !isolate_prepare(device))
        return false;
    if (!node->isolate)
        device->self = aligned_zero(device->kind ? device->kind->self_size : device->backend->self_size);
    if (!device->self) {
        device_fail(device, "out of memory for its instance");
        return false;
    }
    for (unsigned i = 0; i < node->value_count; i++)
        if (!property_apply(device, &node->values[i]))
            return false;
    if (node->isolate)
        return (device->created = isolate_create(device)) && plug_created(device);
    struct call call;
    call_begin(&call, device, "create()", NULL);
    int32_t result = device->kind ? device->kind->create(&device->handle, device->self)
                                  : device->backend->create(&device->handle, device->self, &device->interface);
    call_end(&call);
    device->created = result >= 0;
    return device->created && !device->failure && plug_created(device);
}

bool device_create(struct device *device, FILE *errors)
{
    device->creating = true;
    bool good = create(device);
    device->creating = false;
    if (!good)
        report(device, errors);
    return good;
}

void device_destroy(struct device *device)
{
    void (*destroy)(void *self) = device->kind ? device->kind->destroy : device->backend->destroy;
    if (device->created && destroy) {
        struct call call;
        call_begin(&call, device, "destroy()", NULL);
        destroy(device->self);
        call_end(&call);
    }
    device->created = false;
}

void device_reset_registers(struct device *device)
{
    const abbey_table *regs = &device->kind->regs;
    for (uint32_t i = 0; i < regs->count; i++) {
        const abbey_reg *reg = (const abbey_reg *)regs->rows + i;
        uint8_t *field = (uint8_t *)device->self + reg->offset;
        if (reg->flags & ABBEY_REG_KEEP || reg->type == ABBEY_TYPE_TIMER)
            continue;
        if (reg->type == ABBEY_TYPE_BLOB)
            memset(field, (int)(reg->reset & 0xff), reg->bytes);
        else
            memcpy(field, &reg->reset, reg->bytes); /* little-endian host: the low bytes */
    }
}
