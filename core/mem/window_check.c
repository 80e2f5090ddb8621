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
#define DIFFER_SHARE 8u        /* a window fits tables that differ in one of so many of its slots */
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

/* ---- directories ---- */

/* The n-th page of directory entries that these tables have, or NULL. */
static const uint8_t *directory_page(const struct windows *windows, const struct paging *paging, unsigned n)
{
    gpa_t at;
    bool marked;
    if (n >= (paging->pae ? 4u : 1u) || !walk_directory(windows->mem, paging, n << 30, &at))
        return NULL;
    return mem_page(windows->mem, at, false, &marked);
}

/* Are the directories byte by byte those that all slots agreed with? */
static bool directories_same(const struct windows *windows, const struct window *window, const struct paging *paging)
{
    if (!window->directory_good)
        return false;
    for (unsigned n = 0; n < 4; n++) {
        uint32_t from = window->directory_from[n], to = window->directory_to[n];
        const uint8_t *page = to ? directory_page(windows, paging, n) : NULL;
        if (to && (!page || memcmp(page + from, window->directory[n] + from, to - from) != 0))
            return false;
    }
    return true;
}

static void directories_keep(const struct windows *windows, struct window *window)
{
    unsigned width = window->paging.pae ? 8 : 4, count = MEM_PAGE_SIZE / width;
    window->directory_good = window->paging.on;
    memset(window->directory_to, 0, sizeof(window->directory_to));
    for (uint32_t i = 0; i < window->slot_count; i++) {
        unsigned n = window->order[i] / count, from = window->order[i] % count * width;
        if (!window->directory_to[n] || from < window->directory_from[n])
            window->directory_from[n] = (uint16_t)from;
        if (from + width > window->directory_to[n])
            window->directory_to[n] = (uint16_t)(from + width);
    }
    for (unsigned n = 0; n < 4; n++) {
        const uint8_t *page = directory_page(windows, &window->paging, n);
        if (page)
            memcpy(window->directory[n], page, MEM_PAGE_SIZE);
        else if (window->directory_to[n])
            window->directory_good = false;
    }
}

bool window_fits(const struct windows *windows, const struct window *window, const struct paging *paging)
{
    if (!paging_same(&window->paging, paging))
        return false;
    if (!paging->on || directories_same(windows, window, paging))
        return true;
    uint32_t differ = 0;
    for (uint32_t i = 0; i < window->slot_count; i++) {
        uint32_t index = window->order[i];
        gpa_t at;
        uint64_t now = 0;
        if (walk_directory(windows->mem, paging, index << window->shift, &at))
            now = mem_load(windows->mem, at, paging->pae ? 8 : 4);
        differ += !directory_same(window->slot[index]->entry, now);
        if (differ * DIFFER_SHARE > window->slot_count)
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
    window->slot_count = window->tables = 0;
    window->directory_good = false;
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

static void list_remove(uint16_t *list, uint32_t *count, uint32_t index)
{
    uint32_t i = 0;
    while (list[i] != index)
        i++;
    list[i] = list[--*count];
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
    if (slot->table)
        list_remove(window->table, &window->tables, index);
    list_remove(window->order, &window->slot_count, index);
    window->slot[index] = NULL;
    free(slot);
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
    bool same = directories_same(windows, window, paging);
    for (uint32_t i = window->slot_count; i-- > 0 && !same;)
        if (!directory_same(window->slot[window->order[i]]->entry, directory_now(windows, window, window->order[i])))
            window_drop_slot(windows, window, window->order[i]);
    if (!same)
        directories_keep(windows, window);
    for (uint32_t i = 0; i < window->tables; i++)
        if (all || !window->slot[window->table[i]]->global)
            slot_check(windows, window, window->table[i]);
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
