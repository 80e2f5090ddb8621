/* isolate_char.c - character streams of a device in a process of its own, both sides.
 *
 * The plugin holds the worker's stand-in of the stream, the backend has the machine's stand-in of the plugin as its
 * client:
 *
 *     worker:  abbey_char_write()  -> ASK_CHAR_WRITE, bytes as data  -> machine: the backend's write()
 *     machine: the backend calls receive() -> CALL_RECEIVE, bytes as data -> worker: the plugin's receive()
 *
 * Either side copies the bytes out before it does anything else, because the next message takes their place. While the
 * worker is dead there is no room for anything; what comes waits with the backend until it is started again. */
#include <string.h>

#include "core/machine/isolate_worker.h"

#define PART 4096u /* bytes a message */

/* ---- the worker: what the plugin calls ---- */

static int32_t stream_attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct isolate_stream *s = (struct isolate_stream *)chr;
    memcpy(&s->client, client, client->size < sizeof s->client ? client->size : sizeof s->client);
    s->self = self;
    return (int32_t)isolate_ask(ASK_CHAR_ATTACH, s->index, 0, 0, 0);
}

static uint32_t stream_write(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    struct isolate_stream *s = (struct isolate_stream *)chr;
    uint32_t done = 0;
    while (done < count) {
        uint32_t part = count - done < PART ? count - done : PART;
        memcpy(s->isolate->wire->data, bytes + done, part);
        uint32_t taken = (uint32_t)isolate_ask(ASK_CHAR_WRITE, s->index, part, 0, 0);
        done += taken < part ? taken : part;
        if (taken < part)
            break;
    }
    return done;
}

static void stream_accept(abbey_char *chr)
{
    isolate_note(NOTE_ACCEPT, ((struct isolate_stream *)chr)->index, 0);
}

static const abbey_char_ops_1 stream_ops = {
    .size = sizeof stream_ops, .attach = stream_attach, .write = stream_write, .accept = stream_accept
};

void isolate_streams_take(struct isolate *isolate)
{
    for (uint32_t i = 0; i < isolate->stream_count; i++) {
        struct isolate_stream *s = &isolate->streams[i];
        const abbey_char *handle = &s->handle;
        s->handle.ops = &stream_ops;
        memcpy((uint8_t *)isolate->device->self + s->offset, &handle, sizeof handle);
    }
}

int64_t isolate_stream_call(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    const struct isolate_stream *s = &isolate->streams[args[0]];
    uint32_t value = (uint32_t)args[1];
    uint8_t bytes[PART];
    switch (kind) {
    case CALL_ROOM: return s->client.room(s->self);
    case CALL_RECEIVE:
        memcpy(bytes, isolate->wire->data, value);
        s->client.receive(s->self, bytes, value);
        break;
    case CALL_WRITABLE:
        if (s->client.writable)
            s->client.writable(s->self);
        break;
    default:
        if (s->client.event)
            s->client.event(s->self, value);
        break;
    }
    return 0;
}

/* ---- the machine: what the backend calls ---- */

static uint32_t client_room(void *self)
{
    struct isolate_stream *s = self;
    const uint64_t args[] = { s->index };
    int64_t room;
    if (!isolate_call(s->isolate, CALL_ROOM, args, 1, &room) || room < 0)
        return 0;
    return room < PART ? (uint32_t)room : PART;
}

static void client_receive(void *self, const uint8_t *bytes, uint32_t count)
{
    struct isolate_stream *s = self;
    for (uint32_t done = 0; done < count && !s->isolate->dead;) {
        uint32_t part = count - done < PART ? count - done : PART;
        const uint64_t args[] = { s->index, part };
        memcpy(s->isolate->wire->data, bytes + done, part);
        isolate_call(s->isolate, CALL_RECEIVE, args, 2, NULL);
        done += part;
    }
}

static void client_writable(void *self)
{
    struct isolate_stream *s = self;
    const uint64_t args[] = { s->index };
    isolate_call(s->isolate, CALL_WRITABLE, args, 1, NULL);
}

static void client_event(void *self, uint32_t event)
{
    struct isolate_stream *s = self;
    const uint64_t args[] = { s->index, event };
    isolate_call(s->isolate, CALL_EVENT, args, 2, NULL);
}

static const abbey_char_client_1 client = { .size = sizeof client,
    .room = client_room,
    .receive = client_receive,
    .writable = client_writable,
    .event = client_event };

bool isolate_stream_add(struct isolate *isolate, const abbey_prop *prop)
{
    uint32_t index = isolate->stream_count;
    if (index == ISOLATE_STREAMS) {
        device_fail(isolate->device, "isolate: it has more than %u streams", ISOLATE_STREAMS);
        return false;
    }
    struct isolate_stream *s = &isolate->streams[isolate->stream_count++];
    *s = (struct isolate_stream){ .isolate = isolate, .index = index, .offset = prop->offset };
    memcpy(&s->real, (const uint8_t *)isolate->device->self + prop->offset, sizeof s->real);
    return true;
}

int64_t isolate_stream_serve(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args)
{
    struct isolate_stream *s = args[0] < isolate->stream_count ? &isolate->streams[args[0]] : NULL;
    uint8_t bytes[PART];
    if (!s || (kind == ASK_CHAR_WRITE && args[1] > PART))
        return -1;
    if (kind == ASK_CHAR_WRITE) {
        memcpy(bytes, isolate->wire->data, args[1]);
        return abbey_char_write(s->real, bytes, (uint32_t)args[1]);
    }
    if (!s->attached && abbey_char_attach(s->real, &client, s) != 0)
        return -1;
    s->attached = true; /* for good: a worker that is started again finds it so */
    return 0;
}
