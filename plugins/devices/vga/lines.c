/* lines.c - one scan line of the picture, in each kind of mode.
 *
 * Text: the character from plane 0, its attribute from plane 1, its shape from plane 2, in one of eight fonts of 8 KB,
 * 32 bytes a character; attribute bit 3 chooses between two of them. The ninth dot repeats the eighth in the line
 * drawing characters C0h-DFh. Planes: a bit of each of the four makes a colour. CGA: two bits make a dot, of planes 0
 * and 1 in turn. Packed: a byte makes a dot. */
#include "vga.h"

#define LINE_DOTS (VGA_WIDTH_MAX + 64u)

uint32_t vga_frames(const struct vga *v)
{
    return (uint32_t)(abbey_now(v->dev) * 60 / ABBEY_SEC);
}

int vga_cursor_on(const struct vga *v)
{
    return !(v->cr[CR_CURSOR_START] & 0x20) && (v->cr[CR_CURSOR_START] & 0x1f) <= (v->cr[CR_CURSOR_END] & 0x1f);
}

static const uint8_t *planes_at(const struct vga *v, uint32_t offset)
{
    return v->vram->bytes + 4 * (uint64_t)(offset & 0xffff);
}

/* ---- text ---- */

/* Where font 0..7 begins in plane 2: 4000h for each of bits 1:0, 2000h for bit 2. */
static uint32_t font_offset(uint32_t font)
{
    return (font & 3) << 14 | (font >> 2 & 1) << 13;
}

struct fonts {
    uint32_t offset[2]; /* by attribute bit 3 */
};

static struct fonts fonts_of(const struct vga *v)
{
    uint32_t s = v->seq[SEQ_FONT];
    return (
        struct fonts){ { font_offset((s & 3) | (s >> 4 & 1) << 2), font_offset((s >> 2 & 3) | (s >> 5 & 1) << 2) } };
}

/* Where the cursor is in this line: its counter, or UINT32_MAX. */
static uint32_t cursor_at(const struct vga *v, uint32_t scan)
{
    uint32_t first = v->cr[CR_CURSOR_START] & 0x1fu, last = v->cr[CR_CURSOR_END] & 0x1fu;
    if (!vga_cursor_on(v) || scan < first || scan > last || !(vga_frames(v) & VGA_BLINK_CURSOR))
        return UINT32_MAX;
    return ((uint32_t)v->cr[CR_CURSOR] << 8 | v->cr[CR_CURSOR + 1]) + (v->cr[CR_CURSOR_END] >> 5 & 3u);
}

static uint32_t text_dots(const struct vga *v, const struct vga_row *row, uint32_t columns, uint32_t *dots)
{
    struct fonts fonts = fonts_of(v);
    uint32_t cursor = cursor_at(v, row->scan), width = v->mode.cell_width, at = 0;
    uint32_t mode = v->attr[ATTR_MODE];
    int hidden = (mode & 8) && !(vga_frames(v) & VGA_BLINK_CELLS);
    for (uint32_t i = 0; i < columns; i++) {
        const uint8_t *cell = planes_at(v, vga_fetch(v, row->counter + i, row->scan));
        uint32_t character = cell[0], attribute = cell[1];
        uint32_t shape = planes_at(v, fonts.offset[attribute >> 3 & 1] + character * 32 + (row->scan & 31))[2];
        if (hidden && (attribute & 0x80))
            shape = 0;
        if ((mode & 2) && (attribute & 7) == 1 && row->scan == (v->cr[CR_UNDERLINE] & 0x1fu))
            shape = 0xff;
        if (row->counter + i == cursor)
            shape = 0x1ff;
        else if (width == 9)
            shape = shape << 1 | ((mode & 4) && (character & 0xe0) == 0xc0 ? shape & 1 : 0);
        if (row->counter + i == cursor && width == 8)
            shape = 0xff;
        uint32_t ink = v->colours[attribute & 15], paper = v->colours[attribute >> 4 & (mode & 8 ? 7 : 15)];
        for (uint32_t bit = width; bit-- > 0;)
            dots[at++] = shape >> bit & 1 ? ink : paper;
    }
    return at;
}

/* ---- graphics ---- */

static uint32_t plane_dots(const struct vga *v, const uint8_t *planes, uint32_t *dots)
{
    uint32_t enabled = v->attr[ATTR_PLANES] & 0x0fu;
    for (uint32_t bit = 0; bit < 8; bit++) {
        uint32_t shift = 7 - bit;
        uint32_t colour = (planes[0] >> shift & 1u) | (planes[1] >> shift & 1u) << 1 | (planes[2] >> shift & 1u) << 2 |
                          (planes[3] >> shift & 1u) << 3;
        dots[bit] = v->colours[colour & enabled];
    }
    return 8;
}

static uint32_t cga_dots(const struct vga *v, const uint8_t *planes, uint32_t *dots)
{
    uint32_t enabled = v->attr[ATTR_PLANES] & 0x0fu;
    for (uint32_t i = 0; i < 8; i++) {
        uint32_t shift = 6 - 2 * (i & 3), plane = i >> 2;
        uint32_t colour = (planes[plane] >> shift & 3u) | (planes[plane + 2] >> shift & 3u) << 2;
        dots[i] = v->colours[colour & enabled];
    }
    return 8;
}

/* Four dots from one offset, each twice as wide as a dot of the clock. */
static uint32_t packed_dots(const struct vga *v, const uint8_t *planes, uint32_t *dots)
{
    for (uint32_t i = 0; i < 4; i++)
        dots[2 * i] = dots[2 * i + 1] = v->palette[planes[i]];
    return 8;
}

static uint32_t graphics_dots(const struct vga *v, const struct vga_row *row, uint32_t columns, uint32_t *dots)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < columns; i++) {
        const uint8_t *planes = planes_at(v, vga_fetch(v, row->counter + i, row->scan));
        switch (v->mode.kind) {
        case VGA_PLANES: at += plane_dots(v, planes, dots + at); break;
        case VGA_CGA: at += cga_dots(v, planes, dots + at); break;
        default: at += packed_dots(v, planes, dots + at); break;
        }
    }
    return at;
}

/* Each dot once more for each doubling, shifted by the panning. */
static void spread_dots(const uint32_t *dots, uint32_t skip, uint32_t doubled, uint32_t width, uint32_t *pixels)
{
    for (uint32_t x = 0; x < width; x++)
        pixels[x] = dots[(x >> doubled) + skip];
}

/* ---- packed pixels of the DISPI modes ---- */

static uint32_t level(uint32_t value, uint32_t bits)
{
    return value << (8 - bits) | value >> (2 * bits - 8);
}

static void dispi_line(const struct vga *v, uint32_t y, uint32_t *pixels)
{
    const uint8_t *from = v->vram->bytes + vga_dispi_start(v) + (uint64_t)y * vga_dispi_pitch(v);
    uint32_t width = v->mode.width;
    switch (v->mode.bpp) {
    case 4:
        for (uint32_t x = 0; x < width; x += 8, from += 4)
            plane_dots(v, from, pixels + x);
        break;
    case 8:
        for (uint32_t x = 0; x < width; x++)
            pixels[x] = v->palette[from[x]];
        break;
    case 15:
    case 16: {
        uint32_t greens = v->mode.bpp - 10;
        for (uint32_t x = 0; x < width; x++, from += 2) {
            uint32_t p = from[0] | (uint32_t)from[1] << 8;
            uint32_t red = level(p >> (5 + greens) & 31, 5), green = level(p >> 5 & ((1u << greens) - 1), greens);
            pixels[x] = red << 16 | green << 8 | level(p & 31, 5);
        }
        break;
    }
    case 24:
        for (uint32_t x = 0; x < width; x++, from += 3)
            pixels[x] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16;
        break;
    default:
        for (uint32_t x = 0; x < width; x++, from += 4)
            pixels[x] = from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16;
    }
}

void vga_line(const struct vga *v, uint32_t y, uint32_t *pixels)
{
    const struct vga_mode *mode = &v->mode;
    uint32_t dots[LINE_DOTS];
    if (mode->kind == VGA_DISPI) {
        dispi_line(v, y, pixels);
        return;
    }
    if (mode->kind == VGA_BLANK) {
        for (uint32_t x = 0; x < mode->width; x++)
            pixels[x] = 0;
        return;
    }
    struct vga_row row = vga_row_at(v, mode, y);
    /* One group more than is seen, for the panning. */
    uint32_t columns = (mode->width >> mode->double_dots) / mode->cell_width + 2;
    uint32_t limit = LINE_DOTS / mode->cell_width;
    columns = columns < limit ? columns : limit;
    uint32_t made = mode->kind == VGA_TEXT ? text_dots(v, &row, columns, dots) : graphics_dots(v, &row, columns, dots);
    while (made < LINE_DOTS)
        dots[made++] = 0;
    uint32_t skip = mode->kind == VGA_PACKED ? 2 * row.pan : row.pan;
    spread_dots(dots, skip, mode->double_dots, mode->width, pixels);
}
