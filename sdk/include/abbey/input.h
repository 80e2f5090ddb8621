/* abbey/input.h - keys and pointers, from displays to the devices that the guest reads: interface "abbey.input/1".
 *
 * No wiring in the machine file: a keyboard or pointer device says in create() what it takes, a display sends what its
 * user does, and the host routes: keys to the keyboard, motion to the pointer that the guest uses now. An absolute
 * position reaches a device for absolute positions while the guest listens to one, and else becomes the motion from the
 * last position, so that every display works with every guest.
 *
 * A key is the make code that a PC keyboard sends for it in scan code set 1, with bit 7 set for the keys that have the
 * prefix E0h: 1Eh is A, 1Ch Enter, 9Ch Enter on the keypad, C8h cursor up. Pause is C5h, Print Screen B7h. */
#ifndef ABBEY_INPUT_H
#define ABBEY_INPUT_H

#include <abbey/dev.h>

#define ABBEY_KEY_EXTENDED 0x80u
#define ABBEY_KEY_PAUSE 0xc5u
#define ABBEY_KEY_PRINT 0xb7u

#define ABBEY_BUTTON_LEFT 1u
#define ABBEY_BUTTON_RIGHT 2u
#define ABBEY_BUTTON_MIDDLE 4u

#define ABBEY_INPUT_KEYS 1u
#define ABBEY_INPUT_MOTION 2u
#define ABBEY_INPUT_POSITION 4u

#define ABBEY_POSITION_MAX 65535u /* right or lower edge of the screen */

/* What a device takes; callbacks for kinds that it does not take may be NULL. [io] */
typedef struct abbey_input_client_1 {
    uint32_t size;
    uint32_t kinds; /* ABBEY_INPUT_..., or-ed */
    void (*key)(void *self, uint32_t key, uint32_t down);
    /* In dots of the screen, y downwards; `wheel` in steps, positive towards the user; the buttons held now. */
    void (*motion)(void *self, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons);
    void (*position)(void *self, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons); /* 0..ABBEY_POSITION_MAX */
    /* May be missing: 1 while the guest has not read the keys that it was given; what is typed by command then waits.
     */
    uint32_t (*busy)(void *self);
} abbey_input_client_1;

typedef struct abbey_input_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*attach)(abbey_dev *dev, const abbey_input_client_1 *client, void *self);
    void (*listen)(abbey_dev *dev, uint32_t kinds);
    void (*key)(abbey_dev *dev, uint32_t key, uint32_t down);
    void (*symbol)(abbey_dev *dev, uint32_t symbol, uint32_t down);
    void (*motion)(abbey_dev *dev, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons);
    void (*position)(abbey_dev *dev, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons);
    uint32_t (*listening)(abbey_dev *dev);
} abbey_input_1;

#define ABBEY_INPUT_1 "abbey.input/1"

/* The interface; devices and backends keep it. What its calls do:
 *   attach(dev, client, self)  [create] devices: takes input. 0, or -1 with a reported reason
 *   listen(dev, kinds)         [locked] devices: which of its kinds the guest makes use of now; all at first
 *   key(dev, key, down)        [locked] displays: a key goes down (1) or up (0)
 *   symbol(dev, symbol, down)  [locked] displays that know no keys: the X11 keysym that a key stands for. It is looked
 *                              up on a US keyboard, and Shift is held or released around it as it needs
 *   motion, position           [locked] displays: what the pointer does
 *   listening(dev)             [locked] which kinds reach a guest now */
static inline const abbey_input_1 *abbey_input(abbey_dev *dev)
{
    return (const abbey_input_1 *)abbey_query(dev, ABBEY_INPUT_1);
}

#endif
