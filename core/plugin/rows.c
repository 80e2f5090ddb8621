/* rows.c - property and register rows: copied into this host's row size, and checked for what would make a device
 * impossible to configure or its state impossible to save. */
#include "core/plugin/load.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROW_LIMIT 16384u
#define INSTANCE_LIMIT (1ull << 30)

/* What a field of each type is: bytes (also its alignment), whether a property or a register may be of it, and the
 * range of its values. */
static const struct type_row {
    const char *name;
    uint32_t bytes;
    bool prop, reg;
    int64_t min;
    uint64_t max;
} types[] = {
    [ABBEY_TYPE_U8] = { "u8", 1, true, true, 0, UINT8_MAX },
    [ABBEY_TYPE_U16] = { "u16", 2, true, true, 0, UINT16_MAX },
    [ABBEY_TYPE_U32] = { "u32", 4, true, true, 0, UINT32_MAX },
    [ABBEY_TYPE_U64] = { "u64", 8, true, true, 0, UINT64_MAX },
    [ABBEY_TYPE_I32] = { "i32", 4, true, true, INT32_MIN, INT32_MAX },
    [ABBEY_TYPE_I64] = { "i64", 8, true, true, INT64_MIN, INT64_MAX },
    [ABBEY_TYPE_BOOL] = { "bool", 1, true, true, 0, 1 },
    [ABBEY_TYPE_STRING] = { "string", sizeof(char *), true, false, 0, 0 },
    [ABBEY_TYPE_IRQ] = { "irq", sizeof(void *), true, false, -1, 4095 },
    [ABBEY_TYPE_CHAR] = { "char", sizeof(void *), true, false, 0, 0 },
    [ABBEY_TYPE_BLOCK] = { "block", sizeof(void *), true, false, 0, 0 },
    [ABBEY_TYPE_DISPLAY] = { "display", sizeof(void *), true, false, 0, 0 },
    [ABBEY_TYPE_NET] = { "net", sizeof(void *), true, false, 0, 0 },
    [ABBEY_TYPE_TIMER] = { "timer", sizeof(void *), false, true, 0, 0 },
    [ABBEY_TYPE_BLOB] = { "blob", 1, false, true, 0, UINT8_MAX },
};

static const struct type_row *type_find(uint32_t type)
{
    return type < sizeof types / sizeof types[0] && types[type].name ? &types[type] : NULL;
}

/* Keys that a machine file uses beside the properties of a device. */
static const char *const reserved_names[] = { "device", "backend", "bus", "addr", "isolate" };

bool plugin_name_good(const char *name)
{
    size_t length = strnlen(name, 64);
    if (length == 0 || length > 63 || !isalnum((unsigned char)name[0]))
        return false;
    for (size_t i = 0; i < length; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("-_.", name[i]))
            return false;
    return true;
}

bool plugin_copy_struct(void *to, uint64_t host_size, const void *from, uint64_t size)
{
    memset(to, 0, host_size);
    memcpy(to, from, size < host_size ? size : host_size);
    for (uint64_t i = host_size; i < size; i++)
        if (((const uint8_t *)from)[i])
            return false;
    return true;
}

/* Replaces the rows of a table by a copy with rows of `host_size` bytes. A row must reach to its field `least`. */
static bool table_copy(struct plugin *plugin, const char *what, const char *rows_name, abbey_table *table,
    uint32_t host_size, uint32_t least)
{
    const uint8_t *from = table->rows;
    uint32_t count = table->count, stride = table->stride;
    *table = (abbey_table){ NULL, 0, host_size };
    if (count == 0)
        return true;
    if (!from || count > ROW_LIMIT || stride < least || stride > 4096 || stride % 8)
        return plugin_refuse(plugin,
            "bad descriptor: %s has %s as %u rows of %u bytes; a row has at least %u bytes, use "
            "ABBEY_TABLE()",
            what, rows_name, count, stride, least);
    uint8_t *copy = calloc(count, host_size);
    if (!copy)
        return plugin_refuse(plugin, "cannot load: out of memory for %u rows of %s", count, rows_name);
    *table = (abbey_table){ copy, count, host_size };
    for (uint32_t i = 0; i < count; i++)
        if (!plugin_copy_struct(copy + (size_t)i * host_size, host_size, from + (size_t)i * stride, stride))
            return plugin_refuse(plugin,
                "wrong ABI: row %u of %s of %s has %u bytes and uses some beyond the %u that this "
                "abbey (ABI %u.%u) knows; update abbey",
                i, rows_name, what, stride, host_size, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR);
    return true;
}

/* True when the field stands inside the instance and is aligned. */
static bool field_good(uint32_t offset, uint64_t bytes, uint64_t align, uint64_t self_size)
{
    return bytes <= self_size && offset <= self_size - bytes && offset % align == 0;
}

/* Whether `value` (a u64 as its bits) lies in [min, max] of a type, or of a row's own bounds. */
static bool in_range(const struct type_row *type, int64_t value, int64_t min, int64_t max)
{
    if (type == &types[ABBEY_TYPE_U64]) {
        if (max == 0 && min == 0)
            return true;
        return (uint64_t)value >= (uint64_t)min && (max == 0 || (uint64_t)value <= (uint64_t)max);
    }
    bool bounded = (min || max) && type != &types[ABBEY_TYPE_IRQ];
    int64_t low = bounded ? min : type->min, high = bounded && max ? max : (int64_t)type->max;
    return value >= type->min && value <= (int64_t)type->max && value >= low && value <= high;
}

/* Whether `text` is one of the comma-separated `choices`. */
static bool choice_found(const char *choices, const char *text)
{
    for (const char *at = choices; at && *at;) {
        size_t length = strcspn(at, ",");
        if (strlen(text) == length && memcmp(at, text, length) == 0)
            return true;
        at += length + (at[length] == ',');
        at += strspn(at, " ");
    }
    return false;
}

static bool prop_good(struct plugin *plugin, const char *what, const abbey_prop *p, uint64_t self_size)
{
    const struct type_row *type = type_find(p->type);
    for (size_t i = 0; i < sizeof reserved_names / sizeof reserved_names[0]; i++)
        if (strcmp(p->name, reserved_names[i]) == 0)
            return plugin_refuse(plugin,
                "bad descriptor: property '%s' of %s has a name that machine files use themselves", p->name, what);
    if (!type || !type->prop)
        return plugin_refuse(
            plugin, "bad descriptor: property '%s' of %s has type %u, which no property has", p->name, what, p->type);
    if (!p->meaning)
        return plugin_refuse(plugin, "bad descriptor: property '%s' of %s does not say what it means", p->name, what);
    if (!field_good(p->offset, type->bytes, type->bytes, self_size))
        return plugin_refuse(plugin,
            "bad descriptor: property '%s' (%s) of %s at offset %u does not lie in the instance of "
            "%llu bytes",
            p->name, type->name, what, p->offset, (unsigned long long)self_size);
    bool bytes_good = !(p->flags & ABBEY_PROP_BYTES) || (type->max > 1 && p->type != ABBEY_TYPE_IRQ);
    bool path_good = !(p->flags & (ABBEY_PROP_PATH | ABBEY_PROP_LIST)) || p->type == ABBEY_TYPE_STRING;
    if (!bytes_good || !path_good || (p->choices && p->type != ABBEY_TYPE_STRING))
        return plugin_refuse(plugin, "bad descriptor: property '%s' (%s) of %s has flags %x%s, which go with %s alone",
            p->name, type->name, what, p->flags, p->choices ? " and choices" : "", bytes_good ? "strings" : "integers");
    bool number = type->max != 0;
    if (number && p->max && p->type != ABBEY_TYPE_IRQ &&
        (p->min > p->max || (type != &types[ABBEY_TYPE_U64] && (p->min < type->min || p->max > (int64_t)type->max))))
        return plugin_refuse(plugin, "bad descriptor: property '%s' (%s) of %s has the range %lld..%lld", p->name,
            type->name, what, (long long)p->min, (long long)p->max);
    if (number && !(p->flags & ABBEY_PROP_REQUIRED) && !in_range(type, p->value, p->min, p->max))
        return plugin_refuse(plugin,
            "bad descriptor: the default %lld of property '%s' (%s) of %s is outside its range", (long long)p->value,
            p->name, type->name, what);
    if (p->choices && p->text && !choice_found(p->choices, p->text))
        return plugin_refuse(plugin,
            "bad descriptor: the default '%s' of property '%s' of %s is none of its choices %s", p->text, p->name, what,
            p->choices);
    return true;
}

bool plugin_check_props(struct plugin *plugin, const char *what, const abbey_table *props, uint64_t self_size)
{
    const abbey_prop *rows = props->rows;
    for (uint32_t i = 0; i < props->count; i++) {
        if (!rows[i].name || !plugin_name_good(rows[i].name))
            return plugin_refuse(plugin, "bad descriptor: property %u of %s has no good name", i, what);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(rows[k].name, rows[i].name) == 0)
                return plugin_refuse(
                    plugin, "bad descriptor: %s has two properties '%s', rows %u and %u", what, rows[i].name, k, i);
        if (!prop_good(plugin, what, &rows[i], self_size))
            return false;
    }
    return true;
}

static bool reg_good(struct plugin *plugin, const char *what, const abbey_reg *r, uint64_t self_size)
{
    const struct type_row *type = type_find(r->type);
    if (!type || !type->reg)
        return plugin_refuse(
            plugin, "bad descriptor: register '%s' of %s has type %u, which no register has", r->name, what, r->type);
    if (r->bytes == 0 || (r->type != ABBEY_TYPE_BLOB && r->bytes != type->bytes))
        return plugin_refuse(
            plugin, "bad descriptor: register '%s' (%s) of %s has %u bytes", r->name, type->name, what, r->bytes);
    if (!field_good(r->offset, r->bytes, type->bytes, self_size))
        return plugin_refuse(plugin,
            "bad descriptor: register '%s' (%s) of %s at offset %u does not lie in the instance of "
            "%llu bytes",
            r->name, type->name, what, r->offset, (unsigned long long)self_size);
    bool is_signed = r->type == ABBEY_TYPE_I32 || r->type == ABBEY_TYPE_I64;
    if (!is_signed && r->reset > type->max)
        return plugin_refuse(plugin, "bad descriptor: the reset value %llx of register '%s' (%s) of %s does not fit",
            (unsigned long long)r->reset, r->name, type->name, what);
    return true;
}

bool plugin_check_regs(struct plugin *plugin, const char *what, const abbey_table *regs, uint64_t self_size)
{
    const abbey_reg *rows = regs->rows;
    for (uint32_t i = 0; i < regs->count; i++) {
        if (!rows[i].name || !rows[i].name[0])
            return plugin_refuse(plugin, "bad descriptor: register %u of %s has no name", i, what);
        if (!reg_good(plugin, what, &rows[i], self_size))
            return false;
        for (uint32_t k = 0; k < i; k++) {
            const abbey_reg *a = &rows[k], *b = &rows[i];
            if (strcmp(a->name, b->name) == 0)
                return plugin_refuse(
                    plugin, "bad descriptor: %s has two registers '%s', rows %u and %u", what, b->name, k, i);
            if (a->offset < (uint64_t)b->offset + b->bytes && b->offset < (uint64_t)a->offset + a->bytes)
                return plugin_refuse(plugin,
                    "bad descriptor: registers '%s' and '%s' of %s share bytes of the instance", a->name, b->name,
                    what);
        }
    }
    return true;
}

/* The row of another table that has bytes of a statistic; NULL when none does. */
static const char *stat_shared(const abbey_device *d, const abbey_stat *s)
{
    uint64_t end = (uint64_t)s->offset + s->bytes;
    const abbey_prop *props = d->props.rows;
    const abbey_reg *regs = d->regs.rows;
    for (uint32_t i = 0; i < d->props.count; i++)
        if (props[i].offset < end && s->offset < (uint64_t)props[i].offset + types[props[i].type].bytes)
            return props[i].name;
    for (uint32_t i = 0; i < d->regs.count; i++)
        if (regs[i].offset < end && s->offset < (uint64_t)regs[i].offset + regs[i].bytes)
            return regs[i].name;
    return NULL;
}

bool plugin_check_stats(struct plugin *plugin, const char *what, const abbey_device *d)
{
    const abbey_stat *rows = d->stats.rows;
    for (uint32_t i = 0; i < d->stats.count; i++) {
        const abbey_stat *s = &rows[i];
        if (!s->name || !plugin_name_good(s->name))
            return plugin_refuse(plugin, "bad descriptor: statistic %u of %s has no good name", i, what);
        if (strcmp(s->name, "accesses") == 0 || strcmp(s->name, "interrupts") == 0)
            return plugin_refuse(
                plugin, "bad descriptor: statistic '%s' of %s has the name of one that abbey counts", s->name, what);
        if (!s->meaning)
            return plugin_refuse(
                plugin, "bad descriptor: statistic '%s' of %s does not say what it means", s->name, what);
        if (s->bytes != 4 && s->bytes != 8)
            return plugin_refuse(
                plugin, "bad descriptor: statistic '%s' of %s has %u bytes; use 4 or 8", s->name, what, s->bytes);
        if (!field_good(s->offset, s->bytes, s->bytes, d->self_size))
            return plugin_refuse(plugin,
                "bad descriptor: statistic '%s' of %s at offset %u does not lie, aligned, in the instance of %llu "
                "bytes",
                s->name, what, s->offset, (unsigned long long)d->self_size);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(rows[k].name, s->name) == 0)
                return plugin_refuse(
                    plugin, "bad descriptor: %s has two statistics '%s', rows %u and %u", what, s->name, k, i);
        const char *shared = stat_shared(d, s);
        if (shared)
            return plugin_refuse(plugin,
                "bad descriptor: statistic '%s' and '%s' of %s share bytes of the instance; a statistic is no state",
                s->name, shared, what);
    }
    return true;
}

static bool device_good(struct plugin *plugin, abbey_device *d)
{
    char what[96];
    if (!d->name || !plugin_name_good(d->name))
        return plugin_refuse(plugin, "bad descriptor: a device of '%s' has no good name", plugin->entry.id);
    snprintf(what, sizeof what, "device '%s'", d->name);
    if (!d->summary || !d->create)
        return plugin_refuse(plugin, "bad descriptor: %s has no %s", what, d->create ? "summary" : "create()");
    if (d->self_size == 0 || d->self_size > INSTANCE_LIMIT)
        return plugin_refuse(
            plugin, "bad descriptor: an instance of %s has %llu bytes", what, (unsigned long long)d->self_size);
    if (d->state_version == 0)
        return plugin_refuse(plugin, "bad descriptor: the state version of %s is 0; it counts from 1", what);
    if (d->irq_inputs > 4096 || d->isa_lines > 1 || (d->isa_lines && !d->irq_inputs))
        return plugin_refuse(
            plugin, "bad descriptor: %s has %u interrupt inputs and isa_lines %u", what, d->irq_inputs, d->isa_lines);
    return plugin_check_props(plugin, what, &d->props, d->self_size) &&
           plugin_check_regs(plugin, what, &d->regs, d->self_size) && plugin_check_stats(plugin, what, d);
}

/* Takes one device row, its tables copied. It counts as soon as it stands in the array, so that all is freed. */
static bool device_take(struct plugin *plugin, const abbey_device *from, uint64_t size)
{
    struct plugin_device *d = &plugin->devices[plugin->device_count];
    abbey_table none = { NULL, 0, 0 };
    bool known = plugin_copy_struct(&d->device, sizeof d->device, from, size);
    abbey_table props = d->device.props, regs = d->device.regs, stats = d->device.stats;
    d->device.props = d->device.regs = d->device.stats = none;
    d->plugin = plugin;
    plugin->device_count++;
    if (!known)
        return plugin_refuse(plugin,
            "wrong ABI: a device row of '%s' has %llu bytes and uses some beyond the %zu that this "
            "abbey (ABI %u.%u) knows; update abbey",
            plugin->entry.id, (unsigned long long)size, sizeof d->device, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR);
    const char *what = d->device.name ? d->device.name : "a device";
    bool good = table_copy(plugin, what, "properties", &props, sizeof(abbey_prop), offsetof(abbey_prop, value));
    d->device.props = props;
    good = good && table_copy(plugin, what, "registers", &regs, sizeof(abbey_reg), sizeof(abbey_reg));
    if (good)
        d->device.regs = regs;
    good = good && table_copy(plugin, what, "statistics", &stats, sizeof(abbey_stat), sizeof(abbey_stat));
    if (good)
        d->device.stats = stats;
    return good && device_good(plugin, &d->device);
}

/* Number and shape of a table of descriptors. */
static bool rows_good(struct plugin *plugin, const char *what, const abbey_table *table, uint32_t least)
{
    if (table->count == 0 || (table->rows && table->count <= 256 && table->stride >= least && table->stride % 8 == 0 &&
                                 table->stride <= 4096))
        return true;
    return plugin_refuse(plugin,
        "bad descriptor: '%s' has %u %s in rows of %u bytes; a row has at least %u, use ABBEY_TABLE()",
        plugin->entry.id, table->count, what, table->stride, least);
}

/* Bytes of the short form's device in plugins that do not say it: what there was before they did. */
#define SHORT_FORM offsetof(abbey_device, stats)

bool plugin_copy_devices(struct plugin *plugin)
{
    const abbey_plugin *e = &plugin->entry;
    const abbey_table *t = &e->devices;
    if (!rows_good(plugin, "devices", t, offsetof(abbey_device, destroy)))
        return false;
    if (e->device && e->device_size && (e->device_size < SHORT_FORM || e->device_size > 4096))
        return plugin_refuse(plugin, "bad descriptor: the device of '%s' has %llu bytes; a device has at least %zu",
            e->id, (unsigned long long)e->device_size, SHORT_FORM);
    plugin->devices = calloc((size_t)t->count + 1, sizeof *plugin->devices);
    if (!plugin->devices)
        return plugin_refuse(plugin, "cannot load: out of memory");
    if (e->device && !device_take(plugin, e->device, e->device_size ? e->device_size : SHORT_FORM))
        return false;
    for (uint32_t i = 0; i < t->count; i++)
        if (!device_take(plugin, (const void *)((const uint8_t *)t->rows + (size_t)i * t->stride), t->stride))
            return false;
    return true;
}

static bool backend_take(struct plugin *plugin, const void *from, uint64_t size)
{
    struct plugin_backend *b = &plugin->backends[plugin->backend_count];
    bool known = plugin_copy_struct(&b->backend, sizeof b->backend, from, size);
    abbey_table props = b->backend.props;
    b->backend.props = (abbey_table){ NULL, 0, 0 };
    b->plugin = plugin;
    plugin->backend_count++;
    if (!known)
        return plugin_refuse(plugin,
            "wrong ABI: a backend row of '%s' has %llu bytes and uses some beyond the %zu that this "
            "abbey (ABI %u.%u) knows; update abbey",
            plugin->entry.id, (unsigned long long)size, sizeof b->backend, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR);
    if (!b->backend.name || !plugin_name_good(b->backend.name))
        return plugin_refuse(plugin, "bad descriptor: a backend of '%s' has no good name", plugin->entry.id);
    char what[96];
    snprintf(what, sizeof what, "backend '%s'", b->backend.name);
    if (!b->backend.summary || !b->backend.kind || !b->backend.create)
        return plugin_refuse(plugin, "bad descriptor: %s has no summary, no kind or no create()", what);
    if (b->backend.self_size == 0 || b->backend.self_size > INSTANCE_LIMIT)
        return plugin_refuse(
            plugin, "bad descriptor: an instance of %s has %llu bytes", what, (unsigned long long)b->backend.self_size);
    bool good = table_copy(plugin, what, "properties", &props, sizeof(abbey_prop), offsetof(abbey_prop, value));
    b->backend.props = props;
    return good && plugin_check_props(plugin, what, &b->backend.props, b->backend.self_size);
}

bool plugin_copy_backends(struct plugin *plugin)
{
    const abbey_table *t = &plugin->entry.backends;
    if (!rows_good(plugin, "backends", t, sizeof(abbey_backend)))
        return false;
    if (t->count && !(plugin->backends = calloc(t->count, sizeof *plugin->backends)))
        return plugin_refuse(plugin, "cannot load: out of memory");
    for (uint32_t i = 0; i < t->count; i++)
        if (!backend_take(plugin, (const uint8_t *)t->rows + (size_t)i * t->stride, t->stride))
            return false;
    return true;
}

bool plugin_copy_args(const char *what, abbey_table *args, uint64_t size, abbey_error *error)
{
    struct plugin owner = { .path = (char *)what }; /* what refusals begin with */
    bool good = table_copy(&owner, what, "arguments", args, sizeof(abbey_prop), offsetof(abbey_prop, value)) &&
                plugin_check_props(&owner, what, args, size);
    const abbey_prop *rows = args->rows;
    for (uint32_t i = 0; good && i < args->count; i++)
        if (rows[i].type > ABBEY_TYPE_STRING && rows[i].type != ABBEY_TYPE_I64)
            good = plugin_refuse(&owner, "its argument '%s' is no number, bool or string", rows[i].name);
    if (!good)
        snprintf(error->text, sizeof error->text, "%s", owner.refusal ? owner.refusal : "out of memory");
    free(owner.refusal);
    return good;
}
