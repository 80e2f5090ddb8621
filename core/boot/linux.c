/* The Linux/x86 boot protocol, 32-bit entry (Documentation/arch/x86/boot.rst of the kernel). Offsets are those of the
 * document: into the image for the header, into struct boot_params ("zero page") for what is handed over. The header
 * stands at the same offset, 1F1h, in both. */
#include "core/boot/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SECTOR 512u

#define HDR_START 0x1f1u
#define HDR_SETUP_SECTS 0x1f1u
#define HDR_SYSSIZE 0x1f4u
#define HDR_VID_MODE 0x1fau
#define HDR_BOOT_FLAG 0x1feu
#define HDR_JUMP_OFFSET 0x201u
#define HDR_MAGIC 0x202u
#define HDR_VERSION 0x206u
#define HDR_TYPE_OF_LOADER 0x210u
#define HDR_LOADFLAGS 0x211u
#define HDR_CODE32_START 0x214u
#define HDR_RAMDISK_IMAGE 0x218u
#define HDR_RAMDISK_SIZE 0x21cu
#define HDR_CMD_LINE_PTR 0x228u
#define HDR_INITRD_ADDR_MAX 0x22cu
#define HDR_KERNEL_ALIGNMENT 0x230u
#define HDR_RELOCATABLE 0x234u
#define HDR_CMDLINE_SIZE 0x238u
#define HDR_PREF_ADDRESS 0x258u
#define HDR_INIT_SIZE 0x260u
#define HDR_END_MAX 0x290u /* boot_params has no room for more */

#define LOADED_HIGH 1u
#define BZIMAGE_START 0x100000u

#define ZP_SCREEN_MODE 0x006u
#define ZP_SCREEN_COLUMNS 0x007u
#define ZP_SCREEN_LINES 0x00eu
#define ZP_SCREEN_VGA 0x00fu
#define ZP_SCREEN_POINTS 0x010u
#define ZP_BYTES 4096u
#define ZP_EXT_MEM_K 0x002u
#define ZP_ACPI_RSDP 0x070u
#define ZP_ALT_MEM_K 0x1e0u
#define ZP_E820_ENTRIES 0x1e8u
#define ZP_E820_TABLE 0x2d0u

/* What the header says, with the defaults of older protocols. */
struct header {
    uint32_t version;
    uint64_t setup_bytes, code_bytes;
    uint32_t initrd_max, cmdline_size;
    bool relocatable;
    uint32_t alignment;
    uint64_t preferred, init_size;
};

static uint32_t field32(
    const struct image *kernel, const struct header *header, uint32_t since, uint32_t at, uint32_t other)
{
    return header->version >= since ? get32(kernel->bytes + at) : other;
}

bool linux_recognize(const struct image *kernel)
{
    return kernel->size >= HDR_MAGIC + 4 && memcmp(kernel->bytes + HDR_MAGIC, "HdrS", 4) == 0 &&
           get16(kernel->bytes + HDR_BOOT_FLAG) == 0xaa55;
}

static bool header_read(const struct image *kernel, struct header *header, struct boot_error *error)
{
    const uint8_t *bytes = kernel->bytes;
    if (!linux_recognize(kernel))
        return boot_fail(error, kernel->mark, "%s: not a Linux kernel: no 'HdrS' at 0x202 of the file", kernel->path);
    if (kernel->size < HDR_END_MAX)
        return boot_fail(error, kernel->mark, "%s: truncated: %" PRIu64 " bytes end inside the boot header",
            kernel->path, kernel->size);
    header->version = get16(bytes + HDR_VERSION);
    if (header->version < 0x202)
        return boot_fail(error, kernel->mark,
            "%s: boot protocol %u.%02u is older than 2.02, the first with a 32-bit command line", kernel->path,
            header->version >> 8, header->version & 255);
    if (!(bytes[HDR_LOADFLAGS] & LOADED_HIGH))
        return boot_fail(
            error, kernel->mark, "%s: a zImage, which loads below 640K; only bzImage is supported", kernel->path);

    header->setup_bytes = (bytes[HDR_SETUP_SECTS] ? bytes[HDR_SETUP_SECTS] + 1u : 5u) * SECTOR;
    /* syssize has 16 bits before 2.04, which does not cover a large kernel: then all of the file is code. */
    uint64_t rest = kernel->size > header->setup_bytes ? kernel->size - header->setup_bytes : 0;
    header->code_bytes = header->version >= 0x204 ? get32(bytes + HDR_SYSSIZE) * 16ull : rest;
    if (rest == 0 || header->code_bytes > rest || header->code_bytes == 0)
        return boot_fail(error, kernel->mark,
            "%s: truncated: the header promises %" PRIu64 " bytes, the file has %" PRIu64, kernel->path,
            header->setup_bytes + header->code_bytes, kernel->size);

    header->initrd_max = field32(kernel, header, 0x203, HDR_INITRD_ADDR_MAX, 0x37ffffff);
    header->cmdline_size = field32(kernel, header, 0x206, HDR_CMDLINE_SIZE, 255);
    header->relocatable = header->version >= 0x205 && bytes[HDR_RELOCATABLE];
    header->alignment = field32(kernel, header, 0x205, HDR_KERNEL_ALIGNMENT, 1);
    header->preferred = header->version >= 0x20a ? get64(bytes + HDR_PREF_ADDRESS) : BZIMAGE_START;
    header->init_size = field32(kernel, header, 0x20a, HDR_INIT_SIZE, 0);
    if (header->init_size < header->code_bytes)
        header->init_size = header->code_bytes;
    if (header->alignment == 0 || (header->alignment & (header->alignment - 1)))
        return boot_fail(error, kernel->mark, "%s: kernel_alignment 0x%" PRIx32 " is not a power of two", kernel->path,
            header->alignment);
    return true;
}

/* Where the kernel goes: at its preferred address, or if that is not memory and the kernel can move, at the lowest
 * aligned place from 1 MB. *end is the end of what it needs while it starts. */
static bool kernel_place(const struct boot *boot, const struct image *kernel, const struct header *header,
    uint32_t *start, uint64_t *end, struct boot_error *error)
{
    uint64_t at = header->preferred;
    if (at < BZIMAGE_START || !range_usable(boot, at, header->init_size))
        at = header->relocatable ? (BZIMAGE_START + header->alignment - 1ull) & ~(header->alignment - 1ull) : at;
    if (at < BZIMAGE_START || at >= 4 * GB || !range_usable(boot, at, header->init_size))
        return boot_fail(error, kernel->mark,
            "%s: the kernel needs %" PRIu64 " KB of memory at 0x%" PRIx64 " to start; memory ends at 0x%" PRIx64,
            kernel->path, (header->init_size + 1023) / 1024, at, boot->low_end);
    *start = (uint32_t)at;
    *end = at + header->init_size;
    return true;
}

/* As high as the kernel reaches and memory goes, page-aligned, above the kernel. */
static bool initrd_place(const struct boot *boot, const struct image *initrd, const struct header *header,
    uint64_t kernel_end, uint32_t *start, struct boot_error *error)
{
    uint64_t top = boot->low_end;
    if (top > header->initrd_max + 1ull)
        top = header->initrd_max + 1ull;
    uint64_t at = top >= initrd->size ? (top - initrd->size) & ~(uint64_t)MEM_PAGE_MASK : 0;
    if (at < kernel_end)
        return boot_fail(error, initrd->mark,
            "%s: an initrd of %" PRIu64 " KB does not fit between the kernel, which needs memory up "
            "to 0x%" PRIx64 ", and 0x%" PRIx64 ", the end of %s",
            initrd->path, (initrd->size + 1023) / 1024, kernel_end, top,
            top == boot->low_end ? "memory" : "what the kernel can reach (initrd_addr_max)");
    *start = (uint32_t)at;
    return true;
}

static bool cmdline_write(const struct boot *boot, const struct header *header, struct boot_error *error)
{
    const char *cmdline = boot->config->boot.cmdline ? boot->config->boot.cmdline : "";
    uint64_t length = strlen(cmdline), most = header->cmdline_size;
    if (most > BOOT_EBDA - BOOT_CMDLINE - 1)
        most = BOOT_EBDA - BOOT_CMDLINE - 1;
    if (length > most)
        return boot_fail(error, &boot->config->boot.kernel_mark,
            "boot.cmdline has %" PRIu64 " characters; this kernel takes %" PRIu64, length, most);
    mem_write(boot->mem, BOOT_CMDLINE, cmdline, length + 1);
    return true;
}

static void memory_describe(const struct boot *boot, uint8_t *zero_page)
{
    uint64_t extended = boot->low_end > BZIMAGE_START ? (boot->low_end - BZIMAGE_START) / KB : 0;
    put16(zero_page + ZP_EXT_MEM_K, extended > 0xffff ? 0xffff : (uint16_t)extended);
    put32(zero_page + ZP_ALT_MEM_K, (uint32_t)extended);
    zero_page[ZP_E820_ENTRIES] = (uint8_t)boot->range_count;
    for (unsigned i = 0; i < boot->range_count; i++) {
        uint8_t *entry = zero_page + ZP_E820_TABLE + 20 * i;
        put64(entry, boot->ranges[i].start);
        put64(entry + 8, boot->ranges[i].bytes);
        put32(entry + 16, boot->ranges[i].type);
    }
}

/* screen_info, at the start of the page: the text mode of textmode.c. It stays zero where there is no screen. */
static void screen_describe(const struct boot *boot, uint8_t *zero_page)
{
    if (!boot->facts.display)
        return;
    zero_page[ZP_SCREEN_MODE] = 3;
    zero_page[ZP_SCREEN_COLUMNS] = 80;
    zero_page[ZP_SCREEN_LINES] = 25;
    zero_page[ZP_SCREEN_VGA] = 1;
    put16(zero_page + ZP_SCREEN_POINTS, 16);
}

bool linux_load(struct boot *boot, const struct image *kernel, const struct image *initrd, struct cpu *cpu,
    struct boot_error *error)
{
    struct header header = { 0 };
    uint32_t start = 0, initrd_at = 0;
    uint64_t kernel_end = 0;
    if (!header_read(kernel, &header, error) || !kernel_place(boot, kernel, &header, &start, &kernel_end, error) ||
        (initrd && !initrd_place(boot, initrd, &header, kernel_end, &initrd_at, error)) ||
        !cmdline_write(boot, &header, error))
        return false;

    uint8_t zero_page[ZP_BYTES] = { 0 };
    uint32_t header_end = HDR_MAGIC + kernel->bytes[HDR_JUMP_OFFSET];
    if (header_end > HDR_END_MAX)
        header_end = HDR_END_MAX;
    memcpy(zero_page + HDR_START, kernel->bytes + HDR_START, header_end - HDR_START);
    zero_page[HDR_TYPE_OF_LOADER] = 0xff;    /* a loader without a number of its own */
    put16(zero_page + HDR_VID_MODE, 0xffff); /* "normal" */
    screen_describe(boot, zero_page);
    put32(zero_page + HDR_CODE32_START, start);
    put32(zero_page + HDR_CMD_LINE_PTR, BOOT_CMDLINE);
    put32(zero_page + HDR_RAMDISK_IMAGE, initrd_at);
    put32(zero_page + HDR_RAMDISK_SIZE, initrd ? (uint32_t)initrd->size : 0);
    put64(zero_page + ZP_ACPI_RSDP, boot->tables ? boot->rsdp : 0); /* 2.14; where older ones look, zero is right too */
    memory_describe(boot, zero_page);

    mem_write(boot->mem, BOOT_INFO, zero_page, sizeof zero_page);
    mem_write(boot->mem, start, kernel->bytes + header.setup_bytes, header.code_bytes);
    if (initrd)
        mem_write(boot->mem, initrd_at, initrd->bytes, initrd->size);
    state_flat(boot, cpu, start);
    cpu->reg[ESI] = BOOT_INFO;
    return true;
}
