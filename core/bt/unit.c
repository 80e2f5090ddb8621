/* unit.c - what leads to units: the index by physical address, links, the pages that they check; and taking it all
 * back.
 */
#include "core/bt/internal.h"

#include <string.h>

#define VERSIONS 4u /* that begin with the same word; more would make the search long */

static struct unit **bucket_of(struct bt *bt, uint64_t place)
{
    return &bt->bucket[place * 0x9e3779b97f4a7c15ull >> 32 & (UNIT_BUCKETS - 1)];
}

static struct unit *find_at(struct bt *bt, uint64_t place, uint64_t key, uint32_t eip, uint32_t mode)
{
    struct unit *last = NULL;
    unsigned others = 0;
    uint64_t cs = cs_now(bt->cpu);
    for (struct unit *unit = *bucket_of(bt, place); unit; unit = unit->next) {
        if (unit->key != key || unit->eip != eip || unit->mode != mode || unit->cs != cs)
            continue;
        if (!unit->checked || check_same(unit))
            return unit;
        last = unit;
        others++;
    }
    if (others > VERSIONS)
        unit_drop(bt, last);
    return NULL;
}

/* The first word of the code, if units compare their source there. */
static bool first_word(const struct bt *bt, uint64_t key, uint32_t *word)
{
    gpa_t gpa = key >> 1;
    bool marked;
    if (!(mem_marks(bt->cpu->mem, gpa) & MEM_MARK_LOOSE) || (gpa & MEM_PAGE_MASK) > MEM_PAGE_SIZE - sizeof(*word))
        return false;
    const uint8_t *host = mem_page(bt->cpu->mem, gpa, false, &marked);
    if (host)
        memcpy(word, host + (gpa & MEM_PAGE_MASK), sizeof(*word));
    return host;
}

struct unit *unit_find(struct bt *bt, uint64_t key, uint32_t eip, uint32_t mode)
{
    uint32_t word;
    struct unit *unit = first_word(bt, key, &word) ? find_at(bt, unit_place(key, word), key, eip, mode) : NULL;
    return unit ? unit : find_at(bt, key, key, eip, mode);
}

void unit_add(struct bt *bt, struct unit *unit)
{
    struct unit **bucket = bucket_of(bt, unit->place);
    unit->next = *bucket;
    *bucket = unit;
}

uint64_t unit_page_now(const struct cpu *cpu, uint32_t linear, bool user)
{
    uint64_t page;
    const struct tlb_entry *entry = &cpu->tlb->entry[tlb_index(TLB_FETCH, user, linear)];
    memcpy(&page, entry, sizeof(page)); /* tag, then frame */
    return page;
}

/* Tag and frame number. */
#define PAGE_IDENTITY (UINT32_MAX | (uint64_t)TLB_FRAME << 32)

void gate_set(struct unit *unit)
{
    uint64_t entry = unit->page[0].entry;
    unit->gate.minus_entry = -entry;
    unit->gate.global = (entry >> 32 & TLB_GLOBAL) != 0;
}

void unit_set_pages(struct bt *bt, struct unit *unit)
{
    for (unsigned i = 0; i < unit->pages; i++) {
        struct page_check *page = &unit->page[i];
        uint64_t now = unit_page_now(bt->cpu, page->linear, unit->mode & MODE_USER);
        if (now != page->entry && !((now ^ page->entry) & PAGE_IDENTITY)) {
            page->entry = now;
            memcpy(page->imm, &(uint64_t){ -now }, sizeof(now));
            if (i == 0)
                gate_set(unit);
        }
    }
}

gpa_t unit_gpa(const struct unit *unit, uint32_t eip)
{
    uint32_t linear = (uint32_t)unit->cs + eip;
    for (unsigned i = 0; i < unit->pages; i++)
        if ((unit->page[i].linear ^ linear) < MEM_PAGE_SIZE)
            return (unit->page[i].entry >> 32 & TLB_FRAME) << MEM_PAGE_SHIFT | (linear & MEM_PAGE_MASK);
    return unit->key >> 1;
}

void link_connect(struct bt *bt, struct link *link, struct unit *to)
{
    if ((bt->debug & DEBUG_NO_CHAIN) || link->to || link->from->dead || to->dead || link->from->mode != to->mode ||
        link->from->cs != to->cs || link->eip != to->eip)
        return;
    link->to = to;
    link->next = to->incoming;
    to->incoming = link;
    emit_patch(link->jump, to_write(bt, link->checked ? to->body : to->page_pad));
    bt->counters.chains++;
}

static void link_disconnect(struct bt *bt, struct link *link)
{
    emit_patch(link->jump, link->stub);
    link->to = NULL;
    link->next = NULL;
    bt->counters.unchains++;
}

void unit_shelve(struct bt *bt, struct unit *unit)
{
    for (struct link *link = unit->incoming, *next; link; link = next) {
        next = link->next;
        link_disconnect(bt, link);
    }
    unit->incoming = NULL;
    if (unit->listed)
        table_unlist(bt, unit);
}

void unit_replace(struct bt *bt, struct unit *unit, struct unit *by)
{
    bool listed = unit->listed;
    for (struct link *link = unit->incoming, *next; link; link = next) {
        next = link->next;
        link_disconnect(bt, link);
        link_connect(bt, link, by);
    }
    unit->incoming = NULL;
    unit_shelve(bt, unit);
    if (listed)
        table_list(bt, by);
}

void unit_drop(struct bt *bt, struct unit *unit)
{
    unit->dead = true;
    unit_shelve(bt, unit);
    for (unsigned i = 0; i < unit->links; i++) {
        struct link *link = &unit->link[i];
        if (!link->to)
            continue;
        struct link **at = &link->to->incoming;
        while (*at != link)
            at = &(*at)->next;
        *at = link->next;
        link->to = NULL;
    }
    for (unsigned i = 0; i < unit->parts; i++)
        code_part_remove(bt->it, &unit->part[i].bytes);
    struct unit **at = bucket_of(bt, unit->place);
    while (*at != unit)
        at = &(*at)->next;
    *at = unit->next;
    if (bt->trace)
        trace_gone(bt, unit);
}
