/* bench.c - the author's bench: a board without a processor, in virtual time. See abbey/bench.h.
 *
 * The board, the plugin loader and the reader of machine files are those of the core, so that what a device does here
 * it does in a machine. Only the processor, the clock and the host are missing: a test plays their parts. */
#include "sdk/bench/bench_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define YEAR_2000 (946684800ull * ABBEY_SEC)
#define PIRQ_LINES 16u /* abbey_line() numbers INTA# to INTD# of the PCI bus from here */

struct stream *bench_stream(abbey_dev *dev)
{
    return &((abbey_bench *)device_of(dev)->board->opaque)->stream;
}

/* ---- what the board asks of its owner ---- */

static uint64_t owner_now(void *opaque)
{
    return ((abbey_bench *)opaque)->now;
}

static uint64_t owner_wall_clock(void *opaque)
{
    return YEAR_2000 + ((abbey_bench *)opaque)->now;
}

static void owner_intr(void *opaque, bool level)
{
    ((abbey_bench *)opaque)->intr = level;
}

static void owner_nmi(void *opaque)
{
    ((abbey_bench *)opaque)->events.nmis++;
}

static void owner_reset(void *opaque, uint32_t kind)
{
    abbey_bench *bench = opaque;
    if (kind == ABBEY_RESET_COLD)
        bench->events.resets++;
    else
        bench->events.cpu_resets++;
}

static void owner_power_off(void *opaque)
{
    ((abbey_bench *)opaque)->events.power_offs++;
}

static void owner_exit(void *opaque, uint32_t status)
{
    abbey_bench *bench = opaque;
    bench->events.exits++;
    bench->events.exit_status = status;
}

static void owner_log(void *opaque, uint32_t level, const char *id, const char *text)
{
    (void)opaque;
    fprintf(stderr, "bench: %s: %s%s\n", id, level == ABBEY_LOG_ERROR ? "error: " : "", text);
}

static const struct board_owner owner = { .now = owner_now,
    .wall_clock = owner_wall_clock,
    .intr = owner_intr,
    .nmi = owner_nmi,
    .reset = owner_reset,
    .power_off = owner_power_off,
    .exit = owner_exit,
    .log = owner_log,
    .log_level = ABBEY_LOG_WARN };

/* ---- building ---- */

/* What a machine already has of what the bench would supply. */
struct present {
    bool lines, pci, stream_named, stream, memory;
};

/* The value of a key of a mapping, or NULL. */
static yaml_node_t *yaml_get(yaml_document_t *document, yaml_node_t *map, const char *key)
{
    if (!map || map->type != YAML_MAPPING_NODE)
        return NULL;
    for (yaml_node_pair_t *pair = map->data.mapping.pairs.start; pair < map->data.mapping.pairs.top; pair++) {
        yaml_node_t *name = yaml_document_get_node(document, pair->key);
        if (name && name->type == YAML_SCALAR_NODE && strcmp((const char *)name->data.scalar.value, key) == 0)
            return yaml_document_get_node(document, pair->value);
    }
    return NULL;
}

static void device_look(
    const struct plugin_set *plugins, yaml_document_t *document, yaml_node_t *device, struct present *present)
{
    yaml_node_t *kind = yaml_get(document, device, "device");
    const struct plugin_device *found = kind && kind->type == YAML_SCALAR_NODE
                                            ? plugin_device_find(plugins, (const char *)kind->data.scalar.value)
                                            : NULL;
    if (!found)
        return; /* config_read() will say so */
    present->lines |= found->device.isa_lines != 0;
    present->pci |= found->device.provides && strcmp(found->device.provides, "pci") == 0;
    const abbey_prop *props = found->device.props.rows;
    for (uint32_t i = 0; i < found->device.props.count; i++) {
        yaml_node_t *value = props[i].type == ABBEY_TYPE_CHAR ? yaml_get(document, device, props[i].name) : NULL;
        if (value && value->type == YAML_SCALAR_NODE && strcmp((const char *)value->data.scalar.value, "bench") == 0)
            present->stream_named = true;
    }
}

/* Looks at a machine file for what it brings itself. Text that is no YAML brings nothing, and is refused later. */
static struct present machine_look(const struct plugin_set *plugins, const char *text)
{
    struct present present = { 0 };
    yaml_parser_t parser;
    yaml_document_t document;
    if (!yaml_parser_initialize(&parser))
        return present;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, strlen(text));
    if (yaml_parser_load(&parser, &document)) {
        yaml_node_t *root = yaml_document_get_root_node(&document);
        yaml_node_t *devices = yaml_get(&document, root, "devices");
        present.memory = yaml_get(&document, root, "memory") != NULL;
        present.stream = yaml_get(&document, yaml_get(&document, root, "backends"), "bench") != NULL;
        if (devices && devices->type == YAML_MAPPING_NODE)
            for (yaml_node_pair_t *pair = devices->data.mapping.pairs.start; pair < devices->data.mapping.pairs.top;
                 pair++)
                device_look(plugins, &document, yaml_document_get_node(&document, pair->value), &present);
        yaml_document_delete(&document);
    }
    yaml_parser_delete(&parser);
    return present;
}

static bool board_build(abbey_bench *bench)
{
    bench->intr = false;
    bench->board = board_new(bench->config, bench->mem, &owner, bench, stderr);
    return bench->board != NULL;
}

/* Takes the plugins over. */
static abbey_bench *bench_build(struct plugin_set *plugins, const char *text)
{
    const char *settings[4];
    unsigned count = 0;
    abbey_error error = { "" };
    abbey_bench *bench = plugins ? calloc(1, sizeof(*bench)) : NULL;
    if (!bench) {
        plugin_set_close(plugins);
        return NULL;
    }
    bench->plugins = plugins;
    bench->events.size = sizeof bench->events;
    plugin_set_add(plugins, &stand_ins, "the author's bench");
    struct present present = machine_look(plugins, text);
    if (!present.lines)
        settings[count++] = "devices.bench-isa.device=bench-isa";
    if (!present.pci)
        settings[count++] = "devices.bench-pci.device=bench-pci";
    if (present.stream_named && !present.stream)
        settings[count++] = "backends.bench.backend=bench";
    if (!present.memory)
        settings[count++] = "memory=1M";
    struct config_request request = { .file = "bench",
        .text = text,
        .text_bytes = strlen(text),
        .settings = settings,
        .setting_count = count,
        .plugins = plugins };
    bench->config = config_read(&request, stderr);
    if (bench->config)
        bench->mem = mem_new(&stand_in_memory, bench->config->memory, UINT64_C(0xe0000000), &error);
    if (bench->config && !bench->mem)
        fprintf(stderr, "bench: %s\n", error.text);
    if (bench->mem && board_build(bench))
        return bench;
    abbey_bench_free(bench);
    return NULL;
}

abbey_bench *abbey_bench_new(const char *plugin, const char *properties)
{
    struct plugin_set *plugins = plugin_set_open_file(plugin);
    const struct plugin *file = plugins && plugins->count ? &plugins->plugins[0] : NULL;
    char *text = NULL;
    properties = properties ? properties + strspn(properties, " \t\n") : "{}";
    if (!file || file->refusal || !file->device_count) {
        fprintf(stderr, "bench: %s\n",
            file && file->refusal ? file->refusal
            : file                ? "the plugin has no device"
                                  : "out of memory");
    } else if (*properties != '{') {
        fprintf(stderr, "bench: the properties '%s' are no flow mapping like {irq: 5}\n", properties);
    } else {
        const char *form = "abbey: 1\nname: bench\nmemory: 1M\ndevices:\n  dut: {device: %s,\n%s\n";
        const char *name = file->devices[0].device.name;
        size_t room = strlen(form) + strlen(name) + strlen(properties);
        if ((text = malloc(room)))
            snprintf(text, room, form, name, properties + 1);
    }
    if (!text) {
        plugin_set_close(plugins);
        return NULL;
    }
    abbey_bench *bench = bench_build(plugins, text);
    free(text);
    return bench;
}

abbey_bench *abbey_bench_machine(const char *yaml)
{
    return bench_build(plugin_set_open(NULL), yaml);
}

void abbey_bench_free(abbey_bench *bench)
{
    if (!bench)
        return;
    board_free(bench->board);
    if (bench->mem)
        mem_free(bench->mem);
    config_free(bench->config);
    plugin_set_close(bench->plugins);
    free(bench->stream.sent);
    free(bench->state);
    free(bench);
}

/* ---- the processor's part ---- */

uint32_t abbey_in(abbey_bench *bench, uint16_t port, uint32_t size)
{
    return board_in(bench->board, port, size);
}

void abbey_out(abbey_bench *bench, uint16_t port, uint32_t size, uint32_t value)
{
    board_out(bench->board, port, size, value);
}

uint64_t abbey_load(abbey_bench *bench, uint64_t address, uint32_t size)
{
    return mem_load(bench->mem, address, size);
}

void abbey_store(abbey_bench *bench, uint64_t address, uint32_t size, uint64_t value)
{
    mem_store(bench->mem, address, size, value);
}

int32_t abbey_intr(abbey_bench *bench)
{
    return bench->intr;
}

uint32_t abbey_ack(abbey_bench *bench)
{
    return board_intr_ack(bench->board);
}

uint8_t *abbey_ram(abbey_bench *bench, uint64_t *bytes)
{
    bool marked;
    *bytes = mem_ram_bytes(bench->mem);
    return mem_page(bench->mem, 0, true, &marked);
}

/* ---- the buses ---- */

/* The bridge of the first PCI bus; there is one always. */
static struct device *pci_bridge(abbey_bench *bench)
{
    unsigned i = 0;
    while (i + 1 < bench->board->device_count && !bench->board->devices[i].bus)
        i++;
    return &bench->board->devices[i];
}

static uint32_t pci_address(uint32_t slot, uint32_t function, uint32_t offset)
{
    return (slot & 31) << 11 | (function & 7) << 8 | (offset & 255);
}

uint32_t abbey_pci_read(abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size)
{
    abbey_pci_cycle cycle = { .address = pci_address(slot, function, offset), .size = (uint8_t)size };
    pci_interface.cycle(&pci_bridge(bench)->handle, &cycle);
    return cycle.value;
}

void abbey_pci_write(
    abbey_bench *bench, uint32_t slot, uint32_t function, uint32_t offset, uint32_t size, uint32_t value)
{
    abbey_pci_cycle cycle = {
        .address = pci_address(slot, function, offset), .value = value, .size = (uint8_t)size, .write = 1
    };
    pci_interface.cycle(&pci_bridge(bench)->handle, &cycle);
}

int32_t abbey_line(abbey_bench *bench, uint32_t line)
{
    const struct pci_bus *bus = pci_bridge(bench)->bus;
    if (line >= PIRQ_LINES && line < PIRQ_LINES + 4)
        return bus->asserted[line - PIRQ_LINES] != 0;
    return board_irq_level(bench->board, NULL, line);
}

/* ---- time, power ---- */

void abbey_advance(abbey_bench *bench, uint64_t nanoseconds)
{
    uint64_t end = bench->now + nanoseconds;
    for (uint64_t next; (next = board_next_timer(bench->board)) <= end;) {
        if (next > bench->now)
            bench->now = next;
        board_run_timers(bench->board, bench->now);
    }
    bench->now = end;
}

void abbey_bench_reset(abbey_bench *bench)
{
    board_reset(bench->board);
}

void abbey_events_get(abbey_bench *bench, abbey_events *events)
{
    uint32_t size = events->size && events->size < sizeof bench->events ? events->size : (uint32_t)sizeof bench->events;
    bench->events.a20 = (mem_a20_mask(bench->mem) >> 20) & 1;
    memcpy(events, &bench->events, size);
    events->size = size;
}

void abbey_events_clear(abbey_bench *bench)
{
    bench->events = (abbey_events){ .size = sizeof bench->events };
}

int32_t abbey_power_press(abbey_bench *bench)
{
    return board_power_button(bench->board) ? 0 : -1;
}

/* ---- the byte stream ---- */

uint32_t abbey_char_sent(abbey_bench *bench, uint8_t *bytes, uint32_t room)
{
    struct stream *s = &bench->stream;
    uint32_t count = s->sent_count < room ? s->sent_count : room;
    if (count)
        memcpy(bytes, s->sent, count);
    s->sent_count -= count;
    if (s->sent_count)
        memmove(s->sent, s->sent + count, s->sent_count);
    return count;
}

uint32_t abbey_char_feed(abbey_bench *bench, const uint8_t *bytes, uint32_t count)
{
    struct stream *s = &bench->stream;
    uint32_t done = 0;
    while (s->client && done < count) {
        uint32_t room = s->client->room(s->client_self), part = room < count - done ? room : count - done;
        if (!part)
            break;
        s->client->receive(s->client_self, bytes + done, part);
        done += part;
    }
    return done;
}

void abbey_char_stall(abbey_bench *bench, uint32_t on)
{
    struct stream *s = &bench->stream;
    bool was = s->stalled;
    s->stalled = on != 0;
    if (was && !s->stalled && s->client && s->client->writable)
        s->client->writable(s->client_self);
}

/* ---- state ---- */

int32_t abbey_roundtrip(abbey_bench *bench)
{
    json_t *before = board_save(bench->board);
    board_free(bench->board);
    bench->board = NULL;
    if (!board_build(bench)) {
        json_decref(before);
        fputs("bench: the board could not be built a second time\n", stderr);
        abort(); /* nothing is left that a later call could act on */
    }
    bool loaded = board_load(bench->board, before, stderr);
    json_t *after = board_save(bench->board);
    bool same = loaded && json_equal(before, after);
    if (!same) {
        char *a = json_dumps(before, JSON_INDENT(1)), *b = json_dumps(after, JSON_INDENT(1));
        fprintf(stderr, "bench: the state %s.\nsaved: %s\nloaded: %s\n", loaded ? "changed on its way" : "was refused",
            a, b);
        free(a);
        free(b);
    }
    json_decref(before);
    json_decref(after);
    return same ? 0 : -1;
}

const char *abbey_state(abbey_bench *bench)
{
    json_t *state = board_save(bench->board);
    free(bench->state);
    bench->state = json_dumps(state, JSON_INDENT(1));
    json_decref(state);
    return bench->state;
}

int32_t abbey_state_load(abbey_bench *bench, const char *text)
{
    json_error_t error;
    json_t *state = json_loads(text, JSON_REJECT_DUPLICATES, &error);
    if (!state) {
        fprintf(stderr, "state:%d:%d: error[state]: %s\n", error.line, error.column, error.text);
        board_reset(bench->board);
        return -1;
    }
    bool good = board_load(bench->board, state, stderr);
    json_decref(state);
    return good ? 0 : -1;
}
