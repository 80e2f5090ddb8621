#include "core/boot/parts.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool boot_fail(struct boot_error *error, const struct config_mark *mark, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(error->error.text, sizeof error->error.text, format, args);
    va_end(args);
    error->mark = mark ? *mark : (struct config_mark){ 0 };
    return false;
}

/* The ROM of a machine that has no firmware. */
static bool direct_map(struct boot *boot, struct boot_error *error)
{
    uint8_t *rom = malloc(BOOT_ROM_BYTES);
    if (rom) {
        ranges_make(boot);
        boot->rsdp = BOOT_EBDA + 16;
        rom_make(boot, rom);
        boot->rom = mem_add_rom(boot->mem, BOOT_ROM, BOOT_ROM_BYTES, rom);
        boot->rom_top = mem_add_rom(boot->mem, 0xffff0000, BOOT_ROM_BYTES, rom);
    }
    free(rom);
    return boot->rom && boot->rom_top ? true : boot_fail(error, NULL, "no memory for the boot ROM");
}

struct boot *boot_new(const struct config *config, struct mem *mem, struct boot_error *error)
{
    struct boot *boot = calloc(1, sizeof *boot);
    if (boot) {
        boot->config = config;
        boot->mem = mem;
        facts_find(config, &boot->facts);
    }
    if (boot && (boot_has_firmware(boot) ? firmware_map(boot, error) : direct_map(boot, error)))
        return boot;
    if (!boot)
        boot_fail(error, NULL, "no memory to boot from");
    boot_free(boot);
    return NULL;
}

void boot_free(struct boot *boot)
{
    if (!boot)
        return;
    if (boot->rom)
        mem_region_remove(boot->rom);
    if (boot->rom_top)
        mem_region_remove(boot->rom_top);
    firmware_files_discard(boot);
    free(boot);
}

/* The BIOS data area as far as operating systems look there: 40:0E, 40:13; and the RSDP, which ACPI (5.2.5.1) lets
 * stand in the first KB of the extended BIOS data. */
static void bios_data(const struct boot *boot)
{
    uint8_t word[2], ebda[16] = { 1 };
    put16(word, BOOT_EBDA >> 4);
    mem_write(boot->mem, 0x40e, word, 2);
    put16(word, BOOT_EBDA / 1024);
    mem_write(boot->mem, 0x413, word, 2);
    mem_write(boot->mem, BOOT_EBDA, ebda, sizeof ebda);
    if (boot->tables) {
        uint8_t rsdp[ACPI_RSDP_BYTES];
        acpi_rsdp(boot->tables, rsdp);
        mem_write(boot->mem, boot->rsdp, rsdp, sizeof rsdp);
    }
}

static bool kernel_load(struct boot *boot, const struct image *kernel, const struct image *initrd, struct cpu *cpu,
    struct boot_error *error)
{
    const char *format = boot->config->boot.format;
    bool automatic = !format || strcmp(format, "auto") == 0;
    bool raw = !automatic && strcmp(format, "raw") == 0;
    if (raw)
        return initrd ? boot_fail(error, initrd->mark, "%s: a raw image takes no initrd", initrd->path)
                      : raw_load(boot, kernel, cpu, error);
    bios_data(boot);
    if (boot->tables && !acpi_write(boot))
        return boot_fail(error, NULL, "no memory to make the ACPI tables");
    if (automatic ? linux_recognize(kernel) : strcmp(format, "linux") == 0)
        return linux_load(boot, kernel, initrd, cpu, error);
    if (automatic ? multiboot_recognize(kernel) : strcmp(format, "multiboot") == 0)
        return multiboot_load(boot, kernel, initrd, cpu, error);
    return boot_fail(error, kernel->mark,
        "%s: neither a Linux bzImage ('HdrS' at 0x202) nor a Multiboot kernel (header in the first "
        "8192 bytes); an image without a header needs boot.format: raw",
        kernel->path);
}

bool boot_start(struct boot *boot, struct cpu *cpu, const struct boot_ports *ports, struct boot_error *error)
{
    const struct config_boot *config = &boot->config->boot;
    uint64_t limit = mem_low_bytes(boot->mem);
    struct image kernel = { .path = config->kernel, .mark = &config->kernel_mark };
    struct image initrd = { .path = config->initrd, .mark = &config->initrd_mark };
    bool has_initrd = config->initrd && *config->initrd, done = false;
    cmos_set_up(boot, ports);
    if (boot_has_firmware(boot))
        return true; /* the reset vector is the firmware's */
    if (!image_read(&kernel, limit, error))
        return false;
    if (!has_initrd || image_read(&initrd, limit, error)) {
        chores_do(boot, ports);
        done = kernel_load(boot, &kernel, has_initrd ? &initrd : NULL, cpu, error);
    }
    image_free(&kernel);
    image_free(&initrd);
    return done;
}
