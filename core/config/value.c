#include "core/config/value.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "core/config/files.h"
#include "core/config/suggest.h"

static const struct {
    int64_t min;
    uint64_t max;
    const char *name;
} types[] = {
    [ABBEY_TYPE_U8] = { 0, UINT8_MAX, "a whole number" },
    [ABBEY_TYPE_U16] = { 0, UINT16_MAX, "a whole number" },
    [ABBEY_TYPE_U32] = { 0, UINT32_MAX, "a whole number" },
    [ABBEY_TYPE_U64] = { 0, UINT64_MAX, "a whole number" },
    [ABBEY_TYPE_I32] = { INT32_MIN, INT32_MAX, "a whole number" },
    [ABBEY_TYPE_I64] = { INT64_MIN, INT64_MAX, "a whole number" },
    [ABBEY_TYPE_BOOL] = { 0, 1, "true or false" },
    [ABBEY_TYPE_STRING] = { 0, 0, "text" },
    [ABBEY_TYPE_IRQ] = { 0, 0, "an interrupt line: a number, CHIP.PIN or none" },
    [ABBEY_TYPE_CHAR] = { 0, 0, "the id of a backend, or none" },
    [ABBEY_TYPE_BLOCK] = { 0, 0, "the id of a backend, or none" },
    [ABBEY_TYPE_DISPLAY] = { 0, 0, "the id of a backend, or none" },
    [ABBEY_TYPE_NET] = { 0, 0, "the id of a backend, or none" },
};

const char *value_type_name(const abbey_prop *row)
{
    return row->flags & ABBEY_PROP_BYTES ? "a size such as 64K, 16M or 1G" : types[row->type].name;
}

struct value_limits value_limits(const abbey_prop *row)
{
    bool is_signed = row->type == ABBEY_TYPE_I32 || row->type == ABBEY_TYPE_I64;
    struct value_limits limits = { types[row->type].min, types[row->type].max, is_signed };
    if (row->max) {
        limits.min = row->min;
        limits.max = (uint64_t)row->max;
    } else if (row->min) {
        limits.min = row->min;
    }
    return limits;
}

struct config_value value_default(const abbey_prop *row)
{
    return (struct config_value){ .prop = row, .integer = row->value, .text = row->text };
}

bool value_is_scalar(struct report *report, const struct node *node, const abbey_prop *row, const char *what)
{
    if (node->kind == NODE_SCALAR)
        return true;
    report_error(report, node->at, "wrong-type", "%s is %s, not %s", what, value_type_name(row), node_kind_name(node));
    return false;
}

bool number_parse(const char *text, bool bytes, int64_t *number, bool *negative, bool *fits)
{
    static const char units[] = "KMGT";
    uint64_t value = 0, base = 10;
    *negative = *text == '-';
    *fits = true;
    text += *negative;
    if (text[0] == '0' && (text[1] == 'x' || text[1] == 'X')) {
        base = 16;
        text += 2;
    } else if (text[0] == '0' && isdigit((unsigned char)text[1])) {
        return false; /* octal to some, decimal to others */
    }
    if (!isxdigit((unsigned char)*text))
        return false;
    for (; isxdigit((unsigned char)*text); text++) {
        uint64_t digit = isdigit((unsigned char)*text) ? (uint64_t)(*text - '0')
                                                       : (uint64_t)(tolower((unsigned char)*text) - 'a' + 10);
        if (digit >= base)
            return false;
        *fits = *fits && value <= (UINT64_MAX - digit) / base;
        value = value * base + digit;
    }
    const char *unit = bytes && *text ? strchr(units, toupper((unsigned char)*text)) : NULL;
    if (unit) {
        unsigned shift = 10 * (unsigned)(unit - units + 1);
        *fits = *fits && value <= UINT64_MAX >> shift;
        value <<= shift;
        text++;
    }
    if (*negative)
        *fits = *fits && value <= (uint64_t)INT64_MAX + 1;
    *number = (int64_t)(*negative ? 0 - value : value);
    return !*text;
}

const char *number_format(struct arena *arena, uint64_t number, bool is_signed, bool bytes, bool hex)
{
    static const char units[] = "KMGT";
    if (bytes && number)
        for (unsigned i = 4; i > 0; i--)
            if (!(number & ((1ull << (10 * i)) - 1)))
                return arena_format(arena, "%" PRIu64 "%c", number >> (10 * i), units[i - 1]);
    if (hex)
        return arena_format(arena, "0x%" PRIx64, number);
    return is_signed ? arena_format(arena, "%" PRId64, (int64_t)number) : arena_format(arena, "%" PRIu64, number);
}

static bool integer_read(
    struct report *report, const struct node *node, const abbey_prop *row, const char *what, int64_t *integer)
{
    struct arena *arena = report->arena;
    struct value_limits limits = value_limits(row);
    bool bytes = row->flags & ABBEY_PROP_BYTES, negative, fits;
    if (!number_parse(node->text, bytes, integer, &negative, &fits)) {
        report_error(report, node->at, "wrong-type", "%s is %s, not '%s'", what, value_type_name(row),
            arena_clip(arena, node->text));
        return false;
    }
    bool inside = fits && (limits.is_signed ? (negative || *integer >= 0) && *integer >= limits.min &&
                                                  *integer <= (int64_t)limits.max
                                            : (!negative || !*integer) && (uint64_t)*integer >= (uint64_t)limits.min &&
                                                  (uint64_t)*integer <= limits.max);
    if (!inside) {
        bool hex = !strncmp(node->text, "0x", 2) && !limits.is_signed;
        report_error(report, node->at, "out-of-range", "%s is %s to %s, not %s", what,
            number_format(arena, (uint64_t)limits.min, true, bytes, hex),
            number_format(arena, limits.max, limits.is_signed, bytes && limits.max != UINT64_MAX, hex),
            arena_clip(arena, node->text));
    }
    return inside;
}

/* Whether `text` is a part of a comma-separated list. */
static bool list_has(const char *list, const char *text)
{
    size_t length = strlen(text);
    for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
        if (strcspn(list, ",") == length && !strncmp(list, text, length))
            return true;
    return false;
}

/* "auto, bt, interp" */
static const char *choices_words(struct arena *arena, const char *choices)
{
    char *words = arena_alloc(arena, strlen(choices) * 2 + 1), *out = words;
    for (; *choices; choices++) {
        *out++ = *choices;
        if (*choices == ',')
            *out++ = ' ';
    }
    return words;
}

static bool string_read(struct report *report, struct node *node, const abbey_prop *row, const char *what)
{
    struct arena *arena = report->arena;
    if (row->choices && !list_has(row->choices, node->text)) {
        char room[64];
        struct suggestion near = { .wanted = node->text };
        suggest_offer_list(&near, row->choices, room, sizeof(room));
        struct report_item *item = report_error(report, node->at, "not-a-choice", "%s is one of %s, not '%s'", what,
            choices_words(arena, row->choices), arena_clip(arena, node->text));
        report_nearest(item, near.best ? arena_format(arena, "%s", near.best) : NULL);
        return false;
    }
    if (row->flags & ABBEY_PROP_PATH) {
        const struct source *source = report_source_of(report, node->at.mark);
        node->text = path_resolve(arena, source ? source->dir : NULL, node->text);
    }
    return true;
}

/* A list of strings, one a line. */
static bool list_read(
    struct report *report, const struct node *node, const abbey_prop *row, const char *what, struct config_value *value)
{
    const char *text = "";
    for (const struct node *item = node->first; item; item = item->next) {
        if (!value_is_scalar(report, item, row, what))
            return false;
        text = arena_format(report->arena, "%s%s%s", text, *text ? "\n" : "", item->text);
    }
    value->text = text;
    return true;
}

bool value_read(
    struct report *report, struct node *node, const abbey_prop *row, const char *what, struct config_value *value)
{
    *value = value_default(row);
    value->mark = node->at.mark;
    if (row->flags & ABBEY_PROP_LIST && node->kind == NODE_LIST)
        return list_read(report, node, row, what, value);
    if (!value_is_scalar(report, node, row, what))
        return false;
    if (row->type == ABBEY_TYPE_BOOL) {
        value->integer = !strcmp(node->text, "true");
        if (value->integer || !strcmp(node->text, "false"))
            return true;
        report_error(report, node->at, "wrong-type", "%s is true or false, not '%s'", what,
            arena_clip(report->arena, node->text));
        return false;
    }
    if (row->type == ABBEY_TYPE_STRING) {
        bool good = string_read(report, node, row, what);
        value->text = node->text;
        return good;
    }
    return integer_read(report, node, row, what, &value->integer);
}
