#include "core/boot/parts.h"

#include <string.h>

/* The processor starts here after a reset of its own (INIT by the keyboard controller, a jump to FFFF:0000). Programs
 * for the 286 left protected mode this way: shutdown code 0Ah in CMOS 0Fh means "go on at 40:67" (IBM PC AT BIOS).
 * Everybody else wants the machine to reset, which port CF9h does (82371SB, reset control register). */
static const uint8_t reset_code[] = {
    0xfa,                   /*       cli                    */
    0xb0, 0x0f,             /*       mov  al, 0fh           */
    0xe6, 0x70,             /*       out  70h, al           */
    0xe4, 0x71,             /*       in   al, 71h           */
    0x3c, 0x0a,             /*       cmp  al, 0ah           */
    0x75, 0x08,             /*       jne  1f                */
    0x31, 0xc0,             /*       xor  ax, ax            */
    0x8e, 0xd8,             /*       mov  ds, ax            */
    0xff, 0x2e, 0x67, 0x04, /*       jmp  far [0467h]       */
    0xba, 0xf9, 0x0c,       /* 1:    mov  dx, 0cf9h         */
    0xb0, 0x06,             /*       mov  al, 6             */
    0xee,                   /*       out  dx, al            */
    0xb0, 0xfe,             /*       mov  al, 0feh: a board without CF9h may have a keyboard controller */
    0xe6, 0x64,             /*       out  64h, al           */
    0xf4,                   /* 2:    hlt                    */
    0xeb, 0xfd,             /*       jmp  2b                */
};
#define RESET_CODE 0xff00u
#define RSDP_AT 0x0010u

void rom_make(const struct boot *boot, uint8_t *rom)
{
    memset(rom, 0, BOOT_ROM_BYTES);
    if (boot->tables)
        acpi_rsdp(boot->tables, rom + RSDP_AT);
    memcpy(rom + RESET_CODE, reset_code, sizeof reset_code);
    uint8_t *vector = rom + 0xfff0;
    vector[0] = 0xea; /* jmp far f000:ff00 */
    put16(vector + 1, RESET_CODE);
    put16(vector + 3, BOOT_ROM >> 4);
    memcpy(vector + 5, "01/01/99", 8);
    vector[14] = 0xfc; /* model: PC AT */
}
