/* arena.h - memory that is freed all at once: everything read from machine files lives as long as the description. */
#ifndef ABBEY_CORE_CONFIG_ARENA_H
#define ABBEY_CORE_CONFIG_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks;
};

/* Zeroed memory, aligned for any type. Ends the process with status 1 when there is none: nothing runs yet, and a
 * machine file is bounded in size. */
void *arena_alloc(struct arena *arena, size_t bytes);
char *arena_copy(struct arena *arena, const char *text, size_t length);
char *arena_format(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *arena_vformat(struct arena *arena, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void arena_free(struct arena *arena);

/* What the user wrote, fit for an error message: control characters and broken UTF-8 become '?'; clip cuts it short. */
const char *arena_printable(struct arena *arena, const char *text);
const char *arena_clip(struct arena *arena, const char *text);

/* Length of the well-formed, printable UTF-8 character at p (not at end), or 0. */
size_t printable_length(const char *p, const char *end);

#endif
