/* switch_table.c - which address is behind which port, learned from the frames that came from there. */
#include <string.h>

#include "switch.h"

static uint32_t slot(const uint8_t *address)
{
    uint32_t hash = 2166136261u;
    for (unsigned i = 0; i < 6; i++)
        hash = (hash ^ address[i]) * 16777619u;
    return (hash ^ hash >> 16) % SWITCH_TABLE;
}

void switch_learn(struct switch_port *sw, const uint8_t *frame, uint32_t from)
{
    struct switch_entry *entry = &sw->table[slot(frame + 6)];
    if (frame[6] & 1)
        return; /* no station has the address of a group */
    memcpy(entry->address, frame + 6, 6);
    entry->where = (uint8_t)(from + 1);
}

uint32_t switch_find(const struct switch_port *sw, const uint8_t *frame)
{
    const struct switch_entry *entry = &sw->table[slot(frame)];
    bool known = !(frame[0] & 1) && entry->where && memcmp(entry->address, frame, 6) == 0;
    return known ? entry->where - 1u : SWITCH_ALL;
}

void switch_forget(struct switch_port *sw, uint32_t where)
{
    for (unsigned i = 0; i < SWITCH_TABLE; i++)
        if (sw->table[i].where == where + 1)
            sw->table[i].where = 0;
}
