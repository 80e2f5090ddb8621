#include "core/stats/stats.h"

#include <string.h>

json_t *stats_group(json_t *stats, const char *group)
{
    json_t *found = json_object_get(stats, group);
    if (found)
        return found;
    json_object_set_new(stats, group, json_object());
    return json_object_get(stats, group);
}

void stats_add_integer(json_t *stats, const char *group, const char *name, uint64_t value)
{
    json_object_set_new(stats_group(stats, group), name, json_integer((json_int_t)value));
}

void stats_add(json_t *stats, const char *group, const struct stats_row *rows, unsigned count, const void *counters)
{
    json_t *object = stats_group(stats, group);
    for (unsigned i = 0; i < count; i++) {
        uint64_t value = 0;
        if (counters)
            memcpy(&value, (const char *)counters + rows[i].offset, sizeof value);
        json_object_set_new(
            object, rows[i].name, counters ? json_integer((json_int_t)value) : json_string(rows[i].meaning));
    }
}
