#include "tests/unit/plugin_rig.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const abbey_plugin *plugin_open(const char *file)
{
    const char *build = getenv("ABBEY_BUILDDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/plugins/%s", build ? build : ".", file);
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    return handle ? dlsym(handle, ABBEY_PLUGIN_SYMBOL) : NULL;
}

const abbey_plugin *plugin_need(const char *file)
{
    const abbey_plugin *plugin = plugin_open(file);
    if (!plugin) {
        printf("Bail out! %s\n", dlerror());
        exit(99);
    }
    return plugin;
}

const abbey_backend *plugin_backend(const abbey_plugin *plugin, const char *name)
{
    const abbey_backend *rows = plugin->backends.rows;
    for (uint32_t i = 0; i < plugin->backends.count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    printf("Bail out! there is no backend '%s'\n", name);
    exit(99);
}

/* NULL as the text is the default. */
static void prop_set(void *self, const abbey_prop *prop, const char *text)
{
    void *field = (char *)self + prop->offset;
    if (prop->type == ABBEY_TYPE_STRING)
        memcpy(field, text ? &text : &prop->text, sizeof text);
    else if (prop->type == ABBEY_TYPE_BOOL)
        *(_Bool *)field = text ? strcmp(text, "true") == 0 : prop->value != 0;
    else if (prop->type == ABBEY_TYPE_U32)
        *(uint32_t *)field = text ? (uint32_t)atoi(text) : (uint32_t)prop->value;
}

static const abbey_prop *prop_find(const abbey_backend *backend, const char *name)
{
    const abbey_prop *props = backend->props.rows;
    for (uint32_t i = 0; i < backend->props.count; i++)
        if (strcmp(props[i].name, name) == 0)
            return &props[i];
    printf("Bail out! the backend '%s' has no property '%s'\n", backend->name, name);
    exit(99);
}

void *backend_instance(const abbey_backend *backend, va_list pairs)
{
    const abbey_prop *props = backend->props.rows;
    void *self = calloc(1, backend->self_size);
    for (uint32_t i = 0; i < backend->props.count; i++)
        prop_set(self, &props[i], NULL);
    for (const char *name; (name = va_arg(pairs, const char *));)
        prop_set(self, prop_find(backend, name), va_arg(pairs, const char *));
    return self;
}
