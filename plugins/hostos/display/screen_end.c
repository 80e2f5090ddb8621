#include "screen_end.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define WIDTH_MAX 2560u
#define HEIGHT_MAX 2048u
#define PICTURE_BYTES ((size_t)WIDTH_MAX * HEIGHT_MAX * 4)

/* ---- pictures, under the machine lock ---- */

static void copy(struct screen_end *end, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    for (uint32_t row = y; row < y + height; row++)
        memcpy(end->picture + (size_t)row * end->width + x,
            (const uint8_t *)end->surface.pixels + (size_t)row * end->surface.stride + 4 * x, width * 4);
}

static void on_surface(abbey_display *display, const abbey_surface *surface)
{
    struct screen_end *end = (struct screen_end *)display;
    end->surface = *surface;
    end->threads->lock(end->mutex);
    end->width = surface->width < WIDTH_MAX ? surface->width : WIDTH_MAX;
    end->height = surface->height < HEIGHT_MAX ? surface->height : HEIGHT_MAX;
    copy(end, 0, 0, end->width, end->height);
    end->threads->unlock(end->mutex);
    if (end->calls->resized)
        end->calls->resized(end);
    end->calls->changed(end, 0, 0, end->width, end->height);
}

static void on_update(abbey_display *display, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct screen_end *end = (struct screen_end *)display;
    if (x >= end->width || y >= end->height)
        return;
    width = width < end->width - x ? width : end->width - x;
    height = height < end->height - y ? height : end->height - y;
    end->threads->lock(end->mutex);
    copy(end, x, y, width, height);
    end->threads->unlock(end->mutex);
    end->calls->changed(end, x, y, width, height);
}

static int32_t on_attach(abbey_display *display, const abbey_display_source_1 *calls, void *source)
{
    struct screen_end *end = (struct screen_end *)display;
    if (end->source)
        return -1;
    end->source = calls;
    end->source_self = source;
    return 0;
}

static const abbey_display_ops_1 ops = {
    .size = sizeof ops, .attach = on_attach, .surface = on_surface, .update = on_update
};

/* ---- the I/O thread ---- */

static void on_timer(void *arg, uint32_t events)
{
    struct screen_end *end = arg;
    uint64_t count;
    ssize_t got = read(end->timer_fd, &count, sizeof count);
    (void)got, (void)events;
    if (end->calls->tick)
        end->calls->tick(end);
    if (end->source)
        end->source->refresh(end->source_self);
}

void screen_end_look(struct screen_end *end, uint64_t period)
{
    struct itimerspec spec = { 0 };
    spec.it_value.tv_nsec = period ? 1 : 0;
    spec.it_interval.tv_nsec = (long)period;
    timerfd_settime(end->timer_fd, 0, &spec, NULL);
}

void screen_end_post(struct screen_end *end, void (*take)(void *event), const void *event, size_t bytes)
{
    void *posted = malloc(bytes);
    if (posted)
        end->event->post(end->loop, take, memcpy(posted, event, bytes));
}

/* ---- the parts ---- */

int32_t screen_end_open(struct screen_end *end, abbey_dev *dev, const char *name, const struct screen_end_calls *calls)
{
    end->dev = dev;
    end->calls = calls;
    end->display.ops = &ops;
    end->timer_fd = -1;
    end->event = abbey_query(dev, ABBEY_HOST_EVENT_1);
    end->threads = abbey_query(dev, ABBEY_HOST_THREAD_1);
    end->loop = abbey_loop_get(dev);
    end->input = abbey_input(dev);
    if (!end->event || !end->threads || !end->loop)
        return abbey_fail(dev, "%s needs a machine with an event loop and threads", name);
    void *picture =
        mmap(NULL, PICTURE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    end->picture = picture == MAP_FAILED ? NULL : picture;
    end->mutex = end->threads->mutex_new();
    end->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (end->timer_fd >= 0)
        end->timer = end->event->watch(end->loop, end->timer_fd, ABBEY_EVENT_READ, on_timer, end);
    if (!end->picture || !end->mutex || !end->timer)
        return abbey_fail(dev, "out of memory or file descriptors");
    return 0;
}

int32_t screen_end_start(struct screen_end *end, const char *name, void (*run)(void *self))
{
    abbey_error error = { "" };
    end->thread = end->threads->start(name, run, end, &error);
    return end->thread ? 0 : abbey_fail(end->dev, "%s", error.text);
}

void screen_end_close(struct screen_end *end)
{
    if (end->timer)
        end->event->unwatch(end->timer);
    if (end->timer_fd >= 0)
        close(end->timer_fd);
    if (end->picture)
        munmap(end->picture, PICTURE_BYTES);
    if (end->mutex)
        end->threads->mutex_free(end->mutex);
}
