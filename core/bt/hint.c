/* hint.c - which instructions reach memory by the TLB although there is a window.
 *
 * An instruction whose accesses the window does not serve costs a host fault and a step of the interpreter each time,
 * some microseconds. So each is counted, and from SOFT_NOW on the instruction is translated with the TLB's access. What
 * is known stands beside units and runs, which go for other reasons, and by physical address, so that it holds wherever
 * the code is mapped. A wrong answer costs time alone.
 *
 * Code of the kernel that touches user memory always will. All other causes pass: a page that held code is written
 * over, one that was mapped for a moment is no more, a routine that copies memory has met a device. A kernel's copy
 * routine meets them all while it starts, and would be slow for ever after. So what was learned from them is forgiven
 * now and then, and costs SOFT_NOW faults where the cause is still there. */
#include "core/bt/internal.h"

#define FORGIVE_LOOKS 64u         /* the counter is looked at once in so many calls */
#define CHANGES 2u                /* of a constant, before it is reloaded */
#define FORGIVE_TICKS 1000000000u /* of the time-stamp counter: half a second, or a quarter */

static uint64_t hint_hash(gpa_t gpa)
{
    return gpa * 0x9e3779b97f4a7c15ull >> 32;
}

bool hint_soft(const struct bt *bt, gpa_t gpa, bool *passing)
{
    uint64_t hash = hint_hash(gpa);
    const struct hint *hint = &bt->hint[(hash >> 8) % HINT_SLOTS];
    if (hint->tag != (uint8_t)hash || hint->faults < SOFT_NOW)
        return false;
    *passing |= hint->passing;
    return true;
}

/* The hint of an instruction; another one's may have to go. */
static struct hint *hint_take(struct bt *bt, gpa_t gpa)
{
    uint64_t hash = hint_hash(gpa);
    struct hint *hint = &bt->hint[(hash >> 8) % HINT_SLOTS];
    if (hint->tag != (uint8_t)hash)
        *hint = (struct hint){ .tag = (uint8_t)hash, .passing = true };
    return hint;
}

void hint_change(struct bt *bt, gpa_t gpa)
{
    struct hint *hint = hint_take(bt, gpa);
    if (hint->changes < CHANGES)
        hint->changes++;
}

bool hint_reload(const struct bt *bt, gpa_t gpa)
{
    uint64_t hash = hint_hash(gpa);
    const struct hint *hint = &bt->hint[(hash >> 8) % HINT_SLOTS];
    return hint->tag == (uint8_t)hash && hint->changes == CHANGES;
}

bool hint_raise(struct bt *bt, gpa_t gpa, bool passing)
{
    struct hint *hint = hint_take(bt, gpa);
    hint->passing = hint->passing && passing;
    if (hint->faults < SOFT_NOW)
        hint->faults++;
    if (hint->passing && hint->faults == SOFT_NOW && !bt->passing_since)
        bt->passing_since = __builtin_ia32_rdtsc();
    return hint->faults == SOFT_NOW;
}

void bt_hint_user(struct bt *bt, gpa_t gpa)
{
    *hint_take(bt, gpa) = (struct hint){ .tag = (uint8_t)hint_hash(gpa), .faults = SOFT_NOW };
}

void hint_forgive(struct bt *bt)
{
    if (!bt->passing_since || ++bt->passing_looks % FORGIVE_LOOKS ||
        __builtin_ia32_rdtsc() - bt->passing_since < FORGIVE_TICKS)
        return;
    bt->passing_since = 0;
    for (unsigned i = 0; i < HINT_SLOTS; i++)
        if (bt->hint[i].passing)
            bt->hint[i].faults = 0;
    for (unsigned i = 0; i < bt->passings; i++) {
        const struct passing *passing = &bt->passing[i];
        struct unit *unit = unit_find(bt, passing->key, passing->eip, passing->mode);
        if (!unit || !unit->passing) /* it went for another reason */
            continue;
        unit_drop(bt, unit);
        bt->counters.forgiven++;
    }
    bt->passings = 0;
}

void hint_note(struct bt *bt, const struct unit *unit)
{
    if (unit->passing && bt->passings < PASSINGS)
        bt->passing[bt->passings++] = (struct passing){ unit->key, unit->eip, unit->mode };
}
