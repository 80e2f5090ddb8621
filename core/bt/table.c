/* table.c - the jump tables, by which indirect jumps and returns find units: one for each mode, with a slot for each
 * EIP.
 *
 * A table takes 32 GB of addresses, and memory where the guest jumps to; so `jmp [r11+r12*8]` is all of an indirect
 * jump, and what it leads to needs no look at EIP. The pages of a table are filled when first used. Translated code
 * that jumps by a slot of any other finds 0 there, and the host a fault at address 0: fault.c makes it a miss. At 512
 * slots a page a guest that jumps everywhere could make tables as large as it likes; when they are too large they are
 * emptied.
 *
 * What a slot leads to:
 *
 *     stub_miss     the loop, since there is no unit known
 *     unit->closed  the stub of all closed pads, which looks whether the fetch TLB maps the unit's page as it did. If
 * so it opens the slot; if not the loop sees what stands at EIP now unit->body    the unit
 *
 * The page need not be looked at again as long as no translation is flushed: what the TLB gives up for room may still
 * be used (SDM vol. 3, 4.10.2). So a slot is open from the first jump on that found the page right, and a flush closes
 * what is open. That is made cheap by lists of open slots: one for pages that are global, which few flushes concern,
 * one for the others. A flush is not acted upon when it happens but before translated code goes on: all that flushes is
 * done by the interpreter. A list that is full opens no more, until a flush; table_follow() sees to it.
 *
 * Where CS is not flat, EIP is not an address. There slots are used by offset from near the base of CS, are never open,
 * and their stub compares EIP and CS as well.
 *
 * Closed pads stand at even addresses, bodies at odd, CLOSED_BYTES behind: to close a slot is a subtraction. */
#include "core/bt/internal.h"

#include <stdlib.h>
#include <string.h>

#define TABLE_BYTES ((UINT64_C(1) << 35) + (UINT64_C(1) << 30)) /* for EIP and table_shift() */
#define PAGE_SLOTS 512u
#define PAGES (1u << (32 - MEM_PAGE_SHIFT))
#define REGION_PAGES 1024u /* of 4 MB, in which the TLB says where large pages are */

static void lists_empty(struct bt *bt)
{
    for (unsigned i = 0; i < 2; i++)
        bt->cpu->bt.open_room[i] = bt->debug & DEBUG_NO_OPEN ? 0 : TABLE_OPEN;
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
    abbey_error error;
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
    abbey_memobj *object = to->open_pages ? bt->host->create("jump table", TABLE_BYTES, &error) : NULL;
    void **slot = object ? bt->host->map(object, 0, TABLE_BYTES, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL, &error) : NULL;
    if (!slot) {
        if (object)
            bt->host->destroy(object);
        return false;
    }
    bt->table[bt->tables].mode = mode;
    bt->table[bt->tables].object = object;
    bt->table[bt->tables++].slot = slot;
    return true;
}

static void tables_forget(struct bt *bt)
{
    for (unsigned i = 0; i < bt->tables; i++) {
        bt->host->release(bt->table[i].slot, TABLE_BYTES);
        bt->host->destroy(bt->table[i].object);
    }
    bt->tables = 0;
}

static void tables_empty(struct bt *bt)
{
    for (unsigned i = 0; i < bt->tables; i++)
        bt->host->discard(bt->table[i].object, 0, TABLE_BYTES);
    bt->table_pages = 0;
    lists_empty(bt);
}

void tables_clear(struct bt *bt)
{
    if (bt->tables == TABLES)
        tables_forget(bt);
    tables_empty(bt);
}

void tables_free(struct bt *bt)
{
    tables_forget(bt);
    free(bt->cpu->bt.open_pages);
    bt->cpu->bt.open_pages = NULL;
}

/* ---- units ---- */

void **table_slot(struct bt *bt, void **table, uint32_t eip, uint32_t cs_base)
{
    uint64_t index = (uint64_t)eip + table_shift(cs_base);
    if (table[index])
        return &table[index];
    void **page = &table[index & ~(uint64_t)(PAGE_SLOTS - 1)];
    for (unsigned i = 0; i < PAGE_SLOTS; i++)
        page[i] = bt->stub_miss;
    bt->table_pages++;
    return &table[index];
}

static void **slot_of(struct bt *bt, const struct unit *unit)
{
    return table_slot(bt, table_find(bt, unit->mode), unit->eip, (uint32_t)unit->cs);
}

void table_list(struct bt *bt, struct unit *unit)
{
    if (unit->listed)
        return;
    void **slot = slot_of(bt, unit);
    if (*slot != bt->stub_miss)
        cache_find(bt, *slot)->listed = false; /* of another page at the same address, or another CS */
    *slot = unit->closed;
    unit->listed = true;
}

void table_unlist(struct bt *bt, struct unit *unit)
{
    *slot_of(bt, unit) = bt->stub_miss;
    unit->listed = false;
}

void tables_bound(struct bt *bt)
{
    if (bt->table_pages <= bt->table_pages_max)
        return;
    tables_empty(bt); /* and no table goes: units that stay have one */
    for (unsigned i = 0; i < UNIT_BUCKETS; i++)
        for (struct unit *unit = bt->bucket[i]; unit; unit = unit->next)
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
