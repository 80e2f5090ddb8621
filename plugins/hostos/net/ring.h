/* ring.h - frames on their way from one thread to another: one that puts in, one that takes out, no lock.
 *
 * A ring is bytes; a frame is a record with its data behind it, always in one piece:
 *
 *     record | data ... | record | data ... | skip |      (16-byte steps)
 *     ^ taken up to here            ^ put in up to here
 *
 * What would run over the end begins at the start again, and a skip record fills the rest. A producer reserves for the
 * longest frame that may come, fills in what came, and commits that much: data reach their place without a copy
 * between. */
#ifndef ABBEY_NET_RING_H
#define ABBEY_NET_RING_H

#include <stdatomic.h>
#include <stdbool.h>

#include <abbey/net.h>

struct record {
    uint32_t bytes;
    uint32_t flags; /* these as in abbey_net_frame */
    uint16_t checksum_start, checksum_offset, segment_bytes, header_bytes;
    uint8_t data[];
};

struct ring {
    uint8_t *bytes;
    uint32_t size;         /* a power of two */
    _Atomic uint32_t head; /* put in so far, */
    _Atomic uint32_t tail; /* taken out so far; both run on for ever */
};

/* False when memory is short. `size` is a power of two, at least four times the longest frame. */
bool ring_new(struct ring *ring, uint32_t size);
void ring_free(struct ring *ring);

/* The producer: room for a frame of up to `bytes` bytes, NULL when there is none now. Nothing is put in until
 * ring_commit(), with the record filled in and no longer than was reserved. */
struct record *ring_reserve(struct ring *ring, uint32_t bytes);
void ring_commit(struct ring *ring, struct record *record);

/* The consumer: the oldest frame, or NULL; it stays until it is dropped. */
struct record *ring_first(struct ring *ring);
void ring_drop(struct ring *ring, const struct record *record);

/* Bytes in use. Either side. */
uint32_t ring_used(const struct ring *ring);

#endif
