/* CRC-32 of guest memory.
 *
 * Eight bytes a step ("slicing by 8"): table[k][b] is the CRC of byte b followed by k zero bytes, so the CRC of eight
 * bytes is the exclusive or of eight look-ups.
 *
 * Most pages of a large guest were never written and are zero. The CRC register after a page of zeros is a linear
 * function of the register before it, so it too is the exclusive or of look-ups: zero_page[k][b] is where register
 * b << 8k ends after 4096 zero bytes. A 2 GB guest that touched nothing then costs half a million steps of four
 * look-ups; and reading the pages would have made the host allocate them. */
#include "core/mem/map.h"

#include <string.h>

#define POLYNOMIAL 0xedb88320u /* IEEE 802.3, bits reversed */

struct crc_tables {
    uint32_t table[8][256];
    uint32_t zero_page[4][256];
};

static void tables_make(struct crc_tables *t)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
        t->table[0][byte] = crc;
    }
    for (uint32_t byte = 0; byte < 256; byte++)
        for (int k = 1; k < 8; k++)
            t->table[k][byte] = t->table[k - 1][byte] >> 8 ^ t->table[0][t->table[k - 1][byte] & 255];

    uint32_t power[32]; /* where each single bit of the register ends */
    for (int bit = 0; bit < 32; bit++) {
        uint32_t crc = 1u << bit;
        for (uint32_t i = 0; i < MEM_PAGE_SIZE; i++)
            crc = crc >> 8 ^ t->table[0][crc & 255];
        power[bit] = crc;
    }
    for (int k = 0; k < 4; k++) {
        for (uint32_t byte = 0; byte < 256; byte++) {
            t->zero_page[k][byte] = 0;
            for (int bit = 0; bit < 8; bit++)
                if (byte >> bit & 1)
                    t->zero_page[k][byte] ^= power[8 * k + bit];
        }
    }
}

static uint32_t crc_page(const struct crc_tables *t, uint32_t crc, const uint8_t *bytes)
{
    for (uint32_t i = 0; i < MEM_PAGE_SIZE; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        word ^= crc;
        crc = t->table[7][word & 255] ^ t->table[6][word >> 8 & 255] ^ t->table[5][word >> 16 & 255] ^
              t->table[4][word >> 24 & 255] ^ t->table[3][word >> 32 & 255] ^ t->table[2][word >> 40 & 255] ^
              t->table[1][word >> 48 & 255] ^ t->table[0][word >> 56];
    }
    return crc;
}

static uint32_t crc_zero_page(const struct crc_tables *t, uint32_t crc)
{
    return t->zero_page[0][crc & 255] ^ t->zero_page[1][crc >> 8 & 255] ^ t->zero_page[2][crc >> 16 & 255] ^
           t->zero_page[3][crc >> 24];
}

uint32_t mem_checksum(const struct mem *mem)
{
    struct crc_tables tables;
    tables_make(&tables);
    uint32_t crc = ~0u;
    for (uint64_t offset = 0; offset < mem->ram_bytes; offset += MEM_PAGE_SIZE) {
        gpa_t gpa = offset < mem->low_bytes ? offset : MAP_PAGED_MIN + (offset - mem->low_bytes);
        crc = map_entry(mem, gpa) & PAGE_TOUCHED ? crc_page(&tables, crc, mem->ram + offset)
                                                 : crc_zero_page(&tables, crc);
    }
    return ~crc;
}
