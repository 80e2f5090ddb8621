/* cd_identify.c - what a CD-ROM drive says of itself (ATA/ATAPI-5, "ATA"). */
#include "ide-cd.h"

#include <string.h>

/* ATA section 8.13. */
void cd_identify(const struct ide_cd *cd, uint16_t words[256])
{
    memset(words, 0, 512);
    words[0] = 0x85c0; /* ATAPI, CD-ROM, removable, DRQ within 50 us, packets of 12 bytes */
    ata_text_put(words + 10, 10, cd->serial);
    ata_text_put(words + 23, 4, "1.0");
    ata_text_put(words + 27, 20, cd->model);
    words[48] = 1;
    words[49] = 0x0f00; /* IORDY, LBA, DMA */
    words[53] = 0x0006;
    words[63] = ata_modes(0x07, 0x20, cd->mode);
    words[64] = 0x0003;
    words[65] = words[66] = words[67] = words[68] = 120;
    words[71] = words[72] = 30;
    words[80] = 0x0030; /* ATA/ATAPI-4, -5 */
    words[82] = 0x0210; /* DEVICE RESET, PACKET */
    words[83] = words[84] = words[87] = 0x4000;
    words[85] = 0x0210;
    words[88] = ata_modes(0x07, 0x40, cd->mode);
}
