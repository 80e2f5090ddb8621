/* table.c - the jump tables, by which indirect jumps and returns find units: one for each mode, a slot by a hash of
 * EIP.
 *
 * Tables are made for the modes that occur; when there are too many, all are forgotten with all units. A slot leads to
 * a pad of the unit that was listed there last, each pad, when it is not the one, to the next unit of the slot, and the
 * last one to the loop. A unit has three pads:
 *
 *     pad      is R12D our eip? does the fetch TLB map our page as it did?     for units that are not first in the slot
 *     closed   the same, by the stub of all closed pads, which then opens the slot
 *     open     is R12D our eip?
 *
 * A unit whose CS is not flat looks at base and limit of CS with EIP.
 *
 * The page need not be looked at again as long as no translation is flushed: what the TLB gives up for room may still
 * be used (SDM vol. 3, 4.10.2). So a slot is open from the first jump on that found the page right, and a flush closes
 * what is open. That is made cheap by lists of open slots: one for pages that are global, which few flushes concern,
 * one for the others. A flush is not acted upon when it happens but before translated code goes on: all that flushes is
 * done by the interpreter. A list that is full opens no more, until a flush; table_follow() sees to it.
 *
 * Closed pads stand at even addresses, open ones at odd, CLOSED_BYTES behind: to close a slot is a subtraction. */
#include "core/bt/internal.h"

#include <stdlib.h>
#include <string.h>

#define CHAIN_MAX 8u
#define PAGES (1u << (32 - MEM_PAGE_SHIFT))
#define REGION_PAGES 1024u /* of 4 MB, in which the TLB says where large pages are */

static void lists_empty(struct bt *bt)
{
    for (unsigned i = 0; i < 2; i++)
        bt->cpu->bt.open_room[i] = bt->debug & DEBUG_NO_OPEN ? 0 : TABLE_OPEN;
}

static void table_clear(const struct bt *bt, void **slot)
{
    for (unsigned i = 0; i < TABLE_SLOTS; i++)
        slot[i] = bt->stub_miss;
}

void **table_find(const struct bt *bt, uint32_t mode)
{
    for (unsigned i = 0; i < bt->tables; i++)
        if (bt->table[i].mode == mode)
            return bt->table[i].slot;
    return NULL;
}

bool table_make(struct bt *bt, uint32_t mode)
{
    struct cpu_bt *to = &bt->cpu->bt;
    if (table_find(bt, mode))
        return true;
    if (bt->tables == TABLES) { /* the flush makes room */
        interp_flush(bt->it);
        return false;
    }
    if (!to->open_pages) {
        to->open_pages = calloc(PAGES, 1);
        for (unsigned i = 0; i < 2; i++)
            to->opened[i] = bt->opened[i];
        lists_empty(bt);
    }
    void **slot = to->open_pages ? malloc(TABLE_SLOTS * sizeof(void *)) : NULL;
    if (!slot)
        return false;
    table_clear(bt, slot);
    bt->table[bt->tables].mode = mode;
    bt->table[bt->tables++].slot = slot;
    return true;
}

static void tables_forget(struct bt *bt)
{
    for (unsigned i = 0; i < bt->tables; i++)
        free(bt->table[i].slot);
    bt->tables = 0;
}

void tables_clear(struct bt *bt)
{
    if (bt->tables == TABLES)
        tables_forget(bt);
    for (unsigned i = 0; i < bt->tables; i++)
        table_clear(bt, bt->table[i].slot);
    lists_empty(bt);
}

void tables_free(struct bt *bt)
{
    tables_forget(bt);
    free(bt->cpu->bt.open_pages);
    bt->cpu->bt.open_pages = NULL;
}

/* ---- units ---- */

static void **slot_of(const struct bt *bt, const struct unit *unit)
{
    return &table_find(bt, unit->mode)[unit->gate.slot];
}

/* Makes what leads to a unit of a slot lead to the next one: the miss of the pads before it, or the slot. */
static void chain_set(struct bt *bt, void **slot, struct unit *before, struct unit *unit)
{
    if (!before) {
        *slot = unit ? unit->closed : bt->stub_miss;
        return;
    }
    before->chain = unit;
    emit_patch(before->miss, to_write(bt, unit ? unit->pad : bt->stub_miss));
}

void table_list(struct bt *bt, struct unit *unit)
{
    if (unit->listed)
        return;
    void **slot = slot_of(bt, unit);
    struct unit *last = unit;
    chain_set(bt, slot, unit, *slot == bt->stub_miss ? NULL : cache_find(bt, *slot));
    chain_set(bt, slot, NULL, unit);
    unit->listed = true;
    for (unsigned i = 1; i < CHAIN_MAX && last; i++)
        last = last->chain;
    if (last && last->chain) { /* the guest's addresses are its own choice: no chain gets long */
        last->chain->listed = false;
        chain_set(bt, slot, last, NULL);
    }
}

void table_unlist(struct bt *bt, struct unit *unit)
{
    void **slot = slot_of(bt, unit);
    struct unit *before = NULL;
    for (struct unit *at = cache_find(bt, *slot); at != unit; at = at->chain)
        before = at;
    chain_set(bt, slot, before, unit->chain);
    unit->listed = false;
}

/* ---- closing ---- */

static void list_close(struct bt *bt, unsigned list)
{
    uint32_t room = bt->cpu->bt.open_room[list];
    if (bt->debug & DEBUG_NO_OPEN)
        return;
    for (uint32_t i = room; i < TABLE_OPEN; i++) {
        void **slot = bt->opened[list][i];
        if ((uintptr_t)*slot & 1) /* it may lead to another unit by now */
            *slot = (uint8_t *)*slot - CLOSED_BYTES;
    }
    bt->cpu->bt.open_room[list] = TABLE_OPEN;
    bt->counters.opens += TABLE_OPEN - room;
    bt->counters.closes++;
}

/* May a slot be open for code that lost its translation when this address was flushed? */
static bool page_open(struct bt *bt, uint32_t linear)
{
    const struct tlb *tlb = bt->cpu->tlb;
    uint8_t *pages = bt->cpu->bt.open_pages;
    uint32_t region = linear >> 22, first = linear >> MEM_PAGE_SHIFT, count = 1;
    if (tlb->large[region / 32] >> region % 32 & 1) {
        first = region * REGION_PAGES;
        count = REGION_PAGES;
    }
    if (!memchr(pages + first, 1, count))
        return false;
    memset(pages + first, 0, count);
    return true;
}

void table_follow(struct bt *bt)
{
    const struct tlb *tlb = bt->cpu->tlb;
    const struct tlb_counters *now = &tlb->counters;
    const uint32_t *room = bt->cpu->bt.open_room;
    if (bt->tlb_seen.changes == tlb->changes && room[0] && room[1])
        return;
    bool all = bt->tlb_seen.global_flushes != tlb->global_flushes || !room[1] ||
               now->tlb_page_flushes - bt->tlb_seen.page_flushes > TLB_LOG;
    for (uint64_t n = bt->tlb_seen.page_flushes; !all && n < now->tlb_page_flushes; n++)
        all = page_open(bt, tlb->flushed[n % TLB_LOG]);
    if (all || bt->tlb_seen.flushes != now->tlb_flushes || !room[0])
        list_close(bt, 0);
    if (all)
        list_close(bt, 1);
    bt->tlb_seen.changes = tlb->changes;
    bt->tlb_seen.flushes = now->tlb_flushes;
    bt->tlb_seen.global_flushes = tlb->global_flushes;
    bt->tlb_seen.page_flushes = now->tlb_page_flushes;
}
