/* tree.h - machine files as trees whose every key and value knows its place: reading, and laying one over another. */
#ifndef ABBEY_CORE_CONFIG_TREE_H
#define ABBEY_CORE_CONFIG_TREE_H

#include <stdbool.h>

#include "core/config/report.h"

#define NODE_NULL 0u
#define NODE_SCALAR 1u
#define NODE_MAP 2u
#define NODE_LIST 3u

struct node {
    unsigned kind;
    struct place at;
    const char *text; /* NODE_SCALAR; what was written, escapes resolved; never has NUL bytes */
    bool removed;     /* NODE_NULL that took away what a base had */
    /* A member of a map or list: */
    const char *key; /* NULL in a list */
    struct place key_at;
    struct node *next;
    /* NODE_MAP, NODE_LIST: */
    struct node *first, **last;
    unsigned count;
};

/* A new node without members. */
struct node *node_new(struct arena *arena, unsigned kind, struct place at);
void node_append(struct node *parent, struct node *child);
/* The member of a map by key, or NULL. */
struct node *node_find(const struct node *map, const char *key);
/* "a mapping", "a list", "a value", "nothing" */
const char *node_kind_name(const struct node *node);

/* The tree of a source; NULL after an error that made it useless (others may have been reported on the way). */
struct node *tree_parse(struct report *report, const struct source *source);
/* The same of a part of a source, whose first character stands at line `line`, column `column` (from 1). */
struct node *tree_parse_part(
    struct report *report, const struct source *source, const char *text, size_t size, uint32_t line, uint32_t column);

/* Lays `over` on `under` and returns the result; both are used up. Maps join, `null` removes, all else replaces. An
 * entry of `devices` or `backends` that says what it is (`device:`, `backend:`) replaces too. */
struct node *tree_merge(struct node *under, struct node *over);

/* The tree that one `path=value` setting stands for, or NULL after an error. `source` has it as its text. */
struct node *tree_setting(struct report *report, const struct source *source);

#endif
