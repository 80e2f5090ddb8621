/* port.h - what all networks share: the device's side, a thread of its own, and two rings of frames between them.
 *
 *     vCPU thread   send() -> tx ring                       receive() -> memory of the guest
 *     port's thread            -> transmit()   came in -> rx ring        ^
 *     I/O thread                                     -> post -> deliver -+
 *
 * The thread waits in poll(2) for its descriptors and never for the machine lock: a network that is slow, or a peer
 * that floods, stops neither the virtual CPU nor another device. When a ring is full its producer waits: the device is
 * told by writable(), the thread stops reading its descriptors until the device has room again.
 *
 * A backend is a struct port_kind and a struct that begins with a struct port. */
#ifndef ABBEY_NET_PORT_H
#define ABBEY_NET_PORT_H

#include <poll.h>
#include <string.h>

#include <abbey/plugin.h>

#include "capture.h"
#include "offload.h"
#include "ring.h"
#include "shape.h"

struct port;

#define PORT_POLLS 1024u

/* The descriptors of one poll(2). */
struct port_polls {
    struct pollfd fds[PORT_POLLS];
    unsigned count;
    int timeout; /* ms; -1: none */
};

/* Adds a descriptor; its index, or -1 when there are too many. */
int port_poll_add(struct port_polls *polls, int fd, short events);

/* What a network does. All on the port's thread. */
struct port_kind {
    /* Says what to wait for; frames may be read from outside only where `room` is set. May be NULL. */
    void (*prepare)(struct port *port, struct port_polls *polls, bool room);
    /* poll(2) has come back. May be NULL. */
    void (*ready)(struct port *port, const struct port_polls *polls);
    /* A frame of the device's. It may be changed in place. False: not now; it stays, and prepare() asks for what makes
     * another try worth while. May be NULL. */
    bool (*transmit)(struct port *port, struct record *record);
    /* Behind the last of a run of transmit(). May be NULL. */
    void (*transmitted)(struct port *port);
    /* The thread ends. May be NULL. */
    void (*stop)(struct port *port);
    uint32_t takes; /* ABBEY_NET_CHECKSUM, ABBEY_NET_TCP4, ABBEY_NET_TCP6: what transmit() need not be spared */
};

struct port_counts {
    _Atomic uint64_t sent, sent_bytes, received, received_bytes;
    _Atomic uint64_t lost; /* incoming frames that found no room, and those of `loss` */
};

/* Room for the longest frame, with its record. */
struct port_frame {
    _Alignas(struct record) uint8_t bytes[sizeof(struct record) + ABBEY_NET_LARGE + 2];
};

static inline struct record *port_frame_put(struct port_frame *frame, const struct record *record)
{
    return memcpy(frame->bytes, record, sizeof *record + record->bytes);
}

struct port {
    abbey_net net; /* first: what the device holds */
    /* Properties that all have, as rows PORT_PROPS. */
    const char *capture;
    uint32_t loss, rate;
    _Bool connected;

    abbey_dev *dev;
    const struct port_kind *kind;
    const abbey_host_thread_1 *threads;
    const abbey_host_event_1 *event;
    const abbey_host_clock_1 *clock;
    const abbey_control_1 *control;
    abbey_loop *loop;
    /* [locked]: */
    const abbey_net_client_1 *client;
    void *client_self;
    bool plugged;    /* the user's end of the cable */
    bool up;         /* plugged, and the network is there */
    bool blocked;    /* the device has no room */
    bool delivering; /* receive() is being called */
    struct shape rx_shape;

    struct ring tx, rx;
    uint32_t tx_room, rx_room; /* bytes in a ring above which no more are asked for */
    _Atomic uint64_t rx_due;   /* when the line from outside is free again, in monotonic ns; 0: nobody waits for that */
    _Atomic uint32_t takes;    /* by the device */
    _Atomic bool absent;       /* the network is not there */
    _Atomic bool asleep;       /* the thread is in poll(2), or about to be */
    _Atomic bool posted;       /* the I/O thread is going to look */
    _Atomic bool tx_refused;   /* the device waits for writable() */
    _Atomic bool rx_full;      /* the thread waits for room */
    _Atomic bool quit;
    int wake_fd;
    abbey_thread *thread;
    struct port_polls polls; /* the thread's */
    uint32_t random;
    bool tx_waits;             /* the network had no room for the first packet of the ring, */
    bool tx_again;             /* for this frame of it, */
    struct offload_cut tx_cut; /* which may be one of several */
    struct shape tx_shape;
    struct port_frame whole; /* a packet that is to be cut before the device gets it */
    struct capture tape;
    struct port_counts counts;
};

/* clang-format off */
#define PORT_PROPS \
    ABBEY_ARG(struct port, connected, true, "whether the cable is plugged in at first; `net.link` changes it"), \
    ABBEY_ARG_TEXT(struct port, capture, NULL, "file or FIFO that gets every frame, in the format of pcap", \
        .flags = ABBEY_PROP_PATH), \
    ABBEY_ARG(struct port, loss, 0, "for tests: how many of a thousand frames are lost, each way", .max = 1000), \
    ABBEY_ARG(struct port, rate, 0, "kilobits a second that pass, each way; 0: as many as the host can")
/* clang-format on */

/* Makes the rings and starts the thread. 0, or -1 after abbey_fail(). [create] */
int32_t port_start(struct port *port, abbey_dev *dev, const struct port_kind *kind, void **interface);
/* Ends the thread, which calls kind->stop(). For a port that port_start() refused it does nothing. [create] */
void port_stop(struct port *port);

/* On the port's thread. A record for a frame of up to `bytes` from outside, NULL when there is no room (which is
 * counted); port_received() hands it over, filled in. What the record leaves to be done and the device does not
 * understand is done then: its flags must be good (offload_good()). */
struct record *port_receive(struct port *port, uint32_t bytes);
void port_received(struct port *port, struct record *record);
/* The same with a frame that stands elsewhere. */
void port_input(struct port *port, struct record *record);

/* The network has gone, or is there again: the device sees the cable out, and clients of the control socket get an
 * event. Before port_start(), or on the port's thread. */
void port_absent(struct port *port, bool absent);

/* Between the files of a port. */
void port_wake(struct port *port);        /* ends the thread's sleep [any] */
void port_post(struct port *port);        /* port_deliver() will be called [any] */
bool port_loses(struct port *port);       /* this frame is one of `loss` in a thousand */
void port_deliver(struct port *port);     /* [locked] */
void port_link_update(struct port *port); /* the device hears of each change, whoever brought it about [locked] */
int32_t port_commands_add(struct port *port);

#endif
