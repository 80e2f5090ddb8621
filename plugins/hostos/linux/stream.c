/* stream.c - bytes between a device and file descriptors.
 *
 * Device to descriptor: write() puts bytes in a ring and rings the bell (an eventfd) once; the I/O thread empties the
 * ring with as few system calls as it can. So a virtual CPU that prints byte by byte pays a system call per burst and
 * never waits for a reader. A full ring makes a short write; writable() follows when half of it is free again.
 *
 * Descriptor to device: read when ready, handed over as the device has room(). A device without room stops the reading,
 * which pushes back on a pipe; but where a filter looks for the console's keys reading goes on, or a guest that hangs
 * could not be quit. */
#include "stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define DRAIN_STALL_MS 2000 /* at the end: how long a reader may take nothing */
#define DRAIN_TOTAL_MS 10000u

static void end_clear(struct stream *stream, struct stream_end *end)
{
    if (end->watch)
        stream->event->unwatch(end->watch);
    end_close(end);
}

/* ---- Output ---- */

static void bell_ring(struct stream *stream)
{
    if (stream->rung || stream->bell_fd < 0)
        return;
    stream->rung = true;
    uint64_t one = 1;
    ssize_t written = write(stream->bell_fd, &one, sizeof one);
    (void)written;
}

static void out_lost(struct stream *stream, int why)
{
    if (why != EPIPE && why != ECONNRESET)
        abbey_log(stream->dev, ABBEY_LOG_ERROR, "cannot write: %s; output from here on is lost", strerror(why));
    stream->out_count = 0;
    end_clear(stream, &stream->out);
    if (stream->hooks && stream->hooks->output_ended)
        stream->hooks->output_ended(stream);
}

/* Writes until the ring is empty or the descriptor full. */
static void out_flush(struct stream *stream)
{
    while (stream->out_count && stream->out.fd >= 0) {
        uint32_t run = STREAM_OUT - stream->out_first;
        if (run > stream->out_count)
            run = stream->out_count;
        ssize_t done = end_write(&stream->out, stream->out_bytes + stream->out_first, run);
        if (done < 0) {
            if (errno == EINTR)
                continue;
            if (errno != EAGAIN && errno != EWOULDBLOCK)
                out_lost(stream, errno);
            break;
        }
        stream->out_first = (stream->out_first + (uint32_t)done) % STREAM_OUT;
        stream->out_count -= (uint32_t)done;
    }
    stream->out_waiting = stream->out_count != 0;
    if (stream->out.watch)
        stream->event->rewatch(stream->out.watch, stream->out_waiting ? ABBEY_EVENT_WRITE : 0);
}

/* After room was made. The device may write again from inside writable(). */
static void out_tell(struct stream *stream)
{
    if (!stream->short_write || stream->out_count > STREAM_OUT / 2)
        return;
    stream->short_write = false;
    if (stream->client && stream->client->writable)
        stream->client->writable(stream->client_self);
}

static void on_out(void *arg, uint32_t events)
{
    struct stream *stream = arg;
    struct pollfd gone = { .fd = stream->out.fd };
    if (events & ABBEY_EVENT_WRITE)
        out_flush(stream);
    else if (poll(&gone, 1, 0) == 1) /* a far side that only sends no more (EPOLLRDHUP) may still be reading */
        out_lost(stream, EPIPE);
    out_tell(stream);
}

uint32_t stream_write(struct stream *stream, const uint8_t *bytes, uint32_t count)
{
    if (stream->out.fd < 0)
        return count; /* a line that nobody reads */
    uint32_t room = STREAM_OUT - stream->out_count;
    uint32_t taken = count < room ? count : room;
    uint32_t place = (stream->out_first + stream->out_count) % STREAM_OUT;
    uint32_t run = STREAM_OUT - place < taken ? STREAM_OUT - place : taken;
    memcpy(stream->out_bytes + place, bytes, run);
    memcpy(stream->out_bytes, bytes + run, taken - run);
    stream->out_count += taken;
    if (taken < count)
        stream->short_write = true;
    if (!stream->loop)
        out_flush(stream);
    else if (!stream->out_waiting)
        bell_ring(stream);
    return taken;
}

static uint32_t chr_write(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    return stream_write((struct stream *)chr, bytes, count);
}

/* ---- Input ---- */

void stream_event(struct stream *stream, uint32_t event)
{
    if (stream->client && stream->client->event)
        stream->client->event(stream->client_self, event);
}

static bool in_filtered(const struct stream *stream)
{
    return stream->hooks && stream->hooks->filter;
}

static void in_rewatch(struct stream *stream)
{
    if (stream->in.watch)
        stream->event->rewatch(
            stream->in.watch, stream->in_count < STREAM_IN || in_filtered(stream) ? ABBEY_EVENT_READ : 0);
}

void stream_deliver(struct stream *stream)
{
    uint32_t given = 0;
    while (stream->client && given < stream->in_count) {
        uint32_t room = stream->client->room(stream->client_self);
        uint32_t count = stream->in_count - given < room ? stream->in_count - given : room;
        if (!count)
            break;
        stream->client->receive(stream->client_self, stream->in_bytes + given, count);
        given += count;
    }
    if (!given)
        return;
    stream->in_count -= given;
    memmove(stream->in_bytes, stream->in_bytes + given, stream->in_count);
    in_rewatch(stream);
}

static void in_end(struct stream *stream)
{
    end_clear(stream, &stream->in);
    if (stream->hooks && stream->hooks->input_ended)
        stream->hooks->input_ended(stream);
}

static void on_in(void *arg, uint32_t events)
{
    struct stream *stream = arg;
    uint8_t raw[STREAM_IN], filtered[STREAM_IN];
    uint32_t room = STREAM_IN - stream->in_count;
    (void)events; /* after a hang-up there may be bytes left, and then read() says that it was the end */
    if (!room && !in_filtered(stream))
        return; /* a hang-up, and the device must take something first */
    ssize_t got = end_read(&stream->in, raw, in_filtered(stream) ? sizeof raw : room);
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR))
        return;
    if (got <= 0) { /* the end; EIO where a terminal has gone */
        in_end(stream);
        return;
    }
    const uint8_t *bytes = raw;
    uint32_t count = (uint32_t)got;
    if (in_filtered(stream)) {
        count = stream->hooks->filter(stream, raw, count, filtered);
        bytes = filtered;
        room = STREAM_IN - stream->in_count;
    }
    if (count > room)
        count = room;
    memcpy(stream->in_bytes + stream->in_count, bytes, count);
    stream->in_count += count;
    stream_deliver(stream);
    in_rewatch(stream);
}

/* The device has room. It may say so on a virtual CPU's thread, while receive() is for the I/O thread alone. */
static void chr_accept(abbey_char *chr)
{
    struct stream *stream = (struct stream *)chr;
    if (stream->in_count)
        bell_ring(stream);
}

/* ---- Making and ending ---- */

static void on_bell(void *arg, uint32_t events)
{
    struct stream *stream = arg;
    uint64_t count;
    ssize_t got = read(stream->bell_fd, &count, sizeof count);
    (void)got;
    (void)events;
    stream->rung = false;
    if (!stream->started) {
        stream->started = true;
        if (stream->hooks && stream->hooks->started)
            stream->hooks->started(stream);
    }
    if (!stream->out_waiting)
        out_flush(stream);
    out_tell(stream);
    stream_deliver(stream);
}

static int32_t chr_attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    struct stream *stream = (struct stream *)chr;
    if (stream->client)
        return -1;
    stream->client = client;
    stream->client_self = self;
    return 0;
}

static const abbey_char_ops_1 stream_ops = {
    .size = sizeof(abbey_char_ops_1),
    .attach = chr_attach,
    .write = chr_write,
    .accept = chr_accept,
};

int32_t stream_init(struct stream *stream, abbey_dev *dev, const struct stream_hooks *hooks)
{
    stream->chr.ops = &stream_ops;
    stream->dev = dev;
    stream->hooks = hooks;
    stream->in.fd = stream->out.fd = stream->bell_fd = -1;
    stream->event = (const abbey_host_event_1 *)abbey_query(dev, ABBEY_HOST_EVENT_1);
    stream->loop = abbey_loop_get(dev);
    if (!stream->event || !stream->loop) {
        stream->loop = NULL; /* the author's bench: files can still be written */
        return 0;
    }
    stream->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stream->bell_fd >= 0)
        stream->bell = stream->event->watch(stream->loop, stream->bell_fd, ABBEY_EVENT_READ, on_bell, stream);
    if (!stream->bell) {
        stream_close(stream);
        return abbey_fail(dev, "no bell for the event loop: %s", strerror(errno));
    }
    bell_ring(stream); /* started() comes as soon as the loop runs */
    return 0;
}

int32_t stream_set_input(struct stream *stream, int fd, bool owned)
{
    end_clear(stream, &stream->in);
    if (end_set(&stream->in, fd, owned, O_RDONLY) != 0)
        return -1;
    if (stream->loop)
        stream->in.watch = stream->event->watch(stream->loop, stream->in.fd, ABBEY_EVENT_READ, on_in, stream);
    if (!stream->in.watch)
        end_clear(stream, &stream->in);
    return stream->in.fd < 0 ? -1 : 0;
}

int32_t stream_set_output(struct stream *stream, int fd, bool owned)
{
    end_clear(stream, &stream->out);
    stream->out_count = 0;
    stream->out_waiting = false;
    if (end_set(&stream->out, fd, owned, O_WRONLY) != 0)
        return -1;
    if (stream->loop) {
        stream->out.watch = stream->event->watch(stream->loop, stream->out.fd, 0, on_out, stream);
        if (!stream->out.watch)
            end_clear(stream, &stream->out);
    }
    return stream->out.fd < 0 ? -1 : 0;
}

void stream_disconnect(struct stream *stream)
{
    end_clear(stream, &stream->in);
    end_clear(stream, &stream->out);
    stream->out_count = 0;
    stream->out_waiting = false;
    if (stream->short_write)
        bell_ring(stream);
}

static void out_drain(struct stream *stream)
{
    uint64_t end = clock_monotonic_ns() + DRAIN_TOTAL_MS * ABBEY_MS;
    for (;;) {
        out_flush(stream);
        if (!stream->out_count || stream->out.fd < 0)
            return;
        struct pollfd ask = { .fd = stream->out.fd, .events = POLLOUT };
        if (poll(&ask, 1, DRAIN_STALL_MS) == 0 || clock_monotonic_ns() > end) {
            abbey_log(
                stream->dev, ABBEY_LOG_WARN, "nobody reads: the last %u bytes of output are lost", stream->out_count);
            return;
        }
    }
}

void stream_close(struct stream *stream)
{
    stream->client = NULL;
    out_drain(stream);
    end_clear(stream, &stream->in);
    end_clear(stream, &stream->out);
    if (stream->bell)
        stream->event->unwatch(stream->bell);
    stream->bell = NULL;
    if (stream->bell_fd >= 0)
        close(stream->bell_fd);
    stream->bell_fd = -1;
}

void stream_crash(struct stream *stream)
{
    while (stream->out_count && stream->out.fd >= 0) {
        uint32_t run = STREAM_OUT - stream->out_first;
        if (run > stream->out_count)
            run = stream->out_count;
        ssize_t done = end_write(&stream->out, stream->out_bytes + stream->out_first, run);
        if (done <= 0)
            return;
        stream->out_first = (stream->out_first + (uint32_t)done) % STREAM_OUT;
        stream->out_count -= (uint32_t)done;
    }
}
