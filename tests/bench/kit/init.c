// The first process of the guest: says when it came to life, runs the list, powers off.
//
// Words on the kernel's command line: bench=FILTERS (`none': boot alone; `all'), bench.scale=PERCENT,
// bench.tmo=SECONDS, bench.err=1, bench.for=SECONDS (see suite.c for these four), bench.list=FILE.
#include "kit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>

static char command_line[4096];

// The value of NAME=VALUE in the command line, in place to be freed by nobody; NULL: it is not there.
static const char *word(const char *name)
{
    size_t length = strlen(name);
    for (const char *p = command_line; *p; p += strcspn(p, " \n")) {
        p += strspn(p, " \n");
        if (!strncmp(p, name, length) && p[length] == '=')
            return strndup(p + length + 1, strcspn(p + length + 1, " \n"));
    }
    return NULL;
}

static void pass_on(const char *name, const char *variable)
{
    const char *value = word(name);
    if (value)
        setenv(variable, value, 1);
}

static void mount_all(void)
{
    static const struct {
        const char *type, *on, *options;
    } mounts[] = { { "proc", "/proc", NULL }, { "sysfs", "/sys", NULL }, { "devtmpfs", "/dev", NULL },
        { "tmpfs", "/dev/shm", NULL }, { "tmpfs", "/tmp", "size=75%" } };
    for (size_t i = 0; i < sizeof mounts / sizeof *mounts; i++) {
        mkdir(mounts[i].on, 0755);
        mount(mounts[i].type, mounts[i].on, mounts[i].type, 0, mounts[i].options);
    }
}

static void open_console(void)
{
    int fd = open("/dev/console", O_RDWR);
    if (fd < 0)
        return;
    for (int i = 0; i < 3; i++)
        dup2(fd, i);
    if (fd > 2)
        close(fd);
}

// 127.0.0.1, for os_tcp_lo.
static void loopback_up(void)
{
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct ifreq request = { .ifr_name = "lo" };
    memcpy(&request.ifr_addr, &address, sizeof address);
    if (!ioctl(s, SIOCSIFADDR, &request)) {
        request.ifr_flags = IFF_UP | IFF_RUNNING;
        ioctl(s, SIOCSIFFLAGS, &request);
    }
    close(s);
}

static void read_file(const char *name, char *text, size_t size)
{
    int fd = open(name, O_RDONLY);
    ssize_t got = fd < 0 ? 0 : read(fd, text, size - 1);
    text[got > 0 ? got : 0] = '\0';
    if (fd >= 0)
        close(fd);
}

int init(void)
{
    struct timespec t;
    char clock[64];
    clock_gettime(CLOCK_BOOTTIME, &t);
    mount_all();
    open_console();
    printf("BENCH boot_init %ld.%06ld ck=0 rc=0\n", (long)t.tv_sec, t.tv_nsec / 1000);
    fflush(stdout);
    tcdrain(STDOUT_FILENO);

    read_file("/proc/cmdline", command_line, sizeof command_line);
    setenv("PATH", "/bin:/usr/bin:/sbin:/usr/sbin", 1);
    setenv("HOME", "/tmp", 1);
    setenv("LC_ALL", "C", 1);
    pass_on("bench.scale", "BSCALE");
    pass_on("bench.tmo", "BTMO");
    pass_on("bench.err", "BERR");
    pass_on("bench.for", "BFOR");
    loopback_up();
    read_file("/sys/devices/system/clocksource/clocksource0/current_clocksource", clock, sizeof clock);
    clock[strcspn(clock, "\n")] = '\0';
    printf("INFO clocksource %s\n", clock);
    fflush(stdout);

    const char *filters = word("bench"), *list = word("bench.list");
    if (!filters || strcmp(filters, "none"))
        suite(list ? list : "/etc/bench.list", filters && strcmp(filters, "all") ? filters : NULL);
    clock_gettime(CLOCK_BOOTTIME, &t);
    printf("BENCH-END %ld.%06ld\n", (long)t.tv_sec, t.tv_nsec / 1000);
    fflush(stdout);
    tcdrain(STDOUT_FILENO);
    usleep(20000);
    sync();
    reboot(RB_POWER_OFF);
    for (;;)
        pause();
}
