/* test_net.c - the parts of networks that need no machine: the ring between two threads, checksums and the cutting of
 * large packets, forwards as users write them. */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "plugins/hostos/net/nat.h"
#include "plugins/hostos/net/offload.h"
#include "tests/unit/unit.h"

#define RING 4096u
#define FRAMES 200000u

/* ---- the ring ---- */

static uint32_t roll(uint32_t *seed)
{
    return *seed = *seed * 1664525u + 1013904223u;
}

static void *producer(void *arg)
{
    struct ring *ring = arg;
    uint32_t seed = 1;
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint32_t bytes = 14 + (roll(&seed) >> 8) % 900;
        struct record *record;
        while (!(record = ring_reserve(ring, 914)))
            sched_yield();
        record->bytes = bytes; /* shorter than reserved */
        memset(record->data, (int)(i & 0xff), bytes);
        ring_commit(ring, record);
    }
    return NULL;
}

static void ring_between_threads(void)
{
    struct ring ring;
    pthread_t thread;
    uint32_t seed = 1, wrong = 0;
    CU_ASSERT_TRUE_FATAL(ring_new(&ring, RING));
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, producer, &ring), 0);
    for (uint32_t i = 0; i < FRAMES; i++) {
        struct record *record;
        while (!(record = ring_first(&ring)))
            sched_yield();
        uint32_t bytes = 14 + (roll(&seed) >> 8) % 900;
        wrong += record->bytes != bytes || record->data[0] != (i & 0xff) || record->data[bytes - 1] != (i & 0xff);
        ring_drop(&ring, record);
    }
    pthread_join(thread, NULL);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT_PTR_NULL(ring_first(&ring));
    CU_ASSERT_EQUAL(ring_used(&ring), 0);
    ring_free(&ring);
}

static void ring_full(void)
{
    struct ring ring;
    struct record *record;
    uint32_t in = 0, out = 0;
    CU_ASSERT_TRUE_FATAL(ring_new(&ring, RING));
    while ((record = ring_reserve(&ring, 100))) {
        ring_commit(&ring, record);
        in++;
    }
    CU_ASSERT_EQUAL(in, RING / 128);
    while ((record = ring_first(&ring))) {
        ring_drop(&ring, record);
        out++;
    }
    CU_ASSERT_EQUAL(out, in);
    CU_ASSERT_PTR_NOT_NULL(ring_reserve(&ring, 2000));
    ring_free(&ring);
}

/* ---- offload ---- */

static uint32_t word(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

/* RFC 1071 as it stands there. */
static uint32_t plain_sum(const uint8_t *at, uint32_t bytes, uint32_t total)
{
    for (uint32_t i = 0; i < bytes; i++)
        total += i % 2 ? at[i] : (uint32_t)at[i] << 8;
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return total;
}

/* Whether the sums and lengths of a TCP packet are right. */
static bool tcp_right(const uint8_t *frame, uint32_t bytes, bool six)
{
    const uint8_t *ip = frame + 14;
    uint32_t tcp = six ? 54 : 34;
    uint32_t total = 6 + bytes - tcp;
    if (six)
        return word(ip + 4) == bytes - 54 &&
               plain_sum(frame + tcp, bytes - tcp, plain_sum(ip + 8, 32, total)) == 0xffff;
    return word(ip + 2) == bytes - 14 && plain_sum(ip, 20, 0) == 0xffff &&
           plain_sum(frame + tcp, bytes - tcp, plain_sum(ip + 12, 8, total)) == 0xffff;
}

/* A packet with so many bytes of data; TCP header of 32 bytes, FIN PSH ACK CWR. */
static struct record *packet(uint32_t data, bool six)
{
    uint32_t headers = six ? 86 : 66;
    struct record *record = calloc(1, sizeof *record + headers + data);
    uint8_t *frame = record->data;
    *record = (struct record){ .bytes = headers + data,
        .flags = ABBEY_NET_CHECKSUM | (six ? ABBEY_NET_TCP6 : ABBEY_NET_TCP4),
        .checksum_start = (uint16_t)(headers - 32),
        .checksum_offset = 16,
        .segment_bytes = 1448 };
    memcpy(frame + 12, six ? "\x86\xdd" : "\x08\0", 2);
    if (six) {
        memcpy(frame + 14, "\x60\0\0\0\0\0\6\x40", 8);
        memset(frame + 22, 0xfd, 32);
    } else {
        memcpy(frame + 14, "\x45\0\0\0\xff\xfe\x40\0\x40\6\0\0\x0a\0\2\x0f\x0a\0\2\2", 20);
    }
    memcpy(frame + headers - 32, "\x12\x34\0\x50\xff\xff\xff\0\0\0\0\1\x80\x99\x10\0", 16);
    for (uint32_t i = 0; i < data; i++)
        frame[headers + i] = (uint8_t)(i * 31 + (i >> 8));
    return record;
}

static void cuts(void)
{
    union {
        struct record record;
        uint8_t bytes[sizeof(struct record) + ABBEY_NET_FRAME];
    } part;
    for (unsigned six = 0; six < 2; six++) {
        struct record *whole = packet(5000, six);
        CU_ASSERT_TRUE(offload_good(whole));
        uint32_t headers = whole->header_bytes, tcp = headers - 32, done = 0, count = 0;
        CU_ASSERT_EQUAL(headers, six ? 86u : 66u);
        struct offload_cut state = { .whole = whole };
        for (; offload_cut_next(&state, &part.record, ABBEY_NET_FRAME); count++) {
            const uint8_t *frame = part.record.data;
            uint32_t data = part.record.bytes - headers;
            CU_ASSERT_EQUAL(data, count < 3 ? 1448u : 656u);
            CU_ASSERT_TRUE(tcp_right(frame, part.record.bytes, six));
            CU_ASSERT_EQUAL(word(frame + tcp + 4) << 16 | word(frame + tcp + 6), 0xffffff00 + done);
            CU_ASSERT_EQUAL(frame[tcp + 13], 0x10 | (count == 3 ? 9 : 0) | (count == 0 ? 0x80 : 0));
            CU_ASSERT_EQUAL(memcmp(frame + headers, whole->data + headers + done, data), 0);
            if (!six)
                CU_ASSERT_EQUAL(word(frame + 18), (0xfffeu + count) & 0xffff);
            done += data;
        }
        CU_ASSERT_EQUAL(count, 4);
        CU_ASSERT_EQUAL(done, 5000);
        offload_whole(whole);
        CU_ASSERT_TRUE(tcp_right(whole->data, whole->bytes, six));
        free(whole);
    }
}

static void sums(void)
{
    struct record *record = packet(333, false);
    uint32_t pseudo = plain_sum(record->data + 26, 8, 6 + 32 + 333);
    record->flags = ABBEY_NET_CHECKSUM;
    record->data[34 + 16] = (uint8_t)(pseudo >> 8);
    record->data[34 + 17] = (uint8_t)pseudo;
    CU_ASSERT_TRUE(offload_good(record));
    offload_checksum(record);
    CU_ASSERT_EQUAL(
        plain_sum(record->data + 34, record->bytes - 34, plain_sum(record->data + 26, 8, 6 + 32 + 333)), 0xffff);
    CU_ASSERT_EQUAL(record->flags, 0);
    free(record);
}

/* What a guest may write: everything is refused or harmless, as a sanitizer sees. */
static void hostile(void)
{
    union {
        struct record record;
        uint8_t bytes[sizeof(struct record) + ABBEY_NET_FRAME];
    } part;
    uint32_t seed = 99, good = 0;
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t bytes = 14 + (roll(&seed) >> 8) % 200;
        struct record *record = packet(120, i & 1);
        record = realloc(record, sizeof *record + bytes);
        record->bytes = bytes;
        for (unsigned k = roll(&seed) >> 29; k; k--)
            record->data[(roll(&seed) >> 8) % bytes] = (uint8_t)(roll(&seed) >> 16);
        record->checksum_start = (uint16_t)(roll(&seed) >> 24);
        record->segment_bytes = (uint16_t)(roll(&seed) >> 22);
        record->flags &= roll(&seed) >> 24 | ABBEY_NET_CHECKSUM;
        struct offload_cut state = { .whole = record };
        if (offload_good(record)) {
            good++;
            bool cut = record->flags & ~ABBEY_NET_CHECKSUM;
            if (!cut && record->flags)
                offload_checksum(record);
            while (cut && offload_cut_next(&state, &part.record, ABBEY_NET_FRAME))
                CU_ASSERT_TRUE(part.record.bytes <= bytes);
        }
        free(record);
    }
    CU_ASSERT_TRUE(good > 1000);
}

/* ---- forwards ---- */

static void forwards(void)
{
    static const char *const wrong[] = { "", "tcp", "tcp 22", "tcp 22 ->", "tcp 22 -> 70000", "tcp 0 -> 22",
        "sctp 1 -> 2", "tcp 22 -> 22 x", "tcp host:22 -> 22", "tcp22 -> 22", "tcp 22 > 22", "tcp 2 2 -> 22",
        "tcp -1 -> 22" };
    struct forward f;
    CU_ASSERT_TRUE(forward_read("tcp 2222 -> 22", &f));
    CU_ASSERT_TRUE(!f.udp && f.host_port == 2222 && f.guest_port == 22 && f.guest.s_addr == 0);
    CU_ASSERT_EQUAL(f.host.s_addr, htonl(INADDR_LOOPBACK));
    CU_ASSERT_TRUE(forward_read(" udp  0.0.0.0:53->10.0.2.20:5353 ", &f) == false); /* blanks around the arrow */
    CU_ASSERT_TRUE(forward_read(" udp  0.0.0.0:53 -> 10.0.2.20:5353 ", &f));
    CU_ASSERT_TRUE(f.udp && f.host_port == 53 && f.guest_port == 5353 && f.host.s_addr == 0);
    CU_ASSERT_EQUAL(f.guest.s_addr, htonl(0x0a000214));
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        CU_ASSERT_FALSE(forward_read(wrong[i], &f));
}

static const struct unit_test tests[] = {
    { "frames pass from one thread to another unharmed", ring_between_threads },
    { "a ring takes no more than fits", ring_full },
    { "cuts large packets into right ones", cuts },
    { "fills checksums in", sums },
    { "stands whatever a guest asks to be cut", hostile },
    { "reads forwards", forwards },
};

UNIT_MAIN("net", tests)
