/* textmode.c - text mode 3 on a VGA, as a VGA BIOS leaves it: 80 by 25 characters, 720 by 400 dots (IBM Personal
 * System/2 Hardware Interface Technical Reference, "Video Subsystem", values of the registers in each mode). */
#include "core/boot/parts.h"

#define PORT_ATTRIBUTE 0x3c0u
#define PORT_MISC 0x3c2u
#define PORT_SEQUENCER 0x3c4u
#define PORT_DAC_MASK 0x3c6u
#define PORT_DAC_INDEX 0x3c8u
#define PORT_DAC_DATA 0x3c9u
#define PORT_GRAPHICS 0x3ceu
#define PORT_CRT 0x3d4u
#define PORT_STATUS 0x3dau

#define FONT_AT 0xa0000u
#define TEXT_AT 0xb8000u
#define TEXT_CELLS 16384u /* all eight pages */
#define BLANK 0x0720u     /* grey on black */

static const uint8_t sequencer[] = { 0x01, 0x00, 0x03, 0x00, 0x02 };
static const uint8_t crt[] = { 0x5f, 0x4f, 0x50, 0x82, 0x55, 0x81, 0xbf, 0x1f, 0x00, 0x4f, 0x0d, 0x0e, 0x00, 0x00, 0x00,
    0x00, 0x9c, 0x8e, 0x8f, 0x28, 0x1f, 0x96, 0xb9, 0xa3, 0xff };
static const uint8_t graphics[] = { 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x0e, 0x00, 0xff };
static const uint8_t attributes[] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x14, 0x07, 0x38, 0x39, 0x3a, 0x3b, 0x3c,
    0x3d, 0x3e, 0x3f, 0x0c, 0x00, 0x0f, 0x08, 0x00 };

static void set(const struct boot_ports *ports, uint16_t port, unsigned index, uint8_t value)
{
    ports->out(ports->opaque, port, 1, index);
    ports->out(ports->opaque, port + 1u, 1, value);
}

static void set_all(const struct boot_ports *ports, uint16_t port, const uint8_t *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        set(ports, port, i, values[i]);
}

/* The 64 colours of an EGA: two bits of each part, the high ones in bits 2:0 of the index. */
static void colours_set(const struct boot_ports *ports)
{
    ports->out(ports->opaque, PORT_DAC_MASK, 1, 0xff);
    ports->out(ports->opaque, PORT_DAC_INDEX, 1, 0);
    for (unsigned index = 0; index < 64; index++)
        for (unsigned part = 3; part-- > 0;)
            ports->out(
                ports->opaque, PORT_DAC_DATA, 1, (index >> part & 1) * 0x2au + (index >> (part + 3) & 1) * 0x15u);
}

/* With plane 2 alone, addressed one after the other. */
static void font_load(const struct boot *boot, const struct boot_ports *ports)
{
    uint8_t cells[256][16];
    set_all(ports, PORT_GRAPHICS, graphics, sizeof graphics); /* no masks, no functions */
    set(ports, PORT_SEQUENCER, 2, 4);
    set(ports, PORT_SEQUENCER, 4, 6);
    set(ports, PORT_GRAPHICS, 5, 0);
    set(ports, PORT_GRAPHICS, 6, 4);
    font_draw(cells);
    for (unsigned c = 0; c < 256; c++)
        mem_write(boot->mem, FONT_AT + 32 * c, cells[c], sizeof cells[c]);
}

/* The BIOS data area: mode, columns, bytes of a page, port of the CRT controller, rows less one, height of a character.
 */
static void bios_data(const struct boot *boot)
{
    static const struct {
        uint16_t at;
        uint16_t value;
    } words[] = { { 0x449, 80 << 8 | 3 }, { 0x44b, 0 }, { 0x44c, 0x1000 }, { 0x460, 0x0d0e }, { 0x463, PORT_CRT },
        { 0x484, 16 << 8 | 24 }, { 0x486, 0 } };
    for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
        uint8_t bytes[2];
        put16(bytes, words[i].value);
        mem_write(boot->mem, words[i].at, bytes, sizeof bytes);
    }
}

void textmode_set(const struct boot *boot, const struct boot_ports *ports)
{
    ports->out(ports->opaque, PORT_MISC, 1, 0x67);
    set_all(ports, PORT_SEQUENCER, sequencer, sizeof sequencer);
    set(ports, PORT_SEQUENCER, 0, 3);
    set(ports, PORT_CRT, 0x11, 0); /* the first registers are write-protected by it */
    set_all(ports, PORT_CRT, crt, sizeof crt);
    colours_set(ports);
    font_load(boot, ports);
    set_all(ports, PORT_GRAPHICS, graphics, sizeof graphics);
    set(ports, PORT_SEQUENCER, 2, sequencer[2]);
    set(ports, PORT_SEQUENCER, 4, sequencer[4]);
    for (unsigned i = 0; i < sizeof attributes; i++) {
        ports->in(ports->opaque, PORT_STATUS, 1); /* the index comes next */
        ports->out(ports->opaque, PORT_ATTRIBUTE, 1, i);
        ports->out(ports->opaque, PORT_ATTRIBUTE, 1, attributes[i]);
    }
    ports->in(ports->opaque, PORT_STATUS, 1);
    ports->out(ports->opaque, PORT_ATTRIBUTE, 1, 0x20); /* the screen is on */
    for (unsigned i = 0; i < TEXT_CELLS; i++) {
        uint8_t cell[2];
        put16(cell, BLANK);
        mem_write(boot->mem, TEXT_AT + 2 * i, cell, sizeof cell);
    }
    bios_data(boot);
}
