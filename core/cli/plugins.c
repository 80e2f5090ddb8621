/* plugins.c - `abbey plugins`: what was found, what was refused and why, and what one of them offers. */
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/cli/plugins.h"
#include "core/plugin/plugins.h"

static const char usage_text[] =
    "usage: abbey plugins list [--json]\n"
    "       abbey plugins describe [--json] NAME\n"
    "       abbey plugins check [OPTION]... FILE.so\n"
    "       abbey plugins new NAME [OPTION]...\n"
    "\n"
    "  list       every plugin file found on $ABBEY_PLUGIN_PATH and in the installed directory, with its version and\n"
    "             plugin interface (ABI); and the files that were refused, each with its reason\n"
    "  describe   the properties, registers, statistics and wiring of a device or backend, or what a plugin offers; "
    "NAME is a "
    "name\n"
    "             that machine files use, or the id of a plugin\n"
    "  check      the tests that every plugin must pass; `abbey plugins check --help` tells more\n"
    "  new        a folder with a plugin to begin with; `abbey plugins new --help` tells more\n"
    "\n"
    "  --json     the same for programs\n";

static const char *type_name(uint32_t type)
{
    static const char *const names[] = { "?", "u8", "u16", "u32", "u64", "i32", "bool", "string", "irq", "char",
        "timer", "blob", "i64", "block", "display", "net" };
    return names[type < sizeof names / sizeof names[0] ? type : 0];
}

static bool is_number(const abbey_prop *prop)
{
    return prop->type != ABBEY_TYPE_STRING && prop->type != ABBEY_TYPE_IRQ && !plugin_backend_kind(prop->type);
}

/* Addresses in hexadecimal: what has 16 bits is a port nearly always. */
static const char *number_text(const abbey_prop *prop, int64_t value, char *text, size_t room)
{
    snprintf(text, room, prop->type == ABBEY_TYPE_U16 && value > 255 ? "0x%" PRIx64 : "%" PRId64, value);
    return text;
}

/* The default, as a machine file would say it; NULL when there is none. */
static const char *default_text(const abbey_prop *prop, char *text, size_t room)
{
    if (prop->flags & ABBEY_PROP_REQUIRED)
        return NULL;
    switch (prop->type) {
    case ABBEY_TYPE_BOOL: return prop->value ? "true" : "false";
    case ABBEY_TYPE_STRING: return prop->text ? prop->text : "none";
    case ABBEY_TYPE_IRQ:
        if (prop->value < 0)
            return "none";
        break;
    default:
        if (plugin_backend_kind(prop->type))
            return prop->text ? prop->text : "none";
        break;
    }
    return number_text(prop, prop->value, text, room);
}

/* ---- list ---- */

static json_t *names_json(const struct plugin *plugin)
{
    json_t *names = json_array();
    for (unsigned i = 0; i < plugin->device_count; i++)
        json_array_append_new(names, json_string(plugin->devices[i].device.name));
    for (unsigned i = 0; i < plugin->backend_count; i++)
        json_array_append_new(names, json_string(plugin->backends[i].backend.name));
    if (plugin->entry.hostos)
        json_array_append_new(names, json_string(plugin->hostos.name));
    if (plugin->entry.guestopt)
        json_array_append_new(names, json_string(plugin->guestopt.name));
    return names;
}

static json_t *plugin_json(const struct plugin *plugin)
{
    if (plugin->refusal)
        return json_pack("{s:s, s:s, s:s}", "path", plugin->path, "status", "refused", "reason", plugin->refusal);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s?, s:[ii], s:o}", "path", plugin->path, "status", "ok", "id",
        plugin->entry.id, "kind", plugin->kind, "version", plugin->entry.version, "license", plugin->entry.license,
        "abi", (int)plugin->entry.abi_major, (int)plugin->entry.abi_minor, "names", names_json(plugin));
}

static void list_json(const struct plugin_set *set)
{
    json_t *paths = json_array(), *plugins = json_array();
    for (unsigned i = 0; i < set->path_count; i++)
        json_array_append_new(paths, json_string(set->paths[i]));
    for (unsigned i = 0; i < set->count; i++)
        json_array_append_new(plugins, plugin_json(&set->plugins[i]));
    json_t *root = json_pack(
        "{s:[ii], s:o, s:o}", "abi", (int)ABBEY_ABI_MAJOR, (int)ABBEY_ABI_MINOR, "searched", paths, "plugins", plugins);
    json_dumpf(root, stdout, JSON_INDENT(2));
    putchar('\n');
    json_decref(root);
}

static void name_line(const struct plugin *plugin, const char *kind, const char *name, const char *summary)
{
    printf("%-8s  %-16s  %-8s  %u.%-3u  %-28s  %s\n", kind, name, plugin->entry.version, plugin->entry.abi_major,
        plugin->entry.abi_minor, plugin->entry.id, summary ? summary : "");
}

static void list_text(const struct plugin_set *set)
{
    unsigned refused = 0;
    printf("%-8s  %-16s  %-8s  %-5s  %-28s  %s\n", "KIND", "NAME", "VERSION", "ABI", "PLUGIN", "WHAT IT IS");
    for (unsigned i = 0; i < set->count; i++) {
        const struct plugin *p = &set->plugins[i];
        refused += p->refusal != NULL;
        if (p->refusal)
            continue;
        for (unsigned k = 0; k < p->device_count; k++)
            name_line(p, "device", p->devices[k].device.name, p->devices[k].device.summary);
        for (unsigned k = 0; k < p->backend_count; k++)
            name_line(p, "backend", p->backends[k].backend.name, p->backends[k].backend.summary);
        if (p->entry.hostos)
            name_line(p, "hostos", p->hostos.name, p->hostos.summary);
        if (p->entry.guestopt)
            name_line(p, "guestopt", p->guestopt.name, p->guestopt.summary);
    }
    if (refused)
        puts("\nrefused:");
    for (unsigned i = 0; i < set->count; i++)
        if (set->plugins[i].refusal)
            printf("  %s\n", set->plugins[i].refusal);
    puts("\nsearched:");
    for (unsigned i = 0; i < set->path_count; i++)
        printf("  %s\n", set->paths[i]);
}

/* ---- describe ---- */

static json_t *props_json(const abbey_table *table)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < table->count; i++) {
        const abbey_prop *p = (const abbey_prop *)table->rows + i;
        json_t *row = json_pack("{s:s, s:s, s:s, s:b}", "name", p->name, "type", type_name(p->type), "meaning",
            p->meaning, "required", (p->flags & ABBEY_PROP_REQUIRED) != 0);
        if (!(p->flags & ABBEY_PROP_REQUIRED)) {
            json_t *value = p->type == ABBEY_TYPE_BOOL                                     ? json_boolean(p->value != 0)
                            : is_number(p) || (p->type == ABBEY_TYPE_IRQ && p->value >= 0) ? json_integer(p->value)
                            : p->text && p->type != ABBEY_TYPE_IRQ                         ? json_string(p->text)
                                                                                           : json_null();
            json_object_set_new(row, "default", value);
        }
        if (is_number(p) && (p->min || p->max)) {
            json_object_set_new(row, "min", json_integer(p->min));
            if (p->max)
                json_object_set_new(row, "max", json_integer(p->max));
        }
        if (p->choices)
            json_object_set_new(row, "choices", json_string(p->choices));
        json_array_append_new(list, row);
    }
    return list;
}

static void props_text(const abbey_table *table)
{
    if (table->count)
        puts("\nproperties:");
    for (uint32_t i = 0; i < table->count; i++) {
        const abbey_prop *p = (const abbey_prop *)table->rows + i;
        char text[32], low[32], high[32];
        const char *value = default_text(p, text, sizeof text);
        printf("  %-12s %-7s %s\n", p->name, type_name(p->type), p->meaning);
        printf("  %-12s %-7s %s%s", "", "", value ? "default " : "required", value ? value : "");
        if (is_number(p) && p->type != ABBEY_TYPE_BOOL && p->max)
            printf(", %s to %s", number_text(p, p->min, low, sizeof low), number_text(p, p->max, high, sizeof high));
        if (p->choices)
            printf(", one of %s", p->choices);
        putchar('\n');
    }
}

static json_t *device_json(const struct plugin_device *d)
{
    json_t *regs = json_array();
    for (uint32_t i = 0; i < d->device.regs.count; i++) {
        const abbey_reg *r = (const abbey_reg *)d->device.regs.rows + i;
        json_array_append_new(
            regs, json_pack("{s:s, s:s, s:i}", "name", r->name, "type", type_name(r->type), "bytes", (int)r->bytes));
    }
    json_t *stats = json_array();
    for (uint32_t i = 0; i < d->device.stats.count; i++) {
        const abbey_stat *s = (const abbey_stat *)d->device.stats.rows + i;
        json_array_append_new(
            stats, json_pack("{s:s, s:i, s:s}", "name", s->name, "bytes", (int)s->bytes, "meaning", s->meaning));
    }
    return json_pack("{s:s, s:s, s:s, s:s?, s:s?, s:i, s:i, s:s, s:s, s:o, s:o, s:o}", "kind", "device", "name",
        d->device.name, "summary", d->device.summary, "bus", d->device.bus, "provides", d->device.provides,
        "irq_inputs", (int)d->device.irq_inputs, "state_version", (int)d->device.state_version, "plugin",
        d->plugin->entry.id, "path", d->plugin->path, "properties", props_json(&d->device.props), "registers", regs,
        "statistics", stats);
}

static void device_text(const struct plugin_device *d)
{
    printf("device %s: %s\n", d->device.name, d->device.summary);
    printf("from %s %s (ABI %u.%u), %s\n", d->plugin->entry.id, d->plugin->entry.version, d->plugin->entry.abi_major,
        d->plugin->entry.abi_minor, d->plugin->path);
    printf("sits on %s%s", d->device.bus ? "bus " : "the board", d->device.bus ? d->device.bus : "");
    if (d->device.provides)
        printf("; provides bus %s", d->device.provides);
    if (d->device.irq_inputs)
        printf("; has %u interrupt inputs%s", d->device.irq_inputs, d->device.isa_lines ? ", the ISA lines" : "");
    putchar('\n');
    props_text(&d->device.props);
    if (d->device.regs.count)
        printf("\nregisters, state version %u:\n", d->device.state_version);
    for (uint32_t i = 0; i < d->device.regs.count; i++) {
        const abbey_reg *r = (const abbey_reg *)d->device.regs.rows + i;
        printf("  %-20s %s", r->name, type_name(r->type));
        if (r->type == ABBEY_TYPE_BLOB)
            printf(" of %u bytes", r->bytes);
        printf("%s\n", r->flags & ABBEY_REG_KEEP ? ", kept through a reset" : "");
    }
    if (d->device.stats.count)
        puts("\nstatistics:");
    for (uint32_t i = 0; i < d->device.stats.count; i++) {
        const abbey_stat *s = (const abbey_stat *)d->device.stats.rows + i;
        printf("  %-20s u%u  %s\n", s->name, 8 * s->bytes, s->meaning);
    }
}

static json_t *backend_json(const struct plugin_backend *b)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o}", "kind", "backend", "name", b->backend.name, "summary",
        b->backend.summary, "offers", b->backend.kind, "plugin", b->plugin->entry.id, "path", b->plugin->path,
        "properties", props_json(&b->backend.props));
}

static void backend_text(const struct plugin_backend *b)
{
    printf("backend %s: %s\nfrom %s %s (ABI %u.%u), %s\noffers the interface %s\n", b->backend.name, b->backend.summary,
        b->plugin->entry.id, b->plugin->entry.version, b->plugin->entry.abi_major, b->plugin->entry.abi_minor,
        b->plugin->path, b->backend.kind);
    props_text(&b->backend.props);
}

static void plugin_text(const struct plugin *p)
{
    printf("plugin %s %s (ABI %u.%u), %s, %s\n", p->entry.id, p->entry.version, p->entry.abi_major, p->entry.abi_minor,
        p->entry.license ? p->entry.license : "no license named", p->path);
    for (unsigned k = 0; k < p->device_count; k++)
        printf("  device %s: %s\n", p->devices[k].device.name, p->devices[k].device.summary);
    for (unsigned k = 0; k < p->backend_count; k++)
        printf("  backend %s: %s\n", p->backends[k].backend.name, p->backends[k].backend.summary);
    if (p->entry.hostos)
        printf("  hostos %s: %s\n", p->hostos.name, p->hostos.summary ? p->hostos.summary : "");
    if (p->entry.guestopt)
        printf("  guestopt %s: %s\n", p->guestopt.name, p->guestopt.summary ? p->guestopt.summary : "");
    if (p->entry.requires)
        printf("  requires %s\n", p->entry.requires);
    if (p->entry.optional)
        printf("  may use %s\n", p->entry.optional);
}

static const struct plugin *plugin_by_id(const struct plugin_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++)
        if (!set->plugins[i].refusal && strcmp(set->plugins[i].entry.id, name) == 0)
            return &set->plugins[i];
    return NULL;
}

static int describe(const struct plugin_set *set, const char *name, bool json)
{
    const struct plugin_device *device = plugin_device_find(set, name);
    const struct plugin_backend *backend = plugin_backend_find(set, name);
    const struct plugin *plugin = plugin_hostos_find(set, name), *guestopt = plugin_guestopt_find(set, name);
    if (!plugin) {
        plugin = guestopt ? guestopt : plugin_by_id(set, name);
        guestopt = NULL;
    }
    if (!device && !backend && !plugin) {
        fprintf(stderr, "abbey plugins: nothing is named '%s'; `abbey plugins list` shows what there is\n", name);
        for (unsigned i = 0; i < set->count; i++)
            if (set->plugins[i].refusal && strstr(set->plugins[i].path, name))
                fprintf(stderr, "refused: %s\n", set->plugins[i].refusal);
        return CLI_FAILED;
    }
    if (json) {
        json_t *root = device ? device_json(device) : backend ? backend_json(backend) : plugin_json(plugin);
        json_dumpf(root, stdout, JSON_INDENT(2));
        putchar('\n');
        json_decref(root);
    } else if (device) {
        device_text(device);
    } else if (backend) {
        backend_text(backend);
    } else {
        plugin_text(plugin);
        if (guestopt) /* a host and a guest may have one name */
            plugin_text(guestopt);
    }
    return CLI_OK;
}

static int usage_error(const char *text)
{
    fprintf(stderr, "abbey plugins: %s\n%s", text, usage_text);
    return CLI_USAGE;
}

int cli_plugins(int argc, char **argv)
{
    static const struct option options[] = { { "json", no_argument, NULL, 'j' }, { "help", no_argument, NULL, 'h' },
        { 0 } };
    bool json = false;
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return cli_plugins_check(argc - 1, argv + 1);
    if (argc > 1 && strcmp(argv[1], "new") == 0)
        return cli_plugins_new(argc - 1, argv + 1);
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        if (c == 'h') {
            fputs(usage_text, stdout);
            return CLI_OK;
        }
        if (c != 'j')
            return usage_error("see the usage");
        json = true;
    }
    const char *verb = optind < argc ? argv[optind] : "";
    const char *name = optind + 1 < argc ? argv[optind + 1] : NULL;
    bool listing = strcmp(verb, "list") == 0;
    if (!listing && strcmp(verb, "describe") != 0)
        return usage_error(*verb ? "there is list, describe, check, and new" : "list, describe, check, or new?");
    if (argc - optind != (listing ? 1 : 2))
        return usage_error(listing ? "list takes no argument" : "describe takes one name");
    struct plugin_set *set = plugin_set_open(NULL);
    int status = CLI_OK;
    if (!set)
        status = CLI_FAILED;
    else if (!listing)
        status = describe(set, name, json);
    else
        (json ? list_json : list_text)(set);
    plugin_set_close(set);
    return status;
}
