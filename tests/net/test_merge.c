/* test_merge.c - TCP segments become one packet, and cutting that gives them back, whatever they look like. */
#include <stdlib.h>
#include <string.h>

#include "plugins/hostos/net/merge.h"
#include "plugins/hostos/net/offload.h"
#include "plugins/hostos/net/wire.h"
#include "tests/unit/unit.h"

#define IP 14u
#define TCP 34u
#define OPTIONS 12u
#define DATA (TCP + 20 + OPTIONS)
#define PSH 8u

union packet {
    struct record record;
    uint8_t bytes[sizeof(struct record) + ABBEY_NET_LARGE + 2];
};

static union packet whole, one;
static uint32_t seed;

static uint32_t roll(uint32_t sides)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % sides;
}

/* Number `index` of a stream of segments of `each` bytes, this one with `count`: a valid frame. */
static uint8_t *segment(uint32_t index, uint32_t each, uint32_t count)
{
    static const uint8_t head[DATA] = { 2, 2, 2, 2, 2, 2, 4, 4, 4, 4, 4, 4, 8, 0, 0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, 6,
        0, 0, 10, 0, 2, 2, 10, 0, 2, 15, 0x12, 0x34, 0x56, 0x78, 0, 0, 0, 0, 1, 2, 3, 4, 0x80, 0x10, 0x20, 0, 0, 0, 0,
        0, 1, 1, 8, 10, 1, 2, 3, 4, 5, 6, 7, 8 };
    struct record *r = &one.record;
    *r = (struct record){ .bytes = DATA + count, .checksum_start = TCP, .flags = ABBEY_NET_TCP4 };
    memcpy(r->data, head, DATA);
    put32(r->data + TCP + 4, 0xfffff000 + index * each); /* over the end of the numbers */
    for (uint32_t i = 0; i < count; i++)
        r->data[DATA + i] = (uint8_t)(index * 31 + i * 7 + (i >> 8));
    offload_whole(r);
    return r->data;
}

static void begin(struct merge *m, uint32_t each)
{
    const uint8_t *frame = segment(0, each, each);
    CU_ASSERT_TRUE(merge_can_begin(frame, DATA + each, false));
    memcpy(&whole.record, &one.record, sizeof one.record + one.record.bytes);
    merge_begin(m, &whole.record);
}

/* Cut again, the packet is the first `count` of the stream; the last has `last` bytes. */
static void comes_back(const struct record *r, uint32_t count, uint32_t each, uint32_t last, uint8_t last_flags)
{
    static union packet part;
    struct offload_cut cut = { .whole = r };
    struct record copy = *r;
    CU_ASSERT_TRUE(offload_good(&whole.record));
    CU_ASSERT_EQUAL(copy.segment_bytes, each);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bytes = i + 1 == count ? last : each;
        CU_ASSERT_TRUE_FATAL(offload_cut_next(&cut, &part.record, ABBEY_NET_LARGE));
        uint8_t *frame = segment(i, each, bytes);
        if (i + 1 == count)
            frame[TCP + 13] |= last_flags;
        put16(frame + IP + 4, i); /* the identification */
        one.record.flags = ABBEY_NET_TCP4;
        offload_whole(&one.record);
        CU_ASSERT_EQUAL_FATAL(part.record.bytes, one.record.bytes);
        CU_ASSERT_EQUAL(memcmp(part.record.data, frame, part.record.bytes), 0);
    }
    CU_ASSERT_FALSE(offload_cut_next(&cut, &part.record, ABBEY_NET_LARGE));
}

static void grows_and_comes_back(void)
{
    static const struct {
        uint32_t each, count, last;
    } ways[] = { { 1448, 2, 1448 }, { 1448, 3, 1 }, { 1448, 45, 7 }, { 536, 100, 536 }, { 1, 40, 1 } };
    for (unsigned w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        struct merge m = { 0 };
        uint32_t each = ways[w].each;
        begin(&m, each);
        for (uint32_t i = 1; i < ways[w].count; i++) {
            uint32_t bytes = i + 1 == ways[w].count ? ways[w].last : each;
            const uint8_t *frame = segment(i, each, bytes);
            CU_ASSERT_TRUE_FATAL(merge_add(&m, frame, DATA + bytes, false));
        }
        struct record *r = merge_end(&m);
        CU_ASSERT_PTR_EQUAL_FATAL(r, &whole.record);
        CU_ASSERT_EQUAL(r->flags, ABBEY_NET_TCP4 | ABBEY_NET_CHECKSUM);
        comes_back(r, ways[w].count, each, ways[w].last, 0);
        CU_ASSERT_PTR_NULL(merge_end(&m));
        /* A receiver that fills in the checksum finds a valid packet. */
        offload_checksum(r);
        CU_ASSERT_TRUE(offload_tcp4_good(r->data, r->bytes));
    }
}

/* A frame alone stays as it is, but for what pads it. */
static void one_stays(void)
{
    struct merge m = { 0 };
    begin(&m, 100);
    whole.record.flags = ABBEY_NET_GOOD;
    const struct record *r = merge_end(&m);
    CU_ASSERT_EQUAL(r->bytes, DATA + 100);
    CU_ASSERT_EQUAL(r->flags, ABBEY_NET_GOOD);
    CU_ASSERT_EQUAL(memcmp(r->data, segment(0, 100, 100), DATA + 100), 0);
}

/* A segment that is pushed is the last, and so is a short one. */
static void ends(void)
{
    for (unsigned way = 0; way < 2; way++) {
        struct merge m = { 0 };
        begin(&m, 1000);
        uint32_t bytes = way ? 999 : 1000;
        uint8_t *frame = segment(1, 1000, bytes);
        frame[TCP + 13] |= way ? 0 : PSH;
        CU_ASSERT_TRUE(merge_add(&m, frame, DATA + bytes, true));
        CU_ASSERT_FALSE(merge_add(&m, segment(2, 1000, 1000), DATA + 1000, true));
        comes_back(merge_end(&m), 2, 1000, bytes, way ? 0 : PSH);
    }
}

/* What makes it another stream, or no such frame. */
static void refuses(void)
{
    static const struct {
        uint32_t at;
        uint8_t value;
    } changes[] = { { 0, 9 }, { 6, 9 }, { 13, 6 }, { IP, 0x46 }, { IP, 0x65 }, { IP + 1, 4 }, { IP + 3, 0xff },
        { IP + 3, 20 }, { IP + 6, 0x20 }, { IP + 7, 1 }, { IP + 8, 63 }, { IP + 9, 17 }, { IP + 12, 1 }, { IP + 16, 1 },
        { TCP, 1 }, { TCP + 2, 1 }, { TCP + 4, 9 }, { TCP + 8, 9 }, { TCP + 12, 0x70 }, { TCP + 12, 0x40 },
        { TCP + 12, 0xf1 }, { TCP + 13, 0x11 }, { TCP + 13, 0x12 }, { TCP + 13, 0x14 }, { TCP + 13, 0x30 },
        { TCP + 13, 0 }, { TCP + 14, 1 }, { TCP + 18, 1 }, { TCP + 20, 9 }, { DATA - 1, 9 } };
    for (unsigned i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        struct merge m = { 0 };
        begin(&m, 200);
        uint8_t *frame = segment(1, 200, 200);
        frame[changes[i].at] = changes[i].value;
        CU_ASSERT_FALSE(merge_add(&m, frame, DATA + 200, true));
        CU_ASSERT_EQUAL(merge_end(&m)->bytes, DATA + 200);
    }
    struct merge m = { 0 };
    begin(&m, 200);
    uint8_t *frame = segment(1, 200, 200);
    CU_ASSERT_FALSE(merge_add(&m, frame, DATA + 199, true)); /* cut off */
    frame[DATA + 10] ^= 1;
    CU_ASSERT_FALSE(merge_add(&m, frame, DATA + 200, false)); /* damaged */
    CU_ASSERT_FALSE(merge_can_begin(frame, DATA + 200, false));
    CU_ASSERT_TRUE(merge_can_begin(frame, DATA + 200, true));
    CU_ASSERT_FALSE(merge_add(&m, segment(2, 200, 200), DATA + 200, true)); /* one is missing */
    CU_ASSERT_FALSE(merge_add(&m, segment(1, 200, 201), DATA + 201, true)); /* longer than the first */
    CU_ASSERT_FALSE(merge_can_begin(segment(0, 0, 0), DATA, true));         /* an acknowledgement */
}

static void is_bounded(void)
{
    struct merge m = { 0 };
    uint32_t count = 1;
    begin(&m, 1448);
    while (merge_add(&m, segment(count, 1448, 1448), DATA + 1448, true))
        count++;
    struct record *r = merge_end(&m);
    CU_ASSERT_EQUAL(count, (65535 - (DATA - IP)) / 1448);
    CU_ASSERT_TRUE(r->bytes <= ABBEY_NET_LARGE);
    comes_back(r, count, 1448, 1448, 0);
}

/* Whatever comes: what was merged is good, and no more than came. */
static void stands_anything(void)
{
    const char *text = getenv("ABBEY_FUZZ_COUNT");
    uint32_t rounds = text ? (uint32_t)strtoul(text, NULL, 0) : 20000;
    struct merge m = { 0 };
    seed = 2718;
    for (uint32_t i = 0; i < rounds; i++) {
        uint32_t each = 1 + roll(1500), bytes = DATA + each, taken;
        uint8_t *frame = segment(m.record ? m.parts : 0, m.record ? whole.record.segment_bytes : each, each);
        for (uint32_t k = roll(4); k > 1; k--)
            frame[roll(DATA)] = (uint8_t)roll(256);
        bytes -= roll(8) ? 0 : roll(bytes);
        uint8_t *exact = malloc(bytes ? bytes : 1); /* so that a sanitizer sees what is read beyond */
        memcpy(exact, frame, bytes);
        taken = merge_add(&m, exact, bytes, roll(2));
        if (!taken && merge_end(&m))
            CU_ASSERT_TRUE(whole.record.bytes <= ABBEY_NET_LARGE && offload_good(&whole.record));
        if (!taken && merge_can_begin(exact, bytes, roll(2))) {
            whole.record = (struct record){ .bytes = bytes };
            memcpy(whole.record.data, exact, bytes);
            merge_begin(&m, &whole.record);
        }
        free(exact);
    }
}

static const struct unit_test tests[] = {
    { "grows, and comes back when it is cut", grows_and_comes_back },
    { "leaves one frame as it is", one_stays },
    { "ends with a short or pushed segment", ends },
    { "refuses what does not belong there", refuses },
    { "is bounded", is_bounded },
    { "stands anything", stands_anything },
};
UNIT_MAIN("merge", tests)
