/* e1000_receive.c - SDM 3.2: which frames are for us, and where they go. */
#include "e1000.h"

#include <string.h>

#define STATUS_DD 0x01u
#define STATUS_EOP 0x02u
#define STATUS_IXSM 0x04u /* the checksums were not looked at */
#define STATUS_TCPCS 0x20u
#define STATUS_IPCS 0x40u
#define STATUS_PIF 0x80u
#define RXCSUM_IPOFL 0x100u
#define RXCSUM_TUOFL 0x200u
#define RAH_VALID 0x80000000u
#define LONGEST 1518u /* with a VLAN tag, without the check sequence */
#define JUMBO 16380u

struct descriptor {
    uint64_t address;
    uint16_t length, checksum;
    uint8_t status, errors;
    uint16_t special;
};

/* The first bytes of a frame, in one piece. */
static uint32_t head_copy(const abbey_net_frame *frame, uint8_t *head, uint32_t room)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < frame->segment_count && at < room; i++) {
        uint64_t count = frame->segments[i].count < room - at ? frame->segments[i].count : room - at;
        memcpy(head + at, frame->segments[i].bytes, count);
        at += (uint32_t)count;
    }
    return at;
}

/* SDM 13.5.1: 12 bits of a group's address choose a bit of the table. */
static bool group_wanted(const struct e1000 *e, const uint8_t *to)
{
    static const uint8_t shifts[4] = { 4, 3, 2, 0 };
    uint32_t bits = ((uint32_t)to[5] << 8 | to[4]) >> shifts[e->rctl >> 12 & 3] & 0xfff;
    return e->mta[bits >> 5] >> (bits & 31) & 1;
}

static bool wanted(const struct e1000 *e, const uint8_t *to, uint8_t *status)
{
    static const uint8_t everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    if (!memcmp(to, everybody, 6) && e->rctl & RCTL_BAM)
        return true;
    if (e->rctl & (to[0] & 1 ? RCTL_MPE : RCTL_UPE))
        return true;
    for (unsigned i = 0; i < 32; i += 2) {
        uint32_t high = e->ra[i + 1];
        if (high & RAH_VALID && !memcmp(to, &e->ra[i], 4) && to[4] == (high & 0xff) && to[5] == (high >> 8 & 0xff))
            return true;
    }
    if (!(to[0] & 1) || !group_wanted(e, to))
        return false;
    *status |= STATUS_PIF; /* the hash may be that of another group */
    return true;
}

/* What the chip says of the checksums; it only knows of those that the network vouches for. */
static uint8_t checksum_status(const struct e1000 *e, const abbey_net_frame *frame, const uint8_t *head, uint32_t bytes)
{
    bool plain = bytes >= 34 && head[12] == 8 && head[13] == 0 && head[14] == 0x45 && !(head[20] & 0x3f) && !head[21];
    if (!(frame->flags & ABBEY_NET_GOOD) || !plain || (head[23] != 6 && head[23] != 17))
        return STATUS_IXSM;
    uint8_t status =
        (uint8_t)((e->rxcsum & RXCSUM_IPOFL ? STATUS_IPCS : 0u) | (e->rxcsum & RXCSUM_TUOFL ? STATUS_TCPCS : 0u));
    return status ? status : STATUS_IXSM;
}

static uint32_t buffer_bytes(const struct e1000 *e)
{
    uint32_t code = e->rctl >> 16 & 3;
    return e->rctl & RCTL_BSEX && code ? 32768u >> code : 2048u >> code;
}

static uint32_t available(const struct e1000 *e)
{
    uint32_t total = e1000_ring_count(&e->rx);
    return e->rx.head < total && e->rx.tail < total ? (e->rx.tail + total - e->rx.head) % total : 0;
}

/* Stores `bytes` bytes of the parts from `offset` on. */
static void store(
    struct e1000 *e, const abbey_net_segment *parts, uint32_t count, uint64_t offset, uint64_t at, uint32_t bytes)
{
    for (uint32_t i = 0; i < count && bytes; i++) {
        if (offset >= parts[i].count) {
            offset -= parts[i].count;
            continue;
        }
        uint64_t part = parts[i].count - offset < bytes ? parts[i].count - offset : bytes;
        abbey_dma_write(e->dma, at, (const uint8_t *)parts[i].bytes + offset, part);
        at += part;
        bytes -= (uint32_t)part;
        offset = 0;
    }
}

/* One buffer after the other. */
static void frame_store(struct e1000 *e, const abbey_net_segment *parts, uint32_t count, uint32_t bytes, uint8_t status)
{
    uint32_t total = e1000_ring_count(&e->rx), room = buffer_bytes(e);
    for (uint32_t done = 0; done < bytes;) {
        uint64_t at = e1000_ring_at(&e->rx, e->rx.head);
        uint32_t part = bytes - done < room ? bytes - done : room;
        struct descriptor d;
        if (!abbey_dma_read(e->dma, at, &d, sizeof d)) {
            store(e, parts, count, done, d.address, part);
            d.length = (uint16_t)part;
            d.checksum = d.special = 0;
            d.errors = 0;
            d.status = (uint8_t)(status | STATUS_DD | (done + part == bytes ? STATUS_EOP : 0u));
            abbey_dma_write(e->dma, at + 8, &d.length, 4);
            abbey_dma_write(e->dma, at + 13, &d.errors, 3);
            abbey_dma_write(e->dma, at + 12, &d.status, 1);
        }
        done += part;
        e->rx.head = (e->rx.head + 1) % total;
    }
}

uint32_t e1000_receive(struct e1000 *e, const abbey_net_frame *frame)
{
    uint8_t head[64], tail[ETHER_SHORTEST + ETHER_FCS] = { 0 }, status = 0;
    abbey_net_segment parts[18];
    uint32_t bytes = frame->bytes, count = frame->segment_count,
             pad = bytes < ETHER_SHORTEST ? ETHER_SHORTEST - bytes : 0;
    if (!(e->rctl & RCTL_EN) || bytes < 14 || bytes > (e->rctl & RCTL_LPE ? JUMBO : LONGEST) || count > 16 ||
        frame->flags & ~ABBEY_NET_GOOD)
        return 1;
    uint32_t copied = head_copy(frame, head, sizeof head);
    if (!wanted(e, head, &status))
        return 1;
    bool strip = e->rctl & RCTL_SECRC;
    uint32_t whole = bytes + pad + (strip ? 0 : ETHER_FCS), free = available(e);
    if (free < (whole + buffer_bytes(e) - 1) / buffer_bytes(e)) {
        e->rx_waits = 1;
        return 0;
    }
    memcpy(parts, frame->segments, count * sizeof parts[0]);
    if (!strip) {
        uint32_t crc = UINT32_MAX;
        for (uint32_t i = 0; i < count; i++)
            crc = ether_crc_add(&e->crc, crc, parts[i].bytes, parts[i].count);
        crc = ~ether_crc_add(&e->crc, crc, tail, pad);
        memcpy(tail + pad, &crc, ETHER_FCS);
    }
    parts[count++] = (abbey_net_segment){ tail, pad + (strip ? 0 : ETHER_FCS) };
    status |= checksum_status(e, frame, head, copied);
    frame_store(e, parts, count, whole, status);
    e1000_count(e, E1000_GPRC, E1000_TPR);
    e->icr |= ICR_RXT0;
    /* SDM 13.4.22, RDMTS: half, a quarter, an eighth of the ring is left. */
    if (available(e) <= e1000_ring_count(&e->rx) >> (1 + (e->rctl >> 8 & 3)))
        e->icr |= ICR_RXDMT0;
    return 1;
}
