/* ring.c - split virtqueues: VIRTIO section 2.6.
 *
 *     descriptors  { address 8, length 4, flags 2, next 2 } ...    chains by `next`, or a table of their own
 *     available    flags 2, index 2, { head 2 } ..., event 2       the driver's: chains for the device
 *     used         flags 2, index 2, { head 4, length 4 } ..., event 2    the device's: chains that are done
 *
 * With VIRTIO_F_EVENT_INDEX each side's `event` names the other's index at which it wants to hear of it (VIRTIO 2.6.7,
 * 2.6.8), and flags mean nothing. Who says so looks at the index once more: the other may not have seen it. */
#include <stdatomic.h>

#include "virtio.h"

#define DESCRIPTOR 16u
#define FLAG_NEXT 1u
#define FLAG_WRITE 2u
#define FLAG_INDIRECT 4u
#define NO_INTERRUPT 1u
#define ISR_QUEUE 1u
#define ISR_CONFIG 2u

struct descriptor {
    uint64_t address;
    uint32_t bytes;
    uint16_t flags, next;
};

void virtio_interrupt(struct virtio *v, uint8_t bits)
{
    v->isr |= bits;
    abbey_irq_set(v->irq, v->isr != 0);
}

void virtio_config_changed(struct virtio *v)
{
    if (v->status & VIRTIO_DRIVER_OK)
        virtio_interrupt(v, ISR_CONFIG);
}

void virtio_break(struct virtio *v, const char *what)
{
    if (v->broken)
        return;
    abbey_log(v->dev, ABBEY_LOG_WARN, "the guest's driver breaks the rules of virtio: %s", what);
    v->broken = 1;
    v->status |= VIRTIO_NEEDS_RESET;
    virtio_config_changed(v);
}

/* Puts one descriptor behind the chain. */
static bool segment_add(struct virtio *v, struct virtio_chain *chain, const struct descriptor *d)
{
    bool writes = d->flags & FLAG_WRITE;
    uint32_t count = chain->readable + chain->writable;
    if (count == VIRTIO_SEGMENTS || (!writes && chain->writable)) {
        virtio_break(v, count == VIRTIO_SEGMENTS ? "a chain is too long" : "a chain is read after it was written");
        return false;
    }
    chain->segments[count] = (struct virtio_segment){ d->address, d->bytes };
    if (writes) {
        chain->writable++;
        chain->writable_bytes += d->bytes;
    } else {
        chain->readable++;
        chain->readable_bytes += d->bytes;
    }
    return true;
}

/* Walks a table of `count` descriptors from `index` on. *nested gets an indirect descriptor that ends the walk. */
static bool table_walk(struct virtio *v, uint64_t table, uint32_t count, uint32_t index, struct virtio_chain *chain,
    struct descriptor *nested)
{
    for (uint32_t steps = 0;; steps++) {
        struct descriptor d;
        if (index >= count || steps == count) {
            virtio_break(v, steps == count ? "a chain has no end" : "a descriptor does not exist");
            return false;
        }
        if (abbey_dma_read(v->dma, table + (uint64_t)index * DESCRIPTOR, &d, sizeof d)) {
            virtio_break(v, "descriptors are not in memory");
            return false;
        }
        if (d.flags & FLAG_INDIRECT) {
            bool allowed = nested && (v->features & VIRTIO_F_INDIRECT) && !(d.flags & FLAG_NEXT);
            if (!allowed || d.bytes % DESCRIPTOR || !d.bytes) {
                virtio_break(v, "an indirect descriptor where none may be, or of no whole table");
                return false;
            }
            *nested = d;
            return true;
        }
        if (!segment_add(v, chain, &d))
            return false;
        if (!(d.flags & FLAG_NEXT))
            return true;
        index = d.next;
    }
}

bool virtio_chain_read(struct virtio *v, uint32_t queue, uint16_t head, struct virtio_chain *chain)
{
    const struct virtio_queue *q = &v->queue[queue];
    struct descriptor nested = { 0 };
    chain->head = head;
    chain->readable = chain->writable = 0;
    chain->readable_bytes = chain->writable_bytes = 0;
    if (!table_walk(v, q->descriptors, q->size, head, chain, &nested))
        return false;
    return !nested.flags || table_walk(v, nested.address, nested.bytes / DESCRIPTOR, 0, chain, NULL);
}

/* Asks for a notification of the next chain; *index is the driver's as it is then. False: the queue is empty. */
static bool notifications_ask(struct virtio *v, const struct virtio_queue *q, uint16_t *index)
{
    if (!(v->features & VIRTIO_F_EVENT_INDEX))
        return false;
    if (abbey_dma_write(v->dma, q->used + 4 + 8ull * q->size, &q->next, sizeof q->next)) {
        virtio_break(v, "the used ring is not in memory");
        return false;
    }
    atomic_thread_fence(memory_order_seq_cst);
    return !abbey_dma_read(v->dma, q->available + 2, index, sizeof *index) && *index != q->next;
}

bool virtio_pop(struct virtio *v, uint32_t queue, struct virtio_chain *chain)
{
    struct virtio_queue *q = &v->queue[queue];
    uint16_t index, head;
    if (!q->enabled || v->broken)
        return false;
    if (abbey_dma_read(v->dma, q->available + 2, &index, sizeof index)) {
        virtio_break(v, "the available ring is not in memory");
        return false;
    }
    if (index == q->next && !notifications_ask(v, q, &index))
        return false;
    uint16_t waiting = (uint16_t)(index - q->next);
    if (waiting > q->size) {
        virtio_break(v, "more chains are available than the ring holds");
        return false;
    }
    if (!waiting)
        return false;
    if (abbey_dma_read(v->dma, q->available + 4 + 2ull * (q->next % q->size), &head, sizeof head)) {
        virtio_break(v, "the available ring is not in memory");
        return false;
    }
    q->next++;
    return virtio_chain_read(v, queue, head, chain);
}

void virtio_fill(struct virtio *v, uint32_t queue, uint16_t head, uint32_t bytes)
{
    struct virtio_queue *q = &v->queue[queue];
    uint32_t element[2] = { head, bytes };
    if (!q->enabled || v->broken)
        return;
    if (abbey_dma_write(v->dma, q->used + 4 + 8ull * (q->done % q->size), element, sizeof element))
        virtio_break(v, "the used ring is not in memory");
    else
        q->done++;
}

void virtio_take_back(struct virtio *v, uint32_t queue, uint16_t count, uint16_t filled)
{
    struct virtio_queue *q = &v->queue[queue];
    q->next = (uint16_t)(q->next - count);
    q->done = (uint16_t)(q->done - filled);
}

/* Whether the driver wants to hear that the used ring has grown to what it is. False, too, when a rule was broken. */
static bool interrupt_wanted(struct virtio *v, struct virtio_queue *q)
{
    bool events = v->features & VIRTIO_F_EVENT_INDEX;
    uint16_t word = 0, before = q->told;
    q->told = q->done;
    if (abbey_dma_read(v->dma, q->available + (events ? 4 + 2ull * q->size : 0), &word, sizeof word)) {
        virtio_break(v, "the available ring is not in memory");
        return false;
    }
    return events ? (uint16_t)(q->done - word - 1) < (uint16_t)(q->done - before) : !(word & NO_INTERRUPT);
}

void virtio_publish(struct virtio *v, uint32_t queue)
{
    struct virtio_queue *q = &v->queue[queue];
    if (!q->enabled || v->broken)
        return;
    /* The element is there before the index says so: x86 keeps the order of stores, and the calls that of the compiler.
     * The index must be there before the driver's wish is read. */
    if (abbey_dma_write(v->dma, q->used + 2, &q->done, sizeof q->done)) {
        virtio_break(v, "the used ring is not in memory");
        return;
    }
    atomic_thread_fence(memory_order_seq_cst);
    if (interrupt_wanted(v, q))
        virtio_interrupt(v, ISR_QUEUE);
}

void virtio_push(struct virtio *v, uint32_t queue, uint16_t head, uint32_t bytes)
{
    virtio_fill(v, queue, head, bytes);
    virtio_publish(v, queue);
}

/* The part of a chain's segments [first, last) that a copy of `bytes` from `offset` on touches. */
static uint64_t copy(struct virtio *v, const struct virtio_segment *segments, uint32_t count, uint64_t offset,
    uint8_t *bytes, uint64_t wanted, bool write)
{
    uint64_t done = 0;
    for (uint32_t i = 0; i < count && done < wanted; i++) {
        if (offset >= segments[i].bytes) {
            offset -= segments[i].bytes;
            continue;
        }
        uint64_t part = segments[i].bytes - offset, at = segments[i].address + offset;
        part = part < wanted - done ? part : wanted - done;
        if (write ? abbey_dma_write(v->dma, at, bytes + done, part) : abbey_dma_read(v->dma, at, bytes + done, part))
            break;
        done += part;
        offset = 0;
    }
    return done;
}

uint64_t virtio_read(struct virtio *v, const struct virtio_chain *chain, uint64_t offset, void *to, uint64_t bytes)
{
    return copy(v, chain->segments, chain->readable, offset, to, bytes, false);
}

uint64_t virtio_write(
    struct virtio *v, const struct virtio_chain *chain, uint64_t offset, const void *from, uint64_t bytes)
{
    /* copy() only reads them when it writes memory. */
    return copy(v, chain->segments + chain->readable, chain->writable, offset, (uint8_t *)(uintptr_t)from, bytes, true);
}
