/* Multiboot 1 (specification 0.6.96): an ELF kernel, or any image whose header carries load addresses (the "a.out
 * kludge"). A hostile image gets an error: every offset and address is checked in 64 bits before use. */
#include "core/boot/parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SEARCH_BYTES 8192u
#define HEADER_MAGIC 0x1badb002u
#define LOADER_MAGIC 0x2badb002u

/* Header flags. Bits 0-15 are demands, the rest is for information. */
#define WANT_ALIGNED_MODULES 1u /* we always do */
#define WANT_MEMORY 2u          /* we always do */
#define WANT_KNOWN (WANT_ALIGNED_MODULES | WANT_MEMORY)
#define HAS_ADDRESSES 0x10000u

/* Information flags and offsets (3.3). */
#define INFO_MEMORY 1u
#define INFO_CMDLINE 4u
#define INFO_MODULES 8u
#define INFO_MMAP 0x40u
#define INFO_LOADER 0x200u
#define INFO_BYTES 120u

#define ELF_HEADER_BYTES 52u
#define ELF_SEGMENT_BYTES 32u
#define ELF_PT_LOAD 1u
#define SEGMENTS_MAX 64u

/* A piece of the image on its way to memory: `filled` bytes of the file, zeros up to `bytes`. */
struct piece {
    uint64_t offset, filled, start, bytes;
};

struct plan {
    struct piece pieces[SEGMENTS_MAX];
    unsigned count;
    uint64_t entry, end;
};

/* The offset of the header, or -1: aligned to four bytes, magic, flags and checksum add up to zero. */
static int64_t header_find(const struct image *kernel)
{
    uint64_t end = kernel->size < SEARCH_BYTES ? kernel->size : SEARCH_BYTES;
    for (uint64_t at = 0; at + 12 <= end; at += 4) {
        const uint8_t *header = kernel->bytes + at;
        if (get32(header) == HEADER_MAGIC && get32(header) + get32(header + 4) + get32(header + 8) == 0)
            return (int64_t)at;
    }
    return -1;
}

bool multiboot_recognize(const struct image *kernel)
{
    return header_find(kernel) >= 0;
}

static bool plan_add(const struct boot *boot, const struct image *kernel, struct plan *plan, struct piece piece,
    struct boot_error *error)
{
    if (piece.bytes == 0)
        return true;
    if (piece.filled > piece.bytes)
        return boot_fail(error, kernel->mark, "%s: a segment of 0x%" PRIx64 " bytes is filled with 0x%" PRIx64,
            kernel->path, piece.bytes, piece.filled);
    if (piece.offset > kernel->size || piece.filled > kernel->size - piece.offset)
        return boot_fail(error, kernel->mark,
            "%s: truncated: a segment takes file bytes 0x%" PRIx64 " to 0x%" PRIx64 ", the file has 0x%" PRIx64,
            kernel->path, piece.offset, piece.offset + piece.filled, kernel->size);
    if (!range_usable(boot, piece.start, piece.bytes))
        return boot_fail(error, kernel->mark,
            "%s: a segment wants addresses 0x%" PRIx64 " to 0x%" PRIx64
            ", which are not all memory (it ends at 0x%" PRIx64 ")",
            kernel->path, piece.start, piece.start + piece.bytes, boot->low_end);
    if (plan->count == SEGMENTS_MAX)
        return boot_fail(error, kernel->mark, "%s: more than %u segments to load", kernel->path, SEGMENTS_MAX);
    plan->pieces[plan->count++] = piece;
    if (piece.start + piece.bytes > plan->end)
        plan->end = piece.start + piece.bytes;
    return true;
}

/* 3.1.3: addresses in the header. load_end_addr 0 means all of the file, bss_end_addr 0 no zeros. */
static bool plan_addresses(
    const struct boot *boot, const struct image *kernel, uint64_t at, struct plan *plan, struct boot_error *error)
{
    if (kernel->size - at < 32)
        return boot_fail(error, kernel->mark, "%s: truncated inside the Multiboot header", kernel->path);
    const uint8_t *header = kernel->bytes + at;
    uint32_t header_addr = get32(header + 12), load = get32(header + 16), load_end = get32(header + 20);
    uint32_t bss_end = get32(header + 24);
    if (load > header_addr || header_addr - load > at)
        return boot_fail(error, kernel->mark,
            "%s: load_addr 0x%" PRIx32 " and header_addr 0x%" PRIx32 " name bytes before the file's first",
            kernel->path, load, header_addr);
    struct piece piece = { .offset = at - (header_addr - load), .start = load };
    if (load_end && load_end < load)
        return boot_fail(error, kernel->mark, "%s: load_end_addr 0x%" PRIx32 " is below load_addr 0x%" PRIx32,
            kernel->path, load_end, load);
    piece.filled = load_end ? load_end - load : kernel->size - piece.offset;
    piece.bytes = bss_end > load + piece.filled ? bss_end - load : piece.filled;
    plan->entry = get32(header + 28);
    return plan_add(boot, kernel, plan, piece, error);
}

static bool plan_elf(const struct boot *boot, const struct image *kernel, struct plan *plan, struct boot_error *error)
{
    const uint8_t *elf = kernel->bytes;
    if (kernel->size < ELF_HEADER_BYTES || memcmp(elf, "\177ELF", 4) != 0)
        return boot_fail(
            error, kernel->mark, "%s: a Multiboot kernel that is neither ELF nor carries load addresses", kernel->path);
    if (elf[4] != 1 || elf[5] != 1 || get16(elf + 18) != 3)
        return boot_fail(error, kernel->mark, "%s: not a 32-bit x86 ELF file (class %u, byte order %u, machine %u)",
            kernel->path, elf[4], elf[5], get16(elf + 18));
    uint64_t table = get32(elf + 28), stride = get16(elf + 42), count = get16(elf + 44);
    plan->entry = get32(elf + 24);
    if (stride < ELF_SEGMENT_BYTES || table > kernel->size || count * stride > kernel->size - table)
        return boot_fail(
            error, kernel->mark, "%s: truncated: the ELF program header table is not inside the file", kernel->path);
    bool entry_moved = false;
    for (uint64_t i = 0; i < count; i++) {
        const uint8_t *segment = elf + table + i * stride;
        if (get32(segment) != ELF_PT_LOAD)
            continue;
        uint64_t virtual = get32(segment + 8);
        struct piece piece = { get32(segment + 4), get32(segment + 16), get32(segment + 12), get32(segment + 20) };
        if (!plan_add(boot, kernel, plan, piece, error))
            return false;
        /* Paging is off at the entry: a virtual one is meant at its physical place. */
        uint64_t entry = get32(elf + 24);
        if (!entry_moved && entry >= virtual && entry - virtual < piece.bytes) {
            plan->entry = piece.start + (entry - virtual);
            entry_moved = true;
        }
    }
    return plan->count || boot_fail(error, kernel->mark, "%s: an ELF file with nothing to load", kernel->path);
}

/* The information block, where no piece of the kernel is. */
static uint64_t info_place(const struct plan *plan, uint64_t bytes)
{
    for (uint64_t at = BOOT_INFO; at + bytes <= BOOT_EBDA; at += 0x1000) {
        bool is_free = true;
        for (unsigned i = 0; i < plan->count; i++)
            if (at < plan->pieces[i].start + plan->pieces[i].bytes && plan->pieces[i].start < at + bytes)
                is_free = false;
        if (is_free)
            return at;
    }
    return 0;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* Writes the block at `at`: information, memory map, one module, then the strings. */
static void info_write(
    const struct boot *boot, const struct image *kernel, const struct image *module, uint64_t module_at, uint64_t at)
{
    static const char loader[] = "Abbey";
    const char *cmdline = boot->config->boot.cmdline ? boot->config->boot.cmdline : "";
    const char *name = base_name(kernel->path);
    uint8_t info[INFO_BYTES + 16 + 24 * RANGES_MAX] = { 0 };
    uint32_t module_entry = INFO_BYTES, map = INFO_BYTES + 16, map_bytes = 24 * boot->range_count;
    uint64_t strings = at + sizeof info;

    put32(info, INFO_MEMORY | INFO_CMDLINE | (module ? INFO_MODULES : 0) | INFO_MMAP | INFO_LOADER);
    put32(info + 4, BOOT_EBDA / 1024);
    put32(info + 8, boot->low_end > MB ? (uint32_t)((boot->low_end - MB) / KB) : 0);
    put32(info + 16, (uint32_t)strings);
    mem_write(boot->mem, strings, name, strlen(name));
    strings += strlen(name);
    mem_write(boot->mem, strings++, " ", 1);
    mem_write(boot->mem, strings, cmdline, strlen(cmdline) + 1);
    strings += strlen(cmdline) + 1;
    if (module) {
        put32(info + 20, 1);
        put32(info + 24, (uint32_t)at + module_entry);
        put32(info + module_entry, (uint32_t)module_at);
        put32(info + module_entry + 4, (uint32_t)(module_at + module->size));
        put32(info + module_entry + 8, (uint32_t)strings);
        mem_write(boot->mem, strings, base_name(module->path), strlen(base_name(module->path)) + 1);
        strings += strlen(base_name(module->path)) + 1;
    }
    put32(info + 44, map_bytes);
    put32(info + 48, (uint32_t)at + map);
    for (unsigned i = 0; i < boot->range_count; i++) {
        uint8_t *entry = info + map + 24 * i;
        put32(entry, 20); /* the size does not count itself */
        put64(entry + 4, boot->ranges[i].start);
        put64(entry + 12, boot->ranges[i].bytes);
        put32(entry + 20, boot->ranges[i].type);
    }
    put32(info + 64, (uint32_t)strings);
    mem_write(boot->mem, strings, loader, sizeof loader);
    mem_write(boot->mem, at, info, sizeof info);
}

static void piece_load(const struct boot *boot, const struct image *kernel, const struct piece *piece)
{
    static const uint8_t zeros[MEM_PAGE_SIZE];
    mem_write(boot->mem, piece->start, kernel->bytes + piece->offset, piece->filled);
    for (uint64_t at = piece->filled, part; at < piece->bytes; at += part) {
        part = piece->bytes - at < sizeof zeros ? piece->bytes - at : sizeof zeros;
        mem_write(boot->mem, piece->start + at, zeros, part);
    }
}

bool multiboot_load(struct boot *boot, const struct image *kernel, const struct image *module, struct cpu *cpu,
    struct boot_error *error)
{
    int64_t at = header_find(kernel);
    if (at < 0)
        return boot_fail(error, kernel->mark, "%s: not a Multiboot kernel: no header in the first %u bytes",
            kernel->path, SEARCH_BYTES);
    uint32_t flags = get32(kernel->bytes + at + 4);
    if ((flags & 0xffff) & ~WANT_KNOWN)
        return boot_fail(error, kernel->mark,
            "%s: the Multiboot header demands 0x%" PRIx32 ", of which 0x%" PRIx32 " is not offered%s", kernel->path,
            flags & 0xffff, flags & 0xffff & ~WANT_KNOWN, flags & 4 ? " (4: a video mode)" : "");
    struct plan plan = { .count = 0 };
    if (!(flags & HAS_ADDRESSES ? plan_addresses(boot, kernel, (uint64_t)at, &plan, error)
                                : plan_elf(boot, kernel, &plan, error)))
        return false;

    uint64_t module_at = plan.end > MB ? plan.end : MB;
    module_at = (module_at + MEM_PAGE_MASK) & ~(uint64_t)MEM_PAGE_MASK;
    if (module && !range_usable(boot, module_at, module->size))
        return boot_fail(error, module->mark,
            "%s: a module of %" PRIu64 " KB does not fit between the kernel's end, 0x%" PRIx64
            ", and the end of memory, 0x%" PRIx64,
            module->path, (module->size + 1023) / 1024, module_at, boot->low_end);
    uint64_t bytes = 1024 + strlen(kernel->path) + (module ? strlen(module->path) : 0) +
                     (boot->config->boot.cmdline ? strlen(boot->config->boot.cmdline) : 0);
    uint64_t info = info_place(&plan, bytes);
    if (!info)
        return boot_fail(error, kernel->mark,
            "%s: the kernel and boot.cmdline leave no room below 640K for the Multiboot information", kernel->path);

    state_flat(boot, cpu, (uint32_t)plan.entry);
    info_write(boot, kernel, module, module_at, info);
    for (unsigned i = 0; i < plan.count; i++)
        piece_load(boot, kernel, &plan.pieces[i]);
    if (module)
        mem_write(boot->mem, module_at, module->bytes, module->size);
    cpu->reg[EAX] = LOADER_MAGIC;
    cpu->reg[EBX] = (uint32_t)info;
    return true;
}
