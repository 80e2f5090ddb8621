/* char_pty.c - a character backend with a pseudo-terminal of its own, for minicom, screen or a script to open.
 *
 * While nobody has the other side open, the master reports a hang-up for ever and what is written piles up in the
 * kernel. So the stream is joined to the master only while somebody is there, which is looked at four times a second;
 * until then the guest's output vanishes as on a serial line without a plug. */
#include "char.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LOOK_NS (250 * (long)ABBEY_MS)

static void look_again(struct char_pty *pty, bool looking)
{
    struct itimerspec spec = { .it_interval.tv_nsec = looking ? LOOK_NS : 0,
        .it_value.tv_nsec = looking ? LOOK_NS : 0 };
    timerfd_settime(pty->timer_fd, 0, &spec, NULL);
}

static void on_timer(void *arg, uint32_t events)
{
    struct char_pty *pty = arg;
    struct pollfd ask = { .fd = pty->master_fd };
    uint64_t count;
    ssize_t got = read(pty->timer_fd, &count, sizeof count);
    (void)got;
    (void)events;
    if (poll(&ask, 1, 0) == 1 && (ask.revents & POLLHUP))
        return;
    int in = fcntl(pty->master_fd, F_DUPFD_CLOEXEC, 0), out = fcntl(pty->master_fd, F_DUPFD_CLOEXEC, 0);
    if (in < 0 || out < 0 || stream_set_input(&pty->stream, in, true) != 0 ||
        stream_set_output(&pty->stream, out, true) != 0) {
        stream_disconnect(&pty->stream);
        return;
    }
    look_again(pty, false);
    stream_event(&pty->stream, ABBEY_CHAR_OPENED);
}

static void on_gone(struct stream *stream)
{
    struct char_pty *pty = (struct char_pty *)stream;
    if (pty->timer_fd < 0 || !pty->timer)
        return;
    stream_disconnect(stream);
    stream_event(stream, ABBEY_CHAR_CLOSED);
    look_again(pty, true);
}

static const struct stream_hooks hooks = { .input_ended = on_gone, .output_ended = on_gone };

int32_t char_pty_create(abbey_dev *dev, void *self, void **interface)
{
    struct char_pty *pty = self;
    struct stream *stream = &pty->stream;
    struct termios mode;
    char name[64];
    pty->master_fd = pty->timer_fd = -1;
    if (stream_init(stream, dev, &hooks) != 0)
        return -1;
    if (!stream->loop) {
        abbey_fail(dev, "pty needs a machine with an event loop");
        goto failed;
    }
    pty->master_fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (pty->master_fd < 0 || grantpt(pty->master_fd) != 0 || unlockpt(pty->master_fd) != 0 ||
        ptsname_r(pty->master_fd, name, sizeof name) != 0 || tcgetattr(pty->master_fd, &mode) != 0) {
        abbey_fail(dev, "cannot make a pseudo-terminal: %s", strerror(errno));
        goto failed;
    }
    cfmakeraw(&mode); /* or the line discipline would echo what the guest prints back to it */
    tcsetattr(pty->master_fd, TCSANOW, &mode);
    pty->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (pty->timer_fd >= 0)
        pty->timer = stream->event->watch(stream->loop, pty->timer_fd, ABBEY_EVENT_READ, on_timer, pty);
    if (!pty->timer) {
        abbey_fail(dev, "cannot make a timer: %s", strerror(errno));
        goto failed;
    }
    if (pty->link && *pty->link) {
        struct stat st;
        if (lstat(pty->link, &st) == 0 && S_ISLNK(st.st_mode))
            unlink(pty->link); /* left behind by a process that was killed */
        if (symlink(name, pty->link) != 0) {
            abbey_fail(dev, "cannot make the link '%s': %s", pty->link, strerror(errno));
            goto failed;
        }
        pty->linked = true;
    }
    /* Opened and closed once, for only then does the master say that nobody is there. */
    int other = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (other >= 0)
        close(other);
    look_again(pty, true);
    abbey_log(dev, ABBEY_LOG_INFO, "the terminal is %s", name);
    *interface = &stream->chr;
    return 0;
failed:
    char_pty_destroy(self);
    return -1;
}

void char_pty_destroy(void *self)
{
    struct char_pty *pty = self;
    abbey_watch *timer = pty->timer;
    pty->timer = NULL; /* on_gone() starts nothing any more */
    stream_close(&pty->stream);
    if (timer)
        pty->stream.event->unwatch(timer);
    if (pty->timer_fd >= 0)
        close(pty->timer_fd);
    if (pty->master_fd >= 0)
        close(pty->master_fd);
    if (pty->linked)
        unlink(pty->link);
    pty->timer_fd = pty->master_fd = -1;
    pty->linked = false;
}
