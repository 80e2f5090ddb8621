/* vnc_server.c - the VNC server: its thread, what viewers do, and where it listens. vnc.c tells how the threads meet.
 */
#include "vnc.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PERIOD_NS 33000000 /* between looks at the screen */
#define WAIT_IDLE_US 100000
#define WAIT_BUSY_US 10000
#define SEND_LIMIT_MS 5000 /* a viewer that reads nothing for so long is dropped */

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
    case KEY: vnc->end.input->symbol(vnc->end.dev, event->symbol, event->down); break;
    case POINTER: vnc->end.input->position(vnc->end.dev, event->x, event->y, event->wheel, event->buttons); break;
    case CAME:
        if (vnc->viewers++ == 0)
            screen_end_look(&vnc->end, PERIOD_NS);
        break;
    case WENT:
        if (--vnc->viewers == 0)
            screen_end_look(&vnc->end, 0);
        break;
    }
    free(event);
}

static void event_post(struct vnc *vnc, struct event event)
{
    event.vnc = vnc;
    screen_end_post(&vnc->end, event_take, &event, sizeof event);
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
    rfbNewFramebuffer(vnc->screen, (char *)vnc->end.picture, (int)width, (int)height, 8, 3, 4);
    format_set(vnc->screen);
    rfbClientIteratorPtr clients = rfbGetClientIterator(vnc->screen);
    for (rfbClientPtr client; (client = rfbClientIteratorNext(clients));)
        vnc->screen->setTranslateFunction(client);
    rfbReleaseClientIterator(clients);
}

static void notes_take(struct vnc *vnc)
{
    vnc->end.threads->lock(vnc->end.mutex);
    struct rectangle changed = vnc->changed;
    bool resized = vnc->resized;
    uint32_t width = vnc->end.width, height = vnc->end.height;
    vnc->changed.right = 0;
    vnc->resized = false;
    vnc->end.threads->unlock(vnc->end.mutex);
    if (resized)
        size_set(vnc, width, height);
    if (changed.right)
        rfbMarkRectAsModified(
            vnc->screen, (int)changed.left, (int)changed.top, (int)changed.right, (int)changed.bottom);
}

void vnc_main(void *arg)
{
    struct vnc *vnc = arg;
    while (!atomic_load(&vnc->end.quit)) {
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
        return abbey_fail(vnc->end.dev, "listen: '%s' is not host:port", vnc->listen);
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
        return abbey_fail(vnc->end.dev, "listen: '%s': %s", vnc->listen, gai_strerror(failure));
    struct sockaddr_storage address = { 0 };
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    if (!is_loopback(&address) && !(vnc->password && *vnc->password))
        return abbey_fail(vnc->end.dev,
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

/* ---- the server ---- */

static void quiet(const char *format, ...)
{
    (void)format;
}

int32_t vnc_server_open(struct vnc *vnc)
{
    rfbLog = rfbErr = quiet;
    vnc->screen = rfbGetScreen(NULL, NULL, 720, 400, 8, 3, 4);
    if (!vnc->screen)
        return abbey_fail(vnc->end.dev, "out of memory for a VNC server");
    rfbScreenInfoPtr screen = vnc->screen;
    screen->screenData = vnc;
    screen->frameBuffer = (char *)vnc->end.picture;
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
            return abbey_fail(vnc->end.dev, "web_root: cannot read '%s' (Debian: package novnc)", vnc->web_root);
    }
    rfbInitServer(screen);
    if (screen->listenSock < 0 && screen->listen6Sock < 0)
        return abbey_fail(vnc->end.dev, "cannot listen on '%s'; is the port in use?", vnc->listen);
    if (vnc->web && screen->httpListenSock < 0)
        return abbey_fail(vnc->end.dev, "web: cannot listen on port %u; is it in use?", vnc->web);
    /* libvncserver 0.9.14 asks for events of the second listening socket whether there is one or not; the C library
     * ends the process for a descriptor of -1. It closes both. */
    if (vnc->web && screen->httpListen6Sock < 0)
        screen->httpListen6Sock = dup(screen->httpListenSock);
    abbey_log(vnc->end.dev, ABBEY_LOG_INFO, "VNC on port %d", screen->port ? screen->port : screen->ipv6port);
    return 0;
}
