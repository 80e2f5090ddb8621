/* test_vga.c - the VGA on the bench: registers as BIOSes and drivers set them, and the pictures that must follow. What
 * is expected of a picture is computed here from the meaning of the mode, not from how the device stores it. */
#include <stdlib.h>
#include <string.h>

#include "tests/devices/dut.h"

/* Register values of the standard modes (IBM Personal System/2 Hardware Interface Technical Reference). */
struct mode {
    uint8_t misc, seq[5], cr[25], gc[9], attr[21];
};
#define COLOURS 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f
#define STRAIGHT 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

// clang-format off
static const struct mode mode_03 = { 0x67, { 3, 0x00, 3, 0, 2 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff }, { STRAIGHT, 0x0c, 0, 0x0f, 0x08, 0 } };
static const struct mode mode_06 = { 0x63, { 3, 0x01, 1, 0, 6 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xc2, 0xff },
    { 0, 0, 0, 0, 0, 0x00, 0x0d, 0, 0xff }, { STRAIGHT, 0x01, 0, 0x01, 0, 0 } };
static const struct mode mode_04 = { 0x63, { 3, 0x09, 3, 0, 2 },
    { 0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff },
    { 0, 0, 0, 0, 0, 0x30, 0x0f, 0, 0xff }, { STRAIGHT, 0x01, 0, 0x03, 0, 0 } };
static const struct mode mode_12 = { 0xe3, { 3, 0x01, 0x0f, 0, 6 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff },
    { 0, 0, 0, 0, 0, 0, 0x05, 0x0f, 0xff }, { STRAIGHT, 0x01, 0, 0x0f, 0, 0 } };
static const struct mode mode_13 = { 0x63, { 3, 0x01, 0x0f, 0, 0x0e },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff }, { STRAIGHT, 0x41, 0, 0x0f, 0, 0 } };
// clang-format on

#define A0000 0xa0000u
#define B8000 0xb8000u
#define LINEAR 0xe0000000u

static abbey_bench *b;

static void set(uint16_t port, uint8_t index, uint8_t value)
{
    abbey_out(b, port, 2, (uint32_t)value << 8 | index);
}
static void seq(uint8_t index, uint8_t value)
{
    set(0x3c4, index, value);
}
static void gc(uint8_t index, uint8_t value)
{
    set(0x3ce, index, value);
}
static void cr(uint8_t index, uint8_t value)
{
    set(0x3d4, index, value);
}
static void attr(uint8_t index, uint8_t value)
{
    dut_in(b, 0x3da);
    dut_out(b, 0x3c0, index);
    dut_out(b, 0x3c0, value);
    dut_out(b, 0x3c0, 0x20);
}

/* Entry i of the DAC is made (i, 63 - i, i / 2), 6 bits each, so that every colour tells its number. */
static void mode_set(const struct mode *mode)
{
    dut_out(b, 0x3c2, mode->misc);
    for (uint8_t i = 0; i < 5; i++)
        seq(i, mode->seq[i]);
    cr(0x11, 0);
    for (uint8_t i = 0; i < 25; i++)
        cr(i, mode->cr[i]);
    for (uint8_t i = 0; i < 9; i++)
        gc(i, mode->gc[i]);
    for (uint8_t i = 0; i < 21; i++)
        attr(i, mode->attr[i]);
    dut_out(b, 0x3c8, 0);
    for (uint32_t i = 0; i < 256; i++) {
        dut_out(b, 0x3c9, i & 63);
        dut_out(b, 0x3c9, (63 - i) & 63);
        dut_out(b, 0x3c9, (i >> 1) & 63);
    }
}

static uint32_t part(uint32_t six)
{
    return six << 2 | six >> 4;
}
static uint32_t colour(uint32_t i)
{
    return part(i & 63) << 16 | part((63 - i) & 63) << 8 | part((i >> 1) & 63);
}

static abbey_surface shown;
static void look(void)
{
    CU_ASSERT_EQUAL_FATAL(abbey_picture(b, &shown), 0);
}
static uint32_t pixel(uint32_t x, uint32_t y)
{
    return x < shown.width && y < shown.height ? shown.pixels[y * (shown.stride / 4) + x] : 0xdeadbeef;
}

/* The picture, all of it, against what a function says. The first pixel that differs is printed. */
static void compare(uint32_t (*expected)(uint32_t x, uint32_t y), uint32_t width, uint32_t height)
{
    look();
    CU_ASSERT_EQUAL(shown.width, width);
    CU_ASSERT_EQUAL(shown.height, height);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            if (pixel(x, y) == expected(x, y))
                continue;
            printf("# at %u,%u: %06x, expected %06x\n", x, y, pixel(x, y), expected(x, y));
            CU_FAIL("the picture differs");
            return;
        }
    }
}

static void begin(const char *properties)
{
    b = dut_new("vga", properties ? properties : "{rom: none}");
    /* Where firmware would put the display memory and the registers. */
    abbey_pci_write(b, 1, 0, 0x10, 4, LINEAR);
    abbey_pci_write(b, 1, 0, 0x18, 4, 0xd0000000);
    abbey_pci_write(b, 1, 0, 4, 2, 3);
}
static void end(void)
{
    abbey_bench_free(b);
}

/* ---- text ---- */

/* The shape of character c in line n, of the tests' own font. */
static uint8_t shape(uint32_t c, uint32_t n)
{
    return (uint8_t)(c * 37 + n * 59 + (c ^ n));
}

static void font_load(uint32_t at)
{
    seq(2, 4);
    seq(4, 6);
    gc(5, 0);
    gc(6, 4);
    for (uint32_t c = 0; c < 256; c++)
        for (uint32_t n = 0; n < 16; n++)
            abbey_store(b, A0000 + at + 32 * c + n, 1, shape(c, n));
    seq(2, 3);
    seq(4, 2);
    gc(5, 0x10);
    gc(6, 0x0e);
}

/* Cell n of the screen: every character and attribute that does not blink appears. */
static uint16_t cell(uint32_t n)
{
    return (uint16_t)((n & 0xff) | ((n * 7 + n / 256) & 0x7f) << 8);
}
static void cells_fill(void)
{
    for (uint32_t n = 0; n < 80 * 25; n++)
        abbey_store(b, B8000 + 2 * n, 2, cell(n));
}

static int cursor_x = -1, cursor_y = -1;
static uint32_t text_pixel(uint32_t x, uint32_t y)
{
    uint32_t column = x / 9, row = y / 16, dot = x % 9, n = cell(row * 80 + column), c = n & 0xff;
    uint8_t bits = shape(c, y % 16);
    int ink = dot < 8 ? bits >> (7 - dot) & 1 : (c >= 0xc0 && c <= 0xdf ? bits & 1 : 0);
    if ((int)column == cursor_x && (int)row == cursor_y && y % 16 >= 13 && y % 16 <= 14)
        ink = 1;
    return colour(n >> (ink ? 8 : 12) & (ink ? 15 : 7));
}

static void text_is_drawn(void)
{
    begin(NULL);
    mode_set(&mode_03);
    font_load(0);
    cells_fill();
    cr(0x0a, 0x20);
    cursor_x = -1;
    compare(text_pixel, 720, 400);
    /* The cursor, in the half of its period when it is seen. */
    cr(0x0a, 13);
    cr(0x0b, 14);
    cr(0x0e, (80 * 3 + 7) >> 8);
    cr(0x0f, (80 * 3 + 7) & 0xff);
    abbey_advance(b, 140 * ABBEY_MS);
    cursor_x = 7;
    cursor_y = 3;
    compare(text_pixel, 720, 400);
    abbey_advance(b, 134 * ABBEY_MS);
    cursor_x = -1;
    compare(text_pixel, 720, 400);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    compare(text_pixel, 720, 400);
    end();
}

static void cells_are_told(void)
{
    abbey_text text = { .size = sizeof text };
    begin(NULL);
    CU_ASSERT_EQUAL(abbey_text_screen(b, &text), -1); /* nothing is set */
    mode_set(&mode_03);
    cells_fill();
    CU_ASSERT_EQUAL_FATAL(abbey_text_screen(b, &text), 0);
    CU_ASSERT_EQUAL(text.columns, 80);
    CU_ASSERT_EQUAL(text.rows, 25);
    for (uint32_t n = 0; n < 80 * 25; n++)
        CU_ASSERT_EQUAL(text.cells[n], cell(n));
    CU_ASSERT_EQUAL(text.cursor, 0);
    /* Scrolled by hardware, as vgacon does. */
    cr(0x0c, 0);
    cr(0x0d, 160);
    cr(0x0e, 0);
    cr(0x0f, 165);
    CU_ASSERT_EQUAL_FATAL(abbey_text_screen(b, &text), 0);
    CU_ASSERT_EQUAL(text.cells[0], cell(160));
    CU_ASSERT_EQUAL(text.cursor, 5);
    mode_set(&mode_13);
    CU_ASSERT_EQUAL(abbey_text_screen(b, &text), -1);
    end();
}

static void attributes_blink_or_brighten(void)
{
    begin(NULL);
    mode_set(&mode_03);
    font_load(0);
    cr(0x0a, 0x20);
    abbey_store(b, B8000, 2, 0x9141); /* colour 1 on 1, and bit 7 */
    abbey_store(b, B8000 + 2, 2, 0xc241);
    attr(0x10, 0x04); /* no blinking: bit 7 brightens the paper */
    look();
    for (uint32_t dot = 0; dot < 8; dot++)
        CU_ASSERT_EQUAL(pixel(9 + dot, 1), colour(shape(0x41, 1) >> (7 - dot) & 1 ? 2 : 12));
    attr(0x10, 0x0c);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 12; i++) {
        abbey_advance(b, 100 * ABBEY_MS);
        look();
        uint32_t inked = 0;
        for (uint32_t dot = 0; dot < 8; dot++)
            inked += pixel(9 + dot, 1) == colour(2);
        seen |= inked ? 1 : 2; /* there, and gone */
        CU_ASSERT_EQUAL(pixel(9 + 8, 1), colour(4));
    }
    CU_ASSERT_EQUAL(seen, 3);
    end();
}

/* Attribute bit 3 chooses the second font. */
static void two_fonts(void)
{
    begin(NULL);
    mode_set(&mode_03);
    font_load(0);
    seq(2, 4);
    seq(4, 6);
    gc(5, 0);
    gc(6, 4);
    abbey_store(b, A0000 + 0x4000 + 32 * 'x', 1, 0x81); /* font 1, line 0 */
    abbey_store(b, A0000 + 0x2000 + 32 * 'x', 1, 0x18); /* font 4 */
    seq(2, 3);
    seq(4, 2);
    gc(5, 0x10);
    gc(6, 0x0e);
    cr(0x0a, 0x20);
    abbey_store(b, B8000, 2, 0x0900 | 'x');
    seq(3, 0x04); /* map A, for bit 3 set, is font 1 */
    look();
    CU_ASSERT_EQUAL(pixel(0, 0), colour(9));
    CU_ASSERT_EQUAL(pixel(1, 0), colour(0));
    CU_ASSERT_EQUAL(pixel(7, 0), colour(9));
    seq(3, 0x20); /* font 4 */
    look();
    CU_ASSERT_EQUAL(pixel(0, 0), colour(0));
    CU_ASSERT_EQUAL(pixel(3, 0), colour(9));
    end();
}

/* ---- planes ---- */

static uint32_t planes_pixel(uint32_t x, uint32_t y)
{
    return colour((x + 3 * y) & 15);
}

static void planes_are_drawn(void)
{
    begin(NULL);
    mode_set(&mode_12);
    for (uint32_t plane = 0; plane < 4; plane++) {
        seq(2, (uint8_t)(1 << plane));
        for (uint32_t y = 0; y < 480; y++) {
            for (uint32_t x = 0; x < 640; x += 8) {
                uint32_t byte = 0;
                for (uint32_t i = 0; i < 8; i++)
                    byte = byte << 1 | (((x + i + 3 * y) >> plane) & 1);
                abbey_store(b, A0000 + y * 80 + x / 8, 1, byte);
            }
        }
    }
    compare(planes_pixel, 640, 480);
    gc(4, 2);
    CU_ASSERT_EQUAL(abbey_load(b, A0000, 1), 0x0f); /* plane 2 of colours 0 to 7 */
    end();
}

static uint32_t split_pixel(uint32_t x, uint32_t y)
{
    /* 100 lines that begin at line 16 and are shifted by 3 dots, then the screen from its start, not shifted. */
    return y <= 99 ? planes_pixel(x + 3, y + 16) : planes_pixel(x, y - 100);
}

static void screens_split_and_pan(void)
{
    begin(NULL);
    mode_set(&mode_12);
    for (uint32_t plane = 0; plane < 4; plane++) {
        seq(2, (uint8_t)(1 << plane));
        for (uint32_t at = 0; at < 500 * 80; at++) {
            uint32_t byte = 0, y = at / 80, x = at % 80 * 8;
            for (uint32_t i = 0; i < 8; i++)
                byte = byte << 1 | (((x + i + 3 * y) >> plane) & 1);
            abbey_store(b, A0000 + at, 1, byte);
        }
    }
    cr(0x13, 0x28);
    cr(0x0c, (16 * 80) >> 8);
    cr(0x0d, (16 * 80) & 0xff);
    cr(0x18, 99);
    cr(7, 0x3e & ~0x10);
    cr(9, 0);
    attr(0x13, 3);
    attr(0x10, 0x21); /* the lower part does not pan */
    look();
    CU_ASSERT_EQUAL(pixel(0, 99), split_pixel(0, 99));
    /* The last dots of a line come from the first of the next row. */
    for (uint32_t y = 0; y < 480; y++)
        for (uint32_t x = 0; x < 630; x += 7)
            if (pixel(x, y) != split_pixel(x, y)) {
                printf("# at %u,%u: %06x, expected %06x\n", x, y, pixel(x, y), split_pixel(x, y));
                CU_FAIL("the picture differs");
                end();
                return;
            }
    end();
}

/* What the graphics controller does to a write, plane by plane, from the description of the modes. */
static uint8_t written(uint32_t mode, uint8_t data, uint8_t latch, uint32_t plane, uint32_t function, uint8_t mask,
    uint8_t set_reset, uint8_t enable)
{
    uint32_t rotate = function & 7;
    uint8_t rotated = (uint8_t)(data >> rotate | data << (8 - rotate)), value;
    if (mode == 1)
        return latch;
    if (mode == 2)
        value = data >> plane & 1 ? 0xff : 0;
    else if (mode == 3)
        value = set_reset >> plane & 1 ? 0xff : 0;
    else
        value = enable >> plane & 1 ? (set_reset >> plane & 1 ? 0xff : 0) : rotated;
    if (mode == 3)
        mask &= rotated;
    switch (function >> 3) {
    case 1: value &= latch; break;
    case 2: value |= latch; break;
    case 3: value ^= latch; break;
    default: break;
    }
    return (uint8_t)((value & mask) | (latch & ~mask));
}

static void write_modes(void)
{
    uint32_t random = 12345;
    begin(NULL);
    mode_set(&mode_12);
    for (uint32_t i = 0; i < 3000; i++) {
        uint8_t r[8], latch[4];
        for (uint32_t k = 0; k < 8; k++) {
            random = random * 1664525 + 1013904223;
            r[k] = (uint8_t)(random >> 24);
        }
        uint32_t mode = r[0] & 3, function = r[1] & 0x1f, at = A0000 + (i & 0xff) * 3;
        for (uint32_t p = 0; p < 4; p++) { /* something to latch */
            gc(5, 0);
            gc(1, 0);
            gc(3, 0);
            gc(8, 0xff);
            seq(2, (uint8_t)(1 << p));
            latch[p] = (uint8_t)(r[2] * (p + 1) + r[3]);
            abbey_store(b, at, 1, latch[p]);
        }
        seq(2, 0x0f);
        abbey_load(b, at, 1);
        uint8_t set_reset = r[4] & 15, enable = r[5] & 15, mask = r[6], planes = (uint8_t)(r[7] & 15);
        gc(0, set_reset);
        gc(1, enable);
        gc(3, (uint8_t)function);
        gc(8, mask);
        gc(5, (uint8_t)mode);
        seq(2, planes);
        abbey_store(b, at + 1, 1, r[3]);
        gc(5, 0);
        for (uint8_t p = 0; p < 4; p++) {
            gc(4, p);
            uint8_t now = (uint8_t)abbey_load(b, at + 1, 1);
            uint8_t wanted = written(mode, r[3], latch[p], p, function, mask, set_reset, enable);
            if (planes >> p & 1 && now != wanted) {
                printf("# mode %u, function %02x, plane %u: %02x, expected %02x\n", mode, function, p, now, wanted);
                CU_FAIL("a write differs");
                end();
                return;
            }
        }
    }
    end();
}

static void colours_are_compared(void)
{
    begin(NULL);
    mode_set(&mode_12);
    gc(5, 2); /* write mode 2: a colour, through the bit mask */
    for (uint32_t dot = 0; dot < 8; dot++) {
        gc(8, (uint8_t)(0x80 >> dot));
        abbey_load(b, A0000, 1);
        abbey_store(b, A0000, 1, dot * 2);
    }
    gc(5, 8);
    gc(2, 6);
    gc(7, 0x0f);
    CU_ASSERT_EQUAL(abbey_load(b, A0000, 1), 0x10); /* dot 3 has colour 6 */
    gc(7, 0x08);                                    /* only plane 3 matters: all below 8 match */
    CU_ASSERT_EQUAL(abbey_load(b, A0000, 1), 0xf0);
    end();
}

/* ---- modes of the CGA ---- */

static uint32_t cga4_pixel(uint32_t x, uint32_t y)
{
    return colour((x / 2 + y / 2) & 3);
}

static void cga_modes(void)
{
    begin(NULL);
    mode_set(&mode_04);
    for (uint32_t y = 0; y < 200; y++) /* odd lines stand 2000h further */
        for (uint32_t x = 0; x < 320; x += 4) {
            uint32_t byte = 0;
            for (uint32_t i = 0; i < 4; i++)
                byte = byte << 2 | ((x + i + y) & 3);
            abbey_store(b, B8000 + (y & 1) * 0x2000 + y / 2 * 80 + x / 4, 1, byte);
        }
    compare(cga4_pixel, 640, 400);
    mode_set(&mode_06);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 80; x++)
            abbey_store(b, B8000 + (y & 1) * 0x2000 + y / 2 * 80 + x, 1, (x + y) & 0xff);
    look();
    CU_ASSERT_EQUAL(shown.width, 640);
    for (uint32_t y = 0; y < 400; y += 3)
        for (uint32_t x = 0; x < 640; x += 5)
            CU_ASSERT_EQUAL(pixel(x, y), colour(((x / 8 + y / 2) & 0xff) >> (7 - x % 8) & 1));
    end();
}

/* ---- 256 colours ---- */

static uint32_t packed_pixel(uint32_t x, uint32_t y)
{
    return colour((x / 2 * 3 + y / 2) & 0xff);
}

static void packed_modes(void)
{
    begin(NULL);
    mode_set(&mode_13);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 320; x += 4) {
            uint32_t word = 0;
            for (uint32_t i = 4; i-- > 0;)
                word = word << 8 | (((x + i) * 3 + y) & 0xff);
            abbey_store(b, A0000 + y * 320 + x, 4, word);
        }
    compare(packed_pixel, 640, 400);
    CU_ASSERT_EQUAL(abbey_load(b, A0000 + 320 * 7 + 9, 1), (9 * 3 + 7) & 0xff);
    CU_ASSERT_EQUAL(abbey_load(b, LINEAR + 320 * 7 + 9, 1), (9 * 3 + 7) & 0xff); /* chained memory is linear */
    dut_out(b, 0x3c6, 0x0f);                                                     /* the mask of the DAC */
    look();
    CU_ASSERT_EQUAL(pixel(100, 100), colour((50 * 3 + 50) & 0x0f));
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    abbey_store(b, A0000, 1, 0x77);
    look();
    CU_ASSERT_EQUAL(pixel(0, 0), colour(7));
    end();
}

/* "Mode X": 320x240, not chained, a plane for every fourth dot. */
static uint32_t mode_x_pixel(uint32_t x, uint32_t y)
{
    return colour((x / 2 + y / 2 * 5) & 0xff);
}

static void unchained_modes(void)
{
    static const uint8_t change[][2] = { { 0x11, 0x0c }, { 0x06, 0x0d }, { 0x07, 0x3e }, { 0x09, 0x41 }, { 0x10, 0xea },
        { 0x12, 0xdf }, { 0x14, 0x00 }, { 0x15, 0xe7 }, { 0x16, 0x06 }, { 0x17, 0xe3 } };
    begin(NULL);
    mode_set(&mode_13);
    seq(4, 6);
    dut_out(b, 0x3c2, 0xe3);
    for (uint32_t i = 0; i < sizeof change / sizeof change[0]; i++)
        cr(change[i][0], change[i][1]);
    for (uint32_t plane = 0; plane < 4; plane++) {
        seq(2, (uint8_t)(1 << plane));
        for (uint32_t y = 0; y < 240; y++)
            for (uint32_t x = plane; x < 320; x += 4)
                abbey_store(b, A0000 + y * 80 + x / 4, 1, (x + y * 5) & 0xff);
    }
    compare(mode_x_pixel, 640, 480);
    end();
}

/* ---- DISPI ---- */

static void dispi(uint16_t index, uint16_t value)
{
    abbey_out(b, 0x1ce, 2, index);
    abbey_out(b, 0x1cf, 2, value);
}
static uint16_t dispi_in(uint16_t index)
{
    abbey_out(b, 0x1ce, 2, index);
    return (uint16_t)abbey_in(b, 0x1d0, 2);
}
static void dispi_mode(uint16_t width, uint16_t height, uint16_t bpp, uint16_t enable)
{
    dispi(4, 0);
    dispi(1, width);
    dispi(2, height);
    dispi(3, bpp);
    dispi(4, enable);
}

static void dispi_answers(void)
{
    begin(NULL);
    CU_ASSERT_EQUAL(dispi_in(0), 0xb0c5);
    dispi(0, 0xb0c0);
    CU_ASSERT_EQUAL(dispi_in(0), 0xb0c0);
    abbey_out(b, 0x1ce, 2, 0);
    CU_ASSERT_EQUAL(abbey_in(b, 0x1cf, 2), 0xb0c0); /* at the odd port too */
    CU_ASSERT_EQUAL(dispi_in(10), 256);
    dispi(4, 2);
    CU_ASSERT_EQUAL(dispi_in(1), 2560);
    CU_ASSERT_EQUAL(dispi_in(2), 1600);
    CU_ASSERT_EQUAL(dispi_in(3), 32);
    dispi_mode(2560, 1600, 32, 0x41);
    CU_ASSERT_EQUAL(dispi_in(4) & 1, 1);
    CU_ASSERT_EQUAL(dispi_in(6), 2560);
    dispi_mode(2560, 1601, 64, 0x41); /* no such depth */
    CU_ASSERT_EQUAL(dispi_in(4) & 1, 0);
    /* The registers without ports. */
    abbey_store(b, 0xd0000500 + 2, 2, 800);
    CU_ASSERT_EQUAL(dispi_in(1), 800);
    abbey_store(b, 0xd0000400 + 8, 1, 7); /* 3C8h */
    CU_ASSERT_EQUAL(dut_in(b, 0x3c8), 7);
    end();
}

static uint32_t true_pixel(uint32_t x, uint32_t y)
{
    return (x * 5 & 0xff) << 16 | (y & 0xff) << 8 | ((x + y) & 0xff);
}

static void dispi_depths(void)
{
    begin(NULL);
    dispi_mode(640, 480, 32, 0x41);
    for (uint32_t y = 0; y < 480; y++)
        for (uint32_t x = 0; x < 640; x++)
            abbey_store(b, LINEAR + (y * 640 + x) * 4, 4, true_pixel(x, y) | 0xff000000u);
    compare(true_pixel, 640, 480);
    dispi_mode(320, 200, 24, 0x41);
    abbey_store(b, LINEAR + 3 * (10 * 320 + 5), 4, 0x123456);
    dispi_mode(320, 200, 24, 0xc1); /* not cleared */
    look();
    CU_ASSERT_EQUAL(pixel(5, 10), 0x123456);
    dispi_mode(320, 200, 16, 0x41);
    look();
    CU_ASSERT_EQUAL(pixel(5, 10), 0);
    abbey_store(b, LINEAR, 2, 0xf81f);
    abbey_store(b, LINEAR + 2, 2, 0x07e0);
    look();
    CU_ASSERT_EQUAL(pixel(0, 0), 0xff00ff);
    CU_ASSERT_EQUAL(pixel(1, 0), 0x00ff00);
    dispi_mode(320, 200, 15, 0x41);
    abbey_store(b, LINEAR, 2, 0x7c1f);
    abbey_store(b, LINEAR + 2, 2, 0x03e0);
    look();
    CU_ASSERT_EQUAL(pixel(0, 0), 0xff00ff);
    CU_ASSERT_EQUAL(pixel(1, 0), 0x00ff00);
    dispi_mode(320, 200, 8, 0x61); /* with a DAC of 8 bits */
    dut_out(b, 0x3c8, 200);
    dut_out(b, 0x3c9, 0xab);
    dut_out(b, 0x3c9, 0xcd);
    dut_out(b, 0x3c9, 0xef);
    abbey_store(b, LINEAR + 7, 1, 200);
    look();
    CU_ASSERT_EQUAL(pixel(7, 0), 0xabcdef);
    end();
}

static void dispi_banks_and_scrolling(void)
{
    begin(NULL);
    mode_set(&mode_13);
    dispi_mode(800, 600, 8, 0x01);
    for (uint16_t bank = 0; bank < 8; bank++) {
        dispi(5, bank);
        abbey_store(b, A0000 + 0x100, 1, 0x40u + bank);
    }
    for (uint32_t bank = 0; bank < 8; bank++)
        CU_ASSERT_EQUAL(abbey_load(b, LINEAR + bank * 0x10000 + 0x100, 1), 0x40 + bank);
    dispi(6, 1024);
    CU_ASSERT_EQUAL(dispi_in(7), 16384);
    for (uint32_t i = 0; i < 256; i++) { /* grey of 6 bits */
        dut_out(b, 0x3c8, (uint8_t)i);
        for (uint32_t k = 0; k < 3; k++)
            dut_out(b, 0x3c9, i & 63);
    }
    abbey_store(b, LINEAR + 700 * 1024 + 333, 1, 21);
    dispi(8, 300);
    dispi(9, 600);
    look();
    CU_ASSERT_EQUAL(pixel(33, 100), part(21) * 0x010101);
    dispi(9, 65535); /* beyond the memory: not taken */
    CU_ASSERT_EQUAL(dispi_in(9), 600);
    CU_ASSERT_EQUAL(abbey_roundtrip(b), 0);
    dispi(5, 3);
    CU_ASSERT_EQUAL(abbey_load(b, A0000 + 0x100, 1), 0x43);
    end();
}

/* Sixteen colours, in banks of 64 KB of each plane. */
static void dispi_planes(void)
{
    begin(NULL);
    mode_set(&mode_12);
    dispi_mode(1280, 1024, 4, 0x01);
    seq(2, 0x05);
    dispi(5, 2);
    abbey_store(b, A0000 + 1000, 1, 0x80); /* offset 132072: line 825, dot 576 */
    look();
    CU_ASSERT_EQUAL(shown.width, 1280);
    CU_ASSERT_EQUAL(pixel(132072 % 160 * 8, 132072 / 160), colour(5));
    CU_ASSERT_EQUAL(pixel(132072 % 160 * 8 + 1, 132072 / 160), colour(0));
    end();
}

/* ---- the rest ---- */

static void retrace_comes_and_goes(void)
{
    uint32_t frames = 0, lines = 0, before = 0;
    begin(NULL);
    mode_set(&mode_13);
    for (uint32_t us = 0; us < 100000; us++) {
        uint32_t now = dut_in(b, 0x3da);
        frames += !(before & 8) && (now & 8);
        lines += !(before & 1) && (now & 1);
        before = now;
        abbey_advance(b, ABBEY_US);
    }
    CU_ASSERT_EQUAL(frames, 7);              /* 70 a second */
    CU_ASSERT(lines > 2750 && lines < 2850); /* 400 of 449 lines of 31.8 us */
    end();
}

static void registers_read_back(void)
{
    begin(NULL);
    mode_set(&mode_03);
    for (uint8_t i = 0; i < 25; i++) {
        dut_out(b, 0x3d4, i);
        CU_ASSERT_EQUAL(dut_in(b, 0x3d5), mode_03.cr[i]);
    }
    cr(1, 0x33); /* protected by bit 7 of register 11h, which is set */
    dut_out(b, 0x3d4, 1);
    CU_ASSERT_EQUAL(dut_in(b, 0x3d5), 0x4f);
    cr(7, 0); /* but for bit 4, of line compare */
    dut_out(b, 0x3d4, 7);
    CU_ASSERT_EQUAL(dut_in(b, 0x3d5), 0x0f);
    CU_ASSERT_EQUAL(dut_in(b, 0x3cc), 0x67);
    dut_out(b, 0x3c2, 0x66); /* monochrome: the CRT controller moves */
    dut_out(b, 0x3b4, 0x0a);
    CU_ASSERT_EQUAL(dut_in(b, 0x3b5), 0x0d);
    CU_ASSERT_EQUAL(dut_in(b, 0x3d5), 0xff);
    dut_out(b, 0x3c7, 5);
    CU_ASSERT_EQUAL(dut_in(b, 0x3c9), 5);
    CU_ASSERT_EQUAL(dut_in(b, 0x3c9), 58);
    CU_ASSERT_EQUAL(dut_in(b, 0x3c9), 2);
    CU_ASSERT_EQUAL(dut_in(b, 0x3c9), 6); /* of the next entry */
    dut_in(b, 0x3ba);
    dut_out(b, 0x3c0, 0x33);
    CU_ASSERT_EQUAL(dut_in(b, 0x3c1), 8);
    end();
}

static void roms_are_found(void)
{
    char path[] = "/tmp/abbey-test-rom-XXXXXX", properties[64];
    uint8_t rom[1024] = { 0x55, 0xaa, 2, [1000] = 0x5a };
    int fd = mkstemp(path);
    FILE *file = fdopen(fd, "wb");
    fwrite(rom, 1, sizeof rom, file);
    fclose(file);
    snprintf(properties, sizeof properties, "{rom: %s}", path);
    begin(properties);
    abbey_pci_write(b, 1, 0, 0x30, 4, 0xd1000001);
    CU_ASSERT_EQUAL(abbey_load(b, 0xd1000000 + 1000, 1), 0x5a);
    end();
    remove(path);
}

static void fuzz(void)
{
    static const struct dut_ports ranges[] = { { 0x3b0, 0x30 }, { 0x1ce, 4 } };
    uint32_t random = 99;
    b = dut_new("vga", "{rom: none, vram: 1M}");
    abbey_pci_write(b, 1, 0, 0x10, 4, LINEAR);
    abbey_pci_write(b, 1, 0, 4, 2, 3);
    for (uint32_t round = 0; round < 12; round++) {
        const struct mode *const modes[] = { &mode_03, &mode_04, &mode_06, &mode_12, &mode_13 };
        mode_set(modes[round % 5]);
        if (round % 3 == 2)
            dispi_mode((uint16_t)(8 * (round + 20)), 400, 16, 0x41);
        for (uint32_t i = 0; i < 2000; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = random >> 8, value = random * 77;
            uint64_t address = at & 1 ? A0000 + (at >> 1) % 0x20000 : LINEAR + (at >> 1) % 0x100000;
            if (at & 0x800000)
                abbey_store(b, address & ~3ull, 4, value);
            else
                abbey_load(b, address & ~3ull, 1u << (value % 3));
        }
        dut_fuzz(b, ranges, 2, dut_fuzz_count(12 * 300) / 12);
        abbey_surface surface;
        abbey_text text = { .size = sizeof text };
        abbey_picture(b, &surface);
        abbey_text_screen(b, &text);
    }
    dut_fuzz_state(b, ranges, 2, 30);
    end();
}

static void isa_variant(void)
{
    b = dut_machine("abbey: 1\nmemory: 1M\ndevices:\n  v: {device: vga-isa}\n");
    mode_set(&mode_13);
    abbey_store(b, A0000 + 5, 1, 0x21);
    look();
    CU_ASSERT_EQUAL(pixel(10, 0), colour(0x21));
    end();
}

static const struct unit_test tests[] = {
    { "text: characters, attributes, ninth dot, cursor", text_is_drawn },
    { "text: the cells are told to whoever shows text", cells_are_told },
    { "text: attribute bit 7 blinks or brightens", attributes_blink_or_brighten },
    { "text: attribute bit 3 chooses a font", two_fonts },
    { "planes: 640x480 in 16 colours", planes_are_drawn },
    { "planes: split screen and panning", screens_split_and_pan },
    { "planes: write modes, functions, masks", write_modes },
    { "planes: read mode 1 compares colours", colours_are_compared },
    { "CGA: modes 4 and 6", cga_modes },
    { "256 colours: mode 13h", packed_modes },
    { "256 colours: 320x240, not chained", unchained_modes },
    { "DISPI: registers, limits, registers without ports", dispi_answers },
    { "DISPI: 8 to 32 bits a pixel", dispi_depths },
    { "DISPI: banks, virtual width, scrolling", dispi_banks_and_scrolling },
    { "DISPI: planes in banks", dispi_planes },
    { "retrace follows virtual time", retrace_comes_and_goes },
    { "registers read back, and move with the emulation", registers_read_back },
    { "the VGA BIOS is an expansion ROM", roms_are_found },
    { "the ISA variant has ports and window", isa_variant },
    { "random accesses and states", fuzz },
};

UNIT_MAIN("vga", tests)
