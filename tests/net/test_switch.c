/* test_switch.c - switches: ends that come late and go, the one that passes the frames among them; messages of
 * strangers; and the switch of VDE, which is another program (package vde2). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "plugins/hostos/net/ring.h"
#include "tests/net/net_rig.h"
#include "tests/unit/unit.h"

static char folder[] = "/tmp/abbey-switch-XXXXXX", path[64], vde[64];

static void pause_short(void)
{
    nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Whether b gets a frame of a's, some of which may be lost while the switch is made anew. */
static bool reaches(struct end *a, struct end *b, uint32_t number)
{
    for (unsigned tries = 0; tries < 2000; tries++) {
        uint32_t from = b->received > 50 ? b->received - 50 : 0;
        end_send(a, number, 100);
        pause_short();
        for (uint32_t i = from; i < b->received; i++)
            if (end_has(b, i, number, 100))
                return true;
    }
    return false;
}

/* ---- the own switch ---- */

static void all_reach_all(void)
{
    struct end *ends[5];
    for (uint32_t i = 0; i < 5; i++)
        ends[i] = end_new("switch", "path", path, NULL);
    for (uint32_t i = 0; i < 25; i++)
        if (i / 5 != i % 5)
            CU_ASSERT_TRUE(reaches(ends[i / 5], ends[i % 5], i));
    for (uint32_t i = 0; i < 5; i++)
        for (uint32_t k = 0; k < ends[i]->received; k++)
            for (uint32_t own = 0; own < 5; own++)
                CU_ASSERT_FALSE(end_has(ends[i], k, i * 5 + own, 100)); /* nobody hears himself */
    for (uint32_t i = 0; i < 5; i++)
        end_free(ends[i]);
}

/* The first one passes the frames. It goes, and then who took its place, until two are left. */
static void the_first_goes(void)
{
    struct end *ends[5];
    for (uint32_t i = 0; i < 5; i++)
        ends[i] = end_new("switch", "path", path, NULL);
    for (uint32_t gone = 0; gone < 4; gone++) {
        for (uint32_t i = gone; i < 5; i++)
            for (uint32_t k = gone; k < 5; k++)
                if (i != k)
                    CU_ASSERT_TRUE(reaches(ends[i], ends[k], gone * 100 + i * 10 + k));
        end_free(ends[gone]);
    }
    end_free(ends[4]);
}

/* Frames to one station go to it alone, once it has been heard. */
static void learns(void)
{
    struct end *ends[3];
    uint8_t bytes[60] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 7, 0x88, 0xb5 };
    abbey_net_segment segment = { bytes, sizeof bytes };
    abbey_net_frame frame = { .size = sizeof frame, .bytes = sizeof bytes, .segments = &segment, .segment_count = 1 };
    for (uint32_t i = 0; i < 3; i++)
        ends[i] = end_new("switch", "path", path, NULL);
    CU_ASSERT_TRUE(reaches(ends[1], ends[2], 1) && reaches(ends[1], ends[0], 2)); /* station 02...01 is there */
    uint32_t at_1 = ends[1]->received, at_0 = ends[0]->received;
    for (unsigned i = 0; i < 20; i++)
        CU_ASSERT_EQUAL(abbey_net_send(ends[2]->net, &frame), 1);
    abbey_net_flush(ends[2]->net);
    CU_ASSERT_TRUE(end_wait(ends[1], &ends[1]->received, at_1 + 20));
    CU_ASSERT_EQUAL(ends[0]->received, at_0);
    for (uint32_t i = 0; i < 3; i++)
        end_free(ends[2 - i]);
}

static int raw_connect(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    memcpy(at.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
    CU_ASSERT_EQUAL(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
    return fd;
}

/* What is no message ends the stranger's connection, and nothing else. */
static void strangers(void)
{
    union {
        struct record record;
        uint8_t bytes[sizeof(struct record) + 2000];
    } message;
    struct end *a = end_new("switch", "path", path, NULL), *b = end_new("switch", "path", path, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(reaches(a, b, 1));
    uint32_t seed = 3;
    for (unsigned i = 0; i < 300; i++) {
        int fd = raw_connect();
        seed = seed * 1664525u + 1013904223u;
        uint32_t data = (seed >> 8) % 200, said = i % 3 ? data : seed >> 20;
        memset(&message, (int)(seed >> 24), sizeof message);
        message.record = (struct record){ .bytes = said,
            .flags = i % 2 ? 0 : seed >> 27,
            .checksum_start = (uint16_t)(seed >> 22),
            .segment_bytes = (uint16_t)(seed >> 12) };
        for (unsigned k = 0; k < 3; k++)
            send(fd, &message, sizeof message.record + data, MSG_NOSIGNAL);
        send(fd, &message, (seed >> 8) % sizeof message.record, MSG_NOSIGNAL);
        close(fd);
    }
    CU_ASSERT_TRUE(reaches(a, b, 2) && reaches(b, a, 3));
    end_free(b);
    end_free(a);
}

/* One that connects and never reads costs the others nothing: what it does not take is dropped. */
static void sleeper(void)
{
    struct end *a = end_new("switch", "path", path, NULL), *b = end_new("switch", "path", path, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(reaches(a, b, 1));
    int fd = raw_connect();
    for (uint32_t i = 0; i < 2000; i++) /* 18 MB: more than all queues hold */
        CU_ASSERT_TRUE(end_push(b, i, 9000));
    for (unsigned tries = 0; tries < 5000 && !end_count(a, "lost"); tries++)
        pause_short();
    CU_ASSERT_TRUE(end_count(a, "lost") > 0);
    CU_ASSERT_TRUE(reaches(a, b, 2) && reaches(b, a, 3));
    close(fd);
    end_free(b);
    end_free(a);
}

/* More than the switch has places for: those that are too many find none, and the rest do not notice. */
static void too_many(void)
{
    int fds[80];
    struct end *a = end_new("switch", "path", path, NULL), *b = end_new("switch", "path", path, NULL);
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(reaches(a, b, 1));
    for (unsigned i = 0; i < 80; i++)
        fds[i] = raw_connect();
    CU_ASSERT_TRUE(reaches(a, b, 2) && reaches(b, a, 3));
    for (unsigned i = 0; i < 80; i++)
        close(fds[i]);
    struct end *c = end_new("switch", "path", path, NULL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_TRUE(reaches(a, c, 4) && reaches(c, b, 5));
    end_free(c);
    end_free(b);
    end_free(a);
}

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
    char place[160];
    memset(place, 'x', sizeof place - 1);
    place[sizeof place - 1] = 0;
    refused(end_new("switch", "name", "a/b", NULL), "'a/b'", "`path`");
    refused(end_new("switch", "path", place, NULL), "too long", "");
    refused(end_new("switch", "vde", place, NULL), "VDE switch", "too long");
    refused(end_new("switch", "vde", "/nowhere", NULL), "no VDE switch at '/nowhere'", "vde_switch -s /nowhere -d");
    refused(end_new("switch", "vde", vde, "path", path, NULL), "`path`", "`vde`");
}

/* ---- VDE's ---- */

static pid_t vde_start(void)
{
    char control[96];
    pid_t process = fork();
    if (process == 0) {
        int null = open("/dev/null", O_RDWR);
        dup2(null, 1);
        dup2(null, 2);
        int ends[2];
        if (pipe(ends) == 0) /* the switch ends when its console does */
            dup2(ends[0], 0);
        execlp("vde_switch", "vde_switch", "-s", vde, (char *)NULL);
        _exit(127);
    }
    snprintf(control, sizeof control, "%s/ctl", vde);
    for (unsigned tries = 0; tries < 5000 && access(control, F_OK) != 0; tries++) {
        if (waitpid(process, NULL, WNOHANG) == process)
            return -1;
        pause_short();
    }
    return process;
}

static void vde_end(pid_t process, int how)
{
    kill(process, how);
    waitpid(process, NULL, 0);
}

static struct end *vde_end_new(void)
{
    struct end *end = NULL;
    for (unsigned tries = 0; tries < 1000 && !end; tries++, pause_short())
        end = end_new("switch", "vde", vde, NULL); /* its socket may be there before it listens */
    return end;
}

static void vde_frames(void)
{
    pid_t process = vde_start();
    CU_ASSERT_TRUE_FATAL(process > 0);
    struct end *a = vde_end_new(), *b = vde_end_new();
    CU_ASSERT_FATAL(a && b);
    CU_ASSERT_TRUE(reaches(a, b, 1) && reaches(b, a, 2));
    uint32_t before = b->received;
    for (uint32_t i = 0; i < 500; i++)
        CU_ASSERT_TRUE(end_push(a, i + 1000, 1514) && end_wait(b, &b->received, before + i + 1));
    for (uint32_t i = 0; i < 500; i++)
        CU_ASSERT_TRUE(end_has(b, before + i, i + 1000, 1514));
    struct end *c = vde_end_new(); /* comes late */
    CU_ASSERT_PTR_NOT_NULL_FATAL(c);
    CU_ASSERT_TRUE(reaches(a, c, 3) && reaches(c, b, 4));
    end_free(a);
    CU_ASSERT_TRUE(reaches(b, c, 5) && reaches(c, b, 6));
    end_free(c);
    end_free(b);
    vde_end(process, SIGTERM);
}

static void vde_comes_and_goes(void)
{
    pid_t process = vde_start();
    CU_ASSERT_TRUE_FATAL(process > 0);
    struct end *a = vde_end_new(), *b = vde_end_new();
    CU_ASSERT_FATAL(a && b);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_TRUE(reaches(a, b, i * 2) && reaches(b, a, i * 2 + 1));
        vde_end(process, i % 2 ? SIGTERM : SIGKILL);
        CU_ASSERT_TRUE(end_wait_up(a, false) && end_wait_up(b, false));
        CU_ASSERT_TRUE(end_send(a, 1, 60)); /* taken, and gone */
        char control[96];
        snprintf(control, sizeof control, "%s/ctl", vde);
        unlink(control); /* of the one that was killed */
        process = vde_start();
        CU_ASSERT_TRUE_FATAL(process > 0);
        CU_ASSERT_TRUE(end_wait_up(a, true) && end_wait_up(b, true));
    }
    CU_ASSERT_EQUAL(strncmp(a->events, "net.down net.up ", 16), 0);
    end_free(b);
    end_free(a);
    vde_end(process, SIGTERM);
}

/* Something else that listens there. */
static void vde_strangers(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    snprintf(at.sun_path, sizeof at.sun_path, "%s/ctl", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CU_ASSERT_TRUE_FATAL(bind(fd, (struct sockaddr *)&at, sizeof at) == 0 && listen(fd, 4) == 0);
    refused(end_new("switch", "vde", folder, NULL), "VDE switch", "does not answer");
    close(fd);
    refused(end_new("switch", "vde", folder, NULL), "no VDE switch", "");
    unlink(at.sun_path);
}

static const struct unit_test tests[] = {
    { "all reach all", all_reach_all },
    { "when the first goes another one passes the frames", the_first_goes },
    { "frames to one go to it alone", learns },
    { "messages of strangers end their connections alone", strangers },
    { "one that does not read costs the others nothing", sleeper },
    { "more than there are places for do no harm", too_many },
    { "says what is wrong with a description", words },
    { "something else than a VDE switch is refused", vde_strangers },
    { "VDE: frames pass both ways, whoever comes late or goes", vde_frames },
    { "VDE: the switch may go and come back", vde_comes_and_goes },
};
#define OF_VDE 2u

static bool vde_there(void)
{
    return system("command -v vde_switch >/dev/null") == 0;
}

int main(void)
{
    unsigned count = sizeof tests / sizeof tests[0];
    net_rig_load();
    if (!mkdtemp(folder))
        return 99;
    snprintf(path, sizeof path, "%s/switch", folder);
    snprintf(vde, sizeof vde, "%s/vde", folder);
    bool there = vde_there();
    unit_plan(count);
    int status = unit_suite("switch", tests, count - OF_VDE);
    if (there)
        status |= unit_suite("switch", tests + count - OF_VDE, OF_VDE);
    for (unsigned i = count - OF_VDE; i < count && !there; i++)
        printf("ok %u - switch: %s # SKIP vde_switch is not installed (package vde2)\n", i + 1, tests[i].name);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command) != 0 ? 99 : status;
}
