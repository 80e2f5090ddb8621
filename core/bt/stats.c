#include "core/bt/internal.h"

static void add(json_t *object, const char *name, uint64_t value)
{
    json_object_set_new(object, name, json_integer((json_int_t)value));
}

/* The callouts by opcode, those that are worth a look. */
static json_t *by_opcode(const struct bt_counters *counters)
{
    static const char *const maps[4] = { "", "0f ", "0f38 ", "0f3a " };
    json_t *object = json_object();
    for (unsigned map = 0; map < 4; map++) {
        for (unsigned opcode = 0; opcode < 256; opcode++) {
            uint64_t count = counters->by_opcode[map][opcode];
            if (count * 1000 > counters->callouts) {
                char name[16];
                snprintf(name, sizeof(name), "%s%02x", maps[map], opcode);
                add(object, name, count);
            }
        }
    }
    return object;
}

json_t *bt_stats(const struct bt *bt)
{
    const struct bt_counters *c = &bt->counters;
    json_t *object = json_object();
    add(object, "units", c->units);
    add(object, "source_bytes", c->source_bytes);
    add(object, "code_bytes", c->code_bytes);
    add(object, "entries", c->entries);
    add(object, "chains", c->chains);
    add(object, "unchains", c->unchains);
    add(object, "indirect_misses", c->indirect_misses);
    add(object, "invalidations", c->invalidations);
    add(object, "flushes", c->flushes);
    add(object, "kicks", c->kicks);
    add(object, "kick_steps", c->steps);
    add(object, "callouts", c->callouts);
    json_object_set_new(object, "callouts_by_opcode", by_opcode(c));
    return object;
}
