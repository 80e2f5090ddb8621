/* The firmware's image where a PC has it: the whole of it below 4 GB, where the processor starts, and its last 128 KB
 * once more at E0000h, where the host bridge shows ROM until software turns the shadow RAM on (82441FX, PAM). */
#include "core/boot/parts.h"

#include <inttypes.h>

#include "core/boot/rompath.h"

#include <stdlib.h>

#define IMAGE_MAX (8 * MB)
#define LOW_BYTES (128 * KB)

bool firmware_map(struct boot *boot, struct boot_error *error)
{
    const struct config_firmware *config = &boot->config->firmware;
    uint64_t bytes;
    char reason[sizeof error->error.text];
    uint8_t *image = rompath_read(config->bios, IMAGE_MAX, &bytes, reason, sizeof reason);
    if (!image)
        return boot_fail(error, &config->bios_mark, "%s", reason);
    if (bytes % MEM_PAGE_SIZE) {
        boot_fail(error, &config->bios_mark,
            "%s: no firmware image: its length, %" PRIu64 " bytes, is no multiple of 4 KB", config->bios, bytes);
    } else {
        uint64_t low = bytes < LOW_BYTES ? bytes : LOW_BYTES;
        boot->rom = mem_add_rom(boot->mem, MB - low, low, image + (bytes - low));
        boot->rom_top = mem_add_rom(boot->mem, 4 * GB - bytes, bytes, image);
        if (!boot->rom || !boot->rom_top)
            boot_fail(error, NULL, "no memory for the firmware");
    }
    free(image);
    return boot->rom && boot->rom_top;
}
