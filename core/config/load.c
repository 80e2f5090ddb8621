/* load.c - the way from the name of a machine to its description.
 *
 *   1. files:    the machine file, its base, the base's base, each parsed to a tree
 *   2. merge:    from the last base up, then the settings
 *   3. plugins:  found, by the merged plugins.path
 *   4. checks:   tree and property rows to struct config, a pass after the other
 *
 * Errors of a step are all reported; the next step is taken only on sound ground, since an error that follows from
 * another tells nobody anything. */
#include "core/config/load.h"

#include <stdlib.h>
#include <string.h>

#include "core/config/check.h"
#include "core/config/files.h"
#include "core/config/sections.h"
#include "core/config/suggest.h"

#define MOST_BASES 16u
#define FIRST_RANK 1000u /* of the machine file; bases have less, settings more */

/* A file that was read, and its tree. */
struct layer {
    struct source *source;
    struct node *tree;
};

/* `abbey: 1`, without which nothing in the file can be trusted to mean what it says. */
static bool version_check(struct report *report, const struct layer *layer)
{
    const struct node *version = node_find(layer->tree, "abbey");
    struct place at = version ? version->at : layer->tree->at;
    if (version && version->kind == NODE_SCALAR && !strcmp(version->text, SCHEMA_VERSION))
        return true;
    if (!version)
        report_error(report, at, "schema-version", "the file does not say `abbey: 1`, the version of its schema");
    else
        report_error(report, at, "schema-version", "this Abbey reads schema version 1, not %s",
            version->kind == NODE_SCALAR ? arena_clip(report->arena, version->text) : node_kind_name(version));
    return false;
}

/* Takes `base:` out of the tree: it is the layer's own, not the machine's. */
static struct node *base_take(struct report *report, struct node *tree)
{
    struct node **link = &tree->first;
    while (*link && strcmp((*link)->key, "base") != 0)
        link = &(*link)->next;
    struct node *base = *link;
    if (!base)
        return NULL;
    *link = base->next;
    if (!*link)
        tree->last = link;
    tree->count--;
    if (base->kind == NODE_NULL)
        return NULL;
    const abbey_prop row = { .type = ABBEY_TYPE_STRING };
    return value_is_scalar(report, base, &row, "'base'") ? base : NULL;
}

static bool same_file(const struct source *a, const struct source *b)
{
    return (a->device || a->inode) && a->device == b->device && a->inode == b->inode;
}

/* Whether the newest layer closes a circle. */
static bool cycle_check(struct report *report, const struct layer *layers, unsigned count, struct place at)
{
    unsigned first = 0;
    while (first < count - 1 && !same_file(layers[first].source, layers[count - 1].source))
        first++;
    if (first == count - 1)
        return false;
    const char *list = layers[first].source->name;
    for (unsigned i = first + 1; i < count; i++)
        list = arena_format(report->arena, "%s -> %s", list, layers[i].source->name);
    report_error(report, at, "base-cycle", "a machine cannot be its own base: %s", list);
    return true;
}

/* The tree of a file, checked as far as one file can be. */
static bool layer_parse(struct report *report, struct layer *layer)
{
    uint32_t before = report->count;
    layer->tree = tree_parse(report, layer->source);
    struct place whole = { { layer->source->name, 1, 1 }, 1 };
    if (!layer->tree) {
        if (report->count == before)
            report_error(report, whole, "syntax", "the file is empty; a machine says at least `abbey: 1`");
        return false;
    }
    if (layer->tree->kind != NODE_MAP) {
        report_error(
            report, layer->tree->at, "wrong-type", "a machine file is a mapping, not %s", node_kind_name(layer->tree));
        return false;
    }
    return version_check(report, layer);
}

/* All files of the machine, laid over each other. */
static struct node *files_merge(struct report *report, const struct config_request *request)
{
    struct layer layers[MOST_BASES + 1];
    unsigned count = 0;
    struct place at = { { NULL, 0, 0 }, 0 };
    if (request->text) {
        layers[0].source = report_source(report, request->file, FIRST_RANK);
        layers[0].source->text = request->text;
        layers[0].source->size = request->text_bytes;
    } else {
        layers[0].source = machine_file_read(report, request->file, NULL, at, FIRST_RANK);
    }
    for (;;) {
        struct layer *layer = &layers[count];
        if (!layer->source || !layer_parse(report, layer))
            return NULL;
        struct node *base = base_take(report, layer->tree);
        if (!base)
            break;
        at = base->at;
        if (++count > MOST_BASES) {
            report_error(report, at, "base-cycle", "a machine has at most %u bases", MOST_BASES);
            return NULL;
        }
        layers[count].source = machine_file_read(report, base->text, layer->source, at, FIRST_RANK - count);
        if (!layers[count].source || cycle_check(report, layers, count + 1, at))
            return NULL;
    }
    struct node *root = layers[count].tree;
    while (count--)
        root = tree_merge(root, layers[count].tree);
    return root;
}

static struct node *settings_merge(struct report *report, const struct config_request *request, struct node *root)
{
    for (unsigned i = 0; i < request->setting_count; i++) {
        struct source *source = report_source(report, "--set", FIRST_RANK + 1 + i);
        source->text = request->settings[i];
        source->size = strlen(request->settings[i]);
        source->first_line = i + 1;
        source->fixed_line = true;
        struct node *tree = tree_setting(report, source);
        if (tree && root)
            root = tree_merge(root, tree);
    }
    return root;
}

static void host_check(struct check *check)
{
    struct node *host = node_find(check->root, "host"), *backend = host ? node_find(host, "backend") : NULL;
    if (!backend || backend->kind != NODE_SCALAR || plugin_hostos_find(check->plugins, backend->text))
        return;
    struct suggestion near = { .wanted = backend->text };
    for (unsigned i = 0; i < check->plugins->count; i++)
        if (check->plugins->plugins[i].entry.hostos && !check->plugins->plugins[i].refusal)
            suggest_offer(&near, check->plugins->plugins[i].hostos.name);
    struct report_item *item = report_error(check->report, backend->at, "unknown-plugin",
        "no plugin of kind hostos is named '%s'", arena_clip(check->arena, backend->text));
    report_nearest(item, near.best);
    plugin_wanted(check, item);
}

static void entries_hand_over(
    struct arena *arena, const struct entry *entries, unsigned count, struct config_node **nodes, unsigned *node_count)
{
    *nodes = arena_alloc(arena, (count + 1) * sizeof(**nodes));
    *node_count = count;
    for (unsigned i = 0; i < count; i++)
        (*nodes)[i] = entries[i].node;
}

static void machine_check(struct load *load)
{
    struct check check = { .arena = &load->arena,
        .report = &load->report,
        .plugins = load->config.plugins,
        .config = &load->config,
        .root = load->root };
    check_sections(&check);
    check_guest(&check);
    check_plugins(&check);
    host_check(&check);
    check_entries(&check);
    check_log(&check);
    check_firmware(&check);
    check_buses(&check);
    check_irqs(&check);
    check_backend_uses(&check);
    check_plugin_wants(&check);
    entries_hand_over(
        check.arena, check.devices, check.device_count, &load->config.devices, &load->config.device_count);
    entries_hand_over(
        check.arena, check.backends, check.backend_count, &load->config.backends, &load->config.backend_count);
}

struct load *load_machine(const struct config_request *request)
{
    struct load *load = calloc(1, sizeof(*load));
    if (!load) {
        fputs("abbey: out of memory while reading the machine file\n", stderr);
        exit(1);
    }
    load->report.arena = &load->arena;
    struct node *root = files_merge(&load->report, request);
    root = settings_merge(&load->report, request, root);
    if (!root)
        return load;
    load->root = root;
    load->config.plugins = request->plugins;
    if (!request->plugins) {
        load->config.plugins = plugin_set_open(plugin_paths(&load->report, root));
        load->owns_plugins = true;
    }
    machine_check(load);
    return load;
}

void load_free(struct load *load)
{
    if (load->owns_plugins)
        plugin_set_close(load->config.plugins);
    arena_free(&load->arena);
    free(load);
}

/* ---- what the rest of the core calls ---- */

struct config *config_read(const struct config_request *request, FILE *errors)
{
    struct load *load = load_machine(request);
    if (!load->report.count)
        return &load->config;
    report_print(&load->report, errors);
    load_free(load);
    return NULL;
}

struct config *config_load(const char *file, const char *const *settings, unsigned setting_count, FILE *errors)
{
    struct config_request request = { .file = file, .settings = settings, .setting_count = setting_count };
    return config_read(&request, errors);
}

void config_free(struct config *config)
{
    if (config)
        load_free((struct load *)config);
}

const struct config_value *config_value_find(const struct config_node *node, const char *name)
{
    unsigned i = 0;
    while (strcmp(node->values[i].prop->name, name) != 0)
        i++;
    return &node->values[i];
}

int config_check_json(const struct config_request *request, FILE *out)
{
    struct load *load = load_machine(request);
    json_t *list = report_json(&load->report);
    int result = load->report.count ? -1 : 0;
    json_dumpf(list, out, JSON_INDENT(2));
    putc('\n', out);
    json_decref(list);
    load_free(load);
    return result;
}
