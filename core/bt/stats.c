/* stats.c - the translator's counters by name. A new counter is a field of struct bt_counters, a row here, and a line
 * in sdk/doc/statistics.md. */
#include "core/bt/internal.h"
#include "core/stats/stats.h"

#define ROW(field, what) STATS_ROW(struct bt_counters, field, what)

static const struct stats_row rows[] = {
    ROW(units, "units translated"),
    ROW(source_bytes, "bytes of guest code in them"),
    ROW(code_bytes, "bytes of host code in them"),
    ROW(entries, "times translated code was entered from the loop"),
    ROW(chains, "exits of units linked to another unit"),
    ROW(unchains, "links taken back"),
    ROW(indirect_misses, "indirect jumps whose target was not in the table"),
    ROW(opens, "slots of the jump table opened: no look at the page until translations change"),
    ROW(closes, "times translations changed, and open slots were closed"),
    ROW(invalidations, "units dropped because their source was written"),
    ROW(invalidated_by_map, "units dropped because what stands at physical addresses changed"),
    ROW(loosened, "times a page was left to its units to compare, because stores to it cost too much"),
    ROW(tightened, "times stores to such a page were noticed again"),
    ROW(stale, "comparisons of a unit with its source that failed"),
    ROW(revived, "units taken up again, because their source came back"),
    ROW(reloads, "instructions translated to read their constant from their source"),
    ROW(flushes, "times all units were dropped"),
    ROW(evictions, "times the oldest part of the cache was emptied for new units"),
    ROW(evicted, "units dropped by that"),
    ROW(kicks, "times another thread stopped translated code"),
    ROW(kick_steps, "host instructions single-stepped to reach a boundary after a kick"),
    ROW(softened, "instructions translated anew to reach memory by the TLB, because windows did not serve them"),
    ROW(forgiven, "units dropped because such an instruction is to try its window again"),
    ROW(translated,
        "instructions that translated code did itself, on the instruction clock; all others in `instructions` were the "
        "interpreter's"),
    ROW(callouts, "instructions left to the interpreter from inside translated code"),
    ROW(leaves, "callouts after which the loop had something to do"),
};

/* Counts by opcode, those that are worth a look. */
static json_t *by_opcode(const uint64_t counts[4][256], uint64_t all)
{
    static const char *const maps[4] = { "", "0f ", "0f38 ", "0f3a " };
    json_t *object = json_object();
    for (unsigned map = 0; map < 4; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            uint64_t count = counts[map][opcode];
            if (count * 1000 > all) {
                char name[16];
                snprintf(name, sizeof(name), "%s%02x", maps[map], opcode);
                json_object_set_new(object, name, json_integer((json_int_t)count));
            }
        }
    }
    return object;
}

void bt_stats(const struct bt *bt, json_t *stats)
{
    stats_add(stats, "bt", rows, STATS_COUNT(rows), bt ? &bt->counters : NULL);
    if (!bt || bt->windows)
        windows_stats(bt ? bt->windows : NULL, stats);
    const struct bt_counters *c = bt ? &bt->counters : NULL;
    json_object_set_new(stats_group(stats, "bt"), "callouts_by_opcode",
        c ? by_opcode(c->by_opcode, c->callouts)
          : json_string("those callouts by map and opcode that are more than one in 1000"));
    json_object_set_new(stats_group(stats, "bt"), "leaves_by_opcode",
        c ? by_opcode(c->leaves_by_opcode, c->leaves)
          : json_string("those leaves by map and opcode that are more than one in 1000"));
}
