/* linux.h - what the files of the Linux host plugin share.
 *
 * The plugin sees the SDK and the C library, never the core. Signals belong to the process and not to a machine, so
 * signals.c, console.c and fault.c have the only globals. */
#ifndef ABBEY_HOSTOS_LINUX_H
#define ABBEY_HOSTOS_LINUX_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdbool.h>

#include <abbey/plugin.h>

/* The service tables, in mem.c, clock.c, thread.c, event.c, local.c, fault.c, picture.c. */
extern const abbey_host_mem_1 host_mem;
extern const abbey_host_clock_1 host_clock;
extern const abbey_host_thread_1 host_thread;
extern const abbey_host_event_1 host_event;
extern const abbey_host_local_1 host_local;
extern const abbey_host_fault_1 host_fault;
extern const abbey_host_picture_1 host_picture;
extern const abbey_host_window_1 host_window;
extern const abbey_host_process_1 host_process;

struct abbey_thread {
    pthread_t id;
    void (*run)(void *arg);
    void *arg;
    char name[16]; /* the kernel's limit, with the terminating zero */
};

/* Fills *error (which may be NULL) and returns -1. "%m" is errno in words. */
__attribute__((format(printf, 2, 3))) int32_t host_fail(abbey_error *error, const char *format, ...);

/* Nanoseconds on CLOCK_MONOTONIC. */
uint64_t clock_monotonic_ns(void);

/* Detaches the calling thread if it attached; at the end of every thread we started. */
void fault_detach(void);

/* Installs the handlers of faults, once a process. */
void fault_install(void);

#endif
