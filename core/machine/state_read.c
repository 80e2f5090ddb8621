/* state_read.c - the first pass over a saved state: everything is read into copies and checked, nothing is changed.
 * What is wrong is reported with its place; all of it, since a state is often edited by hand. */
#include "core/machine/state.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool hex_read(const json_t *json, uint8_t *bytes, size_t count)
{
    const char *text = json_string_value(json);
    if (!text || json_string_length(json) != 2 * count)
        return false;
    for (size_t i = 0; i < count; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool state_refuse(const struct reader *reader, const char *place, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (reader->id)
        fprintf(reader->errors, "state: devices.%s%s: error[state]: ", reader->id, place);
    else
        fprintf(reader->errors, "state: %s: error[state]: ", place);
    vfprintf(reader->errors, format, args);
    fputc('\n', reader->errors);
    va_end(args);
    return false;
}

static bool refuse_reg(const struct reader *reader, const abbey_reg *reg, const char *expected)
{
    char place[120];
    snprintf(place, sizeof place, ".registers.%.90s", reg->name);
    return state_refuse(reader, place, "expected %s", expected);
}

/* The member `key` of type `type`, or NULL with a message. */
static const json_t *member(const struct reader *reader, const json_t *object, const char *key, json_type type)
{
    static const char *const names[] = { "an object", "an array", "a string", "an integer", "a number",
        "true or false" };
    const json_t *value = json_object_get(object, key);
    char place[64];
    snprintf(place, sizeof place, "%s%s", reader->id ? "." : "", key);
    if (value && json_typeof(value) == type)
        return value;
    state_refuse(reader, place, value ? "expected %s" : "it is missing; expected %s",
        names[type < sizeof names / sizeof names[0] ? type : 0]);
    return NULL;
}

/* The bits of an integer that fits the type of the row; false when it does not. */
static bool integer_read(const json_t *json, uint32_t type, uint32_t bytes, uint64_t *bits)
{
    char *end;
    if (type == ABBEY_TYPE_U64 && json_is_string(json)) {
        const char *text = json_string_value(json);
        *bits = strtoull(text, &end, 16);
        return strncmp(text, "0x", 2) == 0 && strlen(text) == 18 && *end == 0;
    }
    if (!json_is_integer(json))
        return false;
    int64_t value = json_integer_value(json);
    *bits = (uint64_t)value;
    if (type == ABBEY_TYPE_I64)
        return true;
    if (type == ABBEY_TYPE_I32)
        return value >= INT32_MIN && value <= INT32_MAX;
    return value >= 0 && (bytes == 8 || value < INT64_C(1) << 8 * bytes);
}

static bool reg_read(struct reader *reader, struct device *device, uint32_t index, const json_t *json)
{
    struct staged *staged = &reader->staged[device - reader->board->devices];
    const abbey_reg *reg = reg_at(device, index);
    uint8_t *field = staged->self + reg->offset;
    uint64_t bits = 0;
    char expected[80];
    staged->given[index] = true;
    switch (reg->type) {
    case ABBEY_TYPE_BOOL:
        *field = json_is_true(json);
        return json_is_boolean(json) || refuse_reg(reader, reg, "true or false");
    case ABBEY_TYPE_BLOB:
        snprintf(expected, sizeof expected, "%u bytes as %u hex digits", reg->bytes, 2 * reg->bytes);
        return hex_read(json, field, reg->bytes) || refuse_reg(reader, reg, expected);
    case ABBEY_TYPE_TIMER:
        if (!json_is_null(json) && !json_is_integer(json))
            return refuse_reg(reader, reg, "null, or nanoseconds from now");
        staged->due[index] = json_is_null(json) ? INT64_MAX : json_integer_value(json);
        return staged->due[index] == INT64_MAX || timer_field(device, reg) ||
               refuse_reg(reader, reg, "null: there is no timer");
    default:
        if (!integer_read(json, reg->type, reg->bytes, &bits)) {
            snprintf(expected, sizeof expected, "%s integer of %u bits",
                reg->type == ABBEY_TYPE_I32 || reg->type == ABBEY_TYPE_I64 ? "a signed" : "an unsigned",
                8 * reg->bytes);
            return refuse_reg(reader, reg, expected);
        }
        memcpy(field, &bits, reg->bytes);
        return true;
    }
}

static bool registers_read(struct reader *reader, struct device *device, const json_t *registers)
{
    const char *name;
    json_t *value;
    bool good = true;
    json_object_foreach((json_t *)registers, name, value)
    {
        uint32_t index = 0;
        while (index < device->kind->regs.count && strcmp(reg_at(device, index)->name, name) != 0)
            index++;
        if (index == device->kind->regs.count)
            good = state_refuse(reader, ".registers", "device '%s' has no register '%s'", device->kind->name, name);
        else
            good &= reg_read(reader, device, index, value);
    }
    return good;
}

static bool lines_read(struct reader *reader, struct device *device, const json_t *lines)
{
    struct staged *staged = &reader->staged[device - reader->board->devices];
    size_t known = 0, index = 0;
    for (const struct source *s = device->sources; s; s = s->next, index++) {
        const json_t *level = json_object_get(lines, s->name);
        known += level != NULL;
        if (level && !json_is_boolean(level))
            return state_refuse(reader, ".lines", "the level of '%s' is not true or false", s->name);
        staged->levels[index] = json_is_true(level);
    }
    return known == json_object_size(lines) ||
           state_refuse(reader, ".lines", "it names a line that the device does not drive");
}

static bool ranges_read(struct reader *reader, struct device *device, const json_t *ranges)
{
    struct staged *staged = &reader->staged[device - reader->board->devices];
    size_t index = 0;
    for (const struct region *r = device->regions; r; r = r->next) {
        if (r->bar)
            continue;
        const json_t *range = json_array_get(ranges, index);
        const json_t *start = json_array_get(range, 0), *enabled = json_array_get(range, 1);
        if (!json_is_integer(start) || json_integer_value(start) < 0 || !json_is_boolean(enabled) ||
            json_array_size(range) != 2)
            return state_refuse(reader, ".ranges", "range %zu is not [start, enabled]", index);
        staged->starts[index] = (uint64_t)json_integer_value(start);
        staged->enabled[index++] = json_is_true(enabled);
    }
    return index == json_array_size(ranges) ||
           state_refuse(reader, ".ranges", "it has %zu ranges, the device %zu", json_array_size(ranges), index);
}

/* Configuration space is the guest's and the device's to change, but for what says which function it is. */
static bool config_read_space(struct reader *reader, struct device *device, const json_t *json)
{
    uint8_t *config = reader->staged[device - reader->board->devices].config;
    const struct pci_function *f = device->pci;
    if (!f)
        return !json || state_refuse(reader, ".pci", "the device is no PCI function");
    if (!hex_read(json, config, 256))
        return state_refuse(reader, ".pci", "expected 256 bytes as 512 hex digits");
    if (memcmp(config, f->reset, 4) != 0 || memcmp(config + 9, f->reset + 9, 3) != 0 || config[0x0e] != f->reset[0x0e])
        return state_refuse(reader, ".pci", "it is of a function %02x%02x:%02x%02x, the device is %04x:%04x", config[1],
            config[0], config[3], config[2], f->desc.vendor, f->desc.device);
    for (uint32_t i = 0x10; i < 0x34; i++) /* the type bits of BARs, and what only the device may change */
        config[i] = (uint8_t)((config[i] & f->writable[i]) | (f->reset[i] & ~f->writable[i]));
    return true;
}

/* Whether it is in its slot; absent for yes. */
static bool plugged_read(struct reader *reader, struct device *device, const json_t *json)
{
    if (json && (!json_is_boolean(json) || !device->pci || device->kind->provides))
        return state_refuse(reader, ".plugged", "expected true or false, of a PCI function that provides no bus");
    reader->staged[device - reader->board->devices].unplugged = json_is_false(json);
    return true;
}

static size_t source_count(const struct device *device)
{
    size_t count = 0;
    for (const struct source *s = device->sources; s; s = s->next)
        count++;
    return count;
}

static size_t range_count(const struct device *device)
{
    size_t count = 0;
    for (const struct region *r = device->regions; r; r = r->next)
        count++;
    return count;
}

static bool stage_new(struct staged *staged, const struct device *device)
{
    uint32_t regs = device->kind->regs.count;
    staged->self = calloc(1, device->kind->self_size);
    staged->given = calloc(regs + 1, sizeof(bool));
    staged->due = calloc(regs + 1, sizeof(int64_t));
    staged->levels = calloc(source_count(device) + 1, sizeof(bool));
    staged->starts = calloc(range_count(device) + 1, sizeof(uint64_t));
    staged->enabled = calloc(range_count(device) + 1, sizeof(bool));
    return staged->self && staged->given && staged->due && staged->levels && staged->starts && staged->enabled;
}

void stage_free(struct staged *staged)
{
    free(staged->self);
    free(staged->given);
    free(staged->due);
    free(staged->levels);
    free(staged->starts);
    free(staged->enabled);
}

static bool device_read(struct reader *reader, struct device *device, const json_t *json)
{
    struct staged *staged = &reader->staged[device - reader->board->devices];
    if (!json_is_object(json))
        return state_refuse(
            reader, "", json ? "expected an object" : "the machine has this device, the state does not");
    const json_t *kind = member(reader, json, "device", JSON_STRING),
                 *version = member(reader, json, "version", JSON_INTEGER);
    const json_t *registers = member(reader, json, "registers", JSON_OBJECT),
                 *lines = member(reader, json, "lines", JSON_OBJECT);
    const json_t *ranges = member(reader, json, "ranges", JSON_ARRAY);
    if (!kind || !version || !registers || !lines || !ranges)
        return false;
    if (strcmp(json_string_value(kind), device->kind->name) != 0)
        return state_refuse(reader, ".device", "the state is of a '%s', the machine has a '%s'",
            json_string_value(kind), device->kind->name);
    json_int_t v = json_integer_value(version);
    if (v < 1 || v > device->kind->state_version)
        return state_refuse(reader, ".version",
            "the state has version %" JSON_INTEGER_FORMAT " of '%s', the plugin knows up to %u; "
            "update the plugin",
            v, device->kind->name, device->kind->state_version);
    if (!stage_new(staged, device))
        return state_refuse(reader, "", "out of memory");
    staged->version = (uint32_t)v;
    bool good = registers_read(reader, device, registers);
    good &= plugged_read(reader, device, json_object_get(json, "plugged"));
    good &= lines_read(reader, device, lines);
    good &= ranges_read(reader, device, ranges);
    staged->vram = json_object_get(json, "vram");
    if (device->vrams || staged->vram)
        good &= vrams_read(reader, device, staged->vram);
    return config_read_space(reader, device, json_object_get(json, "pci")) && good;
}

static bool wires_read(struct reader *reader, const json_t *wires)
{
    uint64_t on, spoke;
    if (!integer_read(json_object_get(wires, "a20_on"), ABBEY_TYPE_U32, 4, &on) ||
        !integer_read(json_object_get(wires, "a20_spoke"), ABBEY_TYPE_U32, 4, &spoke) ||
        !hex_read(json_object_get(wires, "shadow"), reader->shadow, sizeof reader->shadow))
        return state_refuse(
            reader, "board", "expected a20_on and a20_spoke as unsigned integers of 32 bits, shadow as 64 bytes");
    reader->a20_on = (uint32_t)on;
    reader->a20_spoke = (uint32_t)spoke;
    for (size_t i = 0; i < sizeof reader->shadow; i++)
        if (reader->shadow[i] & 0x7c)
            return state_refuse(reader, "board", "shadow has an unknown mode %02x", reader->shadow[i]);
    return true;
}

bool state_read(struct reader *reader, const json_t *state)
{
    const json_t *version = member(reader, state, "abbey_state", JSON_INTEGER);
    const json_t *wires = member(reader, state, "board", JSON_OBJECT);
    const json_t *devices = member(reader, state, "devices", JSON_OBJECT);
    const char *id;
    json_t *value;
    if (!version || !wires || !devices)
        return false;
    if (json_integer_value(version) != STATE_VERSION)
        return state_refuse(reader, "abbey_state",
            "the state has format %" JSON_INTEGER_FORMAT ", this abbey reads %d; use the abbey "
            "that wrote it",
            json_integer_value(version), STATE_VERSION);
    bool good = wires_read(reader, wires);
    json_object_foreach((json_t *)devices, id, value)
    {
        if (!board_device(reader->board, id))
            good = state_refuse(reader, "devices", "the state has a device '%s', the machine does not", id);
    }
    for (unsigned i = 0; i < reader->board->device_count; i++) {
        struct device *device = &reader->board->devices[i];
        reader->id = device->node->id;
        good &= device_read(reader, device, json_object_get(devices, device->node->id));
        reader->id = NULL;
    }
    return good;
}
