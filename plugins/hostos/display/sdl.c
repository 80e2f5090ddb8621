/* sdl.c - a display in a window of the host's desktop, by SDL 2.
 *
 * Keys go to the guest while the window has the focus. A guest that takes positions gets those of the host's pointer
 * over the window. One that takes motion alone gets it after a click, which hides the host's pointer and keeps it in
 * the window; Ctrl and Alt, pressed together and let go, give it back. Ctrl-Alt-Enter switches between window and full
 * screen. Closing the window is what SIGTERM is: the power button, and a second time the end.
 *
 * Threads. SDL wants its calls from one thread, which here is one of its own: the window system may take its time, and
 * must hold up neither the machine nor other displays.
 *
 *     I/O thread, lock held                          window's thread
 *     every 16 ms while the window is to be seen:
 *     refresh() -> surface(), update():
 *       copies pixels into the picture under `mutex`
 *       and pushes an event, one at a time    ----->  copies the picture into a texture under `mutex`, shows it
 *     key(), motion(), position() <-- loop->post() --  what the user does
 *
 * SDL is one for the whole process, and so is this display. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "sdl.h"

#define WIDTH_MAX 2560u
#define HEIGHT_MAX 2048u
#define PICTURE_BYTES ((size_t)WIDTH_MAX * HEIGHT_MAX * 4)
#define PERIOD_NS 16000000

#define ABBEY_SELF struct sdl

/* ---- pictures, under the machine lock ---- */

static void wake(struct sdl *sdl)
{
    SDL_Event event = { .type = sdl->wake }; /* dropped where SDL did not start */
    if (!atomic_exchange(&sdl->pushed, true))
        SDL_PushEvent(&event);
}

static void copy(struct sdl *sdl, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    if (x >= sdl->width || y >= sdl->height)
        return;
    width = width < sdl->width - x ? width : sdl->width - x;
    height = height < sdl->height - y ? height : sdl->height - y;
    for (uint32_t row = y; row < y + height; row++)
        memcpy(sdl->picture + (size_t)row * sdl->width + x,
            (const uint8_t *)sdl->surface.pixels + (size_t)row * sdl->surface.stride + 4 * x, width * 4);
}

static void on_surface(abbey_display *display, const abbey_surface *surface)
{
    struct sdl *sdl = (struct sdl *)display;
    sdl->surface = *surface;
    sdl->threads->lock(sdl->mutex);
    sdl->width = surface->width < WIDTH_MAX ? surface->width : WIDTH_MAX;
    sdl->height = surface->height < HEIGHT_MAX ? surface->height : HEIGHT_MAX;
    copy(sdl, 0, 0, sdl->width, sdl->height);
    sdl->threads->unlock(sdl->mutex);
    wake(sdl);
}

static void on_update(abbey_display *display, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct sdl *sdl = (struct sdl *)display;
    sdl->threads->lock(sdl->mutex);
    copy(sdl, x, y, width, height);
    sdl->threads->unlock(sdl->mutex);
    wake(sdl);
}

static int32_t on_attach(abbey_display *display, const abbey_display_source_1 *calls, void *source)
{
    struct sdl *sdl = (struct sdl *)display;
    if (sdl->source)
        return -1;
    sdl->source = calls;
    sdl->source_self = source;
    return 0;
}

static const abbey_display_ops_1 ops = {
    .size = sizeof ops, .attach = on_attach, .surface = on_surface, .update = on_update
};

static void on_timer(void *arg, uint32_t events)
{
    struct sdl *sdl = arg;
    uint64_t count;
    ssize_t got = read(sdl->timer_fd, &count, sizeof count);
    (void)got, (void)events;
    atomic_store(&sdl->listening, sdl->input->listening(sdl->dev));
    if (sdl->source)
        sdl->source->refresh(sdl->source_self);
}

/* ---- what the user does: from the window's thread to the I/O thread ---- */

static void event_take(void *arg)
{
    struct sdl_event *e = arg;
    struct sdl *sdl = e->sdl;
    struct itimerspec spec = { .it_value.tv_nsec = e->down ? 1 : 0, .it_interval.tv_nsec = e->down ? PERIOD_NS : 0 };
    switch (e->what) {
    case SDL_WHAT_KEY: sdl->input->key(sdl->dev, e->key, e->down); break;
    case SDL_WHAT_MOTION: sdl->input->motion(sdl->dev, e->x, e->y, e->wheel, e->buttons); break;
    case SDL_WHAT_POSITION: sdl->input->position(sdl->dev, (uint32_t)e->x, (uint32_t)e->y, e->wheel, e->buttons); break;
    case SDL_WHAT_SEEN: timerfd_settime(sdl->timer_fd, 0, &spec, NULL); break;
    }
    free(e);
}

void sdl_post(struct sdl *sdl, struct sdl_event event)
{
    struct sdl_event *posted = malloc(sizeof *posted);
    if (!posted)
        return;
    *posted = event;
    posted->sdl = sdl;
    sdl->event->post(sdl->loop, event_take, posted);
}

/* ---- instance ---- */

static void destroy(void *self)
{
    struct sdl *sdl = self;
    atomic_store(&sdl->quit, true);
    if (sdl->thread) {
        atomic_store(&sdl->pushed, false);
        wake(sdl);
        sdl->threads->join(sdl->thread);
    }
    if (sdl->timer)
        sdl->event->unwatch(sdl->timer);
    if (sdl->timer_fd >= 0)
        close(sdl->timer_fd);
    if (sdl->picture)
        munmap(sdl->picture, PICTURE_BYTES);
    if (sdl->ready)
        sdl->threads->cond_free(sdl->ready);
    if (sdl->mutex)
        sdl->threads->mutex_free(sdl->mutex);
}

static int32_t open_all(struct sdl *sdl)
{
    abbey_error error = { "" };
    sdl->event = abbey_query(sdl->dev, ABBEY_HOST_EVENT_1);
    sdl->threads = abbey_query(sdl->dev, ABBEY_HOST_THREAD_1);
    sdl->loop = abbey_loop_get(sdl->dev);
    sdl->input = abbey_input(sdl->dev);
    if (!sdl->event || !sdl->threads || !sdl->loop)
        return abbey_fail(sdl->dev, "sdl needs a machine with an event loop and threads");
    if (SDL_WasInit(SDL_INIT_VIDEO))
        return abbey_fail(sdl->dev, "there can be one window of SDL, and there is one; show other screens by vnc");
    void *picture =
        mmap(NULL, PICTURE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    sdl->picture = picture == MAP_FAILED ? NULL : picture;
    sdl->mutex = sdl->threads->mutex_new();
    sdl->ready = sdl->threads->cond_new();
    sdl->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (sdl->timer_fd >= 0)
        sdl->timer = sdl->event->watch(sdl->loop, sdl->timer_fd, ABBEY_EVENT_READ, on_timer, sdl);
    if (!sdl->picture || !sdl->mutex || !sdl->ready || !sdl->timer)
        return abbey_fail(sdl->dev, "out of memory or file descriptors");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* SIGTERM is the machine's */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    sdl->thread = sdl->threads->start("sdl", sdl_window_main, sdl, &error);
    if (!sdl->thread)
        return abbey_fail(sdl->dev, "%s", error.text);
    sdl->threads->lock(sdl->mutex);
    while (!sdl->started)
        sdl->threads->wait(sdl->ready, sdl->mutex, ABBEY_NEVER);
    sdl->threads->unlock(sdl->mutex);
    return sdl->started > 0 ? 0 : abbey_fail(sdl->dev, "no window can be opened: %s", sdl->failure);
}

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct sdl *sdl = self;
    sdl->dev = dev;
    sdl->display.ops = &ops;
    sdl->timer_fd = -1;
    if (open_all(sdl) != 0) {
        destroy(self);
        return -1;
    }
    *interface = &sdl->display;
    return 0;
}

static const abbey_prop props[] = {
    ABBEY_PROP(full_screen, 0, "whether it begins with the whole screen; Ctrl-Alt-Enter switches"),
};

static const abbey_backend backends[] = { { .name = "sdl",
    .summary = "the screen in a window of the desktop",
    .kind = "display",
    .self_size = sizeof(struct sdl),
    .props = ABBEY_TABLE(props),
    .create = create,
    .destroy = destroy } };

ABBEY_PLUGIN(.id = "org.abbey.sdl", .version = "0.1.0", .license = "MIT",
    .requires = "abbey.input/1 abbey.loop/1 abbey.host.event/1 abbey.host.thread/1", .backends = ABBEY_TABLE(backends));
