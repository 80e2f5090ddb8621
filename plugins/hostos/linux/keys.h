/* keys.h - the console's own keys: what follows a Ctrl-A. */
#ifndef ABBEY_HOSTOS_KEYS_H
#define ABBEY_HOSTOS_KEYS_H

#include <stdbool.h>
#include <stdint.h>

enum keys_action { KEYS_QUIT, KEYS_HELP, KEYS_BREAK, KEYS_SEND };

struct keys {
    bool prefix;                                     /* a Ctrl-A came and nothing after it yet */
    void (*act)(void *arg, enum keys_action action); /* never with KEYS_SEND */
    void *arg;
};

/* What of the keys in `in` is for the guest, into `out` (room for `count` bytes); the rest goes to act(). */
uint32_t keys_filter(struct keys *keys, const uint8_t *in, uint32_t count, uint8_t *out);

/* The list that Ctrl-A h shows. */
uint32_t keys_help(char *text, uint32_t size);

#endif
