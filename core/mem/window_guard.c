/* window_guard.c - pages whose stores must be noticed: code, and pages of a display that are clean.
 *
 * A page gets a mark while windows map it writable: the kernel's linear map has it, and perhaps some processes. In a
 * large mapping the host's guard takes the right to write away from the page alone. Which mapping has it is arithmetic
 * there; the few others are looked for in all windows, when the count for the frame says that there are any. A mark
 * that goes is not told: the next store faults, and finds that the page carries none. */
#include "core/mem/window_impl.h"

#define WRITERS_UNKNOWN 255u

gpa_t page_gpa(const struct windows *windows, const struct window *window, uint32_t index, uint32_t page)
{
    const struct slot *slot = window->slot[index];
    uint32_t linear = slot_linear(window, index, page);
    struct walk_path path = { .count = 1, .shift = window->shift, .entry = { slot->entry } };
    struct walk walk;
    if (!window->paging.on)
        return linear;
    if (slot->table) {
        path.count = 2;
        path.shift = MEM_PAGE_SHIFT;
        path.entry[1] = table_entry(window, slot->seen, page);
    }
    return walk_grant(windows->mem, &window->paging, &path, linear, &walk) ? walk.gpa : 0;
}

_Static_assert(KERNEL_WINDOWS + USER_WINDOWS <= 4096, "the number of a window has 12 bits");

static uint32_t place_of(const struct windows *windows, const struct window *window, uint32_t linear)
{
    bool user = window >= windows->user;
    uint32_t number = (uint32_t)(user ? KERNEL_WINDOWS + (window - windows->user) : window - windows->kernel);
    return number << 20 | linear >> MEM_PAGE_SHIFT;
}

void page_writable(struct windows *windows, struct window *window, uint32_t index, uint32_t page, bool on)
{
    struct slot *slot = window->slot[index];
    (on ? bit_set : bit_clear)(slot->writable, page);
    if (bit_get(slot->guarded, page))
        return;
    uint64_t frame = page_gpa(windows, window, index, page) >> MEM_PAGE_SHIFT;
    if (on && frame < windows->mem->page_count)
        windows->place[frame] = place_of(windows, window, slot_linear(window, index, page));
    if (frame < windows->mem->page_count && windows->writers[frame] != WRITERS_UNKNOWN)
        windows->writers[frame] = (uint8_t)(windows->writers[frame] + (on ? 1 : -1));
}

/* The host's part of it. */
static bool page_allow(struct windows *windows, struct window *window, uint32_t linear, bool writes)
{
    const struct slot *slot = window->slot[slot_index(window, linear)];
    uint8_t *at = window_at(window, linear);
    if (bit_get(slot->guarded, page_in_slot(window, linear)))
        return windows->host->guard_set(windows->guard, at, MEM_PAGE_SIZE, !writes) == 0;
    window->mappings += 2;
    windows->counters.vmas += 2;
    uint32_t prot = ABBEY_MAP_READ | (writes ? ABBEY_MAP_WRITE : 0);
    return windows->host_mem->protect(at, MEM_PAGE_SIZE, prot, NULL) == 0;
}

bool page_unprotect(struct windows *windows, struct window *window, uint32_t linear)
{
    windows->counters.unprotections++;
    if (!page_allow(windows, window, linear, true))
        return false;
    page_writable(windows, window, slot_index(window, linear), page_in_slot(window, linear), true);
    return true;
}

static void page_protect(struct windows *windows, struct window *window, uint32_t linear)
{
    uint32_t index = slot_index(window, linear), page = page_in_slot(window, linear);
    windows->counters.protections++;
    if (page_allow(windows, window, linear, false))
        page_writable(windows, window, index, page, false);
    else
        window_drop_pages(windows, window, index, page, 1);
}

static void bigs_protect(struct windows *windows, struct window *window, const abbey_memobj *object, uint64_t offset)
{
    for (unsigned i = 0; i < window->bigs; i++) {
        const struct big *big = &window->big[i];
        uint64_t page = (offset - big->offset) >> MEM_PAGE_SHIFT;
        if (big->object != object || offset < big->offset || page >= big->pages)
            continue;
        uint32_t linear = (uint32_t)((big->first + page) << MEM_PAGE_SHIFT);
        const struct slot *slot = window->slot[slot_index(window, linear)];
        uint32_t n = page_in_slot(window, linear);
        if (slot && bit_get(slot->writable, n) && bit_get(slot->guarded, n))
            page_protect(windows, window, linear);
    }
}

/* The one writer outside guards, if it is where it was put down. False: look for it. */
static bool single_protect(struct windows *windows, gpa_t gpa)
{
    uint32_t place = windows->place[gpa >> MEM_PAGE_SHIFT], number = place >> 20, linear = place << MEM_PAGE_SHIFT;
    if (windows->writers[gpa >> MEM_PAGE_SHIFT] != 1) /* and the place may never have been noted */
        return false;
    struct window *window =
        number < KERNEL_WINDOWS ? &windows->kernel[number] : &windows->user[number - KERNEL_WINDOWS];
    uint32_t index = slot_index(window, linear), page = page_in_slot(window, linear);
    const struct slot *slot = window->slot[index];
    if (!slot || !bit_get(slot->writable, page) || bit_get(slot->guarded, page) ||
        page_gpa(windows, window, index, page) >> MEM_PAGE_SHIFT != gpa >> MEM_PAGE_SHIFT)
        return false;
    page_protect(windows, window, linear);
    return true;
}

static void singles_protect(struct windows *windows, struct window *window, gpa_t gpa)
{
    for (uint32_t i = 0; i < window->slot_count; i++) {
        uint32_t index = window->order[i];
        const struct slot *slot = window->slot[index];
        for (uint32_t word = 0; word < SLOT_WORDS; word++) {
            for (uint64_t bits = slot->writable[word] & ~slot->guarded[word]; bits; bits &= bits - 1) {
                uint32_t page = word * 64 + (uint32_t)__builtin_ctzll(bits);
                if (page_gpa(windows, window, index, page) >> MEM_PAGE_SHIFT == gpa >> MEM_PAGE_SHIFT)
                    page_protect(windows, window, slot_linear(window, index, page));
            }
        }
    }
}

void windows_protect(struct windows *windows, gpa_t first, gpa_t last)
{
    for (gpa_t gpa = first & ~(gpa_t)MEM_PAGE_MASK; gpa <= last; gpa += MEM_PAGE_SIZE) {
        abbey_memobj *object;
        uint64_t offset, frame = gpa >> MEM_PAGE_SHIFT;
        bool marked;
        if (frame >= windows->mem->page_count || !mem_backing(windows->mem, gpa, false, &marked, &object, &offset))
            continue;
        bool found = single_protect(windows, gpa);
        WINDOW_ALL(windows, window)
        {
            bigs_protect(windows, window, object, offset);
            if (windows->writers[frame] && !found)
                singles_protect(windows, window, gpa);
        }
    }
}
