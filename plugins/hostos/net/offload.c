#include "offload.h"

#include <string.h>

#include "wire.h"

#define TCP_LAST_ONLY 0x09u  /* FIN, PSH */
#define TCP_FIRST_ONLY 0x80u /* CWR */
#define CUT (ABBEY_NET_TCP4 | ABBEY_NET_TCP6)

/* The sum of RFC 1071, in the byte order of this host: which does not matter as long as it is stored in the same. */
static uint64_t sum(const uint8_t *at, uint32_t bytes, uint64_t start)
{
    uint64_t total = start, word;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        memcpy(&word, at, 8);
        total += (word & 0xffffffffu) + (word >> 32);
    }
    word = 0;
    memcpy(&word, at, bytes);
    return total + (word & 0xffffffffu) + (word >> 32);
}

static uint16_t fold(uint64_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)total;
}

static void sum_store(uint8_t *at, uint64_t total)
{
    uint16_t value = (uint16_t)~fold(total);
    value = value ? value : 0xffff; /* in UDP a zero means that there is none */
    memcpy(at, &value, sizeof value);
}

/* Where the IP header begins, and whether it is one of version 6; 0 when there is none. */
static uint32_t ip_find(const uint8_t *frame, uint32_t bytes, bool *six)
{
    uint32_t at = 12;
    if (bytes >= 18 && get16(frame + at) == WIRE_TYPE_VLAN)
        at += 4;
    uint32_t type = get16(frame + at);
    *six = type == WIRE_TYPE_IP6;
    return at + 2 + (*six ? 40u : 20u) <= bytes && (*six || type == WIRE_TYPE_IP4) ? at + 2 : 0;
}

static bool cut_good(struct record *record)
{
    bool six;
    uint32_t ip = ip_find(record->data, record->bytes, &six), tcp;
    const uint8_t *head = record->data + ip;
    if (!ip || six != ((record->flags & CUT) == ABBEY_NET_TCP6))
        return false;
    if (six) {
        if (head[6] != WIRE_PROTOCOL_TCP)
            return false;
        tcp = ip + 40;
    } else {
        if (head[9] != WIRE_PROTOCOL_TCP || (head[0] & 15) < 5)
            return false;
        tcp = ip + 4u * (head[0] & 15u);
    }
    if (tcp + 20 > record->bytes || (record->data[tcp + 12] >> 4) < 5)
        return false;
    uint32_t headers = tcp + 4u * (record->data[tcp + 12] >> 4);
    if (headers > record->bytes || !record->segment_bytes || headers + record->segment_bytes > ABBEY_NET_FRAME)
        return false;
    record->header_bytes = (uint16_t)headers;
    record->checksum_start = (uint16_t)tcp;
    record->checksum_offset = 16;
    return true;
}

bool offload_good(struct record *record)
{
    if (record->flags & CUT)
        return cut_good(record);
    if (record->bytes > ABBEY_NET_FRAME)
        return false;
    return !(record->flags & ABBEY_NET_CHECKSUM) ||
           (uint32_t)record->checksum_start + record->checksum_offset + 2 <= record->bytes;
}

void offload_checksum(struct record *record)
{
    uint32_t start = record->checksum_start;
    sum_store(record->data + start + record->checksum_offset, sum(record->data + start, record->bytes - start, 0));
    record->flags &= ~ABBEY_NET_CHECKSUM;
}

/* The lengths of a TCP packet in a frame whose headers were found good, and the sum of IPv4; what the pseudo-header
 * adds to the sum of TCP, whose field is zero then. */
static uint64_t headers_finish(uint8_t *frame, uint32_t bytes, uint32_t tcp, bool six)
{
    bool found_six;
    uint32_t ip = ip_find(frame, bytes, &found_six);
    uint8_t *head = frame + ip, pseudo[4] = { 0, WIRE_PROTOCOL_TCP };
    put16(pseudo + 2, bytes - tcp);
    put16(frame + tcp + 16, 0);
    uint64_t total = sum(pseudo, 4, 0);
    if (six) {
        put16(head + 4, bytes - ip - 40);
        return sum(head + 8, 32, total);
    }
    put16(head + 2, bytes - ip);
    put16(head + 10, 0);
    sum_store(head + 10, sum(head, tcp - ip, 0));
    return sum(head + 12, 8, total);
}

static void tcp_finish(uint8_t *frame, uint32_t bytes, uint32_t tcp, bool six)
{
    uint64_t total = headers_finish(frame, bytes, tcp, six);
    sum_store(frame + tcp + 16, sum(frame + tcp, bytes - tcp, total));
}

void offload_partial(struct record *record)
{
    uint32_t tcp = record->checksum_start;
    uint16_t value = fold(headers_finish(record->data, record->bytes, tcp, (record->flags & CUT) == ABBEY_NET_TCP6));
    memcpy(record->data + tcp + 16, &value, sizeof value);
}

bool offload_tcp4_good(const uint8_t *frame, uint32_t bytes)
{
    uint8_t pseudo[4] = { 0, WIRE_PROTOCOL_TCP };
    put16(pseudo + 2, bytes - 34);
    return fold(sum(frame + 34, bytes - 34, sum(frame + 26, 8, sum(pseudo, 4, 0)))) == 0xffff;
}

void offload_whole(struct record *record)
{
    tcp_finish(record->data, record->bytes, record->checksum_start, (record->flags & CUT) == ABBEY_NET_TCP6);
    record->flags = 0;
}

bool offload_cut_next(struct offload_cut *state, struct record *part, uint32_t room)
{
    const struct record *whole = state->whole;
    uint32_t headers = whole->header_bytes, tcp = whole->checksum_start, data = whole->bytes - headers;
    uint32_t left = data - state->done, count = left < whole->segment_bytes ? left : whole->segment_bytes;
    bool six, last = count == left;
    if ((state->count && !left) || headers + count > room)
        return false;
    *part = (struct record){ .bytes = headers + count };
    memcpy(part->data, whole->data, headers);
    memcpy(part->data + headers, whole->data + headers + state->done, count);
    put32(part->data + tcp + 4, get32(whole->data + tcp + 4) + state->done);
    if (!last)
        part->data[tcp + 13] &= (uint8_t)~TCP_LAST_ONLY;
    if (state->count)
        part->data[tcp + 13] &= (uint8_t)~TCP_FIRST_ONLY;
    uint32_t ip = ip_find(whole->data, whole->bytes, &six);
    if (!six)
        put16(part->data + ip + 4, get16(whole->data + ip + 4) + state->count);
    tcp_finish(part->data, part->bytes, tcp, six);
    state->done += count;
    state->count++;
    return true;
}
