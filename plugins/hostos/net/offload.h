/* offload.h - what network cards do for operating systems, in software: checksums, and large TCP packets cut into
 * frames. For networks that cannot pass such frames on as they are. */
#ifndef ABBEY_NET_OFFLOAD_H
#define ABBEY_NET_OFFLOAD_H

#include "ring.h"

/* Whether the record is what its flags say: sums that lie in the frame; for a packet to be cut, TCP over the right IP
 * with room for its headers, which are measured anew in header_bytes. A guest may have written anything. */
bool offload_good(struct record *record);

/* Fills in the checksum that is asked for. */
void offload_checksum(struct record *record);

/* Lengths and sums of a packet that is to be cut and has grown: what stays to be done is what its flags say. */
void offload_partial(struct record *record);

/* Whether the checksum of a frame with TCP over IPv4 without options, and nothing behind its data, is right. */
bool offload_tcp4_good(const uint8_t *frame, uint32_t bytes);

/* A packet that is to be cut becomes one valid packet of its whole length, checksums and all. */
void offload_whole(struct record *record);

/* Cuts a packet: begin with { .whole = record } and call until false. Each part is a frame with nothing left to do. */
struct offload_cut {
    const struct record *whole;
    uint32_t done;  /* bytes of data */
    uint32_t count; /* of parts */
};
bool offload_cut_next(struct offload_cut *state, struct record *part, uint32_t room);

#endif
