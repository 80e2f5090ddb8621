/* abbey/net.h - an Ethernet between a device and the host: kind "net".
 *
 * The device has a field `abbey_net *net` with a property row; the machine file names a backend. The backend implements
 * abbey_net_ops_1, the device registers itself as its client. What goes to and fro are frames from the destination
 * address to the end of the data; the frame check sequence is not there, and short frames need not be padded.
 *
 *     abbey_net_segment segment = { d->buffer, length };
 *     abbey_net_frame frame = { .size = sizeof frame, .bytes = length, .segments = &segment, .segment_count = 1 };
 *     if (!abbey_net_send(d->net, &frame)) ... keep it until writable();
 *     abbey_net_flush(d->net);               after the last one of a run
 *
 * No call waits. A side that has no room says so, and the other keeps the frame until it hears that there is room
 * again: so a fast sender is slowed down, and whoever cannot wait may drop. Segments are read before the call returns.
 *
 * A frame may leave work to the receiver, as network cards do it for operating systems: a checksum that is to be
 * filled in, or a large TCP packet that is to be cut into several. Every backend takes such frames; a device gets them
 * only after abbey_net_takes(). */
#ifndef ABBEY_NET_H
#define ABBEY_NET_H

#include <abbey/dev.h>

typedef struct abbey_net abbey_net;

/* The longest frame, with a segmented packet of 64 KB in it; and the longest without. A backend drops longer ones. */
#define ABBEY_NET_LARGE 65550u
#define ABBEY_NET_FRAME 9018u

typedef struct abbey_net_segment {
    const void *bytes;
    uint64_t count;
} abbey_net_segment;

/* The 16-bit sum of what stands from checksum_start on is to be put at checksum_start + checksum_offset, where the sum
 * of the pseudo-header is now. */
#define ABBEY_NET_CHECKSUM 1u
/* A TCP packet over IPv4, or IPv6, to be cut into frames of segment_bytes of data each; goes with ABBEY_NET_CHECKSUM.
 */
#define ABBEY_NET_TCP4 2u
#define ABBEY_NET_TCP6 4u
/* From a backend alone: the checksums were found right and need not be looked at. */
#define ABBEY_NET_GOOD 8u

typedef struct abbey_net_frame {
    uint32_t size;  /* sizeof(abbey_net_frame) */
    uint32_t bytes; /* what the segments add up to, at least 14 */
    const abbey_net_segment *segments;
    uint32_t segment_count;
    uint32_t flags;           /* ABBEY_NET_CHECKSUM, ... */
    uint16_t checksum_start;  /* bytes from the start of the frame */
    uint16_t checksum_offset; /* from there */
    uint16_t segment_bytes;   /* data of each frame but the last */
    uint16_t header_bytes;    /* Ethernet, IP and TCP headers together */
} abbey_net_frame;

/* The device's side. */
typedef struct abbey_net_client_1 {
    uint32_t size;
    uint32_t reserved;
    /* A frame for the device, also when it is for others: filtering is the device's. 1: taken, or not wanted; 0: there
     * is no room now, and abbey_net_accept() will tell. [locked] */
    uint32_t (*receive)(void *self, const abbey_net_frame *frame);
    /* Behind the last of a run of receive(): the place to interrupt the guest; may be NULL. [locked] */
    void (*received)(void *self);
    /* After a send() that was refused: there is room again; may be NULL. [io] */
    void (*writable)(void *self);
    /* The cable was plugged in (1) or out (0); may be NULL. [io] */
    void (*link)(void *self, uint32_t up);
} abbey_net_client_1;

/* The backend's side. */
typedef struct abbey_net_ops_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*attach)(abbey_net *net, const abbey_net_client_1 *client, void *self);
    uint32_t (*send)(abbey_net *net, const abbey_net_frame *frame);
    void (*flush)(abbey_net *net);
    void (*accept)(abbey_net *net);
    void (*takes)(abbey_net *net, uint32_t flags);
    uint32_t (*link)(abbey_net *net);
} abbey_net_ops_1;

struct abbey_net {
    const abbey_net_ops_1 *ops;
};

/* Makes `self` the one client of the network. 0, or -1 when it has one already. A device without a backend (NULL) is
 * one whose cable is not plugged in. [create] */
static inline int32_t abbey_net_attach(abbey_net *net, const abbey_net_client_1 *client, void *self)
{
    return net ? net->ops->attach(net, client, self) : 0;
}

/* Sends a frame; 0 when there is no room for it now, and writable() will tell. What is sent without a link is taken and
 * gone. receive() may be called before it returns. [locked] */
static inline uint32_t abbey_net_send(abbey_net *net, const abbey_net_frame *frame)
{
    return net ? net->ops->send(net, frame) : 1;
}

/* No more frames follow at once: the backend goes to work. [locked] */
static inline void abbey_net_flush(abbey_net *net)
{
    if (net)
        net->ops->flush(net);
}

/* There is room after receive() had none. receive() may be called before it returns. [locked] */
static inline void abbey_net_accept(abbey_net *net)
{
    if (net)
        net->ops->accept(net);
}

/* What receive() understands from now on: ABBEY_NET_CHECKSUM, ABBEY_NET_TCP4, ABBEY_NET_TCP6; at first nothing. Frames
 * that are on their way may still be of the kind before. [locked] */
static inline void abbey_net_takes(abbey_net *net, uint32_t flags)
{
    if (net)
        net->ops->takes(net, flags);
}

/* Whether the cable is plugged in. [create] [locked] */
static inline uint32_t abbey_net_link(abbey_net *net)
{
    return net ? net->ops->link(net) : 0;
}

/* ---- addresses: interface "abbey.net/1" ---- */

typedef struct abbey_net_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*address)(abbey_dev *dev, const char *text, uint8_t *mac);
} abbey_net_1;

#define ABBEY_NET_1 "abbey.net/1"

/* The six bytes of a station address "52:54:00:12:34:56", or without one (NULL or "") an address made from the names of
 * the machine and the device, so that it is the same in every run and another in every machine. 0, or -1 with a
 * reported reason. [create] */
static inline int32_t abbey_net_address(abbey_dev *dev, const char *text, uint8_t mac[6])
{
    const abbey_net_1 *net = (const abbey_net_1 *)abbey_query(dev, ABBEY_NET_1);
    return net->address(dev, text, mac);
}

#endif
