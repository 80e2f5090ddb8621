/* sections.h - the keys of a machine file that are not devices', as rows: for checking, and for the JSON schema. */
#ifndef ABBEY_CORE_CONFIG_SECTIONS_H
#define ABBEY_CORE_CONFIG_SECTIONS_H

#include <abbey/props.h>

/* A row whose value is a list of texts, stored as a NULL-terminated const char **. For struct abbey_prop's flags. */
#define SECTION_LIST 0x80000000u

struct section {
    const char *name; /* NULL: the top level itself */
    const char *meaning;
    const abbey_prop *rows; /* offsets are into struct config */
    unsigned count;
};
extern const struct section sections[];
extern const unsigned section_count;

/* Top-level keys that have a shape of their own. */
struct special_key {
    const char *name, *meaning;
};
extern const struct special_key special_keys[];
extern const unsigned special_key_count;

#define SCHEMA_VERSION "1"

#endif
