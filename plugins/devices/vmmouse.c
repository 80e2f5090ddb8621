/* vmmouse.c - VMware's mouse protocol, which the vmmouse drivers of X and Linux speak: positions instead of motion, so
 * that the guest's pointer stands where the viewer's does.
 *
 * There is no data sheet; this is what the drivers do (xf86-input-vmmouse, and vmmouse.c of Linux). A command is
 * IN EAX, DX with DX = 5658h, EAX = 564D5868h, CX the command, EBX its argument; answers come in EAX to EDX.
 *
 *     GETVERSION 10   EAX a version, EBX 564D5868h: there is such a port
 *     COMMAND 41      EBX "READ" enables, F5h disables, "RRED" wants motion, "RABS" positions
 *     STATUS 40       EAX words that wait in the queue; FFFF0000h when it is disabled, or after an error
 *     DATA 39         EBX, 1 to 4, words of the queue, in EAX, EBX, ECX, EDX
 *
 * The first word after enabling is the protocol's version. Then there are packets of four words: buttons, x, y, wheel.
 * That packets wait is told by the PS/2 mouse, which sends one of its own; drivers take its bytes for no more than
 * that.
 *
 * Example: enable, STATUS gives 1, DATA of 1 gives 3442554Ah; RABS; the pointer goes to the middle with its left button
 * down: STATUS gives 4, DATA of 4 gives 00000020h, 00007FFFh, 00007FFFh, 0. */
#include "vmmouse.h"

#include <abbey/input.h>
#include <string.h>

#define GETVERSION 10u
#define POINTER_DATA 39u
#define POINTER_STATUS 40u
#define POINTER_COMMAND 41u

#define COMMAND_ENABLE 0x45414552u
#define COMMAND_DISABLE 0x000000f5u
#define COMMAND_RELATIVE 0x4c455252u
#define COMMAND_ABSOLUTE 0x53424152u

#define VERSION 6u /* of the port */
#define WORKSTATION 4u
#define PROTOCOL 0x3442554au
#define STATUS_ERROR 0xffff0000u

#define PACKET_RELATIVE 0x00010000u
#define PACKET_LEFT 0x20u
#define PACKET_RIGHT 0x10u
#define PACKET_MIDDLE 0x08u
#define PACKET_WORDS 4u

static uint32_t *word_at(struct vmmouse *m, unsigned at)
{
    return &m->words[(m->head + at) % VMMOUSE_WORDS];
}

static void put(struct vmmouse *m, uint32_t word)
{
    *word_at(m, m->count++) = word;
}

static uint32_t take(struct vmmouse *m)
{
    uint32_t word = *word_at(m, 0);
    m->head = (uint8_t)((m->head + 1) % VMMOUSE_WORDS);
    m->count--;
    return word;
}

void vmmouse_reset(struct vmmouse *m)
{
    memset(m, 0, sizeof *m);
}

static void pointer_command(struct vmmouse *m, uint32_t command)
{
    switch (command) {
    case COMMAND_ENABLE:
        vmmouse_reset(m);
        m->on = 1;
        put(m, PROTOCOL);
        break;
    case COMMAND_DISABLE: vmmouse_reset(m); break;
    case COMMAND_RELATIVE: m->absolute = 0; break;
    case COMMAND_ABSOLUTE: m->absolute = m->on; break;
    }
}

/* A driver that asks for what is not there has lost count: it finds the error in the status, and enables anew. */
static void pointer_data(struct vmmouse *m, uint32_t wanted, uint32_t r[4])
{
    if (wanted < 1 || wanted > 4 || wanted > m->count) {
        vmmouse_reset(m);
        r[0] = STATUS_ERROR;
        return;
    }
    for (uint32_t i = 0; i < wanted; i++)
        r[i] = take(m);
}

void vmmouse_command(struct vmmouse *m, uint32_t r[4])
{
    uint32_t argument = r[1];
    switch (r[2] & 0xffff) {
    case GETVERSION:
        r[0] = VERSION;
        r[1] = VMMOUSE_MAGIC;
        r[2] = WORKSTATION;
        break;
    case POINTER_STATUS: r[0] = m->on ? m->count : STATUS_ERROR; break;
    case POINTER_DATA: pointer_data(m, argument, r); break;
    case POINTER_COMMAND:
        pointer_command(m, argument);
        r[0] = 0;
        break;
    default: r[0] = UINT32_MAX;
    }
}

/* A packet whose buttons are those of the one before replaces it when both are positions, for only the last one counts;
 * so a guest that is slow sees where the pointer is. When the queue is full, the last packet gives way: the next one
 * tells the buttons again. */
static void packet_put(struct vmmouse *m, uint32_t flags, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    uint32_t head = flags | (buttons & ABBEY_BUTTON_LEFT ? PACKET_LEFT : 0) |
                    (buttons & ABBEY_BUTTON_RIGHT ? PACKET_RIGHT : 0) |
                    (buttons & ABBEY_BUTTON_MIDDLE ? PACKET_MIDDLE : 0);
    unsigned last = m->count - PACKET_WORDS;
    if (!m->on)
        return;
    int full = m->count + PACKET_WORDS > VMMOUSE_WORDS;
    int same = m->count >= PACKET_WORDS && !flags && !wheel && *word_at(m, last) == head && !*word_at(m, last + 3);
    if (full || same)
        m->count = (uint8_t)last;
    put(m, head);
    put(m, x);
    put(m, y);
    put(m, (uint32_t)wheel);
}

void vmmouse_position(struct vmmouse *m, uint32_t x, uint32_t y, int32_t wheel, uint32_t buttons)
{
    packet_put(m, 0, x, y, wheel, buttons);
}

/* y of the protocol's motion grows upwards. */
void vmmouse_motion(struct vmmouse *m, int32_t dx, int32_t dy, int32_t wheel, uint32_t buttons)
{
    packet_put(m, PACKET_RELATIVE, (uint32_t)dx, (uint32_t)-dy, wheel, buttons);
}
