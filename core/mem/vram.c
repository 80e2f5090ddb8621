/* vram.c - memory of a device that the guest reaches at memory speed, and which of its pages were written.
 *
 * The bytes are a memory object of their own, like RAM, and views of it stand in the map. A page that is not dirty is
 * reported as marked to writers: the first store goes through mem_store(), which makes it dirty, and from then on the
 * guest writes by a host address that nobody sees. Taking the dirty pages makes those addresses void; but the CPU's
 * thread may run on for a while before it forgets them, and a store in that while would be lost:
 *
 *     display thread              CPU thread
 *     takes page 7                stores to page 7 by the address in its TLB
 *     copies page 7
 *                                 stores to page 7 again: not in the copy, not noticed
 *                                 forgets its addresses, calls mem_settle()
 *     takes page 7 once more      from here on a store to page 7 is noticed
 *
 * So a page that was taken is "closing", and is reported again by every call up to the first one that begins after the
 * CPU has settled. An idle screen has no dirty and no closing page, and costs a look at some words.
 *
 * XXX: code that a guest runs from device memory is looked after at the address where it runs; a store to it through
 * another view is not noticed. */
#include "core/mem/map.h"

#include <stdlib.h>
#include <string.h>

static uint64_t words(const struct mem_vram *vram)
{
    return ((vram->size >> MEM_PAGE_SHIFT) + 63) / 64;
}

struct mem_vram *mem_vram_new(struct mem *mem, const char *name, uint64_t bytes, abbey_error *error)
{
    struct mem_vram *vram = calloc(1, sizeof(*vram));
    if (!vram)
        return NULL;
    vram->mem = mem;
    vram->size = bytes;
    vram->next = mem->vrams;
    mem->vrams = vram;
    vram->dirty = calloc(words(vram), sizeof(uint64_t));
    vram->touched = calloc(words(vram), sizeof(uint64_t));
    vram->closing = calloc(words(vram), sizeof(uint64_t));
    vram->object = mem->host->create(name, bytes, error);
    if (vram->object)
        vram->bytes = mem->host->map(vram->object, 0, bytes, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL, error);
    if (vram->bytes && vram->dirty && vram->touched && vram->closing)
        return vram;
    mem_vram_free(vram);
    return NULL;
}

void mem_vram_free(struct mem_vram *vram)
{
    if (!vram)
        return;
    for (struct mem_vram **link = &vram->mem->vrams; *link; link = &(*link)->next) {
        if (*link == vram) {
            *link = vram->next;
            break;
        }
    }
    if (vram->bytes)
        vram->mem->host->release(vram->bytes, vram->size);
    if (vram->object)
        vram->mem->host->destroy(vram->object);
    free(vram->dirty);
    free(vram->touched);
    free(vram->closing);
    free(vram);
}

uint8_t *mem_vram_bytes(const struct mem_vram *vram)
{
    return vram->bytes;
}

struct mem_vram *map_vram(const struct mem *mem, const uint8_t *host)
{
    struct mem_vram *vram = mem->vrams;
    while (vram && !(host >= vram->bytes && host < vram->bytes + vram->size))
        vram = vram->next;
    return vram;
}

static bool bit(const _Atomic uint64_t *bits, uint64_t page)
{
    return atomic_load_explicit(&bits[page / 64], memory_order_relaxed) >> page % 64 & 1;
}

bool vram_dirty(const struct mem_vram *vram, const uint8_t *host)
{
    return bit(vram->dirty, (uint64_t)(host - vram->bytes) >> MEM_PAGE_SHIFT);
}

void mem_vram_touch(struct mem_vram *vram, uint64_t offset, uint64_t count)
{
    if (count == 0 || offset >= vram->size)
        return;
    uint64_t last = count > vram->size - offset ? vram->size - 1 : offset + count - 1;
    for (uint64_t page = offset >> MEM_PAGE_SHIFT; page <= last >> MEM_PAGE_SHIFT; page++) {
        if (bit(vram->dirty, page))
            continue;
        atomic_fetch_or(&vram->touched[page / 64], UINT64_C(1) << page % 64);
        atomic_fetch_or(&vram->dirty[page / 64], UINT64_C(1) << page % 64);
    }
}

void vram_written(struct mem_vram *vram, const uint8_t *host, uint64_t count)
{
    mem_vram_touch(vram, (uint64_t)(host - vram->bytes), count);
}

bool mem_vram_touched(const struct mem_vram *vram, uint64_t offset)
{
    return bit(vram->touched, offset >> MEM_PAGE_SHIFT);
}

/* Makes the host addresses of [offset, offset + count) void in every view. */
static void views_forget(const struct mem_vram *vram, uint64_t offset, uint64_t count)
{
    for (struct mem_region *region = vram->mem->regions; region; region = region->next) {
        if (region->vram != vram || !region->enabled || offset >= region->offset + region->length ||
            region->offset >= offset + count)
            continue;
        uint64_t from = offset > region->offset ? offset - region->offset : 0;
        uint64_t to = offset + count - region->offset;
        if (to > region->length)
            to = region->length;
        map_forget(vram->mem, region->first + from, region->first + to - 1);
    }
}

bool mem_vram_take(struct mem_vram *vram, uint64_t offset, uint64_t count, uint64_t *pages)
{
    if (count == 0 || offset >= vram->size)
        return false;
    bool settled = atomic_load(&vram->mem->pages_settled) >= vram->asked;
    uint64_t first = offset >> MEM_PAGE_SHIFT;
    uint64_t last = ((count > vram->size - offset ? vram->size : offset + count) - 1) >> MEM_PAGE_SHIFT;
    uint64_t taken_first = UINT64_MAX, taken_last = 0;
    bool any = false;
    memset(pages, 0, ((last - first) / 64 + 1) * sizeof *pages);
    for (uint64_t page = first; page <= last; page++) {
        uint64_t mask = UINT64_C(1) << page % 64;
        if (page % 64 == 0 && page + 63 <= last && !vram->closing[page / 64] &&
            !atomic_load_explicit(&vram->dirty[page / 64], memory_order_relaxed)) {
            page += 63;
            continue;
        }
        bool dirty = bit(vram->dirty, page), closing = vram->closing[page / 64] & mask;
        if (!dirty && !closing)
            continue;
        any = true;
        pages[(page - first) / 64] |= UINT64_C(1) << (page - first) % 64;
        if (dirty) {
            atomic_fetch_and(&vram->dirty[page / 64], ~mask);
            vram->closing[page / 64] |= mask;
            taken_first = page < taken_first ? page : taken_first;
            taken_last = page;
        } else if (settled) {
            vram->closing[page / 64] &= ~mask;
        }
    }
    if (taken_first != UINT64_MAX) {
        views_forget(vram, taken_first << MEM_PAGE_SHIFT, (taken_last - taken_first + 1) << MEM_PAGE_SHIFT);
        vram->asked = mem_pages_asked(vram->mem);
    }
    return any;
}

void mem_vram_clear(struct mem_vram *vram)
{
    for (uint64_t page = 0; page < vram->size >> MEM_PAGE_SHIFT; page++) {
        if (!bit(vram->touched, page))
            continue;
        memset(vram->bytes + (page << MEM_PAGE_SHIFT), 0, MEM_PAGE_SIZE);
        mem_vram_touch(vram, page << MEM_PAGE_SHIFT, 1);
    }
}
