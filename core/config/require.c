/* require.c - the `plugins` section: where plugins are looked for, and which versions a machine needs. */
#include "core/config/check.h"

#include <string.h>

#include "core/config/files.h"
#include "core/config/suggest.h"
#include "core/config/version.h"

const char **plugin_paths(struct report *report, struct node *root)
{
    struct node *plugins = node_find(root, "plugins"), *path = plugins ? node_find(plugins, "path") : NULL;
    unsigned count = 0;
    const char **paths = arena_alloc(report->arena, ((path ? path->count : 0) + 2) * sizeof(*paths));
    if (!path || path->kind == NODE_NULL || path->kind == NODE_MAP)
        return paths;
    for (struct node *item = path->kind == NODE_LIST ? path->first : path; item; item = item->next) {
        const struct source *source = report_source_of(report, item->at.mark);
        if (item->kind == NODE_SCALAR)
            paths[count++] = item->text = path_resolve(report->arena, source ? source->dir : NULL, item->text);
        if (path->kind != NODE_LIST)
            break;
    }
    return paths;
}

static void requirement_check(struct check *check, const struct node *need)
{
    struct arena *arena = check->arena;
    const char *id = arena_clip(arena, need->key);
    struct suggestion near = { .wanted = need->key };
    if (need->kind == NODE_NULL)
        return;
    if (need->kind != NODE_SCALAR || !version_range_valid(need->text)) {
        report_error(check->report, need->at, "wrong-type",
            "the versions of '%s' are comparisons such as \">=2.1 <3\", not %s", id,
            need->kind == NODE_SCALAR ? arena_format(arena, "'%s'", arena_clip(arena, need->text))
                                      : node_kind_name(need));
        return;
    }
    for (unsigned i = 0; i < check->plugins->count; i++) {
        const struct plugin *plugin = &check->plugins->plugins[i];
        if (plugin->refusal || !plugin->entry.id)
            continue;
        suggest_offer(&near, plugin->entry.id);
        if (strcmp(plugin->entry.id, need->key) != 0)
            continue;
        if (!version_in_range(plugin->entry.version ? plugin->entry.version : "", need->text))
            report_error(check->report, need->at, "plugin-version",
                "this machine needs plugin '%s' %s, and %s has version %s", id, arena_clip(arena, need->text),
                plugin->path, plugin->entry.version ? plugin->entry.version : "none");
        return;
    }
    struct report_item *item =
        report_error(check->report, need->key_at, "unknown-plugin", "there is no plugin '%s'", id);
    report_nearest(item, near.best);
    plugin_wanted(check, item);
}

void plugin_wanted(struct check *check, struct report_item *item)
{
    if (!check->plugin_item || report_after(check->report, check->plugin_item->at.mark, item->at.mark))
        check->plugin_item = item;
}

void check_plugin_wants(struct check *check)
{
    const struct plugin_set *set = check->plugins;
    struct report_item *item = check->plugin_item;
    if (!item)
        return;
    const char *list = set->path_count ? "" : "no directory at all";
    for (unsigned i = 0; i < set->path_count; i++)
        list = arena_format(check->arena, "%s%s%s", list, i ? ", " : "", set->paths[i]);
    report_note(check->report, item, "looked for plugins in %s", list);
    for (unsigned i = 0; i < set->count; i++)
        if (set->plugins[i].refusal)
            report_note(check->report, item, "refused: %s", set->plugins[i].refusal);
}

void check_plugins(struct check *check)
{
    struct node *plugins = node_find(check->root, "plugins");
    if (!plugins || plugins->kind == NODE_NULL)
        return;
    if (plugins->kind != NODE_MAP) {
        report_error(
            check->report, plugins->at, "wrong-type", "'plugins' is a mapping, not %s", node_kind_name(plugins));
        return;
    }
    for (struct node *member = plugins->first; member; member = member->next) {
        if (!strcmp(member->key, "path")) {
            for (struct node *item = member->kind == NODE_LIST ? member->first : member; item; item = item->next) {
                if (item->kind != NODE_SCALAR && item->kind != NODE_NULL)
                    report_error(check->report, item->at, "wrong-type",
                        "'plugins.path' is a list of directories, not %s", node_kind_name(item));
                if (member->kind != NODE_LIST)
                    break;
            }
        } else if (!strcmp(member->key, "require")) {
            if (member->kind != NODE_MAP && member->kind != NODE_NULL)
                report_error(check->report, member->at, "wrong-type", "'plugins.require' is a mapping, not %s",
                    node_kind_name(member));
            for (struct node *need = member->kind == NODE_MAP ? member->first : NULL; need; need = need->next)
                requirement_check(check, need);
        } else {
            struct suggestion near = { .wanted = member->key };
            suggest_offer(&near, "path");
            suggest_offer(&near, "require");
            report_nearest(report_error(check->report, member->key_at, "unknown-key", "'plugins' has no key '%s'",
                               arena_clip(check->arena, member->key)),
                near.best);
        }
    }
}
