/* entries.c - devices and backends one by one: what each is, and its properties by the rows of its plugin. */
#include "core/config/check.h"

#include <ctype.h>
#include <string.h>

#include "core/config/suggest.h"

/* What differs between the two sections. */
struct kind {
    const char *section, *key, *word;
    const char *const *generic; /* keys that every entry may have, NULL-terminated */
};
static const struct kind device_kind = { "devices", "device", "device",
    (const char *const[]){ "device", "bus", "addr", "isolate", "plugged", NULL } };
static const struct kind backend_kind = { "backends", "backend", "backend", (const char *const[]){ "backend", NULL } };

unsigned entry_find(const struct entry *entries, unsigned count, const char *id)
{
    for (unsigned i = 0; i < count; i++)
        if (!strcmp(entries[i].node.id, id))
            return i;
    return NO_ENTRY;
}

struct place entry_value_place(const struct entry *entry, const struct config_value *value)
{
    const struct node *node = value->mark.file ? node_find(entry->tree, value->prop->name) : NULL;
    return node ? node->at : entry->type_at;
}

const char *entry_property(struct check *check, const struct entry *entry, const char *property)
{
    return arena_format(check->arena, "property '%s' of '%s'", property, entry->node.id);
}

static const abbey_table *entry_props(const struct entry *entry)
{
    return entry->node.device ? &entry->node.device->device.props : &entry->node.backend->backend.props;
}

/* Ids stand in `irq: pic.4` and in paths of --set, so they are narrow. */
static bool id_check(struct check *check, const struct node *tree)
{
    const char *p = tree->key;
    bool good = isalpha((unsigned char)*p) && strlen(p) < 64;
    for (; *p; p++)
        good = good && (isalnum((unsigned char)*p) || *p == '-' || *p == '_');
    if (good && !strcmp(tree->key, "none"))
        good = false;
    if (!good)
        report_error(check->report, tree->key_at, "bad-id",
            "'%s' is no id: a letter, then at most 62 letters, digits, - and _; `none` means nothing",
            arena_clip(check->arena, tree->key));
    return good;
}

static void type_unknown(struct check *check, const struct kind *kind, const struct node *type)
{
    struct suggestion near = { .wanted = type->text };
    for (unsigned i = 0; i < check->plugins->count; i++) {
        const struct plugin *plugin = &check->plugins->plugins[i];
        for (unsigned j = 0; !plugin->refusal && j < plugin->device_count && kind == &device_kind; j++)
            suggest_offer(&near, plugin->devices[j].device.name);
        for (unsigned j = 0; !plugin->refusal && j < plugin->backend_count && kind == &backend_kind; j++)
            suggest_offer(&near, plugin->backends[j].backend.name);
    }
    bool device = kind == &device_kind;
    struct report_item *item = report_error(check->report, type->at, device ? "unknown-device" : "unknown-backend",
        "no plugin has a %s '%s'", kind->word, arena_clip(check->arena, type->text));
    report_nearest(item, near.best);
    plugin_wanted(check, item);
}

/* What the entry is; false after an error. */
static bool type_read(struct check *check, const struct kind *kind, struct entry *entry, const struct node *section)
{
    const struct node *type = node_find(entry->tree, kind->key);
    if (!type || type->kind == NODE_NULL) {
        struct suggestion near = { .wanted = entry->node.id };
        for (const struct node *other = section->first; other; other = other->next)
            if (other != entry->tree && node_find(other, kind->key))
                suggest_offer(&near, other->key);
        struct report_item *item = report_error(check->report, entry->at, "missing-property",
            "'%s' does not say which `%s:` it is, and no base has it", entry->node.id, kind->key);
        report_nearest(item, near.best);
        return false;
    }
    const abbey_prop name = { .type = ABBEY_TYPE_STRING };
    if (!value_is_scalar(check->report, type, &name, entry_property(check, entry, kind->key)))
        return false;
    entry->type_at = type->at;
    entry->node.type = type->text;
    if (kind == &device_kind)
        entry->node.device = plugin_device_find(check->plugins, type->text);
    else
        entry->node.backend = plugin_backend_find(check->plugins, type->text);
    if (entry->node.device || entry->node.backend)
        return true;
    type_unknown(check, kind, type);
    return false;
}

static void property_unknown(
    struct check *check, const struct kind *kind, const struct entry *entry, const struct node *member)
{
    const abbey_table *table = entry_props(entry);
    const abbey_prop *rows = table->rows;
    struct suggestion near = { .wanted = member->key };
    for (unsigned i = 0; i < table->count; i++)
        suggest_offer(&near, rows[i].name);
    for (unsigned i = 0; kind->generic[i]; i++)
        suggest_offer(&near, kind->generic[i]);
    struct report_item *item = report_error(check->report, member->key_at, "unknown-property",
        "%s '%s' has no property '%s'", kind->word, entry->node.type, arena_clip(check->arena, member->key));
    report_nearest(item, near.best);
}

static bool is_property(const struct kind *kind, const struct entry *entry, const char *key)
{
    const abbey_table *table = entry_props(entry);
    const abbey_prop *rows = table->rows;
    for (unsigned i = 0; kind->generic[i]; i++)
        if (!strcmp(kind->generic[i], key))
            return true;
    for (unsigned i = 0; i < table->count; i++)
        if (!strcmp(rows[i].name, key))
            return true;
    return false;
}

static void properties_read(struct check *check, const struct kind *kind, struct entry *entry)
{
    const abbey_table *table = entry_props(entry);
    const abbey_prop *rows = table->rows;
    entry->node.values = arena_alloc(check->arena, (table->count + 1) * sizeof(struct config_value));
    entry->node.value_count = table->count;
    for (unsigned i = 0; i < table->count; i++) {
        const abbey_prop *row = &rows[i];
        struct config_value *value = &entry->node.values[i];
        struct node *node = node_find(entry->tree, row->name);
        const char *what = entry_property(check, entry, row->name);
        *value = value_default(row);
        if (node && node->kind == NODE_NULL)
            node = NULL;
        if (!node && row->flags & ABBEY_PROP_REQUIRED) {
            report_error(check->report, entry->at, "missing-property", "%s must be given: %s", what, row->meaning);
        } else if (node && (row->type == ABBEY_TYPE_IRQ || plugin_backend_kind(row->type))) {
            if (value_is_scalar(check->report, node, row, what)) { /* the rest in check_irqs, check_backend_uses */
                value->mark = node->at.mark;
                value->text = node->text;
            }
        } else if (node) {
            value_read(check->report, node, row, what, value);
        }
    }
    for (struct node *member = entry->tree->first; member; member = member->next)
        if (!is_property(kind, entry, member->key))
            property_unknown(check, kind, entry, member);
}

static void null_check(
    struct check *check, const struct kind *kind, const struct node *section, const struct node *tree)
{
    if (tree->removed)
        return;
    struct suggestion near = { .wanted = tree->key };
    for (const struct node *other = section->first; other; other = other->next)
        if (other->kind != NODE_NULL)
            suggest_offer(&near, other->key);
    report_nearest(report_error(check->report, tree->key_at, "nothing-to-remove", "no base has a %s '%s' to remove",
                       kind->word, arena_clip(check->arena, tree->key)),
        near.best);
}

static struct entry *entries_read(struct check *check, const struct kind *kind, unsigned *count, bool *lost)
{
    const struct node *section = node_find(check->root, kind->section);
    *count = 0;
    if (!section || section->kind != NODE_MAP) {
        *lost = section && section->kind != NODE_NULL;
        if (*lost)
            report_error(check->report, section->at, "wrong-type", "'%s' is a mapping from ids, not %s", kind->section,
                node_kind_name(section));
        return NULL;
    }
    struct entry *entries = arena_alloc(check->arena, (section->count + 1) * sizeof(*entries));
    for (struct node *tree = section->first; tree; tree = tree->next) {
        struct entry entry = { .tree = tree, .at = tree->key_at, .type_at = tree->key_at, .bus = NO_ENTRY };
        entry.node.id = tree->key;
        entry.node.mark = tree->key_at.mark;
        entry.node.pci_slot = entry.node.pci_function = -1;
        if (tree->kind == NODE_NULL) {
            null_check(check, kind, section, tree);
        } else if (!id_check(check, tree)) {
            *lost = true;
        } else if (tree->kind != NODE_MAP) {
            report_error(check->report, tree->at, "wrong-type", "'%s' is a mapping such as { %s: NAME }, not %s",
                tree->key, kind->key, node_kind_name(tree));
            *lost = true;
        } else if (type_read(check, kind, &entry, section)) {
            properties_read(check, kind, &entry);
            entries[(*count)++] = entry;
        } else {
            *lost = true;
        }
    }
    return entries;
}

void check_entries(struct check *check)
{
    check->backends = entries_read(check, &backend_kind, &check->backend_count, &check->backends_lost);
    check->devices = entries_read(check, &device_kind, &check->device_count, &check->devices_lost);
}
