/* cache.c - memory for translated code and the records of units.
 *
 * One memory object is mapped twice: translation writes through one mapping, the processor executes through the other,
 * and no page is ever both writable and executable at one address. It is divided into segments. In each, code grows
 * from the front and records (points, links, copies of instructions) grow from the back, so that the one number that a
 * user sets bounds both, whatever their proportion. When a segment is full the next one is emptied and used: the oldest
 * units go, some at a time, and those that are still wanted are made again. */
#include "core/bt/internal.h"

#include <stdlib.h>
#include <string.h>

#define UNIT_ROOM (64u << 10) /* more than the longest unit and its record take */
#define SEGMENT_MIN (256u << 10)

static void segments_make(struct bt *bt)
{
    uint64_t segments = bt->bytes / SEGMENT_MIN;
    bt->segments = segments < SEGMENTS ? (unsigned)segments : SEGMENTS;
    uint64_t each = bt->bytes / bt->segments & ~(uint64_t)0xfff;
    for (unsigned i = 0; i < bt->segments; i++) {
        struct cache_segment *segment = &bt->segment[i];
        segment->start = segment->code = bt->write + i * each;
        segment->end = segment->records = segment->start + each;
    }
    struct code code = { .at = bt->write, .end = bt->segment[0].end, .to_exec = bt->exec - bt->write };
    stubs_make(bt, &code);
    bt->first_unit = bt->segment[0].start = bt->segment[0].code = code.at;
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
    segments_make(bt);
    return true;
}

void cache_free(struct bt *bt)
{
    tables_free(bt);
    for (unsigned i = 0; i < bt->segments; i++)
        free(bt->segment[i].order);
    if (bt->exec)
        bt->host->release(bt->exec, bt->bytes);
    if (bt->write)
        bt->host->release(bt->write, bt->bytes);
    if (bt->object)
        bt->host->destroy(bt->object);
}

static void segment_reset(struct cache_segment *segment)
{
    segment->code = segment->start;
    segment->records = segment->end;
    segment->count = 0;
}

void cache_flush(struct bt *bt)
{
    for (unsigned i = 0; i < bt->segments; i++)
        segment_reset(&bt->segment[i]);
    memset(bt->bucket, 0, sizeof(bt->bucket));
    bt->link = NULL;
    tables_clear(bt);
    bt->counters.flushes++;
    if (bt->trace)
        trace_flushed(bt);
}

/* Empties the oldest segment and makes it the one to fill. */
void cache_evict(struct bt *bt)
{
    bt->filling = (bt->filling + 1) % bt->segments;
    struct cache_segment *segment = &bt->segment[bt->filling];
    for (uint32_t i = 0; i < segment->count; i++) {
        if (segment->order[i]->dead)
            continue;
        unit_drop(bt, segment->order[i]);
        bt->counters.evicted++;
    }
    bt->counters.evictions += segment->count != 0;
    bt->link = NULL;
    segment_reset(segment);
}

/* Can the array take one more? */
static bool order_room(struct cache_segment *segment)
{
    if (segment->count < segment->room)
        return true;
    uint32_t room = segment->room ? 2 * segment->room : 1024;
    struct unit **order = realloc(segment->order, room * sizeof(struct unit *));
    if (!order)
        return false;
    segment->order = order;
    segment->room = room;
    return true;
}

struct unit *cache_unit(
    struct bt *bt, struct code *code, unsigned count, unsigned parts, unsigned links, unsigned chunks)
{
    if (bt->segment[bt->filling].records - bt->segment[bt->filling].code < UNIT_ROOM)
        cache_evict(bt);
    struct cache_segment *segment = &bt->segment[bt->filling];
    if (!order_room(segment))
        return NULL;
    uint64_t room =
        sizeof(struct unit) + count * sizeof(struct point) + parts * sizeof(struct part) + links * sizeof(struct link);
    room = ((room + 15) & ~(uint64_t)15) + chunks * sizeof(struct chunk);
    uint8_t *record = segment->records - room;
    struct unit *unit = memset(record, 0, room);
    unit->part = (struct part *)(void *)&unit->point[count];
    unit->link = (struct link *)(void *)&unit->part[parts];
    unit->chunk = (struct chunk *)(void *)(record + room) - chunks;
    *code = (struct code){
        .at = segment->code, .end = record - count * sizeof(struct insn), .to_exec = bt->exec - bt->write
    };
    return unit;
}

void cache_keep(struct bt *bt, struct unit *unit, uint8_t *code, uint8_t *records)
{
    struct cache_segment *segment = &bt->segment[bt->filling];
    segment->code = code;
    segment->records = records - ((uintptr_t)records & 15);
    segment->order[segment->count++] = unit;
    bt->counters.units++;
    bt->counters.code_bytes += (uint64_t)(unit->end - unit->closed);
    if (bt->trace)
        trace_made(bt, unit);
}

struct unit *cache_find(const struct bt *bt, const uint8_t *rip)
{
    const uint8_t *at = rip + (bt->write - bt->exec);
    const struct cache_segment *segment = bt->segment;
    while (segment < bt->segment + bt->segments && at >= segment->end)
        segment++;
    if (segment == bt->segment + bt->segments)
        return NULL;
    uint32_t low = 0, high = segment->count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (segment->order[middle]->end <= rip)
            low = middle + 1;
        else
            high = middle;
    }
    return low < segment->count && segment->order[low]->closed <= rip ? segment->order[low] : NULL;
}
