#include "core/boot/parts.h"

#include <inttypes.h>
#include <string.h>

bool raw_load(struct boot *boot, const struct image *kernel, struct cpu *cpu, struct boot_error *error)
{
    const struct config_boot *config = &boot->config->boot;
    uint64_t low = mem_low_bytes(boot->mem);
    bool real = strcmp(config->mode, "real") == 0;
    if (config->load >= low || kernel->size > low - config->load)
        return boot_fail(error, kernel->mark,
            "%s: %" PRIu64 " bytes at boot.load 0x%" PRIx32 " do not fit into memory, which ends at 0x%" PRIx64,
            kernel->path, kernel->size, config->load, low);
    if (config->load < 1 * MB && config->load + kernel->size > 0xa0000)
        return boot_fail(error, kernel->mark,
            "%s: at boot.load 0x%" PRIx32 " the image would reach into 0xa0000-0xfffff, where "
            "there is no memory for it",
            kernel->path, config->load);
    if (real && config->entry >= 1 * MB)
        return boot_fail(error, kernel->mark, "%s: boot.entry 0x%" PRIx32 " is above 1M, where real mode cannot start",
            kernel->path, config->entry);
    if (real)
        state_real(cpu, config->entry);
    else
        state_flat(boot, cpu, config->entry);
    mem_write(boot->mem, config->load, kernel->bytes, kernel->size);
    return true;
}
