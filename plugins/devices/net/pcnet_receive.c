#include "pcnet.h"

#include <string.h>

#define LONGEST 4096u /* what MCNT can say */

struct incoming {
    uint8_t head[ETHER_SHORTEST]; /* the first bytes, in one piece */
    uint32_t bytes;               /* to be stored */
    uint8_t tail[ETHER_SHORTEST + ETHER_FCS];
    abbey_net_segment parts[18]; /* what is stored: of the frame, then padding and check sequence */
    uint32_t part_count;
};

/* Why the frame is for us: RMD_PAM, RMD_LAFM, RMD_BAM; 0 in promiscuous mode; -1 when it is not. */
static int32_t match(const struct pcnet *p, const uint8_t *to)
{
    static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    uint8_t station[6];
    for (unsigned i = 0; i < 3; i++) {
        station[2 * i] = (uint8_t)p->csr[12 + i];
        station[2 * i + 1] = (uint8_t)(p->csr[12 + i] >> 8);
    }
    if (!memcmp(to, everybody, 6) && !(p->csr[15] & MODE_DRCVBC))
        return RMD_BAM;
    if (!memcmp(to, station, 6) && !(p->csr[15] & MODE_DRCVPA))
        return RMD_PAM;
    if (to[0] & 1) {
        uint32_t bit = ether_hash(&p->crc, to) >> 26;
        if (memcmp(to, everybody, 6) && p->csr[8 + bit / 16] >> bit % 16 & 1)
            return RMD_LAFM;
    }
    return p->csr[15] & MODE_PROM ? 0 : -1;
}

/* Copies the first bytes; false for a frame that is too long, in too many pieces, or no frame. */
static bool head_read(const abbey_net_frame *frame, struct incoming *in)
{
    uint32_t at = 0;
    memset(in->head, 0, sizeof in->head);
    if (frame->bytes < 14 || frame->bytes > LONGEST - ETHER_FCS || frame->segment_count > 16 ||
        frame->flags & ~ABBEY_NET_GOOD)
        return false;
    for (uint32_t i = 0; i < frame->segment_count && at < sizeof in->head; i++) {
        uint64_t count = frame->segments[i].count;
        count = count < sizeof in->head - at ? count : sizeof in->head - at;
        memcpy(in->head + at, frame->segments[i].bytes, count);
        at += (uint32_t)count;
    }
    return true;
}

/* Makes a list of what is stored: the frame, padded as on the wire, and its check sequence; or, when the chip is to
 * strip the padding of an IEEE 802.3 frame, only what its length field counts. */
static void parts_make(const struct pcnet *p, const abbey_net_frame *frame, struct incoming *in)
{
    uint32_t length = (uint32_t)in->head[12] << 8 | in->head[13], pad = 0, crc = UINT32_MAX;
    in->bytes = frame->bytes;
    in->part_count = frame->segment_count;
    memcpy(in->parts, frame->segments, frame->segment_count * sizeof frame->segments[0]);
    if (p->csr[4] & CSR4_ASTRP_RCV && length < 46) {
        in->bytes = 14 + length < frame->bytes ? 14 + length : frame->bytes;
        return;
    }
    if (frame->bytes < ETHER_SHORTEST)
        pad = ETHER_SHORTEST - frame->bytes;
    memset(in->tail, 0, pad);
    for (uint32_t i = 0; i < in->part_count; i++)
        crc = ether_crc_add(&p->crc, crc, in->parts[i].bytes, in->parts[i].count);
    crc = ~ether_crc_add(&p->crc, crc, in->tail, pad);
    memcpy(in->tail + pad, &crc, ETHER_FCS);
    in->parts[in->part_count++] = (abbey_net_segment){ in->tail, pad + ETHER_FCS };
    in->bytes += pad + ETHER_FCS;
}

/* Stores up to `room` bytes from `offset` on at `address`; how many. */
static uint32_t store(struct pcnet *p, const struct incoming *in, uint32_t offset, uint64_t address, uint32_t room)
{
    uint32_t done = 0, left = in->bytes - offset < room ? in->bytes - offset : room;
    for (uint32_t i = 0; i < in->part_count && done < left; i++) {
        uint64_t count = in->parts[i].count;
        if (offset >= count) {
            offset -= (uint32_t)count;
            continue;
        }
        count = count - offset < left - done ? count - offset : left - done;
        if (abbey_dma_write(p->dma, address + done, (const uint8_t *)in->parts[i].bytes + offset, count)) {
            pcnet_status(p, CSR0_MERR);
            break;
        }
        done += (uint32_t)count;
        offset = 0;
    }
    return left; /* what could not be stored is gone */
}

/* Fills buffer after buffer; the frame's start is in the first, its end in the last. */
static void buffers_fill(struct pcnet *p, const struct incoming *in, struct pcnet_descriptor *d, uint16_t why)
{
    uint32_t stored = 0;
    for (bool first = true;; first = false) {
        struct pcnet_descriptor next;
        stored += store(p, in, stored, d->address, d->bytes);
        bool end = stored == in->bytes;
        bool more = !end && pcnet_ring_length(p, 0) > 1 && pcnet_descriptor_read(p, 0, 1, &next) && next.flags & MD_OWN;
        d->flags = (uint16_t)((first ? MD_STP | (unsigned)why : 0u) | (end ? MD_ENP : 0u));
        if (!end && !more)
            d->flags |= MD_ERR | RMD_BUFF;
        d->count = end ? (uint16_t)in->bytes : 0;
        pcnet_descriptor_write(p, 0, d);
        pcnet_ring_advance(p, 0);
        if (!more)
            return;
        *d = next;
    }
}

uint32_t pcnet_receive(struct pcnet *p, const abbey_net_frame *frame)
{
    struct incoming in;
    struct pcnet_descriptor d;
    if (!(p->csr[0] & CSR0_RXON) || !head_read(frame, &in))
        return 1;
    int32_t why = match(p, in.head);
    if (why < 0)
        return 1;
    if (p->csr[5] & CSR5_SPND || !pcnet_descriptor_read(p, 0, 0, &d) || !(d.flags & MD_OWN)) {
        p->rx_waits = 1;
        return 0;
    }
    parts_make(p, frame, &in);
    buffers_fill(p, &in, &d, (uint16_t)why);
    p->csr[0] |= CSR0_RINT; /* the line follows with pcnet_status() behind the last frame of a run */
    return 1;
}

void pcnet_receive_again(struct pcnet *p)
{
    struct pcnet_descriptor d;
    if (!p->rx_waits)
        return;
    if (p->csr[0] & CSR0_RXON && (p->csr[5] & CSR5_SPND || !pcnet_descriptor_read(p, 0, 0, &d) || !(d.flags & MD_OWN)))
        return;
    p->rx_waits = 0;
    abbey_net_accept(p->net);
}
