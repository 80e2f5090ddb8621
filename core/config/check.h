/* check.h - from the merged tree to a machine: one pass a file, all with the same context. A pass reports what it finds
 * and leaves the rest to the others; the machine is good when nothing was reported. */
#ifndef ABBEY_CORE_CONFIG_CHECK_H
#define ABBEY_CORE_CONFIG_CHECK_H

#include "core/config/tree.h"
#include "core/config/value.h"

/* One entry of `devices` or `backends` on its way; check_buses() puts devices in their final order. */
struct entry {
    struct config_node node;
    struct node *tree;
    struct place at;      /* of its id */
    struct place type_at; /* of what `device:` says */
    unsigned bus;         /* index of the entry it sits on, or NO_ENTRY */
    unsigned state;       /* of the search for cycles */
};
#define NO_ENTRY UINT32_MAX

struct check {
    struct arena *arena;
    struct report *report;
    const struct plugin_set *plugins;
    struct config *config;
    struct node *root;
    struct entry *devices, *backends;
    unsigned device_count, backend_count;
    bool devices_lost, backends_lost; /* some were refused: do not complain that they are missing */
    struct report_item *plugin_item;  /* the first error, by its place, for want of a plugin */
};

/* Top-level keys and the sections made of plain values (sections.c). */
void check_sections(struct check *check);
void check_guest(struct check *check);
/* The firmware's image and order of boot; after check_entries(). */
void check_firmware(struct check *check);
/* Whose trace points are shown; after check_entries(). */
void check_log(struct check *check);

/* plugins.path of a tree that is not yet checked, NULL-terminated, for opening the set before the check. */
const char **plugin_paths(struct report *report, struct node *root);
void check_plugins(struct check *check);
/* An error is for want of a plugin; the first of them is told where plugins were looked for, and which were refused. */
void plugin_wanted(struct check *check, struct report_item *item);
void check_plugin_wants(struct check *check);

/* Entries with their types and properties; irqs and buses still as text. */
void check_entries(struct check *check);
/* Buses, PCI addresses, and the order of creation. */
void check_buses(struct check *check);
/* Interrupt lines. */
void check_irqs(struct check *check);
/* Who uses which backend. */
void check_backend_uses(struct check *check);

/* The entry of an id, or NO_ENTRY. */
unsigned entry_find(const struct entry *entries, unsigned count, const char *id);
/* Where the value of a property stands: in the file, or, a default, where the type is said. */
struct place entry_value_place(const struct entry *entry, const struct config_value *value);
/* "property 'irq' of 'com1'" */
const char *entry_property(struct check *check, const struct entry *entry, const char *property);

#endif
