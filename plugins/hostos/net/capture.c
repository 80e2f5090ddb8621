#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAGIC 0xa1b2c3d4u /* times in microseconds, byte order of this host */
#define ETHERNET 1u
#define LONGEST 262144u

bool capture_new(struct capture *capture, abbey_dev *dev)
{
    capture->dev = dev;
    capture->fd = -1;
    capture->threads = abbey_query(dev, ABBEY_HOST_THREAD_1);
    capture->clock = abbey_query(dev, ABBEY_HOST_CLOCK_1);
    capture->mutex = capture->threads && capture->clock ? capture->threads->mutex_new() : NULL;
    return capture->mutex != NULL;
}

void capture_free(struct capture *capture)
{
    if (!capture->mutex)
        return;
    capture_close(capture);
    capture->threads->mutex_free(capture->mutex);
    capture->mutex = NULL;
}

static void fd_replace(struct capture *capture, int fd)
{
    capture->threads->lock(capture->mutex);
    if (capture->fd >= 0)
        close(capture->fd);
    capture->fd = fd;
    atomic_store(&capture->open, fd >= 0);
    capture->threads->unlock(capture->mutex);
}

void capture_close(struct capture *capture)
{
    fd_replace(capture, -1);
}

int32_t capture_open(struct capture *capture, const char *path, abbey_error *error)
{
    const struct {
        uint32_t magic;
        uint16_t major, minor;
        uint32_t zone, accuracy, longest, network;
    } header = { MAGIC, 2, 4, 0, 0, LONGEST, ETHERNET };
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0 || write(fd, &header, sizeof header) != (ssize_t)sizeof header) {
        snprintf(error->text, sizeof error->text, "cannot write '%s': %s", path,
            errno == ENXIO ? "nobody reads the FIFO" : strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    fd_replace(capture, fd);
    return 0;
}

void capture_frame(struct capture *capture, const uint8_t *frame, uint32_t bytes)
{
    if (!atomic_load_explicit(&capture->open, memory_order_relaxed))
        return;
    uint64_t now = capture->clock->realtime();
    uint32_t head[4] = { (uint32_t)(now / ABBEY_SEC), (uint32_t)(now % ABBEY_SEC / ABBEY_US), bytes, bytes };
    struct iovec parts[2] = { { head, sizeof head }, { (uint8_t *)(uintptr_t)frame, bytes } };
    ssize_t wanted = (ssize_t)(sizeof head + bytes);
    capture->threads->lock(capture->mutex);
    bool good = capture->fd < 0 || writev(capture->fd, parts, 2) == wanted;
    int why = errno;
    capture->threads->unlock(capture->mutex);
    if (good)
        return;
    abbey_log(
        capture->dev, ABBEY_LOG_WARN, "the capture ends: %s", why == EAGAIN ? "its reader is too slow" : strerror(why));
    capture_close(capture);
}
