#include "core/cli/link.h"

#include <stdio.h>

/* Any host of those found that has local sockets will do: it is for this process, not for the machine. */
static const abbey_hostos *host_find(const struct plugin_set *plugins)
{
    for (unsigned i = 0; plugins && i < plugins->count; i++) {
        const struct plugin *p = &plugins->plugins[i];
        if (!p->refusal && p->entry.hostos && p->hostos.query(ABBEY_HOST_LOCAL_1))
            return &p->hostos;
    }
    return NULL;
}

bool link_open(struct link *link, const char *path, const char *who)
{
    abbey_error error = { "out of memory" };
    link->client = NULL;
    link->plugins = plugin_set_open(NULL);
    const abbey_hostos *host = host_find(link->plugins);
    if (!host)
        snprintf(error.text, sizeof error.text,
            "no host backend with local sockets among the plugins found; see `abbey plugins list`");
    else
        link->client = client_open(host, path, &error);
    if (link->client)
        return true;
    fprintf(stderr, "%s: %s\n", who, error.text);
    link_close(link);
    return false;
}

void link_close(struct link *link)
{
    client_close(link->client);
    plugin_set_close(link->plugins);
    *link = (struct link){ NULL, NULL };
}

static const char *member(const json_t *error, const char *name)
{
    return json_string_value(json_object_get(error, name));
}

void link_tell(const json_t *error, const char *who)
{
    const char *desc = member(error, "desc"), *near = member(error, "nearest"), *expected = member(error, "expected");
    fprintf(stderr, "%s: %s", who, desc ? desc : "the machine answered with an error");
    if (near)
        fprintf(stderr, "; did you mean '%s'?", near);
    fputc('\n', stderr);
    if (expected)
        fprintf(stderr, "    expected: %s\n", expected);
}
