/* virtio-net.c - a network adapter by virtio: VIRTIO section 5.1.
 *
 * Queue 0 has buffers for frames to come, queue 1 frames to go; before each frame stands a header that says what is
 * left to be done with it: a checksum, or the cutting of a large TCP packet. So a packet of 64 KB crosses as one. With
 * merged buffers such a packet is spread over as many as it takes.
 *
 * There is no queue for control: the adapter takes every frame, and the driver sorts them. */
#include "virtio.h"

#include <string.h>

#define RX 0u
#define TX 1u

#define F_CSUM (1ull << 0)
#define F_GUEST_CSUM (1ull << 1)
#define F_MAC (1ull << 5)
#define F_GUEST_TSO4 (1ull << 7)
#define F_GUEST_TSO6 (1ull << 8)
#define F_HOST_TSO4 (1ull << 11)
#define F_HOST_TSO6 (1ull << 12)
#define F_MERGED (1ull << 15)
#define F_STATUS (1ull << 16)
#define F_ANY_LAYOUT (1ull << 27)

#define LINK_UP 1u

#define NEEDS_CHECKSUM 1u
#define DATA_VALID 2u
#define TYPE_TCP4 1u
#define TYPE_TCP6 4u
#define TYPE_ECN 0x80u

#define SEGMENTS 320u /* pieces of RAM of one frame: those of a chain, some of them at the end of a bank */

struct header {
    uint8_t flags, type;
    uint16_t header_bytes, segment_bytes, checksum_start, checksum_offset;
    uint16_t buffers; /* only with merged buffers or version 1 */
};

struct virtio_net {
    struct virtio virtio;
    abbey_net *net;
    const char *mac;
    uint8_t station[6];
    bool transmitting;
    bool published; /* all that was filled in */
    struct virtio_chain first, chain;
    abbey_net_segment segments[SEGMENTS];
    /* Registers: */
    uint8_t rx_waits; /* a frame was refused */
};

static struct virtio_net *net_of(struct virtio *v)
{
    return (struct virtio_net *)(void *)((uint8_t *)v - offsetof(struct virtio_net, virtio));
}

static uint32_t header_size(const struct virtio *v)
{
    return v->features & (F_MERGED | VIRTIO_F_VERSION_1) ? 12 : 10;
}

/* ---- to the network ---- */

/* Maps what the device reads of the chain, without the header. False when a part is no memory. */
static bool chain_map(struct virtio_net *n, const struct virtio_chain *chain, uint32_t *count)
{
    uint64_t skip = header_size(&n->virtio);
    *count = 0;
    for (uint32_t i = 0; i < chain->readable; i++) {
        uint64_t at = chain->segments[i].address, left = chain->segments[i].bytes;
        uint64_t cut = skip < left ? skip : left;
        skip -= cut;
        at += cut;
        left -= cut;
        while (left) {
            uint64_t bytes = left;
            void *host = *count < SEGMENTS ? abbey_dma_map(n->virtio.dma, at, &bytes, 0) : NULL;
            if (!host || !bytes)
                return false;
            n->segments[(*count)++] = (abbey_net_segment){ host, bytes };
            at += bytes;
            left -= bytes;
        }
    }
    return true;
}

static uint32_t type_flags(uint8_t type)
{
    type &= (uint8_t)~TYPE_ECN;
    return type == TYPE_TCP4 ? ABBEY_NET_TCP4 : type == TYPE_TCP6 ? ABBEY_NET_TCP6 : 0;
}

/* Sends one chain; false when the network has no room. What is no frame goes nowhere. */
static bool chain_send(struct virtio_net *n, const struct virtio_chain *chain)
{
    struct header h = { 0 };
    uint32_t count = 0, size = header_size(&n->virtio), taken = 1;
    if (virtio_read(&n->virtio, chain, 0, &h, size) != size || chain->readable_bytes - size > ABBEY_NET_LARGE)
        return true;
    if (chain_map(n, chain, &count)) {
        abbey_net_frame frame = { .size = sizeof frame,
            .bytes = (uint32_t)(chain->readable_bytes - size),
            .segments = n->segments,
            .segment_count = count,
            .flags = (h.flags & NEEDS_CHECKSUM ? ABBEY_NET_CHECKSUM : 0u) | type_flags(h.type),
            .checksum_start = h.checksum_start,
            .checksum_offset = h.checksum_offset,
            .segment_bytes = h.segment_bytes,
            .header_bytes = h.header_bytes };
        taken = abbey_net_send(n->net, &frame);
    }
    for (uint32_t i = 0; i < count; i++)
        abbey_dma_unmap(n->virtio.dma, (void *)(uintptr_t)n->segments[i].bytes, 0);
    return taken != 0;
}

static void transmit(struct virtio_net *n)
{
    struct virtio *v = &n->virtio;
    uint32_t sent = 0;
    if (n->transmitting || !(v->status & VIRTIO_DRIVER_OK))
        return;
    n->transmitting = true;
    for (; sent < VIRTIO_QUEUE_SIZE && virtio_pop(v, TX, &n->chain); sent++) {
        if (!chain_send(n, &n->chain)) {
            virtio_take_back(v, TX, 1, 0);
            break;
        }
        virtio_fill(v, TX, n->chain.head, 0);
    }
    n->transmitting = false;
    if (!sent)
        return;
    virtio_publish(v, TX);
    abbey_net_flush(n->net);
}

/* ---- from the network ---- */

static struct header header_make(const abbey_net_frame *frame)
{
    struct header h = { .header_bytes = frame->header_bytes, .buffers = 1 };
    h.flags = frame->flags & ABBEY_NET_CHECKSUM ? NEEDS_CHECKSUM : frame->flags & ABBEY_NET_GOOD ? DATA_VALID : 0;
    h.checksum_start = frame->flags & ABBEY_NET_CHECKSUM ? frame->checksum_start : 0;
    h.checksum_offset = frame->flags & ABBEY_NET_CHECKSUM ? frame->checksum_offset : 0;
    if (frame->flags & (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)) {
        h.type = frame->flags & ABBEY_NET_TCP4 ? TYPE_TCP4 : TYPE_TCP6;
        h.segment_bytes = frame->segment_bytes;
    }
    return h;
}

/* Where the copy of a frame has come to. */
struct place {
    uint32_t segment;
    uint64_t offset;
    uint32_t left;
};

/* Writes the frame on into one chain, from `at` bytes in; how many. */
static uint64_t chain_write(struct virtio_net *n, const struct virtio_chain *chain, uint64_t at,
    const abbey_net_frame *frame, struct place *place)
{
    uint64_t room = chain->writable_bytes > at ? chain->writable_bytes - at : 0, done = 0;
    while (place->left && done < room) {
        const abbey_net_segment *s = &frame->segments[place->segment];
        uint64_t bytes = s->count - place->offset;
        bytes = bytes < room - done ? bytes : room - done;
        virtio_write(&n->virtio, chain, at + done, (const uint8_t *)s->bytes + place->offset, bytes);
        done += bytes;
        place->offset += bytes;
        place->left -= (uint32_t)bytes;
        if (place->offset == s->count) {
            place->segment++;
            place->offset = 0;
        }
    }
    return done;
}

/* What the driver understands of frames. */
static uint32_t understood(const struct virtio *v)
{
    return (v->features & F_GUEST_CSUM ? ABBEY_NET_CHECKSUM | ABBEY_NET_GOOD : 0u) |
           (v->features & F_GUEST_TSO4 ? ABBEY_NET_TCP4 : 0u) | (v->features & F_GUEST_TSO6 ? ABBEY_NET_TCP6 : 0u);
}

static uint32_t receive(void *self, const abbey_net_frame *frame)
{
    struct virtio_net *n = self;
    struct virtio *v = &n->virtio;
    struct place place = { .left = frame->bytes };
    struct header h = header_make(frame);
    uint32_t size = header_size(v);
    uint16_t used = 0;
    if (!(v->status & VIRTIO_DRIVER_OK) || v->broken || (frame->flags & ~(understood(v) | ABBEY_NET_GOOD)))
        return 1;
    do {
        struct virtio_chain *chain = used ? &n->chain : &n->first;
        if (!virtio_pop(v, RX, chain)) {
            virtio_take_back(v, RX, used, used);
            n->rx_waits = 1;
            return v->broken;
        }
        uint64_t at = used ? 0 : size, bytes = at + chain_write(n, chain, at, frame, &place);
        virtio_fill(v, RX, chain->head, (uint32_t)bytes);
        used++;
        if (bytes <= at || (place.left && !(v->features & F_MERGED)) || v->broken) {
            virtio_take_back(v, RX, used, used);
            virtio_break(v, "a buffer for frames is too small");
            return 1;
        }
    } while (place.left);
    h.buffers = used;
    virtio_write(v, &n->first, 0, &h, size);
    n->published = false;
    return 1;
}

static void received(void *self)
{
    struct virtio_net *n = self;
    if (!n->published)
        virtio_publish(&n->virtio, RX);
    n->published = true;
}

static void writable(void *self)
{
    transmit(self);
}

static void link_changed(void *self, uint32_t up)
{
    (void)up;
    virtio_config_changed(&((struct virtio_net *)self)->virtio);
}

static const abbey_net_client_1 client = {
    .size = sizeof client, .receive = receive, .received = received, .writable = writable, .link = link_changed
};

/* ---- what virtio asks ---- */

static uint64_t features(struct virtio *v)
{
    (void)v;
    return F_CSUM | F_GUEST_CSUM | F_MAC | F_GUEST_TSO4 | F_GUEST_TSO6 | F_HOST_TSO4 | F_HOST_TSO6 | F_MERGED |
           F_STATUS | F_ANY_LAYOUT;
}

static void config(struct virtio *v, uint8_t *bytes)
{
    const struct virtio_net *n = net_of(v);
    memcpy(bytes, n->station, 6);
    bytes[6] = abbey_net_link(n->net) ? LINK_UP : 0;
}

static void notified(struct virtio *v, uint32_t queue)
{
    struct virtio_net *n = net_of(v);
    if (queue == TX) {
        transmit(n);
        return;
    }
    abbey_net_takes(n->net, understood(v));
    if (n->rx_waits) {
        n->rx_waits = 0;
        abbey_net_accept(n->net);
    }
}

/* What waits for buffers is dropped by receive(). */
static void forget(struct virtio *v)
{
    struct virtio_net *n = net_of(v);
    abbey_net_takes(n->net, 0);
    if (n->rx_waits) {
        n->rx_waits = 0;
        abbey_net_accept(n->net);
    }
}

static const struct virtio_kind kind = { .type = 1,
    .class_code = 0x020000,
    .queues = 2,
    .config_bytes = 8,
    .features = features,
    .config = config,
    .notify = notified,
    .reset = forget };

/* ---- the instance ---- */

static void reset(void *self)
{
    virtio_power_on(&((struct virtio_net *)self)->virtio);
}

static int32_t loaded(void *self)
{
    struct virtio_net *n = self;
    n->published = true;
    abbey_net_takes(n->net, understood(&n->virtio));
    return virtio_loaded(&n->virtio);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct virtio_net *n = self;
    n->published = true;
    if (abbey_net_address(dev, n->mac, n->station))
        return -1;
    if (abbey_net_attach(n->net, &client, n))
        return abbey_fail(dev, "net: another device uses it");
    return virtio_create(&n->virtio, dev, &kind);
}

#define ABBEY_SELF struct virtio_net
static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(net, NULL, "network that the cable leads to; none: not plugged in"),
    ABBEY_PROP_TEXT(mac, NULL, "station address; by default made from the names of machine and device"),
};
static const abbey_reg regs[] = { VIRTIO_REGS, ABBEY_REG(rx_waits, 0) };

static const abbey_device device = { .name = "virtio-net",
    .summary = "virtio network adapter, legacy and modern",
    .bus = "pci",
    .self_size = sizeof(struct virtio_net),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.virtio-net", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pci/1 abbey.dma/1 abbey.net/1", .device = &device);
