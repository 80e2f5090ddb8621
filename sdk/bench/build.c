/* build.c - a bench from a plugin and its properties, or from a machine file: what is missing is supplied. */
#include "sdk/bench/bench_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define BUSES 8u

/* What a machine already has of what the bench would supply. */
struct present {
    bool lines, pci, stream_named, stream, memory;
    const char *buses[BUSES]; /* kinds that some device wants, */
    bool provided[BUSES];     /* and whether another provides them */
    unsigned bus_count;
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

/* A bus that a plugin brings is wanted, or provided. */
static void bus_note(struct present *present, const char *kind, bool provided)
{
    unsigned i = 0;
    if (!kind || !strcmp(kind, "isa") || !strcmp(kind, "pci"))
        return;
    while (i < present->bus_count && strcmp(present->buses[i], kind) != 0)
        i++;
    if (i == BUSES)
        return;
    present->bus_count += i == present->bus_count;
    present->buses[i] = kind;
    present->provided[i] |= provided;
}

/* The first device of the set that provides a bus of the kind, or NULL. */
static const char *provider_find(const struct plugin_set *plugins, const char *kind)
{
    for (unsigned i = 0; i < plugins->count; i++)
        for (unsigned k = 0; k < plugins->plugins[i].device_count && !plugins->plugins[i].refusal; k++) {
            const abbey_device *device = &plugins->plugins[i].devices[k].device;
            if (device->provides && !strcmp(device->provides, kind))
                return device->name;
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
    bus_note(present, found->device.bus, false);
    bus_note(present, found->device.provides, true);
    const abbey_prop *props = found->device.props.rows;
    for (uint32_t i = 0; i < found->device.props.count; i++) {
        yaml_node_t *value = props[i].type == ABBEY_TYPE_CHAR ? yaml_get(document, device, props[i].name) : NULL;
        if (value && value->type == YAML_SCALAR_NODE && strcmp((const char *)value->data.scalar.value, "bench") == 0)
            present->stream_named = true;
    }
}

/* Looks at the text of a machine file that is not complete. Text that is no YAML brings nothing, and is refused later.
 */
static struct present text_look(const struct plugin_set *plugins, const char *text)
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

/* What a machine brings itself. One that is complete, perhaps by its base, is asked when it is read; the text of
 * another shows what is missing. */
static struct present machine_look(struct plugin_set *plugins, const char *text)
{
    struct config_request request = { .file = "<bench>", .text = text, .text_bytes = strlen(text), .plugins = plugins };
    struct present present = { .memory = true };
    char *unread = NULL;
    size_t size;
    FILE *errors = open_memstream(&unread, &size);
    struct config *config = errors ? config_read(&request, errors) : NULL;
    for (unsigned i = 0; config && i < config->device_count; i++) {
        const abbey_device *device = &config->devices[i].device->device;
        present.lines |= device->isa_lines != 0;
        present.pci |= device->provides && strcmp(device->provides, "pci") == 0;
    }
    if (errors)
        fclose(errors);
    free(unread);
    bool complete = config && present.lines && present.pci;
    config_free(config);
    return complete ? present : text_look(plugins, text);
}

bool bench_board(abbey_bench *bench)
{
    struct board_owner owner = bench_owner;
    bench->intr = false;
    if (!bench_commands(bench))
        return false;
    owner.commands = bench->commands;
    bench->board = board_new(bench->config, bench->mem, &owner, bench, bench_stderr());
    return bench->board != NULL;
}

abbey_bench *bench_build(struct plugin_set *plugins, const char *text)
{
    const char *settings[4 + BUSES];
    char buses[BUSES][200];
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
    plugin_set_add(plugins, &disk_stand_in, "the author's bench");
    plugin_set_add(plugins, &net_stand_in, "the author's bench");
    struct present present = machine_look(plugins, text);
    if (!present.lines)
        settings[count++] = "devices.bench-isa.device=bench-isa";
    if (!present.pci)
        settings[count++] = "devices.bench-pci.device=bench-pci";
    for (unsigned i = 0; i < present.bus_count; i++) {
        const char *provider = present.provided[i] ? NULL : provider_find(plugins, present.buses[i]);
        if (!provider)
            continue;
        snprintf(buses[i], sizeof buses[i], "devices.bench-%s.device=%s", present.buses[i], provider);
        settings[count++] = buses[i];
    }
    if (present.stream_named && !present.stream)
        settings[count++] = "backends.bench.backend=bench";
    if (!present.memory)
        settings[count++] = "memory=1M";
    struct config_request request = { .file = "<bench>",
        .text = text,
        .text_bytes = strlen(text),
        .settings = settings,
        .setting_count = count,
        .plugins = plugins };
    bench->config = config_read(&request, bench_stderr());
    if (bench->config)
        bench->mem = mem_new(&stand_in_memory, bench->config->memory, UINT64_C(0xe0000000), &error);
    if (bench->config && !bench->mem)
        fprintf(bench_stderr(), "bench: %s\n", error.text);
    if (bench->mem && bench_board(bench))
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
        fprintf(bench_stderr(), "bench: %s\n",
            file && file->refusal ? file->refusal
            : file                ? "the plugin has no device"
                                  : "out of memory");
    } else if (*properties != '{') {
        fprintf(bench_stderr(), "bench: the properties '%s' are no flow mapping like {irq: 5}\n", properties);
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
    commands_free(bench->commands);
    json_decref(bench->answer);
    json_decref(bench->messages);
    free(bench->text);
    if (bench->mem)
        mem_free(bench->mem);
    config_free(bench->config);
    plugin_set_close(bench->plugins);
    free(bench->stream.sent);
    disks_free(bench->disks);
    wires_free(bench->wires);
    free(bench->state);
    free(bench);
}
