#include "core/mem/map.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MB (1ull << 20)

static struct mem *refuse(struct mem *mem, abbey_error *error, const char *text)
{
    if (error && text)
        snprintf(error->text, sizeof error->text, "%s", text);
    mem_free(mem);
    return NULL;
}

struct mem *mem_new(const abbey_host_mem_1 *host, uint64_t ram_bytes, uint64_t low_limit, abbey_error *error)
{
    if (ram_bytes == 0 || ram_bytes % MB || low_limit % MB || low_limit == 0 || low_limit > MAP_PAGED_MIN)
        return refuse(NULL, error, "memory must be a multiple of 1M, and at least 1M");
    uint64_t low_bytes = ram_bytes < low_limit ? ram_bytes : low_limit;
    uint64_t top = ram_bytes > low_bytes ? MAP_PAGED_MIN + (ram_bytes - low_bytes) : MAP_PAGED_MIN;
    if (ram_bytes > MAP_LIMIT || top > MAP_LIMIT)
        return refuse(NULL, error, "memory would end above 64G, the most that 36 address bits reach");

    struct mem *mem = calloc(1, sizeof *mem);
    if (!mem)
        return refuse(NULL, error, "no memory for the map of guest memory");
    mem->host = host;
    mem->a20_mask = ~(gpa_t)0;
    mem->ram_bytes = ram_bytes;
    mem->low_bytes = low_bytes;
    memset(mem->shadow, SHADOW_UNSET, sizeof mem->shadow);
    mem->page_count = top >> MEM_PAGE_SHIFT;
    mem->pages = calloc(mem->page_count, sizeof *mem->pages);
    if (!mem->pages)
        return refuse(mem, error, "no memory for the map of guest memory");
    mem->object = host->create("abbey-ram", ram_bytes, error);
    if (!mem->object)
        return refuse(mem, NULL, NULL);
    mem->ram = host->map(mem->object, 0, ram_bytes, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL, error);
    if (!mem->ram)
        return refuse(mem, NULL, NULL);
    map_update(mem, 0, low_bytes - 1);
    if (top > MAP_PAGED_MIN)
        map_update(mem, MAP_PAGED_MIN, top - 1);
    return mem;
}

void mem_free(struct mem *mem)
{
    if (!mem)
        return;
    map_free_regions(mem);
    if (mem->ram)
        mem->host->release(mem->ram, mem->ram_bytes);
    if (mem->object)
        mem->host->destroy(mem->object);
    free(mem->pages);
    free(mem);
}

uint64_t mem_ram_bytes(const struct mem *mem)
{
    return mem->ram_bytes;
}

uint8_t *mem_ram(const struct mem *mem)
{
    return mem->ram;
}

uint64_t mem_low_bytes(const struct mem *mem)
{
    return mem->low_bytes;
}

const abbey_host_mem_1 *mem_host(const struct mem *mem)
{
    return mem->host;
}

void mem_use_windows(struct mem *mem, const abbey_host_window_1 *windows)
{
    mem->windows = windows;
}

const abbey_host_window_1 *mem_windows(const struct mem *mem)
{
    return mem->windows;
}

void mem_on_code_write(struct mem *mem, mem_code_fn fn, void *opaque)
{
    mem->code_fn = fn;
    mem->code_opaque = opaque;
}

void mem_on_map_change(struct mem *mem, mem_map_fn fn, void *opaque)
{
    mem->map_fn = fn;
    mem->map_opaque = opaque;
}

void mem_on_pages(struct mem *mem, mem_pages_fn fn, void *opaque)
{
    mem->pages_fn = fn;
    mem->pages_opaque = opaque;
}

uint64_t mem_pages_asked(const struct mem *mem)
{
    return atomic_load(&mem->pages_asked);
}

void mem_settle(struct mem *mem, uint64_t asked)
{
    atomic_store(&mem->pages_settled, asked);
}

void map_forget(struct mem *mem, gpa_t first, gpa_t last)
{
    uint64_t asked = atomic_fetch_add(&mem->pages_asked, 1) + 1;
    if (mem->pages_fn)
        mem->pages_fn(mem->pages_opaque, first, last);
    else
        mem_settle(mem, asked);
}

void mem_on_mmio(struct mem *mem, void (*enter)(void *opaque), void (*leave)(void *opaque), void *opaque)
{
    mem->mmio_enter = enter;
    mem->mmio_leave = leave;
    mem->mmio_opaque = opaque;
}

/* ---- plain memory ---- */

uint8_t *mem_page(struct mem *mem, gpa_t gpa, bool write, bool *marked)
{
    uint64_t entry = map_entry(mem, gpa);
    if (!(entry & (write ? PAGE_WRITE : PAGE_READ)))
        return NULL;
    if (write) {
        *marked = (entry & MEM_MARK_CODE) || (mem->tracking && !(entry & MEM_MARK_DIRTY));
        if (entry & PAGE_VRAM)
            *marked |= !vram_dirty(map_vram(mem, map_host(entry)), map_host(entry));
        if (!(entry & PAGE_TOUCHED))
            atomic_fetch_or_explicit(&mem->pages[gpa >> MEM_PAGE_SHIFT], PAGE_TOUCHED, memory_order_relaxed);
    }
    return map_host(entry);
}

void map_before_write(struct mem *mem, gpa_t gpa, uint32_t count)
{
    uint64_t entry = map_entry(mem, gpa), wanted = PAGE_TOUCHED | (mem->tracking ? MEM_MARK_DIRTY : 0);
    if ((entry & MEM_MARK_CODE) && mem->code_fn)
        mem->code_fn(mem->code_opaque, gpa, count);
    if (entry & PAGE_VRAM)
        vram_written(map_vram(mem, map_host(entry)), map_host(entry), 1);
    if ((entry & wanted) != wanted)
        atomic_fetch_or_explicit(&mem->pages[gpa >> MEM_PAGE_SHIFT], wanted, memory_order_relaxed);
}

bool mem_backing(struct mem *mem, gpa_t gpa, bool write, bool *marked, abbey_memobj **object, uint64_t *offset)
{
    const uint8_t *host = mem_page(mem, gpa, write, marked);
    if (!host)
        return false;
    const struct mem_vram *vram = map_vram(mem, host);
    if (vram && map_find(mem, gpa, false).region->aimed)
        return false;
    *object = vram ? vram->object : mem->object;
    *offset = (uint64_t)(host - (vram ? vram->bytes : mem->ram));
    return vram || (host >= mem->ram && *offset < mem->ram_bytes);
}

/* ---- devices ---- */

static uint64_t io_read(struct mem_region *region, gpa_t gpa, uint32_t size)
{
    abbey_io io = { .addr = gpa, .offset = gpa - region->first, .size = (uint8_t)size };
    region->fn(region->self, &io);
    return size == 8 ? io.value : io.value & ((1ull << size * 8) - 1);
}

static void io_write(struct mem_region *region, gpa_t gpa, uint32_t size, uint64_t value)
{
    abbey_io io = { .addr = gpa, .offset = gpa - region->first, .size = (uint8_t)size, .write = 1, .value = value };
    region->fn(region->self, &io);
}

/* The widest access to a region at `gpa` with `count` bytes left before its end or the end of the transfer. */
static uint32_t io_width(const struct mem_region *region, uint64_t count)
{
    uint32_t width = region->max_width;
    while (width > count)
        width /= 2;
    return width;
}

/* ---- any memory, any length ---- */

/* Both transfer the part of [gpa, gpa + count) inside one page that one party answers for, and return its length. */
static uint64_t read_part(struct mem *mem, gpa_t gpa, uint8_t *to, uint64_t count, bool *there)
{
    struct map_find found = map_find(mem, gpa, false);
    if (count > found.end - gpa)
        count = found.end - gpa;
    if (found.kind == MAP_HOLE) {
        memset(to, 0xff, count);
        *there = false;
    } else if (found.kind != MAP_IO) {
        memcpy(to, found.host, count);
    } else {
        count = io_width(found.region, count);
        uint64_t value = io_read(found.region, gpa, (uint32_t)count);
        memcpy(to, &value, count);
    }
    return count;
}

static uint64_t write_part(struct mem *mem, gpa_t gpa, const uint8_t *from, uint64_t count, bool *there)
{
    struct map_find found = map_find(mem, gpa, true);
    if (count > found.end - gpa)
        count = found.end - gpa;
    if (found.kind == MAP_HOLE) {
        *there = false;
    } else if (found.kind == MAP_RAM || found.kind == MAP_VIEW) {
        if (found.kind == MAP_VIEW)
            vram_written(found.region->vram, found.host, count);
        map_before_write(mem, gpa, (uint32_t)count);
        memcpy(found.host, from, count);
    } else if (found.kind == MAP_IO) {
        uint64_t value = 0;
        count = io_width(found.region, count);
        memcpy(&value, from, count);
        io_write(found.region, gpa, (uint32_t)count, value);
    }
    return count;
}

/* Length of what stands in the page of gpa. */
static uint64_t in_page(gpa_t gpa, uint64_t count)
{
    uint64_t rest = MEM_PAGE_SIZE - (gpa & MEM_PAGE_MASK);
    return count < rest ? count : rest;
}

bool mem_read(struct mem *mem, gpa_t gpa, void *to, uint64_t count)
{
    uint8_t *bytes = to;
    bool there = true;
    while (count) {
        if (gpa >= MAP_LIMIT) {
            memset(bytes, 0xff, count);
            return false;
        }
        uint64_t part = in_page(gpa, count), entry = map_entry(mem, gpa);
        if (entry & PAGE_READ)
            memcpy(bytes, map_host(entry) + (gpa & MEM_PAGE_MASK), part);
        else
            part = read_part(mem, gpa, bytes, part, &there);
        gpa += part;
        bytes += part;
        count -= part;
    }
    return there;
}

bool mem_write(struct mem *mem, gpa_t gpa, const void *from, uint64_t count)
{
    const uint8_t *bytes = from;
    bool there = true;
    while (count) {
        if (gpa >= MAP_LIMIT)
            return false;
        uint64_t part = in_page(gpa, count), entry = map_entry(mem, gpa);
        if (entry & PAGE_WRITE) {
            map_before_write(mem, gpa, (uint32_t)part);
            memcpy(map_host(entry) + (gpa & MEM_PAGE_MASK), bytes, part);
        } else {
            part = write_part(mem, gpa, bytes, part, &there);
        }
        gpa += part;
        bytes += part;
        count -= part;
    }
    return there;
}

/* ---- as the CPU does it ---- */

/* What is not plain memory: device code may run, under its lock. */
static uint64_t load_slow(struct mem *mem, gpa_t gpa, uint32_t size)
{
    uint64_t value = 0;
    if (mem->mmio_enter)
        mem->mmio_enter(mem->mmio_opaque);
    mem_read(mem, gpa, &value, size);
    if (mem->mmio_leave)
        mem->mmio_leave(mem->mmio_opaque);
    return value;
}

static void store_slow(struct mem *mem, gpa_t gpa, uint32_t size, uint64_t value)
{
    if (mem->mmio_enter)
        mem->mmio_enter(mem->mmio_opaque);
    mem_write(mem, gpa, &value, size);
    if (mem->mmio_leave)
        mem->mmio_leave(mem->mmio_opaque);
}

uint64_t mem_load(struct mem *mem, gpa_t gpa, uint32_t size)
{
    uint64_t entry = map_entry(mem, gpa);
    if (!(entry & PAGE_READ))
        return load_slow(mem, gpa, size);
    const uint8_t *at = map_host(entry) + (gpa & MEM_PAGE_MASK);
    uint32_t value32;
    uint16_t value16;
    uint64_t value64;
    switch (size) {
    case 1: return *at;
    case 2: memcpy(&value16, at, 2); return value16;
    case 4: memcpy(&value32, at, 4); return value32;
    default: memcpy(&value64, at, 8); return value64;
    }
}

void mem_store(struct mem *mem, gpa_t gpa, uint32_t size, uint64_t value)
{
    uint64_t entry = map_entry(mem, gpa);
    if (!(entry & PAGE_WRITE)) {
        store_slow(mem, gpa, size, value);
        return;
    }
    map_before_write(mem, gpa, size);
    uint8_t *at = map_host(entry) + (gpa & MEM_PAGE_MASK);
    uint32_t value32 = (uint32_t)value;
    uint16_t value16 = (uint16_t)value;
    switch (size) {
    case 1: *at = (uint8_t)value; return;
    case 2: memcpy(at, &value16, 2); return;
    case 4: memcpy(at, &value32, 4); return;
    default: memcpy(at, &value, 8); return;
    }
}

/* ---- views for DMA ---- */

void *mem_map(struct mem *mem, gpa_t gpa, uint64_t *count, bool write)
{
    uint64_t wanted = *count, flags = write ? PAGE_READ | PAGE_WRITE : PAGE_READ;
    uint8_t *view = NULL;
    *count = 0;
    while (*count < wanted) {
        gpa_t at = gpa + *count;
        uint64_t entry = map_entry(mem, at), part = in_page(at, wanted - *count);
        if ((entry & flags) != flags)
            break;
        uint8_t *host = map_host(entry) + (at & MEM_PAGE_MASK);
        if (view && host != view + *count)
            break;
        if (write)
            map_before_write(mem, at, (uint32_t)part);
        view = view ? view : host;
        *count += part;
    }
    return view;
}

void mem_unmap(struct mem *mem, void *view, uint64_t written)
{
    uint64_t offset = (uint64_t)((uint8_t *)view - mem->ram);
    struct mem_vram *vram = map_vram(mem, view);
    if (vram && written)
        vram_written(vram, view, written);
    if (offset >= mem->ram_bytes || written > mem->ram_bytes - offset)
        return;
    while (written) {
        gpa_t gpa = offset < mem->low_bytes ? offset : MAP_PAGED_MIN + (offset - mem->low_bytes);
        uint64_t part = in_page(gpa, written);
        map_before_write(mem, gpa, (uint32_t)part);
        offset += part;
        written -= part;
    }
}
