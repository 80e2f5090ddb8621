/* ps2kbd.c - the keyboard: commands, and scan codes in the sets 1, 2 and 3.
 *
 * IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard/Auxiliary Device Controllers" and "Keyboards
 * (101- and 102-Key)" ("PS/2"); scan codes also in Microsoft's "Keyboard Scan Code Specification", revision 1.3a.
 *
 * What stock drivers do with it: see i8042.c. Linux asks for the identification (F2h), sets LEDs, typematic rate, and
 * stays in set 2 behind the controller's translation; DOS and Windows 9x never leave what the BIOS set up. */
#include "ps2.h"

#include <string.h>

#define OVERRUN_SET1 0xff
#define OVERRUN_SET23 0x00

void ps2_put(struct ps2_queue *queue, uint8_t byte)
{
    if (queue->count < PS2_QUEUE)
        queue->bytes[(queue->head + queue->count++) % PS2_QUEUE] = byte;
}

int ps2_take(struct ps2_queue *queue, uint8_t *byte)
{
    if (!queue->count)
        return 0;
    *byte = queue->bytes[queue->head % PS2_QUEUE];
    queue->head = (uint8_t)((queue->head + 1) % PS2_QUEUE);
    queue->count--;
    if (*byte != PS2_RESEND)
        queue->last = *byte;
    return 1;
}

/* What the controller makes of each byte of set 2. Codes that no key has keep the image that the 8042 gives them. */
// clang-format off
const uint8_t ps2_translation[256] = {
    0xff, 0x43, 0x41, 0x3f, 0x3d, 0x3b, 0x3c, 0x58, 0x64, 0x44, 0x42, 0x40, 0x3e, 0x0f, 0x29, 0x59,
    0x65, 0x38, 0x2a, 0x70, 0x1d, 0x10, 0x02, 0x5a, 0x66, 0x71, 0x2c, 0x1f, 0x1e, 0x11, 0x03, 0x5b,
    0x67, 0x2e, 0x2d, 0x20, 0x12, 0x05, 0x04, 0x5c, 0x68, 0x39, 0x2f, 0x21, 0x14, 0x13, 0x06, 0x5d,
    0x69, 0x31, 0x30, 0x23, 0x22, 0x15, 0x07, 0x5e, 0x6a, 0x72, 0x32, 0x24, 0x16, 0x08, 0x09, 0x5f,
    0x6b, 0x33, 0x25, 0x17, 0x18, 0x0b, 0x0a, 0x60, 0x6c, 0x34, 0x35, 0x26, 0x27, 0x19, 0x0c, 0x61,
    0x6d, 0x73, 0x28, 0x74, 0x1a, 0x0d, 0x62, 0x6e, 0x3a, 0x36, 0x1c, 0x1b, 0x75, 0x2b, 0x63, 0x76,
    0x55, 0x56, 0x77, 0x78, 0x79, 0x7a, 0x0e, 0x7b, 0x7c, 0x4f, 0x7d, 0x4b, 0x47, 0x7e, 0x7f, 0x6f,
    0x52, 0x53, 0x50, 0x4c, 0x4d, 0x48, 0x01, 0x45, 0x57, 0x4e, 0x51, 0x4a, 0x37, 0x49, 0x46, 0x54,
    0x80, 0x81, 0x82, 0x41, 0x54, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f,
    0x90, 0x91, 0x92, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f,
    0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf,
    0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0xb6, 0xb7, 0xb8, 0xb9, 0xba, 0xbb, 0xbc, 0xbd, 0xbe, 0xbf,
    0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce, 0xcf,
    0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf,
    0xe0, 0xe1, 0xe2, 0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee, 0xef,
    0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff,
};

/* Set 3 by the make code of set 1: one byte for every key, no prefixes. */
static const uint8_t set3_plain[0x60] = {
    0x00, 0x08, 0x16, 0x1e, 0x26, 0x25, 0x2e, 0x36, 0x3d, 0x3e, 0x46, 0x45, 0x4e, 0x55, 0x66, 0x0d, /* Esc 1..0 - = BS Tab */
    0x15, 0x1d, 0x24, 0x2d, 0x2c, 0x35, 0x3c, 0x43, 0x44, 0x4d, 0x54, 0x5b, 0x5a, 0x11, 0x1c, 0x1b, /* Q..P [ ] Enter Ctrl A S */
    0x23, 0x2b, 0x34, 0x33, 0x3b, 0x42, 0x4b, 0x4c, 0x52, 0x0e, 0x12, 0x5c, 0x1a, 0x22, 0x21, 0x2a, /* D..L ; ' ` Shift \ Z..V */
    0x32, 0x31, 0x3a, 0x41, 0x49, 0x4a, 0x59, 0x7e, 0x19, 0x29, 0x14, 0x07, 0x0f, 0x17, 0x1f, 0x27, /* B..M , . / Shift * Alt Space Caps F1..F5 */
    0x2f, 0x37, 0x3f, 0x47, 0x4f, 0x76, 0x5f, 0x6c, 0x75, 0x7d, 0x84, 0x6b, 0x73, 0x74, 0x7c, 0x69, /* F6..F10 Num Scroll 7 8 9 - 4 5 6 + 1 */
    0x72, 0x7a, 0x70, 0x71, 0x57, 0x00, 0x13, 0x56, 0x5e, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, /* 2 3 0 . SysRq - 102nd F11 F12 */
};
// clang-format on

static const struct {
    uint8_t key, code;
} set3_extended[] = {
    { 0x9c, 0x79 },
    { 0x9d, 0x58 },
    { 0xb5, 0x77 },
    { PS2_KEY_PRINT, 0x57 },
    { 0xb8, 0x39 },
    { PS2_KEY_PAUSE, 0x62 },
    { 0xc7, 0x6e },
    { 0xc8, 0x63 },
    { 0xc9, 0x6f },
    { 0xcb, 0x61 },
    { 0xcd, 0x6a },
    { 0xcf, 0x65 },
    { 0xd0, 0x60 },
    { 0xd1, 0x6d },
    { 0xd2, 0x67 },
    { 0xd3, 0x64 },
    { 0xdb, 0x8b },
    { 0xdc, 0x8c },
    { 0xdd, 0x8d },
};

static uint8_t set3_code(uint8_t key)
{
    if (!(key & PS2_KEY_EXTENDED))
        return key < sizeof set3_plain ? set3_plain[key] : 0;
    for (unsigned i = 0; i < sizeof set3_extended / sizeof set3_extended[0]; i++)
        if (set3_extended[i].key == key)
            return set3_extended[i].code;
    return 0;
}

/* The code of set 2 whose image is `make`: F7 and SysRq have theirs above 7Fh, hence from the top. */
static uint8_t set2_code(uint8_t make)
{
    for (unsigned code = 0xff; code > 0; code--)
        if (ps2_translation[code] == make)
            return (uint8_t)code;
    return 0;
}

struct codes {
    uint8_t bytes[8];
    unsigned count;
};

static void add(struct codes *codes, uint8_t byte)
{
    codes->bytes[codes->count++ % sizeof codes->bytes] = byte;
}

/* One make or break code of set 1 or 2, without prefix. */
static void add_code(struct codes *codes, uint8_t set, uint8_t make, int down)
{
    if (set == 1) {
        add(codes, (uint8_t)(make | (down ? 0 : 0x80)));
        return;
    }
    if (!down)
        add(codes, 0xf0);
    add(codes, set2_code(make));
}

/* XXX: cursor keys send no Shift codes around theirs when Num Lock or Shift is down. */
static void codes_of(struct codes *codes, const struct ps2_keyboard *k, uint8_t key, int down)
{
    if (k->set == 3) {
        if (!down)
            add(codes, 0xf0);
        add(codes, set3_code(key));
    } else if (key == PS2_KEY_PAUSE) { /* E1, Ctrl and Num Lock down and up at once; nothing when it is released */
        for (int i = 0; down && i < 2; i++) {
            add(codes, 0xe1);
            add_code(codes, k->set, 0x1d, !i);
            add_code(codes, k->set, 0x45, !i);
        }
    } else if (key == PS2_KEY_PRINT) { /* with the Shift that tells it from the keypad's asterisk */
        const uint8_t order[2] = { down ? 0x2a : 0x37, down ? 0x37 : 0x2a };
        for (int i = 0; i < 2; i++) {
            add(codes, 0xe0);
            add_code(codes, k->set, order[i], down);
        }
    } else {
        if (key & PS2_KEY_EXTENDED)
            add(codes, 0xe0);
        add_code(codes, k->set, key & 0x7f, down);
    }
}

static void send_key(struct ps2_keyboard *k, uint8_t key, int down)
{
    struct codes codes = { .count = 0 };
    codes_of(&codes, k, key, down);
    /* A code that does not fit is lost as a whole, and the last place says so (PS/2, "Keyboard Buffer"). */
    if (k->queue.count + codes.count >= PS2_QUEUE) {
        if (k->queue.count < PS2_QUEUE)
            ps2_put(&k->queue, k->set == 1 ? OVERRUN_SET1 : OVERRUN_SET23);
        return;
    }
    for (unsigned i = 0; i < codes.count; i++)
        ps2_put(&k->queue, codes.bytes[i]);
}

void ps2_keyboard_key(struct ps2_keyboard *k, uint8_t key, int down)
{
    int known = k->set == 3 ? set3_code(key) != 0 : key == PS2_KEY_PAUSE || set2_code(key & 0x7f) != 0;
    if (!k->scanning || !known)
        return;
    int modes = k->set == 3;
    if (down)
        k->repeating = (modes && k->no_repeat) || key == PS2_KEY_PAUSE ? 0 : key;
    else if (k->repeating == key)
        k->repeating = 0;
    if (down || !modes || !k->no_break)
        send_key(k, key, down);
}

void ps2_keyboard_repeat(struct ps2_keyboard *k)
{
    if (k->repeating && k->scanning)
        send_key(k, k->repeating, 1);
}

/* PS/2, "Set Typematic Rate/Delay": 250 ms a step; (8 + A) * 2^B / 240 s. */
uint64_t ps2_keyboard_delay(const struct ps2_keyboard *k)
{
    return (1 + (k->typematic >> 5 & 3u)) * UINT64_C(250000000);
}

uint64_t ps2_keyboard_period(const struct ps2_keyboard *k)
{
    return ((8 + (k->typematic & 7u)) << (k->typematic >> 3 & 3u)) * UINT64_C(1000000000) / 240;
}

static void defaults(struct ps2_keyboard *k)
{
    k->typematic = 0x2b; /* 10.9 a second after 500 ms */
    k->set = 2;
    k->no_break = k->no_repeat = k->repeating = 0;
}

void ps2_keyboard_reset(struct ps2_keyboard *k)
{
    memset(k, 0, sizeof *k);
    defaults(k);
    k->scanning = 1;
}

static void write_argument(struct ps2_keyboard *k, uint8_t command, uint8_t byte)
{
    k->command = 0;
    switch (command) {
    case 0xed: k->leds = byte & 7; break;
    case 0xf3: k->typematic = byte & 0x7f; break;
    case 0xf0:
        if (byte > 3) {
            ps2_put(&k->queue, PS2_RESEND);
            return;
        }
        ps2_put(&k->queue, PS2_ACK);
        if (byte == 0)
            ps2_put(&k->queue, k->set);
        else
            k->set = byte;
        return;
    default: k->command = command; break; /* FB-FD: a list of keys. XXX: taken, but every key keeps the common mode */
    }
    ps2_put(&k->queue, PS2_ACK);
}

/* PS/2, "Commands to the Keyboard". A command drops what was still to be sent. */
void ps2_keyboard_write(struct ps2_keyboard *k, uint8_t byte)
{
    uint8_t command = k->command;
    k->queue.count = 0;
    if (command && byte < 0xed) {
        write_argument(k, command, byte);
        return;
    }
    k->command = 0;
    switch (byte) {
    case 0xee: ps2_put(&k->queue, 0xee); return;
    case 0xfe: ps2_put(&k->queue, k->queue.last); return;
    case 0xff: /* XXX: the self-test takes no time; a real one takes half a second */
        ps2_put(&k->queue, PS2_ACK);
        defaults(k);
        k->scanning = 1;
        k->leds = 0;
        ps2_put(&k->queue, PS2_BAT_GOOD);
        return;
    case 0xf2:
        ps2_put(&k->queue, PS2_ACK);
        ps2_put(&k->queue, 0xab);
        ps2_put(&k->queue, 0x83);
        return;
    case 0xed:
    case 0xf0:
    case 0xf3:
    case 0xfb:
    case 0xfc:
    case 0xfd: k->command = byte; break;
    case 0xf4: k->scanning = 1; break;
    case 0xf5:
        defaults(k);
        k->scanning = 0;
        break;
    case 0xf6: defaults(k); break;
    case 0xf7:
        k->no_break = 1;
        k->no_repeat = 0;
        break;
    case 0xf8:
        k->no_break = 0;
        k->no_repeat = 1;
        break;
    case 0xf9:
        k->no_break = 1;
        k->no_repeat = 1;
        break;
    case 0xfa:
        k->no_break = 0;
        k->no_repeat = 0;
        break;
    default: ps2_put(&k->queue, PS2_RESEND); return;
    }
    ps2_put(&k->queue, PS2_ACK);
}
