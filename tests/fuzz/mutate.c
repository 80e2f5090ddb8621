#include "tests/fuzz/mutate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/tree.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Words that mean something to the reader, to the schema, or to nobody. */
// clang-format off
static const char *const words[] = {
    "abbey", "base", "name", "memory", "cpu", "boot", "host", "guest", "plugins", "log", "reboot", "backends", "devices",
    "device", "backend", "bus", "addr", "irq", "mouse_irq", "line", "port", "delay", "vram", "path", "require", "optimize",
    "i8259", "ioapic", "i8254", "i440fx", "piix3", "bridge", "piix4-pm", "ns16550", "doorbell", "card", "stdio", "file", "disk",
    "pic", "pci", "isa", "com1", "kbd", "tty", "pic.4", "pic.16", "isa.0", "none", "null", "~", "true", "yes", "1", "0", "-1",
    "4", "15", "16", "0x3f8", "0x", "010", "64K", "128M", "1G", "99999999999999999999", "1e3", "01.0", "1f.7", "20.0", ">=1 <2",
    "pc", "linux-direct", "./pc.yaml", "/dev/null", ".", "~/x", "{", "}", "[", "]", ":", ",", "-", "?", "|", ">", "&a", "*a",
    "!!str", "!x", "<<", "---", "...", "%YAML 1.1", "%TAG ! x", "#", "\"", "'", "\"\\0\"", "\"\\u2028\"", "\"\\x7f\"", "@", "`",
    "\n", "\n  ", "\n    ", "\t", "\r", "\xc2\x85", "\xe2\x80\xa8", "\xef\xbb\xbf", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80",
    "\xc3\xa9", "\xf0\x9f\x92\xbe", "",
};
// clang-format on

uint64_t rng_next(struct rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

size_t rng_below(struct rng *rng, size_t limit)
{
    return (size_t)(rng_next(rng) % limit);
}

void text_splice(struct text *text, size_t from, size_t to, const void *bytes, size_t count)
{
    size_t size = text->size - (to - from) + count;
    if (size + 1 > text->room) {
        text->room = (size + 1) * 2;
        text->bytes = realloc(text->bytes, text->room);
        if (!text->bytes)
            exit(99);
    }
    memmove(text->bytes + from + count, text->bytes + to, text->size - to);
    if (count)
        memcpy(text->bytes + from, bytes, count);
    text->size = size;
    text->bytes[size] = '\0';
}

void text_append(struct text *text, const void *bytes, size_t count)
{
    text_splice(text, text->size, text->size, bytes, count);
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){ NULL, 0, 0 };
}

static const char *word_any(struct rng *rng)
{
    return words[rng_below(rng, COUNT(words))];
}

/* A range within `size` bytes, at most 64 long. */
static void range_any(struct rng *rng, size_t size, size_t *from, size_t *to)
{
    *from = rng_below(rng, size + 1);
    *to = *from + rng_below(rng, 65);
    *to = *to > size ? size : *to;
}

/* ---- bytes ---- */

void mutate_bytes(struct rng *rng, struct text *text, const struct text *other)
{
    for (size_t n = 1 + rng_below(rng, 3); n > 0; n--) {
        size_t from, to, source_from, source_to;
        char byte = (char)rng_next(rng), copy[64];
        range_any(rng, text->size, &from, &to);
        switch (rng_below(rng, 7)) {
        case 0:
            if (from < text->size)
                text->bytes[from] = (char)(text->bytes[from] ^ 1 << rng_below(rng, 8));
            break;
        case 1: text_splice(text, from, from < text->size ? from + 1 : from, &byte, 1); break;
        case 2: text_splice(text, from, from, &byte, 1); break;
        case 3: text_splice(text, from, to, NULL, 0); break;
        case 4: /* a piece of it once more, elsewhere */
            memcpy(copy, text->bytes + from, to - from);
            text_splice(text, rng_below(rng, text->size + 1), text->size, copy, to - from);
            break;
        case 5:
            range_any(rng, other->size, &source_from, &source_to);
            text_splice(text, from, to, other->bytes + source_from, source_to - source_from);
            break;
        default:
            if (!rng_below(rng, 4))
                text_splice(text, from, text->size, NULL, 0);
            break;
        }
    }
}

/* ---- tokens ---- */

static int class_of(char c)
{
    return isalnum((unsigned char)c) || strchr("_.-", c) ? 1 : c == ' ' ? 2 : c == '\n' ? 3 : 4;
}

/* The token, a run of one class, that holds byte `at`. */
static void token_at(const struct text *text, size_t at, size_t *from, size_t *to)
{
    int class = class_of(text->bytes[at]);
    for (*from = at; *from > 0 && class < 4 && class_of(text->bytes[*from - 1]) == class;)
        --*from;
    for (*to = at + 1; *to < text->size && class < 4 && class_of(text->bytes[*to]) == class;)
        ++*to;
}

void mutate_tokens(struct rng *rng, struct text *text, const struct text *other)
{
    for (size_t n = 1 + rng_below(rng, 3); n > 0 && text->size; n--) {
        size_t from, to, source_from, source_to;
        const char *word = word_any(rng);
        token_at(text, rng_below(rng, text->size), &from, &to);
        switch (rng_below(rng, 5)) {
        case 0:
        case 1: text_splice(text, from, to, word, strlen(word)); break;
        case 2: text_splice(text, from, from, word, strlen(word)); break;
        case 3: text_splice(text, from, to, NULL, 0); break;
        default:
            token_at(other, rng_below(rng, other->size), &source_from, &source_to);
            text_splice(text, from, to, other->bytes + source_from, source_to - source_from);
            break;
        }
    }
}

/* ---- tree ---- */

struct forest {
    struct node *nodes[512];
    size_t count;
};

static void nodes_collect(struct forest *forest, struct node *node)
{
    if (forest->count < COUNT(forest->nodes))
        forest->nodes[forest->count++] = node;
    for (struct node *member = node->first; member; member = member->next)
        nodes_collect(forest, member);
}

static void scalar_print(struct text *out, const char *text)
{
    text_append(out, "'", 1);
    for (; *text; text++) {
        text_append(out, text, 1);
        if (*text == '\'')
            text_append(out, "'", 1);
    }
    text_append(out, "'", 1);
}

/* In flow style, a member of the outermost map a line. */
static void node_print(struct text *out, const struct node *node, unsigned depth)
{
    static const char *const brackets[] = { "", "", "{}", "[]" };
    if (node->kind == NODE_NULL)
        text_append(out, "null", 4);
    else if (node->kind == NODE_SCALAR)
        scalar_print(out, node->text);
    else if (depth)
        text_append(out, brackets[node->kind], 1);
    for (const struct node *member = node->first; member; member = member->next) {
        if (member->key) {
            scalar_print(out, member->key);
            text_append(out, ": ", 2);
        }
        node_print(out, member, depth + 1);
        text_append(out, depth ? ", " : "\n", depth ? 2 : 1);
    }
    if (depth && node->kind >= NODE_MAP)
        text_append(out, brackets[node->kind] + 1, 1);
}

/* `node` gets a copy of what `from` is, without changing its own key and neighbours. */
static void node_assign(struct arena *arena, struct node *node, const struct node *from)
{
    node->kind = from->kind;
    node->text = from->text;
    node->first = NULL;
    node->last = &node->first;
    for (const struct node *member = from->first; member; member = member->next) {
        struct node *copy = node_new(arena, NODE_NULL, member->at);
        copy->key = member->key;
        node_assign(arena, copy, member);
        node_append(node, copy);
    }
}

static void node_mutate(struct rng *rng, struct arena *arena, struct node *node, struct node *other)
{
    struct node *copy = node_new(arena, NODE_NULL, node->at);
    const char *word = arena_format(arena, "%s", word_any(rng));
    switch (rng_below(rng, 7)) {
    case 0: /* its first member goes */
        if (node->first) {
            node->first = node->first->next;
            if (!node->first)
                node->last = &node->first;
        }
        break;
    case 1: /* a member of another comes */
        if (node->kind == NODE_MAP && other->key) {
            copy->key = other->key;
            node_assign(arena, copy, other);
            node_append(node, copy);
        }
        break;
    case 2: /* it becomes a word */
    case 3:
        node->kind = NODE_SCALAR;
        node->text = word;
        node->first = NULL;
        break;
    case 4: /* its key becomes a word, or that of another */
        if (node->key)
            node->key = rng_below(rng, 2) || !other->key ? word : other->key;
        break;
    case 5: /* it becomes another */
        node_assign(arena, copy, other);
        node_assign(arena, node, copy);
        break;
    default: /* it becomes a list of itself */
        node_assign(arena, copy, node);
        node->kind = NODE_LIST;
        node->first = NULL;
        node->last = &node->first;
        node_append(node, copy);
        break;
    }
}

void mutate_tree(struct rng *rng, struct text *text, const struct text *other)
{
    struct arena arena = { NULL };
    struct report report = { .arena = &arena };
    struct forest ours = { .count = 0 }, theirs = { .count = 0 };
    struct source *sources[2] = { report_source(&report, "ours", 0), report_source(&report, "theirs", 0) };
    sources[0]->text = text->bytes;
    sources[0]->size = text->size;
    sources[1]->text = other->bytes;
    sources[1]->size = other->size;
    struct node *root = tree_parse(&report, sources[0]), *other_root = tree_parse(&report, sources[1]);
    if (root && other_root) {
        nodes_collect(&ours, root);
        nodes_collect(&theirs, other_root);
        for (size_t n = 1 + rng_below(rng, 3); n > 0 && ours.count > 1; n--) {
            struct forest *from = rng_below(rng, 2) ? &ours : &theirs;
            node_mutate(
                rng, &arena, ours.nodes[1 + rng_below(rng, ours.count - 1)], from->nodes[rng_below(rng, from->count)]);
        }
        struct text result = { NULL, 0, 0 };
        node_print(&result, root, 0);
        text_free(text);
        *text = result;
    }
    arena_free(&arena);
}

/* ---- settings ---- */

void mutate_setting(struct rng *rng, struct text *text)
{
    static const char *const good[] = { "memory=64M", "boot.cmdline=console=ttyS0 quiet", "devices.com1.irq=3",
        "devices.kbd=null", "devices.bell={ device: doorbell, irq: 5 }", "backends.log={ backend: file, path: x }",
        "guest.optimize=[linux]", "plugins.require.org.example.chips=>=1", "cpu.model=\"host\"", "devices.com1=null",
        "reboot=false" };
    const char *setting = good[rng_below(rng, COUNT(good))];
    text_splice(text, 0, text->size, setting, strlen(setting));
    if (rng_below(rng, 2))
        mutate_tokens(rng, text, &(struct text){ (char *)"devices.pic.device=i8254", 24, 0 });
    else if (rng_below(rng, 2))
        mutate_bytes(rng, text, &(struct text){ (char *)"boot.load=0x1000", 16, 0 });
}
