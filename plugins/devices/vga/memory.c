/* memory.c - display memory as the processor sees it at A0000h-BFFFFh (PS/2, "VGA Function", "Display Memory").
 *
 * An access goes three steps: the memory map (A0000h 128 KB or 64 KB, B0000h, B8000h 32 KB) says whether it is ours;
 * the addressing mode says which planes and which offset; the graphics controller combines data, latches and masks:
 *
 *     write mode 0   data rotated, or set/reset where that is enabled; logical function with the latches; bit mask
 *     write mode 1   the latches, as the last read left them
 *     write mode 2   bits 3:0 of the data are the colour of all eight dots; function; bit mask
 *     write mode 3   the colour is set/reset; the rotated data takes part in the bit mask
 *
 * The four planes are handled as one word, a byte a plane. Where none of this does anything, in chain-4 modes with
 * everything at its default, the window is a plain view of the memory instead and costs no call. */
#include "vga.h"

#define MISC_RAM 0x02u
#define MISC_PAGE 0x20u

/* Bits 3:0 spread to whole bytes. */
static uint32_t spread(uint32_t bits)
{
    return (bits & 1 ? 0x000000ffu : 0) | (bits & 2 ? 0x0000ff00u : 0) | (bits & 4 ? 0x00ff0000u : 0) |
           (bits & 8 ? 0xff000000u : 0);
}

static uint32_t latches_get(const struct vga *v)
{
    return (uint32_t)v->latch[0] | (uint32_t)v->latch[1] << 8 | (uint32_t)v->latch[2] << 16 |
           (uint32_t)v->latch[3] << 24;
}

/* The address inside the memory map, or UINT32_MAX when the map does not reach there. */
static uint32_t map_address(const struct vga *v, uint32_t offset)
{
    if (!(v->misc & MISC_RAM))
        return UINT32_MAX;
    switch (v->gc[GC_MISC] >> 2 & 3) {
    case 0: return offset;
    case 1: return offset < 0x10000 ? offset : UINT32_MAX;
    case 2: return offset >= 0x10000 && offset < 0x18000 ? offset - 0x10000 : UINT32_MAX;
    default: return offset >= 0x18000 ? offset - 0x18000 : UINT32_MAX;
    }
}

/* Offset in the planes, and which of them take part, before the map mask. */
struct place {
    uint32_t offset, planes;
};

/* Address bit 0 chooses between even and odd planes; what takes its place in the offset is bit 16 in the 128 KB map,
 * else the page bit. */
static uint32_t odd_even_offset(const struct vga *v, uint32_t address)
{
    if (!(v->gc[GC_MISC] & 2))
        return address & 0xffff;
    uint32_t page = (v->gc[GC_MISC] >> 2 & 3) == 0 ? address >> 16 & 1 : !(v->misc & MISC_PAGE);
    return (address & 0xfffe) | page;
}

static uint32_t bank(const struct vga *v)
{
    return vga_dispi_on(v) ? v->dispi[DISPI_BANK] * VGA_BANK : 0;
}

static struct place place_of(const struct vga *v, uint32_t address, int reading)
{
    struct place place = { address & 0xffff, 0xf };
    if (v->seq[SEQ_MEMORY] & SEQ_CHAIN4) {
        place.offset = ((address & 0xffff) + bank(v)) >> 2;
        place.planes = 1u << (address & 3);
    } else if (reading ? v->gc[GC_MODE] & 0x10 : !(v->seq[SEQ_MEMORY] & SEQ_SEQUENTIAL)) {
        place.offset = odd_even_offset(v, address);
        place.planes = address & 1 ? 0xa : 0x5;
    } else {
        place.offset += bank(v);
    }
    place.offset %= (uint32_t)(v->vram->count / 4);
    return place;
}

static uint8_t read_byte(struct vga *v, uint32_t offset)
{
    uint32_t address = map_address(v, offset);
    if (address == UINT32_MAX)
        return 0xff;
    struct place place = place_of(v, address, 1);
    const uint8_t *bytes = v->vram->bytes + 4 * (uint64_t)place.offset;
    for (uint32_t p = 0; p < 4; p++)
        v->latch[p] = bytes[p];
    if (v->gc[GC_MODE] & 8) { /* read mode 1: which dots have the colour, of the planes that matter */
        uint32_t differ = (latches_get(v) ^ spread(v->gc[GC_COMPARE])) & spread(v->gc[GC_IGNORE]);
        return (uint8_t) ~(differ | differ >> 8 | differ >> 16 | differ >> 24);
    }
    uint32_t plane = v->gc[GC_READ_MAP] & 3u;
    if (v->seq[SEQ_MEMORY] & SEQ_CHAIN4)
        plane = address & 3;
    else if (v->gc[GC_MODE] & 0x10)
        plane = (plane & 2) | (address & 1);
    return v->latch[plane];
}

/* What the graphics controller makes of a byte, and the bits of it that are written. */
static uint32_t combine(const struct vga *v, uint8_t data, uint32_t latches)
{
    uint32_t rotate = v->gc[GC_FUNCTION] & 7u, mask = v->gc[GC_MASK];
    uint8_t rotated = (uint8_t)(data >> rotate | data << (8 - rotate));
    uint32_t value;
    switch (v->gc[GC_MODE] & 3) {
    case 0: {
        uint32_t enable = spread(v->gc[GC_SET_ENABLE]);
        value = (rotated * 0x01010101u & ~enable) | (spread(v->gc[GC_SET]) & enable);
        break;
    }
    case 1: return latches;
    case 2: value = spread(data); break;
    default:
        value = spread(v->gc[GC_SET]);
        mask &= rotated;
        break;
    }
    switch (v->gc[GC_FUNCTION] >> 3 & 3) {
    case 1: value &= latches; break;
    case 2: value |= latches; break;
    case 3: value ^= latches; break;
    default: break;
    }
    uint32_t bits = mask * 0x01010101u;
    return (value & bits) | (latches & ~bits);
}

static void write_byte(struct vga *v, uint32_t offset, uint8_t data)
{
    uint32_t address = map_address(v, offset);
    if (address == UINT32_MAX)
        return;
    struct place place = place_of(v, address, 0);
    uint32_t planes = place.planes & v->seq[SEQ_MAP_MASK], value = combine(v, data, latches_get(v));
    uint64_t at = 4 * (uint64_t)place.offset;
    for (uint32_t p = 0; p < 4; p++)
        if (planes >> p & 1)
            v->vram->bytes[at + p] = (uint8_t)(value >> 8 * p);
    if (planes)
        abbey_vram_touch(v->vram, at, 4);
}

static void window(void *self, abbey_io *io)
{
    struct vga *v = self;
    uint64_t value = 0;
    for (uint32_t i = 0; i < io->size; i++) {
        if (io->write)
            write_byte(v, (uint32_t)io->offset + i, (uint8_t)(io->value >> 8 * i));
        else
            value |= (uint64_t)read_byte(v, (uint32_t)io->offset + i) << 8 * i;
    }
    if (!io->write)
        io->value = value;
}

/* Chained, all planes, and a graphics controller that changes nothing. Reads of a view leave the latches alone, which
 * nobody can tell before a write mode other than 0 is set. */
static int is_plain(const struct vga *v)
{
    return (v->misc & MISC_RAM) && (v->gc[GC_MISC] >> 2 & 3) == 1 && (v->seq[SEQ_MEMORY] & SEQ_CHAIN4) &&
           v->seq[SEQ_MAP_MASK] == 0xf && !(v->gc[GC_MODE] & 0x0b) && !v->gc[GC_FUNCTION] && !v->gc[GC_SET_ENABLE] &&
           v->gc[GC_MASK] == 0xff && bank(v) + VGA_BANK <= v->vram->count;
}

void vga_window_update(struct vga *v)
{
    int plain = is_plain(v);
    if (plain)
        abbey_vram_aim(v->vram, v->linear, bank(v));
    abbey_region_enable(v->linear, (uint32_t)plain);
}

int32_t vga_memory_map(struct vga *v)
{
    abbey_region_desc desc = { .size = sizeof desc,
        .max_width = 8,
        .start = VGA_WINDOW,
        .length = VGA_WINDOW_LENGTH,
        .fn = window,
        .overlap = 1 };
    abbey_vram_view view = {
        .size = sizeof view, .disabled = 1, .start = VGA_WINDOW, .length = VGA_BANK, .overlap = 1
    };
    if (!abbey_mmio_region(v->dev, &desc, v))
        return -1;
    v->linear = abbey_vram_map(v->vram, &view);
    return v->linear ? 0 : -1;
}
