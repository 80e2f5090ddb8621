/* thread.c - threads, locks and conditions, by pthread. */
#include "linux.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct abbey_mutex {
    pthread_mutex_t mutex;
};

struct abbey_cond {
    pthread_cond_t cond; /* on CLOCK_MONOTONIC: setting the wall clock moves no deadline */
};

static void *thread_main(void *arg)
{
    struct abbey_thread *thread = arg;
    pthread_setname_np(pthread_self(), thread->name);
    thread->run(thread->arg);
    fault_detach();
    return NULL;
}

static abbey_thread *thread_start(const char *name, void (*run)(void *arg), void *arg, abbey_error *error)
{
    struct abbey_thread *thread = calloc(1, sizeof *thread);
    if (!thread) {
        host_fail(error, "thread '%s': %m", name);
        return NULL;
    }
    thread->run = run;
    thread->arg = arg;
    snprintf(thread->name, sizeof thread->name, "%s", name);
    int failure = pthread_create(&thread->id, NULL, thread_main, thread);
    if (failure) {
        errno = failure;
        host_fail(error, "thread '%s': %m", name);
        free(thread);
        return NULL;
    }
    return thread;
}

static void thread_join(abbey_thread *thread)
{
    pthread_join(thread->id, NULL);
    free(thread);
}

static abbey_mutex *mutex_new(void)
{
    abbey_mutex *mutex = malloc(sizeof *mutex);
    if (mutex)
        pthread_mutex_init(&mutex->mutex, NULL);
    return mutex;
}

static void mutex_free(abbey_mutex *mutex)
{
    if (!mutex)
        return;
    pthread_mutex_destroy(&mutex->mutex);
    free(mutex);
}

static void mutex_lock(abbey_mutex *mutex)
{
    pthread_mutex_lock(&mutex->mutex);
}

static void mutex_unlock(abbey_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->mutex);
}

static abbey_cond *cond_new(void)
{
    abbey_cond *cond = malloc(sizeof *cond);
    if (!cond)
        return NULL;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&cond->cond, &attr);
    pthread_condattr_destroy(&attr);
    return cond;
}

static void cond_free(abbey_cond *cond)
{
    if (!cond)
        return;
    pthread_cond_destroy(&cond->cond);
    free(cond);
}

static void cond_wait(abbey_cond *cond, abbey_mutex *mutex, uint64_t deadline)
{
    if (deadline == ABBEY_NEVER) {
        pthread_cond_wait(&cond->cond, &mutex->mutex);
        return;
    }
    struct timespec when = { .tv_sec = (time_t)(deadline / ABBEY_SEC), .tv_nsec = (long)(deadline % ABBEY_SEC) };
    pthread_cond_timedwait(&cond->cond, &mutex->mutex, &when);
}

static void cond_wake(abbey_cond *cond)
{
    pthread_cond_broadcast(&cond->cond);
}

const abbey_host_thread_1 host_thread = {
    .size = sizeof(abbey_host_thread_1),
    .start = thread_start,
    .join = thread_join,
    .mutex_new = mutex_new,
    .mutex_free = mutex_free,
    .lock = mutex_lock,
    .unlock = mutex_unlock,
    .cond_new = cond_new,
    .cond_free = cond_free,
    .wait = cond_wait,
    .wake = cond_wake,
};
