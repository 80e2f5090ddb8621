#include "core/config/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 8192u
#define CLIP_BYTES 60u

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    alignas(max_align_t) unsigned char bytes[];
};

void *arena_alloc(struct arena *arena, size_t bytes)
{
    size_t need = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    struct arena_block *block = arena->blocks;
    if (!block || block->size - block->used < need) {
        size_t size = need > BLOCK_BYTES ? need : BLOCK_BYTES;
        block = calloc(1, sizeof(*block) + size);
        if (!block) {
            fputs("abbey: out of memory while reading the machine file\n", stderr);
            exit(1);
        }
        block->size = size;
        block->next = arena->blocks;
        arena->blocks = block;
    }
    void *result = block->bytes + block->used;
    block->used += need;
    return result;
}

char *arena_copy(struct arena *arena, const char *text, size_t length)
{
    char *copy = arena_alloc(arena, length + 1);
    memcpy(copy, text, length);
    return copy;
}

char *arena_vformat(struct arena *arena, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    char *text = arena_alloc(arena, length > 0 ? (size_t)length + 1 : 1);
    if (length > 0)
        vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return text;
}

char *arena_format(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = arena_vformat(arena, format, args);
    va_end(args);
    return text;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks) {
        struct arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
}

size_t printable_length(const char *text, const char *end)
{
    const unsigned char *p = (const unsigned char *)text;
    if (*p < 0x80)
        return *p >= 0x20 && *p != 0x7f;
    size_t length = *p >= 0xf5 ? 0 : *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : *p >= 0xc2 ? 2 : 0;
    if (length > (size_t)(end - text))
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    /* overlong forms, surrogates, beyond 10FFFFh, C1 controls */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f) || (p[0] == 0xc2 && p[1] < 0xa0))
        return 0;
    return length;
}

static const char *printable(struct arena *arena, const char *text, size_t limit)
{
    const char *end = text + strlen(text), *p = text;
    char *copy = arena_alloc(arena, (size_t)(end - text) + 4), *out = copy;
    while (p < end && (size_t)(out - copy) < limit) {
        size_t length = printable_length(p, end);
        memcpy(out, length ? p : "?", length ? length : 1);
        out += length ? length : 1;
        p += length ? length : 1;
    }
    if (p < end)
        memcpy(out, "...", 3);
    return copy;
}

const char *arena_printable(struct arena *arena, const char *text)
{
    return printable(arena, text, SIZE_MAX);
}

const char *arena_clip(struct arena *arena, const char *text)
{
    return printable(arena, text, CLIP_BYTES);
}
