#include "ether.h"

#include <string.h>

#define POLYNOMIAL 0xedb88320u /* bits reversed: Ethernet sends the low bit of a byte first */

void ether_crc_init(struct ether_crc *crc)
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (unsigned bit = 0; bit < 8; bit++)
            value = value >> 1 ^ (value & 1 ? POLYNOMIAL : 0);
        crc->table[0][i] = value;
    }
    for (unsigned row = 1; row < 8; row++)
        for (unsigned i = 0; i < 256; i++)
            crc->table[row][i] = crc->table[row - 1][i] >> 8 ^ crc->table[0][crc->table[row - 1][i] & 0xff];
}

/* Eight bytes a step: row n of the table is a byte with n zero bytes behind it. */
uint32_t ether_crc_add(const struct ether_crc *crc, uint32_t value, const void *bytes, uint64_t count)
{
    const uint8_t *at = bytes;
    const uint32_t(*t)[256] = crc->table;
    for (; count >= 8; count -= 8, at += 8) {
        uint32_t low, high;
        memcpy(&low, at, 4);
        memcpy(&high, at + 4, 4);
        low ^= value;
        value = t[7][low & 0xff] ^ t[6][low >> 8 & 0xff] ^ t[5][low >> 16 & 0xff] ^ t[4][low >> 24] ^
                t[3][high & 0xff] ^ t[2][high >> 8 & 0xff] ^ t[1][high >> 16 & 0xff] ^ t[0][high >> 24];
    }
    for (; count; count--)
        value = value >> 8 ^ t[0][(value ^ *at++) & 0xff];
    return value;
}

uint32_t ether_hash(const struct ether_crc *crc, const uint8_t address[6])
{
    return ether_crc_add(crc, UINT32_MAX, address, 6);
}
