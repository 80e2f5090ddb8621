/* test_port.c - what all networks have in common: the rate, loss, the cable, a peer that floods, a device that takes
 * nothing. The network under them is a switch, between two or three ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "plugins/hostos/net/shape.h"
#include "tests/net/net_rig.h"
#include "tests/unit/unit.h"

#define MS 1000000u

/* ---- the line ---- */

/* Frames that are always there, in a time that the test makes. */
static void exact_rate(void)
{
    struct shape shape = { .rate = 10000 }; /* 1.25 bytes a microsecond */
    uint64_t start = 1000 * MS, now = start;
    for (unsigned i = 0; i < 1000; i++) {
        now += shape_wait(&shape, now);
        shape_pass(&shape, 1250, now); /* 1 ms */
    }
    now += shape_wait(&shape, now);
    CU_ASSERT_EQUAL(now - start, 990 * MS); /* 10 ms of an idle line */
}

static void idle_gives_little(void)
{
    struct shape shape = { .rate = 10000 };
    uint64_t now = 3600ull * 1000 * MS;
    unsigned at_once = 0;
    for (; !shape_wait(&shape, now); at_once++)
        shape_pass(&shape, 1250, now);
    CU_ASSERT_EQUAL(at_once, 11); /* ten, and the one for which the line is free */
    CU_ASSERT_EQUAL(shape_wait(&shape, now + MS), 0);
}

/* Whatever the length, a frame goes when the line is free, and is paid for. */
static void long_frames(void)
{
    struct shape slow = { .rate = 1 }, none = { .rate = 0 };
    uint64_t now = 1000 * MS;
    CU_ASSERT_EQUAL(shape_wait(&slow, now), 0);
    shape_pass(&slow, 65550, now);
    CU_ASSERT_EQUAL(shape_wait(&slow, now), 65550ull * 8 * MS - 10 * MS);
    shape_pass(&none, 65550, now);
    CU_ASSERT_EQUAL(shape_wait(&none, now), 0);
}

/* ---- ends of a switch ---- */

static char folder[] = "/tmp/abbey-port-XXXXXX", path[64];

static uint64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / MS;
}

/* Two ends that have found each other: the first listens. */
static void pair_make(struct end **a, struct end **b, const char *prop, const char *text)
{
    *a = end_new("switch", "path", path, NULL);
    *b = end_new("switch", "path", path, prop, text, NULL);
    CU_ASSERT_FATAL(*a && *b);
}

static void pair_free(struct end *a, struct end *b)
{
    end_free(b);
    end_free(a);
}

/* A rate is a floor for the time, never a ceiling: what a loaded host adds does no harm to the test. */
static void rate_holds(void)
{
    struct end *a, *b;
    pair_make(&a, &b, "rate", "2000");
    uint64_t start = milliseconds();
    for (unsigned i = 0; i < 100; i++) /* 1 Mbit: half a second, less 10 ms */
        CU_ASSERT_TRUE(end_push(b, i, 1250));
    CU_ASSERT_TRUE(end_wait(a, &a->received, 100));
    CU_ASSERT_TRUE(milliseconds() - start >= 480);
    CU_ASSERT_TRUE(b->writables > 0);
    start = milliseconds();
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_TRUE(end_push(a, i, 1250));
    CU_ASSERT_TRUE(end_wait(b, &b->received, 100));
    CU_ASSERT_TRUE(milliseconds() - start >= 480);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_TRUE(end_has(a, i, i, 1250) && end_has(b, i, i, 1250));
    pair_free(a, b);
}

/* Of 4000 frames one in ten is lost, in a sequence that is the same each time; and none is harmed. */
static void loss(void)
{
    struct end *a, *b;
    uint32_t at = 0, missing = 0;
    pair_make(&a, &b, "loss", "100");
    for (unsigned i = 0; i < 4000; i++)
        CU_ASSERT_TRUE(end_push(b, i, 60));
    CU_ASSERT_TRUE(end_push(a, 0, 60)); /* b's incoming ones are another matter */
    while (end_count(b, "sent") < 4000)
        usleep(1000);
    uint32_t lost = (uint32_t)end_count(b, "lost");
    CU_ASSERT_TRUE(lost > 300 && lost < 500);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 3999 - lost));
    for (unsigned i = 0; i < 4000 && at < a->received; i++) {
        if (end_has(a, at, i, 60))
            at++;
        else
            missing++;
    }
    CU_ASSERT_EQUAL(at, a->received);
    CU_ASSERT_TRUE(missing > 300 && missing < 500);
    pair_free(a, b);
}

static void all_lost(void)
{
    struct end *a, *b;
    pair_make(&a, &b, "loss", "1000");
    for (unsigned i = 0; i < 50; i++)
        CU_ASSERT_TRUE(end_push(b, i, 60));
    while (end_count(b, "lost") < 50)
        usleep(1000);
    CU_ASSERT_EQUAL(a->received, 0);
    pair_free(a, b);
}

static void cable(void)
{
    struct end *a, *b;
    pair_make(&a, &b, "connected", "false");
    _Bool in = true, out = false;
    CU_ASSERT_EQUAL(b->up, 0);
    CU_ASSERT_TRUE(end_send(b, 1, 60)); /* taken, and gone */
    end_command(b, "net.link", &in);
    CU_ASSERT_STRING_EQUAL(b->said, "up=1 ");
    CU_ASSERT_EQUAL(b->up, 1);
    CU_ASSERT_TRUE(end_push(b, 2, 60));
    CU_ASSERT_TRUE(end_wait(a, &a->received, 1));
    CU_ASSERT_TRUE(end_has(a, 0, 2, 60));
    end_command(b, "net.link", &out);
    end_command(b, "net.link", &out);
    CU_ASSERT_EQUAL(b->links, 2); /* of changes alone */
    CU_ASSERT_STRING_EQUAL(b->events, "net.up net.down ");
    CU_ASSERT_TRUE(end_push(a, 3, 60));
    while (end_count(b, "received") < 1 || end_count(b, "waiting"))
        usleep(1000);
    end_command(b, "net.link", &in);
    CU_ASSERT_TRUE(end_push(a, 4, 60));
    CU_ASSERT_TRUE(end_wait(b, &b->received, 1));
    CU_ASSERT_TRUE(end_has(b, 0, 4, 60)); /* the third came to a cable that was out */
    pair_free(a, b);
}

/* A device that takes nothing keeps what has come up to a bound, stops nobody, and gets it in order afterwards. */
static void flood(void)
{
    struct end *a, *b, *c;
    uint32_t sent = 0, last = 0;
    pair_make(&a, &b, "loss", "0");
    c = end_new("switch", "path", path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    end_stall(a, true); /* the one that passes the frames of all */
    for (; sent < 6000; sent++)
        CU_ASSERT_TRUE_FATAL(end_push(b, sent, 1500)); /* 9 MB */
    CU_ASSERT_TRUE(end_wait(c, &c->received, 1000));
    CU_ASSERT_EQUAL(a->received, 0);
    while (end_count(a, "lost") == 0)
        usleep(1000);
    end_stall(a, false);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 500));
    CU_ASSERT_TRUE(end_push(b, 77, 60)); /* and it goes on */
    for (unsigned tries = 0; tries < 10000 && !end_has(a, a->received - 1, 77, 60); tries++)
        usleep(1000);
    CU_ASSERT_TRUE(end_has(a, a->received - 1, 77, 60));
    for (uint32_t i = 0; i + 1 < a->received && i < END_FRAMES; i++)
        while (!end_has(a, i, last, 1500) && last < sent)
            last++;
    CU_ASSERT_TRUE(last < sent); /* all that came are what was sent, in order */
    end_free(c);
    pair_free(a, b);
}

/* A device that sends more than the network takes is told to wait, and told when there is room; nothing is lost. */
static void device_waits(void)
{
    struct end *a, *b;
    uint32_t sent = 0, refused = 0;
    pair_make(&a, &b, "rate", "100000");
    while (sent < 4000) {
        if (end_send(b, sent, 1500))
            sent++;
        else
            CU_ASSERT_TRUE_FATAL(end_wait(b, &b->writables, ++refused));
    }
    CU_ASSERT_TRUE(refused > 0);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 4000));
    for (uint32_t i = 0; i < 4000; i++)
        CU_ASSERT_TRUE(end_has(a, i, i, 1500));
    pair_free(a, b);
}

/* What a device gives wrongly is taken and goes nowhere. */
static void wrong_frames(void)
{
    struct end *a, *b;
    uint8_t bytes[64] = { 255, 255, 255, 255, 255, 255, 2 };
    static const struct {
        uint32_t bytes, count, flags;
    } wrong[] = { { 13, 13, 0 }, { 60, 61, 0 }, { 60, 59, 0 }, { ABBEY_NET_LARGE + 1, 64, 0 },
        { 60, 60, ABBEY_NET_TCP4 | ABBEY_NET_CHECKSUM } };
    pair_make(&a, &b, "loss", "0");
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        abbey_net_segment segment = { bytes, wrong[i].count };
        abbey_net_frame frame = { .size = sizeof frame,
            .bytes = wrong[i].bytes,
            .segments = &segment,
            .segment_count = 1,
            .flags = wrong[i].flags };
        CU_ASSERT_EQUAL(abbey_net_send(b->net, &frame), 1);
    }
    CU_ASSERT_TRUE(end_send(b, 5, ABBEY_NET_FRAME + 1)); /* too long for one that is not to be cut */
    CU_ASSERT_TRUE(end_send(b, 6, ABBEY_NET_FRAME));
    CU_ASSERT_TRUE(end_wait(a, &a->received, 1));
    CU_ASSERT_TRUE(end_has(a, 0, 6, ABBEY_NET_FRAME));
    pair_free(a, b);
}

static const struct unit_test tests[] = {
    { "a rate is exact over many frames", exact_rate },
    { "an idle line makes up for 10 ms alone", idle_gives_little },
    { "frames of any length pass a slow line", long_frames },
    { "a rate holds both ways, and nothing is lost by it", rate_holds },
    { "loses as many frames as asked for", loss },
    { "loses all of them", all_lost },
    { "a cable out takes frames and gives none", cable },
    { "a flood stops nobody but those who do not read", flood },
    { "a device waits until there is room", device_waits },
    { "stands what a device gives wrongly", wrong_frames },
};

int main(void)
{
    net_rig_load();
    if (!mkdtemp(folder))
        return 99;
    snprintf(path, sizeof path, "%s/switch", folder);
    int status = unit_main("port", tests, sizeof tests / sizeof tests[0]);
    char lock[80];
    snprintf(lock, sizeof lock, "%s.lock", path);
    unlink(lock);
    rmdir(folder);
    return status;
}
