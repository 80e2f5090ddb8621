/* settings.c - `--set path=value`: a machine file of one value, laid over all others.
 *
 * The path is keys joined by dots; ids have no dots. A value that begins with { [ " or ' is YAML; any other is taken
 * as it stands, so that a kernel's command line needs no quoting beyond the shell's. */
#include "core/config/tree.h"

#include <string.h>

static struct place setting_place(const struct source *source, size_t from, size_t length)
{
    struct place place = { { source->name, source->first_line, 1 }, length ? (uint32_t)length : 1 };
    for (size_t i = 0; i < from; i++)
        place.mark.column += ((unsigned char)source->text[i] & 0xc0) != 0x80;
    return place;
}

static struct node *setting_value(struct report *report, const struct source *source, size_t from)
{
    const char *text = source->text + from;
    struct place at = setting_place(source, from, strlen(text));
    if (*text && strchr("{[\"'", *text))
        return tree_parse_part(report, source, text, strlen(text), source->first_line, at.mark.column);
    if (strlen(text) > 4096) {
        report_error(report, at, "too-long", "a value has at most 4096 bytes");
        return NULL;
    }
    bool null = !*text || !strcmp(text, "null") || !strcmp(text, "~");
    struct node *node = node_new(report->arena, null ? NODE_NULL : NODE_SCALAR, at);
    node->text = text;
    return node;
}

static bool setting_is_text(struct report *report, const struct source *source)
{
    const char *end = source->text + source->size;
    for (const char *p = source->text; p < end;) {
        size_t length = printable_length(p, end);
        if (!length) {
            report_error(report, setting_place(source, (size_t)(p - source->text), 1), "bad-character",
                "a setting is UTF-8 text without control characters");
            return false;
        }
        p += length;
    }
    return true;
}

struct node *tree_setting(struct report *report, const struct source *source)
{
    const char *text = source->text, *equals = strchr(text, '=');
    if (!setting_is_text(report, source))
        return NULL;
    if (!equals || equals == text) {
        report_error(report, setting_place(source, 0, source->size), "bad-setting",
            "a setting is PATH=VALUE, such as memory=1G or devices.com1.irq=3");
        return NULL;
    }
    struct node *root = node_new(report->arena, NODE_MAP, setting_place(source, 0, 1)), *map = root;
    size_t end = (size_t)(equals - text);
    for (size_t from = 0; from <= end;) {
        size_t length = strcspn(text + from, ".=");
        if (from == strlen("plugins.require.") && !strncmp(text, "plugins.require.", from))
            length = end - from; /* the ids of plugins have dots */
        bool last = from + length == end;
        struct place at = setting_place(source, from, length);
        struct node *child = NULL;
        if (!length)
            report_error(report, at, "bad-setting", "a key of the path is empty");
        else if (!from && ((length == 4 && !strncmp(text, "base", 4)) || (length == 5 && !strncmp(text, "abbey", 5))))
            report_error(
                report, at, "bad-setting", "`%.*s:` belongs in a machine file; it cannot be set", (int)length, text);
        else
            child = last ? setting_value(report, source, end + 1) : node_new(report->arena, NODE_MAP, at);
        if (!child)
            return NULL;
        child->key = arena_copy(report->arena, text + from, length);
        child->key_at = at;
        node_append(map, child);
        map = child;
        from += length + 1;
        if (last)
            break;
    }
    return root;
}
