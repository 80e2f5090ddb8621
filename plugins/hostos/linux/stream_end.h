/* stream_end.h - a descriptor that is read and written without ever blocking, whoever else has it open. */
#ifndef ABBEY_HOSTOS_STREAM_END_H
#define ABBEY_HOSTOS_STREAM_END_H

#include "linux.h"

#include <sys/types.h>

/* How a descriptor is read and written without ever blocking. */
enum stream_way {
    STREAM_PLAIN,  /* it has O_NONBLOCK, or is a file, which never blocks for long */
    STREAM_SOCKET, /* MSG_DONTWAIT */
    STREAM_POLL,   /* somebody else's open file description: ask poll(2) first, and move little at a time */
};

struct stream_end {
    int fd; /* -1: none */
    enum stream_way way;
    uint32_t chunk; /* STREAM_POLL: what surely does not block once poll() said ready */
    bool owned;     /* we opened it, we close it */
    abbey_watch *watch;
};

/* Takes a descriptor that will be read (`mode` O_RDONLY) or written (O_WRONLY). An `owned` one is made non-blocking. 0,
 * or -1 with errno. */
int32_t end_set(struct stream_end *end, int fd, bool owned, int mode);
/* Closes it if it is owned; the watch is the caller's. */
void end_close(struct stream_end *end);

/* Like read(2) and write(2), but they never block: EAGAIN. Async-signal-safe. */
ssize_t end_read(const struct stream_end *end, void *bytes, size_t count);
ssize_t end_write(const struct stream_end *end, const void *bytes, size_t count);

#endif
