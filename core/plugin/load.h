/* load.h - inside core/plugin: from a file to an accepted or refused `struct plugin`. */
#ifndef ABBEY_CORE_PLUGIN_LOAD_H
#define ABBEY_CORE_PLUGIN_LOAD_H

#include "core/plugin/plugins.h"

/* Loads plugin->path; sets plugin->refusal when it is refused. */
void plugin_load(struct plugin *plugin);

/* Copies and checks a descriptor that is already in memory, `room` bytes of it readable. */
void plugin_accept(struct plugin *plugin, const abbey_plugin *entry, uint64_t room);

/* Records the first reason for which the plugin is refused; always false. */
__attribute__((format(printf, 2, 3))) bool plugin_refuse(struct plugin *plugin, const char *format, ...);

/* Frees what the plugin holds, the shared object last. */
void plugin_unload(struct plugin *plugin);

/* Copies tables of the entry into rows of this host's size; false after plugin_refuse(). */
bool plugin_copy_devices(struct plugin *plugin);
bool plugin_copy_backends(struct plugin *plugin);

/* Whether a row table makes sense for an instance struct of `self_size` bytes; false after plugin_refuse(). `what`
 * names the owner: "device 'x'". */
bool plugin_check_props(struct plugin *plugin, const char *what, const abbey_table *props, uint64_t self_size);
bool plugin_check_regs(struct plugin *plugin, const char *what, const abbey_table *regs, uint64_t self_size);
/* The same for the statistics of a device, whose other tables are good: they share no bytes with those. */
bool plugin_check_stats(struct plugin *plugin, const char *what, const abbey_device *device);

/* The first of the space-separated interface ids that no board offers; copied to `id`. */
bool plugin_unknown_interface(const char *ids, char *id, size_t room);

#endif
