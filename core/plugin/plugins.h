/* plugins.h - finding, loading and refusing plugins.
 *
 * A set holds every plugin file found on a search path, accepted or refused with its reason. Descriptors are copied
 * into the core's own row size (ABI rule 4), so the rest of the core reads plain arrays. */
#ifndef ABBEY_CORE_PLUGINS_H
#define ABBEY_CORE_PLUGINS_H

#include <stdbool.h>

#include <abbey/plugin.h>

/* A device kind with its tables as plain arrays of this host's row size. */
struct plugin_device {
    abbey_device device; /* .props.rows and .regs.rows point to normalized copies */
    const struct plugin *plugin;
};
struct plugin_backend {
    abbey_backend backend;
    const struct plugin *plugin;
};

struct plugin {
    char *path;
    void *handle;        /* of dlopen() */
    abbey_plugin entry;  /* copied; zero when refused before it could be read */
    abbey_hostos hostos; /* what entry.hostos points to, in this host's size */
    abbey_guestopt guestopt;
    const char *kind; /* "device", "hostos", "guestopt"; several kinds: the first that applies */
    char *refusal;    /* NULL when accepted; else a sentence with path, both numbers, the remedy */
    struct plugin_device *devices;
    unsigned device_count;
    struct plugin_backend *backends;
    unsigned backend_count;
};

struct plugin_set {
    struct plugin *plugins; /* sorted by path */
    unsigned count;
    char **paths; /* the directories searched, in order */
    unsigned path_count;
};

/* Searches, in order: `extra` (NULL-terminated, may be NULL), $ABBEY_PLUGIN_PATH (colon-separated), and the installed
 * directory. Never fails: a directory that cannot be read is simply empty. Two plugins with one id: the first wins, the
 * other is refused by name. */
struct plugin_set *plugin_set_open(const char *const *extra);
void plugin_set_close(struct plugin_set *set);

/* By the name that a machine file uses; NULL when there is none. */
const struct plugin_device *plugin_device_find(const struct plugin_set *set, const char *name);
const struct plugin_backend *plugin_backend_find(const struct plugin_set *set, const char *name);
const struct plugin *plugin_hostos_find(const struct plugin_set *set, const char *name);
const struct plugin *plugin_guestopt_find(const struct plugin_set *set, const char *name);

/* The plugin in whose file the code at a host address lies, and where in it; NULL when it is in none. */
const struct plugin *plugin_of_code(const struct plugin_set *set, uint64_t address, uint64_t *offset);

/* The kind of backend ("char") that a property of this type names; NULL when it names none. */
const char *plugin_backend_kind(uint32_t type);

/* Loads one file, as plugin_set_open() would; for `abbey plugins check` and the author's bench. */
struct plugin_set *plugin_set_open_file(const char *path);

/* Adds a plugin that is part of the program (the stand-ins of the bench), checked like any other; `name` takes the
 * place of its path. False when it was refused. Pointers into the set from before the call are no longer good. */
bool plugin_set_add(struct plugin_set *set, const abbey_plugin *entry, const char *name);

/* Rule 4 for one struct: copies min(size, host_size), the rest zero; false when longer with bytes other than zero. */
bool plugin_copy_struct(void *to, uint64_t host_size, const void *from, uint64_t size);
/* Replaces the arguments of a command, rows over a struct of `size` bytes, by a checked copy in rows of this host's
 * size, which the caller frees. False with the reason, in which `what` names the command. */
bool plugin_copy_args(const char *what, abbey_table *args, uint64_t size, abbey_error *error);
/* Names that stand in machine files: letters, digits, `-`, `_`, `.`, at most 63. */
bool plugin_name_good(const char *name);

#endif
