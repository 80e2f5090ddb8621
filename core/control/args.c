/* args.c - the arguments of a command: members of a JSON object, typed by property rows.
 *
 * They are read by the very code that reads a machine file, so a size may be 16M and a port "0x3f8" here too: each
 * member becomes a scalar as it would stand in a file, and what the reader reports becomes the error. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/config/suggest.h"
#include "core/config/value.h"
#include "core/control/parts.h"

/* A scalar as a machine file would have it; NULL for lists, objects, null and fractions. */
static const char *scalar_text(struct arena *arena, const json_t *value)
{
    if (json_is_string(value))
        return arena_copy(arena, json_string_value(value), json_string_length(value));
    if (json_is_integer(value))
        return arena_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    if (json_is_boolean(value))
        return json_is_true(value) ? "true" : "false";
    return NULL;
}

static const char *json_kind(const json_t *value)
{
    static const char *const names[] = { [JSON_OBJECT] = "an object",
        [JSON_ARRAY] = "a list",
        [JSON_STRING] = "text",
        [JSON_INTEGER] = "a whole number",
        [JSON_REAL] = "a fraction",
        [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",
        [JSON_NULL] = "null" };
    return names[json_typeof(value)];
}

/* What a row takes, in words. */
static const char *expected(struct arena *arena, const abbey_prop *row)
{
    struct value_limits limits = value_limits(row);
    if (row->choices)
        return row->choices;
    if (row->type == ABBEY_TYPE_STRING || row->type == ABBEY_TYPE_BOOL)
        return value_type_name(row);
    return arena_format(arena, "%s, %s to %s", value_type_name(row),
        number_format(arena, (uint64_t)limits.min, true, false, false),
        number_format(arena, limits.max, limits.is_signed, false, false));
}

static void field_store(void *args, const struct config_value *value)
{
    static const uint8_t bytes[] = { [ABBEY_TYPE_U8] = 1,
        [ABBEY_TYPE_U16] = 2,
        [ABBEY_TYPE_U32] = 4,
        [ABBEY_TYPE_U64] = 8,
        [ABBEY_TYPE_I32] = 4,
        [ABBEY_TYPE_I64] = 8,
        [ABBEY_TYPE_BOOL] = 1 };
    void *field = (char *)args + value->prop->offset;
    if (value->prop->type == ABBEY_TYPE_STRING)
        memcpy(field, &value->text, sizeof value->text);
    else
        memcpy(field, &value->integer, bytes[value->prop->type]); /* little-endian host: the low bytes */
}

static json_t *arg_read(
    struct arena *arena, const abbey_prop *row, const json_t *given, const char *cwd, struct config_value *value)
{
    struct report report = { .arena = arena };
    const char *path = arena_format(arena, "arguments.%s", row->name);
    struct node node = { .kind = NODE_SCALAR, .text = scalar_text(arena, given) };
    if (!node.text)
        return error_new("BadArgument", path, expected(arena, row), NULL, "'%s' is %s, not %s", row->name,
            value_type_name(row), json_kind(given));
    struct source *source = report_source(&report, "arguments", 0);
    source->dir = cwd;
    node.at = (struct place){ { source->name, 1, 1 }, 1 };
    if (value_read(&report, &node, row, arena_format(arena, "'%s'", row->name), value))
        return NULL;
    const struct report_item *item = report.items;
    return error_new("BadArgument", path, expected(arena, row), item ? item->nearest : NULL, "%s",
        item ? item->text : "a bad value");
}

static json_t *unknown(const abbey_command *row, const char *key, const char *skip)
{
    const abbey_prop *rows = row->args.rows;
    struct suggestion near = { .wanted = key };
    char path[100], names[400] = "";
    size_t used = 0;
    for (uint32_t i = 0; i < row->args.count; i++) {
        suggest_offer(&near, rows[i].name);
        int wrote = snprintf(names + used, sizeof names - used, "%s%s", used ? "," : "", rows[i].name);
        used += wrote > 0 && (size_t)wrote < sizeof names - used ? (size_t)wrote : 0;
    }
    if (skip)
        suggest_offer(&near, skip);
    snprintf(path, sizeof path, "arguments.%.80s", key);
    return error_new("BadArgument", path, used ? names : NULL, near.best, "there is no argument '%.80s'", key);
}

json_t *args_read(
    struct arena *arena, const abbey_command *row, const json_t *object, const char *cwd, const char *skip, void *args)
{
    const abbey_prop *rows = row->args.rows;
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)object, key, member)
    {
        uint32_t i = 0;
        while (i < row->args.count && strcmp(rows[i].name, key) != 0)
            i++;
        if (i == row->args.count && !(skip && strcmp(key, skip) == 0))
            return unknown(row, key, skip);
    }
    for (uint32_t i = 0; i < row->args.count; i++) {
        struct config_value value = value_default(&rows[i]);
        const json_t *given = json_object_get(object, rows[i].name);
        if (json_is_null(given))
            given = NULL; /* the default, as in a machine file */
        if (!given && rows[i].flags & ABBEY_PROP_REQUIRED)
            return error_new("BadArgument", arena_format(arena, "arguments.%s", rows[i].name),
                expected(arena, &rows[i]), NULL, "the argument '%s' is missing: %s", rows[i].name, rows[i].meaning);
        json_t *error = given ? arg_read(arena, &rows[i], given, cwd, &value) : NULL;
        if (error)
            return error;
        field_store(args, &value);
    }
    return NULL;
}
