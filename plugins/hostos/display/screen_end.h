/* screen_end.h - the machine's end of a display that shows on a thread of its own: what VNC and a window have alike.
 *
 * It stands first in the display's instance. Each time its timer fires it asks the machine's screen what changed, keeps
 * a copy of the picture for the other thread, and tells the display, which tells that thread in its way. The picture
 * has the largest size from the beginning, so that it never moves. */
#ifndef PLUGINS_HOSTOS_DISPLAY_SCREEN_END_H
#define PLUGINS_HOSTOS_DISPLAY_SCREEN_END_H

#include <stdatomic.h>
#include <stddef.h>

#include <abbey/plugin.h>

struct screen_end;

/* What the display does with it. [locked] */
struct screen_end_calls {
    /* The picture may have another size; changed() with all of it follows. May be NULL. */
    void (*resized)(struct screen_end *end);
    /* This rectangle of the picture is new. */
    void (*changed)(struct screen_end *end, uint32_t x, uint32_t y, uint32_t width, uint32_t height);
    /* The screen is about to be looked at. May be NULL. */
    void (*tick)(struct screen_end *end);
};

struct screen_end {
    abbey_display display;
    const struct screen_end_calls *calls;
    abbey_dev *dev;
    const abbey_input_1 *input;
    const abbey_host_event_1 *event;
    const abbey_host_thread_1 *threads;
    abbey_loop *loop;
    const abbey_display_source_1 *source;
    void *source_self;
    abbey_surface surface; /* [locked] */
    int timer_fd;
    abbey_watch *timer;
    abbey_thread *thread;
    atomic_bool quit; /* asks the thread to end */

    abbey_mutex *mutex; /* of what follows, and of what the display shares with its thread */
    uint32_t *picture;  /* rows of `width` pixels, as of a surface */
    uint32_t width, height;
};

/* Fetches the services of the machine and makes the parts. 0, or -1 after abbey_fail(); to be closed in both cases.
 * `name` is the display's. [create] */
int32_t screen_end_open(struct screen_end *end, abbey_dev *dev, const char *name, const struct screen_end_calls *calls);
/* Starts the thread that shows. 0, or -1 after abbey_fail(). [create] */
int32_t screen_end_start(struct screen_end *end, const char *name, void (*run)(void *self));
/* Frees the parts; the thread must have ended. [create] */
void screen_end_close(struct screen_end *end);

/* Looks at the screen now, and each `period` nanoseconds; no more when it is 0. [io] */
void screen_end_look(struct screen_end *end, uint64_t period);

/* Hands take() a copy of the event, which take() frees, on the I/O thread with the machine lock held. An event for
 * which there is no memory is lost. [any] */
void screen_end_post(struct screen_end *end, void (*take)(void *event), const void *event, size_t bytes);

#endif
