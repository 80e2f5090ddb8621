/* uses.c - which device uses which backend: it must be there, be of the right kind, and have one user. */
#include "core/config/check.h"

#include <string.h>

#include "core/config/suggest.h"

static void backend_unknown(struct check *check, const struct entry *entry, const struct config_value *value)
{
    struct suggestion near = { .wanted = value->text };
    for (unsigned i = 0; i < check->backend_count; i++)
        suggest_offer(&near, check->backends[i].node.id);
    struct report_item *item = report_error(check->report, entry_value_place(entry, value), "no-backend",
        "%s names a backend, and there is none with the id '%s'", entry_property(check, entry, value->prop->name),
        arena_clip(check->arena, value->text));
    report_nearest(item, near.best);
}

void check_backend_uses(struct check *check)
{
    /* The first user of each backend. */
    const struct entry **users = arena_alloc(check->arena, (check->backend_count + 1) * sizeof(struct entry *));
    struct place *places = arena_alloc(check->arena, (check->backend_count + 1) * sizeof(*places));
    for (unsigned i = 0; i < check->device_count; i++) {
        const struct entry *entry = &check->devices[i];
        for (unsigned j = 0; j < entry->node.value_count; j++) {
            struct config_value *value = &entry->node.values[j];
            const char *kind = plugin_backend_kind(value->prop->type);
            if (!kind || !value->text)
                continue;
            if (!strcmp(value->text, "none")) {
                value->text = NULL;
                continue;
            }
            struct place at = entry_value_place(entry, value);
            unsigned b = entry_find(check->backends, check->backend_count, value->text);
            if (b == NO_ENTRY && check->backends_lost) {
                continue;
            } else if (b == NO_ENTRY) {
                backend_unknown(check, entry, value);
            } else if (strcmp(check->backends[b].node.backend->backend.kind, kind) != 0) {
                report_error(check->report, at, "wrong-backend",
                    "%s needs a backend of kind '%s'; '%s' is of kind '%s'",
                    entry_property(check, entry, value->prop->name), kind, value->text,
                    check->backends[b].node.backend->backend.kind);
            } else if (users[b]) {
                bool later = report_after(check->report, at.mark, places[b].mark);
                report_error(check->report, later ? at : places[b], "backend-clash",
                    "backend '%s' of '%s' is already used by '%s' (%s)", value->text,
                    (later ? entry : users[b])->node.id, (later ? users[b] : entry)->node.id,
                    report_where(check->report, (later ? places[b] : at).mark));
            } else {
                users[b] = entry;
                places[b] = at;
            }
        }
    }
}
