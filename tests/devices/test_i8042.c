/* The keyboard controller on the bench; keyboard and mouse by their own functions, and with a user at them. */
#include <abbey/input.h>

#include "tests/devices/dut.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "plugins/devices/ps2.h"

#define DATA 0x60
#define STATUS 0x64
#define FULL 0x01
#define AUX 0x20
#define WIRE (880 * ABBEY_US)

static abbey_bench *kbc(const char *properties)
{
    return dut_new("i8042", properties);
}

static void command(abbey_bench *b, uint8_t value)
{
    dut_out(b, STATUS, value);
}

static uint8_t ask(abbey_bench *b, uint8_t value)
{
    command(b, value);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & FULL, FULL);
    return dut_in(b, DATA);
}

static void mode(abbey_bench *b, uint8_t value)
{
    command(b, 0x60);
    dut_out(b, DATA, value);
}

/* The next byte over the wire, -1 when none comes. */
static int wire(abbey_bench *b)
{
    abbey_advance(b, WIRE);
    return dut_in(b, STATUS) & FULL ? dut_in(b, DATA) : -1;
}

static int key_command(abbey_bench *b, uint8_t value)
{
    dut_out(b, DATA, value);
    return wire(b);
}

static void controller_commands(void)
{
    abbey_bench *b = kbc(NULL);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0xe3, 0);
    CU_ASSERT_EQUAL(ask(b, 0xaa), 0x55);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0x04, 0x04); /* system flag */
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0x08, 0x08); /* the last write was a command */
    CU_ASSERT_EQUAL(ask(b, 0xab), 0x00);
    CU_ASSERT_EQUAL(ask(b, 0xa9), 0x00);
    CU_ASSERT_EQUAL(ask(b, 0xa4), 0xf1);
    CU_ASSERT_EQUAL(ask(b, 0xc0), 0x80);
    CU_ASSERT_EQUAL(ask(b, 0xd0) & 0x03, 0x03);
    CU_ASSERT_EQUAL(ask(b, 0x20), 0x61);
    mode(b, 0x47);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0x08, 0);
    CU_ASSERT_EQUAL(ask(b, 0x20), 0x47);
    command(b, 0xa7);
    CU_ASSERT_EQUAL(ask(b, 0x20), 0x67);
    command(b, 0xad);
    CU_ASSERT_EQUAL(ask(b, 0x20), 0x77);
    command(b, 0xa8);
    command(b, 0xae);
    CU_ASSERT_EQUAL(ask(b, 0x20), 0x47);
    command(b, 0x6a); /* controller RAM */
    dut_out(b, DATA, 0x99);
    CU_ASSERT_EQUAL(ask(b, 0x2a), 0x99);
    abbey_bench_free(b);
}

static void a20_gate(void)
{
    abbey_bench *b = kbc(NULL);
    abbey_events e = { .size = sizeof e };
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    command(b, 0xd1);
    dut_out(b, DATA, 0xdd);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    CU_ASSERT_EQUAL(ask(b, 0xd0) & 0x02, 0);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 0);
    command(b, 0xdf);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    command(b, 0xdd);
    abbey_bench_reset(b);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.a20, 1);
    abbey_bench_free(b);
}

static void resets_processor(void)
{
    abbey_bench *b = kbc(NULL);
    abbey_events e = { .size = sizeof e };
    command(b, 0xff);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.cpu_resets, 0);
    command(b, 0xfe);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.cpu_resets, 1);
    command(b, 0xd1);
    dut_out(b, DATA, 0xde);
    abbey_events_get(b, &e);
    CU_ASSERT_EQUAL(e.cpu_resets, 2);
    CU_ASSERT_EQUAL(e.resets, 0);
    abbey_bench_free(b);
}

static void loops_bytes(void)
{
    abbey_bench *b = kbc(NULL);
    mode(b, 0x43);
    command(b, 0xd2);
    dut_out(b, DATA, 0x1c);
    CU_ASSERT_EQUAL(abbey_line(b, 1), 1);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & (FULL | AUX), FULL);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0x1c);
    CU_ASSERT_EQUAL(abbey_line(b, 1), 0);
    command(b, 0xd3);
    dut_out(b, DATA, 0x5a);
    CU_ASSERT_EQUAL(abbey_line(b, 12), 1);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & (FULL | AUX), FULL | AUX);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0x5a);
    CU_ASSERT_EQUAL(abbey_line(b, 12), 0);
    abbey_bench_free(b);
}

static void keyboard_commands(void)
{
    abbey_bench *b = kbc(NULL);
    mode(b, 0x01); /* no translation */
    dut_out(b, DATA, 0xf2);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & FULL, 0); /* the wire takes its time */
    CU_ASSERT_EQUAL(wire(b), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0xab);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(wire(b), 0x83);
    CU_ASSERT_EQUAL(wire(b), -1);
    CU_ASSERT_EQUAL(key_command(b, 0xee), 0xee);
    CU_ASSERT_EQUAL(key_command(b, 0xed), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0x07), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0xf3), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0x20), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0xf0), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0x03), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0xf0), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0x00), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0x03);
    CU_ASSERT_EQUAL(key_command(b, 0x11), 0xfe); /* not a command */
    CU_ASSERT_EQUAL(key_command(b, 0xf5), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0xf4), 0xfa);
    CU_ASSERT_EQUAL(key_command(b, 0xff), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0xaa);
    CU_ASSERT_EQUAL(key_command(b, 0xfe), 0xaa); /* resend */
    abbey_bench_free(b);
}

static void translation(void)
{
    abbey_bench *b = kbc(NULL);
    mode(b, 0x41);
    CU_ASSERT_EQUAL(key_command(b, 0xf2), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0xab);
    CU_ASSERT_EQUAL(wire(b), 0x41); /* 83h, as every driver knows it */
    abbey_bench_free(b);
}

static void byte_stays(void)
{
    abbey_bench *b = kbc(NULL);
    mode(b, 0x01);
    dut_out(b, DATA, 0xf2);
    abbey_advance(b, WIRE);
    CU_ASSERT_EQUAL(abbey_line(b, 1), 1);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0xfa);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0xfa); /* read twice by a game's handler */
    CU_ASSERT_EQUAL(abbey_line(b, 1), 0);
    abbey_advance(b, WIRE);
    CU_ASSERT_EQUAL(abbey_line(b, 1), 1);
    abbey_advance(b, 10 * WIRE); /* nothing overwrites it */
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0xab);
    command(b, 0xad); /* clock held */
    abbey_advance(b, 10 * WIRE);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & FULL, 0);
    command(b, 0xae);
    CU_ASSERT_EQUAL(wire(b), 0x83);
    abbey_bench_free(b);
}

/* The answer to a command waits while the buffer is full. */
static void answers_wait(void)
{
    abbey_bench *b = kbc(NULL);
    command(b, 0xaa);
    command(b, 0x20);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0x55);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & FULL, FULL);
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0x61);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & FULL, 0);
    abbey_bench_free(b);
}

/* Puts what keys would send into the keyboard's buffer, by way of a saved state. */
static void put_value(char *state, const char *name, const char *digits)
{
    char *at = strstr(state, name);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    at += strlen(name);
    at += strspn(at, "\": ");
    memcpy(at, digits, strlen(digits));
}

static void keys_translated(void)
{
    abbey_bench *b = kbc(NULL);
    char *state = strdup(abbey_state(b));
    put_value(state, "kbd.queue.bytes", "1cf01ce0f075"); /* A down, A up, cursor up released */
    put_value(state, "kbd.queue.count", "6");
    CU_ASSERT_EQUAL(abbey_state_load(b, state), 0);
    free(state);
    command(b, 0xae);
    static const uint8_t expected[] = { 0x1e, 0x9e, 0xe0, 0xc8 };
    for (unsigned i = 0; i < sizeof expected; i++)
        CU_ASSERT_EQUAL(wire(b), expected[i]);
    CU_ASSERT_EQUAL(wire(b), -1);
    abbey_bench_free(b);
}

static void no_mouse(void)
{
    abbey_bench *b = kbc(NULL);
    mode(b, 0x03);
    command(b, 0xd4);
    dut_out(b, DATA, 0xf2);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0x61, 0x61); /* from the second port, timed out */
    CU_ASSERT_EQUAL(dut_in(b, DATA), 0xfe);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & 0x40, 0);
    abbey_bench_free(b);
}

static int mouse_command(abbey_bench *b, uint8_t value)
{
    command(b, 0xd4);
    dut_out(b, DATA, value);
    abbey_advance(b, WIRE);
    CU_ASSERT_EQUAL(dut_in(b, STATUS) & (FULL | AUX), FULL | AUX);
    CU_ASSERT_EQUAL(abbey_line(b, 12), 1);
    return dut_in(b, DATA);
}

static void mouse_commands(void)
{
    abbey_bench *b = kbc("{mouse: true}");
    mode(b, 0x03);
    CU_ASSERT_EQUAL(mouse_command(b, 0xff), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0xaa);
    CU_ASSERT_EQUAL(wire(b), 0x00);
    CU_ASSERT_EQUAL(mouse_command(b, 0xf3), 0xfa);
    CU_ASSERT_EQUAL(mouse_command(b, 80), 0xfa);
    CU_ASSERT_EQUAL(mouse_command(b, 0xe8), 0xfa);
    CU_ASSERT_EQUAL(mouse_command(b, 3), 0xfa);
    CU_ASSERT_EQUAL(mouse_command(b, 0xf4), 0xfa);
    CU_ASSERT_EQUAL(mouse_command(b, 0xe9), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0x20);
    CU_ASSERT_EQUAL(wire(b), 3);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    CU_ASSERT_EQUAL(wire(b), 80);
    CU_ASSERT_EQUAL(mouse_command(b, 0xf2), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0x00);
    CU_ASSERT_EQUAL(mouse_command(b, 0xeb), 0xfa);
    CU_ASSERT_EQUAL(wire(b), 0x08);
    CU_ASSERT_EQUAL(wire(b), 0);
    CU_ASSERT_EQUAL(wire(b), 0);
    CU_ASSERT_EQUAL(wire(b), -1);
    abbey_bench_free(b);
}

/* ---- behind the wires ---- */

static int sends(struct ps2_queue *q, const char *expected, unsigned count)
{
    uint8_t byte;
    for (unsigned i = 0; i < count; i++)
        if (!ps2_take(q, &byte) || byte != (uint8_t)expected[i])
            return 0;
    return !ps2_take(q, &byte);
}
#define SENDS(queue, bytes) CU_ASSERT(sends((queue), (bytes), sizeof(bytes) - 1))

static void press(struct ps2_keyboard *k, uint8_t key)
{
    ps2_keyboard_key(k, key, 1);
    ps2_keyboard_key(k, key, 0);
}

static void choose_set(struct ps2_keyboard *k, uint8_t set)
{
    ps2_keyboard_write(k, 0xf0);
    ps2_keyboard_write(k, set);
    k->queue.count = 0;
}

static void scan_codes(void)
{
    struct ps2_keyboard k;
    ps2_keyboard_reset(&k);
    press(&k, 0x1e); /* A */
    SENDS(&k.queue, "\x1c\xf0\x1c");
    press(&k, 0x41); /* F7 */
    SENDS(&k.queue, "\x83\xf0\x83");
    press(&k, 0xc8); /* up */
    SENDS(&k.queue, "\xe0\x75\xe0\xf0\x75");
    press(&k, PS2_KEY_PAUSE);
    SENDS(&k.queue, "\xe1\x14\x77\xe1\xf0\x14\xf0\x77");
    press(&k, PS2_KEY_PRINT);
    SENDS(&k.queue, "\xe0\x12\xe0\x7c\xe0\xf0\x7c\xe0\xf0\x12");
    choose_set(&k, 1);
    press(&k, 0x1e);
    SENDS(&k.queue, "\x1e\x9e");
    press(&k, 0x9d);
    SENDS(&k.queue, "\xe0\x1d\xe0\x9d");
    press(&k, PS2_KEY_PAUSE);
    SENDS(&k.queue, "\xe1\x1d\x45\xe1\x9d\xc5");
    choose_set(&k, 3);
    press(&k, 0x1e);
    SENDS(&k.queue, "\x1c\xf0\x1c");
    press(&k, 0xc8);
    SENDS(&k.queue, "\x63\xf0\x63");
    ps2_keyboard_write(&k, 0xf9);
    k.queue.count = 0;
    press(&k, 0x01);
    SENDS(&k.queue, "\x08");
}

/* Every key of set 1 must come out of the translation as it went in. */
static void translation_round_trip(void)
{
    struct ps2_keyboard k;
    uint8_t byte;
    ps2_keyboard_reset(&k);
    for (uint8_t key = 1; key <= 0x58; key++) {
        if (key == 0x54 || key == 0x55)
            continue;
        ps2_keyboard_key(&k, key, 1);
        CU_ASSERT(ps2_take(&k.queue, &byte));
        CU_ASSERT_EQUAL(ps2_translation[byte], key);
    }
}

static void typematic(void)
{
    struct ps2_keyboard k;
    ps2_keyboard_reset(&k);
    CU_ASSERT_EQUAL(ps2_keyboard_delay(&k), 500 * ABBEY_MS);
    CU_ASSERT_EQUAL(ABBEY_SEC / ps2_keyboard_period(&k), 10);
    ps2_keyboard_write(&k, 0xf3);
    ps2_keyboard_write(&k, 0x00);
    CU_ASSERT_EQUAL(ps2_keyboard_delay(&k), 250 * ABBEY_MS);
    CU_ASSERT_EQUAL(ABBEY_SEC / ps2_keyboard_period(&k), 30);
    k.queue.count = 0;
    ps2_keyboard_key(&k, 0x1e, 1);
    ps2_keyboard_repeat(&k);
    SENDS(&k.queue, "\x1c\x1c");
    ps2_keyboard_key(&k, 0x1f, 1);
    ps2_keyboard_key(&k, 0x1e, 0);
    ps2_keyboard_repeat(&k); /* the last key down repeats */
    SENDS(&k.queue, "\x1b\xf0\x1c\x1b");
    ps2_keyboard_key(&k, 0x1f, 0);
    CU_ASSERT_EQUAL(k.repeating, 0);
}

static void overrun(void)
{
    struct ps2_keyboard k;
    uint8_t byte, last = 1;
    unsigned count = 0;
    ps2_keyboard_reset(&k);
    for (unsigned i = 0; i < 50; i++)
        press(&k, 0x1e);
    while (ps2_take(&k.queue, &byte)) {
        last = byte;
        count++;
    }
    CU_ASSERT_EQUAL(count, PS2_QUEUE);
    CU_ASSERT_EQUAL(last, 0x00);
    ps2_keyboard_write(&k, 0xf5); /* no scanning, no keys */
    k.queue.count = 0;
    press(&k, 0x1e);
    CU_ASSERT_EQUAL(k.queue.count, 0);
}

static void mouse_motion(void)
{
    struct ps2_mouse m;
    ps2_mouse_reset(&m);
    ps2_mouse_move(&m, 5, 5, 0, 0);
    SENDS(&m.queue, "");
    ps2_mouse_write(&m, 0xf6);
    ps2_mouse_write(&m, 0xf4);
    m.queue.count = 0;
    ps2_mouse_move(&m, 3, -2, 0, 1);
    SENDS(&m.queue, "\x29\x03\xfe");
    ps2_mouse_move(&m, 300, 0, 0, 1);
    SENDS(&m.queue, "\x09\xff\x00");
    ps2_mouse_move(&m, 0, 0, 0, 6); /* what did not fit */
    SENDS(&m.queue, "\x0e\x2d\x00");
    ps2_mouse_write(&m, 0xe7); /* scaling 2:1 */
    m.queue.count = 0;
    ps2_mouse_move(&m, 4, -7, 0, 6);
    SENDS(&m.queue, "\x2e\x06\xf2");
    ps2_mouse_write(&m, 0xee);
    m.queue.count = 0;
    ps2_mouse_write(&m, 0x42);
    SENDS(&m.queue, "\x42");
}

/* The knock of a driver that looks for a wheel. */
static void mouse_wheel(void)
{
    struct ps2_mouse m;
    ps2_mouse_reset(&m);
    ps2_mouse_write(&m, 0xf2);
    SENDS(&m.queue, "\xfa\x00");
    for (unsigned i = 0; i < 3; i++) {
        ps2_mouse_write(&m, 0xf3);
        ps2_mouse_write(&m, i == 0 ? 200 : i == 1 ? 100 : 80);
    }
    ps2_mouse_write(&m, 0xf2);
    SENDS(&m.queue, "\xfa\x03");
    ps2_mouse_write(&m, 0xf4);
    m.queue.count = 0;
    ps2_mouse_move(&m, 1, 2, -1, 0);
    SENDS(&m.queue, "\x08\x01\x02\xff");
    ps2_mouse_write(&m, 0xff); /* a reset takes it away */
    SENDS(&m.queue, "\xfa\xaa\x00");
    ps2_mouse_write(&m, 0xf4);
    m.queue.count = 0;
    ps2_mouse_move(&m, 1, 2, -1, 0);
    SENDS(&m.queue, "\x08\x01\x02");
}

/* Motion is added up while the guest is slow; a click is not. */
static void mouse_waits_for_the_guest(void)
{
    struct ps2_mouse m;
    ps2_mouse_reset(&m);
    ps2_mouse_write(&m, 0xf4);
    m.queue.count = 0;
    for (unsigned i = 0; i < 10; i++)
        ps2_mouse_move(&m, 2, 1, 0, 0);
    CU_ASSERT_EQUAL(m.queue.count, 3);
    SENDS(&m.queue, "\x08\x02\x01");
    ps2_mouse_idle(&m);
    SENDS(&m.queue, "\x08\x12\x09");
    ps2_mouse_idle(&m);
    SENDS(&m.queue, "");
    ps2_mouse_move(&m, 1, 0, 0, 0);
    ps2_mouse_move(&m, 0, 0, 0, 1);
    ps2_mouse_move(&m, 0, 0, 0, 0);
    SENDS(&m.queue, "\x08\x01\x00\x09\x00\x00\x08\x00\x00");
}

/* ---- what a user does ---- */

/* Bytes from the controller as time passes, in hexadecimal; those from the mouse in brackets. */
static const char *received(abbey_bench *b)
{
    static char text[400];
    size_t length = 0;
    text[0] = 0;
    for (unsigned quiet = 0; quiet < 100 && length + 8 < sizeof text;) {
        abbey_advance(b, ABBEY_MS);
        uint8_t status = dut_in(b, STATUS);
        quiet = status & 1 ? 0 : quiet + 1;
        if (status & 1)
            length += (size_t)snprintf(
                text + length, sizeof text - length, status & 0x20 ? "[%02x]" : "%02x ", dut_in(b, DATA));
    }
    return text;
}

static void keys_from_the_user(void)
{
    abbey_bench *b = kbc(NULL);
    abbey_press(b, 0x1e, 1);
    abbey_press(b, 0x1e, 0);
    abbey_press(b, 0xc8, 1);
    abbey_press(b, 0xc8, 0);
    CU_ASSERT_STRING_EQUAL(received(b), "1e 9e e0 48 e0 c8 ");
    CU_ASSERT_EQUAL(abbey_type(b, "a!\n"), 0);
    CU_ASSERT_STRING_EQUAL(received(b), "1e 9e 2a 02 82 aa 1c 9c ");
    CU_ASSERT_EQUAL(abbey_type(b, "a\xc3\xa4"), -1); /* no such key: nothing is typed */
    CU_ASSERT_STRING_EQUAL(received(b), "");
    /* Far more than the keyboard holds: nothing is lost while the guest reads. */
    CU_ASSERT_EQUAL(abbey_type(b, "the quick brown fox jumps over the lazy dog"), 0);
    unsigned count = 0;
    for (const char *at = received(b); (at = strchr(at, ' ')); at++)
        count++;
    CU_ASSERT_EQUAL(count, 2 * 43);
    abbey_bench_free(b);
}

/* A guest that gets little time reads a byte now and then: what is typed waits for it. One that reads nothing at all
 * loses what the keyboard cannot hold, in the end, as with anybody who types on. */
static void a_slow_guest(void)
{
    abbey_bench *b = kbc(NULL);
    CU_ASSERT_EQUAL(abbey_type(b, "the quick brown fox jumps over the lazy dog"), 0);
    unsigned count = 0;
    for (unsigned i = 0; i < 200; i++) {
        abbey_advance(b, 300 * ABBEY_MS);
        for (; dut_in(b, STATUS) & FULL; abbey_advance(b, WIRE)) {
            dut_in(b, DATA);
            count++;
        }
    }
    CU_ASSERT_EQUAL(count, 2 * 43);
    CU_ASSERT_EQUAL(abbey_type(b, "the quick brown fox jumps over the lazy dog"), 0);
    abbey_advance(b, 30 * ABBEY_SEC);
    for (count = 0; dut_in(b, STATUS) & FULL; abbey_advance(b, WIRE)) {
        dut_in(b, DATA);
        count++;
    }
    CU_ASSERT(count >= PS2_QUEUE / 2 && count <= PS2_QUEUE); /* what the keyboard holds, less the prefixes of set 2 */
    CU_ASSERT_EQUAL(abbey_type(b, "a"), 0);
    CU_ASSERT_STRING_EQUAL(received(b), "1e 9e ");
    abbey_bench_free(b);
}

/* What stands on the caps of the user's keyboard, with its own Shift. */
static void symbols_from_the_user(void)
{
    abbey_bench *b = kbc(NULL);
    abbey_symbol(b, 0xffe1, 1); /* Shift */
    abbey_symbol(b, '"', 1);    /* needs it here too */
    abbey_symbol(b, '"', 0);
    CU_ASSERT_STRING_EQUAL(received(b), "2a 28 a8 ");
    abbey_symbol(b, '/', 1); /* does not here */
    abbey_symbol(b, '/', 0);
    CU_ASSERT_STRING_EQUAL(received(b), "aa 35 2a b5 ");
    abbey_symbol(b, 0xffe1, 0);
    CU_ASSERT_STRING_EQUAL(received(b), "aa ");
    abbey_symbol(b, '@', 1); /* without Shift over there */
    abbey_symbol(b, '@', 0);
    CU_ASSERT_STRING_EQUAL(received(b), "2a 03 aa 83 ");
    abbey_symbol(b, 0xffe3, 1); /* a command stays as it is: Ctrl */
    abbey_symbol(b, 'C', 1);
    abbey_symbol(b, 'C', 0);
    abbey_symbol(b, 0xffe3, 0);
    CU_ASSERT_STRING_EQUAL(received(b), "1d 2e ae 9d ");
    abbey_symbol(b, 0x20ac, 1); /* on no key */
    CU_ASSERT_STRING_EQUAL(received(b), "");
    abbey_bench_free(b);
}

static void motion_from_the_user(void)
{
    abbey_bench *b = kbc("{mouse: true}");
    dut_out(b, STATUS, 0xa8);
    dut_out(b, STATUS, 0xd4);
    dut_out(b, DATA, 0xf4);
    CU_ASSERT_STRING_EQUAL(received(b), "[fa]");
    abbey_move(b, 5, 3, 0, ABBEY_BUTTON_LEFT); /* y downwards */
    CU_ASSERT_STRING_EQUAL(received(b), "[29][05][fd]");
    /* Positions of a display become motion, in dots of a screen that nobody has: 640x480. */
    abbey_point(b, 0, 0, 0, 0);
    CU_ASSERT_STRING_EQUAL(received(b), "[08][00][00]");
    abbey_point(b, 65535 / 10, 65535 / 10, 0, 0);
    CU_ASSERT_STRING_EQUAL(received(b), "[28][3f][d1]");
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_bench_free(b);
}

static const struct dut_ports ports[] = { { DATA, 1 }, { STATUS, 1 } };

static void fuzz(void)
{
    abbey_bench *b = kbc("{mouse: true}");
    dut_fuzz(b, ports, 2, dut_fuzz_count(20000));
    abbey_bench_free(b);
    b = kbc(NULL);
    dut_fuzz(b, ports, 2, dut_fuzz_count(20000));
    abbey_bench_free(b);
}

static void fuzz_state(void)
{
    abbey_bench *b = kbc("{mouse: true}");
    dut_fuzz_state(b, ports, 2, 300);
    abbey_bench_free(b);
}

static const struct unit_test tests[] = {
    { "controller commands and the command byte", controller_commands },
    { "A20 by D1, DD and DF", a20_gate },
    { "FE and the output port reset the processor", resets_processor },
    { "D2 and D3 loop bytes back with their interrupts", loops_bytes },
    { "keyboard commands", keyboard_commands },
    { "translation of the identification", translation },
    { "a byte stays until the next comes over the wire", byte_stays },
    { "an answer waits for the buffer", answers_wait },
    { "keys come out in set 1", keys_translated },
    { "the mouse port without a mouse times out", no_mouse },
    { "mouse commands", mouse_commands },
    { "scan codes of the three sets", scan_codes },
    { "translation gives back set 1", translation_round_trip },
    { "typematic delay and rate", typematic },
    { "keyboard overrun, scanning off", overrun },
    { "mouse packets", mouse_motion },
    { "mouse with a wheel", mouse_wheel },
    { "the mouse waits for the guest", mouse_waits_for_the_guest },
    { "keys and text of the user", keys_from_the_user },
    { "typing waits for a guest that reads slowly", a_slow_guest },
    { "symbols of the user's keyboard", symbols_from_the_user },
    { "motion and positions of the user", motion_from_the_user },
    { "random accesses", fuzz },
    { "damaged states", fuzz_state },
};
UNIT_MAIN("i8042", tests)
