/* keys.h - the keys of a US keyboard, by the symbols on them and by name. */
#ifndef ABBEY_CORE_KEYS_H
#define ABBEY_CORE_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KEY_SHIFT 0x2au
#define KEY_SHIFT_RIGHT 0x36u
#define KEY_ENTER 0x1cu

struct key_symbol {
    uint8_t key;    /* abbey/input.h; 0: no key has it */
    uint8_t shift;  /* Shift has to be down */
    uint8_t letter; /* a character, which Shift decides over; else a function or modifier key, which keeps Shift */
};

/* The key of an X11 keysym: Latin-1 characters are their own, others from FF00h on. */
struct key_symbol key_of_symbol(uint32_t symbol);

/* The key of a name of `length` bytes ("enter", "f12", "a", "ctrl"); 0 when there is none. */
uint8_t key_of_name(const char *name, size_t length);

#endif
