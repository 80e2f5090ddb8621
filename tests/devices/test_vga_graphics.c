/* test_vga_graphics.c - the VGA: pictures in the graphics modes of the IBM adapters, and how memory is written in them.
 */
#include <stdlib.h>

#include "tests/devices/vga_rig.h"

/* ---- planes ---- */

static uint32_t planes_pixel(uint32_t x, uint32_t y)
{
    return vga_colour((x + 3 * y) & 15);
}

static void planes_are_drawn(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_12);
    for (uint32_t plane = 0; plane < 4; plane++) {
        vga_seq(2, (uint8_t)(1 << plane));
        for (uint32_t y = 0; y < 480; y++) {
            for (uint32_t x = 0; x < 640; x += 8) {
                uint32_t byte = 0;
                for (uint32_t i = 0; i < 8; i++)
                    byte = byte << 1 | (((x + i + 3 * y) >> plane) & 1);
                abbey_store(vga, A0000 + y * 80 + x / 8, 1, byte);
            }
        }
    }
    vga_compare(planes_pixel, 640, 480);
    vga_gc(4, 2);
    CU_ASSERT_EQUAL(abbey_load(vga, A0000, 1), 0x0f); /* plane 2 of colours 0 to 7 */
    vga_end();
}

static uint32_t split_pixel(uint32_t x, uint32_t y)
{
    /* 100 lines that begin at line 16 and are shifted by 3 dots, then the screen from its start, not shifted. */
    return y <= 99 ? planes_pixel(x + 3, y + 16) : planes_pixel(x, y - 100);
}

static void screens_split_and_pan(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_12);
    for (uint32_t plane = 0; plane < 4; plane++) {
        vga_seq(2, (uint8_t)(1 << plane));
        for (uint32_t at = 0; at < 500 * 80; at++) {
            uint32_t byte = 0, y = at / 80, x = at % 80 * 8;
            for (uint32_t i = 0; i < 8; i++)
                byte = byte << 1 | (((x + i + 3 * y) >> plane) & 1);
            abbey_store(vga, A0000 + at, 1, byte);
        }
    }
    vga_cr(0x13, 0x28);
    vga_cr(0x0c, (16 * 80) >> 8);
    vga_cr(0x0d, (16 * 80) & 0xff);
    vga_cr(0x18, 99);
    vga_cr(7, 0x3e & ~0x10);
    vga_cr(9, 0);
    vga_attr(0x13, 3);
    vga_attr(0x10, 0x21); /* the lower part does not pan */
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 99), split_pixel(0, 99));
    /* The last dots of a line come from the first of the next row. */
    for (uint32_t y = 0; y < 480; y++)
        for (uint32_t x = 0; x < 630; x += 7)
            if (vga_pixel(x, y) != split_pixel(x, y)) {
                printf("# at %u,%u: %06x, expected %06x\n", x, y, vga_pixel(x, y), split_pixel(x, y));
                CU_FAIL("the picture differs");
                vga_end();
                return;
            }
    vga_end();
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
    vga_begin(NULL);
    vga_mode_set(&vga_mode_12);
    for (uint32_t i = 0; i < 3000; i++) {
        uint8_t r[8], latch[4];
        for (uint32_t k = 0; k < 8; k++) {
            random = random * 1664525 + 1013904223;
            r[k] = (uint8_t)(random >> 24);
        }
        uint32_t mode = r[0] & 3, function = r[1] & 0x1f, at = A0000 + (i & 0xff) * 3;
        for (uint32_t p = 0; p < 4; p++) { /* something to latch */
            vga_gc(5, 0);
            vga_gc(1, 0);
            vga_gc(3, 0);
            vga_gc(8, 0xff);
            vga_seq(2, (uint8_t)(1 << p));
            latch[p] = (uint8_t)(r[2] * (p + 1) + r[3]);
            abbey_store(vga, at, 1, latch[p]);
        }
        vga_seq(2, 0x0f);
        abbey_load(vga, at, 1);
        uint8_t set_reset = r[4] & 15, enable = r[5] & 15, mask = r[6], planes = (uint8_t)(r[7] & 15);
        vga_gc(0, set_reset);
        vga_gc(1, enable);
        vga_gc(3, (uint8_t)function);
        vga_gc(8, mask);
        vga_gc(5, (uint8_t)mode);
        vga_seq(2, planes);
        abbey_store(vga, at + 1, 1, r[3]);
        vga_gc(5, 0);
        for (uint8_t p = 0; p < 4; p++) {
            vga_gc(4, p);
            uint8_t now = (uint8_t)abbey_load(vga, at + 1, 1);
            uint8_t wanted = written(mode, r[3], latch[p], p, function, mask, set_reset, enable);
            if (planes >> p & 1 && now != wanted) {
                printf("# mode %u, function %02x, plane %u: %02x, expected %02x\n", mode, function, p, now, wanted);
                CU_FAIL("a write differs");
                vga_end();
                return;
            }
        }
    }
    vga_end();
}

static void colours_are_compared(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_12);
    vga_gc(5, 2); /* write mode 2: a colour, through the bit mask */
    for (uint32_t dot = 0; dot < 8; dot++) {
        vga_gc(8, (uint8_t)(0x80 >> dot));
        abbey_load(vga, A0000, 1);
        abbey_store(vga, A0000, 1, dot * 2);
    }
    vga_gc(5, 8);
    vga_gc(2, 6);
    vga_gc(7, 0x0f);
    CU_ASSERT_EQUAL(abbey_load(vga, A0000, 1), 0x10); /* dot 3 has colour 6 */
    vga_gc(7, 0x08);                                  /* only plane 3 matters: all below 8 match */
    CU_ASSERT_EQUAL(abbey_load(vga, A0000, 1), 0xf0);
    vga_end();
}

/* ---- modes of the CGA ---- */

static uint32_t cga4_pixel(uint32_t x, uint32_t y)
{
    return vga_colour((x / 2 + y / 2) & 3);
}

static void cga_modes(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_04);
    for (uint32_t y = 0; y < 200; y++) /* odd lines stand 2000h further */
        for (uint32_t x = 0; x < 320; x += 4) {
            uint32_t byte = 0;
            for (uint32_t i = 0; i < 4; i++)
                byte = byte << 2 | ((x + i + y) & 3);
            abbey_store(vga, B8000 + (y & 1) * 0x2000 + y / 2 * 80 + x / 4, 1, byte);
        }
    vga_compare(cga4_pixel, 640, 400);
    vga_mode_set(&vga_mode_06);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 80; x++)
            abbey_store(vga, B8000 + (y & 1) * 0x2000 + y / 2 * 80 + x, 1, (x + y) & 0xff);
    vga_look();
    CU_ASSERT_EQUAL(vga_shown.width, 640);
    for (uint32_t y = 0; y < 400; y += 3)
        for (uint32_t x = 0; x < 640; x += 5)
            CU_ASSERT_EQUAL(vga_pixel(x, y), vga_colour(((x / 8 + y / 2) & 0xff) >> (7 - x % 8) & 1));
    vga_end();
}

/* ---- 256 colours ---- */

static uint32_t packed_pixel(uint32_t x, uint32_t y)
{
    return vga_colour((x / 2 * 3 + y / 2) & 0xff);
}

static void packed_modes(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_13);
    for (uint32_t y = 0; y < 200; y++)
        for (uint32_t x = 0; x < 320; x += 4) {
            uint32_t word = 0;
            for (uint32_t i = 4; i-- > 0;)
                word = word << 8 | (((x + i) * 3 + y) & 0xff);
            abbey_store(vga, A0000 + y * 320 + x, 4, word);
        }
    vga_compare(packed_pixel, 640, 400);
    CU_ASSERT_EQUAL(abbey_load(vga, A0000 + 320 * 7 + 9, 1), (9 * 3 + 7) & 0xff);
    CU_ASSERT_EQUAL(abbey_load(vga, LINEAR + 320 * 7 + 9, 1), (9 * 3 + 7) & 0xff); /* chained memory is linear */
    dut_out(vga, 0x3c6, 0x0f);                                                     /* the mask of the DAC */
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(100, 100), vga_colour((50 * 3 + 50) & 0x0f));
    CU_ASSERT_EQUAL(abbey_roundtrip(vga), 0);
    abbey_store(vga, A0000, 1, 0x77);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 0), vga_colour(7));
    vga_end();
}

/* "Mode X": 320x240, not chained, a plane for every fourth dot. */
static uint32_t mode_x_pixel(uint32_t x, uint32_t y)
{
    return vga_colour((x / 2 + y / 2 * 5) & 0xff);
}

static void unchained_modes(void)
{
    static const uint8_t change[][2] = { { 0x11, 0x0c }, { 0x06, 0x0d }, { 0x07, 0x3e }, { 0x09, 0x41 }, { 0x10, 0xea },
        { 0x12, 0xdf }, { 0x14, 0x00 }, { 0x15, 0xe7 }, { 0x16, 0x06 }, { 0x17, 0xe3 } };
    vga_begin(NULL);
    vga_mode_set(&vga_mode_13);
    vga_seq(4, 6);
    dut_out(vga, 0x3c2, 0xe3);
    for (uint32_t i = 0; i < sizeof change / sizeof change[0]; i++)
        vga_cr(change[i][0], change[i][1]);
    for (uint32_t plane = 0; plane < 4; plane++) {
        vga_seq(2, (uint8_t)(1 << plane));
        for (uint32_t y = 0; y < 240; y++)
            for (uint32_t x = plane; x < 320; x += 4)
                abbey_store(vga, A0000 + y * 80 + x / 4, 1, (x + y * 5) & 0xff);
    }
    vga_compare(mode_x_pixel, 640, 480);
    vga_end();
}

static const struct unit_test tests[] = {
    { "planes: 640x480 in 16 colours", planes_are_drawn },
    { "planes: split screen and panning", screens_split_and_pan },
    { "planes: write modes, functions, masks", write_modes },
    { "planes: read mode 1 compares colours", colours_are_compared },
    { "CGA: modes 4 and 6", cga_modes },
    { "256 colours: mode 13h", packed_modes },
    { "256 colours: 320x240, not chained", unchained_modes },
};

UNIT_MAIN("vga graphics", tests)
