/* ps2mouse.c - the mouse: the PS/2 protocol of two axes and three buttons, and the wheel of the IntelliMouse.
 *
 * IBM Personal System/2 Hardware Interface Technical Reference, "Mouse" ("PS/2"); Microsoft, "Intellimouse" extensions.
 * Stock drivers reset it (FFh), read its identification, set rate and resolution and enable reporting; Linux and
 * Windows also knock with the rates 200, 100, 80, upon which it says 3 and its packets have a fourth byte for the
 * wheel.
 *
 * While a packet is on its way to the guest motion is added up, so that a guest sees where the pointer is and not where
 * it was; a button that changes gets a packet of its own, or a quick click would be lost. */
#include "ps2.h"

#include <string.h>

static int32_t clamp(int32_t value, int32_t limit)
{
    return value > limit ? limit : value < -limit ? -limit : value;
}

/* PS/2, "Scaling": small steps are slowed down, large ones doubled. */
static int32_t scaled(const struct ps2_mouse *m, int32_t value)
{
    static const uint8_t small[6] = { 0, 1, 1, 3, 6, 9 };
    int32_t size = value < 0 ? -value : value;
    if (!m->scaling || m->remote)
        return value;
    size = size < 6 ? small[size] : 2 * size;
    return value < 0 ? -size : size;
}

/* PS/2, "Data Packet Format": what does not fit in nine bits waits for the next packet. */
static void send_packet(struct ps2_mouse *m)
{
    int32_t limit = m->scaling ? 127 : 255, dx = clamp(m->dx, limit), dy = clamp(m->dy, limit), dz = clamp(m->dz, 7);
    m->dx -= dx;
    m->dy -= dy;
    m->dz -= m->id ? dz : m->dz;
    m->told = m->buttons;
    dx = scaled(m, dx);
    dy = scaled(m, dy);
    ps2_put(&m->queue, (uint8_t)(0x08 | m->buttons | (dx < 0 ? 0x10 : 0) | (dy < 0 ? 0x20 : 0)));
    ps2_put(&m->queue, (uint8_t)dx);
    ps2_put(&m->queue, (uint8_t)dy);
    if (m->id)
        ps2_put(&m->queue, (uint8_t)dz);
}

static int may_report(const struct ps2_mouse *m)
{
    return m->reporting && !m->remote && !m->wrap && m->queue.count + 4u <= PS2_QUEUE;
}

void ps2_mouse_move(struct ps2_mouse *m, int32_t dx, int32_t dy, int32_t dz, uint8_t buttons)
{
    m->dx = clamp(m->dx + clamp(dx, 4096), 4096);
    m->dy = clamp(m->dy + clamp(dy, 4096), 4096);
    m->dz = clamp(m->dz + clamp(dz, 64), 64);
    m->buttons = buttons & 7;
    if (may_report(m) && (m->queue.count == 0 || m->buttons != m->told))
        send_packet(m);
}

void ps2_mouse_poke(struct ps2_mouse *m)
{
    if (may_report(m) && m->queue.count == 0)
        send_packet(m);
}

/* XXX: the sample rate is kept but not waited for: the wire and the guest set the pace. */
void ps2_mouse_idle(struct ps2_mouse *m)
{
    if (may_report(m) && m->queue.count == 0 && (m->dx || m->dy || (m->id && m->dz) || m->buttons != m->told))
        send_packet(m);
}

static void defaults(struct ps2_mouse *m)
{
    m->rate = 100;
    m->resolution = 2;
    m->reporting = m->remote = m->scaling = m->wrap = 0;
    m->dx = m->dy = m->dz = 0;
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
static void rate_set(struct ps2_mouse *m, uint8_t rate)
{
    if (rate == 80 && m->knock[0] == 100 && m->knock[1] == 200)
        m->id = 3;
    m->knock[1] = m->knock[0];
    m->knock[0] = m->rate = rate;
}

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
            rate_set(m, byte);
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
        ps2_put(&m->queue, m->id);
        return;
    case 0xf4: m->reporting = 1; break;
    case 0xf5: m->reporting = 0; break;
    case 0xf6: defaults(m); break;
    case 0xfe: ps2_put(&m->queue, m->queue.last); return;
    case 0xff:
        defaults(m);
        m->id = m->knock[0] = m->knock[1] = 0;
        ps2_put(&m->queue, PS2_ACK);
        ps2_put(&m->queue, PS2_BAT_GOOD);
        ps2_put(&m->queue, 0x00);
        return;
    default: ps2_put(&m->queue, PS2_RESEND); return;
    }
    ps2_put(&m->queue, PS2_ACK);
}
