/* mem.h - guest-physical memory: what is at each address, and who wants to know when it changes.
 *
 * A guest-physical address space is a map of regions over a base of RAM: RAM (one memory object of the host), ROM,
 * device memory (MMIO), and holes that read as all ones. Pages are 4 KB. */
#ifndef ABBEY_CORE_MEM_H
#define ABBEY_CORE_MEM_H

#include <stdbool.h>
#include <stdint.h>

#include <abbey/host.h>
#include <abbey/io.h>

#define MEM_PAGE_SHIFT 12
#define MEM_PAGE_SIZE 4096u
#define MEM_PAGE_MASK 4095u

/* Physical addresses are at most 36 bits (PAE, PSE-36 without the 4 MB form). */
typedef uint64_t gpa_t;

struct mem;
struct mem_region;
struct mem_vram;

/* Marks on a page of RAM, kept per page frame. */
#define MEM_MARK_CODE 1u  /* decoded or translated instructions came from it: writers call the code hook first */
#define MEM_MARK_DIRTY 2u /* written since the mark was last taken (mem_take_dirty) */
/* Windows may let stores to it pass all the same: whoever keeps a form of its code looks at the bytes before use. Other
 * writers call the hook as ever. The mark stays when MEM_MARK_CODE comes and goes. */
#define MEM_MARK_LOOSE 4u

/* Called before a page that carries MEM_MARK_CODE is written; the callee drops what it knows of the bytes at
 * [gpa, gpa + count) and may clear the mark with mem_unmark(). [vcpu], or [io] for DMA */
typedef void (*mem_code_fn)(void *opaque, gpa_t gpa, uint32_t count);

/* Called when the map itself changed (region moved, shadow switched, A20): software TLBs must be flushed. */
typedef void (*mem_map_fn)(void *opaque);

/* Called when the host addresses that mem_page() gave for the pages [first, last] are void, though the map has not
 * changed: a view shows another part of its memory, or writers are to be noticed again. What was decoded stays good.
 * The callee calls mem_settle() when nobody uses the old addresses any more. [any] */
typedef void (*mem_pages_fn)(void *opaque, gpa_t first, gpa_t last);

/* `ram_bytes` is a multiple of 1 MB; RAM above `low_limit` (the start of the PCI hole) continues at 4 GB. NULL with
 * *error filled when the host cannot give it. */
struct mem *mem_new(const abbey_host_mem_1 *host, uint64_t ram_bytes, uint64_t low_limit, abbey_error *error);
void mem_free(struct mem *mem);
uint64_t mem_ram_bytes(const struct mem *mem);
/* All of it in one piece, also what something hides in the map: for whoever stands outside of the machine. Writers do
 * without marks and hooks. */
uint8_t *mem_ram(const struct mem *mem);
uint64_t mem_low_bytes(const struct mem *mem); /* of it, at address 0; the rest stands at 4 GB */
/* The host's memory service that mem_new() got: for engines that need executable memory of their own. */
const abbey_host_mem_1 *mem_host(const struct mem *mem);

/* The host's service of windows, for engines; NULL: none, as it is at first. */
void mem_use_windows(struct mem *mem, const abbey_host_window_1 *windows);
const abbey_host_window_1 *mem_windows(const struct mem *mem);

void mem_on_code_write(struct mem *mem, mem_code_fn fn, void *opaque);
void mem_on_map_change(struct mem *mem, mem_map_fn fn, void *opaque);
void mem_on_pages(struct mem *mem, mem_pages_fn fn, void *opaque);

/* How many times mem_pages_fn was called; and that nobody uses addresses from before that call. [any] */
uint64_t mem_pages_asked(const struct mem *mem);
void mem_settle(struct mem *mem, uint64_t asked);

/* Brackets every MMIO access that the CPU makes (mem_load, mem_store) with the lock under which device code runs.
 * DMA (mem_read, mem_write) comes from device code, which holds it already. */
void mem_on_mmio(struct mem *mem, void (*enter)(void *opaque), void (*leave)(void *opaque), void *opaque);

/* ---- regions ---- */

/* MMIO: `fn` is called as abbey/io.h says; splitting by max_width (1, 2, 4, 8) is done here. Priority: the region
 * enabled or moved last is asked first; all regions hide RAM. NULL when memory is short. */
struct mem_region *mem_add_mmio(
    struct mem *mem, gpa_t start, uint64_t length, uint32_t max_width, abbey_io_fn fn, void *self);
/* ROM: the bytes are copied; writes are dropped. Start and length are page-aligned. */
struct mem_region *mem_add_rom(struct mem *mem, gpa_t start, uint64_t length, const void *bytes);
/* View: `length` bytes of a device's memory from `offset` on, all page-aligned. */
struct mem_region *mem_add_view(struct mem *mem, gpa_t start, uint64_t length, struct mem_vram *vram, uint64_t offset);
/* Shows another part; `offset` is page-aligned and the part lies inside. */
void mem_view_aim(struct mem_region *view, uint64_t offset);
void mem_region_enable(struct mem_region *region, bool on);
void mem_region_move(struct mem_region *region, gpa_t start);
void mem_region_remove(struct mem_region *region);

/* Shadow RAM of C0000h-FFFFFh: mode is ABBEY_SHADOW_...; pages never set read ROM and drop writes where a ROM is,
 * and are plain RAM elsewhere. */
void mem_shadow(struct mem *mem, gpa_t start, uint64_t length, uint32_t mode);
/* As if no page had ever been set. */
void mem_shadow_forget(struct mem *mem);

/* Address bit 20 is forced to zero while off. Takes part in every address a CPU uses, not in DMA. */
void mem_set_a20(struct mem *mem, bool on);
/* All ones, or all but bit 20: the CPU's side and's its physical addresses with it. */
gpa_t mem_a20_mask(const struct mem *mem);

/* ---- memory of a device (vram.c) ---- */

/* `bytes` is a multiple of the page size; the memory is zero. NULL with *error filled when the host has none. */
struct mem_vram *mem_vram_new(struct mem *mem, const char *name, uint64_t bytes, abbey_error *error);
/* After all its views are gone. */
void mem_vram_free(struct mem_vram *vram);
uint8_t *mem_vram_bytes(const struct mem_vram *vram);
/* Somebody wrote there by the address of mem_vram_bytes(). */
void mem_vram_touch(struct mem_vram *vram, uint64_t offset, uint64_t count);
/* Which pages of [offset, offset + count) were written since the last call: bit n of `pages` is page offset / 4096 + n.
 * Whoever looks at their bytes after the call sees every write but those that a later call reports. False: none. */
bool mem_vram_take(struct mem_vram *vram, uint64_t offset, uint64_t count, uint64_t *pages);
/* All zero, as new. */
void mem_vram_clear(struct mem_vram *vram);
/* Whether a page was ever written; if not it is zero. */
bool mem_vram_touched(const struct mem_vram *vram, uint64_t offset);

/* ---- access: addresses are physical, A20 already applied ---- */

/* The host address of the page frame that holds `gpa` for reads or writes by plain loads and stores; NULL when it is
 * not plain memory for that purpose (MMIO, hole, ROM for writing). *marked is set when a writer must go through
 * mem_write(), because the page is marked as code or table. */
uint8_t *mem_page(struct mem *mem, gpa_t gpa, bool write, bool *marked);

/* Where the bytes of such a page stand, for whoever maps them once more: the host's object and the offset in it. False
 * where mem_page() answers NULL, for ROM, which is no object, and for views that are aimed at other memory now and
 * then. *marked is good for writers alone. */
bool mem_backing(struct mem *mem, gpa_t gpa, bool write, bool *marked, abbey_memobj **object, uint64_t *offset);

/* Any length, any alignment, any kind of memory; MMIO is called piecewise. Returns false when part of the range is a
 * hole (reads give FFh there, writes are dropped): the CPU ignores that, DMA reports it. */
bool mem_read(struct mem *mem, gpa_t gpa, void *to, uint64_t count);
bool mem_write(struct mem *mem, gpa_t gpa, const void *from, uint64_t count);

/* Sized access as the CPU makes it: 1, 2, 4 or 8 bytes, not crossing a page; one MMIO call where the width allows. */
uint64_t mem_load(struct mem *mem, gpa_t gpa, uint32_t size);
void mem_store(struct mem *mem, gpa_t gpa, uint32_t size, uint64_t value);

/* Direct view of RAM for DMA: up to *count bytes, cut where RAM stops being contiguous; NULL if none. A view for
 * writing calls the code hook for what it covers now, and mem_unmap() does so again, because pages may have been marked
 * since. */
void *mem_map(struct mem *mem, gpa_t gpa, uint64_t *count, bool write);
/* Ends a view for writing; its first `written` bytes were changed. */
void mem_unmap(struct mem *mem, void *view, uint64_t written);

/* ---- marks ---- */

/* A new mark changes what mem_page() answers for writers, but calls no hook: whoever marks drops the writable host
 * addresses that it keeps itself. */
void mem_mark(struct mem *mem, gpa_t gpa, uint32_t marks);
void mem_unmark(struct mem *mem, gpa_t gpa, uint32_t marks);
uint32_t mem_marks(const struct mem *mem, gpa_t gpa);
/* Gives the page MEM_MARK_LOOSE; false where that is not RAM. */
bool mem_loosen(struct mem *mem, gpa_t gpa);
/* May a window let stores to the page pass? */
bool mem_window_writes(struct mem *mem, gpa_t gpa);

/* Starts or stops dirty tracking; while it runs mem_page(..., write) reports clean pages as marked. */
void mem_track_dirty(struct mem *mem, bool on);
/* Calls fn for every page written since the last call, and starts anew. */
void mem_take_dirty(struct mem *mem, void (*fn)(void *opaque, gpa_t page), void *opaque);

/* CRC-32 (IEEE 802.3) of all RAM, low to high, to compare two runs. Pages never written cost no time. */
uint32_t mem_checksum(const struct mem *mem);

#endif
