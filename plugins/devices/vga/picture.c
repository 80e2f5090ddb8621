/* picture.c - the surface: which lines may have changed, which pixels did, and telling the screen.
 *
 * A refresh that finds no register, no page of memory and no blinking changed ends there. Else every line that
 * may have changed is drawn beside the surface and compared with it; what differs is copied and reported as rectangles
 * of neighbouring lines. In the VGA's own modes that is the whole picture, which is small; in DISPI modes, the lines on
 * the pages that were written. */
#include <stdlib.h>
#include <string.h>

#include "vga.h"

#define GAP 4u /* unchanged lines between two rectangles that are reported as one */

void vga_palette_update(struct vga *v)
{
    int wide = v->dispi[DISPI_ENABLE] & DISPI_8BIT_DAC;
    for (uint32_t i = 0; i < 256; i++) {
        const uint8_t *dac = &v->dac[3 * (i & v->dac_mask)];
        uint32_t pixel = 0;
        for (uint32_t part = 0; part < 3; part++)
            pixel = pixel << 8 | (uint32_t)(uint8_t)(wide ? dac[part] : dac[part] << 2 | dac[part] >> 4);
        v->palette[i] = pixel;
    }
    uint32_t select = v->attr[ATTR_COLOUR];
    for (uint32_t i = 0; i < 16; i++) {
        uint32_t index = v->attr[i] | (select >> 2 & 3) << 6;
        if (v->attr[ATTR_MODE] & 0x80)
            index = (index & ~0x30u) | (select & 3) << 4;
        v->colours[i] = v->palette[index];
    }
}

/* Another size: a surface of its own. What there was stays when memory is short. */
static void surface_renew(struct vga *v, const struct vga_mode *mode)
{
    uint32_t *pixels = calloc((size_t)mode->width * mode->height, sizeof *pixels);
    if (!pixels)
        return;
    uint32_t *old = v->pixels;
    abbey_surface surface = { .size = sizeof surface,
        .width = mode->width,
        .height = mode->height,
        .stride = mode->width * 4,
        .pixels = pixels };
    v->pixels = pixels;
    v->mode = *mode;
    abbey_screen_surface(v->screen, &surface);
    free(old);
}

struct rectangle {
    uint32_t top, bottom, left, right; /* bottom and right not included; empty when top == bottom */
};

static void rectangle_flush(struct vga *v, struct rectangle *r)
{
    if (r->bottom > r->top)
        abbey_screen_update(v->screen, r->left, r->top, r->right - r->left, r->bottom - r->top);
    r->top = r->bottom = 0;
}

/* Draws a line and compares. */
static void line_check(struct vga *v, uint32_t y, struct rectangle *r)
{
    uint32_t line[VGA_WIDTH_MAX], width = v->mode.width, left = 0, right = width;
    uint32_t *old = v->pixels + (size_t)y * width;
    vga_line(v, y, line);
    if (memcmp(old, line, width * sizeof *line) == 0)
        return;
    while (old[left] == line[left])
        left++;
    while (old[right - 1] == line[right - 1])
        right--;
    memcpy(old + left, line + left, (right - left) * sizeof *line);
    if (r->bottom > r->top && y <= r->bottom + GAP) {
        r->left = left < r->left ? left : r->left;
        r->right = right > r->right ? right : r->right;
        r->bottom = y + 1;
        return;
    }
    rectangle_flush(v, r);
    *r = (struct rectangle){ .top = y, .bottom = y + 1, .left = left, .right = right };
}

/* The lines [first, last] that stand on a page of a DISPI mode. */
static void page_lines(const struct vga *v, uint64_t page, uint64_t base, uint32_t *first, uint32_t *last)
{
    uint64_t start = vga_dispi_start(v), pitch = vga_dispi_pitch(v);
    uint64_t from = base + page * ABBEY_VRAM_PAGE, to = from + ABBEY_VRAM_PAGE - 1;
    uint64_t low = from > start ? (from - start) / pitch : 0, high = to > start ? (to - start) / pitch : 0;
    *first = (uint32_t)low;
    *last = high < v->mode.height ? (uint32_t)high : v->mode.height - 1;
}

static void dispi_refresh(struct vga *v, int all)
{
    uint64_t pages[(64u << 20) / ABBEY_VRAM_PAGE / 64];
    uint64_t base = vga_dispi_start(v) & ~(uint64_t)(ABBEY_VRAM_PAGE - 1);
    uint64_t count = vga_dispi_start(v) + (uint64_t)vga_dispi_pitch(v) * v->mode.height - base;
    if (count > v->vram->count - base)
        count = v->vram->count - base;
    uint32_t next = 0; /* lines above are done */
    struct rectangle r = { 0 };
    uint32_t any = abbey_vram_take(v->vram, base, count, pages);
    for (uint64_t page = 0; any && !all && page < (count + ABBEY_VRAM_PAGE - 1) / ABBEY_VRAM_PAGE; page++) {
        uint32_t first, last;
        if (!(pages[page / 64] >> page % 64 & 1))
            continue;
        page_lines(v, page, base, &first, &last);
        for (next = first > next ? first : next; next <= last; next++)
            line_check(v, next, &r);
    }
    for (; all && next < v->mode.height; next++)
        line_check(v, next, &r);
    rectangle_flush(v, &r);
}

/* Notes whether some character blinks, so that its phases need no look at the rest. */
static void blinks_find(struct vga *v)
{
    abbey_text text = { .size = sizeof text };
    v->blinks = 0;
    if (!(v->attr[ATTR_MODE] & 8) || !vga_screen_client.text(v, &text))
        return;
    for (uint32_t i = 0; i < text.columns * text.rows && !v->blinks; i++)
        v->blinks = (text.cells[i] & 0x8000) != 0;
}

static void lines_refresh(struct vga *v, int all)
{
    uint64_t pages[VGA_MEMORY / ABBEY_VRAM_PAGE / 64 + 1];
    struct rectangle r = { 0 };
    uint32_t phase = vga_frames(v), changed = phase ^ v->phase;
    int written = abbey_vram_take(v->vram, 0, VGA_MEMORY, pages) != 0;
    if (v->mode.kind == VGA_TEXT && (written || all))
        blinks_find(v);
    int blink = v->mode.kind == VGA_TEXT &&
                ((v->blinks && (changed & VGA_BLINK_CELLS)) || (vga_cursor_on(v) && (changed & VGA_BLINK_CURSOR)));
    if (!all && !written && !blink)
        return;
    v->phase = phase;
    for (uint32_t y = 0; y < v->mode.height; y++)
        line_check(v, y, &r);
    rectangle_flush(v, &r);
}

static void refresh(void *self)
{
    struct vga *v = self;
    int all = v->stale || !v->pixels;
    if (all) {
        struct vga_mode mode;
        vga_mode_find(v, &mode);
        vga_palette_update(v);
        v->stale = 0;
        if (!v->pixels || mode.width != v->mode.width || mode.height != v->mode.height)
            surface_renew(v, &mode);
        else
            v->mode = mode;
        if (!v->pixels)
            return;
    }
    if (v->mode.kind == VGA_DISPI)
        dispi_refresh(v, all);
    else
        lines_refresh(v, all);
}

static uint32_t text(void *self, abbey_text *text)
{
    struct vga *v = self;
    struct vga_mode mode;
    vga_mode_find(v, &mode);
    uint32_t rows = mode.kind == VGA_TEXT ? (mode.height >> mode.double_scans) / mode.scans : 0;
    if (!rows || (uint64_t)rows * mode.columns > VGA_CELLS_MAX)
        return 0;
    uint32_t cursor = (uint32_t)v->cr[CR_CURSOR] << 8 | v->cr[CR_CURSOR + 1];
    text->columns = mode.columns;
    text->rows = rows;
    text->cursor = ABBEY_TEXT_NO_CURSOR;
    text->cells = v->cells;
    for (uint32_t y = 0; y < rows; y++) {
        struct vga_row row = vga_row_at(v, &mode, (y * mode.scans) << mode.double_scans);
        for (uint32_t x = 0; x < mode.columns; x++) {
            const uint8_t *cell = v->vram->bytes + 4 * (uint64_t)vga_fetch(v, row.counter + x, 0);
            v->cells[y * mode.columns + x] = (uint16_t)(cell[0] | cell[1] << 8);
            if (row.counter + x == cursor && vga_cursor_on(v))
                text->cursor = y * mode.columns + x;
        }
    }
    return 1;
}

const abbey_screen_client_1 vga_screen_client = { .size = sizeof vga_screen_client, .refresh = refresh, .text = text };
