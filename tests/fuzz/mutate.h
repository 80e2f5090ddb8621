/* mutate.h - random damage to machine files, in bytes, in tokens, in the tree. */
#ifndef ABBEY_TESTS_MUTATE_H
#define ABBEY_TESTS_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* A repeatable source of numbers (splitmix64). */
struct rng {
    uint64_t state;
};
uint64_t rng_next(struct rng *rng);
/* 0 <= result < limit; limit > 0 */
size_t rng_below(struct rng *rng, size_t limit);

/* Text that may hold any byte. */
struct text {
    char *bytes;
    size_t size, room;
};
void text_append(struct text *text, const void *bytes, size_t count);
void text_free(struct text *text);
/* Replaces [from, to) by `count` bytes. */
void text_splice(struct text *text, size_t from, size_t to, const void *bytes, size_t count);

/* Each damages `text` in a few places; `other` is another good file to steal from. */
void mutate_bytes(struct rng *rng, struct text *text, const struct text *other);
void mutate_tokens(struct rng *rng, struct text *text, const struct text *other);
void mutate_tree(struct rng *rng, struct text *text, const struct text *other);
/* A path=value setting, or what once was one. */
void mutate_setting(struct rng *rng, struct text *text);

#endif
