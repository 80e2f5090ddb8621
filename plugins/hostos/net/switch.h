/* switch.h - backend "switch": a virtual Ethernet switch between the machines of one user, and nobody to start it
 * first.
 *
 * All who name the same switch meet at a socket. The first one there listens and passes frames between the others,
 * beside running its own machine; a lock file says who it is. When it ends, the others find their connection closed,
 * and one of them is the next: frames that were on the way are lost, as when a switch is replaced.
 *
 * With `vde` it is a port of a VDE switch instead, and vde.c does all.
 *
 * A message is a frame with the head of a struct record before it, so that large packets and missing checksums pass
 * from machine to machine as they are. */
#ifndef ABBEY_NET_SWITCH_H
#define ABBEY_NET_SWITCH_H

#include <sys/un.h>

#include "port.h"
#include "vde.h"

#define SWITCH_PEERS 64u
#define SWITCH_TABLE 1024u

/* A machine that is connected to us, the one that listens. */
struct switch_peer {
    int fd; /* -1: none */
    int poll;
    struct switch_frame *first, **last; /* what it was too slow for */
    uint32_t waiting;                   /* bytes of these */
};

struct switch_port {
    struct port port;
    /* Properties: */
    const char *name, *path, *vde;

    struct vde outside; /* with `vde` it is all there is */
    const abbey_host_clock_1 *clock;
    struct sockaddr_un address;
    char lock_path[128];
    int fd;      /* of the connection to the one that listens; -1: none */
    int poll;    /* its place in the list */
    int lock_fd; /* held by the one that listens; -1: it is another */
    int listen_fd;
    int listen_poll;
    uint64_t retry; /* when to look for the switch again; 0: found */
    struct switch_peer peers[SWITCH_PEERS];
    /* Where addresses were seen: a hash of the address, the peer's number + 1, 0 nowhere; our own machine is last. */
    struct switch_entry {
        uint8_t address[6];
        uint8_t where;
    } table[SWITCH_TABLE];
    union switch_message {
        struct record record;
        uint8_t bytes[sizeof(struct record) + ABBEY_NET_LARGE + 2];
    } message;
};

int32_t switch_create(abbey_dev *dev, void *self, void **interface);
void switch_destroy(void *self);

/* switch_table.c. Notes where the sender of a frame is, and says where its receiver is; SWITCH_ALL when that is not
 * known, or a group. */
#define SWITCH_OWN SWITCH_PEERS
#define SWITCH_ALL UINT32_MAX
void switch_learn(struct switch_port *sw, const uint8_t *frame, uint32_t from);
uint32_t switch_find(const struct switch_port *sw, const uint8_t *frame);
void switch_forget(struct switch_port *sw, uint32_t where);

#endif
