/* tap.h - backends "bridged" and "host-only": a TAP interface of the host, whose other side is a bridge.
 *
 *     guest -- TAP -- bridge -- the host's network card            bridged
 *     guest -- TAP -- bridge -- the host itself, at an address     host-only
 *
 * Making interfaces takes the right to administer the network (CAP_NET_ADMIN). Without it a machine can use a TAP
 * interface that an administrator has made for the user, and that is then taken as it stands. */
#ifndef ABBEY_NET_TAP_H
#define ABBEY_NET_TAP_H

#include <net/if.h>

#include "port.h"

struct tap {
    struct port port;
    /* Properties: */
    const char *bridge;  /* its name on the host */
    const char *tap;     /* an interface that is there already */
    const char *address; /* host-only: of the host, when the bridge is made */

    char name[IFNAMSIZ]; /* of the TAP interface */
    char why[400];       /* what was said last of why it is not there */
    int fd, poll;        /* -1: it is not there */
    int news_fd, news_poll;
    unsigned joined; /* the bridge that it was put into, by its number; 0: none */
    uint64_t retry;  /* when to try again; 0: it is there */
};

int32_t bridged_create(abbey_dev *dev, void *self, void **interface);
int32_t host_only_create(abbey_dev *dev, void *self, void **interface);
void tap_destroy(void *self);

/* tap_host.c: the interfaces of the host. 0, or -1 with the reason and what to do about it in tap->why. */
int32_t tap_bridge_make(struct tap *tap); /* unless it is there */
int32_t tap_open(struct tap *tap);        /* and puts it into the bridge, if it is not one that was there */
int32_t tap_join(struct tap *tap);
bool tap_is_up(const struct tap *tap); /* both it and its bridge were brought up */
bool tap_runs(const struct tap *tap);  /* and its bridge knows that we are there, which takes a moment */
int tap_news_open(void);               /* readable when an interface of the host has changed; -1: no such thing */
void tap_news_drain(int fd);

#endif
