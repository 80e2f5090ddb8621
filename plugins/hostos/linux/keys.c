/* keys.c - the console's own keys, as a table. */
#include "keys.h"

#include <stddef.h>
#include <stdio.h>

#define CTRL_A 1

static const struct {
    uint8_t key;
    enum keys_action action;
    const char *name, *meaning; /* name NULL: a second key for the row above */
} rows[] = {
    { 'x', KEYS_QUIT, "x", "end the machine" },
    { 'b', KEYS_BREAK, "b", "send a break" },
    { CTRL_A, KEYS_SEND, "Ctrl-A", "send Ctrl-A (also: a)" },
    { 'a', KEYS_SEND, NULL, NULL },
    { 'h', KEYS_HELP, "h", "show this list" },
    { '?', KEYS_HELP, NULL, NULL },
};
#define ROWS (sizeof rows / sizeof rows[0])

uint32_t keys_filter(struct keys *keys, const uint8_t *in, uint32_t count, uint8_t *out)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!keys->prefix) {
            if (in[i] == CTRL_A)
                keys->prefix = true;
            else
                out[kept++] = in[i];
            continue;
        }
        keys->prefix = false;
        size_t row = 0;
        while (row < ROWS && rows[row].key != in[i])
            row++;
        if (row == ROWS)
            continue; /* a key without a meaning is swallowed, with its Ctrl-A */
        if (rows[row].action == KEYS_SEND)
            out[kept++] = CTRL_A;
        else
            keys->act(keys->arg, rows[row].action);
    }
    return kept;
}

uint32_t keys_help(char *text, uint32_t size)
{
    int length = snprintf(text, size, "\r\n");
    for (size_t i = 0; i < ROWS && length > 0 && (uint32_t)length < size; i++)
        if (rows[i].name)
            length +=
                snprintf(text + length, size - (uint32_t)length, "Ctrl-A %-7s %s\r\n", rows[i].name, rows[i].meaning);
    return length < 0 ? 0 : (uint32_t)length < size ? (uint32_t)length : size - 1;
}
