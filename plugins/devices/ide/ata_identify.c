/* ata_identify.c - what disks and CD-ROM drives say of themselves in the same way. */
#include "ata.h"

#include <string.h>

void ata_text_put(uint16_t *words, unsigned count, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < count; i++) {
        uint8_t high = 2 * i < length ? (uint8_t)text[2 * i] : ' ';
        uint8_t low = 2 * i + 1 < length ? (uint8_t)text[2 * i + 1] : ' ';
        words[i] = (uint16_t)(high << 8 | low);
    }
}

uint16_t ata_modes(uint8_t supported, uint8_t kind, uint8_t mode)
{
    return (uint16_t)(supported | ((mode & 0xf8) == kind ? 0x100u << (mode & 7) : 0));
}
