#include "core/mem/map.h"

#include <stdlib.h>
#include <string.h>

#include <abbey/system.h>

uint8_t *map_ram(const struct mem *mem, gpa_t gpa)
{
    if (gpa < mem->low_bytes)
        return gpa >= MAP_VGA && gpa < MAP_SHADOW ? NULL : mem->ram + gpa;
    if (gpa >= MAP_PAGED_MIN && gpa - MAP_PAGED_MIN < mem->ram_bytes - mem->low_bytes)
        return mem->ram + mem->low_bytes + (gpa - MAP_PAGED_MIN);
    return NULL;
}

struct map_find map_find(const struct mem *mem, gpa_t gpa, bool write)
{
    struct map_find found = { .kind = MAP_HOLE, .end = (gpa | MEM_PAGE_MASK) + 1 };
    uint32_t shadow = SHADOW_UNSET;
    if (gpa >= MAP_SHADOW && gpa < MAP_SHADOW + MAP_SHADOW_PAGES * MEM_PAGE_SIZE)
        shadow = mem->shadow[(gpa - MAP_SHADOW) >> MEM_PAGE_SHIFT];
    /* 82443BX/82441FX data sheets, PAM: an access that the register gives to DRAM never reaches the bus. */
    bool to_ram = shadow != SHADOW_UNSET && (shadow & (write ? ABBEY_SHADOW_WRITE_RAM : ABBEY_SHADOW_READ_RAM));
    bool from_bus = shadow != SHADOW_UNSET && !to_ram;

    for (struct mem_region *region = mem->regions; region && !to_ram; region = region->next) {
        if (!region->enabled)
            continue;
        if (gpa >= region->first && gpa <= region->last) {
            found.kind = region->rom ? MAP_ROM : region->vram ? MAP_VIEW : MAP_IO;
            if (found.kind == MAP_ROM)
                found.host = region->rom + (gpa - region->first);
            else if (found.kind == MAP_VIEW)
                found.host = region->vram->bytes + region->offset + (gpa - region->first);
            found.region = region;
            if (region->last < found.end - 1)
                found.end = region->last + 1;
            return found;
        }
        if (region->first > gpa && region->first < found.end)
            found.end = region->first;
    }
    uint8_t *ram = from_bus ? NULL : map_ram(mem, gpa);
    if (ram) {
        found.kind = MAP_RAM;
        found.host = ram;
    }
    return found;
}

/* The entry of a page without its marks. Pages that several parties share stay without flags. */
static uint64_t page_entry(const struct mem *mem, gpa_t page)
{
    struct map_find read = map_find(mem, page, false), write = map_find(mem, page, true);
    if (read.end != page + MEM_PAGE_SIZE || write.end != read.end)
        return 0;
    if (read.kind == MAP_IO)
        return write.region == read.region ? (uint64_t)(uintptr_t)read.region | PAGE_IO : 0;
    if (read.kind == MAP_HOLE)
        return 0;
    uint64_t entry = (uint64_t)(uintptr_t)read.host | PAGE_READ;
    if (read.kind == MAP_VIEW)
        return write.region == read.region ? entry | PAGE_WRITE | PAGE_VRAM : 0;
    return write.kind == MAP_RAM && write.host == read.host ? entry | PAGE_WRITE : entry;
}

static void map_entries(struct mem *mem, gpa_t first, gpa_t last)
{
    uint64_t end = (last >> MEM_PAGE_SHIFT) + 1;
    if (end > mem->page_count)
        end = mem->page_count;
    for (uint64_t page = first >> MEM_PAGE_SHIFT; page < end; page++) {
        uint64_t old = atomic_load_explicit(&mem->pages[page], memory_order_relaxed);
        uint64_t kept = PAGE_MARKS | PAGE_TOUCHED;
        uint64_t now = page_entry(mem, page << MEM_PAGE_SHIFT);
        if ((old & ~kept) == now)
            continue;
        if ((old & MEM_MARK_CODE) && mem->code_fn)
            mem->code_fn(mem->code_opaque, page << MEM_PAGE_SHIFT, MEM_PAGE_SIZE);
        old = atomic_load_explicit(&mem->pages[page], memory_order_relaxed);
        atomic_store_explicit(&mem->pages[page], now | (old & kept), memory_order_relaxed);
    }
}

void map_update(struct mem *mem, gpa_t first, gpa_t last)
{
    map_entries(mem, first, last);
    if (mem->map_fn)
        mem->map_fn(mem->map_opaque);
}

/* ---- the list ---- */

static void list_remove(struct mem_region *region)
{
    for (struct mem_region **link = &region->mem->regions; *link; link = &(*link)->next) {
        if (*link == region) {
            *link = region->next;
            return;
        }
    }
}

static void list_add(struct mem_region *region)
{
    region->next = region->mem->regions;
    region->mem->regions = region;
}

/* A guest may program a base address register with anything: a region never wraps over the end of 64 bits. */
static void region_place(struct mem_region *region, gpa_t start)
{
    region->first = start;
    region->last = start + (region->length - 1);
    if (region->last < start)
        region->last = UINT64_MAX;
}

static struct mem_region *region_new(struct mem *mem, gpa_t start, uint64_t length)
{
    if (length == 0)
        return NULL;
    struct mem_region *region = aligned_alloc(PAGE_ALIGN, sizeof *region);
    if (!region)
        return NULL;
    *region = (struct mem_region){ .mem = mem, .length = length, .enabled = true };
    region_place(region, start);
    return region;
}

struct mem_region *mem_add_mmio(
    struct mem *mem, gpa_t start, uint64_t length, uint32_t max_width, abbey_io_fn fn, void *self)
{
    struct mem_region *region = region_new(mem, start, length);
    if (!region)
        return NULL;
    uint32_t width = max_width ? 8 : 4;
    while (max_width && width > max_width)
        width /= 2;
    region->max_width = width;
    region->fn = fn;
    region->self = self;
    list_add(region);
    map_update(mem, region->first, region->last);
    return region;
}

struct mem_region *mem_add_rom(struct mem *mem, gpa_t start, uint64_t length, const void *bytes)
{
    if ((start | length) & MEM_PAGE_MASK)
        return NULL;
    struct mem_region *region = region_new(mem, start, length);
    if (!region)
        return NULL;
    region->rom = aligned_alloc(MEM_PAGE_SIZE, length);
    if (!region->rom) {
        free(region);
        return NULL;
    }
    memcpy(region->rom, bytes, length);
    list_add(region);
    map_update(mem, region->first, region->last);
    return region;
}

struct mem_region *mem_add_view(struct mem *mem, gpa_t start, uint64_t length, struct mem_vram *vram, uint64_t offset)
{
    if (((start | length | offset) & MEM_PAGE_MASK) || length > vram->size || offset > vram->size - length)
        return NULL;
    struct mem_region *region = region_new(mem, start, length);
    if (!region)
        return NULL;
    region->vram = vram;
    region->offset = offset;
    list_add(region);
    map_update(mem, region->first, region->last);
    return region;
}

/* Banks are switched many times a picture. So the first time is a change of the map like any other; from then on
 * mem_backing() does not name the pages, and what is left is to forget host addresses in software TLBs. Pages with code
 * are told of as in map_update(). */
void mem_view_aim(struct mem_region *view, uint64_t offset)
{
    if (view->offset == offset || (offset & MEM_PAGE_MASK) || offset > view->vram->size - view->length)
        return;
    bool first = !view->aimed;
    view->offset = offset;
    view->aimed = true;
    if (first) {
        map_update(view->mem, view->first, view->last);
    } else if (view->enabled) {
        map_entries(view->mem, view->first, view->last);
        map_forget(view->mem, view->first, view->last);
    }
}

void mem_region_enable(struct mem_region *region, bool on)
{
    if (region->enabled == on)
        return;
    region->enabled = on;
    if (on) {
        list_remove(region);
        list_add(region);
    }
    map_update(region->mem, region->first, region->last);
}

void mem_region_move(struct mem_region *region, gpa_t start)
{
    gpa_t first = region->first, last = region->last;
    list_remove(region);
    region_place(region, start);
    list_add(region);
    if (!region->enabled)
        return;
    if (first != region->first)
        map_update(region->mem, first, last);
    map_update(region->mem, region->first, region->last);
}

void mem_region_remove(struct mem_region *region)
{
    list_remove(region);
    if (region->enabled)
        map_update(region->mem, region->first, region->last);
    free(region->rom);
    free(region);
}

void map_free_regions(struct mem *mem)
{
    struct mem_region *next;
    for (struct mem_region *region = mem->regions; region; region = next) {
        next = region->next;
        free(region->rom);
        free(region);
    }
}

void mem_shadow(struct mem *mem, gpa_t start, uint64_t length, uint32_t mode)
{
    gpa_t end = MAP_SHADOW + MAP_SHADOW_PAGES * MEM_PAGE_SIZE;
    if (length == 0 || start < MAP_SHADOW || start >= end || length > end - start)
        return;
    for (gpa_t gpa = start; gpa < start + length; gpa += MEM_PAGE_SIZE)
        mem->shadow[(gpa - MAP_SHADOW) >> MEM_PAGE_SHIFT] =
            (uint8_t)(mode & (ABBEY_SHADOW_READ_RAM | ABBEY_SHADOW_WRITE_RAM));
    map_update(mem, start, start + length - 1);
}

void mem_shadow_forget(struct mem *mem)
{
    memset(mem->shadow, SHADOW_UNSET, sizeof mem->shadow);
    map_update(mem, MAP_SHADOW, MAP_SHADOW + MAP_SHADOW_PAGES * MEM_PAGE_SIZE - 1);
}

void mem_set_a20(struct mem *mem, bool on)
{
    gpa_t mask = on ? ~(gpa_t)0 : ~((gpa_t)1 << 20);
    if (mask == mem->a20_mask)
        return;
    mem->a20_mask = mask;
    if (mem->map_fn)
        mem->map_fn(mem->map_opaque);
}

gpa_t mem_a20_mask(const struct mem *mem)
{
    return mem->a20_mask;
}
