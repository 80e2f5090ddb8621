/* mode.c - what the registers say of the picture (PS/2, "CRT Controller Registers", "Attribute Controller").
 *
 * The CRT controller counts in characters of eight or nine dots. Its address counter goes on by one a character and
 * starts each row of characters 2 * offset register behind the last; a row is as many scan lines high as the maximum
 * scan line register says, in graphics modes as well. What the counter reads from memory is another matter: byte mode
 * takes it as it is, word mode shifts it left by one, doubleword mode by two, with high bits coming in from the right.
 * Modes that look like a CGA take address bits 13 and 14 from the scan line in the row.
 *
 * Example, mode 6 (640x200): 80 bytes a row, two scan lines a row, both doubled; line 3 of the 200 is row 1, scan 1:
 * counter 80, address 80 | 2000h, as on a CGA. */
#include "vga.h"

#define CLOCK_25 25175000u
#define CLOCK_28 28322000u

static uint32_t vertical(const struct vga *v, uint32_t low, uint32_t bit8, uint32_t bit9)
{
    uint32_t overflow = v->cr[CR_OVERFLOW];
    return v->cr[low] | (overflow >> bit8 & 1) << 8 | (overflow >> bit9 & 1) << 9;
}

static uint32_t word(const struct vga *v, uint32_t high)
{
    return (uint32_t)v->cr[high] << 8 | v->cr[high + 1];
}

static int is_text(const struct vga *v)
{
    return !(v->gc[GC_MISC] & 1) && !(v->attr[ATTR_MODE] & 1);
}

static enum vga_kind kind_of(const struct vga *v)
{
    int on = (v->attr_index & 0x20) && !(v->seq[SEQ_CLOCK] & 0x20) && (v->seq[SEQ_RESET] & 3) == 3 &&
             (v->cr[CR_MODE] & 0x80);
    if (vga_dispi_on(v))
        return VGA_DISPI;
    if (!on)
        return VGA_BLANK;
    if (is_text(v))
        return VGA_TEXT;
    uint32_t shift = v->gc[GC_MODE] >> 5 & 3;
    return shift == 0 ? VGA_PLANES : shift == 1 ? VGA_CGA : VGA_PACKED;
}

static void size_of(const struct vga *v, struct vga_mode *mode)
{
    mode->columns = v->cr[CR_HDISPLAY] + 1u;
    mode->scans = (v->cr[CR_MAX_SCAN] & 0x1fu) + 1;
    mode->double_dots = v->seq[SEQ_CLOCK] >> 3 & 1;
    mode->double_scans = v->cr[CR_MAX_SCAN] >> 7;
    mode->cell_width = mode->kind == VGA_TEXT && !(v->seq[SEQ_CLOCK] & 1) ? 9 : 8;
    mode->width = mode->columns * mode->cell_width << mode->double_dots;
    mode->height = vertical(v, CR_VDISPLAY, 1, 6) + 1;
    if (mode->width > VGA_WIDTH_MAX)
        mode->width = VGA_WIDTH_MAX;
    if (mode->height > VGA_HEIGHT_MAX)
        mode->height = VGA_HEIGHT_MAX;
    mode->start = word(v, CR_START) + (v->cr[CR_ROW_SCAN] >> 5 & 3);
    mode->pitch = v->cr[CR_OFFSET] * 2u;
    mode->compare = v->cr[CR_COMPARE] | (v->cr[CR_OVERFLOW] >> 4 & 1u) << 8 | (v->cr[CR_MAX_SCAN] >> 6 & 1u) << 9;
    /* Nine-dot characters: 8 is no shift, 0 to 7 are one dot more; 256 colours take two steps a dot. */
    mode->pan = v->attr[ATTR_PAN] & 0x0fu;
    if (mode->kind == VGA_PACKED)
        mode->pan = (mode->pan & 7) / 2;
    else if (mode->cell_width == 9)
        mode->pan = mode->pan >= 8 ? 0 : mode->pan + 1;
    else
        mode->pan &= 7;
}

void vga_mode_find(const struct vga *v, struct vga_mode *mode)
{
    *mode = (struct vga_mode){ .kind = kind_of(v) };
    if (mode->kind == VGA_DISPI) {
        mode->width = v->dispi[DISPI_WIDTH];
        mode->height = v->dispi[DISPI_HEIGHT];
        mode->bpp = v->dispi[DISPI_BPP];
        return;
    }
    size_of(v, mode);
    if (mode->height < 2) /* nobody has set a mode */
        *mode = (struct vga_mode){ .kind = VGA_BLANK, .width = 720, .height = 400 };
}

struct vga_row vga_row_at(const struct vga *v, const struct vga_mode *mode, uint32_t line)
{
    struct vga_row row = { .counter = mode->start, .pan = mode->pan };
    uint32_t scan = v->cr[CR_ROW_SCAN] & 0x1fu;
    if (line > mode->compare) { /* the lower part of a split screen */
        line -= mode->compare + 1;
        row.counter = scan = 0;
        if (v->attr[ATTR_MODE] & 0x20)
            row.pan = 0;
    }
    scan += line >> mode->double_scans;
    row.row = scan / mode->scans;
    row.counter += row.row * mode->pitch;
    row.scan = scan % mode->scans;
    return row;
}

uint32_t vga_fetch(const struct vga *v, uint32_t counter, uint32_t scan)
{
    uint32_t address = counter & 0xffff;
    if (v->cr[CR_UNDERLINE] & 0x40) {
        if (!(v->seq[SEQ_MEMORY] & SEQ_CHAIN4)) /* see vga.h */
            address = address << 2 | (address >> 12 & 3);
    } else if (!(v->cr[CR_MODE] & 0x40)) {
        address = address << 1 | (address >> (v->cr[CR_MODE] & 0x20 ? 15 : 13) & 1);
    }
    if (!(v->cr[CR_MODE] & 1))
        address = (address & ~0x2000u) | (scan & 1) << 13;
    if (!(v->cr[CR_MODE] & 2))
        address = (address & ~0x4000u) | (scan >> 1 & 1) << 14;
    return address & 0xffff;
}

uint8_t vga_retrace(const struct vga *v)
{
    uint64_t clock = v->misc >> 2 & 1 ? CLOCK_28 : CLOCK_25;
    uint64_t dots = (v->cr[0] + 5ull) * (v->seq[SEQ_CLOCK] & 1 ? 8 : 9) << (v->seq[SEQ_CLOCK] >> 3 & 1);
    uint64_t lines = vertical(v, CR_VTOTAL, 0, 5) + 2ull, shown = vertical(v, CR_VDISPLAY, 1, 6) + 1ull;
    uint64_t sync = vertical(v, CR_VRETRACE, 2, 7);
    uint64_t shown_dots = dots * (v->cr[CR_HDISPLAY] + 1ull) / (v->cr[0] + 5ull);
    if (vga_dispi_on(v) || lines < 100) { /* any 60 pictures a second */
        clock = CLOCK_25;
        dots = 800;
        shown_dots = 640;
        lines = 525;
        shown = 480;
        sync = 490;
    }
    uint64_t frame = dots * lines * ABBEY_SEC / clock, now = abbey_now(v->dev) % frame;
    uint64_t at = now * clock / ABBEY_SEC, line = at / dots;
    uint64_t width = ((v->cr[CR_VRETRACE_END] & 0xf) - sync) & 0xf;
    int retrace = line >= sync && line < sync + (width ? width : 2);
    int blank = line >= shown || at % dots >= shown_dots;
    return (uint8_t)((retrace ? 8 : 0) | (blank || retrace ? 1 : 0));
}
