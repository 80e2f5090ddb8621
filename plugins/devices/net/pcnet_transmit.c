#include "pcnet.h"

#include <string.h>

#define BUFFERS 32u   /* of one frame */
#define LONGEST 1514u /* without the check sequence: more is babble, and sent all the same */
#define SEGMENTS 64u  /* pieces of RAM that they lie in */
#define TINT_DELAY (50 * ABBEY_US)

struct outgoing {
    struct pcnet_descriptor buffers[BUFFERS];
    uint32_t count;
    uint32_t bytes;
    abbey_net_segment segments[SEGMENTS];
    uint32_t segment_count;
};

void pcnet_tint(void *self)
{
    struct pcnet *p = self;
    if (!p->tx_quiet)
        return;
    p->tx_quiet = 0;
    abbey_timer_cancel(p->tint);
    pcnet_status(p, CSR0_TINT);
}

/* Gives the buffers back; errors stand in the last. */
static void buffers_return(struct pcnet *p, struct outgoing *out, uint16_t errors)
{
    bool interrupt = false;
    for (uint32_t i = 0; i < out->count; i++) {
        struct pcnet_descriptor *d = &out->buffers[i];
        bool last = i + 1 == out->count;
        interrupt |= last && (errors || !(p->csr[5] & (CSR5_TOKINTD | CSR5_LTINTEN)) ||
                                 (p->csr[5] & CSR5_LTINTEN && d->flags & TMD_LTINT));
        d->flags = (uint16_t)((d->flags & (0xff | MD_STP | MD_ENP)) | (last && errors ? MD_ERR : 0u));
        d->errors = last ? errors : 0;
        pcnet_descriptor_write(p, 1, d);
        pcnet_ring_advance(p, 1);
    }
    if (!interrupt)
        return;
    p->tx_quiet++;
    if (errors || p->tx_quiet >= pcnet_ring_length(p, 1) / 2)
        pcnet_tint(p);
    else if (p->tx_quiet == 1)
        abbey_timer_arm(p->tint, TINT_DELAY);
}

/* The buffers of the next frame, from its start to its end. False while it is not complete. */
static bool frame_find(struct pcnet *p, struct outgoing *out)
{
    out->count = out->bytes = 0;
    for (;;) {
        struct pcnet_descriptor *d = &out->buffers[out->count];
        if (out->count >= pcnet_ring_length(p, 1) || !pcnet_descriptor_read(p, 1, out->count, d) ||
            !(d->flags & MD_OWN))
            return false;
        out->count++;
        out->bytes += d->bytes;
        /* A buffer without a frame's start before it, or too many without an end: frame_send() sees that. */
        if (d->flags & MD_ENP || !(out->buffers[0].flags & MD_STP) || out->count == BUFFERS)
            return true;
    }
}

static bool buffers_map(struct pcnet *p, struct outgoing *out)
{
    out->segment_count = 0;
    for (uint32_t i = 0; i < out->count; i++) {
        uint64_t at = out->buffers[i].address, left = out->buffers[i].bytes;
        while (left) {
            uint64_t bytes = left;
            void *host = out->segment_count < SEGMENTS ? abbey_dma_map(p->dma, at, &bytes, 0) : NULL;
            if (!host || !bytes)
                return false;
            out->segments[out->segment_count++] = (abbey_net_segment){ host, bytes };
            at += bytes;
            left -= bytes;
        }
    }
    return true;
}

static void buffers_unmap(struct pcnet *p, struct outgoing *out)
{
    for (uint32_t i = 0; i < out->segment_count; i++)
        abbey_dma_unmap(p->dma, (void *)(uintptr_t)out->segments[i].bytes, 0);
}

/* Through the chip's buffer, for what is sent may lie where it is to be received. A longer frame is not received. */
static void loop_back(struct pcnet *p, const abbey_net_frame *frame)
{
    uint8_t buffer[LONGEST];
    uint32_t at = 0;
    if (frame->bytes > sizeof buffer)
        return;
    for (uint32_t i = 0; i < frame->segment_count; i++) {
        memcpy(buffer + at, frame->segments[i].bytes, frame->segments[i].count);
        at += (uint32_t)frame->segments[i].count;
    }
    abbey_net_segment segment = { buffer, at };
    abbey_net_frame whole = { .size = sizeof whole, .bytes = at, .segments = &segment, .segment_count = 1 };
    pcnet_receive(p, &whole);
}

/* Where the frame goes. False when the network has no room. */
static bool frame_pass(struct pcnet *p, const abbey_net_frame *frame, uint16_t *errors)
{
    if (p->csr[15] & MODE_LOOP) {
        loop_back(p, frame);
        return true;
    }
    if (!abbey_net_link(p->net)) {
        *errors = TMD_LCAR;
        return true;
    }
    if (frame->bytes > LONGEST)
        pcnet_status(p, CSR0_BABL);
    return abbey_net_send(p->net, frame) != 0;
}

static bool frame_send(struct pcnet *p, struct outgoing *out, uint16_t *errors)
{
    bool taken = true;
    *errors = 0;
    if (!(out->buffers[0].flags & MD_STP) || !(out->buffers[out->count - 1].flags & MD_ENP))
        return true; /* it is skipped */
    if (buffers_map(p, out)) {
        abbey_net_frame frame = {
            .size = sizeof frame, .bytes = out->bytes, .segments = out->segments, .segment_count = out->segment_count
        };
        taken = frame_pass(p, &frame, errors);
    } else {
        *errors = TMD_BUFF | TMD_UFLO;
        pcnet_status(p, CSR0_MERR);
    }
    buffers_unmap(p, out);
    return taken;
}

bool pcnet_transmit(struct pcnet *p)
{
    struct outgoing out;
    uint32_t sent = 0, length = pcnet_ring_length(p, 1);
    uint16_t errors;
    if (p->transmitting)
        return false; /* the network called back on the way */
    p->transmitting = true;
    /* At most once around: a driver on another processor could keep us here for ever. */
    while (sent < length && p->csr[0] & CSR0_TXON && !(p->csr[5] & CSR5_SPND) && frame_find(p, &out)) {
        if (!frame_send(p, &out, &errors))
            break;
        buffers_return(p, &out, errors);
        sent += out.count;
    }
    p->transmitting = false;
    if (sent)
        abbey_net_flush(p->net);
    return sent != 0;
}
