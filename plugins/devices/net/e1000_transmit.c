/* e1000_transmit.c - SDM 3.3. A descriptor is of the old kind (an address, a length, and where to put a checksum), a
 * context that says how to cut and sum what follows, or data that uses the context. */
#include "e1000.h"

#include <string.h>

#define CMD_EOP 0x01u
#define CMD_IC 0x04u  /* of the old kind */
#define CMD_TSE 0x04u /* of the new */
#define CMD_RS 0x08u
#define CMD_DEXT 0x20u
#define POPTS_IXSM 1u
#define POPTS_TXSM 2u
#define TUCMD_TCP 1u
#define TUCMD_IP4 2u
#define STATUS_DD 1u
#define DESCRIPTORS 96u /* of one frame */
#define HEADERS 256u

struct descriptor {
    uint64_t address;
    uint32_t command; /* DTALEN, DTYP, CMD */
    uint32_t status;  /* STA, POPTS or CSS */
};

struct outgoing {
    uint32_t count; /* of descriptors */
    uint32_t bytes;
    bool reports;
    struct descriptor first; /* whose options count */
    uint32_t segment_count;
    uint32_t mapped; /* of these, behind the copied headers */
    uint8_t headers[HEADERS];
};

static uint32_t command(const struct descriptor *d)
{
    return d->command >> 24;
}

static uint32_t data_bytes(const struct descriptor *d)
{
    return command(d) & CMD_DEXT ? d->command & 0xfffff : d->command & 0xffff;
}

static bool is_context(const struct descriptor *d)
{
    return command(d) & CMD_DEXT && !(d->command >> 20 & 15);
}

/* Tells the driver that so many descriptors from the head on are done. */
static void descriptors_return(struct e1000 *e, uint32_t count)
{
    uint32_t total = e1000_ring_count(&e->tx);
    for (uint32_t i = 0; i < count; i++) {
        struct descriptor d;
        uint64_t at = e1000_ring_at(&e->tx, e->tx.head);
        if (!abbey_dma_read(e->dma, at, &d, sizeof d) && command(&d) & CMD_RS) {
            uint8_t status = (uint8_t)(d.status | STATUS_DD);
            abbey_dma_write(e->dma, at + 12, &status, 1);
            e->icr |= ICR_TXDW;
        }
        e->tx.head = (e->tx.head + 1) % total;
    }
}

/* Maps the data of a frame from the head on. False while its end is not there; without memory its bytes are too many.
 */
static bool frame_map(struct e1000 *e, struct outgoing *out)
{
    uint32_t total = e1000_ring_count(&e->tx), at = e->tx.head;
    for (; at != e->tx.tail && out->count < DESCRIPTORS; at = (at + 1) % total) {
        struct descriptor d;
        if (abbey_dma_read(e->dma, e1000_ring_at(&e->tx, at), &d, sizeof d))
            return false;
        if (!out->count)
            out->first = d;
        out->count++;
        uint64_t left = data_bytes(&d), address = d.address;
        while (left) {
            uint64_t bytes = left;
            void *host = out->segment_count < E1000_SEGMENTS ? abbey_dma_map(e->dma, address, &bytes, 0) : NULL;
            if (!host || !bytes) {
                out->bytes = ABBEY_NET_LARGE + 1;
                break;
            }
            e->segments[out->segment_count++] = (abbey_net_segment){ host, bytes };
            out->bytes += (uint32_t)bytes;
            address += bytes;
            left -= bytes;
        }
        if (command(&d) & CMD_EOP)
            return true;
    }
    if (out->count < DESCRIPTORS)
        return false;
    out->bytes = ABBEY_NET_LARGE + 1;
    return true;
}

static void frame_unmap(struct e1000 *e, const abbey_net_segment *mapped, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        abbey_dma_unmap(e->dma, (void *)(uintptr_t)mapped[i].bytes, 0);
}

/* ---- checksums and segmentation ---- */

static uint32_t sum16(const uint8_t *at, uint32_t bytes, uint32_t total)
{
    for (uint32_t i = 0; i + 1 < bytes; i += 2)
        total += (uint32_t)at[i] << 8 | at[i + 1];
    if (bytes & 1)
        total += (uint32_t)at[bytes - 1] << 8;
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return total;
}

static void put16(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

/* The IP header's own checksum (SDM 3.3.6, IPCSS, IPCSO, IPCSE). */
static void ip_sum(uint8_t *headers, uint32_t bytes, const uint32_t *context)
{
    uint32_t start = context[0] & 0xff, at = context[0] >> 8 & 0xff, end = context[0] >> 16;
    end = end && end < bytes ? end + 1 : bytes;
    if (start >= end || at + 2 > bytes)
        return;
    put16(headers + at, ~sum16(headers + start, end - start, 0));
}

/* The headers of a packet that is to be cut are made those of the whole packet: lengths, and the sum of the
 * pseudo-header, which the driver leaves out. */
static bool headers_finish(const struct e1000 *e, struct outgoing *out, uint32_t bytes)
{
    const uint32_t *context = e->context;
    uint32_t ip = context[0] & 0xff, tcp = context[1] & 0xff, at = context[1] >> 8 & 0xff;
    bool four = context[2] >> 24 & TUCMD_IP4;
    if (ip + (four ? 20u : 40u) > bytes || tcp + 18 > bytes || at != tcp + 16 || tcp < ip)
        return false;
    uint8_t *head = out->headers + ip;
    uint32_t total = 6 + out->bytes - tcp;
    if (four) {
        put16(head + 2, out->bytes - ip);
        total = sum16(head + 12, 8, total);
    } else {
        put16(head + 4, out->bytes - ip - 40);
        total = sum16(head + 8, 32, total);
    }
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    put16(out->headers + at, total);
    return true;
}

/* Puts a copy of the first `bytes` bytes in place of them, to be changed. */
static bool headers_copy(struct e1000 *e, struct outgoing *out, uint32_t bytes)
{
    uint32_t done = 0, i = 0;
    if (bytes > HEADERS || bytes > out->bytes || out->segment_count == E1000_SEGMENTS)
        return false;
    for (; done < bytes; i++) {
        uint64_t count = e->segments[i].count < bytes - done ? e->segments[i].count : bytes - done;
        memcpy(out->headers + done, e->segments[i].bytes, count);
        e->segments[i].bytes = (const uint8_t *)e->segments[i].bytes + count;
        e->segments[i].count -= count;
        done += (uint32_t)count;
    }
    memmove(e->segments + 1, e->segments, out->segment_count * sizeof e->segments[0]);
    e->segments[0] = (abbey_net_segment){ out->headers, bytes };
    out->segment_count++;
    return true;
}

/* What is left to be done with the frame. False when the driver asks for what cannot be. */
static bool frame_options(struct e1000 *e, struct outgoing *out, abbey_net_frame *frame)
{
    const uint32_t *context = e->context;
    const struct descriptor *d = &out->first;
    uint32_t options = d->status >> 8 & 0xff, start = context[1] & 0xff, at = context[1] >> 8 & 0xff;
    if (!(command(d) & CMD_DEXT)) {
        start = options; /* CSS */
        at = d->command >> 16 & 0xff;
        options = command(d) & CMD_IC ? POPTS_TXSM : 0;
    } else if (command(d) & CMD_TSE && context[2] >> 24 & TUCMD_TCP) {
        uint32_t headers = context[3] >> 8 & 0xff;
        if (!headers_copy(e, out, headers) || !headers_finish(e, out, headers))
            return false;
        frame->flags = context[2] >> 24 & TUCMD_IP4 ? ABBEY_NET_TCP4 : ABBEY_NET_TCP6;
        frame->segment_bytes = (uint16_t)(context[3] >> 16);
        frame->header_bytes = (uint16_t)headers;
        if (options & POPTS_IXSM)
            ip_sum(out->headers, headers, context);
        options |= POPTS_TXSM;
    } else if (options & POPTS_IXSM) {
        uint32_t bytes = (context[0] >> 16) + 1;
        if (!headers_copy(e, out, bytes))
            return false;
        ip_sum(out->headers, bytes, context);
    }
    if (options & POPTS_TXSM) {
        if (at < start)
            return false;
        frame->flags |= ABBEY_NET_CHECKSUM;
        frame->checksum_start = (uint16_t)start;
        frame->checksum_offset = (uint16_t)(at - start);
    }
    frame->segment_count = out->segment_count;
    return true;
}

/* One frame, or what stands before it; false when there is none, or the network has no room. */
static bool frame_send(struct e1000 *e)
{
    struct outgoing out;
    abbey_net_segment mapped[E1000_SEGMENTS];
    uint32_t taken = 1;
    out.count = out.bytes = out.segment_count = 0;
    bool whole = frame_map(e, &out);
    uint32_t count = out.segment_count;
    memcpy(mapped, e->segments, count * sizeof mapped[0]);
    if (whole && out.bytes >= 14 && out.bytes <= ABBEY_NET_LARGE) {
        abbey_net_frame frame = {
            .size = sizeof frame, .bytes = out.bytes, .segments = e->segments, .segment_count = count
        };
        if (frame_options(e, &out, &frame))
            taken = abbey_net_send(e->net, &frame);
    }
    frame_unmap(e, mapped, count);
    if (!whole || !taken)
        return false;
    e1000_count(e, E1000_GPTC, E1000_TPT);
    descriptors_return(e, out.count);
    return true;
}

void e1000_transmit(struct e1000 *e)
{
    uint32_t total = e1000_ring_count(&e->tx), sent = 0;
    if (e->transmitting || !(e->tctl & TCTL_EN) || e->tx.head >= total || e->tx.tail >= total)
        return;
    e->transmitting = true;
    for (; e->tx.head != e->tx.tail && sent < total; sent++) {
        struct descriptor d;
        if (abbey_dma_read(e->dma, e1000_ring_at(&e->tx, e->tx.head), &d, sizeof d))
            break;
        if (is_context(&d)) {
            memcpy(e->context, &d, sizeof e->context);
            descriptors_return(e, 1);
        } else if (!frame_send(e)) {
            break;
        }
    }
    e->transmitting = false;
    if (!sent)
        return;
    abbey_net_flush(e->net);
    e1000_cause(e, e->tx.head == e->tx.tail ? ICR_TXQE : 0);
}
