#include "core/boot/parts.h"

static void add(struct boot *boot, uint64_t start, uint64_t end, uint32_t type)
{
    if (end > start)
        boot->ranges[boot->range_count++] = (struct range){ start, end - start, type };
}

void ranges_make(struct boot *boot)
{
    uint64_t low = mem_low_bytes(boot->mem), high = mem_ram_bytes(boot->mem) - low;
    /* The tables take their 64 KB from the top of RAM, unless that is the first megabyte. */
    uint64_t tables = boot->facts.pm && low >= 2 * MB ? BOOT_TABLES_BYTES : 0;
    boot->low_end = low > MB ? low - tables : BOOT_EBDA;
    boot->tables = tables ? (uint32_t)boot->low_end : 0;
    boot->range_count = 0;
    add(boot, 0, BOOT_EBDA, RANGE_RAM);
    add(boot, BOOT_EBDA, 0xa0000, RANGE_RESERVED);
    add(boot, BOOT_ROM, BOOT_ROM + BOOT_ROM_BYTES, RANGE_RESERVED);
    add(boot, 1 * MB, low - tables, RANGE_RAM);
    if (tables) {
        add(boot, low - tables, low - 4 * KB, RANGE_ACPI);
        add(boot, low - 4 * KB, low, RANGE_NVS);
    }
    add(boot, 4 * GB, 4 * GB + high, RANGE_RAM);
}

bool range_usable(const struct boot *boot, uint64_t start, uint64_t bytes)
{
    for (unsigned i = 0; i < boot->range_count; i++) {
        const struct range *range = &boot->ranges[i];
        if (range->type == RANGE_RAM && start >= range->start && start - range->start < range->bytes &&
            bytes <= range->bytes - (start - range->start))
            return true;
    }
    return false;
}
