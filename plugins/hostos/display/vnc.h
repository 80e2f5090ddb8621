/* vnc.h - a display for VNC viewers: what its files share. */
#ifndef ABBEY_DISPLAY_VNC_H
#define ABBEY_DISPLAY_VNC_H

#include <rfb/rfb.h>
#include <stdatomic.h>
#include <stdbool.h>

#include <abbey/plugin.h>

#define WIDTH_MAX 2560u
#define HEIGHT_MAX 2048u
#define BUFFER_BYTES ((size_t)WIDTH_MAX * HEIGHT_MAX * 4)

struct rectangle {
    uint32_t left, top, right, bottom; /* empty when right is 0 */
};

struct vnc {
    abbey_display display;
    const char *listen;
    const char *password;
    uint16_t web;
    const char *web_root;

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

    rfbScreenInfoPtr screen; /* of the VNC thread, once it runs */
    uint32_t *buffer;
    char *passwords[2];
    char v6[64]; /* the address that is listened on, if it is of IPv6 */
    abbey_thread *thread;
    atomic_bool quit;
    unsigned viewers; /* [locked] */

    abbey_mutex *mutex; /* of what follows */
    uint32_t width, height;
    bool resized;
    struct rectangle changed;
};

/* vnc.c: whether pictures are wanted. [locked] */
void vnc_timer_set(struct vnc *vnc, bool on);

/* vnc_server.c: listens as the properties say; 0, or -1 after abbey_fail(). [create] */
int32_t vnc_server_open(struct vnc *vnc);
/* The VNC thread: serves viewers until `quit`. */
void vnc_main(void *arg);

#endif
