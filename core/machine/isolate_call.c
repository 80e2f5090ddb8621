/* isolate_call.c - the machine's end of the wire: calls of the worker, the questions that come before the answer, and
 * the queue of what needs none. Whose turn it is stands in the shared memory; who waits for it looks for a little
 * while, then sleeps. */
#include "core/machine/isolate.h"

#include <string.h>

#define SPINS 300u
#define LOOK (50 * ABBEY_MS) /* between looks whether a silent worker is still there */
#define LIMIT (5 * ABBEY_SEC)
#define SMALL 8192u /* an instance up to this is saved behind every call, */
#define SELDOM 64u  /* a larger one behind each of so many */

static void doing_note(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    static const char *const names[] = { [CALL_CREATE] = "create()",
        [CALL_RESET] = "reset()",
        [CALL_LOADED] = "loaded()",
        [CALL_UPGRADE] = "upgrade()",
        [CALL_DESTROY] = "destroy()",
        [CALL_CONFIG] = "config_written()",
        [CALL_TIMER] = "the callback of a timer",
        [CALL_READY] = "the callback of a DMA channel",
        [CALL_ROOM] = "room() of a stream",
        [CALL_RECEIVE] = "receive() of a stream",
        [CALL_WRITABLE] = "writable() of a stream",
        [CALL_EVENT] = "event() of a stream" };
    if (kind == CALL_REGION || kind == CALL_BAR) {
        const abbey_io io = { .addr = args[1], .offset = args[2], .size = (uint8_t)args[4], .write = args[5] != 0 };
        call_io_text(&io, isolate->doing, sizeof isolate->doing);
    } else {
        snprintf(isolate->doing, sizeof isolate->doing, "%s", names[kind]);
    }
}

/* Waits for the turn. False when the worker has died or must be ended, with the reason. */
static bool turn_wait(struct isolate *isolate, abbey_error *how)
{
    uint32_t *turn = &isolate->wire->turn;
    uint64_t since = 0;
    for (unsigned spins = 0; __atomic_load_n(turn, __ATOMIC_ACQUIRE) != ISOLATE_MACHINE; spins++) {
        if (spins < SPINS) {
            __builtin_ia32_pause();
            continue;
        }
        isolate->processes->wait(turn, ISOLATE_WORKER, LOOK);
        if (__atomic_load_n(turn, __ATOMIC_ACQUIRE) == ISOLATE_MACHINE)
            return true;
        if (isolate->processes->ended(isolate->process, how))
            return false;
        since = since ? since : isolate->clock->monotonic();
        if (isolate->clock->monotonic() - since > LIMIT) {
            snprintf(how->text, sizeof how->text, "no answer for %llu seconds", LIMIT / ABBEY_SEC);
            return false;
        }
    }
    return true;
}

static void turn_give(struct isolate *isolate)
{
    struct board *board = isolate->device->board;
    isolate->wire->now = board->owner.now(board->opaque);
    isolate->wire->log_level = isolate->device->base.log_level;
    __atomic_store_n(&isolate->wire->turn, ISOLATE_WORKER, __ATOMIC_RELEASE);
    isolate->processes->wake(&isolate->wire->turn);
}

void isolate_save(struct isolate *isolate)
{
    uint64_t bytes = isolate->real->self_size;
    if (bytes <= SMALL || isolate->saves++ % SELDOM == 0)
        memcpy(isolate->saved, isolate->device->self, bytes);
}

/* Carries out the queue; as little is believed of it as in isolate_serve.c. */
static void notes_do(struct isolate *isolate)
{
    struct isolate_wire *wire = isolate->wire;
    uint32_t count = wire->queue_count < ISOLATE_QUEUE ? wire->queue_count : ISOLATE_QUEUE;
    struct isolate_noted queue[ISOLATE_QUEUE];
    wire->queue_count = 0;
    memcpy(queue, wire->queue, count * sizeof queue[0]);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t index = queue[i].index;
        uint64_t value = queue[i].value;
        switch (queue[i].note) {
        case NOTE_LINE:
            if (index < isolate->line_count)
                abbey_irq_set(&isolate->lines[index]->handle, value != 0);
            break;
        case NOTE_ARM:
            if (index < isolate->timer_count)
                timer_set(isolate->timers[index].timer, value);
            break;
        case NOTE_SHOW:
            if (index < isolate->region_count)
                abbey_region_enable(&isolate->regions[index].region->handle, value != 0);
            break;
        case NOTE_PLACE:
            if (index < isolate->region_count)
                abbey_region_move(&isolate->regions[index].region->handle, value);
            break;
        case NOTE_ACCEPT:
            if (index < isolate->stream_count)
                abbey_char_accept(isolate->streams[index].real);
            break;
        default: break;
        }
    }
}

bool isolate_call(
    struct isolate *isolate, enum isolate_kind kind, const uint64_t *args, unsigned count, int64_t *result)
{
    struct isolate_wire *wire = isolate->wire;
    abbey_error how = { "" };
    if (isolate->dead)
        return false;
    if (!isolate->depth)
        doing_note(isolate, kind, args);
    wire->kind = (uint32_t)kind;
    for (unsigned i = 0; i < count; i++)
        wire->args[i] = args[i];
    isolate->depth++;
    for (;;) {
        uint64_t asked[6];
        turn_give(isolate);
        if (!turn_wait(isolate, &how))
            break;
        /* Out of the wire before the notes, which may take calls of their own. */
        enum isolate_kind what = (enum isolate_kind)wire->kind;
        int64_t answered = wire->result;
        memcpy(asked, wire->args, sizeof asked);
        notes_do(isolate);
        if (what == ISOLATE_REPLY) {
            isolate->depth--;
            if (result)
                *result = answered;
            if (!isolate->depth)
                isolate_save(isolate);
            return true;
        }
        int64_t answer = isolate->serve(isolate, what, asked);
        if (isolate->dead)
            break; /* in a call that the answer took */
        wire->result = answer;
        wire->kind = ISOLATE_REPLY;
    }
    isolate->depth--;
    isolate_die(isolate, how.text);
    return false;
}
