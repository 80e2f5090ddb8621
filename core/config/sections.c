#include "core/config/sections.h"

#include <string.h>

#include "core/config/check.h"
#include "core/config/files.h"
#include "core/config/suggest.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ABBEY_SELF struct config
#define KEY(key, field, ...)                                                                                        \
    {                                                                                                               \
        .name = (key), .type = ABBEY_TYPEOF(field), .offset = (uint32_t)offsetof(struct config, field), __VA_ARGS__ \
    }
#define LIST(key, field, ...)                                                                         \
    {                                                                                                 \
        .name = (key), .type = ABBEY_TYPE_STRING, .offset = (uint32_t)offsetof(struct config, field), \
        .flags = SECTION_LIST, __VA_ARGS__                                                            \
    }
#define MB (1 << 20)

// clang-format off
static const abbey_prop top_rows[] = {
    KEY("name",   name,   .text = "machine", .meaning = "what the machine is called in messages"),
    KEY("memory", memory, .flags = ABBEY_PROP_BYTES, .value = 128 * MB, .min = MB, .max = 60LL << 30,
        .meaning = "guest RAM in bytes, whole megabytes"),
    KEY("reboot", reboot, .value = 1, .meaning = "a reset starts the machine anew; false: it ends the run"),
};
static const abbey_prop cpu_rows[] = {
    KEY("model",  cpu_model,  .text = "pentium3", .choices = "pentium,pentium-mmx,pentium2,pentium3,pentium4,host",
        .meaning = "what CPUID says; host: all that this host can run"),
    KEY("engine", cpu_engine, .text = "auto", .choices = "auto,bt,interp", .meaning = "how guest code is run"),
    KEY("cache",  cpu_cache,  .flags = ABBEY_PROP_BYTES, .value = 32 * MB, .min = MB, .max = 1 << 30,
        .meaning = "bytes of translation cache"),
    KEY("debug",  cpu_debug,  .text = "", .meaning = "switches of the engine for tests, with commas"),
    KEY("clock",  clock,      .text = "host", .choices = "host,instructions",
        .meaning = "virtual time follows the host's, or counts instructions, 1 ns each, so that runs repeat exactly"),
};
static const abbey_prop boot_rows[] = {
    KEY("kernel",  boot.kernel,  .flags = ABBEY_PROP_PATH, .meaning = "file to start: bzImage, ELF multiboot or raw binary"),
    KEY("initrd",  boot.initrd,  .flags = ABBEY_PROP_PATH, .meaning = "initial RAM disk, or multiboot module"),
    KEY("cmdline", boot.cmdline, .text = "", .meaning = "the kernel's command line"),
    KEY("format",  boot.format,  .text = "auto", .choices = "auto,linux,multiboot,raw", .meaning = "what the kernel file is"),
    KEY("load",    boot.load,    .value = 0x7c00, .meaning = "raw: physical address that the file is copied to"),
    KEY("entry",   boot.entry,   .meaning = "raw: address of the first instruction; the load address where absent"),
    KEY("mode",    boot.mode,    .text = "real", .choices = "real,protected", .meaning = "raw: CPU mode at the first instruction"),
};
static const abbey_prop host_rows[] = {
    KEY("backend", host_backend, .text = "linux", .meaning = "the hostos plugin that the machine lives on"),
};
static const abbey_prop control_rows[] = {
    KEY("socket", control_socket, .flags = ABBEY_PROP_PATH, .meaning = "UNIX socket that takes commands; none where absent"),
};
static const abbey_prop trace_rows[] = {
    KEY("perf_map",   trace.perf_map,   .flags = ABBEY_PROP_PATH, .meaning = "file that gets the names of translated code, as perf wants it"),
    KEY("system_map", trace.system_map, .flags = ABBEY_PROP_PATH, .meaning = "System.map of the guest's kernel, for these names"),
    KEY("units",      trace.units,      .meaning = "FROM-TO: guest addresses, in hexadecimal, of units to list with guest and host code"),
    KEY("units_file", trace.units_file, .flags = ABBEY_PROP_PATH, .meaning = "where they are listed; on stderr where absent"),
};
static const abbey_prop firmware_rows[] = {
    KEY("bios",      firmware.bios,      .meaning = "image of the firmware: a name such as seabios, or a path with a slash"),
    LIST("boot",     firmware.boot,      .meaning = "ids of the devices to boot from, in this order"),
    KEY("menu",      firmware.menu,      .meaning = "whether a key at the start brings a menu of devices"),
    KEY("menu_wait", firmware.menu_wait, .value = 2500, .max = 60000, .meaning = "milliseconds that it waits for the key"),
    KEY("serial",    firmware.serial,    .meaning = "the machine's serial number, in its SMBIOS tables; up to 64 characters"),
};
static const abbey_prop guest_rows[] = {
    LIST("optimize", optimize, .meaning = "guestopt plugins by name"),
};
static const abbey_prop log_rows[] = {
    KEY("level", log_level, .text = "warn", .choices = "error,warn,info,debug,trace", .meaning = "the least serious messages shown"),
    LIST("trace", log_trace, .meaning = "ids of devices and backends whose trace points are shown at any level"),
};

const struct section sections[] = {
    { NULL,   "a machine",                         top_rows,  COUNT(top_rows) },
    { "cpu",  "the virtual CPU",                   cpu_rows,  COUNT(cpu_rows) },
    { "boot", "direct boot of a kernel, no firmware", boot_rows, COUNT(boot_rows) },
    { "firmware", "the firmware of a machine without boot.kernel", firmware_rows, COUNT(firmware_rows) },
    { "host", "what the machine lives on",         host_rows, COUNT(host_rows) },
    { "guest", "optimizations for the guest's operating system", guest_rows, COUNT(guest_rows) },
    { "control", "the control socket",             control_rows, COUNT(control_rows) },
    { "trace", "what the translator makes",        trace_rows, COUNT(trace_rows) },
    { "log",  "messages on stderr",                log_rows,  COUNT(log_rows) },
};
const unsigned section_count = COUNT(sections);

const struct special_key special_keys[] = {
    { "abbey",    "version of the schema, 1" },
    { "base",     "machine to inherit from: a path relative to this file, or the name of one that Abbey brings" },
    { "plugins",  "where plugins are looked for, and which versions are needed" },
    { "backends", "host resources by id: consoles, files" },
    { "devices",  "virtual hardware by id" },
};
const unsigned special_key_count = COUNT(special_keys);
// clang-format on

static void field_store(struct config *config, const struct config_value *value)
{
    void *field = (char *)config + value->prop->offset;
    uint32_t narrow = (uint32_t)value->integer;
    bool yes = value->integer != 0;
    switch (value->prop->type) {
    case ABBEY_TYPE_STRING: memcpy(field, &value->text, sizeof(value->text)); break;
    case ABBEY_TYPE_U64: memcpy(field, &value->integer, sizeof(value->integer)); break;
    case ABBEY_TYPE_U32: memcpy(field, &narrow, sizeof(narrow)); break;
    case ABBEY_TYPE_BOOL: memcpy(field, &yes, sizeof(yes)); break;
    default: break;
    }
}

static const abbey_prop *row_find(const struct section *section, const char *name)
{
    for (unsigned i = 0; i < section->count; i++)
        if (!strcmp(section->rows[i].name, name))
            return &section->rows[i];
    return NULL;
}

static bool is_special(const char *key)
{
    for (unsigned i = 0; i < special_key_count; i++)
        if (!strcmp(special_keys[i].name, key))
            return true;
    for (unsigned i = 0; i < section_count; i++)
        if (sections[i].name && !strcmp(sections[i].name, key))
            return true;
    return false;
}

static void unknown_key(struct check *check, const struct section *section, const struct node *member)
{
    struct suggestion near = { .wanted = member->key };
    for (unsigned i = 0; i < section->count; i++)
        suggest_offer(&near, section->rows[i].name);
    for (unsigned i = 0; i < special_key_count && !section->name; i++)
        suggest_offer(&near, special_keys[i].name);
    for (unsigned i = 0; i < section_count && !section->name; i++)
        if (sections[i].name)
            suggest_offer(&near, sections[i].name);
    const char *key = arena_clip(check->arena, member->key);
    struct report_item *item =
        section->name
            ? report_error(check->report, member->key_at, "unknown-key", "'%s' has no key '%s'", section->name, key)
            : report_error(check->report, member->key_at, "unknown-key", "a machine file has no key '%s'", key);
    report_nearest(item, near.best);
}

/* A list of texts; what is none of them is left out, with an error. */
static const char **list_read(struct check *check, const struct node *list, const char *what)
{
    unsigned count = 0;
    if (list && list->kind != NODE_LIST && list->kind != NODE_NULL) {
        report_error(check->report, list->at, "wrong-type", "%s is a list, not %s", what, node_kind_name(list));
        list = NULL;
    }
    const char **texts = arena_alloc(check->arena, ((list ? list->count : 0) + 1) * sizeof(char *));
    for (const struct node *item = list ? list->first : NULL; item; item = item->next) {
        if (item->kind == NODE_SCALAR)
            texts[count++] = item->text;
        else
            report_error(check->report, item->at, "wrong-type", "%s lists names, not %s", what, node_kind_name(item));
    }
    return texts;
}

static void section_read(struct check *check, const struct section *section, struct node *map)
{
    if (map && map->kind != NODE_MAP && map->kind != NODE_NULL) {
        report_error(
            check->report, map->at, "wrong-type", "'%s' is a mapping, not %s", section->name, node_kind_name(map));
        map = NULL;
    }
    for (unsigned i = 0; i < section->count; i++) {
        struct config_value value = value_default(&section->rows[i]);
        struct node *node = map ? node_find(map, section->rows[i].name) : NULL;
        const char *key = section->rows[i].name;
        const char *what = section->name ? arena_format(check->arena, "'%s.%s'", section->name, key)
                                         : arena_format(check->arena, "'%s'", key);
        if (section->rows[i].flags & SECTION_LIST) {
            const char **list = list_read(check, node, what);
            memcpy((char *)check->config + section->rows[i].offset, &list, sizeof(list));
            continue;
        }
        if (node && node->kind != NODE_NULL)
            value_read(check->report, node, &section->rows[i], what, &value);
        field_store(check->config, &value);
    }
    for (struct node *member = map ? map->first : NULL; member; member = member->next)
        if (!row_find(section, member->key) && !(!section->name && is_special(member->key)))
            unknown_key(check, section, member);
}

void check_sections(struct check *check)
{
    for (unsigned i = 0; i < section_count; i++)
        section_read(check, &sections[i], sections[i].name ? node_find(check->root, sections[i].name) : check->root);
    struct config *config = check->config;
    struct node *memory = node_find(check->root, "memory"), *boot = node_find(check->root, "boot");
    struct node *name = node_find(check->root, "name");
    if (name && name->kind == NODE_SCALAR && (!*config->name || strchr(config->name, '/')))
        report_error(check->report, name->at, "bad-id", "'name' becomes part of file names: not empty, and no '/'");
    if (memory && config->memory % MB && config->memory >= MB)
        report_error(check->report, memory->at, "out-of-range", "'memory' is a whole number of megabytes, not %s",
            arena_clip(check->arena, memory->text));
    struct node *kernel = boot ? node_find(boot, "kernel") : NULL, *initrd = boot ? node_find(boot, "initrd") : NULL;
    struct node *entry = boot ? node_find(boot, "entry") : NULL;
    if (kernel)
        config->boot.kernel_mark = kernel->at.mark;
    if (initrd)
        config->boot.initrd_mark = initrd->at.mark;
    if (!entry || entry->kind == NODE_NULL)
        config->boot.entry = config->boot.load;
}

/* The items of a list in a section, for whoever checks what they name. */
static struct node *list_items(struct check *check, const char *section, const char *key)
{
    struct node *map = node_find(check->root, section);
    struct node *list = map && map->kind == NODE_MAP ? node_find(map, key) : NULL;
    return list && list->kind == NODE_LIST ? list->first : NULL;
}

void check_guest(struct check *check)
{
    for (struct node *item = list_items(check, "guest", "optimize"); item; item = item->next)
        if (item->kind == NODE_SCALAR && !plugin_guestopt_find(check->plugins, item->text))
            report_error(check->report, item->at, "unknown-plugin", "no plugin of kind guestopt is named '%s'",
                arena_clip(check->arena, item->text));
}

void check_firmware(struct check *check)
{
    struct node *map = node_find(check->root, "firmware");
    struct node *bios = map && map->kind == NODE_MAP ? node_find(map, "bios") : NULL;
    const char *name = check->config->firmware.bios;
    if (bios && bios->kind == NODE_SCALAR) {
        const struct source *source = report_source_of(check->report, bios->at.mark);
        check->config->firmware.bios_mark = bios->at.mark;
        if (strchr(name, '/'))
            check->config->firmware.bios = path_resolve(check->arena, source ? source->dir : NULL, name);
    }
    const char *serial = check->config->firmware.serial;
    struct node *given = map && map->kind == NODE_MAP ? node_find(map, "serial") : NULL;
    if (serial && given && strlen(serial) > CONFIG_SERIAL_MAX)
        report_error(
            check->report, given->at, "out-of-range", "a serial number has at most %u characters", CONFIG_SERIAL_MAX);
    for (struct node *item = list_items(check, "firmware", "boot"); item; item = item->next) {
        if (item->kind != NODE_SCALAR || check->devices_lost ||
            entry_find(check->devices, check->device_count, item->text) != NO_ENTRY)
            continue;
        struct suggestion near = { .wanted = item->text };
        for (unsigned i = 0; i < check->device_count; i++)
            suggest_offer(&near, check->devices[i].node.id);
        struct report_item *error = report_error(check->report, item->at, "no-device",
            "there is no device '%s' to boot from", arena_clip(check->arena, item->text));
        report_nearest(error, near.best);
    }
}

void check_log(struct check *check)
{
    for (struct node *item = list_items(check, "log", "trace"); item; item = item->next) {
        if (item->kind != NODE_SCALAR || check->devices_lost || check->backends_lost ||
            entry_find(check->devices, check->device_count, item->text) != NO_ENTRY ||
            entry_find(check->backends, check->backend_count, item->text) != NO_ENTRY)
            continue;
        struct suggestion near = { .wanted = item->text };
        for (unsigned i = 0; i < check->device_count; i++)
            suggest_offer(&near, check->devices[i].node.id);
        for (unsigned i = 0; i < check->backend_count; i++)
            suggest_offer(&near, check->backends[i].node.id);
        struct report_item *error = report_error(check->report, item->at, "no-device",
            "there is neither a device nor a backend '%s' to trace", arena_clip(check->arena, item->text));
        report_nearest(error, near.best);
    }
}
