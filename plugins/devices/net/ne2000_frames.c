/* ne2000_frames.c - frames of the guest and for it, through the buffer of an NE2000.
 *
 * A frame for which the ring has no room waits in the network, where the chip would report an overflow. And where the
 * driver is interrupted, one waits until it has acknowledged that of the last: drivers look into the ring for the last
 * time, then acknowledge, and know nothing of what came between. On a wire that is a matter of microseconds in a
 * millisecond; from memory frames come as fast as the driver reads them. */
#include "ne2000.h"

#include <string.h>

#define RCR_BROADCAST 0x04u
#define RCR_GROUPS 0x08u
#define RCR_ALL 0x10u
#define RCR_MONITOR 0x20u

#define RSR_PRX 0x01u
#define RSR_GROUP 0x20u

#define HEADER 4u
#define LONGEST 1518u

void ne2000_receive_again(struct ne2000 *n)
{
    if (!n->rx_waits)
        return;
    n->rx_waits = 0;
    abbey_net_accept(n->net);
}

void ne2000_transmit(struct ne2000 *n)
{
    uint32_t at = (uint32_t)n->tpsr << 8, bytes = n->tbcr;
    if (!(n->cr & CR_TXP) || n->cr & CR_STP)
        return;
    if (!(n->tcr & TCR_LOOP) && at >= BUFFER && at + bytes <= 2 * BUFFER && bytes >= 14 && bytes <= LONGEST) {
        abbey_net_segment segment = { n->memory + at - BUFFER, bytes };
        abbey_net_frame frame = { .size = sizeof frame, .bytes = bytes, .segments = &segment, .segment_count = 1 };
        if (!abbey_net_send(n->net, &frame))
            return; /* TXP stays until there is room */
        abbey_net_flush(n->net);
    }
    n->cr &= (uint8_t)~CR_TXP;
    n->tsr = 0x01;
    n->isr |= ISR_PTX;
    ne2000_interrupt(n);
}

/* The six highest bits of the CRC register, whose highest bit is the lowest here. */
static bool group_wanted(const struct ne2000 *n, const uint8_t *to)
{
    uint32_t hash = ether_hash(&n->crc, to), index = 0;
    for (unsigned i = 0; i < 6; i++)
        index |= (hash >> i & 1) << (5 - i);
    return n->mar[index >> 3] >> (index & 7) & 1;
}

static bool wanted(const struct ne2000 *n, const uint8_t *to)
{
    static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    if (!memcmp(to, everybody, 6))
        return n->rcr & (RCR_BROADCAST | RCR_ALL);
    if (to[0] & 1)
        return n->rcr & RCR_GROUPS && (n->rcr & RCR_ALL || group_wanted(n, to));
    return n->rcr & RCR_ALL || !memcmp(to, n->par, 6);
}

static void ring_put(struct ne2000 *n, uint32_t *at, const uint8_t *bytes, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        ne2000_put(n, (uint16_t)*at, bytes[i]);
        if (++*at == (uint32_t)n->pstop << 8)
            *at = (uint32_t)n->pstart << 8;
    }
}

static uint32_t receive(void *self, const abbey_net_frame *frame)
{
    struct ne2000 *n = self;
    uint8_t data[LONGEST + ETHER_FCS] = { 0 };
    uint32_t bytes = 0, pages = (uint32_t)(n->pstop - n->pstart);
    if (n->cr & CR_STP || !(n->cr & CR_STA) || n->rcr & RCR_MONITOR || frame->bytes > LONGEST - ETHER_FCS ||
        frame->flags & ~ABBEY_NET_GOOD || n->pstop <= n->pstart || n->curr < n->pstart || n->curr >= n->pstop)
        return 1;
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        memcpy(data + bytes, frame->segments[i].bytes, frame->segments[i].count);
        bytes += (uint32_t)frame->segments[i].count;
    }
    if (!wanted(n, data))
        return 1;
    bytes = bytes < ETHER_SHORTEST ? ETHER_SHORTEST : bytes;
    uint32_t crc = ~ether_crc_add(&n->crc, UINT32_MAX, data, bytes), at = (uint32_t)n->curr << 8;
    memcpy(data + bytes, &crc, ETHER_FCS);
    bytes += ETHER_FCS;
    uint32_t needed = (HEADER + bytes + 255) / 256, free = (n->bnry + pages - n->curr) % pages;
    if ((free ? free : pages) <= needed || n->isr & n->imr & ISR_PRX) {
        n->rx_waits = 1;
        return pages > needed ? 0 : 1;
    }
    uint32_t next = n->curr + needed;
    next = next >= n->pstop ? next - pages : next;
    n->rsr = (uint8_t)(RSR_PRX | (data[0] & 1 ? RSR_GROUP : 0u));
    uint8_t header[HEADER] = { n->rsr, (uint8_t)next, (uint8_t)bytes, (uint8_t)(bytes >> 8) };
    ring_put(n, &at, header, HEADER);
    ring_put(n, &at, data, bytes);
    n->curr = (uint8_t)next;
    n->isr |= ISR_PRX;
    return 1;
}

static void received(void *self)
{
    ne2000_interrupt(self);
}

static void writable(void *self)
{
    ne2000_transmit(self);
}

const abbey_net_client_1 ne2000_client = {
    .size = sizeof ne2000_client, .receive = receive, .received = received, .writable = writable
};
