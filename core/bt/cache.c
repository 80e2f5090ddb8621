/* cache.c - memory for translated code, the units in it, and the jumps between them.
 *
 * One memory object is mapped twice: translation writes through one mapping, the processor executes through the other,
 * and no page is ever both writable and executable at one address. Code and the records of units are taken from the
 * front of their areas, so that the array of units is sorted by address; when either is full, all units go. */
#include "core/bt/internal.h"

#include <stdlib.h>
#include <string.h>

#define CODE_PER_UNIT (64u << 10) /* more than the longest unit takes */

static void tables_clear(struct bt *bt)
{
    for (unsigned mode = 0; mode < MODES; mode++)
        for (unsigned i = 0; bt->table[mode] && i < TABLE_SLOTS; i++)
            bt->table[mode][i] = bt->stub_miss;
}

bool cache_init(struct bt *bt, abbey_error *error)
{
    bt->bytes = (bt->bytes < (1u << 20) ? 1u << 20 : bt->bytes) & ~(uint64_t)0xfff;
    bt->object = bt->host->create_code(bt->bytes, error);
    if (!bt->object)
        return false;
    bt->write = bt->host->map(bt->object, 0, bt->bytes, ABBEY_MAP_READ | ABBEY_MAP_WRITE, NULL, error);
    bt->exec = bt->write ? bt->host->map(bt->object, 0, bt->bytes, ABBEY_MAP_READ | ABBEY_MAP_EXEC, NULL, error) : NULL;
    if (!bt->exec)
        return false;
    bt->pool_bytes = bt->bytes / 2;
    bt->order_room = (uint32_t)(bt->bytes / 256);
    bt->pool = malloc(bt->pool_bytes);
    bt->order = calloc(bt->order_room, sizeof(*bt->order));
    if (!bt->pool || !bt->order)
        return false;
    bt->code = (struct code){ .at = bt->write, .end = bt->write + bt->bytes, .to_exec = bt->exec - bt->write };
    stubs_make(bt);
    bt->first_unit = bt->code.at;
    return true;
}

void cache_free(struct bt *bt)
{
    for (unsigned mode = 0; mode < MODES; mode++)
        free(bt->table[mode]);
    free(bt->pool);
    free(bt->order);
    if (bt->exec)
        bt->host->release(bt->exec, bt->bytes);
    if (bt->write)
        bt->host->release(bt->write, bt->bytes);
    if (bt->object)
        bt->host->destroy(bt->object);
}

void cache_flush(struct bt *bt)
{
    bt->code.at = bt->first_unit;
    bt->code.overflow = false;
    bt->pool_used = 0;
    bt->order_count = 0;
    bt->link = NULL;
    tables_clear(bt);
    bt->counters.flushes++;
    if (bt->trace)
        trace_flushed(bt);
}

struct unit *cache_unit(struct bt *bt, unsigned count, unsigned parts, unsigned links)
{
    struct unit *unit = (struct unit *)(void *)(bt->pool + bt->pool_used);
    uint64_t room = sizeof(*unit) + count * sizeof(struct point) + parts * sizeof(struct part);
    if (bt->pool_used + room + links * sizeof(struct link) > bt->pool_bytes || bt->order_count == bt->order_room ||
        bt->code.end - bt->code.at < CODE_PER_UNIT)
        return NULL;
    memset(unit, 0, room + links * sizeof(struct link));
    unit->part = (struct part *)(void *)&unit->point[count];
    unit->link = (struct link *)(void *)&unit->part[parts];
    return unit;
}

void cache_keep(struct bt *bt, struct unit *unit)
{
    bt->pool_used = (uint64_t)((uint8_t *)&unit->link[unit->links] - bt->pool);
    bt->order[bt->order_count++] = unit;
    bt->counters.units++;
    bt->counters.code_bytes += (uint64_t)(unit->end - unit->pad);
    if (bt->trace)
        trace_made(bt, unit);
}

struct unit *cache_find(const struct bt *bt, const uint8_t *rip)
{
    uint32_t low = 0, high = bt->order_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (bt->order[middle]->end <= rip)
            low = middle + 1;
        else
            high = middle;
    }
    return low < bt->order_count && bt->order[low]->pad <= rip ? bt->order[low] : NULL;
}

uint64_t unit_page_now(const struct cpu *cpu, uint32_t linear, bool user)
{
    uint64_t page;
    const struct tlb_entry *entry = &cpu->tlb->entry[TLB_FETCH][user][(linear >> MEM_PAGE_SHIFT) % TLB_SETS];
    memcpy(&page, entry, sizeof(page)); /* tag, then frame */
    return page;
}

/* Tag and frame number. */
#define PAGE_IDENTITY (UINT32_MAX | (uint64_t)TLB_FRAME << 32)

void unit_set_pages(struct bt *bt, struct unit *unit)
{
    for (unsigned i = 0; i < unit->pages; i++) {
        struct page_check *page = &unit->page[i];
        uint64_t now = unit_page_now(bt->cpu, page->linear, unit->mode & MODE_USER);
        if (now != page->entry && !((now ^ page->entry) & PAGE_IDENTITY)) {
            page->entry = now;
            memcpy(page->imm, &(uint64_t){ -now }, sizeof(now));
        }
    }
}

struct unit *unit_at(const struct run *run, uint32_t eip, unsigned mode)
{
    for (const struct part *part = run->parts; part; part = part->next)
        if (part == part->unit->part && part->unit->eip == eip && part->unit->mode == mode)
            return part->unit;
    return NULL;
}

void link_connect(struct bt *bt, struct link *link, struct unit *to)
{
    if (link->to || link->from->dead || to->dead || link->from->mode != to->mode || link->eip != to->eip)
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

void unit_drop(struct bt *bt, struct unit *unit)
{
    unit->dead = true;
    for (struct link *link = unit->incoming, *next; link; link = next) {
        next = link->next;
        link_disconnect(bt, link);
    }
    unit->incoming = NULL;
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
    for (unsigned i = 0; i < unit->parts; i++) {
        struct part *part = &unit->part[i], **at = &part->run->parts;
        while (*at != part)
            at = &(*at)->next;
        *at = part->next;
    }
    void **slot = &bt->table[unit->mode][unit->eip % TABLE_SLOTS];
    if (*slot == unit->pad)
        *slot = bt->stub_miss;
    bt->counters.invalidations++;
    if (bt->trace)
        trace_gone(bt, unit);
}
