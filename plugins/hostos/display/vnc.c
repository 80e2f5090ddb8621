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
#include <arpa/inet.h>
#include <netdb.h>
#include <rfb/rfb.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <abbey/plugin.h>

#define WIDTH_MAX 2560u
#define HEIGHT_MAX 2048u
#define BUFFER_BYTES ((size_t)WIDTH_MAX * HEIGHT_MAX * 4)
#define PERIOD_NS 33000000
#define WAIT_IDLE_US 100000
#define WAIT_BUSY_US 10000
#define SEND_LIMIT_MS 5000 /* a viewer that reads nothing for so long is dropped */

struct rectangle {
    uint32_t left, top, right, bottom; /* empty when right is 0 */
};

struct vnc {
    abbey_display display;
    const char *listen;
    const char *password;
    uint16_t web;
    const char *web_root;

    abbey_dev *dev;
    const abbey_input_1 *input;
    const abbey_host_event_1 *event;
    const abbey_host_thread_1 *threads;
    abbey_loop *loop;
    const abbey_display_source_1 *source;
    void *source_self;
    abbey_surface surface; /* [locked] */
    int timer_fd;
    abbey_watch *timer;

    rfbScreenInfoPtr screen; /* of the VNC thread, once it runs */
    uint32_t *buffer;
    char *passwords[2];
    char v6[64]; /* the address that is listened on, if it is of IPv6 */
    abbey_thread *thread;
    atomic_bool quit;
    unsigned viewers; /* [locked] */

    abbey_mutex *mutex; /* of what follows */
    uint32_t width, height;
    bool resized;
    struct rectangle changed;
};
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

static void timer_set(struct vnc *vnc, bool on)
{
    struct itimerspec spec = { 0 };
    spec.it_value.tv_nsec = on ? 1 : 0;
    spec.it_interval.tv_nsec = on ? PERIOD_NS : 0;
    timerfd_settime(vnc->timer_fd, 0, &spec, NULL);
}

/* ---- what viewers do: from the VNC thread to the I/O thread ---- */

enum what { KEY, POINTER, CAME, WENT };

struct event {
    struct vnc *vnc;
    enum what what;
    uint32_t symbol, down;
    uint32_t x, y, buttons;
    int32_t wheel;
};

static void event_take(void *arg)
{
    struct event *event = arg;
    struct vnc *vnc = event->vnc;
    switch (event->what) {
    case KEY: vnc->input->symbol(vnc->dev, event->symbol, event->down); break;
    case POINTER: vnc->input->position(vnc->dev, event->x, event->y, event->wheel, event->buttons); break;
    case CAME:
        if (vnc->viewers++ == 0)
            timer_set(vnc, true);
        break;
    case WENT:
        if (--vnc->viewers == 0)
            timer_set(vnc, false);
        break;
    }
    free(event);
}

static void event_post(struct vnc *vnc, struct event event)
{
    struct event *posted = malloc(sizeof *posted);
    if (!posted)
        return;
    *posted = event;
    posted->vnc = vnc;
    vnc->event->post(vnc->loop, event_take, posted);
}

static void on_key(rfbBool down, rfbKeySym symbol, rfbClientPtr client)
{
    event_post(client->screen->screenData, (struct event){ .what = KEY, .symbol = symbol, .down = down ? 1 : 0 });
}

/* Buttons of RFB: left, middle, right, wheel up, wheel down. The wheel turns when its button goes down. */
static void on_pointer(int mask, int x, int y, rfbClientPtr client)
{
    struct vnc *vnc = client->screen->screenData;
    uint32_t width = (uint32_t)client->screen->width, height = (uint32_t)client->screen->height;
    uint32_t now = (uint32_t)mask, pressed = now & ~(uint32_t)client->lastPtrButtons;
    struct event event = { .what = POINTER };
    event.x = width > 1 && x > 0 ? (uint32_t)x * ABBEY_POSITION_MAX / (width - 1) : 0;
    event.y = height > 1 && y > 0 ? (uint32_t)y * ABBEY_POSITION_MAX / (height - 1) : 0;
    event.buttons =
        (now & 1 ? ABBEY_BUTTON_LEFT : 0) | (now & 2 ? ABBEY_BUTTON_MIDDLE : 0) | (now & 4 ? ABBEY_BUTTON_RIGHT : 0);
    event.wheel = (pressed & 16 ? 1 : 0) - (pressed & 8 ? 1 : 0);
    event_post(vnc, event);
    rfbDefaultPtrAddEvent(mask, x, y, client);
}

static void on_gone(rfbClientPtr client)
{
    event_post(client->screen->screenData, (struct event){ .what = WENT });
}

static enum rfbNewClientAction on_client(rfbClientPtr client)
{
    client->clientGoneHook = on_gone;
    event_post(client->screen->screenData, (struct event){ .what = CAME });
    return RFB_CLIENT_ACCEPT;
}

/* ---- the VNC thread ---- */

/* Bytes of a pixel in memory: blue, green, red, nothing. */
static void format_set(rfbScreenInfoPtr screen)
{
    screen->serverFormat.redShift = 16;
    screen->serverFormat.greenShift = 8;
    screen->serverFormat.blueShift = 0;
}

/* libvncserver goes back to a layout of its own with each size, and has told it to the viewers that are there. */
static void size_set(struct vnc *vnc, uint32_t width, uint32_t height)
{
    rfbNewFramebuffer(vnc->screen, (char *)vnc->buffer, (int)width, (int)height, 8, 3, 4);
    format_set(vnc->screen);
    rfbClientIteratorPtr clients = rfbGetClientIterator(vnc->screen);
    for (rfbClientPtr client; (client = rfbClientIteratorNext(clients));)
        vnc->screen->setTranslateFunction(client);
    rfbReleaseClientIterator(clients);
}

static void notes_take(struct vnc *vnc)
{
    vnc->threads->lock(vnc->mutex);
    struct rectangle changed = vnc->changed;
    bool resized = vnc->resized;
    uint32_t width = vnc->width, height = vnc->height;
    vnc->changed.right = 0;
    vnc->resized = false;
    vnc->threads->unlock(vnc->mutex);
    if (resized)
        size_set(vnc, width, height);
    if (changed.right)
        rfbMarkRectAsModified(
            vnc->screen, (int)changed.left, (int)changed.top, (int)changed.right, (int)changed.bottom);
}

static void vnc_main(void *arg)
{
    struct vnc *vnc = arg;
    while (!atomic_load(&vnc->quit)) {
        notes_take(vnc);
        rfbProcessEvents(vnc->screen, vnc->screen->clientHead ? WAIT_BUSY_US : WAIT_IDLE_US);
    }
    rfbShutdownServer(vnc->screen, TRUE);
}

/* ---- addresses ---- */

static bool is_loopback(const struct sockaddr_storage *address)
{
    if (address->ss_family == AF_INET)
        return ntohl(((const struct sockaddr_in *)address)->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

/* "host:port" or "[v6]:port". Sets what libvncserver is to listen on. */
static int32_t address_set(struct vnc *vnc)
{
    char host[256];
    const char *colon = strrchr(vnc->listen, ':');
    size_t length = colon ? (size_t)(colon - vnc->listen) : 0;
    if (!colon || length >= sizeof host || strspn(colon + 1, "0123456789") != strlen(colon + 1) || !colon[1] ||
        strtoul(colon + 1, NULL, 10) > 65535)
        return abbey_fail(vnc->dev, "listen: '%s' is not host:port", vnc->listen);
    memcpy(host, vnc->listen, length);
    host[length] = 0;
    char *name = host;
    if (length > 1 && host[0] == '[' && host[length - 1] == ']') {
        host[length - 1] = 0;
        name++;
    }
    struct addrinfo hints = { .ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM }, *found;
    int failure = getaddrinfo(*name ? name : "0.0.0.0", colon + 1, &hints, &found);
    if (failure)
        return abbey_fail(vnc->dev, "listen: '%s': %s", vnc->listen, gai_strerror(failure));
    struct sockaddr_storage address = { 0 };
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (!is_loopback(&address) && !(vnc->password && *vnc->password))
        return abbey_fail(vnc->dev,
            "listen: '%s' can be reached from other computers, which needs a password; give `password`, or listen on "
            "127.0.0.1",
            vnc->listen);
    int port = (int)strtoul(colon + 1, NULL, 10);
    vnc->screen->autoPort = port == 0;
    vnc->screen->port = vnc->screen->ipv6port = 0;
    vnc->screen->listen6Interface = NULL;
    if (address.ss_family == AF_INET) {
        vnc->screen->listenInterface = ((struct sockaddr_in *)&address)->sin_addr.s_addr;
        vnc->screen->port = port;
        return 0;
    }
    getnameinfo(
        (struct sockaddr *)&address, sizeof(struct sockaddr_in6), vnc->v6, sizeof vnc->v6, NULL, 0, NI_NUMERICHOST);
    vnc->screen->listen6Interface = vnc->v6;
    vnc->screen->ipv6port = port;
    return 0;
}

/* ---- instance ---- */

static void quiet(const char *format, ...)
{
    (void)format;
}

static int32_t server_open(struct vnc *vnc)
{
    rfbLog = rfbErr = quiet;
    vnc->screen = rfbGetScreen(NULL, NULL, 720, 400, 8, 3, 4);
    if (!vnc->screen)
        return abbey_fail(vnc->dev, "out of memory for a VNC server");
    rfbScreenInfoPtr screen = vnc->screen;
    screen->screenData = vnc;
    screen->frameBuffer = (char *)vnc->buffer;
    screen->desktopName = "Abbey";
    screen->alwaysShared = TRUE;
    screen->cursor = NULL;
    screen->kbdAddEvent = on_key;
    screen->ptrAddEvent = on_pointer;
    screen->newClientHook = on_client;
    screen->maxClientWait = SEND_LIMIT_MS;
    screen->deferUpdateTime = 5;
    format_set(screen);
    if (vnc->password && *vnc->password) {
        vnc->passwords[0] = (char *)(uintptr_t)vnc->password;
        screen->authPasswdData = vnc->passwords;
        screen->passwordCheck = rfbCheckPasswordByList;
    }
    if (address_set(vnc) != 0)
        return -1;
    if (vnc->web) {
        screen->httpPort = vnc->web;
        screen->httpDir = (char *)(uintptr_t)vnc->web_root;
        if (access(vnc->web_root, R_OK) != 0)
            return abbey_fail(vnc->dev, "web_root: cannot read '%s' (Debian: package novnc)", vnc->web_root);
    }
    rfbInitServer(screen);
    if (screen->listenSock < 0 && screen->listen6Sock < 0)
        return abbey_fail(vnc->dev, "cannot listen on '%s'; is the port in use?", vnc->listen);
    if (vnc->web && screen->httpListenSock < 0)
        return abbey_fail(vnc->dev, "web: cannot listen on port %u; is it in use?", vnc->web);
    /* libvncserver 0.9.14 asks for events of the second listening socket whether there is one or not; the C library
     * ends the process for a descriptor of -1. It closes both. */
    if (vnc->web && screen->httpListen6Sock < 0)
        screen->httpListen6Sock = dup(screen->httpListenSock);
    abbey_log(vnc->dev, ABBEY_LOG_INFO, "VNC on port %d", screen->port ? screen->port : screen->ipv6port);
    return 0;
}

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
    if (server_open(vnc) != 0)
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
