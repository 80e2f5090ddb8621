/* window_fill.c - a host fault in a window: whose it is, and what is mapped at it.
 *
 * Mapping a page costs several microseconds, most of it the signal and the system call, so a fault maps more than it
 * asks for. A page comes along when its table entry says that the guest has used it: its A bit is set, or its access
 * would have to set it. It is writable when D is set and it carries no mark; the first store to a clean page faults,
 * and sets D then.
 *
 *   - In a kernel window all that goes on in one piece, both in linear addresses and in the host's object, is mapped as
 *     one: the linear map of a kernel is one fault, however large. Such a mapping is writable as a whole, and the guard
 *     takes back what may not be written.
 *   - In a user window the other used pages of the same 64 KB come along, where neighbours in linear space are
 *     neighbours in memory too as one mapping. */
#include "core/mem/window_impl.h"

#include <stdlib.h>

#define AROUND_PAGES 16u
#define GUARDED_MIN 64u /* pages: below, protecting one by splitting the mapping is cheaper than a guard */

/* What stands behind a linear page. */
struct fit {
    abbey_memobj *object;
    uint64_t offset;
    bool writable, global;
};

/* A look at pages in turn: the path to the slot they lie in is kept. */
struct look {
    struct windows *windows;
    const struct window *window;
    const struct paging *paging;
    uint32_t slot;         /* that `path` leads to; UINT32_MAX: none */
    bool there;            /* is there a directory entry? */
    const uint8_t *table;  /* host address; NULL: a large page, or no paging */
    struct walk_path path; /* entry[1] varies */
};

static void look_slot(struct look *look, uint32_t linear)
{
    uint32_t index = slot_index(look->window, linear);
    struct mem *mem = look->windows->mem;
    bool marked;
    if (look->slot == index)
        return;
    look->slot = index;
    look->table = NULL;
    look->there = true;
    if (!look->paging->on)
        return;
    /* The entries are read where they stand: a table in device memory is not for windows. */
    gpa_t at;
    look->there = walk_directory(mem, look->paging, linear, &at) && mem_page(mem, at, false, &marked);
    if (!look->there)
        return;
    memset(&look->path, 0, sizeof(look->path));
    bool good = walk_path(mem, look->paging, linear, &look->path);
    look->there = good || look->path.count == 2; /* another entry of the table may be present */
    if (look->path.count == 2) {
        look->table = mem_page(mem, look->path.at[1], false, &marked);
        look->there = look->table != NULL;
    }
}

/* May the page be mapped, and how? */
static bool look_page(struct look *look, uint32_t linear, struct fit *fit)
{
    struct mem *mem = look->windows->mem;
    bool marked = false, user = look->window->user;
    struct walk walk = { .gpa = linear, .user = user, .writable = true, .dirty = true, .accessed = true };
    look_slot(look, linear);
    if (!look->there)
        return false;
    if (look->paging->on) {
        if (look->table)
            look->path.entry[1] = table_entry(look->window, look->table, page_in_slot(look->window, linear));
        if (!walk_grant(mem, look->paging, &look->path, linear, &walk))
            return false;
    }
    if (!walk.accessed || walk.user != user || !mem_backing(mem, walk.gpa, false, &marked, &fit->object, &fit->offset))
        return false;
    fit->writable = (walk.writable || (!user && !look->paging->wp)) && walk.dirty;
    fit->writable = fit->writable && mem_window_writes(mem, walk.gpa);
    fit->global = walk.global;
    return true;
}

static bool is_mapped(const struct window *window, uint32_t linear)
{
    const struct slot *slot = window->slot[slot_index(window, linear)];
    return slot && bit_get(slot->mapped, page_in_slot(window, linear));
}

/* ---- the books ---- */

/* The slot that the look leads to, made if need be. */
static struct slot *slot_get(struct look *look, struct window *window)
{
    uint32_t index = look->slot;
    struct slot *slot = window->slot[index];
    if (slot)
        return slot;
    slot = calloc(1, sizeof(*slot) + (look->table ? MEM_PAGE_SIZE : 0));
    if (!slot)
        return NULL;
    slot->table = look->table ? (const uint8_t *)((uintptr_t)look->table & ~(uintptr_t)MEM_PAGE_MASK) : NULL;
    slot->global = true;
    if (slot->table)
        memcpy(slot->seen, slot->table, MEM_PAGE_SIZE);
    window->slot[index] = slot;
    window->order[window->slot_count++] = (uint16_t)index;
    if (slot->table)
        window->table[window->tables++] = (uint16_t)index;
    return slot;
}

static bool page_note(struct look *look, struct window *window, uint32_t linear, const struct fit *fit, bool guarded)
{
    struct slot *slot = slot_get(look, window);
    uint32_t page = page_in_slot(window, linear), width = window->paging.pae ? 8 : 4;
    if (!slot)
        return false;
    uint64_t entry = look->paging->on ? look->path.entry[0] : 0;
    if (slot->entry != entry)
        window->directory_good = false;
    slot->entry = entry;
    if (slot->table)
        memcpy(slot->seen + page * width, slot->table + page * width, width);
    slot->global = slot->global && fit->global;
    slot->pages++;
    bit_set(slot->mapped, page);
    if (guarded)
        bit_set(slot->guarded, page);
    if (fit->writable)
        page_writable(look->windows, window, look->slot, page, true);
    return true;
}

/* ---- mapping ---- */

/* Is `next` what comes `pages` pages behind `fit`? */
static bool follows(const struct fit *fit, const struct fit *next, int64_t pages, bool any_right)
{
    return next->object == fit->object && next->offset == fit->offset + (uint64_t)(pages * (int64_t)MEM_PAGE_SIZE) &&
           (any_right || next->writable == fit->writable);
}

/* How far from `linear` on, in steps of `step` pages up to `limit` of them, pages fit the one there. */
static uint32_t reach(struct look *look, uint32_t linear, const struct fit *fit, int32_t step, uint32_t limit, bool any)
{
    struct fit next;
    uint32_t count = 0;
    while (count < limit) {
        int64_t distance = step * (int64_t)(count + 1);
        uint32_t at = linear + ((uint32_t)distance << MEM_PAGE_SHIFT);
        if (is_mapped(look->window, at) || !look_page(look, at, &next) || !follows(fit, &next, distance, any))
            break;
        count++;
    }
    return count;
}

/* Does the mapping merge with that of the page before it? Then it costs none. */
static bool merges(struct look *look, uint32_t linear, const struct fit *fit)
{
    struct fit before;
    return linear >= MEM_PAGE_SIZE && is_mapped(look->window, linear - MEM_PAGE_SIZE) &&
           look_page(look, linear - MEM_PAGE_SIZE, &before) && follows(&before, fit, 1, false);
}

/* Takes the right to write away from what may not be written in a guarded mapping. */
static bool guard_pages(struct look *look, struct window *window, uint32_t linear, uint32_t pages)
{
    struct windows *windows = look->windows;
    if (windows->host->guard_add(windows->guard, window_at(window, linear), (uint64_t)pages << MEM_PAGE_SHIFT) != 0)
        return false;
    uint32_t run = 0;
    for (uint32_t i = 0; i <= pages; i++) {
        uint32_t at = linear + (i << MEM_PAGE_SHIFT);
        if (i < pages && !bit_get(window->slot[slot_index(window, at)]->writable, page_in_slot(window, at))) {
            run++;
        } else if (run) {
            uint8_t *host = window_at(window, at - (run << MEM_PAGE_SHIFT));
            if (windows->host->guard_set(windows->guard, host, (uint64_t)run << MEM_PAGE_SHIFT, 1) != 0)
                return false;
            run = 0;
        }
    }
    return true;
}

/* Maps `pages` pages from `linear` on, which fit one another. */
static bool map_pages(struct look *look, struct window *window, uint32_t linear, uint32_t pages, bool guarded)
{
    struct windows *windows = look->windows;
    struct fit first, fit;
    abbey_error error;
    if (!look_page(look, linear, &first))
        return false;
    uint32_t cost = merges(look, linear, &first) ? 0 : 2;
    if (!windows_room(windows, window, cost))
        return false;
    uint32_t prot = ABBEY_MAP_READ | (guarded || first.writable ? ABBEY_MAP_WRITE : 0);
    uint64_t bytes = (uint64_t)pages << MEM_PAGE_SHIFT;
    if (!windows->host_mem->map(first.object, first.offset, bytes, prot, window_at(window, linear), &error)) {
        window_drop_all(windows, window);
        return false;
    }
    window->mappings += cost;
    windows->counters.vmas += cost;
    if (windows->counters.vmas > windows->counters.vmas_max)
        windows->counters.vmas_max = windows->counters.vmas;
    bool ok = true;
    for (uint32_t i = 0; i < pages && ok; i++) {
        uint32_t at = linear + (i << MEM_PAGE_SHIFT);
        ok = look_page(look, at, &fit) && page_note(look, window, at, &fit, guarded);
    }
    if (ok && guarded)
        ok = guard_pages(look, window, linear, pages);
    if (!ok) {
        window_drop_all(windows, window);
        return false;
    }
    if (guarded)
        window->big[window->bigs++] = (struct big){ linear >> MEM_PAGE_SHIFT, pages, first.object, first.offset };
    windows->counters.fills++;
    windows->counters.filled_pages += pages;
    return true;
}

/* The page and what goes on from it in one piece. `block`: linear pages below and above that may be mapped. */
static bool map_piece(struct look *look, struct window *window, uint32_t linear, uint32_t below, uint32_t above)
{
    struct windows *windows = look->windows;
    bool guard = windows->guard && !window->user && window->bigs < BIG_MAX;
    struct fit fit;
    if (!look_page(look, linear, &fit))
        return false;
    uint32_t down = reach(look, linear, &fit, -1, below, guard), up = reach(look, linear, &fit, 1, above, guard);
    if (guard && down + up + 1 < GUARDED_MIN) {
        guard = false;
        down = reach(look, linear, &fit, -1, down, false);
        up = reach(look, linear, &fit, 1, up, false);
    }
    return map_pages(look, window, linear - (down << MEM_PAGE_SHIFT), down + up + 1, guard);
}

static void map_around(struct look *look, struct window *window, uint32_t linear)
{
    uint32_t block = linear & ~(AROUND_PAGES * MEM_PAGE_SIZE - 1);
    struct fit fit;
    for (uint32_t i = 0; i < AROUND_PAGES; i++) {
        uint32_t at = block + (i << MEM_PAGE_SHIFT);
        if (!is_mapped(window, at) && look_page(look, at, &fit) &&
            !map_piece(look, window, at, 0, AROUND_PAGES - 1 - i))
            return;
    }
}

static bool fill(struct windows *windows, struct window *window, const struct paging *paging, uint32_t linear)
{
    struct look look = { .windows = windows, .window = window, .paging = paging, .slot = UINT32_MAX };
    struct fit fit;
    if (!look_page(&look, linear, &fit))
        return false;
    const struct slot *slot = window->slot[look.slot];
    if (slot && (!directory_same(slot->entry, paging->on ? look.path.entry[0] : 0) || !slot->table != !look.table))
        window_drop_slot(windows, window, look.slot);
    if (windows->one_page)
        return map_piece(&look, window, linear, 0, 0);
    uint32_t page = linear >> MEM_PAGE_SHIFT;
    uint32_t inside = page % AROUND_PAGES;
    uint32_t below = window->user ? inside : page;
    uint32_t above = window->user ? AROUND_PAGES - 1 - inside : 0xffffeu - page;
    if (!map_piece(&look, window, linear, below, above))
        return false;
    if (window->user)
        map_around(&look, window, linear);
    return true;
}

/* The guest most likely makes the page present and goes on: one host fault less. Its tables are to have A set, and D
 * for a store, as systems do that know why the page is asked for. */
void window_fill_awaited(struct windows *windows, struct window *window, const struct paging *paging)
{
    struct look look = { .windows = windows, .window = window, .paging = paging, .slot = UINT32_MAX };
    uint32_t linear = windows->awaited;
    struct fit fit;
    if (paging->cr3 != windows->awaited_cr3)
        return;
    windows->awaits = false;
    if (!is_mapped(window, linear) && look_page(&look, linear, &fit) && (fit.writable || !windows->awaits_write))
        fill(windows, window, paging, linear);
}

/* ---- faults ---- */

static enum window_answer answer(struct windows *windows, enum window_answer why)
{
    windows->counters.refused[why]++;
    return why;
}

/* A fault on a page that the window maps: a store where it may not be written yet, or the guest has changed its table
 * and not flushed; a fault looks at the tables whatever a TLB holds. */
static bool fault_mapped(struct windows *windows, struct window *window, uint32_t linear, bool write, gpa_t gpa)
{
    uint32_t index = slot_index(window, linear), page = page_in_slot(window, linear);
    struct slot *slot = window->slot[index];
    uint32_t width = window->paging.pae ? 8 : 4;
    if (!write || (page_gpa(windows, window, index, page) ^ gpa) >> MEM_PAGE_SHIFT) {
        window_drop_pages(windows, window, index, page, 1);
        return fill(windows, window, &window->paging, linear);
    }
    if (bit_get(slot->writable, page))
        page_writable(windows, window, index, page, false);
    if (slot->table)
        memcpy(slot->seen + page * width, slot->table + page * width, width);
    else
        slot->entry = directory_now(windows, window, index);
    window->directory_good = false;
    return page_unprotect(windows, window, linear);
}

enum window_answer windows_fault(
    struct windows *windows, const struct paging *paging, uint64_t address, bool write, bool user)
{
    struct window *window = windows->now[user];
    struct mem *mem = windows->mem;
    if (!window || address - (uint64_t)(uintptr_t)window->area >= 3 * WINDOW_BYTES)
        return WINDOW_NONE;
    uint64_t offset = address - (uint64_t)(uintptr_t)window->base;
    uint32_t linear = (uint32_t)offset & ~MEM_PAGE_MASK, code;
    uint32_t access = (write ? WALK_WRITE : WALK_READ) | (user ? WALK_USER : 0);
    abbey_memobj *object;
    uint64_t place;
    bool marked = false;
    struct walk walk;
    if (offset >= WINDOW_BYTES - MEM_PAGE_SIZE) /* what runs over the end touches no page before it faults */
        return answer(windows, WINDOW_BORDER);
    if (!walk_linear(mem, paging, linear, access | WALK_PROBE, &walk, &code)) {
        windows->awaits = user;
        windows->awaits_write = write;
        windows->awaited = linear;
        windows->awaited_cr3 = paging->cr3;
        return answer(windows, WINDOW_GUEST);
    }
    if (paging->on && !user && walk.user)
        return answer(windows, WINDOW_USER);
    if (!user && windows->churn[(linear >> MEM_PAGE_SHIFT) % CHURN_SETS] >= CHURN_MAX)
        return answer(windows, WINDOW_BUSY);
    if (!mem_backing(mem, walk.gpa, write, &marked, &object, &place))
        return answer(windows, WINDOW_DEVICE);
    if (write && !mem_window_writes(mem, walk.gpa)) {
        windows->marked = walk.gpa;
        if ((mem_marks(mem, walk.gpa) & (MEM_MARK_CODE | MEM_MARK_LOOSE)) == MEM_MARK_CODE)
            return answer(windows, WINDOW_MARKED);
        map_before_write(mem, walk.gpa & ~(gpa_t)MEM_PAGE_MASK, 1); /* clean: now it is not */
    }
    walk_linear(mem, paging, linear, access, &walk, &code); /* sets A and D */
    bool done = is_mapped(window, linear) ? fault_mapped(windows, window, linear, write, walk.gpa)
                                          : fill(windows, window, paging, linear);
    if (!done)
        return answer(windows, WINDOW_FULL);
    windows->counters.hidden_faults++;
    return WINDOW_RETRY;
}

bool windows_first_use(
    const struct windows *windows, const struct paging *paging, uint64_t address, bool write, bool user)
{
    const struct window *window = windows->now[user];
    uint32_t access = (write ? WALK_WRITE : WALK_READ) | (user ? WALK_USER : 0) | WALK_PROBE, code;
    struct walk walk;
    return window &&
           walk_linear(windows->mem, paging, (uint32_t)(address - (uintptr_t)window->base), access, &walk, &code) &&
           !(walk.accessed && (walk.dirty || !write));
}

gpa_t windows_marked(const struct windows *windows)
{
    return windows->marked;
}
