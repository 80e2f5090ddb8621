/* i8042_user.c - what the user does at the keyboard and with the mouse, on its way to the guest: over the wires, or by
 * the protocol of vmmouse.c when a driver has asked for that. */
#include "i8042.h"

/* Positions are wanted while a driver for them has asked. */
void i8042_listen(struct i8042 *k)
{
    uint32_t kinds = ABBEY_INPUT_KEYS | ABBEY_INPUT_MOTION;
    k->input->listen(k->dev, k->pointer.absolute ? kinds | ABBEY_INPUT_POSITION : kinds);
}

/* Port 5658h: a command in four registers, if the guest means it (vmmouse.c). */
void i8042_pointer(void *self, abbey_io *io)
{
    static const uint32_t numbers[4] = { ABBEY_EAX, ABBEY_EBX, ABBEY_ECX, ABBEY_EDX };
    struct i8042 *k = self;
    uint32_t r[4];
    for (unsigned i = 0; i < 4; i++)
        r[i] = k->registers->get(k->dev, numbers[i]);
    io->value = UINT32_MAX;
    if (io->write || io->size != 4 || io->offset != 0 || r[0] != VMMOUSE_MAGIC)
        return;
    vmmouse_command(&k->pointer, r);
    for (unsigned i = 1; i < 4; i++)
        k->registers->set(k->dev, numbers[i], r[i]);
    io->value = r[0];
    i8042_listen(k);
}

void i8042_typematic_due(void *self)
{
    struct i8042 *k = self;
    if (!k->kbd.repeating)
        return;
    if (k->kbd.queue.count < PS2_QUEUE / 2) /* a guest that does not read gets no flood when it does */
        ps2_keyboard_repeat(&k->kbd);
    abbey_timer_arm(k->typematic, ps2_keyboard_period(&k->kbd));
    i8042_wire_update(k);
}

static void on_key(void *self, uint32_t key, uint32_t down)
{
    struct i8042 *k = self;
    uint8_t before = k->kbd.repeating;
    ps2_keyboard_key(&k->kbd, (uint8_t)key, (int)down);
    if (!k->kbd.repeating)
        abbey_timer_cancel(k->typematic);
    else if (down || k->kbd.repeating != before)
        abbey_timer_arm(k->typematic, ps2_keyboard_delay(&k->kbd));
    i8042_wire_update(k);
}

static uint32_t keys_wait(void *self)
{
    const struct i8042 *k = self;
    return k->kbd.queue.count || k->full;
}

static void on_motion(void *self, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons)
{
    struct i8042 *k = self;
    if (k->pointer.on) {
        vmmouse_motion(&k->pointer, dx, dy, wheel, buttons);
        ps2_mouse_poke(&k->aux);
    } else {
        ps2_mouse_move(&k->aux, dx, -dy, wheel, (uint8_t)(buttons & 7));
    }
    i8042_wire_update(k);
}

static void on_position(void *self, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    struct i8042 *k = self;
    vmmouse_position(&k->pointer, x, y, wheel, buttons);
    ps2_mouse_poke(&k->aux);
    i8042_wire_update(k);
}

static const abbey_input_client_1 keyboard_alone = {
    .size = sizeof keyboard_alone, .kinds = ABBEY_INPUT_KEYS, .key = on_key, .busy = keys_wait
};
static const abbey_input_client_1 both = { .size = sizeof both,
    .kinds = ABBEY_INPUT_KEYS | ABBEY_INPUT_MOTION | ABBEY_INPUT_POSITION,
    .key = on_key,
    .motion = on_motion,
    .position = on_position,
    .busy = keys_wait };

int32_t i8042_attach(struct i8042 *k)
{
    return k->input->attach(k->dev, k->mouse ? &both : &keyboard_alone, k);
}
