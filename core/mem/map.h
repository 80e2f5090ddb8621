/* map.h - inside of core/mem: the page table of guest-physical memory, and the regions that it is made from.
 *
 * Every page frame below the top of the map (4 GB, or the end of RAM above it) has one 64-bit entry: an address in the
 * high bits, flags and marks in the low ones. The common question, "where are these bytes of RAM?", costs a compare, a
 * load and a test. Where an entry has none of PAGE_READ, PAGE_WRITE, PAGE_IO, the page is a hole or is shared by
 * several regions, and map_find() asks the regions themselves.
 *
 *     entry of a RAM page:           host address | READ | WRITE | marks
 *     of a ROM page:                 host address of the copy | READ | marks
 *     of a page all inside one MMIO: address of its struct mem_region | IO | marks
 *     of RAM shadow, write-protected: host address | READ | marks
 *     of a view of device memory:    host address | READ | WRITE | VRAM | marks
 *
 * Entries are atomic because the I/O thread may mark pages (DMA) while the CPU's thread reads entries. */
#ifndef ABBEY_CORE_MEM_MAP_H
#define ABBEY_CORE_MEM_MAP_H

#include <stdatomic.h>

#include "core/mem/mem.h"

#define PAGE_MARKS (MEM_MARK_CODE | MEM_MARK_DIRTY | MEM_MARK_LOOSE)
#define PAGE_READ 8u     /* plain loads from the address are right */
#define PAGE_WRITE 16u   /* and so are plain stores */
#define PAGE_IO 32u      /* the address is that of a region */
#define PAGE_TOUCHED 64u /* RAM that may differ from zero; never cleared */
#define PAGE_VRAM 128u   /* memory of a device: whether it is dirty is said there, since it may stand at two places */
#define PAGE_FLAGS 255u
#define PAGE_ALIGN 256u /* of everything an entry points to */

#define GB (1ull << 30)
#define MAP_PAGED_MIN (4 * GB) /* every address below has an entry */
#define MAP_LIMIT (1ull << 36) /* first address that no CPU can form */
#define MAP_VGA 0xa0000u       /* up to MAP_SHADOW: never RAM, the window of a display adapter */
#define MAP_SHADOW 0xc0000u    /* up to 1 MB: RAM that may be shadowed */
#define MAP_SHADOW_PAGES ((0x100000u - MAP_SHADOW) / MEM_PAGE_SIZE)
#define SHADOW_UNSET 0xffu

struct mem_region {
    struct mem *mem;
    struct mem_region *next; /* in order of priority */
    gpa_t first, last;       /* inclusive */
    uint64_t length;
    uint32_t max_width;
    bool enabled;
    uint8_t *rom;          /* of a ROM, else NULL */
    struct mem_vram *vram; /* of a view, else NULL */
    uint64_t offset;       /* of a view */
    bool aimed;            /* of a view: it has shown another part before, and may again */
    abbey_io_fn fn;
    void *self;
} __attribute__((aligned(PAGE_ALIGN)));

/* Memory of a device. Words of bits, one a page. */
struct mem_vram {
    struct mem *mem;
    struct mem_vram *next;
    abbey_memobj *object;
    uint8_t *bytes;
    uint64_t size;
    _Atomic uint64_t *dirty;   /* written since they were taken: writers have a plain address */
    _Atomic uint64_t *touched; /* written ever */
    uint64_t *closing;         /* taken, while somebody may still write by an old address */
    uint64_t asked;            /* when they were taken: mem_pages_asked() */
};

struct mem {
    _Atomic uint64_t *pages;
    uint64_t page_count;
    uint8_t *ram;
    uint64_t ram_bytes, low_bytes; /* low_bytes: at 0; the rest at 4 GB */
    gpa_t a20_mask;
    bool tracking;
    struct mem_region *regions;
    uint8_t shadow[MAP_SHADOW_PAGES];
    mem_code_fn code_fn;
    void *code_opaque;
    mem_map_fn map_fn;
    void *map_opaque;
    mem_pages_fn pages_fn;
    void *pages_opaque;
    _Atomic uint64_t pages_asked, pages_settled;
    struct mem_vram *vrams;
    void (*mmio_enter)(void *opaque); /* NULL: no lock */
    void (*mmio_leave)(void *opaque);
    void *mmio_opaque;
    const abbey_host_mem_1 *host;
    const abbey_host_window_1 *windows;
    abbey_memobj *object;
};

static inline uint64_t map_entry(const struct mem *mem, gpa_t gpa)
{
    uint64_t page = gpa >> MEM_PAGE_SHIFT;
    return page < mem->page_count ? atomic_load_explicit(&mem->pages[page], memory_order_relaxed) : 0;
}

static inline uint8_t *map_host(uint64_t entry)
{
    return (uint8_t *)(uintptr_t)(entry & ~(uint64_t)PAGE_FLAGS);
}

/* What answers for the bytes [gpa, end), which all stand in one page. */
enum map_kind { MAP_HOLE, MAP_RAM, MAP_ROM, MAP_VIEW, MAP_IO };
struct map_find {
    enum map_kind kind;
    uint8_t *host; /* of the byte at gpa: RAM, ROM, view */
    struct mem_region *region;
    gpa_t end;
};
struct map_find map_find(const struct mem *mem, gpa_t gpa, bool write);

/* The byte of RAM that belongs to an address when no region hides it; NULL where there is none. */
uint8_t *map_ram(const struct mem *mem, gpa_t gpa);

/* Makes the entries of [first, last] anew after a change of regions or shadow. */
void map_update(struct mem *mem, gpa_t first, gpa_t last);

/* Tells whoever keeps host addresses of the pages [first, last] to forget them. */
void map_forget(struct mem *mem, gpa_t first, gpa_t last);

/* The device memory that a host address lies in, or NULL. */
struct mem_vram *map_vram(const struct mem *mem, const uint8_t *host);

/* Whether a page of it is dirty; and makes it so. */
bool vram_dirty(const struct mem_vram *vram, const uint8_t *host);
void vram_written(struct mem_vram *vram, const uint8_t *host, uint64_t count);

/* Frees all regions. */
void map_free_regions(struct mem *mem);

/* Before bytes of RAM inside one page change: calls the code hook, and keeps the books on dirty and touched pages. */
void map_before_write(struct mem *mem, gpa_t gpa, uint32_t count);

#endif
