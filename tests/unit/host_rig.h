/* host_rig.h - the Linux host plugin as the core would hold it, without the core. */
#ifndef ABBEY_TESTS_HOST_RIG_H
#define ABBEY_TESTS_HOST_RIG_H

#include <stdbool.h>

#include <abbey/plugin.h>

extern const abbey_host_mem_1 *rig_mem;
extern const abbey_host_clock_1 *rig_clock;
extern const abbey_host_thread_1 *rig_thread;
extern const abbey_host_event_1 *rig_event;
extern const abbey_host_fault_1 *rig_fault;
extern const abbey_host_window_1 *rig_window;
extern const abbey_hostos *rig_hostos;

/* Loads $ABBEY_BUILDDIR/plugins/hostos/linux.so and fetches its services; ends the test program when it cannot. */
void rig_load(void);

/* A machine of one loop and one backend with a device that remembers. All under one lock. */
struct rig {
    abbey_dev dev; /* first */
    abbey_loop *loop;
    abbey_thread *io;
    abbey_mutex *mutex;
    bool no_loop; /* the author's bench */
    const abbey_backend *backend;
    void *self;
    abbey_char *chr;
    char failure[512]; /* of abbey_fail() */
    char logged[512];  /* the last message */
    /* The device. */
    uint32_t room;
    uint8_t received[65536];
    uint32_t received_count;
    uint32_t opened, closed, breaks, writables;
    uint32_t asked; /* the last request */
    void (*on_receive)(struct rig *rig, const uint8_t *bytes, uint32_t count);
    void (*on_writable)(struct rig *rig);
};

/* Makes a loop. `rig` is zeroed first. */
void rig_open(struct rig *rig);
/* Makes the backend `name`, with properties as name-text pairs up to NULL, and attaches the device. 0, or -1 with
 * rig->failure. */
int rig_create(struct rig *rig, const char *name, ...);
void rig_start(struct rig *rig); /* runs the loop on a thread of its own */
void rig_close(struct rig *rig); /* stops the loop, destroys the backend, frees all */
void rig_lock(void *rig);
void rig_unlock(void *rig);
uint32_t rig_write(struct rig *rig, const void *bytes, uint32_t count);
/* Waits up to five seconds until a counter of the rig reaches `least`. */
bool rig_wait(struct rig *rig, const uint32_t *counter, uint32_t least);

#endif
