/* window_check.c - what a window holds is compared with the guest's page tables, and taken away where they differ.
 *
 * The guest's tables are not watched. A processor may keep translations until INVLPG or a load of CR3 (SDM vol. 3,
 * 4.10.4), so that is when they are looked at: a window keeps a copy of each page table that its pages came from, and
 * comparing 4 KB takes less than 100 ns where nothing changed. Where something did, only pages that the window maps
 * matter:
 *
 *     seen   00005067  00006025  00000000        mapped: 1st writable, 2nd read-only
 *     now    00009067  00006027  00007027        1st: another frame, dropped; 2nd: more rights, stays; 3rd: not mapped
 *
 * Cleared A and D bits count as changes: the next access is to set them again. */
#include "core/mem/window_impl.h"

#include <stdlib.h>

#define ENTRY_W 0x2ull
#define ENTRY_D 0x40ull
#define ENTRY_IGNORED 0xe18ull /* for software, and what caches do: bits 9-11, PCD, PWT */

uint64_t directory_now(const struct windows *windows, const struct window *window, uint32_t index)
{
    gpa_t at;
    if (!window->paging.on || !walk_directory(windows->mem, &window->paging, index << window->shift, &at))
        return 0;
    return mem_load(windows->mem, at, window->paging.pae ? 8 : 4);
}

bool directory_same(uint64_t was, uint64_t now)
{
    return ((was ^ now) & ~(ENTRY_IGNORED | (now & ENTRY_D))) == 0;
}

static bool paging_same(const struct paging *a, const struct paging *b)
{
    return a->on == b->on && a->pae == b->pae && a->pse == b->pse && a->wp == b->wp && a->nx == b->nx &&
           a->global == b->global;
}

bool window_fits(const struct windows *windows, const struct window *window, const struct paging *paging)
{
    struct window now;
    if (!paging_same(&window->paging, paging))
        return false;
    now.paging = *paging;
    now.shift = window->shift;
    for (uint32_t i = 0; i < window->slot_count; i++) {
        uint32_t index = window->order[i];
        if (!directory_same(window->slot[index]->entry, directory_now(windows, &now, index)))
            return false;
    }
    return true;
}

/* ---- taking away ---- */

void window_drop_all(struct windows *windows, struct window *window)
{
    for (uint32_t i = 0; i < window->slot_count; i++) {
        uint32_t index = window->order[i];
        struct slot *slot = window->slot[index];
        for (uint32_t word = 0; word < SLOT_WORDS; word++)
            for (uint64_t bits = slot->writable[word] & ~slot->guarded[word]; bits; bits &= bits - 1)
                page_writable(windows, window, index, word * 64 + (uint32_t)__builtin_ctzll(bits), false);
        windows->counters.dropped_pages += slot->pages;
        window->slot[index] = NULL;
        free(slot);
    }
    if (window->slot_count)
        windows->host_mem->unmap(window->base, WINDOW_BYTES, NULL);
    window->slot_count = 0;
    window->bigs = 0;
    windows->counters.vmas -= window->mappings;
    window->mappings = 0;
}

void window_drop_pages(struct windows *windows, struct window *window, uint32_t index, uint32_t page, uint32_t count)
{
    struct slot *slot = window->slot[index];
    for (uint32_t i = page; i < page + count; i++) {
        if (bit_get(slot->writable, i))
            page_writable(windows, window, index, i, false);
        bit_clear(slot->mapped, i);
        bit_clear(slot->guarded, i);
    }
    slot->pages -= count;
    window->dropped += count;
    windows->counters.dropped_pages += count;
    windows->host_mem->unmap(
        window_at(window, slot_linear(window, index, page)), (uint64_t)count << MEM_PAGE_SHIFT, NULL);
    window->mappings++;
    windows->counters.vmas++;
}

void window_drop_slot(struct windows *windows, struct window *window, uint32_t index)
{
    struct slot *slot = window->slot[index];
    for (uint32_t page = 0, end; page < slot_pages(window); page = end) {
        for (end = page + 1; end < slot_pages(window) && bit_get(slot->mapped, page) == bit_get(slot->mapped, end);)
            end++;
        if (bit_get(slot->mapped, page))
            window_drop_pages(windows, window, index, page, end - page);
    }
    window->slot[index] = NULL;
    free(slot);
    uint32_t i = 0;
    while (window->order[i] != index)
        i++;
    window->order[i] = window->order[--window->slot_count];
}

/* ---- comparing ---- */

/* Does an entry of a page table still stand behind the page that was mapped from it? */
static bool entry_keeps(uint64_t was, uint64_t now, bool writable)
{
    uint64_t more = ~was & now & (ENTRY_W | ENTRY_D); /* rights that the mapping does not use */
    uint64_t less = was & ~now & (writable ? 0 : ENTRY_D);
    return ((was ^ now) & ~(ENTRY_IGNORED | more | less)) == 0;
}

/* Compares the pages of a slot with the table, and takes away what differs. */
static void slot_check(struct windows *windows, struct window *window, uint32_t index)
{
    struct slot *slot = window->slot[index];
    if (memcmp(slot->seen, slot->table, MEM_PAGE_SIZE) == 0)
        return;
    windows->counters.tables_changed++;
    uint32_t run = 0; /* of pages to drop, before `page` */
    for (uint32_t page = 0; page <= slot_pages(window); page++) {
        bool drop = page < slot_pages(window) && bit_get(slot->mapped, page) &&
                    !entry_keeps(table_entry(window, slot->seen, page), table_entry(window, slot->table, page),
                        bit_get(slot->writable, page));
        if (drop) {
            run++;
        } else if (run) {
            window_drop_pages(windows, window, index, page - run, run);
            run = 0;
        }
    }
    memcpy(slot->seen, slot->table, MEM_PAGE_SIZE);
}

void window_check(struct windows *windows, struct window *window, const struct paging *paging)
{
    bool all = window->checked < windows->global_flushes;
    if (!paging_same(&window->paging, paging)) {
        window_drop_all(windows, window);
        window->shift = paging->on && paging->pae ? 21 : 22;
    }
    window->paging = *paging;
    for (uint32_t i = window->slot_count; i-- > 0;) {
        uint32_t index = window->order[i];
        struct slot *slot = window->slot[index];
        if (!directory_same(slot->entry, directory_now(windows, window, index)))
            window_drop_slot(windows, window, index);
        else if (slot->table && (all || !slot->global))
            slot_check(windows, window, index);
    }
    window->checked = windows->flushes;
    windows->counters.revalidations++;
}

void window_drop_linear(struct windows *windows, struct window *window, uint32_t linear)
{
    uint32_t index = slot_index(window, linear), page = page_in_slot(window, linear);
    struct slot *slot = window->slot[index];
    if (!slot)
        return;
    if (!window->paging.on)
        return;
    if (!directory_same(slot->entry, directory_now(windows, window, index))) {
        window_drop_slot(windows, window, index);
        return;
    }
    if (!slot->table || !bit_get(slot->mapped, page))
        return;
    uint64_t now = table_entry(window, slot->table, page);
    if (entry_keeps(table_entry(window, slot->seen, page), now, bit_get(slot->writable, page)))
        return;
    uint8_t *churn = &windows->churn[(linear >> MEM_PAGE_SHIFT) % CHURN_SETS];
    if (*churn < CHURN_MAX)
        (*churn)++;
    window_drop_pages(windows, window, index, page, 1);
}
