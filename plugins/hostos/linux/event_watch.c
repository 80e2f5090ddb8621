/* event_watch.c - descriptors that the event loop watches.
 *
 * What must hold, and how:
 * - A callback runs with the machine lock. epoll_wait() returns a batch without it, and before the batch is dealt with
 *   a virtual CPU may have taken a watch away. So unwatch() only marks a watch dead, under the lock; dispatch looks at
 *   the mark under the lock; the memory is freed between batches, when no fetched event can name it any more.
 * - epoll refuses regular files (EPERM), as they are always ready. They are called once a round instead, and the loop
 *   does not sleep while one of them is asked for: `abbey run x <file` works.
 * - epoll reports a hang-up again and again. Here it is told together with the events that were asked for as long as
 *   there are some; a hang-up alone is told once, and again only after rewatch(). A watch that nobody reads costs no
 *   CPU. */
#include "event.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>

struct abbey_watch {
    abbey_loop *loop;
    abbey_watch *next;
    void (*fn)(void *arg, uint32_t events);
    void *arg;
    int fd;
    uint32_t events;
    bool file;  /* always ready, not in epoll */
    bool muted; /* taken out of epoll after a lone hang-up */
    bool half;  /* it was told that the far side sends no more */
    bool dead;
};

static uint32_t epoll_mask(const abbey_watch *watch)
{
    return (watch->events & ABBEY_EVENT_READ ? (uint32_t)EPOLLIN : 0u) |
           (watch->events & ABBEY_EVENT_WRITE ? (uint32_t)EPOLLOUT : 0u) |
           (watch->half ? 0u : (uint32_t)EPOLLRDHUP); /* EPOLLHUP and EPOLLERR always come */
}

static int watch_control(abbey_watch *watch, int operation)
{
    struct epoll_event event = { .events = epoll_mask(watch), .data.ptr = watch };
    return epoll_ctl(watch->loop->epoll_fd, operation, watch->fd, &event);
}

/* Counts a file watch in or out of those that keep the loop from sleeping. */
static void file_count(abbey_watch *watch, uint32_t events)
{
    if (!watch->file || (watch->events != 0) == (events != 0))
        return;
    if (events) {
        atomic_fetch_add(&watch->loop->ready_files, 1);
        loop_wake(watch->loop);
    } else {
        atomic_fetch_sub(&watch->loop->ready_files, 1);
    }
}

abbey_watch *event_watch(
    abbey_loop *loop, int64_t handle, uint32_t events, void (*fn)(void *arg, uint32_t events), void *arg)
{
    abbey_watch *watch = calloc(1, sizeof *watch);
    if (!watch)
        return NULL;
    *watch = (abbey_watch){ .loop = loop, .next = loop->watches, .fn = fn, .arg = arg, .fd = (int)handle };
    watch->events = events;
    if (watch_control(watch, EPOLL_CTL_ADD) != 0) {
        if (errno != EPERM) {
            free(watch);
            return NULL;
        }
        watch->file = true;
        watch->events = 0;
        file_count(watch, events);
        watch->events = events;
    }
    loop->watches = watch;
    return watch;
}

void event_rewatch(abbey_watch *watch, uint32_t events)
{
    if (watch->dead || (watch->events == events && !watch->muted))
        return;
    file_count(watch, events);
    watch->events = events;
    if (!watch->file)
        watch_control(watch, watch->muted ? EPOLL_CTL_ADD : EPOLL_CTL_MOD);
    watch->muted = false;
}

void event_unwatch(abbey_watch *watch)
{
    if (!watch || watch->dead)
        return;
    file_count(watch, 0);
    if (!watch->file && !watch->muted)
        watch_control(watch, EPOLL_CTL_DEL);
    watch->dead = true;
    watch->loop->any_dead = true;
}

/* A hang-up stays, and is told once. The far side that sends no more may still read: for that half the watch goes on.
 */
static void watch_mute(abbey_watch *watch, bool half)
{
    if (watch->file || watch->muted)
        return;
    watch->half |= half;
    watch->muted = !half;
    watch_control(watch, half ? EPOLL_CTL_MOD : EPOLL_CTL_DEL);
}

void watch_dispatch(abbey_watch *watch, uint32_t got)
{
    abbey_loop *loop = watch->loop;
    loop_lock(loop);
    uint32_t events = (got & EPOLLIN ? ABBEY_EVENT_READ : 0) | (got & EPOLLOUT ? ABBEY_EVENT_WRITE : 0);
    events &= watch->events; /* as of now, not of when the batch was fetched */
    if (got & (EPOLLHUP | EPOLLERR | EPOLLRDHUP))
        events |= ABBEY_EVENT_HANGUP;
    if (!watch->dead && !watch->muted && events) {
        if (events == ABBEY_EVENT_HANGUP)
            watch_mute(watch, !(got & (EPOLLHUP | EPOLLERR)));
        watch->fn(watch->arg, events);
    }
    loop_unlock(loop);
}

void files_dispatch(abbey_loop *loop)
{
    if (!atomic_load(&loop->ready_files))
        return;
    loop_lock(loop);
    for (abbey_watch *watch = loop->watches; watch;) {
        if (watch->file && !watch->dead && watch->events)
            watch->fn(watch->arg, watch->events);
        watch = watch->next;
        loop_unlock(loop); /* a breath between callbacks; nodes stay in the list until the batch ends */
        loop_lock(loop);
    }
    loop_unlock(loop);
}

void watches_free(abbey_loop *loop, bool all)
{
    for (abbey_watch **link = &loop->watches, *watch; (watch = *link);) {
        if (watch->dead || all) {
            *link = watch->next;
            free(watch);
        } else {
            link = &watch->next;
        }
    }
    loop->any_dead = false;
}
