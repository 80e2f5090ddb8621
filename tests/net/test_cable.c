/* test_cable.c - the cable over TCP and UDP: frames both ways, peers that come and go, that are too slow, and that
 * speak something else. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tests/net/net_rig.h"
#include "tests/unit/unit.h"

static void pause_short(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* A port of 127.0.0.1 that nobody has. */
static unsigned port_free(int type)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t bytes = sizeof at;
    int fd = socket(AF_INET, type, 0);
    CU_ASSERT_EQUAL_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL_FATAL(getsockname(fd, (struct sockaddr *)&at, &bytes), 0);
    close(fd);
    return ntohs(at.sin_port);
}

/* A peer of the test's own. */
static int raw_connect(int type, unsigned port)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons((uint16_t)port)
    };
    struct timeval limit = { .tv_sec = 10 };
    for (unsigned tries = 0; tries < 5000; tries++, pause_short()) {
        int fd = socket(AF_INET, type, 0);
        setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

static void raw_send(int fd, const void *bytes, size_t count)
{
    CU_ASSERT_EQUAL(send(fd, bytes, count, MSG_NOSIGNAL), (ssize_t)count);
}

/* A frame as a stream has it, with what end_has() looks for; its bytes in all. */
static size_t framed(uint8_t *to, uint32_t number, uint32_t bytes)
{
    static const uint8_t head[14] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
    const uint8_t length[4] = { (uint8_t)(bytes >> 24), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8), (uint8_t)bytes };
    memcpy(to, length, 4);
    memcpy(to + 4, head, bytes < 14 ? bytes : 14);
    for (uint32_t i = 14; i < bytes; i++)
        to[4 + i] = (uint8_t)((number >> 8 * (i % 4)) + i / 4);
    return 4 + bytes;
}

static char here[32], there[32];

static void ports_choose(int type)
{
    snprintf(here, sizeof here, "%u", port_free(type));
    do
        snprintf(there, sizeof there, "127.0.0.1:%u", port_free(type));
    while (strcmp(strchr(there, ':') + 1, here) == 0);
}

/* Frames of many lengths, both ways, in order. */
static void exchange(struct end *a, struct end *b)
{
    static const uint32_t lengths[] = { 14, 15, 60, 1514, 4096, ABBEY_NET_FRAME };
    uint32_t at_a = a->received, at_b = b->received, wrong = 0;
    for (uint32_t i = 0; i < 300; i++)
        CU_ASSERT_TRUE(end_push(a, i, lengths[i % 6]) && end_push(b, i + 1000, lengths[i % 6]));
    CU_ASSERT_TRUE(end_wait(a, &a->received, at_a + 300) && end_wait(b, &b->received, at_b + 300));
    for (uint32_t i = 0; i < 300; i++)
        wrong += !end_has(b, at_b + i, i, lengths[i % 6]) || !end_has(a, at_a + i, i + 1000, lengths[i % 6]);
    CU_ASSERT_EQUAL(wrong, 0);
}

/* ---- TCP ---- */

static void tcp_frames(void)
{
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_EQUAL(a->up, 0);
    struct end *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, true) && end_wait_up(b, true));
    exchange(a, b);
    end_free(b);
    end_free(a);
}

static void tcp_version_6(void)
{
    char text[32];
    snprintf(text, sizeof text, "[::1]:%u", port_free(SOCK_STREAM));
    struct end *a = end_new("cable", "listen", text, NULL);
    if (!a && strstr(end_failure(), "address"))
        return; /* a host without IPv6 */
    struct end *b = end_new("cable", "connect", text, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, true) && end_wait_up(b, true));
    exchange(a, b);
    end_free(b);
    end_free(a);
}

/* Whoever is there first waits; and either side may go and come back. */
static void tcp_comes_and_goes(void)
{
    ports_choose(SOCK_STREAM);
    struct end *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    CU_ASSERT_TRUE(end_send(b, 1, 60)); /* taken, and gone */
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_TRUE_FATAL(end_wait_up(b, true) && end_wait_up(a, true));
    exchange(a, b);
    for (unsigned i = 0; i < 3; i++) {
        end_free(a);
        CU_ASSERT_TRUE_FATAL(end_wait_up(b, false));
        a = end_new("cable", "listen", here, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(a);
        CU_ASSERT_TRUE_FATAL(end_wait_up(b, true) && end_wait_up(a, true));
        exchange(a, b);
        end_free(b);
        CU_ASSERT_TRUE_FATAL(end_wait_up(a, false));
        b = end_new("cable", "connect", here, NULL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(b);
        CU_ASSERT_TRUE_FATAL(end_wait_up(b, true) && end_wait_up(a, true));
        exchange(a, b);
    }
    CU_ASSERT_EQUAL(strncmp(a->events, "net.up net.down net.up ", 23), 0);
    end_free(b);
    end_free(a);
}

/* While there is a peer, another one is refused and does not disturb; it has its turn later. */
static void tcp_one_peer(void)
{
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL), *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, true) && end_wait_up(b, true));
    struct end *c = end_new("cable", "connect", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    exchange(a, b);
    CU_ASSERT_EQUAL(c->links, 0);
    end_free(b);
    CU_ASSERT_TRUE_FATAL(end_wait(a, &a->links, 3) && end_wait_up(c, true)); /* in, out, in */
    exchange(a, c);
    end_free(c);
    end_free(a);
}

static void gone(int fd)
{
    char byte;
    CU_ASSERT_TRUE(recv(fd, &byte, 1, 0) <= 0);
    close(fd);
}

/* Pieces of any size make the same frames; half a frame at the end is none. */
static void tcp_pieces(void)
{
    uint8_t bytes[8192];
    size_t count = 0;
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    int fd = raw_connect(SOCK_STREAM, (unsigned)atoi(here));
    for (uint32_t i = 0; i < 20; i++)
        count += framed(bytes + count, i, 14 + i);
    for (size_t i = 0; i < count; i++) {
        raw_send(fd, bytes + i, 1);
        if (i % 64 == 0)
            pause_short();
    }
    raw_send(fd, bytes, count); /* and all at once */
    raw_send(fd, bytes, 10);
    close(fd);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 40));
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, false));
    fd = raw_connect(SOCK_STREAM, (unsigned)atoi(here));
    raw_send(fd, bytes, 18);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 41));
    for (uint32_t i = 0; i < 40; i++)
        CU_ASSERT_TRUE(end_has(a, i, i % 20, 14 + i % 20));
    CU_ASSERT_TRUE(end_has(a, 40, 0, 14));
    CU_ASSERT_EQUAL(a->received, 41);
    close(fd);
    end_free(a);
}

/* Frames that no adapter takes are left out; what is no frame ends the connection, and the next peer is served. */
static void tcp_wrong_peers(void)
{
    static const uint8_t lengths[][4] = { { 0, 1, 0, 15 }, { 0x80, 0, 0, 0 }, { 255, 255, 255, 255 }, "GET " };
    uint8_t *bytes = malloc(200000);
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    for (unsigned i = 0; i < 4; i++) {
        int fd = raw_connect(SOCK_STREAM, (unsigned)atoi(here));
        raw_send(fd, bytes, framed(bytes, i, 60));
        CU_ASSERT_TRUE(end_wait(a, &a->received, i + 1));
        raw_send(fd, lengths[i], 4);
        gone(fd);
        CU_ASSERT_PTR_NOT_NULL(strstr(a->logged, "something else"));
    }
    int fd = raw_connect(SOCK_STREAM, (unsigned)atoi(here));
    static const uint32_t wrong[] = { 0, 1, 13, ABBEY_NET_FRAME + 1, 60000, ABBEY_NET_LARGE };
    for (unsigned i = 0; i < 6; i++)
        raw_send(fd, bytes, framed(bytes, i, wrong[i]));
    raw_send(fd, bytes, framed(bytes, 99, 60));
    CU_ASSERT_TRUE(end_wait(a, &a->received, 5));
    CU_ASSERT_TRUE(end_has(a, 4, 99, 60));
    CU_ASSERT_EQUAL(a->received, 5);
    CU_ASSERT_EQUAL(end_count(a, "lost"), 6);
    close(fd);
    free(bytes);
    end_free(a);
}

/* Random bytes, in streams that break off anywhere. */
static void tcp_noise(void)
{
    uint8_t bytes[3000];
    uint32_t seed = 7;
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    for (unsigned round = 0; round < 100; round++) {
        int fd = raw_connect(SOCK_STREAM, (unsigned)atoi(here));
        size_t count = 0;
        while (count < 2000) {
            seed = seed * 1664525u + 1013904223u;
            count += framed(bytes + count, seed, (seed >> 8) % 900);
        }
        for (unsigned i = 0; i < 4; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[(seed >> 8) % count] = (uint8_t)seed;
        }
        send(fd, bytes, 1 + (seed >> 8) % count, MSG_NOSIGNAL);
        close(fd);
        CU_ASSERT_TRUE_FATAL(end_wait_up(a, false));
    }
    struct end *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    /* The last of the streams may be taken for the peer yet: then what is sent now is lost with a connection. */
    bool arrived = false;
    for (unsigned tries = 0; tries < 10000 && !arrived; tries++) {
        CU_ASSERT_TRUE_FATAL(end_push(b, 5, 60));
        pause_short();
        arrived = a->received && end_has(a, a->received - 1, 5, 60);
    }
    CU_ASSERT_TRUE(arrived);
    end_free(b);
    end_free(a);
}

/* A device that takes nothing stops the peer, not the machine, and in the end everything is there. */
static void tcp_flood(void)
{
    uint32_t sent = 0;
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL), *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, true) && end_wait_up(b, true));
    end_stall(a, true);
    while (sent < END_FRAMES && end_send(b, sent, 9000)) { /* up to 70 MB: more than all buffers between */
        sent++;
        if (sent % 16 == 0)
            pause_short();
    }
    CU_ASSERT_TRUE_FATAL(sent < END_FRAMES);
    CU_ASSERT_EQUAL(a->received, 0);
    CU_ASSERT_TRUE(end_push(a, 4711, 60)); /* the other way it goes on */
    CU_ASSERT_TRUE(end_wait(b, &b->received, 1));
    end_stall(a, false);
    CU_ASSERT_TRUE(end_wait(b, &b->writables, 1));
    CU_ASSERT_TRUE(end_push(b, sent++, 9000));
    CU_ASSERT_TRUE(end_wait(a, &a->received, sent));
    for (uint32_t i = 0; i < sent; i++)
        CU_ASSERT_TRUE(end_has(a, i, i, 9000));
    CU_ASSERT_EQUAL(end_count(a, "lost") + end_count(b, "lost"), 0);
    end_free(b);
    end_free(a);
}

/* What a peer has sent before it went arrives, however late the device takes it. */
static void tcp_last_words(void)
{
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL), *b = end_new("cable", "connect", here, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, true) && end_wait_up(b, true));
    end_stall(a, true);
    for (uint32_t i = 0; i < 300; i++) /* 2.7 MB: more than the ring has */
        CU_ASSERT_TRUE(end_push(b, i, 9000));
    while (end_count(b, "sent") < 300 || end_count(a, "received") < 100)
        pause_short();
    end_stall(a, false);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 300));
    end_free(b);
    CU_ASSERT_TRUE_FATAL(end_wait_up(a, false));
    end_free(a);
}

/* ---- UDP ---- */

static void udp_frames(void)
{
    ports_choose(SOCK_DGRAM);
    char this_one[48];
    snprintf(this_one, sizeof this_one, "127.0.0.1:%s", here);
    struct end *a = end_new("cable", "protocol", "udp", "listen", this_one, "connect", there, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_EQUAL(a->up, 1);
    for (unsigned i = 0; i < 5; i++) /* nobody is there yet, which the kernel reports */
        CU_ASSERT_TRUE(end_push(a, i, 60));
    struct end *b = end_new("cable", "protocol", "udp", "listen", there, "connect", this_one, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    while (end_count(a, "sent") < 5)
        pause_short();
    for (uint32_t i = 0; i < 200; i++) { /* few at a time: UDP loses what is too much */
        uint32_t at_a = a->received, at_b = b->received;
        CU_ASSERT_TRUE(end_push(a, i, i % 2 ? 1514 : ABBEY_NET_FRAME) && end_push(b, i, 14));
        CU_ASSERT_TRUE(end_wait(b, &b->received, at_b + 1) && end_wait(a, &a->received, at_a + 1));
        CU_ASSERT_TRUE(end_has(b, b->received - 1, i, i % 2 ? 1514 : ABBEY_NET_FRAME));
        CU_ASSERT_TRUE(end_has(a, a->received - 1, i, 14));
    }
    end_free(b);
    CU_ASSERT_TRUE(end_push(a, 1, 60) && end_push(a, 2, 60));
    b = end_new("cable", "protocol", "udp", "listen", there, "connect", this_one, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(b);
    uint32_t before = b->received;
    for (unsigned tries = 0; tries < 100 && b->received == before; tries++, pause_short())
        CU_ASSERT_TRUE(end_push(a, 3, 60));
    CU_ASSERT_TRUE(b->received > before);
    end_free(b);
    end_free(a);
}

/* Datagrams of strangers, and such as are no frames, do not reach the guest. */
static void udp_wrong_peers(void)
{
    static uint8_t bytes[60000];
    ports_choose(SOCK_DGRAM);
    struct end *a = end_new("cable", "protocol", "udp", "listen", here, "connect", there, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    int stranger = raw_connect(SOCK_DGRAM, (unsigned)atoi(here)), fd = socket(AF_INET, SOCK_DGRAM, 0);
    framed(bytes, 1, 40000);
    send(stranger, bytes + 4, 60, 0);
    close(stranger);
    struct sockaddr_in at = { .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        .sin_port = htons((uint16_t)atoi(strchr(there, ':') + 1)) };
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    at.sin_port = htons((uint16_t)atoi(here));
    static const uint32_t wrong[] = { 0, 1, 13, ABBEY_NET_FRAME + 1, 40000 };
    for (unsigned i = 0; i < 5; i++)
        CU_ASSERT_EQUAL(sendto(fd, bytes + 4, wrong[i], 0, (struct sockaddr *)&at, sizeof at), (ssize_t)wrong[i]);
    CU_ASSERT_EQUAL(sendto(fd, bytes + 4, 60, 0, (struct sockaddr *)&at, sizeof at), 60);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 1));
    CU_ASSERT_TRUE(end_has(a, 0, 1, 60));
    CU_ASSERT_EQUAL(a->received, 1);
    CU_ASSERT_EQUAL(end_count(a, "lost"), 5);
    close(fd);
    end_free(a);
}

/* ---- descriptions ---- */

static void refused(struct end *end, const char *first, const char *second)
{
    CU_ASSERT_PTR_NULL(end);
    if (!strstr(end_failure(), first) || !strstr(end_failure(), second))
        printf("# said: %s\n", end_failure());
    CU_ASSERT_TRUE(strstr(end_failure(), first) && strstr(end_failure(), second));
    end_free(end);
}

static void words(void)
{
    static const char *const wrong[] = { "x", "host:", ":7000", "host:0", "host:65536", "host:70x", "host:123456",
        "::1:7000", "[::1]7000", "[]:7000", "-1", "host:-1", "1 ", " 1" };
    refused(end_new("cable", NULL), "either `listen` or `connect`", "");
    refused(end_new("cable", "listen", "7000", "connect", "7001", NULL), "either `listen` or `connect`", "");
    refused(end_new("cable", "protocol", "udp", "listen", "7000", NULL), "both `listen`", "`connect`");
    refused(end_new("cable", "protocol", "udp", "listen", "7000", "connect", "[::1]:7001", NULL), "IPv4", "IPv6");
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        refused(end_new("cable", "connect", wrong[i], NULL), "connect: '", wrong[i]);
    refused(end_new("cable", "connect", "nowhere.invalid:7000", NULL), "cannot find the host 'nowhere.invalid'", "");
    ports_choose(SOCK_STREAM);
    struct end *a = end_new("cable", "listen", here, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    refused(end_new("cable", "listen", here, NULL), "cannot listen at", "in use");
    end_free(a);
}

static const struct unit_test tests[] = {
    { "TCP carries frames of every length both ways", tcp_frames },
    { "TCP goes over IPv6", tcp_version_6 },
    { "either side of TCP may come first, go and come back", tcp_comes_and_goes },
    { "there is one peer at a time", tcp_one_peer },
    { "a stream in pieces gives the same frames", tcp_pieces },
    { "peers that speak something else are sent away", tcp_wrong_peers },
    { "stands any stream", tcp_noise },
    { "a flood over TCP waits, and loses nothing", tcp_flood },
    { "what a peer sent before it went arrives", tcp_last_words },
    { "UDP carries frames both ways, and waits for nobody", udp_frames },
    { "UDP takes frames of its peer alone", udp_wrong_peers },
    { "says what is wrong with a description", words },
};

int main(void)
{
    net_rig_load();
    return unit_main("cable", tests, sizeof tests / sizeof tests[0]);
}
