/* call.h - inside core/machine: which callback of which plugin is under way.
 *
 * Who calls a plugin puts a record on its own stack and links it to the board, so that a crash can be told with the
 * callback in which it happened (machine_crash.c), and so can a callback that does not return (machine_watch.c). */
#ifndef ABBEY_CORE_CALL_H
#define ABBEY_CORE_CALL_H

#include "core/machine/parts.h"

struct call {
    struct call *outer; /* within which this one is made */
    const struct device *device;
    const char *what;          /* "reset()"; NULL: an access */
    const abbey_io *io;        /* of an access */
    const struct call *before; /* call_here, before it */
};

/* The innermost that this thread has made. */
extern _Thread_local const struct call *call_here;

static inline void call_begin(struct call *call, const struct device *device, const char *what, const abbey_io *io)
{
    struct board *board = device->board;
    *call = (struct call){ board->call, device, what, io, call_here };
    call_here = call;
    __atomic_store_n(&board->call, call, __ATOMIC_RELEASE);
    __atomic_store_n(&board->calls, board->calls + 1, __ATOMIC_RELEASE);
}

static inline void call_end(const struct call *call)
{
    struct board *board = call->device->board;
    call_here = call->before;
    __atomic_store_n(&board->call, call->outer, __ATOMIC_RELEASE);
}

#endif
