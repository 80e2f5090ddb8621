/* i8042.c - the keyboard controller of an AT, with its second port for a mouse.
 *
 * Intel UPI-41AH/42AH Universal Peripheral Interface data sheet, order number 210393, for the chip; what its program
 * does in a PC: IBM Personal System/2 Hardware Interface Technical Reference, "Keyboard and Auxiliary Device
 * Controller"
 * ("PS/2"; the headings are cited), and IBM PC/AT Technical Reference for output port and pulses.
 *
 * What stock drivers do with it. Linux: flushes, reads and writes the command byte, self test, interface test, loops a
 * byte through D3h to find the second port, probes a mouse with D4h F2h; resets by FEh. Windows 9x and NT: the same
 * without loop; Windows 9x's VKD also writes typematic and LEDs. SeaBIOS: self test, interface test, keyboard reset,
 * command byte 61h. DOS: HIMEM switches A20 by D1h and by DDh/DFh; games read port 60h in their own interrupt handler,
 * often twice, so the byte must stay until the next one comes over the wire.
 *
 * Two ways lead into the output buffer: the controller's own answers, at once, and bytes from the devices, which take
 * the time of eleven bits on the wire each and wait while the buffer is full or their clock is held.
 *
 * Example: OUT 64h, D4h; OUT 60h, F2h: the mouse gets F2h; FAh arrives 880 us later with status bit 5 and IRQ12, 00h
 * follows 880 us after FAh was read. Without a mouse FEh comes instead, with the time-out bit of the status. */
#include "i8042.h"

#define ABBEY_SELF struct i8042

#define FROM_KEYBOARD 1
#define FROM_AUX 2

#define STATUS_FULL 0x01
#define STATUS_SYSTEM 0x04
#define STATUS_COMMAND 0x08
#define STATUS_UNLOCKED 0x10
#define STATUS_AUX 0x20
#define STATUS_TIMEOUT 0x40

#define MODE_IRQ 0x01
#define MODE_AUX_IRQ 0x02
#define MODE_SYSTEM 0x04
#define MODE_HOLD 0x10 /* keyboard clock held low */
#define MODE_AUX_HOLD 0x20
#define MODE_TRANSLATE 0x40

#define OUT_RUN 0x01 /* low resets the processor */
#define OUT_A20 0x02

#define WIRE_TIME (880 * ABBEY_US) /* eleven bits at 12.5 kHz */

static void irq_update(struct i8042 *k)
{
    abbey_irq_set(k->irq, k->full == FROM_KEYBOARD && (k->ram[0] & MODE_IRQ));
    abbey_irq_set(k->mouse_irq, k->full == FROM_AUX && (k->ram[0] & MODE_AUX_IRQ));
}

static int keyboard_ready(const struct i8042 *k)
{
    return k->kbd.queue.count && !(k->ram[0] & MODE_HOLD);
}

static int aux_ready(const struct i8042 *k)
{
    return k->aux.queue.count && !(k->ram[0] & MODE_AUX_HOLD);
}

void i8042_wire_update(struct i8042 *k)
{
    int wanted = !k->full && !k->answer_full && (keyboard_ready(k) || aux_ready(k));
    if (!wanted)
        abbey_timer_cancel(k->wire);
    else if (abbey_timer_due(k->wire) == ABBEY_NEVER)
        abbey_timer_arm(k->wire, WIRE_TIME);
}

static void fill(struct i8042 *k, uint8_t byte, uint8_t from)
{
    k->data = byte;
    k->full = from;
    k->timed_out = 0;
    irq_update(k);
}

/* A byte from the keyboard, translated from set 2 to set 1 when the command byte says so (PS/2, "Controller Command
 * Byte", bit 6): the break prefix F0h becomes bit 7 of the byte behind it. */
static void keyboard_take(struct i8042 *k)
{
    uint8_t byte;
    while (ps2_take(&k->kbd.queue, &byte)) {
        if (!(k->ram[0] & MODE_TRANSLATE)) {
            fill(k, byte, FROM_KEYBOARD);
            return;
        }
        if (byte == 0xf0) {
            k->breaking = 0x80;
            continue;
        }
        byte = ps2_translation[byte] | k->breaking;
        k->breaking = 0;
        fill(k, byte, FROM_KEYBOARD);
        return;
    }
}

static void wire_due(void *self)
{
    struct i8042 *k = self;
    uint8_t byte;
    if (!k->full && !k->answer_full) {
        if (keyboard_ready(k))
            keyboard_take(k);
        else if (aux_ready(k) && ps2_take(&k->aux.queue, &byte))
            fill(k, byte, FROM_AUX);
        ps2_mouse_idle(&k->aux);
    }
    i8042_wire_update(k);
}

/* The controller itself says something; it waits for the buffer to be read. */
static void answer(struct i8042 *k, uint8_t byte, uint8_t from)
{
    if (!k->full) {
        fill(k, byte, from);
    } else {
        k->answer = byte;
        k->answer_full = from;
    }
    i8042_wire_update(k);
}

static uint8_t read_data(struct i8042 *k)
{
    uint8_t byte = k->data; /* an empty buffer shows its last byte */
    k->full = k->timed_out = 0;
    irq_update(k);
    if (k->answer_full) {
        uint8_t from = k->answer_full;
        k->answer_full = 0;
        fill(k, k->answer, from);
    }
    i8042_wire_update(k);
    return byte;
}

static uint8_t read_status(const struct i8042 *k)
{
    return (uint8_t)(STATUS_UNLOCKED | (k->full ? STATUS_FULL : 0) | (k->full == FROM_AUX ? STATUS_AUX : 0) |
                     (k->tested || (k->ram[0] & MODE_SYSTEM) ? STATUS_SYSTEM : 0) |
                     (k->command_last ? STATUS_COMMAND : 0) | (k->timed_out ? STATUS_TIMEOUT : 0));
}

/* A20 is told of when the bit changes: until then this gate has not spoken. */
static void write_outport(struct i8042 *k, uint8_t value)
{
    uint8_t changed = k->outport ^ value;
    k->outport = value;
    if (changed & OUT_A20)
        k->system->a20(k->dev, 0, value & OUT_A20 ? 1 : 0);
    if (!(value & OUT_RUN))
        k->system->reset(k->dev, ABBEY_RESET_CPU);
}

static void write_aux(struct i8042 *k, uint8_t byte)
{
    k->ram[0] &= (uint8_t)~MODE_AUX_HOLD;
    if (k->mouse) {
        ps2_mouse_write(&k->aux, byte);
        i8042_wire_update(k);
        return;
    }
    answer(k, PS2_RESEND, FROM_AUX); /* nobody pulled the clock (PS/2, "Status Register", time-out) */
    k->timed_out = k->full == FROM_AUX && k->data == PS2_RESEND;
}

static void write_mode(struct i8042 *k, unsigned at, uint8_t value)
{
    k->ram[at] = value;
    if (at == 0) {
        irq_update(k);
        i8042_wire_update(k);
    }
}

/* Port 60h: the byte that a command waits for, or one for the keyboard, whose clock runs for it. */
static void write_data(struct i8042 *k, uint8_t byte)
{
    uint8_t command = k->command;
    k->command = 0;
    switch (command) {
    case 0x60 ... 0x7f: write_mode(k, command & 0x1f, byte); break;
    case 0xa5: k->command = byte ? command : 0; break; /* a password, up to a zero byte: dropped, see A4h */
    case 0xd1: write_outport(k, byte); break;
    case 0xd2: answer(k, byte, FROM_KEYBOARD); break;
    case 0xd3: answer(k, byte, FROM_AUX); break;
    case 0xd4: write_aux(k, byte); break;
    default:
        k->ram[0] &= (uint8_t)~MODE_HOLD;
        ps2_keyboard_write(&k->kbd, byte);
        if (!k->kbd.repeating)
            abbey_timer_cancel(k->typematic);
        i8042_wire_update(k);
    }
}

/* Output port as D0h shows it: bits 4 and 5 follow the buffer (PS/2, "Output Port"). */
static uint8_t read_outport(const struct i8042 *k)
{
    uint8_t shown = k->outport & (uint8_t)~0x30;
    return (uint8_t)(shown | (k->full == FROM_KEYBOARD ? 0x10 : 0) | (k->full == FROM_AUX ? 0x20 : 0));
}

/* Commands that are answered by one byte (PS/2, "Controller Commands"). */
static const struct {
    uint8_t command, answer;
} answers[] = {
    { 0xa4, 0xf1 }, /* no password is installed */
    { 0xa9, 0x00 }, /* auxiliary port: clock and data lines are good, with or without a device */
    { 0xaa, 0x55 }, /* self test passed */
    { 0xab, 0x00 }, /* keyboard port good */
    { 0xc0, 0x80 }, /* input port: keyboard not locked */
    { 0xe0, 0x03 }, /* test inputs: both clocks high */
};

static void write_command(struct i8042 *k, uint8_t byte)
{
    k->command = 0;
    for (unsigned i = 0; i < sizeof answers / sizeof answers[0]; i++)
        if (answers[i].command == byte) {
            k->tested |= byte == 0xaa;
            answer(k, answers[i].answer, FROM_KEYBOARD);
            return;
        }
    switch (byte) {
    case 0x20 ... 0x3f: answer(k, k->ram[byte & 0x1f], FROM_KEYBOARD); break;
    case 0x60 ... 0x7f:
    case 0xa5:
    case 0xd1 ... 0xd4: k->command = byte; break;
    case 0xa7: write_mode(k, 0, k->ram[0] | MODE_AUX_HOLD); break;
    case 0xa8: write_mode(k, 0, k->ram[0] & (uint8_t)~MODE_AUX_HOLD); break;
    case 0xad: write_mode(k, 0, k->ram[0] | MODE_HOLD); break;
    case 0xae: write_mode(k, 0, k->ram[0] & (uint8_t)~MODE_HOLD); break;
    case 0xd0: answer(k, read_outport(k), FROM_KEYBOARD); break;
    case 0xdd: write_outport(k, k->outport & (uint8_t)~OUT_A20); break;
    case 0xdf: write_outport(k, k->outport | OUT_A20); break;
    case 0xf0 ... 0xff: /* pulses bits 3:0 that are 0 for 6 us; only bit 0 is long enough to matter */
        if (!(byte & OUT_RUN))
            k->system->reset(k->dev, ABBEY_RESET_CPU);
        break;
    default: abbey_trace(k->dev, "command %02x is not known", byte);
    }
}

static void access_data(void *self, abbey_io *io)
{
    struct i8042 *k = self;
    if (!io->write) {
        io->value = read_data(k);
        return;
    }
    k->command_last = 0;
    write_data(k, (uint8_t)io->value);
}

static void access_status(void *self, abbey_io *io)
{
    struct i8042 *k = self;
    if (!io->write) {
        io->value = read_status(k);
        return;
    }
    k->command_last = 1;
    write_command(k, (uint8_t)io->value);
}

/* ---- instance ---- */

static void reset(void *self)
{
    struct i8042 *k = self;
    ps2_keyboard_reset(&k->kbd);
    ps2_mouse_reset(&k->aux);
    vmmouse_reset(&k->pointer);
    if (k->mouse)
        i8042_listen(k);
    k->ram[0] = MODE_TRANSLATE | MODE_AUX_HOLD | MODE_IRQ; /* as a BIOS leaves it: a direct boot has none */
}

static int32_t loaded(void *self)
{
    struct i8042 *k = self;
    if (k->pointer.head >= VMMOUSE_WORDS || k->pointer.count > VMMOUSE_WORDS || k->pointer.absolute > k->pointer.on)
        return -1;
    if (k->mouse)
        i8042_listen(k);
    if (k->full > FROM_AUX || k->answer_full > FROM_AUX || k->kbd.set < 1 || k->kbd.set > 3)
        return -1;
    if (k->kbd.queue.count > PS2_QUEUE || k->kbd.queue.head >= PS2_QUEUE || k->aux.queue.count > PS2_QUEUE ||
        k->aux.queue.head >= PS2_QUEUE || k->aux.buttons > 7)
        return -1;
    if (k->aux.id != 0 && k->aux.id != 3)
        return -1;
    return k->aux.dx < -4096 || k->aux.dx > 4096 || k->aux.dy < -4096 || k->aux.dy > 4096 || k->aux.dz < -64 ||
                   k->aux.dz > 64
               ? -1
               : 0;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct i8042 *k = self;
    k->dev = dev;
    k->system = abbey_system(dev);
    k->input = abbey_input(dev);
    if (i8042_attach(k) != 0)
        return -1;
    k->wire = abbey_timer_new(dev, wire_due, k);
    k->typematic = abbey_timer_new(dev, i8042_typematic_due, k);
    if (!k->wire || !k->typematic)
        return abbey_fail(dev, "no memory for a timer");
    abbey_region_desc pointer = {
        .size = sizeof pointer, .max_width = 4, .start = VMMOUSE_PORT, .length = 4, .fn = i8042_pointer
    };
    k->registers = abbey_registers(dev);
    if (k->mouse && k->vmmouse && !abbey_pio_region(dev, &pointer, k))
        return -1;
    return abbey_pio_map(dev, 0x60, 1, access_data, k) || abbey_pio_map(dev, 0x64, 1, access_status, k) ? -1 : 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(irq, 1, "interrupt line of the keyboard"),
    ABBEY_PROP(mouse_irq, 12, "interrupt line of the mouse port"),
    ABBEY_PROP(mouse, 0, "a mouse is plugged in"),
    ABBEY_PROP(vmmouse, 0, "it also speaks VMware's protocol at port 5658h: guests with such a driver get positions"),
};

/* The devices' own defaults and the command byte are set by reset(). */
static const abbey_reg regs[] = {
    ABBEY_REG(full, 0),
    ABBEY_REG(data, 0),
    ABBEY_REG(answer, 0),
    ABBEY_REG(answer_full, 0),
    ABBEY_REG(timed_out, 0),
    ABBEY_REG(command, 0),
    ABBEY_REG(command_last, 0),
    ABBEY_REG(tested, 0),
    ABBEY_REG(outport, 0xcf),
    ABBEY_REG(ram, 0),
    ABBEY_REG(breaking, 0),
    ABBEY_REG(kbd.queue.bytes, 0),
    ABBEY_REG(kbd.queue.head, 0),
    ABBEY_REG(kbd.queue.count, 0),
    ABBEY_REG(kbd.queue.last, 0),
    ABBEY_REG(kbd.command, 0),
    ABBEY_REG(kbd.set, 2),
    ABBEY_REG(kbd.leds, 0),
    ABBEY_REG(kbd.typematic, 0x2b),
    ABBEY_REG(kbd.scanning, 1),
    ABBEY_REG(kbd.no_break, 0),
    ABBEY_REG(kbd.no_repeat, 0),
    ABBEY_REG(kbd.repeating, 0),
    ABBEY_REG(aux.queue.bytes, 0),
    ABBEY_REG(aux.queue.head, 0),
    ABBEY_REG(aux.queue.count, 0),
    ABBEY_REG(aux.queue.last, 0),
    ABBEY_REG(aux.command, 0),
    ABBEY_REG(aux.reporting, 0),
    ABBEY_REG(aux.remote, 0),
    ABBEY_REG(aux.wrap, 0),
    ABBEY_REG(aux.scaling, 0),
    ABBEY_REG(aux.rate, 100),
    ABBEY_REG(aux.resolution, 2),
    ABBEY_REG(aux.buttons, 0),
    ABBEY_REG(aux.dx, 0),
    ABBEY_REG(aux.dy, 0),
    ABBEY_REG(aux.dz, 0),
    ABBEY_REG(aux.id, 0),
    ABBEY_REG(aux.knock, 0),
    ABBEY_REG(aux.told, 0),
    ABBEY_REG(pointer.words, 0),
    ABBEY_REG(pointer.head, 0),
    ABBEY_REG(pointer.count, 0),
    ABBEY_REG(pointer.on, 0),
    ABBEY_REG(pointer.absolute, 0),
    ABBEY_REG(wire, 0),
    ABBEY_REG(typematic, 0),
};

static const abbey_device device = { .name = "i8042",
    .summary = "8042 keyboard controller with keyboard and mouse port",
    .bus = "isa",
    .self_size = sizeof(struct i8042),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.i8042", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.timer/1 abbey.system/1 abbey.input/1 abbey.registers/1", .device = &device);
