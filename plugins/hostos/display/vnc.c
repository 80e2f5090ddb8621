/* vnc.c - a display for VNC viewers, by libvncserver; browsers reach it by its web-socket (noVNC).
 *
 * Threads. libvncserver sends as long as a viewer takes to read, which may be seconds, so it has a thread of its own
 * that never takes the machine lock:
 *
 *     I/O thread, lock held                       VNC thread
 *     every 33 ms while a viewer is there:
 *     refresh() -> surface(), update():
 *       copies pixels into the picture,
 *       notes rectangle or size under `mutex` --> takes the notes, tells libvncserver, sends
 *     key(), pointer() <---- loop->post() ------- what viewers do
 *
 * The picture is libvncserver's frame buffer. The VNC thread reads it while the other one writes, so at worst a viewer
 * sees half of one picture and half of the next for a moment. */
#include "vnc.h"

#define ABBEY_SELF struct vnc

/* ---- pictures, under the machine lock ---- */

static void on_resized(struct screen_end *end)
{
    struct vnc *vnc = (struct vnc *)end;
    end->threads->lock(end->mutex);
    vnc->resized = true;
    end->threads->unlock(end->mutex);
}

static void on_changed(struct screen_end *end, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    struct rectangle *r = &((struct vnc *)end)->changed;
    end->threads->lock(end->mutex);
    if (r->right == 0) {
        *r = (struct rectangle){ x, y, x + width, y + height };
    } else {
        r->left = x < r->left ? x : r->left;
        r->top = y < r->top ? y : r->top;
        r->right = x + width > r->right ? x + width : r->right;
        r->bottom = y + height > r->bottom ? y + height : r->bottom;
    }
    end->threads->unlock(end->mutex);
}

/* ---- instance ---- */

static void destroy(void *self)
{
    struct vnc *vnc = self;
    atomic_store(&vnc->end.quit, true);
    if (vnc->end.thread)
        vnc->end.threads->join(vnc->end.thread);
    else if (vnc->screen)
        rfbShutdownServer(vnc->screen, TRUE);
    if (vnc->screen)
        rfbScreenCleanup(vnc->screen);
    screen_end_close(&vnc->end);
}

static int32_t create(abbey_dev *dev, void *self, void **interface)
{
    static const struct screen_end_calls calls = { .resized = on_resized, .changed = on_changed };
    struct vnc *vnc = self;
    if (screen_end_open(&vnc->end, dev, "vnc", &calls) != 0 || vnc_server_open(vnc) != 0 ||
        screen_end_start(&vnc->end, "vnc", vnc_main) != 0) {
        destroy(self);
        return -1;
    }
    *interface = &vnc->end.display;
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
