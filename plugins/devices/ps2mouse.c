/* ps2mouse.c - the mouse: the standard PS/2 protocol of two axes and three buttons.
 *
 * IBM Personal System/2 Hardware Interface Technical Reference, "Mouse" ("PS/2"). Stock drivers reset it (FFh), read
 * its identification, set rate and resolution and enable reporting; Linux and Windows also knock with rates 200, 100,
 * 80 for a wheel, which this mouse does not have: it keeps identification 0. */
#include "ps2.h"

#include <string.h>

static int32_t clamp(int32_t value, int32_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* PS/2, "Data Packet Format": what does not fit in nine bits waits for the next packet. */
static void send_packet(struct ps2_mouse *m)
{
    int32_t dx = clamp(m->dx, 255), dy = clamp(m->dy, 255);
    m->dx -= dx;
    m->dy -= dy;
    ps2_put(&m->queue, (uint8_t)(0x08 | m->buttons | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0)));
    ps2_put(&m->queue, (uint8_t)dx);
    ps2_put(&m->queue, (uint8_t)dy);
}

/* XXX: packets go as they come, not at the sample rate; 2:1 scaling is kept but not applied. */
void ps2_mouse_move(struct ps2_mouse *m, int32_t dx, int32_t dy, uint8_t buttons)
{
    m->dx = clamp(m->dx + clamp(dx, 4096), 4096);
    m->dy = clamp(m->dy + clamp(dy, 4096), 4096);
    m->buttons = buttons & 7;
    if (m->reporting && !m->remote && !m->wrap && m->queue.count + 3u <= PS2_QUEUE)
        send_packet(m);
}

static void defaults(struct ps2_mouse *m)
{
    m->rate = 100;
    m->resolution = 2;
    m->reporting = m->remote = m->scaling = m->wrap = 0;
    m->dx = m->dy = 0;
}

void ps2_mouse_reset(struct ps2_mouse *m)
{
    memset(m, 0, sizeof *m);
    defaults(m);
}

static void send_status(struct ps2_mouse *m)
{
    uint8_t pressed = (uint8_t)((m->buttons & 1) << 2 | (m->buttons & 4) >> 1 | (m->buttons & 2) >> 1);
    ps2_put(
        &m->queue, (uint8_t)(pressed | (m->scaling ? 0x10 : 0) | (m->reporting ? 0x20 : 0) | (m->remote ? 0x40 : 0)));
    ps2_put(&m->queue, m->resolution);
    ps2_put(&m->queue, m->rate);
}

/* PS/2, "Mouse Commands". */
void ps2_mouse_write(struct ps2_mouse *m, uint8_t byte)
{
    uint8_t command = m->command;
    m->queue.count = 0;
    m->command = 0;
    if (m->wrap && byte != 0xff && byte != 0xec) {
        ps2_put(&m->queue, byte);
        return;
    }
    if (command) {
        if (command == 0xf3)
            m->rate = byte;
        else
            m->resolution = byte & 3;
        ps2_put(&m->queue, PS2_ACK);
        return;
    }
    switch (byte) {
    case 0xe6: m->scaling = 0; break;
    case 0xe7: m->scaling = 1; break;
    case 0xe8:
    case 0xf3: m->command = byte; break;
    case 0xe9:
        ps2_put(&m->queue, PS2_ACK);
        send_status(m);
        return;
    case 0xea: m->remote = 0; break;
    case 0xeb:
        ps2_put(&m->queue, PS2_ACK);
        send_packet(m);
        return;
    case 0xec: m->wrap = 0; break;
    case 0xee: m->wrap = 1; break;
    case 0xf0: m->remote = 1; break;
    case 0xf2:
        ps2_put(&m->queue, PS2_ACK);
        ps2_put(&m->queue, 0x00);
        return;
    case 0xf4: m->reporting = 1; break;
    case 0xf5: m->reporting = 0; break;
    case 0xf6: defaults(m); break;
    case 0xfe: ps2_put(&m->queue, m->queue.last); return;
    case 0xff:
        defaults(m);
        ps2_put(&m->queue, PS2_ACK);
        ps2_put(&m->queue, PS2_BAT_GOOD);
        ps2_put(&m->queue, 0x00);
        return;
    default: ps2_put(&m->queue, PS2_RESEND); return;
    }
    ps2_put(&m->queue, PS2_ACK);
}
