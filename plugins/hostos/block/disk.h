/* disk.h - a block backend: an image, its thread, and the queue between the device and the two. */
#ifndef ABBEY_BLOCK_DISK_H
#define ABBEY_BLOCK_DISK_H

#include "image.h"

#include <stdatomic.h>

#include <abbey/plugin.h>

struct disk {
    abbey_block block; /* first: what the device holds */
    /* Properties; those of the backend `nbd` are other ones. */
    const char *path, *format, *mode;
    const char *uri;
    _Bool read_only;
    uint32_t timeout; /* s */

    abbey_dev *dev;
    const abbey_host_thread_1 *threads;
    const abbey_host_event_1 *event;
    const abbey_host_clock_1 *clock;
    const abbey_control_1 *control;
    abbey_loop *loop;
    /* [locked]: */
    const abbey_block_client_1 *client;
    void *client_self;
    abbey_block_info info;
    bool door_locked;
    atomic_int stalled; /* what the thread's request waits for to be over: a negative errno; 0: none waits */

    struct image *image; /* the thread's, while there is one */
    abbey_thread *thread;
    abbey_mutex *mutex; /* of what follows */
    abbey_cond *wake;
    abbey_block_request *first, **last;
    bool quit;

    int last_error; /* for the log: of the thread */
    uint32_t error_count;
};

/* Backends "disk" and "nbd". */
int32_t disk_create(abbey_dev *dev, void *self, void **interface);
void disk_destroy(void *self);
int32_t nbd_backend_create(abbey_dev *dev, void *self, void **interface); /* where libnbd is there */

/* For what makes the image otherwise: takes it over and starts the thread. 0, or -1 after abbey_fail(). */
int32_t disk_start(struct disk *disk, abbey_dev *dev, struct image *image, void **interface);

/* stall.c: a request that the host cannot do now. */
struct stall {
    uint64_t since; /* monotonic, ns; 0: it does not wait */
    bool told;
};
/* Waits when `status` is one that may pass; true when the request is to begin again. */
bool stall_wait(struct disk *disk, struct stall *stall, int status);
/* What came of it in the end. */
void stall_end(struct disk *disk, const struct stall *stall, int status);

/* mode.c: the image as `mode` wants it. NULL with the reason in *error. */
struct image *mode_open(const char *path, const char *format, const char *mode, abbey_error *error);
#define MODES "persistent,nonpersistent,undoable,read-only"

#endif
