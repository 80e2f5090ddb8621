/* vnc.h - a display for VNC viewers: what its files share. */
#ifndef ABBEY_DISPLAY_VNC_H
#define ABBEY_DISPLAY_VNC_H

#include <rfb/rfb.h>
#include <stdbool.h>

#include "screen_end.h"

struct rectangle {
    uint32_t left, top, right, bottom; /* empty when right is 0 */
};

struct vnc {
    struct screen_end end; /* first */
    const char *listen;
    const char *password;
    uint16_t web;
    const char *web_root;

    rfbScreenInfoPtr screen; /* of the VNC thread, once it runs */
    char *passwords[2];
    char v6[64];      /* the address that is listened on, if it is of IPv6 */
    unsigned viewers; /* [locked] */

    /* Of the mutex: what the VNC thread is yet to hear of. */
    bool resized;
    struct rectangle changed;
};

/* vnc_server.c: listens as the properties say; 0, or -1 after abbey_fail(). [create] */
int32_t vnc_server_open(struct vnc *vnc);
/* The VNC thread: serves viewers until `quit`. */
void vnc_main(void *arg);

#endif
