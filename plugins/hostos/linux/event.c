/* event.c - the loop of a machine's I/O thread: epoll, with an eventfd to wake it and a timerfd for its alarm.
 *
 * The timer is set again only when the alarm comes earlier than the timer was set for: devices move their timers much
 * more often than those go off. An early wake-up sets it anew. */
#include "event.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>

#include "signals.h"

static void counter_drain(int fd)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
}

/* ---- Posts ---- */

static void event_post(abbey_loop *loop, void (*fn)(void *arg), void *arg)
{
    struct post *post;
    while (!(post = malloc(sizeof *post))) /* a post cannot fail: wait until there are 24 bytes */
        nanosleep(&(struct timespec){ .tv_nsec = (long)ABBEY_MS }, NULL);
    *post = (struct post){ NULL, fn, arg };
    pthread_mutex_lock(&loop->mutex);
    bool first = !loop->posts;
    *loop->posts_end = post;
    loop->posts_end = &post->next;
    pthread_mutex_unlock(&loop->mutex);
    if (first)
        loop_wake(loop);
}

static struct post *posts_take(abbey_loop *loop)
{
    pthread_mutex_lock(&loop->mutex);
    struct post *posts = loop->posts;
    loop->posts = NULL;
    loop->posts_end = &loop->posts;
    pthread_mutex_unlock(&loop->mutex);
    return posts;
}

static void posts_run(abbey_loop *loop)
{
    for (struct post *post = posts_take(loop), *next; post; post = next) {
        next = post->next;
        loop_lock(loop);
        post->fn(post->arg);
        loop_unlock(loop);
        free(post);
    }
}

/* ---- The alarm ---- */

/* With the mutex held. */
static void timer_program(abbey_loop *loop, uint64_t when)
{
    struct itimerspec spec = { .it_value = { (time_t)(when / ABBEY_SEC), (long)(when % ABBEY_SEC) } };
    if (when == 0)
        spec.it_value.tv_nsec = 1; /* zero would switch it off */
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
    loop->timer_set = when;
}

static void event_alarm(abbey_loop *loop, uint64_t when, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&loop->mutex);
    loop->alarm = (struct alarm){ when, fn, arg };
    if (when < loop->timer_set)
        timer_program(loop, when);
    pthread_mutex_unlock(&loop->mutex);
}

/* After the timer went off. The alarm is taken with the machine lock held, so one that was moved is not heard. */
static void alarm_run(abbey_loop *loop)
{
    struct alarm due = { ABBEY_NEVER, NULL, NULL };
    loop_lock(loop);
    pthread_mutex_lock(&loop->mutex);
    loop->timer_set = ABBEY_NEVER;
    if (loop->alarm.when <= clock_monotonic_ns()) {
        due = loop->alarm;
        loop->alarm.when = ABBEY_NEVER;
    } else if (loop->alarm.when != ABBEY_NEVER) {
        timer_program(loop, loop->alarm.when);
    }
    pthread_mutex_unlock(&loop->mutex);
    if (due.fn)
        due.fn(due.arg);
    loop_unlock(loop);
}

/* ---- Requests ---- */

static _Atomic(abbey_loop *) asked_loop;

static void event_ask(abbey_loop *loop, uint32_t what)
{
    if (loop->asked_fn)
        loop->asked_fn(loop->asked_arg, what);
    else
        signals_default(what);
}

static void event_on_asked(abbey_loop *loop, void (*fn)(void *arg, uint32_t what), void *arg)
{
    loop->asked_fn = fn;
    loop->asked_arg = arg;
    atomic_store(&asked_loop, fn ? loop : NULL);
    signals_ask(fn ? loop->wake_fd : -1);
}

static void asked_run(abbey_loop *loop)
{
    if (atomic_load(&asked_loop) != loop)
        return;
    for (uint32_t what; (what = signals_take());) {
        loop_lock(loop);
        event_ask(loop, what);
        loop_unlock(loop);
    }
}

/* ---- The loop ---- */

static void event_run(abbey_loop *loop)
{
    while (!atomic_exchange(&loop->stopped, false)) {
        struct epoll_event got[32];
        int count = epoll_wait(loop->epoll_fd, got, 32, atomic_load(&loop->ready_files) ? 0 : -1);
        bool timer = false;
        for (int i = 0; i < count; i++) {
            if (got[i].data.ptr == &loop->wake_fd)
                counter_drain(loop->wake_fd); /* before looking at what it announced */
            timer |= got[i].data.ptr == &loop->timer_fd;
        }
        asked_run(loop);
        posts_run(loop);
        if (timer) {
            counter_drain(loop->timer_fd);
            alarm_run(loop);
        }
        for (int i = 0; i < count; i++)
            if (got[i].data.ptr != &loop->wake_fd && got[i].data.ptr != &loop->timer_fd)
                watch_dispatch(got[i].data.ptr, got[i].events);
        files_dispatch(loop);
        loop_lock(loop);
        if (loop->any_dead)
            watches_free(loop, false);
        loop_unlock(loop);
    }
}

static void event_stop(abbey_loop *loop)
{
    atomic_store(&loop->stopped, true);
    loop_wake(loop);
}

static void event_loop_free(abbey_loop *loop)
{
    if (!loop)
        return;
    if (atomic_load(&asked_loop) == loop)
        event_on_asked(loop, NULL, NULL);
    for (struct post *post = posts_take(loop), *next; post; post = next) {
        next = post->next;
        free(post);
    }
    watches_free(loop, true);
    close(loop->epoll_fd);
    close(loop->wake_fd);
    close(loop->timer_fd);
    pthread_mutex_destroy(&loop->mutex);
    free(loop);
}

static abbey_loop *event_loop_new(void (*lock)(void *arg), void (*unlock)(void *arg), void *arg, abbey_error *error)
{
    abbey_loop *loop = calloc(1, sizeof *loop);
    if (!loop) {
        host_fail(error, "event loop: %m");
        return NULL;
    }
    signals_install();
    loop->lock = lock;
    loop->unlock = unlock;
    loop->lock_arg = arg;
    loop->posts_end = &loop->posts;
    loop->alarm.when = loop->timer_set = ABBEY_NEVER;
    pthread_mutex_init(&loop->mutex, NULL);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event wake = { .events = EPOLLIN, .data.ptr = &loop->wake_fd };
    struct epoll_event timer = { .events = EPOLLIN, .data.ptr = &loop->timer_fd };
    if (loop->epoll_fd < 0 || loop->wake_fd < 0 || loop->timer_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->wake_fd, &wake) != 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &timer) != 0) {
        host_fail(error, "event loop: %m");
        event_loop_free(loop);
        return NULL;
    }
    return loop;
}

const abbey_host_event_1 host_event = {
    .size = sizeof(abbey_host_event_1),
    .loop_new = event_loop_new,
    .loop_free = event_loop_free,
    .run = event_run,
    .stop = event_stop,
    .post = event_post,
    .alarm = event_alarm,
    .watch = event_watch,
    .rewatch = event_rewatch,
    .unwatch = event_unwatch,
    .on_asked = event_on_asked,
    .ask = event_ask,
};
