/* virtio.h - what every virtio device on PCI shares: the transport, and the rings (virtqueues).
 *
 * Virtual I/O Device (VIRTIO) Version 1.1, cited as "VIRTIO". The devices are transitional: a legacy driver finds ports
 * (BAR 0), a modern one capabilities and memory (BAR 1). Rings are split ones. Interrupts go by INTx.
 *
 * A device says what it is in a struct virtio_kind, and is told of notifications:
 *
 *     notify(v, 0):  while (virtio_pop(v, 0, &chain)) { ... virtio_read(v, &chain, ...); ... }
 *     later:         virtio_write(v, &chain, ...); virtio_push(v, 0, chain.head, bytes written);
 *
 * A driver is asked for notifications only when a queue was found empty, and interrupted only where it asks for that,
 * when it knows how to say so (VIRTIO_F_EVENT_INDEX).
 *
 * Rings are memory of the guest, which may write anything there at any time: every index is checked where it is read,
 * and a chain is read once. A driver that breaks the rules finds DEVICE_NEEDS_RESET and is not served until then. */
#ifndef ABBEY_VIRTIO_H
#define ABBEY_VIRTIO_H

#include <stdbool.h>

#include <abbey/plugin.h>

#define VIRTIO_QUEUES 4u
#define VIRTIO_QUEUE_SIZE 256u /* the largest ring offered */
#define VIRTIO_SEGMENTS 260u   /* of a chain */

#define VIRTIO_F_INDIRECT (1ull << 28)
#define VIRTIO_F_EVENT_INDEX (1ull << 29)
#define VIRTIO_F_VERSION_1 (1ull << 32)

#define VIRTIO_DRIVER_OK 4u
#define VIRTIO_FEATURES_OK 8u
#define VIRTIO_NEEDS_RESET 64u

struct virtio;

/* What a device is. All calls [locked]. */
struct virtio_kind {
    uint16_t type;       /* VIRTIO section 5: 1 network, 2 block */
    uint32_t class_code; /* of PCI */
    uint32_t queues;
    uint32_t config_bytes;                            /* of the device's own configuration, at most 64 */
    uint64_t (*features)(struct virtio *v);           /* beyond those of the rings */
    void (*config)(struct virtio *v, uint8_t *bytes); /* fills it in */
    void (*notify)(struct virtio *v, uint32_t queue);
    void (*reset)(struct virtio *v); /* forget chains that are not pushed yet */
};

struct virtio_queue {
    uint64_t descriptors, available, used; /* guest-physical */
    uint16_t size, enabled;
    uint16_t next; /* of the available ring: the first that was not popped */
    uint16_t done; /* index of the used ring, */
    uint16_t told; /* and what it was when an interrupt was last thought of */
};

struct virtio {
    abbey_dev *dev;
    const struct virtio_kind *kind;
    abbey_pci *pci;
    abbey_dma *dma;
    abbey_irq *irq;
    uint64_t offered;

    uint64_t features; /* that the driver took */
    uint32_t offered_select, features_select;
    uint16_t queue_select;
    uint8_t status, isr;
    uint8_t broken;
    struct virtio_queue queue[VIRTIO_QUEUES];
};

/* A request as the driver described it: first what the device reads, then what it writes. */
struct virtio_segment {
    uint64_t address;
    uint32_t bytes;
};
struct virtio_chain {
    uint16_t head;
    uint32_t readable, writable; /* segments */
    uint64_t readable_bytes, writable_bytes;
    struct virtio_segment segments[VIRTIO_SEGMENTS];
};

/* Rows of the register table, for a device with a field `virtio`. */
/* clang-format off */
#define VIRTIO_QUEUE_REGS(n) \
    ABBEY_REG(virtio.queue[n].descriptors, 0), ABBEY_REG(virtio.queue[n].available, 0), \
    ABBEY_REG(virtio.queue[n].used, 0), ABBEY_REG(virtio.queue[n].size, 0), ABBEY_REG(virtio.queue[n].enabled, 0), \
    ABBEY_REG(virtio.queue[n].next, 0), ABBEY_REG(virtio.queue[n].done, 0), ABBEY_REG(virtio.queue[n].told, 0)
#define VIRTIO_REGS \
    ABBEY_REG(virtio.features, 0), ABBEY_REG(virtio.offered_select, 0), ABBEY_REG(virtio.features_select, 0), \
    ABBEY_REG(virtio.queue_select, 0), ABBEY_REG(virtio.status, 0), ABBEY_REG(virtio.isr, 0), \
    ABBEY_REG(virtio.broken, 0), VIRTIO_QUEUE_REGS(0), VIRTIO_QUEUE_REGS(1), VIRTIO_QUEUE_REGS(2), VIRTIO_QUEUE_REGS(3)
/* clang-format on */

/* Puts the device on its PCI bus; `handle` is handed to the callbacks as it is. 0, or -1 with a reported reason.
 * [create] */
int32_t virtio_create(struct virtio *v, abbey_dev *dev, const struct virtio_kind *kind);
/* For the descriptor's reset() and loaded(). */
void virtio_power_on(struct virtio *v);
int32_t virtio_loaded(struct virtio *v);

/* ring.c. Takes the next chain of a queue: false when there is none, or the driver broke a rule. */
bool virtio_pop(struct virtio *v, uint32_t queue, struct virtio_chain *chain);
/* Reads the chain at a head again, for a request that was popped before a restore. */
bool virtio_chain_read(struct virtio *v, uint32_t queue, uint16_t head, struct virtio_chain *chain);
/* Gives a chain back with so many bytes written, and interrupts unless the driver wants none. */
void virtio_push(struct virtio *v, uint32_t queue, uint16_t head, uint32_t bytes);
/* The two halves of that, for several chains at once: what was filled in is the driver's once it is published. Before
 * that, the last `count` chains that were popped, of which `filled` are filled in, can be put back. */
void virtio_fill(struct virtio *v, uint32_t queue, uint16_t head, uint32_t bytes);
void virtio_publish(struct virtio *v, uint32_t queue);
void virtio_take_back(struct virtio *v, uint32_t queue, uint16_t count, uint16_t filled);
/* Copies from what the device reads, or to what it writes, `offset` bytes in; how many bytes were there. */
uint64_t virtio_read(struct virtio *v, const struct virtio_chain *chain, uint64_t offset, void *to, uint64_t bytes);
uint64_t virtio_write(
    struct virtio *v, const struct virtio_chain *chain, uint64_t offset, const void *from, uint64_t bytes);
/* The driver broke a rule. */
void virtio_break(struct virtio *v, const char *what);
/* The device's configuration has changed: tells the driver. */
void virtio_config_changed(struct virtio *v);
/* Sets bits of the interrupt status. */
void virtio_interrupt(struct virtio *v, uint8_t bits);

#endif
