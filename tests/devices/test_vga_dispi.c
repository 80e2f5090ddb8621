/* test_vga_dispi.c - the VGA: modes of more colours and pixels, set by the DISPI registers. */
#include "tests/devices/vga_rig.h"

static void dispi_answers(void)
{
    vga_begin(NULL);
    CU_ASSERT_EQUAL(vga_dispi_in(0), 0xb0c5);
    vga_dispi(0, 0xb0c0);
    CU_ASSERT_EQUAL(vga_dispi_in(0), 0xb0c0);
    abbey_out(vga, 0x1ce, 2, 0);
    CU_ASSERT_EQUAL(abbey_in(vga, 0x1cf, 2), 0xb0c0); /* at the odd port too */
    CU_ASSERT_EQUAL(vga_dispi_in(10), 256);
    vga_dispi(4, 2);
    CU_ASSERT_EQUAL(vga_dispi_in(1), 2560);
    CU_ASSERT_EQUAL(vga_dispi_in(2), 1600);
    CU_ASSERT_EQUAL(vga_dispi_in(3), 32);
    vga_dispi_mode(2560, 1600, 32, 0x41);
    CU_ASSERT_EQUAL(vga_dispi_in(4) & 1, 1);
    CU_ASSERT_EQUAL(vga_dispi_in(6), 2560);
    vga_dispi_mode(2560, 1601, 64, 0x41); /* no such depth */
    CU_ASSERT_EQUAL(vga_dispi_in(4) & 1, 0);
    /* The registers without ports. */
    abbey_store(vga, 0xd0000500 + 2, 2, 800);
    CU_ASSERT_EQUAL(vga_dispi_in(1), 800);
    abbey_store(vga, 0xd0000400 + 8, 1, 7); /* 3C8h */
    CU_ASSERT_EQUAL(dut_in(vga, 0x3c8), 7);
    vga_end();
}

static uint32_t true_pixel(uint32_t x, uint32_t y)
{
    return (x * 5 & 0xff) << 16 | (y & 0xff) << 8 | ((x + y) & 0xff);
}

static void dispi_depths(void)
{
    vga_begin(NULL);
    vga_dispi_mode(640, 480, 32, 0x41);
    for (uint32_t y = 0; y < 480; y++)
        for (uint32_t x = 0; x < 640; x++)
            abbey_store(vga, LINEAR + (y * 640 + x) * 4, 4, true_pixel(x, y) | 0xff000000u);
    vga_compare(true_pixel, 640, 480);
    vga_dispi_mode(320, 200, 24, 0x41);
    abbey_store(vga, LINEAR + 3 * (10 * 320 + 5), 4, 0x123456);
    vga_dispi_mode(320, 200, 24, 0xc1); /* not cleared */
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(5, 10), 0x123456);
    vga_dispi_mode(320, 200, 16, 0x41);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(5, 10), 0);
    abbey_store(vga, LINEAR, 2, 0xf81f);
    abbey_store(vga, LINEAR + 2, 2, 0x07e0);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 0), 0xff00ff);
    CU_ASSERT_EQUAL(vga_pixel(1, 0), 0x00ff00);
    vga_dispi_mode(320, 200, 15, 0x41);
    abbey_store(vga, LINEAR, 2, 0x7c1f);
    abbey_store(vga, LINEAR + 2, 2, 0x03e0);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(0, 0), 0xff00ff);
    CU_ASSERT_EQUAL(vga_pixel(1, 0), 0x00ff00);
    vga_dispi_mode(320, 200, 8, 0x61); /* with a DAC of 8 bits */
    dut_out(vga, 0x3c8, 200);
    dut_out(vga, 0x3c9, 0xab);
    dut_out(vga, 0x3c9, 0xcd);
    dut_out(vga, 0x3c9, 0xef);
    abbey_store(vga, LINEAR + 7, 1, 200);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(7, 0), 0xabcdef);
    vga_end();
}

static void dispi_banks_and_scrolling(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_13);
    vga_dispi_mode(800, 600, 8, 0x01);
    for (uint16_t bank = 0; bank < 8; bank++) {
        vga_dispi(5, bank);
        abbey_store(vga, A0000 + 0x100, 1, 0x40u + bank);
    }
    for (uint32_t bank = 0; bank < 8; bank++)
        CU_ASSERT_EQUAL(abbey_load(vga, LINEAR + bank * 0x10000 + 0x100, 1), 0x40 + bank);
    vga_dispi(6, 1024);
    CU_ASSERT_EQUAL(vga_dispi_in(7), 16384);
    for (uint32_t i = 0; i < 256; i++) { /* grey of 6 bits */
        dut_out(vga, 0x3c8, (uint8_t)i);
        for (uint32_t k = 0; k < 3; k++)
            dut_out(vga, 0x3c9, i & 63);
    }
    abbey_store(vga, LINEAR + 700 * 1024 + 333, 1, 21);
    vga_dispi(8, 300);
    vga_dispi(9, 600);
    vga_look();
    CU_ASSERT_EQUAL(vga_pixel(33, 100), vga_part(21) * 0x010101);
    vga_dispi(9, 65535); /* beyond the memory: not taken */
    CU_ASSERT_EQUAL(vga_dispi_in(9), 600);
    CU_ASSERT_EQUAL(abbey_roundtrip(vga), 0);
    vga_dispi(5, 3);
    CU_ASSERT_EQUAL(abbey_load(vga, A0000 + 0x100, 1), 0x43);
    vga_end();
}

/* Sixteen colours, in banks of 64 KB of each plane. */
static void dispi_planes(void)
{
    vga_begin(NULL);
    vga_mode_set(&vga_mode_12);
    vga_dispi_mode(1280, 1024, 4, 0x01);
    vga_seq(2, 0x05);
    vga_dispi(5, 2);
    abbey_store(vga, A0000 + 1000, 1, 0x80); /* offset 132072: line 825, dot 576 */
    vga_look();
    CU_ASSERT_EQUAL(vga_shown.width, 1280);
    CU_ASSERT_EQUAL(vga_pixel(132072 % 160 * 8, 132072 / 160), vga_colour(5));
    CU_ASSERT_EQUAL(vga_pixel(132072 % 160 * 8 + 1, 132072 / 160), vga_colour(0));
    vga_end();
}

static const struct unit_test tests[] = {
    { "DISPI: registers, limits, registers without ports", dispi_answers },
    { "DISPI: 8 to 32 bits a pixel", dispi_depths },
    { "DISPI: banks, virtual width, scrolling", dispi_banks_and_scrolling },
    { "DISPI: planes in banks", dispi_planes },
};

UNIT_MAIN("vga DISPI", tests)
