/* test_tap.c - host-only and bridged networks, in a network namespace of the test's own: frames through TAP interfaces
 * and bridges of the kernel; what comes and goes; and what a user is told who lacks something. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/net/net_rig.h"
#include "tests/unit/unit.h"

/* ---- the namespace ---- */

static bool file_write(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool good = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return good;
}

static bool namespace_enter(void)
{
    char map[64];
    unsigned user = getuid(), group = getgid();
    if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS) == 0) {
        file_write("/proc/self/setgroups", "deny");
        snprintf(map, sizeof map, "0 %u 1", user);
        if (!file_write("/proc/self/uid_map", map))
            return false;
        snprintf(map, sizeof map, "0 %u 1", group);
        return file_write("/proc/self/gid_map", map);
    }
    return unshare(CLONE_NEWNET | CLONE_NEWNS) == 0;
}

static void shell(const char *command)
{
    if (system(command) != 0)
        printf("# failed: %s\n", command);
}

/* Takes this thread's right to administer the network away, or gives it back. */
static void right_set(bool on)
{
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];
    syscall(SYS_capget, &header, data);
    if (on)
        data[0].effective |= 1u << CAP_NET_ADMIN;
    else
        data[0].effective &= ~(1u << CAP_NET_ADMIN);
    CU_ASSERT_EQUAL(syscall(SYS_capset, &header, data), 0);
}

static void pause_short(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
}

/* Whether a frame arrives, among others that the kernel sends. A bridge loses what comes before it knows of a port. */
static bool reaches(struct end *from, struct end *to, uint32_t number, uint32_t bytes)
{
    for (unsigned tries = 0; tries < 4000; tries++) {
        end_send(from, number, bytes);
        pause_short();
        for (uint32_t i = 0; i < to->received; i++)
            if (end_has(to, i, number, bytes))
                return true;
    }
    return false;
}

/* The same for a socket of the test's: the bytes that came. */
static ssize_t raw_gets(int fd, struct end *from, uint32_t number, uint32_t bytes, uint8_t *frame, size_t room)
{
    ssize_t got = -1;
    for (unsigned tries = 0; tries < 4000 && got < 0; tries++) {
        end_send(from, number, bytes);
        pause_short();
        got = recv(fd, frame, room, MSG_DONTWAIT);
    }
    return got;
}

/* ---- what works ---- */

static void host_only(void)
{
    struct end *a = end_new("host-only", "bridge", "own0", "address", "192.168.99.1/24", NULL);
    struct end *b = end_new("host-only", "bridge", "own0", NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_EQUAL(system("ip -4 addr show own0 | grep -q 'inet 192.168.99.1/24'"), 0);
    CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true));
    CU_ASSERT_TRUE(reaches(a, b, 1, 60));
    CU_ASSERT_TRUE(reaches(b, a, 2, 1514));
    /* The host is there, at the bridge. */
    int fd = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = (int)if_nametoindex("own0")
    };
    uint8_t frame[200] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9, 0x88, 0xb5 };
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL(raw_gets(fd, a, 3, 100, frame, sizeof frame), 100);
    uint32_t before = a->received;
    CU_ASSERT_EQUAL(send(fd, frame, 100, 0), 100);
    CU_ASSERT_TRUE(end_wait(a, &a->received, before + 1));
    close(fd);
    end_free(b);
    end_free(a);
    CU_ASSERT_TRUE(if_nametoindex("own0") != 0); /* stays, for the servers on it */
    CU_ASSERT_EQUAL(system("test -z \"$(ls /proc/sys/net/ipv4/conf | grep abbeytap)\""), 0);
}

/* A large TCP packet passes the kernel's bridge in one piece, and is cut for a device that wants it so. */
static void large_packet(void)
{
    struct end *a = end_new("host-only", "bridge", "own0", NULL), *b = end_new("host-only", "bridge", "own0", NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(reaches(a, b, 1, 60));
    uint8_t packet[54 + 10000] = { 255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 1, 8, 0, /* IPv4: */ 0x45, 0, 0x27,
        0x38, 0, 1, 0x40, 0, 64, 6, 0, 0, 10, 7, 0, 1, 10, 7, 0, 2, /* TCP: */ 0, 1, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0x50,
        0x10, 1, 0, 0x33, 0x1d };
    uint32_t sum = 0, data = 0;
    for (unsigned i = 14; i < 34; i += 2)
        sum += (uint32_t)packet[i] << 8 | packet[i + 1];
    sum = (sum & 0xffff) + (sum >> 16);
    packet[24] = (uint8_t)(~sum >> 8);
    packet[25] = (uint8_t)~sum;
    abbey_net_segment segment = { packet, sizeof packet };
    abbey_net_frame frame = { .size = sizeof frame,
        .bytes = sizeof packet,
        .segments = &segment,
        .segment_count = 1,
        .flags = ABBEY_NET_CHECKSUM | ABBEY_NET_TCP4,
        .checksum_start = 34,
        .checksum_offset = 16,
        .segment_bytes = 1000,
        .header_bytes = 54 };
    CU_ASSERT_EQUAL(abbey_net_send(a->net, &frame), 1);
    abbey_net_flush(a->net);
    for (unsigned tries = 0; tries < 4000 && data < 10000; tries++, pause_short()) {
        data = 0;
        for (uint32_t i = 0; i < b->received; i++)
            if (b->frames[i].bytes == 1054 && memcmp(b->frames[i].data + 26, packet + 26, 8) == 0)
                data += 1000;
    }
    CU_ASSERT_EQUAL(data, 10000);
    end_free(b);
    end_free(a);
}

static void bridged(void)
{
    shell("ip link add br7 type bridge && ip link set br7 up && ip link add out type veth peer name far && "
          "ip link set out master br7 && ip link set out up && ip link set far up");
    struct end *a = end_new("bridged", "bridge", "br7", NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    CU_ASSERT_TRUE(end_wait_up(a, true));
    int fd = socket(AF_PACKET, SOCK_RAW, htons(0x88b5));
    struct sockaddr_ll at = {
        .sll_family = AF_PACKET, .sll_protocol = htons(0x88b5), .sll_ifindex = (int)if_nametoindex("far")
    };
    uint8_t frame[2000];
    CU_ASSERT_EQUAL(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    CU_ASSERT_EQUAL(raw_gets(fd, a, 3, 700, frame, sizeof frame), 700); /* on the far side of the card */
    frame[11] = 9;
    CU_ASSERT_EQUAL(send(fd, frame, 700, 0), 700);
    CU_ASSERT_TRUE(end_wait(a, &a->received, 1));
    close(fd);
    end_free(a);
}

/* ---- what comes and goes ---- */

static void comes_and_goes(void)
{
    struct end *a = end_new("bridged", "bridge", "br7", NULL), *b = end_new("bridged", "bridge", "br7", NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true));
    shell("ip link set br7 down");
    CU_ASSERT_TRUE(end_wait_up(a, false) && end_wait_up(b, false));
    CU_ASSERT_TRUE(end_send(a, 1, 60)); /* taken, and gone */
    shell("ip link set br7 up");
    CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true));
    shell("for tap in $(ls /proc/sys/net/ipv4/conf | grep abbeytap); do ip link del $tap; done");
    CU_ASSERT_TRUE(end_wait_up(a, false));
    CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true)); /* made anew */
    shell("ip link del br7");
    CU_ASSERT_TRUE(end_wait_up(a, false) && end_wait_up(b, false));
    CU_ASSERT_PTR_NOT_NULL(strstr(a->logged, "has gone"));
    shell("ip link add br7 type bridge && ip link set br7 up");
    CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true));
    CU_ASSERT_TRUE(reaches(a, b, 9, 60));
    CU_ASSERT_PTR_NOT_NULL(strstr(a->events, "net.down net.up net.down net.up "));
    end_free(b);
    end_free(a);
}

/* ---- what a user is told ---- */

static void refused(struct end *end, const char *first, const char *second)
{
    CU_ASSERT_PTR_NULL(end);
    if (!strstr(end_failure(), first) || !strstr(end_failure(), second))
        printf("# said: %s\n", end_failure());
    CU_ASSERT_PTR_NOT_NULL(strstr(end_failure(), first));
    CU_ASSERT_PTR_NOT_NULL(strstr(end_failure(), second));
    end_free(end);
}

static void words(void)
{
    refused(end_new("bridged", NULL), "which bridge", "`tap`");
    refused(end_new("bridged", "bridge", "br8", NULL), "no bridge 'br8'", "");
    refused(end_new("bridged", "bridge", "far-too-long-a-name", NULL), "longer than", "far-too-long-a-name");
    refused(end_new("bridged", "bridge", "lo", NULL), "'lo' is no bridge", "");
    refused(end_new("bridged", "tap", "nowhere", NULL), "no interface 'nowhere'", "ip tuntap add nowhere");
    refused(end_new("bridged", "tap", "lo", NULL), "'lo' is no TAP interface", "");
    refused(end_new("host-only", "address", "192.168.77.1", NULL), "'192.168.77.1'", "/24");
    refused(end_new("host-only", "bridge", "", NULL), "no name", "");
}

static void no_right(void)
{
    right_set(false);
    refused(end_new("host-only", "bridge", "new0", NULL), "'new0' takes root", "ip tuntap add NAME");
    refused(end_new("bridged", "bridge", "br7", NULL), "CAP_NET_ADMIN", "master br7");
    CU_ASSERT_EQUAL(if_nametoindex("new0"), 0);
    right_set(true);
}

/* An interface that an administrator has made needs no right, and is there for one process at a time. */
static void made_before(void)
{
    shell("ip tuntap add dev mine mode tap user 0 && ip link set mine master br7 && ip link set mine up");
    struct end *b = end_new("bridged", "bridge", "br7", NULL);
    right_set(false);
    struct end *a = end_new("bridged", "tap", "mine", NULL);
    CU_ASSERT_FATAL(a && b);
    refused(end_new("host-only", "tap", "mine", NULL), "'mine' is in use", "");
    right_set(true);
    CU_ASSERT_TRUE(end_wait_up(a, true));
    CU_ASSERT_TRUE(reaches(a, b, 4, 60));
    end_free(a);
    end_free(b);
    CU_ASSERT_TRUE(if_nametoindex("mine") != 0);
}

static void no_device(void)
{
    CU_ASSERT_EQUAL_FATAL(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
    CU_ASSERT_EQUAL_FATAL(mount("none", "/dev/net", "tmpfs", 0, NULL), 0);
    refused(end_new("bridged", "bridge", "br7", NULL), "no /dev/net/tun", "modprobe tun");
    umount("/dev/net");
}

static const struct unit_test tests[] = {
    { "host-only: guests reach each other and the host", host_only },
    { "large packets pass as they are, and are cut at the end", large_packet },
    { "bridged: a guest is on the network of the host's card", bridged },
    { "interfaces and bridges go and come back", comes_and_goes },
    { "says what is wrong with a description", words },
    { "says what to do without the right to make interfaces", no_right },
    { "an interface made before needs no right", made_before },
    { "says when the host has no TAP device", no_device },
};

int main(void)
{
    if (access("/dev/net/tun", R_OK | W_OK) != 0 || !namespace_enter() || system("ip link set lo up") != 0 ||
        system("ip link add br6 type bridge && ip link del br6") != 0) {
        printf("1..0 # SKIP this host allows no network namespaces with TAP interfaces and bridges in them\n");
        return 0;
    }
    net_rig_load();
    return unit_main("tap", tests, sizeof tests / sizeof tests[0]);
}
