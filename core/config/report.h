/* report.h - the texts that a machine was read from, and the errors found in them.
 *
 * Errors are collected, then printed together in the order of their places:
 *
 *     bad.yaml:3:1: error[unknown-property]: device 'doorbell' has no property 'dealy'
 *         3 | dealy: 75
 *           | ^~~~~ did you mean 'delay'? */
#ifndef ABBEY_CORE_CONFIG_REPORT_H
#define ABBEY_CORE_CONFIG_REPORT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "core/config/arena.h"
#include "core/config/config.h"

/* One text. A mark names its source by the very pointer `name`, since two --set values have one name. */
struct source {
    const char *name; /* in errors: the path, or "--set" */
    const char *dir;  /* relative paths in it start there; NULL: in the current directory */
    const char *text; /* NULL: could not be read */
    size_t size;
    uint32_t first_line; /* number of the text's first line; counts the --set options */
    uint32_t rank;       /* a source overrides those of lower rank: bases, the machine file, --set in order */
    bool fixed_line;     /* a --set value: whatever it holds stands on first_line */
    dev_t device;        /* what file it is, whatever the path to it was; both 0 for none */
    ino_t inode;
    struct source *next;
};

/* A value, or a key: `length` columns from the mark on, for the underline. mark.line 0: the file as a whole. */
struct place {
    struct config_mark mark;
    uint32_t length;
};

struct report_note {
    const char *text;
    struct report_note *next;
};

struct report_item {
    struct place at;
    uint32_t rank;  /* of its source */
    uint32_t order; /* as found */
    const char *rule, *text, *nearest;
    struct report_note *notes, **last_note;
    struct report_item *next;
};

struct report {
    struct arena *arena;
    struct source *sources;
    struct report_item *items;
    uint32_t count;
};

struct source *report_source(struct report *report, const char *name, uint32_t rank);
const struct source *report_source_of(const struct report *report, struct config_mark mark);

/* Adds an error. `rule` is a literal; the text has no final stop. */
struct report_item *report_error(struct report *report, struct place at, const char *rule, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What follows concerns the item that report_error() returned. `name` may be NULL: nothing was near. */
void report_nearest(struct report_item *item, const char *name);
void report_note(struct report *report, struct report_item *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "file:line:col", or "--set" text, for naming the other party of a clash. */
const char *report_where(struct report *report, struct config_mark mark);

/* True when place `a` overrides or follows `b`. */
bool report_after(const struct report *report, struct config_mark a, struct config_mark b);

/* Length of the line break at p, or 0: those of YAML 1.1, since libyaml counts lines by them. */
size_t line_break_length(const char *p, const char *end);

void report_print(struct report *report, FILE *out);
json_t *report_json(struct report *report);

#endif
