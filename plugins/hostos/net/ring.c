#include "ring.h"

#include <stdlib.h>

#define STEP 16u
#define SKIP UINT32_MAX

static uint32_t record_bytes(uint32_t data)
{
    return ((uint32_t)sizeof(struct record) + data + STEP - 1) & ~(STEP - 1);
}

static struct record *record_at(const struct ring *ring, uint32_t position)
{
    return (struct record *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

bool ring_new(struct ring *ring, uint32_t size)
{
    ring->bytes = aligned_alloc(64, size);
    ring->size = size;
    atomic_init(&ring->head, 0);
    atomic_init(&ring->tail, 0);
    return ring->bytes != NULL;
}

void ring_free(struct ring *ring)
{
    free(ring->bytes);
    ring->bytes = NULL;
}

struct record *ring_reserve(struct ring *ring, uint32_t bytes)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_acquire);
    uint32_t need = record_bytes(bytes), left = ring->size - (head & (ring->size - 1));
    uint32_t skip = left < need ? left : 0;
    if (ring->size - (head - tail) < skip + need)
        return NULL;
    if (skip) {
        record_at(ring, head)->bytes = SKIP;
        head += skip;
        atomic_store_explicit(&ring->head, head, memory_order_release);
    }
    struct record *record = record_at(ring, head);
    *record = (struct record){ .bytes = bytes };
    return record;
}

void ring_commit(struct ring *ring, struct record *record)
{
    uint32_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    /* In order with the flags that say whether the consumer sleeps. */
    atomic_store(&ring->head, head + record_bytes(record->bytes));
}

struct record *ring_first(struct ring *ring)
{
    for (;;) {
        uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
        if (atomic_load(&ring->head) == tail)
            return NULL;
        struct record *record = record_at(ring, tail);
        if (record->bytes != SKIP)
            return record;
        atomic_store_explicit(&ring->tail, tail + ring->size - (tail & (ring->size - 1)), memory_order_release);
    }
}

void ring_drop(struct ring *ring, const struct record *record)
{
    uint32_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    atomic_store(&ring->tail, tail + record_bytes(record->bytes));
}

uint32_t ring_used(const struct ring *ring)
{
    uint32_t tail = atomic_load(&ring->tail);
    return atomic_load(&ring->head) - tail;
}
