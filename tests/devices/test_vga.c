/* test_vga.c - the VGA: text modes, registers, retrace, ROM, and what no driver does. */
#include <stdlib.h>

#include "tests/devices/vga_rig.h"

/* ---- text ---- */

/* The shape of character c in line n, of the tests' own font. */
static uint8_t shape(uint32_t c, uint32_t n)
{
    return (uint8_t)(c * 37 + n * 59 + (c ^ n));
}

static void font_load(uint32_t at)
{
    vga_seq(2, 4);
    vga_seq(4, 6);
    vga_gc(5, 0);
    vga_gc(6, 4);
    for (uint32_t c = 0; c < 256; c++)
        for (uint32_t n = 0; n < 16; n++)
            abbey_store(vga, A0000 + at + 32 * c + n, 1, shape(c, n));
    vga_seq(2, 3);
    vga_seq(4, 2);
    vga_gc(5, 0x10);
    vga_gc(6, 0x0e);
}

/* Cell n of the screen: every character and attribute that does not blink appears. */
static uint16_t cell(uint32_t n)
{
    return (uint16_t)((n & 0xff) | ((n * 7 + n / 256) & 0x7f) << 8);
}
static void cells_fill(void)
{
    for (uint32_t n = 0; n < 80 * 25; n++)
        abbey_store(vga, B8000 + 2 * n, 2, cell(n));
}

static int cursor_x = -1, cursor_y = -1;
static uint32_t text_pixel(uint32_t x, uint32_t y)
{
    uint32_t column = x / 9, row = y / 16, dot = x % 9, n = cell(row * 80 + column), c = n & 0xff;
    uint8_t bits = shape(c, y % 16);
    int ink = dot < 8 ? bits >> (7 - dot) & 1 : (c >= 0xc0 && c <= 0xdf ? bits & 1 : 0);
    if ((int)column == cursor_x && (int)row == cursor_y && y % 16 >= 13 && y % 16 <= 14)
        ink = 1;
    return vga_colour(n >> (ink ? 8 : 12) & (ink ? 15 : 7));
}

static void text_is_drawn(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_03);
    font_load(0);
    cells_fill();
    vga_cr(0x0a, 0x20);
    cursor_x = -1;
    vga_compare(text_pixel, 720, 400);
    /* The cursor, in the half of its period when it is seen. */
    vga_cr(0x0a, 13);
    vga_cr(0x0b, 14);
    vga_cr(0x0e, (80 * 3 + 7) >> 8);
    vga_cr(0x0f, (80 * 3 + 7) & 0xff);
    abbey_advance(vga, 140 * ABBEY_MS);
    cursor_x = 7;
    cursor_y = 3;
    vga_compare(text_pixel, 720, 400);
    abbey_advance(vga, 134 * ABBEY_MS);
    cursor_x = -1;
    vga_compare(text_pixel, 720, 400);
    CU_ASSERT_EQUAL(abbey_roundtrip(vga), 0);
    vga_compare(text_pixel, 720, 400);
    vga_end();
}

static void cells_are_told(void)
{
    abbey_text text = { .size = sizeof text };
    vga_begin(NULL);
    CU_ASSERT_EQUAL(abbey_text_screen(vga, &text), -1); /* nothing is set */
    vga_mode_set(&vga_mode_03);
    cells_fill();
    CU_ASSERT_EQUAL_FATAL(abbey_text_screen(vga, &text), 0);
    CU_ASSERT_EQUAL(text.columns, 80);
    CU_ASSERT_EQUAL(text.rows, 25);
    for (uint32_t n = 0; n < 80 * 25; n++)
        CU_ASSERT_EQUAL(text.cells[n], cell(n));
    CU_ASSERT_EQUAL(text.cursor, 0);
    /* Scrolled by hardware, as vgacon does. */
    vga_cr(0x0c, 0);
    vga_cr(0x0d, 160);
    vga_cr(0x0e, 0);
    vga_cr(0x0f, 165);
    CU_ASSERT_EQUAL_FATAL(abbey_text_screen(vga, &text), 0);
    CU_ASSERT_EQUAL(text.cells[0], cell(160));
    CU_ASSERT_EQUAL(text.cursor, 5);
    vga_mode_set(&vga_mode_13);
    CU_ASSERT_EQUAL(abbey_text_screen(vga, &text), -1);
    vga_end();
}

static void attributes_blink_or_brighten(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_03);
    font_load(0);
    vga_cr(0x0a, 0x20);
    abbey_store(vga, B8000, 2, 0x9141); /* colour 1 on 1, and bit 7 */
    abbey_store(vga, B8000 + 2, 2, 0xc241);
    vga_attr(0x10, 0x04); /* no blinking: bit 7 brightens the paper */
    vga_look();
    for (uint32_t dot = 0; dot < 8; dot++)
        CU_ASSERT_EQUAL(vga_pixel(9 + dot, 1), vga_colour(shape(0x41, 1) >> (7 - dot) & 1 ? 2 : 12));
    vga_attr(0x10, 0x0c);
    uint32_t seen = 0;
    for (uint32_t i = 0; i < 12; i++) {
        abbey_advance(vga, 100 * ABBEY_MS);
        vga_look();
        uint32_t inked = 0;
        for (uint32_t dot = 0; dot < 8; dot++)
            inked += vga_pixel(9 + dot, 1) == vga_colour(2);
        seen |= inked ? 1 : 2; /* there, and gone */
        CU_ASSERT_EQUAL(vga_pixel(9 + 8, 1), vga_colour(4));
    }
    CU_ASSERT_EQUAL(seen, 3);
    vga_end();
}

/* Attribute bit 3 chooses the second font. */
static void two_fonts(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_03);
    font_load(0);
    vga_seq(2, 4);
    vga_seq(4, 6);
    vga_gc(5, 0);
    vga_gc(6, 4);
    abbey_store(vga, A0000 + 0x4000 + 32 * 'x', 1, 0x81); /* font 1, line 0 */
    abbey_store(vga, A0000 + 0x2000 + 32 * 'x', 1, 0x18); /* font 4 */
    vga_seq(2, 3);
    vga_seq(4, 2);
    vga_gc(5, 0x10);
    vga_gc(6, 0x0e);
    vga_cr(0x0a, 0x20);
    abbey_store(vga, B8000, 2, 0x0900 | 'x');
    vga_seq(3, 0x04); /* map A, for bit 3 set, is font 1 */
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 0), vga_colour(9));
    CU_ASSERT_EQUAL(vga_pixel(1, 0), vga_colour(0));
    CU_ASSERT_EQUAL(vga_pixel(7, 0), vga_colour(9));
    vga_seq(3, 0x20); /* font 4 */
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 0), vga_colour(0));
    CU_ASSERT_EQUAL(vga_pixel(3, 0), vga_colour(9));
    vga_end();
}

/* ---- the rest ---- */

static void retrace_comes_and_goes(void)
{
    uint32_t frames = 0, lines = 0, before = 0;
    vga_begin(NULL);
    vga_mode_set(&vga_mode_13);
    for (uint32_t us = 0; us < 100000; us++) {
        uint32_t now = dut_in(vga, 0x3da);
        frames += !(before & 8) && (now & 8);
        lines += !(before & 1) && (now & 1);
        before = now;
        abbey_advance(vga, ABBEY_US);
    }
    CU_ASSERT_EQUAL(frames, 7);              /* 70 a second */
    CU_ASSERT(lines > 2750 && lines < 2850); /* 400 of 449 lines of 31.8 us */
    vga_end();
}

static void registers_read_back(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_03);
    for (uint8_t i = 0; i < 25; i++) {
        dut_out(vga, 0x3d4, i);
        CU_ASSERT_EQUAL(dut_in(vga, 0x3d5), vga_mode_03.cr[i]);
    }
    vga_cr(1, 0x33); /* protected by bit 7 of register 11h, which is set */
    dut_out(vga, 0x3d4, 1);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3d5), 0x4f);
    vga_cr(7, 0); /* but for bit 4, of line compare */
    dut_out(vga, 0x3d4, 7);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3d5), 0x0f);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3cc), 0x67);
    dut_out(vga, 0x3c2, 0x66); /* monochrome: the CRT controller moves */
    dut_out(vga, 0x3b4, 0x0a);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3b5), 0x0d);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3d5), 0xff);
    dut_out(vga, 0x3c7, 5);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c9), 5);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c9), 58);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c9), 2);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c9), 6); /* of the next entry */
    dut_in(vga, 0x3ba);
    dut_out(vga, 0x3c0, 0x33);
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c1), 8);
    vga_end();
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
    vga_begin(properties);
    abbey_pci_write(vga, 1, 0, 0x30, 4, 0xd1000001);
    CU_ASSERT_EQUAL(abbey_load(vga, 0xd1000000 + 1000, 1), 0x5a);
    vga_end();
    remove(path);
}

static void fuzz(void)
{
    static const struct dut_ports ranges[] = { { 0x3b0, 0x30 }, { 0x1ce, 4 } };
    uint32_t random = 99;
    vga = dut_new("vga", "{rom: none, vram: 1M}");
    abbey_pci_write(vga, 1, 0, 0x10, 4, LINEAR);
    abbey_pci_write(vga, 1, 0, 4, 2, 3);
    for (uint32_t round = 0; round < 12; round++) {
        const struct vga_mode *const modes[] = { &vga_mode_03, &vga_mode_04, &vga_mode_06, &vga_mode_12, &vga_mode_13 };
        vga_mode_set(modes[round % 5]);
        if (round % 3 == 2)
            vga_dispi_mode((uint16_t)(8 * (round + 20)), 400, 16, 0x41);
        for (uint32_t i = 0; i < 2000; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t at = random >> 8, value = random * 77;
            uint64_t address = at & 1 ? A0000 + (at >> 1) % 0x20000 : LINEAR + (at >> 1) % 0x100000;
            if (at & 0x800000)
                abbey_store(vga, address & ~3ull, 4, value);
            else
                abbey_load(vga, address & ~3ull, 1u << (value % 3));
        }
        dut_fuzz(vga, ranges, 2, dut_fuzz_count(12 * 300) / 12);
        abbey_surface surface;
        abbey_text text = { .size = sizeof text };
        abbey_picture(vga, &surface);
        abbey_text_screen(vga, &text);
    }
    dut_fuzz_state(vga, ranges, 2, 30);
    vga_end();
}

static void isa_variant(void)
{
    vga = dut_machine("abbey: 1\nmemory: 1M\ndevices:\n  v: {device: vga-isa}\n");
    vga_mode_set(&vga_mode_13);
    abbey_store(vga, A0000 + 5, 1, 0x21);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(10, 0), vga_colour(0x21));
    vga_end();
}

static const struct unit_test tests[] = {
    { "text: characters, attributes, ninth dot, cursor", text_is_drawn },
    { "text: the cells are told to whoever shows text", cells_are_told },
    { "text: attribute bit 7 blinks or brightens", attributes_blink_or_brighten },
    { "text: attribute bit 3 chooses a font", two_fonts },
    { "retrace follows virtual time", retrace_comes_and_goes },
    { "registers read back, and move with the emulation", registers_read_back },
    { "the VGA BIOS is an expansion ROM", roms_are_found },
    { "the ISA variant has ports and window", isa_variant },
    { "random accesses and states", fuzz },
};

UNIT_MAIN("vga", tests)
