/* state.c - the state of a board as JSON, by name: saved, and put back whole or not at all.
 *
 *     { "abbey_state": 1,
 *       "board":   { "a20_on": 3, "a20_spoke": 3, "shadow": "8080..." },
 *       "devices": { "com1": { "device": "ns16550", "version": 1,
 *                              "registers": { "lcr": 3, "fifo": "00ff...", "tick": 1200 },    tick: due in 1200 ns
 *                              "lines": { "irq": true },
 *                              "ranges": [ [1016, true] ],
 *                              "pci": "86807101...",
 *                              "vram": { ... } } } }                                          see vram.c
 *
 * The register table of the plugin gives "registers"; the rest is what the host keeps for it. A register that the state
 * lacks gets its reset value, so that old states load into newer plugins; one that the device lacks is refused, and so
 * is a state of another machine. Loading has two passes: the first reads everything into copies and may refuse; the
 * second only writes. What a plugin refuses after that (upgrade, loaded) leaves the board as after a reset. */
#include "core/machine/state.h"
#include "core/machine/call.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

json_t *hex_json(const uint8_t *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    char *text = malloc(2 * count + 1);
    if (!text)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    json_t *json = json_stringn(text, 2 * count);
    free(text);
    return json;
}

/* ---- registers ---- */

const abbey_reg *reg_at(const struct device *device, uint32_t index)
{
    return (const abbey_reg *)device->kind->regs.rows + index;
}

struct timer *timer_field(const struct device *device, const abbey_reg *reg)
{
    const void *handle;
    memcpy(&handle, (const uint8_t *)device->self + reg->offset, sizeof handle);
    for (struct timer *t = device->timers; t; t = t->next)
        if (t == handle || (t->alias && t->alias == (uintptr_t)handle))
            return t;
    return NULL;
}

/* Integers as the type of the row has them; 64 bits beyond JSON's integers as text. */
static json_t *integer_json(const uint8_t *field, uint32_t type, uint32_t bytes)
{
    uint64_t value = 0;
    char text[24];
    memcpy(&value, field, bytes);
    if (type == ABBEY_TYPE_I32)
        return json_integer((int32_t)value);
    if (type == ABBEY_TYPE_U64 && value > INT64_MAX) {
        snprintf(text, sizeof text, "0x%016" PRIx64, value);
        return json_string(text);
    }
    return json_integer((json_int_t)value);
}

static json_t *timer_json(const struct device *device, const struct timer *timer)
{
    uint64_t now = device->board->owner.now(device->board->opaque);
    if (!timer || timer->due == ABBEY_NEVER)
        return json_null();
    return json_integer(timer->due >= now ? (json_int_t)(timer->due - now) : -(json_int_t)(now - timer->due));
}

json_t *reg_json(const struct device *device, const abbey_reg *reg)
{
    const uint8_t *field = (const uint8_t *)device->self + reg->offset;
    switch (reg->type) {
    case ABBEY_TYPE_BOOL: return json_boolean(*field != 0);
    case ABBEY_TYPE_BLOB: return hex_json(field, reg->bytes);
    case ABBEY_TYPE_TIMER: return timer_json(device, timer_field(device, reg));
    default: return integer_json(field, reg->type, reg->bytes);
    }
}

/* ---- saving ---- */

static json_t *device_json(const struct device *device)
{
    json_t *json = json_object(), *registers = json_object(), *lines = json_object(), *ranges = json_array();
    for (uint32_t i = 0; i < device->kind->regs.count; i++)
        json_object_set_new(registers, reg_at(device, i)->name, reg_json(device, reg_at(device, i)));
    for (const struct source *s = device->sources; s; s = s->next)
        json_object_set_new(lines, s->name, json_boolean(s->level));
    for (const struct region *r = device->regions; r; r = r->next)
        if (!r->bar)
            json_array_append_new(ranges, json_pack("[I, b]", (json_int_t)r->start, (int)r->enabled));
    json_object_set_new(json, "device", json_string(device->kind->name));
    json_object_set_new(json, "version", json_integer(device->kind->state_version));
    json_object_set_new(json, "registers", registers);
    json_object_set_new(json, "lines", lines);
    json_object_set_new(json, "ranges", ranges);
    if (device->unplugged)
        json_object_set_new(json, "plugged", json_false());
    if (device->pci)
        json_object_set_new(json, "pci", hex_json(device->pci->config, sizeof device->pci->config));
    if (device->vrams)
        json_object_set_new(json, "vram", vrams_json(device));
    return json;
}

json_t *board_save(const struct board *board)
{
    json_t *devices = json_object();
    for (unsigned i = 0; i < board->device_count; i++)
        json_object_set_new(devices, board->devices[i].node->id, device_json(&board->devices[i]));
    json_t *wires = json_object();
    json_object_set_new(wires, "a20_on", json_integer(board->a20_on));
    json_object_set_new(wires, "a20_spoke", json_integer(board->a20_spoke));
    json_object_set_new(wires, "shadow", hex_json(board->shadow, sizeof board->shadow));
    json_t *state = json_object();
    json_object_set_new(state, "abbey_state", json_integer(STATE_VERSION));
    json_object_set_new(state, "board", wires);
    json_object_set_new(state, "devices", devices);
    return state;
}

/* ---- putting it in place: the second pass ---- */

static uint64_t due_at(uint64_t now, int64_t from_now)
{
    uint64_t past = from_now < 0 ? -(uint64_t)from_now : 0;
    return from_now < 0 ? (past > now ? 0 : now - past) : now + (uint64_t)from_now;
}

static void device_place(struct device *device, const struct staged *staged)
{
    struct board *board = device->board;
    uint64_t now = board->owner.now(board->opaque);
    plug_set(device, !staged->unplugged);
    device_reset_registers(device);
    for (uint32_t i = 0; i < device->kind->regs.count; i++) {
        const abbey_reg *reg = reg_at(device, i);
        struct timer *timer = reg->type == ABBEY_TYPE_TIMER ? timer_field(device, reg) : NULL;
        if (timer)
            timer_set(
                timer, staged->given[i] && staged->due[i] != INT64_MAX ? due_at(now, staged->due[i]) : ABBEY_NEVER);
        else if (staged->given[i] && reg->type != ABBEY_TYPE_TIMER)
            memcpy((uint8_t *)device->self + reg->offset, staged->self + reg->offset, reg->bytes);
    }
    size_t index = 0;
    for (struct source *s = device->sources; s; s = s->next)
        s->level = staged->levels[index++] && !device->unplugged;
    index = 0;
    for (struct region *r = device->regions; r; r = r->next) {
        if (r->bar)
            continue;
        if (r->start != staged->starts[index])
            r->shared = true;
        if (r->start != staged->starts[index] || r->enabled != staged->enabled[index])
            region_place(r, staged->starts[index], staged->enabled[index]);
        index++;
    }
    if (device->pci) {
        memcpy(device->pci->config, staged->config, sizeof staged->config);
        pci_update(device->pci);
    }
    vrams_place(device, staged->vram);
}

static bool plugin_refuses(const struct reader *reader, const struct device *device, const char *what)
{
    char plugin[200];
    device_plugin_text(device, plugin, sizeof plugin);
    return state_refuse(reader, device->node->id, "the plugin %s %s: %s", plugin, what,
        device->failure ? device->failure : "it gave no reason");
}

/* The plugins have the last word. */
static bool plugins_accept(const struct reader *reader)
{
    struct board *board = reader->board;
    struct call call;
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *d = &board->devices[i];
        uint32_t version = reader->staged[i].version;
        if (version < d->kind->state_version && d->kind->upgrade) {
            call_begin(&call, d, "upgrade()", NULL);
            int32_t result = d->kind->upgrade(d->self, version);
            call_end(&call);
            if (result < 0) {
                char what[64];
                snprintf(what, sizeof what, "cannot upgrade() a state of version %u", version);
                return plugin_refuses(reader, d, what);
            }
        }
    }
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *d = &board->devices[i];
        if (d->kind->loaded) {
            call_begin(&call, d, "loaded()", NULL);
            int32_t result = d->kind->loaded(d->self);
            call_end(&call);
            if (result < 0)
                return plugin_refuses(reader, d, "refuses the state in loaded()");
        }
    }
    return true;
}

static bool state_place(const struct reader *reader)
{
    struct board *board = reader->board;
    board->a20_on = reader->a20_on;
    board->a20_spoke = reader->a20_spoke;
    memcpy(board->shadow, reader->shadow, sizeof board->shadow);
    for (unsigned i = 0; i < board->device_count; i++) {
        for (struct timer *t = board->devices[i].timers; t; t = t->next)
            timer_set(t, ABBEY_NEVER);
        device_place(&board->devices[i], &reader->staged[i]);
    }
    irq_recount(board);
    system_apply(board);
    if (!plugins_accept(reader))
        return false;
    if (board->intr && board->owner.intr)
        board->owner.intr(board->opaque, board->intr->level);
    return true;
}

static bool load(struct board *board, const json_t *state, FILE *errors, bool *placed)
{
    struct reader reader = { .board = board, .errors = errors };
    reader.staged = calloc(board->device_count + 1, sizeof *reader.staged);
    bool good = reader.staged && state_read(&reader, state);
    *placed = good;
    good = good && state_place(&reader);
    for (unsigned i = 0; reader.staged && i < board->device_count; i++)
        stage_free(&reader.staged[i]);
    free(reader.staged);
    return good;
}

bool board_load(struct board *board, const json_t *state, FILE *errors)
{
    bool placed;
    json_t *before = board_save(board);
    bool good = load(board, state, errors, &placed);
    /* A reset does not touch what is kept through resets, so that has to be put back by itself. */
    if (!good && placed)
        load(board, before, errors, &placed);
    if (!good)
        board_reset(board);
    json_decref(before);
    return good;
}

void board_dump(const struct board *board, FILE *out)
{
    for (unsigned i = 0; i < board->device_count; i++) {
        const struct device *d = &board->devices[i];
        fprintf(out, "%s (%s)\n", d->node->id, d->kind->name);
        for (uint32_t k = 0; k < d->kind->regs.count; k++) {
            const abbey_reg *reg = reg_at(d, k);
            json_t *value = reg_json(d, reg);
            char *text = json_dumps(value, JSON_ENCODE_ANY);
            if (json_is_integer(value) && reg->type != ABBEY_TYPE_TIMER)
                fprintf(out, "  %-20s %" PRIx64 "h\n", reg->name, (uint64_t)json_integer_value(value));
            else if (reg->type == ABBEY_TYPE_TIMER)
                fprintf(out, "  %-20s %s%s\n", reg->name,
                    json_is_null(value) ? "off" : "due in ns: ", json_is_null(value) ? "" : text);
            else
                fprintf(out, "  %-20s %s\n", reg->name, text ? text : "");
            free(text);
            json_decref(value);
        }
        for (const struct source *s = d->sources; s; s = s->next)
            fprintf(out, "  %-20s %d\n", s->name, s->level);
    }
}
