/* isolate_worker.c - the process that a plugin has to itself: its base, its calls, its loop.
 *
 * Everything that runs in the worker (this file, isolate_ask.c, isolate_offers.c, half of isolate_char.c) has one
 * thread and began as a copy of the machine's process. It may look at what does not change (the description of the
 * device, the plugin), and at nothing else of the machine; all that is shared is the wire and the instance. */
#include "core/machine/isolate_worker.h"

#include <stdlib.h>
#include <string.h>

/* The one device of this process. */
static struct {
    abbey_dev dev;
    abbey_base_1 base;
    struct isolate *isolate;
    struct isolate_wire *wire;
    void *self;
} w;

/* ---- the base ---- */

static const void *base_query(abbey_dev *dev, const char *id)
{
    const void *table = isolate_offer(id);
    (void)dev;
    if (!table && strcmp(id, ABBEY_CONTROL_1) != 0) /* which a plugin asks for as it can be done without */
        isolate_reason("it asks for '%s', which an isolated device does not get; take `isolate: true` away", id);
    return table;
}

static int32_t base_fail(abbey_dev *dev, const char *format, va_list args)
{
    (void)dev;
    isolate_reason_text(format, args);
    return -1;
}

static void base_log(abbey_dev *dev, uint32_t level, const char *format, va_list args)
{
    (void)dev;
    vsnprintf((char *)w.wire->data, 1024, format, args);
    isolate_ask(ASK_LOG, level, 0, 0, 0);
}

static void *base_alloc(abbey_dev *dev, uint64_t bytes)
{
    size_t rounded = ((size_t)bytes + 63) & ~(size_t)63;
    void *memory = bytes < SIZE_MAX - 64 ? aligned_alloc(64, rounded ? rounded : 64) : NULL;
    (void)dev;
    return memory ? memset(memory, 0, rounded) : NULL;
}

static uint64_t base_now(abbey_dev *dev)
{
    (void)dev;
    return w.wire->now;
}

/* ---- calls ---- */

static int64_t call(enum isolate_kind kind, const uint64_t *args)
{
    const abbey_device *real = w.isolate->real;
    switch (kind) {
    case CALL_CREATE: return real->create(&w.dev, w.self);
    case CALL_RESET: real->reset(w.self); return 0;
    case CALL_LOADED: return real->loaded(w.self);
    case CALL_UPGRADE: return real->upgrade(w.self, (uint32_t)args[0]);
    case CALL_DESTROY: real->destroy(w.self); return 0;
    case CALL_ROOM:
    case CALL_RECEIVE:
    case CALL_WRITABLE:
    case CALL_EVENT: return isolate_stream_call(w.isolate, kind, args);
    default: return isolate_offer_call(kind, args);
    }
}

/* Does what the message says, and makes the answer; the caller gives the turn. */
static void obey(void)
{
    w.base.log_level = w.wire->log_level;
    int64_t result = call(w.wire->kind, w.wire->args);
    w.wire->result = result;
    w.wire->kind = ISOLATE_REPLY;
}

void isolate_worker(void *opaque)
{
    struct isolate *isolate = opaque;
    w.isolate = isolate;
    w.wire = isolate->wire;
    w.self = isolate->device->self;
    w.base = (abbey_base_1){ .size = sizeof w.base,
        .query = base_query,
        .fail = base_fail,
        .log = base_log,
        .alloc = base_alloc,
        .now = base_now };
    w.dev.base = &w.base;
    isolate_offers_take(isolate);
    isolate_streams_take(isolate);
    isolate_listen(isolate, obey);
}
