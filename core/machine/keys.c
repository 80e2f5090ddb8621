#include "core/machine/keys.h"

#include <string.h>
#include <strings.h>

#include <abbey/input.h>

#define E ABBEY_KEY_EXTENDED

/* The characters of each key from 02h on, without and with Shift; blanks where a key has none. */
static const char plain[] = "1234567890-=\b\tqwertyuiop[]\n asdfghjkl;'` \\zxcvbnm,./";
static const char shifted[] = "!@#$%^&*()_+\b\tQWERTYUIOP{}\n ASDFGHJKL:\"~ |ZXCVBNM<>?";

/* Keys without a character: name, keysym, key. */
static const struct {
    const char *name;
    uint16_t symbol;
    uint8_t key;
} named[] = {
    { "esc", 0xff1b, 0x01 },
    { "backspace", 0xff08, 0x0e },
    { "tab", 0xff09, 0x0f },
    { "enter", 0xff0d, 0x1c },
    { "ret", 0xff0a, 0x1c },
    { "ctrl", 0xffe3, 0x1d },
    { "shift", 0xffe1, KEY_SHIFT },
    { "shift_r", 0xffe2, KEY_SHIFT_RIGHT },
    { "kp_multiply", 0xffaa, 0x37 },
    { "alt", 0xffe9, 0x38 },
    { "spc", 0x0020, 0x39 },
    { "space", 0x0020, 0x39 },
    { "caps_lock", 0xffe5, 0x3a },
    { "f1", 0xffbe, 0x3b },
    { "f2", 0xffbf, 0x3c },
    { "f3", 0xffc0, 0x3d },
    { "f4", 0xffc1, 0x3e },
    { "f5", 0xffc2, 0x3f },
    { "f6", 0xffc3, 0x40 },
    { "f7", 0xffc4, 0x41 },
    { "f8", 0xffc5, 0x42 },
    { "f9", 0xffc6, 0x43 },
    { "f10", 0xffc7, 0x44 },
    { "num_lock", 0xff7f, 0x45 },
    { "scroll_lock", 0xff14, 0x46 },
    { "kp_7", 0xffb7, 0x47 },
    { "kp_8", 0xffb8, 0x48 },
    { "kp_9", 0xffb9, 0x49 },
    { "kp_subtract", 0xffad, 0x4a },
    { "kp_4", 0xffb4, 0x4b },
    { "kp_5", 0xffb5, 0x4c },
    { "kp_6", 0xffb6, 0x4d },
    { "kp_add", 0xffab, 0x4e },
    { "kp_1", 0xffb1, 0x4f },
    { "kp_2", 0xffb2, 0x50 },
    { "kp_3", 0xffb3, 0x51 },
    { "kp_0", 0xffb0, 0x52 },
    { "kp_decimal", 0xffae, 0x53 },
    { "kp_home", 0xff95, 0x47 },
    { "kp_up", 0xff97, 0x48 },
    { "kp_pgup", 0xff9a, 0x49 },
    { "kp_left", 0xff96, 0x4b },
    { "kp_begin", 0xff9d, 0x4c },
    { "kp_right", 0xff98, 0x4d },
    { "kp_end", 0xff9c, 0x4f },
    { "kp_down", 0xff99, 0x50 },
    { "kp_pgdn", 0xff9b, 0x51 },
    { "kp_insert", 0xff9e, 0x52 },
    { "kp_delete", 0xff9f, 0x53 },
    { "less", 0, 0x56 }, /* the 102nd key; no symbol of its own */
    { "f11", 0xffc8, 0x57 },
    { "f12", 0xffc9, 0x58 },
    { "kp_enter", 0xff8d, E | 0x1c },
    { "ctrl_r", 0xffe4, E | 0x1d },
    { "kp_divide", 0xffaf, E | 0x35 },
    { "print", 0xff61, ABBEY_KEY_PRINT },
    { "sysrq", 0xff15, ABBEY_KEY_PRINT },
    { "alt_r", 0xffea, E | 0x38 },
    { "altgr", 0xfe03, E | 0x38 },
    { "pause", 0xff13, ABBEY_KEY_PAUSE },
    { "home", 0xff50, E | 0x47 },
    { "up", 0xff52, E | 0x48 },
    { "pgup", 0xff55, E | 0x49 },
    { "left", 0xff51, E | 0x4b },
    { "right", 0xff53, E | 0x4d },
    { "end", 0xff57, E | 0x4f },
    { "down", 0xff54, E | 0x50 },
    { "pgdn", 0xff56, E | 0x51 },
    { "insert", 0xff63, E | 0x52 },
    { "delete", 0xffff, E | 0x53 },
    { "meta_l", 0xffeb, E | 0x5b },
    { "meta_r", 0xffec, E | 0x5c },
    { "menu", 0xff67, E | 0x5d },
};

struct key_symbol key_of_symbol(uint32_t symbol)
{
    struct key_symbol found = { 0 };
    if (symbol > ' ' && symbol < 0x7f) {
        const char *at = strchr(plain, (int)symbol);
        found.shift = !at;
        at = at ? at : strchr(shifted, (int)symbol);
        found.letter = 1;
        found.key = (uint8_t)(2 + (at - (found.shift ? shifted : plain)));
        return found;
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (symbol && named[i].symbol == symbol)
            found.key = named[i].key;
    found.letter = symbol == ' ';
    if (symbol == 0xffe7 || symbol == 0xffe8) /* Meta is Alt on PCs */
        found.key = 0x38;
    if (symbol == 0xfe20) /* what Shift makes of Tab */
        found.key = 0x0f;
    return found;
}

uint8_t key_of_name(const char *name, size_t length)
{
    if (length == 1) {
        struct key_symbol symbol = key_of_symbol((uint8_t)*name);
        return symbol.shift ? 0 : symbol.key;
    }
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (strlen(named[i].name) == length && strncasecmp(named[i].name, name, length) == 0)
            return named[i].key;
    return 0;
}
