/* plugins.c - the set of plugins: where they are looked for, and which of two that want one name gets it. */
#include "core/plugin/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLUGIN_LIMIT 1024u

/* Takes ownership of `path`. NULL, with it freed, when memory is short. */
static struct plugin *set_append(struct plugin_set *set, char *path)
{
    struct plugin *grown = path ? realloc(set->plugins, (set->count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return NULL;
    }
    set->plugins = grown;
    struct plugin *p = &grown[set->count++];
    *p = (struct plugin){ .path = path };
    return p;
}

/* The array moves while it grows and is sorted: the rows' way back is set at the end. */
static void set_relink(struct plugin_set *set)
{
    for (unsigned i = 0; i < set->count; i++) {
        struct plugin *p = &set->plugins[i];
        for (unsigned k = 0; k < p->device_count; k++)
            p->devices[k].plugin = p;
        for (unsigned k = 0; k < p->backend_count; k++)
            p->backends[k].plugin = p;
        if (p->entry.hostos)
            p->entry.hostos = &p->hostos;
        if (p->entry.guestopt)
            p->entry.guestopt = &p->guestopt;
    }
}

/* One name may be offered once, within a plugin and among all; the first that was found keeps it. */
static void set_clashes(const struct plugin_set *set, struct plugin *p)
{
    for (unsigned i = 0; i < set->count && !p->refusal; i++) {
        const struct plugin *o = &set->plugins[i];
        if (o == p || o->refusal)
            continue;
        if (strcmp(o->entry.id, p->entry.id) == 0) {
            plugin_refuse(p, "another plugin '%s' (version %s) was found first: %s (version %s); remove one",
                p->entry.id, p->entry.version, o->path, o->entry.version);
            return;
        }
        for (unsigned k = 0; k < p->device_count; k++)
            for (unsigned n = 0; n < o->device_count; n++)
                if (strcmp(p->devices[k].device.name, o->devices[n].device.name) == 0)
                    plugin_refuse(p, "its device '%s' is already offered by '%s' (%s); remove one",
                        p->devices[k].device.name, o->entry.id, o->path);
        for (unsigned k = 0; k < p->backend_count; k++)
            for (unsigned n = 0; n < o->backend_count; n++)
                if (strcmp(p->backends[k].backend.name, o->backends[n].backend.name) == 0)
                    plugin_refuse(p, "its backend '%s' is already offered by '%s' (%s); remove one",
                        p->backends[k].backend.name, o->entry.id, o->path);
        if (p->entry.hostos && o->entry.hostos && strcmp(p->hostos.name, o->hostos.name) == 0)
            plugin_refuse(p, "its host backend '%s' is already offered by '%s' (%s); remove one", p->hostos.name,
                o->entry.id, o->path);
        if (p->entry.guestopt && o->entry.guestopt && strcmp(p->guestopt.name, o->guestopt.name) == 0)
            plugin_refuse(p, "its guest optimization '%s' is already offered by '%s' (%s); remove one",
                p->guestopt.name, o->entry.id, o->path);
    }
    for (unsigned k = 0; k < p->device_count && !p->refusal; k++)
        for (unsigned n = 0; n < k; n++)
            if (strcmp(p->devices[k].device.name, p->devices[n].device.name) == 0)
                plugin_refuse(p, "bad descriptor: it offers two devices '%s'", p->devices[k].device.name);
    for (unsigned k = 0; k < p->backend_count && !p->refusal; k++)
        for (unsigned n = 0; n < k; n++)
            if (strcmp(p->backends[k].backend.name, p->backends[n].backend.name) == 0)
                plugin_refuse(p, "bad descriptor: it offers two backends '%s'", p->backends[k].backend.name);
}

static void set_load(struct plugin_set *set, char *path)
{
    struct plugin *p = set_append(set, path);
    if (!p)
        return;
    plugin_load(p);
    if (!p->refusal)
        set_clashes(set, p);
}

static int names_compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *path_join(const char *directory, const char *name)
{
    size_t room = strlen(directory) + strlen(name) + 2;
    char *path = malloc(room);
    if (path)
        snprintf(path, room, "%s/%s", directory, name);
    return path;
}

/* Loads every regular file NAME.so of a directory, by name, so that two runs agree which of two twins wins. */
static void set_scan(struct plugin_set *set, const char *directory)
{
    DIR *dir = opendir(directory);
    if (!dir)
        return;
    char **names = NULL;
    unsigned count = 0;
    for (struct dirent *entry; (entry = readdir(dir)) && count < PLUGIN_LIMIT;) {
        size_t length = strlen(entry->d_name);
        struct stat status;
        if (length < 4 || strcmp(entry->d_name + length - 3, ".so") != 0)
            continue;
        char *path = path_join(directory, entry->d_name);
        char **grown = path && stat(path, &status) == 0 && S_ISREG(status.st_mode)
                           ? realloc(names, (count + 1) * sizeof *names)
                           : NULL;
        if (!grown) {
            free(path);
            continue;
        }
        names = grown;
        names[count++] = path;
    }
    closedir(dir);
    if (count)
        qsort(names, count, sizeof *names, names_compare);
    for (unsigned i = 0; i < count; i++)
        set_load(set, names[i]);
    free(names);
}

/* Searches a directory unless it was searched already under whatever name. Without a directory of that name it is
 * still listed, so that "where it looked" is the truth. */
static void set_search(struct plugin_set *set, const char *directory)
{
    char *real = *directory ? realpath(directory, NULL) : NULL;
    char *path = real ? real : strdup(directory);
    for (unsigned i = 0; path && i < set->path_count; i++)
        if (strcmp(set->paths[i], path) == 0) {
            free(path);
            return;
        }
    char **grown = path && *path ? realloc(set->paths, (set->path_count + 1) * sizeof *grown) : NULL;
    if (!grown) {
        free(path);
        return;
    }
    set->paths = grown;
    set->paths[set->path_count++] = path;
    set_scan(set, path);
}

static int plugins_compare(const void *a, const void *b)
{
    return strcmp(((const struct plugin *)a)->path, ((const struct plugin *)b)->path);
}

struct plugin_set *plugin_set_open(const char *const *extra)
{
    struct plugin_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    for (; extra && *extra; extra++)
        set_search(set, *extra);
    const char *list = getenv("ABBEY_PLUGIN_PATH");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        char *directory = strndup(list, length);
        if (directory)
            set_search(set, directory);
        free(directory);
        list += length + (list[length] == ':');
    }
    set_search(set, ABBEY_PLUGIN_DIR);
    if (set->count)
        qsort(set->plugins, set->count, sizeof *set->plugins, plugins_compare);
    set_relink(set);
    return set;
}

struct plugin_set *plugin_set_open_file(const char *path)
{
    struct plugin_set *set = calloc(1, sizeof *set);
    if (!set)
        return NULL;
    /* Without a slash dlopen() would look in the directories of libraries. */
    set_load(set, strchr(path, '/') ? strdup(path) : path_join(".", path));
    set_relink(set);
    return set;
}

bool plugin_set_add(struct plugin_set *set, const abbey_plugin *entry, const char *name)
{
    struct plugin *p = set_append(set, strdup(name));
    if (!p)
        return false;
    plugin_accept(p, entry, entry->size);
    if (!p->refusal)
        set_clashes(set, p);
    bool accepted = !p->refusal;
    qsort(set->plugins, set->count, sizeof *set->plugins, plugins_compare);
    set_relink(set);
    return accepted;
}

void plugin_set_close(struct plugin_set *set)
{
    if (!set)
        return;
    for (unsigned i = 0; i < set->count; i++)
        plugin_unload(&set->plugins[i]);
    for (unsigned i = 0; i < set->path_count; i++)
        free(set->paths[i]);
    free(set->plugins);
    free(set->paths);
    free(set);
}

const struct plugin_device *plugin_device_find(const struct plugin_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned k = 0; !set->plugins[i].refusal && k < set->plugins[i].device_count; k++)
            if (strcmp(set->plugins[i].devices[k].device.name, name) == 0)
                return &set->plugins[i].devices[k];
    return NULL;
}

const struct plugin_backend *plugin_backend_find(const struct plugin_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++)
        for (unsigned k = 0; !set->plugins[i].refusal && k < set->plugins[i].backend_count; k++)
            if (strcmp(set->plugins[i].backends[k].backend.name, name) == 0)
                return &set->plugins[i].backends[k];
    return NULL;
}

const struct plugin *plugin_hostos_find(const struct plugin_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct plugin *p = &set->plugins[i];
        if (!p->refusal && p->entry.hostos && strcmp(p->hostos.name, name) == 0)
            return p;
    }
    return NULL;
}

const struct plugin *plugin_guestopt_find(const struct plugin_set *set, const char *name)
{
    for (unsigned i = 0; i < set->count; i++) {
        const struct plugin *p = &set->plugins[i];
        if (!p->refusal && p->entry.guestopt && strcmp(p->guestopt.name, name) == 0)
            return p;
    }
    return NULL;
}
