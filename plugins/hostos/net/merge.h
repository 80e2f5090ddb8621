/* merge.h - TCP segments that follow each other become one large packet, as network cards do it when they receive. For
 * whoever pays by the packet: a socket of the host on one side, a driver that understands such packets on the other.
 *
 *     merge_begin(&m, record)       the record has the first frame, and room up to ABBEY_NET_LARGE
 *     while (merge_add(&m, ...))    the next is put behind it, or does not belong there
 *     record = merge_end(&m)        a packet to be cut, or the first frame as it was
 *
 * What offload_cut_next() makes of the packet are the frames that went in, but for their IP identification. */
#ifndef ABBEY_NET_MERGE_H
#define ABBEY_NET_MERGE_H

#include "ring.h"

struct merge {
    struct record *record; /* NULL: nothing is under way */
    uint32_t next;         /* sequence number that follows */
    uint32_t parts;
    bool closed; /* the last segment was short, or pushed */
};

/* Whether a frame may be the first: TCP over IPv4 with data, none of its flags but ACK, and its checksum right, which
 * need not be looked at when it is `known` to be. */
bool merge_can_begin(const uint8_t *frame, uint32_t bytes, bool known);
/* After merge_can_begin(). */
void merge_begin(struct merge *merge, struct record *record);
/* False: the frame belongs to another connection, is out of order, or there is no room. Nothing has changed then. */
bool merge_add(struct merge *merge, const uint8_t *frame, uint32_t bytes, bool known);
/* Ends what is under way; NULL when nothing is. A packet of several frames has ABBEY_NET_TCP4 and ABBEY_NET_CHECKSUM,
 * and is good as offload_good() says. */
struct record *merge_end(struct merge *merge);

#endif
