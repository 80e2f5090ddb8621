#include "core/config/report.h"

#include <stdlib.h>
#include <string.h>

#define SHOWN_ERRORS 100u  /* a hostile file can have a million */
#define SHOWN_COLUMNS 110u /* of a source line */
#define SHOWN_BEFORE 40u   /* columns kept left of the caret when a line is cut */

struct source *report_source(struct report *report, const char *name, uint32_t rank)
{
    struct source *source = arena_alloc(report->arena, sizeof(*source)), **last = &report->sources;
    source->name = arena_printable(report->arena, name);
    source->first_line = 1;
    source->rank = rank;
    while (*last)
        last = &(*last)->next;
    *last = source;
    return source;
}

const struct source *report_source_of(const struct report *report, struct config_mark mark)
{
    const struct source *source = report->sources;
    while (source && source->name != mark.file)
        source = source->next;
    return source;
}

struct report_item *report_error(struct report *report, struct place at, const char *rule, const char *format, ...)
{
    struct report_item *item = arena_alloc(report->arena, sizeof(*item));
    va_list args;
    va_start(args, format);
    item->text = arena_vformat(report->arena, format, args);
    va_end(args);
    const struct source *source = report_source_of(report, at.mark);
    item->rank = source ? source->rank : 0;
    item->at = at;
    item->rule = rule;
    item->order = report->count++;
    item->last_note = &item->notes;
    item->next = report->items;
    report->items = item;
    return item;
}

void report_nearest(struct report_item *item, const char *name)
{
    item->nearest = name;
}

void report_note(struct report *report, struct report_item *item, const char *format, ...)
{
    struct report_note *note = arena_alloc(report->arena, sizeof(*note));
    va_list args;
    va_start(args, format);
    note->text = arena_vformat(report->arena, format, args);
    va_end(args);
    *item->last_note = note;
    item->last_note = &note->next;
}

const char *report_where(struct report *report, struct config_mark mark)
{
    const struct source *source = report_source_of(report, mark);
    if (source && source->fixed_line)
        return arena_format(report->arena, "--set %s", arena_clip(report->arena, source->text));
    if (!mark.line)
        return mark.file;
    return arena_format(report->arena, "%s:%u:%u", mark.file, mark.line, mark.column);
}

static int mark_compare(struct config_mark a, uint32_t rank_a, struct config_mark b, uint32_t rank_b)
{
    if (rank_a != rank_b)
        return rank_a < rank_b ? -1 : 1;
    if (a.line != b.line)
        return a.line < b.line ? -1 : 1;
    return a.column == b.column ? 0 : a.column < b.column ? -1 : 1;
}

bool report_after(const struct report *report, struct config_mark a, struct config_mark b)
{
    const struct source *source_a = report_source_of(report, a), *source_b = report_source_of(report, b);
    return mark_compare(a, source_a ? source_a->rank : 0, b, source_b ? source_b->rank : 0) > 0;
}

/* ---- printing ---- */

size_t line_break_length(const char *p, const char *end)
{
    if (*p == '\n')
        return 1;
    if (*p == '\r')
        return end - p > 1 && p[1] == '\n' ? 2 : 1;
    if (end - p > 1 && !memcmp(p, "\xc2\x85", 2))
        return 2;
    return end - p > 2 && (!memcmp(p, "\xe2\x80\xa8", 3) || !memcmp(p, "\xe2\x80\xa9", 3)) ? 3 : 0;
}

/* One line of a source, `columns` characters from column `from` (0-based) on; *more when it goes on after them. */
static char *source_line(
    struct report *report, const struct source *source, uint32_t line, uint32_t from, uint32_t columns, bool *more)
{
    const char *p = source->text, *end = p + source->size;
    size_t length;
    for (uint32_t i = source->first_line; i < line && p < end && !source->fixed_line;) {
        length = line_break_length(p, end);
        i += length != 0;
        p += length ? length : 1;
    }
    char *text = arena_alloc(report->arena, columns * 4u + 1), *out = text;
    *more = false;
    for (uint32_t column = 0; p < end && (source->fixed_line || !line_break_length(p, end)); column++) {
        if (column >= from + columns) {
            *more = true;
            break;
        }
        length = printable_length(p, end);
        if (column >= from) {
            memcpy(out, length ? p : *p == '\t' ? " " : "?", length ? length : 1);
            out += length ? length : 1;
        }
        p += length ? length : 1;
    }
    return text;
}

static void excerpt_print(struct report *report, const struct report_item *item, FILE *out)
{
    const struct source *source = report_source_of(report, item->at.mark);
    uint32_t line = item->at.mark.line, column = item->at.mark.column - 1;
    if (!source || !source->text || !line)
        return;
    uint32_t from = column >= SHOWN_COLUMNS - SHOWN_BEFORE ? column - SHOWN_BEFORE : 0;
    bool more;
    char *text = source_line(report, source, line, from, SHOWN_COLUMNS, &more);
    fprintf(out, "%5u | %s%s%s\n", line, from ? "..." : "", text, more ? "..." : "");
    fprintf(out, "      | %*s^", (int)(column - from + (from ? 3 : 0)), "");
    for (uint32_t i = 1; i < item->at.length && column - from + i < SHOWN_COLUMNS; i++)
        putc('~', out);
    if (item->nearest)
        fprintf(out, " did you mean '%s'?", item->nearest);
    putc('\n', out);
}

static int item_compare(const void *a, const void *b)
{
    const struct report_item *item_a = *(struct report_item *const *)a, *item_b = *(struct report_item *const *)b;
    int order = mark_compare(item_a->at.mark, item_a->rank, item_b->at.mark, item_b->rank);
    return order ? order : item_a->order < item_b->order ? -1 : 1;
}

/* The items in the order of their places. */
static struct report_item **items_sort(struct report *report)
{
    struct report_item **items = arena_alloc(report->arena, (report->count + 1) * sizeof(*items));
    uint32_t n = 0;
    for (struct report_item *item = report->items; item; item = item->next)
        items[n++] = item;
    qsort(items, n, sizeof(*items), item_compare);
    return items;
}

void report_print(struct report *report, FILE *out)
{
    struct report_item **items = items_sort(report);
    for (uint32_t i = 0; i < report->count && i < SHOWN_ERRORS; i++) {
        const struct report_item *item = items[i];
        const struct config_mark *mark = &item->at.mark;
        if (mark->line)
            fprintf(out, "%s:%u:%u: error[%s]: %s\n", mark->file, mark->line, mark->column, item->rule, item->text);
        else
            fprintf(out, "%s: error[%s]: %s\n", mark->file, item->rule, item->text);
        excerpt_print(report, item, out);
        for (const struct report_note *note = item->notes; note; note = note->next)
            fprintf(out, "      = %s\n", note->text);
    }
    if (report->count > SHOWN_ERRORS)
        fprintf(out, "%u more errors\n", report->count - SHOWN_ERRORS);
}

json_t *report_json(struct report *report)
{
    struct report_item **items = items_sort(report);
    json_t *list = json_array();
    for (uint32_t i = 0; i < report->count && i < SHOWN_ERRORS; i++) {
        const struct report_item *item = items[i];
        json_t *notes = json_array();
        for (const struct report_note *note = item->notes; note; note = note->next)
            json_array_append_new(notes, json_string(note->text));
        json_array_append_new(
            list, json_pack("{s:s, s:i, s:i, s:i, s:s, s:s, s:s?, s:o}", "file", item->at.mark.file, "line",
                      (int)item->at.mark.line, "column", (int)item->at.mark.column, "length", (int)item->at.length,
                      "rule", item->rule, "text", item->text, "nearest", item->nearest, "notes", notes));
    }
    return list;
}
