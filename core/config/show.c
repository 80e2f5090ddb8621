/* show.c - the merged machine, for people (YAML, each line with the place it came from) and for scripts (JSON rows).
 *
 *     memory: 512M                  # linux-direct.yaml:5
 *     devices:
 *       com1:                       # pc.yaml:24
 *         device: ns16550           # pc.yaml:24
 *         line: tty                 # linux-direct.yaml:11
 *
 * The YAML is itself a machine file that means the same: names of files are shown resolved. */
#include "core/config/load.h"

#include <ctype.h>
#include <string.h>

#define COMMENT_COLUMN 44

/* Whether a scalar reads the same without quotes, in block and flow context. */
static bool is_plain(const char *text)
{
    if (!*text || !strcmp(text, "null") || !strcmp(text, "~") ||
        !(isalnum((unsigned char)*text) || strchr("/._", *text)))
        return false;
    for (const char *p = text; *p; p++)
        if (!(isalnum((unsigned char)*p) || strchr("/._+-=", *p) || (*p == ':' && p[1] && p[1] != ' ')))
            return false;
    return strcmp(text, "...") != 0;
}

/* The code point at p and its length; an ill-formed byte counts as one character, U+FFFD. */
static uint32_t character_decode(const char *text, const char *end, size_t *length)
{
    const unsigned char *p = (const unsigned char *)text;
    *length = printable_length(text, end);
    if (*length < 2) {
        *length = *p == 0xc2 && end - text > 1 ? 2 : 1; /* C1 controls have two bytes */
        return *length == 2 ? p[1] : *p < 0x80 ? *p : 0xfffd;
    }
    uint32_t code = *p & (0x7fu >> *length);
    for (size_t i = 1; i < *length; i++)
        code = code << 6 | (p[i] & 0x3fu);
    return code;
}

static const char *scalar_quote(struct arena *arena, const char *text)
{
    if (is_plain(text))
        return text;
    const char *end = text + strlen(text);
    char *quoted = arena_alloc(arena, strlen(text) * 10 + 3), *out = quoted;
    size_t length;
    *out++ = '"';
    for (const char *p = text; p < end; p += length) {
        uint32_t code = character_decode(p, end, &length);
        if (code == '"' || code == '\\')
            *out++ = '\\';
        if ((code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0x2028) || (code > 0x2029 && code < 0xd800)) {
            memcpy(out, p, length);
            out += length;
        } else {
            out += sprintf(out, "\\U%08X", code);
        }
    }
    *out++ = '"';
    return quoted;
}

struct show {
    struct arena *arena;
    FILE *out;
    json_t *rows; /* not NULL: JSON instead */
};

static void line_print(struct show *show, unsigned depth, const char *text, struct config_mark mark)
{
    int width = COMMENT_COLUMN - (int)depth * 2;
    fprintf(show->out, "%*s%-*s # %s:%u\n", (int)depth * 2, "", width > 0 ? width : 0, text, mark.file, mark.line);
}

static void row_add(struct show *show, const char *path, const struct node *node)
{
    json_t *value = node->kind == NODE_SCALAR ? json_string(node->text)
                    : node->kind == NODE_MAP  ? json_object()
                                              : json_array();
    json_array_append_new(
        show->rows, json_pack("{s:s, s:o, s:s, s:i}", "path", path, "value", value ? value : json_null(), "file",
                        node->at.mark.file, "line", (int)node->at.mark.line));
}

/* What was removed is not shown. */
static bool is_shown(const struct node *node)
{
    return node->kind != NODE_NULL || !node->key;
}

static bool has_members(const struct node *node)
{
    const struct node *member = node->first;
    while (member && !is_shown(member))
        member = member->next;
    return member != NULL;
}

/* The members of a map or list, one a line; `path` is that of the parent, with its dot. */
static void members_show(struct show *show, const struct node *parent, const char *path, unsigned depth)
{
    struct arena *arena = show->arena;
    unsigned index = 0;
    for (const struct node *node = parent->first; node; node = node->next, index++) {
        const char *name = node->key ? node->key : arena_format(arena, "%u", index);
        const char *head = node->key ? arena_format(arena, "%s:", scalar_quote(arena, node->key)) : "-";
        const char *full = arena_format(arena, "%s%s", path, name);
        if (!is_shown(node))
            continue;
        if (show->rows && !has_members(node))
            row_add(show, full, node);
        if (node->kind == NODE_SCALAR || node->kind == NODE_NULL)
            head = arena_format(arena, "%s %s", head,
                node->text && node->kind == NODE_SCALAR ? scalar_quote(arena, node->text) : "null");
        else if (!has_members(node))
            head = arena_format(arena, "%s %s", head, node->kind == NODE_MAP ? "{}" : "[]");
        if (!show->rows)
            line_print(
                show, depth, head, node->key ? (has_members(node) ? node->key_at : node->at).mark : node->at.mark);
        if (has_members(node))
            members_show(show, node, arena_format(arena, "%s.", full), depth + 1);
    }
}

int config_show(const struct config_request *request, bool json, FILE *out, FILE *errors)
{
    struct load *load = load_machine(request);
    int result = load->report.count ? -1 : 0;
    if (!result) {
        struct show show = { .arena = &load->arena, .out = out, .rows = json ? json_array() : NULL };
        members_show(&show, load->root, "", 0);
        if (json) {
            json_dumpf(show.rows, out, JSON_INDENT(2));
            putc('\n', out);
            json_decref(show.rows);
        }
    } else {
        report_print(&load->report, errors);
    }
    load_free(load);
    return result;
}
