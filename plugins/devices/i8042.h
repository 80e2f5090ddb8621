/* i8042.h - what the files of the keyboard controller share. */
#ifndef PLUGINS_DEVICES_I8042_H
#define PLUGINS_DEVICES_I8042_H

#include <abbey/plugin.h>

#include "ps2.h"
#include "vmmouse.h"

struct i8042 {
    _Bool mouse, vmmouse;
    abbey_irq *irq, *mouse_irq;
    uint8_t full; /* output buffer: 0 empty, else who filled it */
    uint8_t data;
    uint8_t answer, answer_full; /* an answer that came while the buffer was full */
    uint8_t timed_out;           /* status bit 6 for the byte in the buffer */
    uint8_t command;             /* waits for its byte at port 60h; 0: none */
    uint8_t command_last;        /* status bit 3: the last write went to port 64h */
    uint8_t tested;              /* status bit 2 */
    uint8_t outport;
    uint8_t ram[32];  /* [0] is the command byte */
    uint8_t breaking; /* translation: F0h was taken off the wire */
    struct ps2_keyboard kbd;
    struct ps2_mouse aux;
    struct vmmouse pointer;
    abbey_timer *wire, *typematic;
    abbey_dev *dev;
    const abbey_system_1 *system;
    const abbey_input_1 *input;
    const abbey_registers_1 *registers;
};
/* Starts the next transfer when there is one and nothing is in its way. */
void i8042_wire_update(struct i8042 *k);

/* ---- i8042_user.c ---- */

/* Takes keys, and a mouse's motion where there is one. [create] */
int32_t i8042_attach(struct i8042 *k);
/* Tells which kinds of input the guest makes use of now. [locked] */
void i8042_listen(struct i8042 *k);
/* The timer of keys that repeat. */
void i8042_typematic_due(void *self);
/* Port 5658h. */
void i8042_pointer(void *self, abbey_io *io);

#endif
