#include "tests/devices/vga_rig.h"

#define COLOURS 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f
#define STRAIGHT 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15

// clang-format off
const struct vga_mode vga_mode_03 = { 0x67, { 3, 0x00, 3, 0, 2 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0, 0x4f, 0x0d, 0x0e, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x10, 0x0e, 0, 0xff }, { STRAIGHT, 0x0c, 0, 0x0f, 0x08, 0 } };
const struct vga_mode vga_mode_06 = { 0x63, { 3, 0x01, 1, 0, 6 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x00, 0x96, 0xb9, 0xc2, 0xff },
    { 0, 0, 0, 0, 0, 0x00, 0x0d, 0, 0xff }, { STRAIGHT, 0x01, 0, 0x01, 0, 0 } };
const struct vga_mode vga_mode_04 = { 0x63, { 3, 0x09, 3, 0, 2 },
    { 0x2d, 0x27, 0x28, 0x90, 0x2b, 0x80, 0xbf, 0x1f, 0, 0xc1, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x14, 0x00, 0x96, 0xb9, 0xa2, 0xff },
    { 0, 0, 0, 0, 0, 0x30, 0x0f, 0, 0xff }, { STRAIGHT, 0x01, 0, 0x03, 0, 0 } };
const struct vga_mode vga_mode_12 = { 0xe3, { 3, 0x01, 0x0f, 0, 6 },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0x0b, 0x3e, 0, 0x40, 0, 0, 0, 0, 0, 0, 0xea, 0x8c, 0xdf, 0x28, 0x00, 0xe7, 0x04, 0xe3, 0xff },
    { 0, 0, 0, 0, 0, 0, 0x05, 0x0f, 0xff }, { STRAIGHT, 0x01, 0, 0x0f, 0, 0 } };
const struct vga_mode vga_mode_13 = { 0x63, { 3, 0x01, 0x0f, 0, 0x0e },
    { 0x5f, 0x4f, 0x50, 0x82, 0x54, 0x80, 0xbf, 0x1f, 0, 0x41, 0, 0, 0, 0, 0, 0, 0x9c, 0x8e, 0x8f, 0x28, 0x40, 0x96, 0xb9, 0xa3, 0xff },
    { 0, 0, 0, 0, 0, 0x40, 0x05, 0x0f, 0xff }, { STRAIGHT, 0x41, 0, 0x0f, 0, 0 } };
// clang-format on

abbey_bench *vga;
abbey_surface vga_shown;

static void set(uint16_t port, uint8_t index, uint8_t value)
{
    abbey_out(vga, port, 2, (uint32_t)value << 8 | index);
}

void vga_seq(uint8_t index, uint8_t value)
{
    set(0x3c4, index, value);
}

void vga_gc(uint8_t index, uint8_t value)
{
    set(0x3ce, index, value);
}

void vga_cr(uint8_t index, uint8_t value)
{
    set(0x3d4, index, value);
}

void vga_attr(uint8_t index, uint8_t value)
{
    dut_in(vga, 0x3da);
    dut_out(vga, 0x3c0, index);
    dut_out(vga, 0x3c0, value);
    dut_out(vga, 0x3c0, 0x20);
}

void vga_mode_set(const struct vga_mode *mode)
{
    dut_out(vga, 0x3c2, mode->misc);
    for (uint8_t i = 0; i < 5; i++)
        vga_seq(i, mode->seq[i]);
    vga_cr(0x11, 0);
    for (uint8_t i = 0; i < 25; i++)
        vga_cr(i, mode->cr[i]);
    for (uint8_t i = 0; i < 9; i++)
        vga_gc(i, mode->gc[i]);
    for (uint8_t i = 0; i < 21; i++)
        vga_attr(i, mode->attr[i]);
    dut_out(vga, 0x3c8, 0);
    for (uint32_t i = 0; i < 256; i++) {
        dut_out(vga, 0x3c9, i & 63);
        dut_out(vga, 0x3c9, (63 - i) & 63);
        dut_out(vga, 0x3c9, (i >> 1) & 63);
    }
}

uint32_t vga_part(uint32_t six)
{
    return six << 2 | six >> 4;
}

uint32_t vga_colour(uint32_t i)
{
    return vga_part(i & 63) << 16 | vga_part((63 - i) & 63) << 8 | vga_part((i >> 1) & 63);
}

void vga_look(void)
{
    CU_ASSERT_EQUAL_FATAL(abbey_picture(vga, &vga_shown), 0);
}

uint32_t vga_pixel(uint32_t x, uint32_t y)
{
    return x < vga_shown.width && y < vga_shown.height ? vga_shown.pixels[y * (vga_shown.stride / 4) + x] : 0xdeadbeef;
}

void vga_compare(uint32_t (*expected)(uint32_t x, uint32_t y), uint32_t width, uint32_t height)
{
    vga_look();
    CU_ASSERT_EQUAL(vga_shown.width, width);
    CU_ASSERT_EQUAL(vga_shown.height, height);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t x = 0; x < width; x++) {
            if (vga_pixel(x, y) == expected(x, y))
                continue;
            printf("# at %u,%u: %06x, expected %06x\n", x, y, vga_pixel(x, y), expected(x, y));
            CU_FAIL("the picture differs");
            return;
        }
    }
}

void vga_begin(const char *properties)
{
    vga = dut_new("vga", properties ? properties : "{rom: none}");
    /* Where firmware would put the display memory and the registers. */
    abbey_pci_write(vga, 1, 0, 0x10, 4, LINEAR);
    abbey_pci_write(vga, 1, 0, 0x18, 4, 0xd0000000);
    abbey_pci_write(vga, 1, 0, 4, 2, 3);
}

void vga_end(void)
{
    abbey_bench_free(vga);
}

void vga_dispi(uint16_t index, uint16_t value)
{
    abbey_out(vga, 0x1ce, 2, index);
    abbey_out(vga, 0x1cf, 2, value);
}

uint16_t vga_dispi_in(uint16_t index)
{
    abbey_out(vga, 0x1ce, 2, index);
    return (uint16_t)abbey_in(vga, 0x1d0, 2);
}

void vga_dispi_mode(uint16_t width, uint16_t height, uint16_t bpp, uint16_t enable)
{
    vga_dispi(4, 0);
    vga_dispi(1, width);
    vga_dispi(2, height);
    vga_dispi(3, bpp);
    vga_dispi(4, enable);
}
