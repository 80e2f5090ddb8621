/* parse.c - libyaml's events into a tree.
 *
 * A machine file is data from strangers, so the reader is narrower than YAML. Anchors and aliases are refused, with
 * them every way for a small file to become a large tree. Tags are refused, since the schema types a value. Depth,
 * length of a scalar and members of a map are bounded; the bounds are far above any machine and keep the
 * comparisons of duplicate keys cheap. libyaml itself refuses invalid UTF-8 and control characters, and by its events
 * it never recurses. */
#include "core/config/tree.h"

#include <string.h>
#include <yaml.h>

#define DEEPEST 16u
#define LONGEST_SCALAR 4096u
#define MOST_MEMBERS 1000u

struct parse {
    struct report *report;
    const struct source *source;
    const char *text;
    size_t size;
    uint32_t line, column; /* of the first character, from 1 */
    yaml_parser_t parser;
    struct node *root;
    bool fatal; /* after a duplicate key the rest still makes sense; after all else it may not */
    /* The collections that are open, and the key that waits for its value in each. */
    struct {
        struct node *node;
        const char *key;
        struct place key_at;
        bool skip; /* the value belongs to a key that was refused */
    } open[DEEPEST];
    unsigned depth;
};

struct node *node_new(struct arena *arena, unsigned kind, struct place at)
{
    struct node *node = arena_alloc(arena, sizeof(*node));
    node->kind = kind;
    node->at = at;
    node->last = &node->first;
    return node;
}

void node_append(struct node *parent, struct node *child)
{
    *parent->last = child;
    parent->last = &child->next;
    parent->count++;
}

struct node *node_find(const struct node *map, const char *key)
{
    if (map->kind != NODE_MAP)
        return NULL;
    for (struct node *member = map->first; member; member = member->next)
        if (!strcmp(member->key, key))
            return member;
    return NULL;
}

const char *node_kind_name(const struct node *node)
{
    static const char *const names[] = { "nothing", "a value", "a mapping", "a list" };
    return names[node->kind];
}

static struct place place_make(const struct parse *parse, size_t line, size_t column, uint32_t length)
{
    struct place place = { { parse->source->name, parse->line, parse->column }, length ? length : 1 };
    if (parse->source->fixed_line) {
        place.mark.column += line ? 0 : (uint32_t)column;
    } else {
        place.mark.line += (uint32_t)line;
        place.mark.column = (uint32_t)column + (line ? 1 : parse->column);
    }
    return place;
}

/* Where an event stands; collections are marked by their first character. */
static struct place event_place(const struct parse *parse, const yaml_event_t *event)
{
    const yaml_mark_t *start = &event->start_mark, *end = &event->end_mark;
    bool one_line = event->type != YAML_MAPPING_START_EVENT && event->type != YAML_SEQUENCE_START_EVENT &&
                    start->line == end->line && end->column > start->column;
    return place_make(parse, start->line, start->column, one_line ? (uint32_t)(end->column - start->column) : 1);
}

static void event_refuse(struct parse *parse, const yaml_event_t *event, const char *rule, const char *text)
{
    report_error(parse->report, event_place(parse, event), rule, "%s", text);
    parse->fatal = true;
}

/* libyaml names a bad byte by its offset alone: counts lines and columns up to it. */
static void reader_error(struct parse *parse)
{
    const yaml_parser_t *parser = &parse->parser;
    size_t line = 0, column = 0, limit = parser->problem_offset < parse->size ? parser->problem_offset : parse->size;
    for (size_t i = 0, length; i < limit; i += length ? length : 1) {
        length = line_break_length(parse->text + i, parse->text + limit);
        if (length) {
            line++;
            column = 0;
        } else if (((unsigned char)parse->text[i] & 0xc0) != 0x80) {
            column++;
        }
    }
    struct place at = place_make(parse, line, column, 1);
    if (parser->problem_offset < parse->size && !parse->text[parser->problem_offset])
        report_error(parse->report, at, "bad-character", "a NUL byte; a machine file is UTF-8 text");
    else
        report_error(parse->report, at, "bad-character", "%s (0x%02X); a machine file is UTF-8 text", parser->problem,
            (unsigned)parser->problem_value);
}

static void parser_error(struct parse *parse)
{
    const yaml_parser_t *parser = &parse->parser;
    parse->fatal = true;
    if (parser->error == YAML_READER_ERROR) {
        reader_error(parse);
        return;
    }
    const char *problem = parser->problem ? parser->problem : "out of memory";
    struct report_item *item = report_error(parse->report,
        place_make(parse, parser->problem_mark.line, parser->problem_mark.column, 1), "syntax", "%s", problem);
    if (parser->error == YAML_SCANNER_ERROR && parser->problem_mark.index < parse->size &&
        parse->text[parser->problem_mark.index] == '\t')
        report_note(parse->report, item, "indent with spaces; YAML has no tabs there");
    if (parser->context) {
        struct place began = place_make(parse, parser->context_mark.line, parser->context_mark.column, 1);
        report_note(
            parse->report, item, "%s that began at %s", parser->context, report_where(parse->report, began.mark));
    }
}

static void key_take(struct parse *parse, const yaml_event_t *event)
{
    struct node *map = parse->open[parse->depth - 1].node;
    const char *text = (const char *)event->data.scalar.value;
    struct place at = event_place(parse, event);
    struct arena *arena = parse->report->arena;
    const struct node *first = node_find(map, text);
    parse->open[parse->depth - 1].skip = first != NULL;
    if (first) {
        report_error(parse->report, at, "duplicate-key", "key '%s' is already given at %s", arena_clip(arena, text),
            report_where(parse->report, first->key_at.mark));
    }
    parse->open[parse->depth - 1].key = arena_copy(arena, text, strlen(text));
    parse->open[parse->depth - 1].key_at = at;
}

/* Hangs a new value where it belongs. */
static void value_put(struct parse *parse, const yaml_event_t *event, struct node *node)
{
    if (!parse->depth) {
        parse->root = node;
        return;
    }
    struct node *parent = parse->open[parse->depth - 1].node;
    if (parent->count == MOST_MEMBERS) {
        event_refuse(parse, event, "too-many", "a mapping or list has at most 1000 members");
        return;
    }
    if (parent->kind == NODE_MAP) {
        node->key = parse->open[parse->depth - 1].key;
        node->key_at = parse->open[parse->depth - 1].key_at;
        parse->open[parse->depth - 1].key = NULL;
        if (parse->open[parse->depth - 1].skip)
            return;
    }
    node_append(parent, node);
}

static void scalar_take(struct parse *parse, const yaml_event_t *event)
{
    const char *text = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (length > LONGEST_SCALAR) {
        event_refuse(parse, event, "too-long", "a value has at most 4096 bytes");
    } else if (strlen(text) != length) {
        event_refuse(parse, event, "bad-character", "a value cannot hold a NUL byte");
    } else if (parse->depth && parse->open[parse->depth - 1].node->kind == NODE_MAP &&
               !parse->open[parse->depth - 1].key) {
        key_take(parse, event);
    } else {
        bool null = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                    (!length || !strcmp(text, "~") || !strcmp(text, "null"));
        struct node *node = node_new(parse->report->arena, null ? NODE_NULL : NODE_SCALAR, event_place(parse, event));
        node->text = arena_copy(parse->report->arena, text, length);
        value_put(parse, event, node);
    }
}

static void collection_open(struct parse *parse, const yaml_event_t *event, unsigned kind)
{
    if (parse->depth && parse->open[parse->depth - 1].node->kind == NODE_MAP && !parse->open[parse->depth - 1].key) {
        event_refuse(parse, event, "bad-key", "a key is a plain name");
    } else if (parse->depth == DEEPEST) {
        event_refuse(parse, event, "too-deep", "mappings and lists nest at most 16 deep");
    } else {
        struct node *node = node_new(parse->report->arena, kind, event_place(parse, event));
        value_put(parse, event, node);
        parse->open[parse->depth].node = node;
        parse->open[parse->depth].key = NULL;
        parse->depth++;
    }
}

/* Anchors and tags may stand on every kind of value. */
static bool decorated(struct parse *parse, const yaml_event_t *event)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    if (event->type == YAML_SCALAR_EVENT) {
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
    } else if (event->type == YAML_MAPPING_START_EVENT) {
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
    } else if (event->type == YAML_SEQUENCE_START_EVENT) {
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
    }
    if (anchor || event->type == YAML_ALIAS_EVENT)
        event_refuse(
            parse, event, "anchor", "a machine file has no anchors and aliases; write the value out, or use base:");
    else if (tag)
        event_refuse(parse, event, "tag", "a machine file has no tags; the schema knows the type of each value");
    return anchor || tag || event->type == YAML_ALIAS_EVENT;
}

static void event_take(struct parse *parse, const yaml_event_t *event)
{
    if (decorated(parse, event))
        return;
    switch (event->type) {
    case YAML_SCALAR_EVENT: scalar_take(parse, event); break;
    case YAML_MAPPING_START_EVENT: collection_open(parse, event, NODE_MAP); break;
    case YAML_SEQUENCE_START_EVENT: collection_open(parse, event, NODE_LIST); break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT: parse->depth--; break;
    case YAML_DOCUMENT_START_EVENT:
        if (parse->root)
            event_refuse(parse, event, "syntax", "a machine file has one document; this begins a second");
        break;
    default: break;
    }
}

struct node *tree_parse_part(
    struct report *report, const struct source *source, const char *text, size_t size, uint32_t line, uint32_t column)
{
    struct parse parse = {
        .report = report, .source = source, .text = text, .size = size, .line = line, .column = column
    };
    bool end = false;
    if (!yaml_parser_initialize(&parse.parser))
        return NULL;
    yaml_parser_set_encoding(&parse.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parse.parser, (const unsigned char *)text, size);
    while (!end && !parse.fatal) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parse.parser, &event)) {
            parser_error(&parse);
            break;
        }
        event_take(&parse, &event);
        end = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parse.parser);
    return parse.fatal ? NULL : parse.root;
}

struct node *tree_parse(struct report *report, const struct source *source)
{
    return tree_parse_part(report, source, source->text, source->size, source->first_line, 1);
}
