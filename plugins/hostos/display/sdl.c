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
#include "sdl.h"

#include <stdlib.h>

#define PERIOD_NS 16000000
#define ABBEY_SELF struct sdl

/* ---- pictures, under the machine lock ---- */

static void wake(struct sdl *sdl)
{
    SDL_Event event = { .type = sdl->wake }; /* dropped where SDL did not start */
    if (!atomic_exchange(&sdl->pushed, true))
        SDL_PushEvent(&event);
}

static void on_changed(struct screen_end *end, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    (void)x, (void)y, (void)width, (void)height;
    wake((struct sdl *)end);
}

static void on_tick(struct screen_end *end)
{
    atomic_store(&((struct sdl *)end)->listening, end->input->listening(end->dev));
}

/* ---- what the user does: from the window's thread to the I/O thread ---- */

static void event_take(void *arg)
{
    struct sdl_event *e = arg;
    struct screen_end *end = &e->sdl->end;
    switch (e->what) {
    case SDL_WHAT_KEY: end->input->key(end->dev, e->key, e->down); break;
    case SDL_WHAT_MOTION: end->input->motion(end->dev, e->x, e->y, e->wheel, e->buttons); break;
    case SDL_WHAT_POSITION: end->input->position(end->dev, (uint32_t)e->x, (uint32_t)e->y, e->wheel, e->buttons); break;
    case SDL_WHAT_SEEN: screen_end_look(end, e->down ? PERIOD_NS : 0); break;
    }
    free(e);
}

void sdl_post(struct sdl *sdl, struct sdl_event event)
{
    event.sdl = sdl;
    screen_end_post(&sdl->end, event_take, &event, sizeof event);
}

/* ---- instance ---- */

static void destroy(void *self)
{
    struct sdl *sdl = self;
    atomic_store(&sdl->end.quit, true);
    if (sdl->end.thread) {
        atomic_store(&sdl->pushed, false);
        wake(sdl);
        sdl->end.threads->join(sdl->end.thread);
    }
    if (sdl->ready)
        sdl->end.threads->cond_free(sdl->ready);
    screen_end_close(&sdl->end);
}

static int32_t open_all(struct sdl *sdl, abbey_dev *dev)
{
    static const struct screen_end_calls calls = { .changed = on_changed, .tick = on_tick };
    struct screen_end *end = &sdl->end;
    if (screen_end_open(end, dev, "sdl", &calls) != 0)
        return -1;
    if (SDL_WasInit(SDL_INIT_VIDEO))
        return abbey_fail(dev, "there can be one window of SDL, and there is one; show other screens by vnc");
    sdl->ready = end->threads->cond_new();
    if (!sdl->ready)
        return abbey_fail(dev, "out of memory");
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1"); /* SIGTERM is the machine's */
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (screen_end_start(end, "sdl", sdl_window_main) != 0)
        return -1;
    end->threads->lock(end->mutex);
    while (!sdl->started)
        end->threads->wait(sdl->ready, end->mutex, ABBEY_NEVER);
    end->threads->unlock(end->mutex);
    return sdl->started > 0 ? 0 : abbey_fail(dev, "no window can be opened: %s", sdl->failure);
}

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    struct sdl *sdl = self;
    if (open_all(sdl, dev) != 0) {
        destroy(self);
        return -1;
    }
    *interface = &sdl->end.display;
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
