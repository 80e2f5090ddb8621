/* stats.h - counters as tables. A group of counters is a struct of uint64_t fields; a row gives a field its name in
 * --stats and says what it counts. Whoever counts something adds a field and a row, and a line to
 * sdk/doc/statistics.md, where a test looks for it.
 *
 *     struct tlb_counters { uint64_t fills; };
 *     static const struct stats_row rows[] = { STATS_ROW(struct tlb_counters, fills, "translations walked") };
 *     stats_add(stats, "mmu", rows, STATS_COUNT(rows), &tlb->counters); */
#ifndef ABBEY_CORE_STATS_H
#define ABBEY_CORE_STATS_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

struct stats_row {
    const char *name;
    uint32_t offset; /* of a uint64_t */
    const char *meaning;
};

/* The row of a field; any other type than uint64_t does not compile. */
#define STATS_ROW(type, field, what) STATS_ROW_AS(#field, type, field, what)
#define STATS_ROW_AS(name, type, field, what)                                                                      \
    {                                                                                                              \
        (name), (uint32_t)(offsetof(type, field) + 0 * sizeof(_Generic(((type *)0)->field, uint64_t : 1))), (what) \
    }
#define STATS_COUNT(rows) ((unsigned)(sizeof(rows) / sizeof((rows)[0])))

/* Adds the counters to the group of that name, which is made when it is missing. With `counters` NULL their meanings
 * are added in place of their values. [any] */
void stats_add(json_t *stats, const char *group, const struct stats_row *rows, unsigned count, const void *counters);

/* One value that no row can hold. */
void stats_add_integer(json_t *stats, const char *group, const char *name, uint64_t value);

/* The object of a group, made when it is missing; borrowed. NULL when memory is short. */
json_t *stats_group(json_t *stats, const char *group);

#endif
