/* value.h - a scalar of the tree, typed by a property row. */
#ifndef ABBEY_CORE_CONFIG_VALUE_H
#define ABBEY_CORE_CONFIG_VALUE_H

#include "core/config/tree.h"

/* The limits of an integer row: its own, or those of its field. A u64 above INT64_MAX has max as its bits. */
struct value_limits {
    int64_t min;
    uint64_t max;
    bool is_signed;
};
struct value_limits value_limits(const abbey_prop *row);

/* Types the scalar of an integer, bool or string row into *value; false after an error. `what` names the value in
 * messages: "'memory'", "property 'irq' of 'com1'". A file's name is resolved, in the tree too. */
bool value_read(
    struct report *report, struct node *node, const abbey_prop *row, const char *what, struct config_value *value);

/* The default of a row. */
struct config_value value_default(const abbey_prop *row);

/* A value that is no scalar: reports it and returns false. */
bool value_is_scalar(struct report *report, const struct node *node, const abbey_prop *row, const char *what);

/* A number as a user writes one: decimal, or hexadecimal after 0x; true when it is one, *fits when 64 bits hold it. */
bool number_parse(const char *text, bool bytes, int64_t *number, bool *negative, bool *fits);

/* "a whole number", "true or false" */
const char *value_type_name(const abbey_prop *row);

/* 64K, 16M, 75, 0x310: as the user would have written it. */
const char *number_format(struct arena *arena, uint64_t number, bool is_signed, bool bytes, bool hex);

#endif
