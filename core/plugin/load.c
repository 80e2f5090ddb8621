/* load.c - one file: is it a plugin, for this ABI, that can be loaded, with something in it?
 *
 * Four refusals, each with the path, the numbers and the remedy (ABI rule 3). What can be told from the bytes of the
 * file is told before dlopen(), so that no code of a refused file runs: not a plugin, wrong ABI. Only the last two
 * steps, the loader's own verdict and the look at the tables, need it loaded. */
#define _GNU_SOURCE /* dladdr() */
#include "core/plugin/load.h"
#include "core/plugin/elf.h"

#include <dlfcn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"

bool plugin_refuse(struct plugin *plugin, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    size_t room = strlen(plugin->path) + strlen(text) + 3;
    if (!plugin->refusal && (plugin->refusal = malloc(room)))
        snprintf(plugin->refusal, room, "%s: %s", plugin->path, text);
    return false;
}

/* The test of ABI rule 2. Takes numbers, so that it can be made on the bytes of a file. */
static bool abi_good(struct plugin *plugin, uint32_t magic, uint32_t size, uint32_t major, uint32_t minor)
{
    if (magic != ABBEY_MAGIC)
        return plugin_refuse(plugin,
            "not a plugin: '" ABBEY_PLUGIN_SYMBOL "' starts with %08x where a plugin has %08x; define it with "
            "ABBEY_PLUGIN() of <abbey/plugin.h>",
            magic, ABBEY_MAGIC);
    if (major != ABBEY_ABI_MAJOR || minor > ABBEY_ABI_MINOR) {
        bool newer = major > ABBEY_ABI_MAJOR || (major == ABBEY_ABI_MAJOR && minor > ABBEY_ABI_MINOR);
        return plugin_refuse(plugin, "wrong ABI: built for plugin ABI %u.%u, this abbey (%s) has %u.%u; %s", major,
            minor, PACKAGE_VERSION, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR,
            newer ? "update abbey, or build the plugin with this abbey's SDK"
                  : "update the plugin, or build it with this abbey's SDK");
    }
    if (size < offsetof(abbey_plugin, version) + sizeof(char *))
        return plugin_refuse(
            plugin, "not a plugin: its descriptor of %u bytes is too short to hold id and version", size);
    return true;
}

static bool open_file(struct plugin *plugin, const struct elf_symbol *symbol)
{
    plugin->handle = dlopen(plugin->path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->handle) {
        const char *reason = dlerror();
        return plugin_refuse(plugin,
            "cannot load: %s; install what it needs, or link it with -Wl,-z,defs to see what is "
            "missing",
            reason ? reason : "no reason given");
    }
    const abbey_plugin *entry = dlsym(plugin->handle, ABBEY_PLUGIN_SYMBOL);
    if (!entry)
        return plugin_refuse(plugin, "not a plugin: '" ABBEY_PLUGIN_SYMBOL "' has gone since the file was first read");
    plugin_accept(plugin, entry, symbol->size);
    return !plugin->refusal;
}

void plugin_load(struct plugin *plugin)
{
    struct elf_symbol symbol;
    uint32_t head[4];
    char why[80];
    if (!elf_find(plugin->path, ABBEY_PLUGIN_SYMBOL, &symbol, why, sizeof why)) {
        plugin_refuse(plugin, "not a plugin: %s; remove it, or build the plugin again", why);
    } else if (!symbol.found || symbol.size < sizeof head) {
        plugin_refuse(plugin,
            "not a plugin: it does not export '" ABBEY_PLUGIN_SYMBOL "'; define it with ABBEY_PLUGIN() of "
            "<abbey/plugin.h>, and keep other libraries out of plugin directories");
    } else {
        memcpy(head, symbol.bytes, sizeof head);
        if (abi_good(plugin, head[0], head[1], head[2], head[3]))
            open_file(plugin, &symbol);
    }
}

static bool entry_good(struct plugin *plugin)
{
    const abbey_plugin *e = &plugin->entry;
    char unknown[104];
    if (!e->id || !plugin_name_good(e->id) || !strchr(e->id, '.'))
        return plugin_refuse(plugin,
            "bad descriptor: its id '%.64s' is not a reverse domain name like org.example.doorbell",
            e->id ? e->id : "");
    unsigned a, b, c;
    if (!e->version || sscanf(e->version, "%u.%u.%u", &a, &b, &c) != 3)
        return plugin_refuse(plugin, "bad descriptor: version '%.64s' of '%s' is not MAJOR.MINOR.PATCH",
            e->version ? e->version : "", e->id);
    if (plugin_unknown_interface(e->requires, unknown, sizeof unknown))
        return plugin_refuse(plugin,
            "wrong ABI: '%s' requires the interface '%s', which this abbey (%s, ABI %u.%u) does not "
            "have; the plugin is of ABI %u.%u; update abbey",
            e->id, unknown, PACKAGE_VERSION, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR, e->abi_major, e->abi_minor);
    if (!e->device && !e->devices.count && !e->backends.count && !e->hostos && !e->guestopt)
        return plugin_refuse(plugin,
            "wrong kind: '%s' has 0 devices, 0 backends, no hostos and no guestopt that abbey "
            "knows of; set one of .device, .devices, .backends, .hostos, .guestopt in ABBEY_PLUGIN()",
            e->id);
    if (e->hostos && (!plugin->hostos.name || !plugin_name_good(plugin->hostos.name) || !plugin->hostos.query))
        return plugin_refuse(plugin, "bad descriptor: the hostos of '%s' has no good name or no query()", e->id);
    if (e->guestopt && (!plugin->guestopt.name || !plugin_name_good(plugin->guestopt.name)))
        return plugin_refuse(plugin, "bad descriptor: the guestopt of '%s' has no good name", e->id);
    return true;
}

void plugin_accept(struct plugin *plugin, const abbey_plugin *entry, uint64_t room)
{
    if (!abi_good(plugin, entry->magic, entry->size, entry->abi_major, entry->abi_minor))
        return;
    if (entry->size > room) {
        plugin_refuse(
            plugin, "bad descriptor: it says it has %u bytes and has %llu", entry->size, (unsigned long long)room);
        return;
    }
    abbey_plugin *e = &plugin->entry;
    if (!plugin_copy_struct(e, sizeof *e, entry, entry->size) ||
        (e->hostos && !plugin_copy_struct(&plugin->hostos, sizeof plugin->hostos, e->hostos, e->hostos->size)) ||
        (e->guestopt &&
            !plugin_copy_struct(&plugin->guestopt, sizeof plugin->guestopt, e->guestopt, e->guestopt->size))) {
        plugin_refuse(plugin,
            "wrong ABI: its descriptor uses fields that this abbey (%s, ABI %u.%u) does not know, though "
            "it says ABI %u.%u; update abbey",
            PACKAGE_VERSION, ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR, entry->abi_major, entry->abi_minor);
        return;
    }
    if (!entry_good(plugin))
        return;
    if (e->hostos)
        e->hostos = &plugin->hostos;
    if (e->guestopt)
        e->guestopt = &plugin->guestopt;
    plugin->kind = e->device || e->devices.count ? "device" : e->hostos || e->backends.count ? "hostos" : "guestopt";
    if (!plugin_copy_devices(plugin))
        return;
    plugin_copy_backends(plugin);
}

const struct plugin *plugin_of_code(const struct plugin_set *set, uint64_t address, uint64_t *offset)
{
    Dl_info of_address, of_plugin;
    if (!dladdr((const void *)(uintptr_t)address, &of_address))
        return NULL;
    for (unsigned i = 0; i < set->count; i++) {
        const struct plugin *p = &set->plugins[i];
        const void *entry = p->handle ? dlsym(p->handle, ABBEY_PLUGIN_SYMBOL) : NULL;
        if (entry && dladdr(entry, &of_plugin) && of_plugin.dli_fbase == of_address.dli_fbase) {
            *offset = address - (uint64_t)(uintptr_t)of_plugin.dli_fbase;
            return p;
        }
    }
    return NULL;
}

void plugin_unload(struct plugin *plugin)
{
    for (unsigned i = 0; i < plugin->device_count; i++) {
        free((void *)plugin->devices[i].device.props.rows);
        free((void *)plugin->devices[i].device.regs.rows);
        free((void *)plugin->devices[i].device.stats.rows);
    }
    for (unsigned i = 0; i < plugin->backend_count; i++)
        free((void *)plugin->backends[i].backend.props.rows);
    free(plugin->devices);
    free(plugin->backends);
    if (plugin->handle)
        dlclose(plugin->handle);
    free(plugin->refusal);
    free(plugin->path);
}
