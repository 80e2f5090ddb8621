#include "core/mem/map.h"

void mem_mark(struct mem *mem, gpa_t gpa, uint32_t marks)
{
    uint64_t page = gpa >> MEM_PAGE_SHIFT;
    if (page < mem->page_count)
        atomic_fetch_or_explicit(&mem->pages[page], marks & PAGE_MARKS, memory_order_relaxed);
}

void mem_unmark(struct mem *mem, gpa_t gpa, uint32_t marks)
{
    uint64_t page = gpa >> MEM_PAGE_SHIFT;
    if (page < mem->page_count)
        atomic_fetch_and_explicit(&mem->pages[page], ~(uint64_t)(marks & PAGE_MARKS), memory_order_relaxed);
}

uint32_t mem_marks(const struct mem *mem, gpa_t gpa)
{
    return (uint32_t)map_entry(mem, gpa) & PAGE_MARKS;
}

bool mem_loosen(struct mem *mem, gpa_t gpa)
{
    uint64_t entry = map_entry(mem, gpa);
    const uint8_t *host = map_host(entry);
    if (!(entry & PAGE_WRITE) || host < mem->ram || host >= mem->ram + mem->ram_bytes)
        return false;
    mem_mark(mem, gpa, MEM_MARK_LOOSE);
    return true;
}

bool mem_window_writes(struct mem *mem, gpa_t gpa)
{
    bool marked = false;
    uint64_t entry = map_entry(mem, gpa);
    if (!mem_page(mem, gpa, true, &marked))
        return false;
    return !marked || ((entry & MEM_MARK_LOOSE) && !(mem->tracking && !(entry & MEM_MARK_DIRTY)));
}

/* Clears the dirty marks, telling `fn` of each. Writable host addresses that others keep are void from here on. */
static void dirty_clear(struct mem *mem, void (*fn)(void *opaque, gpa_t page), void *opaque)
{
    for (uint64_t page = 0; page < mem->page_count; page++) {
        if (!(atomic_load_explicit(&mem->pages[page], memory_order_relaxed) & MEM_MARK_DIRTY))
            continue;
        atomic_fetch_and_explicit(&mem->pages[page], ~(uint64_t)MEM_MARK_DIRTY, memory_order_relaxed);
        if (fn)
            fn(opaque, page << MEM_PAGE_SHIFT);
    }
    if (mem->map_fn)
        mem->map_fn(mem->map_opaque);
}

void mem_track_dirty(struct mem *mem, bool on)
{
    if (mem->tracking == on)
        return;
    mem->tracking = on;
    dirty_clear(mem, NULL, NULL);
}

void mem_take_dirty(struct mem *mem, void (*fn)(void *opaque, gpa_t page), void *opaque)
{
    dirty_clear(mem, fn, opaque);
}
