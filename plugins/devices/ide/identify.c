/* identify.c - what an ATA disk says of itself: ATA section 8.12, with the words of ATA/ATAPI-6 for 48-bit addresses.
 */
#include "ide-disk.h"

#include <string.h>

#define LBA28_LIMIT 0x0fffffffu
#define CHS_LIMIT 16514064u /* 16383 cylinders, 16 heads, 63 sectors: what disks beyond report */

static void put(uint16_t *words, unsigned count, uint64_t value)
{
    for (unsigned i = 0; i < count; i++)
        words[i] = (uint16_t)(value >> 16 * i);
}

static uint32_t cylinders_of(uint64_t total, uint32_t heads, uint32_t sectors)
{
    uint64_t cylinders = total / ((uint64_t)heads * sectors);
    return cylinders > 65535 ? 65535 : (uint32_t)cylinders;
}

void disk_identify(const struct ide_disk *disk, uint16_t words[256])
{
    memset(words, 0, 256 * sizeof words[0]);
    uint64_t addressed = disk->total < CHS_LIMIT ? disk->total : CHS_LIMIT;
    uint32_t now = cylinders_of(addressed, disk->now_heads, disk->now_sectors);
    uint64_t lba28 = disk->total < LBA28_LIMIT ? disk->total : LBA28_LIMIT;
    words[0] = 0x0040; /* fixed disk */
    words[1] = (uint16_t)disk->cylinders;
    words[3] = (uint16_t)disk->heads;
    words[6] = (uint16_t)disk->sectors;
    ata_text_put(words + 10, 10, disk->serial);
    ata_text_put(words + 23, 4, "1.0");
    ata_text_put(words + 27, 20, disk->model);
    words[47] = 0x8000 | DISK_MULTIPLE;
    words[48] = 1;      /* 32-bit access to the data port works: ATA-1 */
    words[49] = 0x0f00; /* IORDY can be disabled, IORDY, LBA, DMA */
    words[50] = 0x4000;
    words[51] = words[52] = 0x0200;
    words[53] = 0x0007; /* words 54-58, 64-70, 88 are good */
    words[54] = (uint16_t)now;
    words[55] = (uint16_t)disk->now_heads;
    words[56] = (uint16_t)disk->now_sectors;
    put(words + 57, 2, (uint64_t)now * disk->now_heads * disk->now_sectors);
    words[59] = disk->multiple ? 0x100u | disk->multiple : 0;
    put(words + 60, 2, lba28);
    words[63] = ata_modes(0x07, 0x20, disk->mode);
    words[64] = 0x0003;                                  /* PIO modes 3, 4 */
    words[65] = words[66] = words[67] = words[68] = 120; /* ns of a cycle */
    words[80] = 0x007e;                                  /* ATA-1 to ATA/ATAPI-6 */
    words[82] = 0x0020;                                  /* write cache */
    words[83] = 0x7400;                                  /* FLUSH CACHE and its EXT, 48-bit addresses */
    words[84] = 0x4000;
    words[85] = disk->write_cache ? 0x0020 : 0;
    words[86] = 0x3400;
    words[87] = 0x4000;
    words[88] = ata_modes(0x3f, 0x40, disk->mode);
    words[93] = 0x6001 | (disk->unit & 1 ? 0x0200 : 0x0008); /* 80 wires; the drive passed its diagnosis */
    put(words + 100, 4, disk->total);
    uint8_t sum = 0xa5; /* word 255: signature, then what makes the sum of all bytes 0 */
    for (unsigned i = 0; i < 255; i++)
        sum = (uint8_t)(sum + words[i] + (words[i] >> 8));
    words[255] = (uint16_t)(0xa5 | (uint16_t)(uint8_t)-sum << 8);
}
