/* ports.c - the registers of the VGA at 3B0h-3DFh (PS/2, "VGA Function").
 *
 * Colour and monochrome emulation differ in where the CRT controller and status register 1 stand: 3D4h, 3D5h, 3DAh or
 * 3B4h, 3B5h, 3BAh, by bit 0 of the miscellaneous output register. The attribute controller has one port for index and
 * data, which take turns; reading status register 1 makes it the index's turn. */
#include "vga.h"

#define MISC_COLOUR 0x01u
#define ATTR_PROTECT 0x20u /* index: the palette belongs to the picture; clear: to the processor */

/* Bits that exist. */
static const uint8_t seq_bits[SEQ_COUNT] = { 0x03, 0x3d, 0x0f, 0x3f, 0x0e };
static const uint8_t gc_bits[GC_COUNT] = { 0x0f, 0x0f, 0x0f, 0x1f, 0x03, 0x7b, 0x0f, 0x0f, 0xff };

static void cr_write(struct vga *v, uint8_t value)
{
    uint32_t index = v->cr_index;
    if (index >= CR_COUNT)
        return;
    if (index <= CR_OVERFLOW && (v->cr[CR_VRETRACE_END] & 0x80)) { /* write-protected, but for line compare bit 8 */
        if (index == CR_OVERFLOW)
            v->cr[index] = (uint8_t)((v->cr[index] & ~0x10u) | (value & 0x10u));
        else
            return;
    } else {
        v->cr[index] = value;
    }
    v->stale = 1;
}

static void attr_write(struct vga *v, uint8_t value)
{
    v->attr_data ^= 1;
    v->stale = 1;
    if (v->attr_data) {
        v->attr_index = value & 0x3f;
        return;
    }
    uint32_t index = v->attr_index & 0x1f;
    if (index < 16 && !(v->attr_index & ATTR_PROTECT))
        v->attr[index] = value & 0x3f;
    else if (index >= 16 && index < ATTR_COUNT)
        v->attr[index] = value;
}

/* ---- the DAC: 256 entries of three parts, which are read and written red, green, blue ---- */

static uint8_t dac_bits(const struct vga *v)
{
    return v->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC ? 0xff : 0x3f;
}

static void dac_data_write(struct vga *v, uint8_t value)
{
    v->dac_latch[v->dac_part] = value & dac_bits(v);
    if (++v->dac_part < 3)
        return;
    v->dac_part = 0;
    for (uint32_t i = 0; i < 3; i++)
        v->dac[3 * v->dac_write + i] = v->dac_latch[i];
    v->dac_write++;
    v->stale = 1;
}

static uint8_t dac_data_read(struct vga *v)
{
    uint8_t value = v->dac[3 * v->dac_read + v->dac_part];
    if (++v->dac_part == 3) {
        v->dac_part = 0;
        v->dac_read++;
    }
    return value;
}

/* ---- all of them ---- */

static int colour(const struct vga *v)
{
    return v->misc & MISC_COLOUR;
}

static uint8_t status_1(struct vga *v)
{
    v->attr_data = 0;
    return vga_retrace(v);
}

uint8_t vga_port_read(struct vga *v, uint32_t port)
{
    switch (port) {
    case 0x3b4: return colour(v) ? 0xff : v->cr_index;
    case 0x3d4: return colour(v) ? v->cr_index : 0xff;
    case 0x3b5:
    case 0x3d5: return (port == 0x3d5) == !!colour(v) && v->cr_index < CR_COUNT ? v->cr[v->cr_index] : 0xff;
    case 0x3ba: return colour(v) ? 0xff : status_1(v);
    case 0x3da: return colour(v) ? status_1(v) : 0xff;
    case 0x3c0: return v->attr_index;
    case 0x3c1: return (v->attr_index & 0x1fu) < ATTR_COUNT ? v->attr[v->attr_index & 0x1f] : 0;
    case 0x3c2: return 0x10; /* switch sense: a colour monitor; no interrupt */
    case 0x3c4: return v->seq_index;
    case 0x3c5: return v->seq_index < SEQ_COUNT ? v->seq[v->seq_index] : 0;
    case 0x3c6: return v->dac_mask;
    case 0x3c7: return v->dac_reading ? 3 : 0;
    case 0x3c8: return v->dac_write;
    case 0x3c9: return dac_data_read(v);
    case 0x3ca: return v->feature;
    case 0x3cc: return v->misc;
    case 0x3ce: return v->gc_index;
    case 0x3cf: return v->gc_index < GC_COUNT ? v->gc[v->gc_index] : 0;
    default: return 0xff;
    }
}

static void seq_write(struct vga *v, uint8_t value)
{
    if (v->seq_index >= SEQ_COUNT)
        return;
    v->seq[v->seq_index] = value & seq_bits[v->seq_index];
    v->stale |= v->seq_index != SEQ_MAP_MASK;
    vga_window_update(v);
}

static void gc_write(struct vga *v, uint8_t value)
{
    if (v->gc_index >= GC_COUNT)
        return;
    v->gc[v->gc_index] = value & gc_bits[v->gc_index];
    v->stale |= v->gc_index == GC_MODE || v->gc_index == GC_MISC;
    vga_window_update(v);
}

void vga_port_write(struct vga *v, uint32_t port, uint8_t value)
{
    switch (port) {
    case 0x3b4:
    case 0x3d4:
        if ((port == 0x3d4) == !!colour(v))
            v->cr_index = value;
        break;
    case 0x3b5:
    case 0x3d5:
        if ((port == 0x3d5) == !!colour(v))
            cr_write(v, value);
        break;
    case 0x3ba: v->feature = colour(v) ? v->feature : value & 0x0b; break;
    case 0x3da: v->feature = colour(v) ? value & 0x0b : v->feature; break;
    case 0x3c0: attr_write(v, value); break;
    case 0x3c2:
        v->misc = value & 0xef;
        v->stale = 1;
        vga_window_update(v);
        break;
    case 0x3c4: v->seq_index = value; break;
    case 0x3c5: seq_write(v, value); break;
    case 0x3c6:
        v->dac_mask = value;
        v->stale = 1;
        break;
    case 0x3c7:
        v->dac_read = value;
        v->dac_part = 0;
        v->dac_reading = 1;
        break;
    case 0x3c8:
        v->dac_write = value;
        v->dac_part = 0;
        v->dac_reading = 0;
        break;
    case 0x3c9: dac_data_write(v, value); break;
    case 0x3ce: v->gc_index = value; break;
    case 0x3cf: gc_write(v, value); break;
    default: break;
    }
}

static void access(void *self, abbey_io *io)
{
    if (io->write)
        vga_port_write(self, (uint32_t)io->addr, (uint8_t)io->value);
    else
        io->value = vga_port_read(self, (uint32_t)io->addr);
}

int32_t vga_ports_map(struct vga *v)
{
    static const struct {
        uint16_t first, count;
    } ranges[] = { { 0x3b4, 2 }, { 0x3ba, 1 }, { 0x3c0, 16 }, { 0x3d4, 2 }, { 0x3da, 1 } };
    for (uint32_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (abbey_pio_map(v->dev, ranges[i].first, ranges[i].count, access, v) != 0)
            return -1;
    return 0;
}
