/* dispi.c - the Bochs VBE extensions (VBE_DISPI): an index at port 1CEh, a word of data at 1CFh or 1D0h.
 *
 *     1 width  2 height  3 bits a pixel  then 4 enable      the mode is set; memory is cleared unless bit 7 is given
 *     5 bank                                                which 64 KB stand at A0000h
 *     6 virtual width  8, 9 x and y of the first pixel      scrolling, double buffers
 *
 * A word at 1CFh comes from the board as two bytes, since it is not aligned: the first waits for the second. */
#include <string.h>

#include "vga.h"

#define ID_FIRST 0xb0c0u
#define ID_LAST 0xb0c5u
#define NO_CLEAR 0x80u
#define ENABLE_BITS 0xe3u

static uint32_t pixel_bits(const struct vga *v)
{
    return v->dispi[DISPI_BPP] == 15 ? 16 : v->dispi[DISPI_BPP];
}

uint32_t vga_dispi_pitch(const struct vga *v)
{
    return v->dispi[DISPI_VIRT_WIDTH] * pixel_bits(v) / 8; /* four planes of an eighth of the width in mode 4 */
}

/* The bytes of a picture start behind so many lines. */
uint64_t vga_dispi_start(const struct vga *v)
{
    return (uint64_t)v->dispi[DISPI_Y] * vga_dispi_pitch(v) + v->dispi[DISPI_X] * pixel_bits(v) / 8;
}

/* As the modes of a VGA BIOS leave the registers behind: banked access goes through them. */
static void registers_follow(struct vga *v)
{
    int planes = v->dispi[DISPI_BPP] == 4;
    v->gc[GC_MISC] = (uint8_t)((v->gc[GC_MISC] & ~0x0cu) | 0x05u);
    v->gc[GC_MODE] = (uint8_t)((v->gc[GC_MODE] & ~0x60u) | (planes ? 0 : 0x40u));
    v->seq[SEQ_MEMORY] = (uint8_t)(SEQ_SEQUENTIAL | 2u | (planes ? 0 : SEQ_CHAIN4));
    v->seq[SEQ_MAP_MASK] = 0x0f;
    v->seq[SEQ_CLOCK] &= 0xd7; /* dots are not doubled, the screen is on */
    v->cr[CR_MODE] |= 3;
    v->cr[CR_OFFSET] = (uint8_t)(vga_dispi_pitch(v) >> 3);
    v->attr[ATTR_MODE] |= 1;
    v->attr_index |= 0x20;
}

/* Lines of memory as long as the virtual width asks for, at least as many as the picture has. */
static void virtual_size(struct vga *v, uint32_t width)
{
    uint64_t height = 0;
    v->dispi[DISPI_VIRT_WIDTH] = (uint16_t)width;
    if (vga_dispi_pitch(v))
        height = v->vram->count / vga_dispi_pitch(v);
    if (width < v->dispi[DISPI_WIDTH] || height < v->dispi[DISPI_HEIGHT]) {
        v->dispi[DISPI_VIRT_WIDTH] = v->dispi[DISPI_WIDTH];
        height = vga_dispi_pitch(v) ? v->vram->count / vga_dispi_pitch(v) : 0;
    }
    v->dispi[DISPI_VIRT_HEIGHT] = (uint16_t)(height > 0xffff ? 0xffff : height);
}

static int mode_fits(const struct vga *v)
{
    uint32_t bpp = v->dispi[DISPI_BPP], width = v->dispi[DISPI_WIDTH], height = v->dispi[DISPI_HEIGHT];
    int depth = bpp == 4 || bpp == 8 || bpp == 15 || bpp == 16 || bpp == 24 || bpp == 32;
    return depth && width >= 8 && height && width <= VGA_WIDTH_MAX && height <= VGA_HEIGHT_MAX &&
           (uint64_t)width * height * pixel_bits(v) / 8 <= v->vram->count;
}

static void enable(struct vga *v, uint16_t value)
{
    int was = vga_dispi_on(v);
    if ((value & DISPI_ENABLED) && !mode_fits(v))
        value &= (uint16_t)~DISPI_ENABLED;
    v->dispi[DISPI_ENABLE] = value & ENABLE_BITS;
    v->stale = 1;
    if (!(value & DISPI_ENABLED)) {
        v->dispi[DISPI_BANK] = 0;
    } else if (!was) {
        v->dispi[DISPI_X] = v->dispi[DISPI_Y] = v->dispi[DISPI_BANK] = 0;
        virtual_size(v, v->dispi[DISPI_WIDTH]);
        registers_follow(v);
        if (!(value & NO_CLEAR)) {
            uint64_t count = (uint64_t)vga_dispi_pitch(v) * v->dispi[DISPI_HEIGHT];
            memset(v->vram->bytes, 0, count);
            abbey_vram_touch(v->vram, 0, count);
        }
    }
    vga_window_update(v);
}

int vga_dispi_good(const struct vga *v)
{
    uint64_t end = vga_dispi_start(v) + (uint64_t)vga_dispi_pitch(v) * (v->dispi[DISPI_HEIGHT] - 1u) +
                   v->dispi[DISPI_WIDTH] * pixel_bits(v) / 8;
    return !vga_dispi_on(v) || (mode_fits(v) && v->dispi[DISPI_VIRT_WIDTH] >= v->dispi[DISPI_WIDTH] &&
                                   end <= v->vram->count && (v->dispi[DISPI_BANK] + 1ull) * VGA_BANK <= v->vram->count);
}

/* A corner from where the whole picture lies inside the memory; another is not taken. */
static void scroll(struct vga *v, uint32_t index, uint16_t value)
{
    uint16_t old = v->dispi[index];
    v->dispi[index] = value;
    if (!vga_dispi_good(v))
        v->dispi[index] = old;
    v->stale = 1;
}

static void dispi_write(struct vga *v, uint16_t value)
{
    switch (v->dispi_index) {
    case DISPI_ID:
        if (value >= ID_FIRST && value <= ID_LAST)
            v->dispi[DISPI_ID] = value;
        break;
    case DISPI_WIDTH:
        if (!vga_dispi_on(v) && value <= VGA_WIDTH_MAX)
            v->dispi[DISPI_WIDTH] = value & 0xfff8;
        break;
    case DISPI_HEIGHT:
        if (!vga_dispi_on(v) && value <= VGA_HEIGHT_MAX)
            v->dispi[DISPI_HEIGHT] = value;
        break;
    case DISPI_BPP:
        if (!vga_dispi_on(v))
            v->dispi[DISPI_BPP] = value ? value & 0x3f : 8;
        break;
    case DISPI_ENABLE: enable(v, value); break;
    case DISPI_BANK:
        if ((value + 1ull) * VGA_BANK <= v->vram->count) {
            v->dispi[DISPI_BANK] = value;
            vga_window_update(v);
        }
        break;
    case DISPI_VIRT_WIDTH:
        v->dispi[DISPI_X] = v->dispi[DISPI_Y] = 0;
        virtual_size(v, value & 0xfff8);
        v->stale = 1;
        break;
    case DISPI_X: scroll(v, DISPI_X, v->dispi[DISPI_BPP] == 4 ? value & 0xfff8 : value); break;
    case DISPI_Y: scroll(v, DISPI_Y, value); break;
    default: break;
    }
}

static uint16_t dispi_read(const struct vga *v)
{
    int caps = v->dispi[DISPI_ENABLE] & DISPI_GETCAPS;
    switch (v->dispi_index) {
    case DISPI_WIDTH: return caps ? VGA_WIDTH_MAX : v->dispi[DISPI_WIDTH];
    case DISPI_HEIGHT: return caps ? 1600 : v->dispi[DISPI_HEIGHT];
    case DISPI_BPP: return caps ? 32 : v->dispi[DISPI_BPP];
    case DISPI_MEMORY: return (uint16_t)(v->vram->count / VGA_BANK);
    default: return v->dispi_index < DISPI_COUNT ? v->dispi[v->dispi_index] : 0;
    }
}

/* 1CEh index; 1CFh the low byte of a word that began there; 1D0h its high byte, or a whole word. */
static void ports(void *self, abbey_io *io)
{
    struct vga *v = self;
    uint16_t now = io->offset ? dispi_read(v) : v->dispi_index;
    int word = io->size == 2;
    if (!io->write)
        io->value = io->offset == 2 && !word ? now >> 8 : now;
    else if (io->offset == 0)
        v->dispi_index = (uint16_t)io->value;
    else if (io->offset == 1)
        v->dispi_low = (uint8_t)io->value;
    else if (io->offset == 2)
        dispi_write(v, (uint16_t)(word ? io->value : io->value << 8 | v->dispi_low));
}

int32_t vga_dispi_map(struct vga *v)
{
    abbey_region_desc desc = { .size = sizeof desc, .max_width = 2, .start = 0x1ce, .length = 4, .fn = ports };
    return abbey_pio_region(v->dev, &desc, v) ? 0 : -1;
}

void vga_dispi_mmio(void *self, abbey_io *io)
{
    struct vga *v = self;
    uint32_t at = (uint32_t)io->offset;
    if (at >= 0x400 && at < 0x420) {
        uint64_t value = 0;
        for (uint32_t i = 0; i < io->size && at + i < 0x420; i++) {
            if (io->write)
                vga_port_write(v, 0x3c0 + (at - 0x400) + i, (uint8_t)(io->value >> 8 * i));
            else
                value |= (uint64_t)vga_port_read(v, 0x3c0 + (at - 0x400) + i) << 8 * i;
        }
        io->value = io->write ? io->value : value;
    } else if (at >= 0x500 && at < 0x500 + 2 * DISPI_COUNT && at % 2 == 0 && io->size >= 2) {
        uint16_t index = v->dispi_index;
        v->dispi_index = (uint16_t)((at - 0x500) / 2);
        if (io->write)
            dispi_write(v, (uint16_t)io->value);
        else
            io->value = dispi_read(v);
        v->dispi_index = index;
    } else if (!io->write) {
        io->value = 0;
    }
}
