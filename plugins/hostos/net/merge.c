/* merge.c - two frames may become one packet only when cutting it again gives both: so all that stands in their headers
 * must be the same, but for lengths, sums, identification and the sequence number, which must follow on. */
#include "merge.h"

#include <string.h>

#include "offload.h"
#include "wire.h"

/* Offsets in a frame of Ethernet, IPv4 without options, and TCP. */
#define IP 14u
#define IP_SERVICE (IP + 1)
#define IP_BYTES (IP + 2)
#define IP_FRAGMENT (IP + 6)
#define IP_TTL (IP + 8)
#define IP_PROTOCOL (IP + 9)
#define IP_ADDRESSES (IP + 12)
#define TCP (IP + 20)
#define TCP_SEQUENCE (TCP + 4)
#define TCP_ACK (TCP + 8)
#define TCP_OFFSET (TCP + 12)
#define TCP_FLAGS (TCP + 13)
#define TCP_WINDOW (TCP + 14)
#define TCP_SUM (TCP + 16)
#define TCP_URGENT (TCP + 18)
#define TCP_OPTIONS (TCP + 20)

#define FLAG_PSH 0x08u
#define FLAG_ACK 0x10u
#define DONT_FRAGMENT 0x4000u
#define IP_LONGEST 65535u

struct segment {
    uint32_t data, end; /* where its data begin and end; behind may be padding */
};

static bool segment_read(const uint8_t *frame, uint32_t bytes, struct segment *s)
{
    if (bytes < TCP_OPTIONS || get16(frame + 12) != WIRE_TYPE_IP4 || frame[IP] != 0x45 ||
        get16(frame + IP_FRAGMENT) & ~DONT_FRAGMENT || frame[IP_PROTOCOL] != WIRE_PROTOCOL_TCP)
        return false;
    s->end = IP + get16(frame + IP_BYTES);
    s->data = TCP + 4u * (frame[TCP_OFFSET] >> 4);
    return s->data >= TCP_OPTIONS && s->data < s->end && s->end <= bytes && !(frame[TCP_OFFSET] & 15) &&
           (frame[TCP_FLAGS] & ~FLAG_PSH) == FLAG_ACK;
}

bool merge_can_begin(const uint8_t *frame, uint32_t bytes, bool known)
{
    struct segment s;
    return segment_read(frame, bytes, &s) && !(frame[TCP_FLAGS] & FLAG_PSH) &&
           s.end - s.data <= ABBEY_NET_FRAME - s.data && (known || offload_tcp4_good(frame, s.end));
}

void merge_begin(struct merge *merge, struct record *record)
{
    struct segment s;
    if (!segment_read(record->data, record->bytes, &s))
        return;
    record->bytes = s.end;
    record->header_bytes = (uint16_t)s.data;
    record->segment_bytes = (uint16_t)(s.end - s.data);
    *merge = (struct merge){
        .record = record, .next = get32(record->data + TCP_SEQUENCE) + record->segment_bytes, .parts = 1
    };
}

static bool headers_same(const uint8_t *a, const uint8_t *b, uint32_t data)
{
    static const struct {
        uint32_t at, bytes;
    } same[] = { { 0, IP_SERVICE + 1 }, { IP_FRAGMENT, 4 }, { IP_ADDRESSES, 12 }, { TCP_ACK, 5 }, { TCP_WINDOW, 2 },
        { TCP_URGENT, 2 } };
    for (unsigned i = 0; i < sizeof same / sizeof same[0]; i++)
        if (memcmp(a + same[i].at, b + same[i].at, same[i].bytes) != 0)
            return false;
    return memcmp(a + TCP_OPTIONS, b + TCP_OPTIONS, data - TCP_OPTIONS) == 0;
}

bool merge_add(struct merge *merge, const uint8_t *frame, uint32_t bytes, bool known)
{
    struct record *record = merge->record;
    struct segment s;
    if (!record || merge->closed || !segment_read(frame, bytes, &s) || s.data != record->header_bytes)
        return false;
    uint32_t count = s.end - s.data;
    if (count > record->segment_bytes || record->bytes + count > IP + IP_LONGEST ||
        get32(frame + TCP_SEQUENCE) != merge->next || !headers_same(record->data, frame, s.data) ||
        !(known || offload_tcp4_good(frame, s.end)))
        return false;
    memcpy(record->data + record->bytes, frame + s.data, count);
    record->bytes += count;
    record->data[TCP_FLAGS] |= frame[TCP_FLAGS];
    merge->next += count;
    merge->parts++;
    merge->closed = count < record->segment_bytes || frame[TCP_FLAGS] & FLAG_PSH;
    return true;
}

struct record *merge_end(struct merge *merge)
{
    struct record *record = merge->record;
    if (record && merge->parts > 1) {
        record->flags = ABBEY_NET_TCP4 | ABBEY_NET_CHECKSUM;
        record->checksum_start = TCP;
        record->checksum_offset = TCP_SUM - TCP;
        offload_partial(record);
    }
    merge->record = NULL;
    return record;
}
