/* vga_rig.h - the VGA on the author's bench: registers as BIOSes and drivers set them, and the pictures that must
 * follow. What is expected of a picture is computed by the tests from the meaning of the mode, not from how the device
 * stores it. */
#ifndef ABBEY_TESTS_VGA_RIG_H
#define ABBEY_TESTS_VGA_RIG_H

#include "tests/devices/dut.h"

#define A0000 0xa0000u
#define B8000 0xb8000u
#define LINEAR 0xe0000000u

/* Register values of the standard modes (IBM Personal System/2 Hardware Interface Technical Reference). */
struct vga_mode {
    uint8_t misc, seq[5], cr[25], gc[9], attr[21];
};
extern const struct vga_mode vga_mode_03, vga_mode_04, vga_mode_06, vga_mode_12, vga_mode_13;

/* The bench of the test that runs, and the picture at the last vga_look(). */
extern abbey_bench *vga;
extern abbey_surface vga_shown;

/* A bench with a VGA of these properties (NULL: without a ROM), as firmware leaves it; its end. */
void vga_begin(const char *properties);
void vga_end(void);

/* Writes an indexed register: of sequencer, graphics controller, CRT controller (at 3D4h), attribute controller. */
void vga_seq(uint8_t index, uint8_t value);
void vga_gc(uint8_t index, uint8_t value);
void vga_cr(uint8_t index, uint8_t value);
void vga_attr(uint8_t index, uint8_t value);
/* All of them. Entry i of the DAC is made (i, 63 - i, i / 2), 6 bits each, so that every colour tells its number. */
void vga_mode_set(const struct vga_mode *mode);
uint32_t vga_colour(uint32_t i); /* that entry, in a picture */
uint32_t vga_part(uint32_t six); /* 6 bits of the DAC as 8 bits of a picture */

/* The registers of DISPI; a mode of it, switched on by `enable`. */
void vga_dispi(uint16_t index, uint16_t value);
uint16_t vga_dispi_in(uint16_t index);
void vga_dispi_mode(uint16_t width, uint16_t height, uint16_t bpp, uint16_t enable);

/* Takes the picture; a pixel of it. */
void vga_look(void);
uint32_t vga_pixel(uint32_t x, uint32_t y);
/* The picture, all of it, against what a function says. The first pixel that differs is printed. */
void vga_compare(uint32_t (*expected)(uint32_t x, uint32_t y), uint32_t width, uint32_t height);

#endif
