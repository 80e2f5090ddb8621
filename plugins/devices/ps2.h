/* ps2.h - the devices behind the keyboard controller: what goes over their wires, without controller or time. */
#ifndef PLUGINS_DEVICES_PS2_H
#define PLUGINS_DEVICES_PS2_H

#include <stdint.h>

#define PS2_QUEUE 32u

/* Bytes that a device has ready to send. */
struct ps2_queue {
    uint8_t bytes[PS2_QUEUE];
    uint8_t head, count;
    uint8_t last; /* sent last, for "resend" */
};

void ps2_put(struct ps2_queue *queue, uint8_t byte);
/* The next byte, with 1; 0 when there is none. */
int ps2_take(struct ps2_queue *queue, uint8_t *byte);

#define PS2_ACK 0xfau
#define PS2_RESEND 0xfeu
#define PS2_BAT_GOOD 0xaau

/* ---- keyboard ---- */

struct ps2_keyboard {
    struct ps2_queue queue;
    uint8_t command; /* waits for its argument; 0: none */
    uint8_t set;     /* scan code set 1, 2, 3 */
    uint8_t leds;    /* bit 0 scroll, 1 num, 2 caps */
    uint8_t typematic;
    uint8_t scanning;
    uint8_t no_break;  /* set 3, F9h: make codes alone */
    uint8_t no_repeat; /* set 3, F8h and F9h */
    uint8_t repeating; /* the key held down last; 0: none */
};

/* A key is its make code in set 1, with bit 7 for those that have the prefix E0. */
#define PS2_KEY_EXTENDED 0x80u
#define PS2_KEY_PAUSE 0xc5u
#define PS2_KEY_PRINT 0xb7u

void ps2_keyboard_reset(struct ps2_keyboard *keyboard);
/* A byte from the controller: a command or its argument. */
void ps2_keyboard_write(struct ps2_keyboard *keyboard, uint8_t byte);
/* A key goes down (1) or up (0). */
void ps2_keyboard_key(struct ps2_keyboard *keyboard, uint8_t key, int down);
/* The key held down sends again. */
void ps2_keyboard_repeat(struct ps2_keyboard *keyboard);
/* Nanoseconds before the first repetition, and between two. */
uint64_t ps2_keyboard_delay(const struct ps2_keyboard *keyboard);
uint64_t ps2_keyboard_period(const struct ps2_keyboard *keyboard);

/* Set 2 to set 1, as the controller translates: the byte's image. */
extern const uint8_t ps2_translation[256];

/* ---- mouse ---- */

struct ps2_mouse {
    struct ps2_queue queue;
    uint8_t command;
    uint8_t reporting; /* stream mode and enabled */
    uint8_t remote, wrap, scaling;
    uint8_t rate;       /* samples a second */
    uint8_t resolution; /* 0..3: 1, 2, 4, 8 counts a millimetre */
    uint8_t buttons;    /* bit 0 left, 1 right, 2 middle */
    uint8_t id;         /* 0, or 3 when the guest has asked for a wheel */
    uint8_t knock[2];   /* the last two rates, the newest first */
    uint8_t told;       /* buttons as reported last */
    int32_t dx, dy, dz; /* not reported yet; y grows upwards, z towards the user */
};

void ps2_mouse_reset(struct ps2_mouse *mouse);
void ps2_mouse_write(struct ps2_mouse *mouse, uint8_t byte);
/* y grows upwards, the wheel's steps go towards the user. */
void ps2_mouse_move(struct ps2_mouse *mouse, int32_t dx, int32_t dy, int32_t dz, uint8_t buttons);
/* A packet without news, if none is on its way: tells a driver to look elsewhere. */
void ps2_mouse_poke(struct ps2_mouse *mouse);
/* The guest has taken the last packet: another, if there is something to tell. */
void ps2_mouse_idle(struct ps2_mouse *mouse);

#endif
