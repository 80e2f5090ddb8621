/* event.h - what the files of the event loop share: the loop (event.c) and its watches (event_watch.c). */
#ifndef ABBEY_HOSTOS_EVENT_H
#define ABBEY_HOSTOS_EVENT_H

#include "linux.h"

#include <stdatomic.h>
#include <unistd.h>

struct post {
    struct post *next;
    void (*fn)(void *arg);
    void *arg;
};

struct alarm {
    uint64_t when; /* ABBEY_NEVER: not set */
    void (*fn)(void *arg);
    void *arg;
};

struct abbey_loop {
    int epoll_fd, wake_fd, timer_fd;
    void (*lock)(void *arg);
    void (*unlock)(void *arg);
    void *lock_arg;
    abbey_watch *watches;    /* [locked] */
    bool any_dead;           /* [locked] */
    atomic_uint ready_files; /* live file watches that ask for something */
    atomic_bool stopped;
    pthread_mutex_t mutex; /* of what follows; never held over a callback */
    struct post *posts, **posts_end;
    struct alarm alarm;
    uint64_t timer_set; /* what the timer is set for */
    void (*asked_fn)(void *arg, uint32_t what);
    void *asked_arg;
};

static inline void loop_lock(abbey_loop *loop)
{
    if (loop->lock)
        loop->lock(loop->lock_arg);
}

static inline void loop_unlock(abbey_loop *loop)
{
    if (loop->unlock)
        loop->unlock(loop->lock_arg);
}

static inline void loop_wake(abbey_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one); /* EAGAIN: it is awake as can be */
    (void)written;
}

/* The service's functions of that name. [locked] */
abbey_watch *event_watch(
    abbey_loop *loop, int64_t handle, uint32_t events, void (*fn)(void *arg, uint32_t events), void *arg);
void event_rewatch(abbey_watch *watch, uint32_t events);
void event_unwatch(abbey_watch *watch);

/* What epoll_wait() has told of a watch. Without the lock, like the next. */
void watch_dispatch(abbey_watch *watch, uint32_t got);
/* Calls those that are always ready, each once. */
void files_dispatch(abbey_loop *loop);
/* Frees those that were taken away, or all; between batches. [locked] */
void watches_free(abbey_loop *loop, bool all);

#endif
