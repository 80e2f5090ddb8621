/* vnc.c - a display for VNC viewers, by libvncserver; browsers reach it by its web-socket (noVNC).
 *
 * Threads. libvncserver sends as long as a viewer takes to read, which may be seconds, so it has a thread of its own
 * that never takes the machine lock:
 *
 *     I/O thread, lock held                       VNC thread
 *     every 33 ms while a viewer is there:
 *     refresh() -> surface(), update():
 *       copies pixels into the frame buffer,
 *       notes rectangle or size under `mutex` --> takes the notes, tells libvncserver, sends
 *     key(), pointer() <---- loop->post() ------- what viewers do
 *
 * The frame buffer has the largest size from the beginning and never moves, since the VNC thread reads it while the
 * other one writes: at worst a viewer sees half of one picture and half of the next for a moment. */
#include "vnc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define PERIOD_NS 33000000
#define ABBEY_SELF struct vnc

/* ---- pictures, under the machine lock ---- */

static void note(struct vnc *vnc, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct rectangle *r = &vnc->changed;
    vnc->threads->lock(vnc->mutex);
    if (r->right == 0) {
        *r = (struct rectangle){ x, y, x + width, y + height };
    } else {
        r->left = x < r->left ? x : r->left;
        r->top = y < r->top ? y : r->top;
        r->right = x + width > r->right ? x + width : r->right;
        r->bottom = y + height > r->bottom ? y + height : r->bottom;
    }
    vnc->threads->unlock(vnc->mutex);
}

static void copy(struct vnc *vnc, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    for (uint32_t row = y; row < y + height; row++)
        memcpy(vnc->buffer + (size_t)row * vnc->width + x,
            (const uint8_t *)vnc->surface.pixels + (size_t)row * vnc->surface.stride + 4 * x, width * 4);
}

static void on_surface(abbey_display *display, const abbey_surface *surface)
{
    struct vnc *vnc = (struct vnc *)display;
    vnc->surface = *surface;
    vnc->threads->lock(vnc->mutex);
    vnc->width = surface->width < WIDTH_MAX ? surface->width : WIDTH_MAX;
    vnc->height = surface->height < HEIGHT_MAX ? surface->height : HEIGHT_MAX;
    vnc->resized = true;
    vnc->threads->unlock(vnc->mutex);
    copy(vnc, 0, 0, vnc->width, vnc->height);
    note(vnc, 0, 0, vnc->width, vnc->height);
}

static void on_update(abbey_display *display, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct vnc *vnc = (struct vnc *)display;
    if (x >= vnc->width || y >= vnc->height)
        return;
    width = width < vnc->width - x ? width : vnc->width - x;
    height = height < vnc->height - y ? height : vnc->height - y;
    copy(vnc, x, y, width, height);
    note(vnc, x, y, width, height);
}

static int32_t on_attach(abbey_display *display, const abbey_display_source_1 *calls, void *source)
{
    struct vnc *vnc = (struct vnc *)display;
    if (vnc->source)
        return -1;
    vnc->source = calls;
    vnc->source_self = source;
    return 0;
}

static const abbey_display_ops_1 ops = {
    .size = sizeof ops, .attach = on_attach, .surface = on_surface, .update = on_update
};

static void on_timer(void *arg, uint32_t events)
{
    struct vnc *vnc = arg;
    uint64_t count;
    ssize_t got = read(vnc->timer_fd, &count, sizeof count);
    (void)got, (void)events;
    if (vnc->source)
        vnc->source->refresh(vnc->source_self);
}

void vnc_timer_set(struct vnc *vnc, bool on)
{
    struct itimerspec spec = { 0 };
    spec.it_value.tv_nsec = on ? 1 : 0;
    spec.it_interval.tv_nsec = on ? PERIOD_NS : 0;
    timerfd_settime(vnc->timer_fd, 0, &spec, NULL);
}

/* ---- instance ---- */

static void destroy(void *self)
{
    struct vnc *vnc = self;
    atomic_store(&vnc->quit, true);
    if (vnc->thread)
        vnc->threads->join(vnc->thread);
    else if (vnc->screen)
        rfbShutdownServer(vnc->screen, TRUE);
    if (vnc->screen)
        rfbScreenCleanup(vnc->screen);
    if (vnc->timer)
        vnc->event->unwatch(vnc->timer);
    if (vnc->timer_fd >= 0)
        close(vnc->timer_fd);
    if (vnc->buffer)
        munmap(vnc->buffer, BUFFER_BYTES);
    if (vnc->mutex)
        vnc->threads->mutex_free(vnc->mutex);
}

static int32_t open_all(struct vnc *vnc)
{
    abbey_error error = { "" };
    vnc->event = abbey_query(vnc->dev, ABBEY_HOST_EVENT_1);
    vnc->threads = abbey_query(vnc->dev, ABBEY_HOST_THREAD_1);
    vnc->loop = abbey_loop_get(vnc->dev);
    vnc->input = abbey_input(vnc->dev);
    if (!vnc->event || !vnc->threads || !vnc->loop)
        return abbey_fail(vnc->dev, "vnc needs a machine with an event loop and threads");
    void *buffer = mmap(NULL, BUFFER_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    vnc->buffer = buffer == MAP_FAILED ? NULL : buffer;
    vnc->mutex = vnc->threads->mutex_new();
    vnc->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (vnc->timer_fd >= 0)
        vnc->timer = vnc->event->watch(vnc->loop, vnc->timer_fd, ABBEY_EVENT_READ, on_timer, vnc);
    if (!vnc->buffer || !vnc->mutex || !vnc->timer)
        return abbey_fail(vnc->dev, "out of memory or file descriptors");
    if (vnc_server_open(vnc) != 0)
        return -1;
    vnc->thread = vnc->threads->start("vnc", vnc_main, vnc, &error);
    return vnc->thread ? 0 : abbey_fail(vnc->dev, "%s", error.text);
}

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct vnc *vnc = self;
    vnc->dev = dev;
    vnc->display.ops = &ops;
    vnc->timer_fd = -1;
    vnc->width = 720;
    vnc->height = 400;
    if (open_all(vnc) != 0) {
        destroy(self);
        return -1;
    }
    *interface = &vnc->display;
    return 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(listen, "127.0.0.1:5900",
        "host:port for viewers, also as a web-socket; port 0 takes the first free one from 5900"),
    ABBEY_PROP_TEXT(password, NULL, "what viewers have to give, up to 8 characters; needed beyond this computer"),
    ABBEY_PROP(web, 0, "port on which browsers get the files of web_root; 0: none"),
    ABBEY_PROP_TEXT(web_root, "/usr/share/novnc", "folder with noVNC: open http://host:WEB/vnc.html"),
};

static const abbey_backend backends[] = { { .name = "vnc",
    .summary = "the screen for VNC viewers, and for browsers by noVNC",
    .kind = "display",
    .self_size = sizeof(struct vnc),
    .props = ABBEY_TABLE(props),
    .create = create,
    .destroy = destroy } };

ABBEY_PLUGIN(.id = "org.abbey.vnc", .version = "0.1.0", .license = "MIT",
    .requires = "abbey.input/1 abbey.loop/1 abbey.host.event/1 abbey.host.thread/1", .backends = ABBEY_TABLE(backends));
