/* stream.h - bytes between a device and file descriptors: the common part of all character backends. */
#ifndef ABBEY_HOSTOS_STREAM_H
#define ABBEY_HOSTOS_STREAM_H

#include "stream_end.h"

#define STREAM_IN 4096u   /* read ahead of a slow guest */
#define STREAM_OUT 65536u /* held back for a slow reader */

struct stream;

/* What a backend does itself; every function may be NULL. All [io]. */
struct stream_hooks {
    /* Turns what was read into what the guest gets, at most `count` bytes; returns how many. With it, the descriptor is
     * always read, even when the guest takes nothing, and what does not fit is dropped. */
    uint32_t (*filter)(struct stream *stream, const uint8_t *in, uint32_t count, uint8_t *out);
    void (*started)(struct stream *stream);      /* the loop runs */
    void (*input_ended)(struct stream *stream);  /* end of file; the input end has been taken away */
    void (*output_ended)(struct stream *stream); /* nobody can read any more; the output end has been taken away */
};

struct stream {
    abbey_char chr; /* first: what the device holds */
    abbey_dev *dev;
    const abbey_host_event_1 *event;
    abbey_loop *loop;
    const struct stream_hooks *hooks;
    const abbey_char_client_1 *client;
    void *client_self;
    struct stream_end in, out;
    int bell_fd; /* eventfd: work for the I/O thread */
    abbey_watch *bell;
    bool rung, started;
    bool short_write;              /* the device waits for writable() */
    bool out_waiting;              /* for the descriptor to become writable */
    uint32_t in_count;             /* bytes at the start of in_bytes */
    uint32_t out_first, out_count; /* ring */
    uint8_t in_bytes[STREAM_IN];
    uint8_t out_bytes[STREAM_OUT];
};

/* Fetches the loop and makes the bell. 0, or -1 after abbey_fail(). [create] */
int32_t stream_init(struct stream *stream, abbey_dev *dev, const struct stream_hooks *hooks);

/* Gives out what is buffered as long as the reader takes it, then closes all. [create] */
void stream_close(struct stream *stream);

/* Puts a descriptor at one end. `owned` ones are made non-blocking and closed in the end; for others a way is found
 * that leaves the open file description, which is shared with other processes, as it is. 0, or -1 with errno. */
int32_t stream_set_input(struct stream *stream, int fd, bool owned);
int32_t stream_set_output(struct stream *stream, int fd, bool owned);

/* Takes both ends away; buffered output is dropped and the device told that there is room. [locked] */
void stream_disconnect(struct stream *stream);

/* As if the device had written. [locked] */
uint32_t stream_write(struct stream *stream, const uint8_t *bytes, uint32_t count);

/* Hands over what was read. [io] */
void stream_deliver(struct stream *stream);

/* Tells the device ABBEY_CHAR_...; [io] */
void stream_event(struct stream *stream, uint32_t event);

/* Writes what is buffered without locks or memory, for a process that is about to die. Async-signal-safe. */
void stream_crash(struct stream *stream);

#endif
