/* client.c - a client of the control socket: one request at a time, over the host's event loop. */
#include "core/control/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/control/lines.h"

#define ANSWER_MOST (64u << 20) /* bytes of an answer: the schema of a machine is some hundred KB */
#define GREETING_TIME (10 * ABBEY_SEC)

struct client_link {
    const abbey_host_event_1 *event;
    const abbey_host_local_1 *local;
    const abbey_host_clock_1 *clock;
    abbey_loop *loop;
    abbey_watch *watch;
    int64_t handle;
    struct bytes in, out;
    size_t searched;
    json_t *message; /* read, and not an event */
    bool gone;       /* the far side, or what it says is no protocol */
    bool asked;      /* the process is to end */
    bool late;
};

/* The next line that is a message; events are passed over. */
static void message_take(struct client_link *link)
{
    while (!link->message && link->in.count) {
        const char *start = link->in.at + link->in.start;
        const char *feed = memchr(start + link->searched, '\n', link->in.count - link->searched);
        if (!feed) {
            link->searched = link->in.count;
            link->gone |= link->in.count > ANSWER_MOST;
            return;
        }
        link->message = json_loadb(start, (size_t)(feed - start), JSON_REJECT_DUPLICATES, NULL);
        link->gone |= !link->message;
        bytes_drop(&link->in, (size_t)(feed - start) + 1);
        link->searched = 0;
        if (json_object_get(link->message, "event")) {
            json_decref(link->message);
            link->message = NULL;
        }
    }
}

static void on_handle(void *opaque, uint32_t events)
{
    struct client_link *link = opaque;
    char some[65536];
    if (events & (ABBEY_EVENT_READ | ABBEY_EVENT_HANGUP)) {
        int64_t got = link->local->read(link->handle, some, sizeof some);
        if (got > 0)
            link->gone |= !bytes_add(&link->in, some, (size_t)got);
        else if (got != ABBEY_LOCAL_AGAIN)
            link->gone = true;
        message_take(link);
    }
    while (link->out.count && !link->gone) {
        int64_t wrote = link->local->write(link->handle, link->out.at + link->out.start, link->out.count);
        if (wrote == ABBEY_LOCAL_AGAIN)
            break;
        if (wrote < 0)
            link->gone = true;
        else
            bytes_drop(&link->out, (size_t)wrote);
    }
    link->event->rewatch(link->watch, link->gone ? 0 : ABBEY_EVENT_READ | (link->out.count ? ABBEY_EVENT_WRITE : 0));
    if (link->message || link->gone)
        link->event->stop(link->loop);
}

static void on_alarm(void *opaque)
{
    struct client_link *link = opaque;
    link->late = true;
    link->event->stop(link->loop);
}

static void on_asked(void *opaque, uint32_t what)
{
    struct client_link *link = opaque;
    (void)what;
    link->asked = true;
    link->event->stop(link->loop);
}

/* Runs the loop until a message is there, time is over, or there will be none. */
static void wait_for(struct client_link *link, uint64_t timeout)
{
    uint64_t end = timeout == ABBEY_NEVER ? ABBEY_NEVER : link->clock->monotonic() + timeout;
    link->late = false;
    link->event->alarm(link->loop, end, on_alarm, link);
    while (!link->message && !link->gone && !link->late && !link->asked)
        link->event->run(link->loop);
}

static json_t *message_wait(struct client_link *link, uint64_t timeout, abbey_error *error)
{
    wait_for(link, timeout);
    json_t *message = link->message;
    link->message = NULL;
    if (!message)
        snprintf(error->text, sizeof error->text, "%s",
            link->asked  ? "interrupted"
            : link->late ? "no answer in time"
                         : "the machine has closed the connection");
    return message;
}

struct client_link *client_open(const abbey_hostos *host, const char *path, abbey_error *error)
{
    struct client_link *link = calloc(1, sizeof *link);
    if (!link)
        return NULL;
    link->handle = -1;
    link->event = host->query(ABBEY_HOST_EVENT_1);
    link->local = host->query(ABBEY_HOST_LOCAL_1);
    link->clock = host->query(ABBEY_HOST_CLOCK_1);
    if (!link->event || !link->local || !link->clock)
        snprintf(error->text, sizeof error->text, "host backend '%s' has no local sockets", host->name);
    else if ((link->handle = link->local->connect(path, error)) >= 0)
        link->loop = link->event->loop_new(NULL, NULL, NULL, error);
    if (link->loop) {
        link->event->on_asked(link->loop, on_asked, link);
        link->watch = link->event->watch(link->loop, link->handle, ABBEY_EVENT_READ, on_handle, link);
    }
    json_t *greeting = link->watch ? message_wait(link, GREETING_TIME, error) : NULL;
    bool good = json_is_object(json_object_get(greeting, "QMP"));
    if (greeting && !good) {
        const char *desc = json_string_value(json_object_get(json_object_get(greeting, "error"), "desc"));
        snprintf(error->text, sizeof error->text, "'%s': %s", path, desc ? desc : "that is no control socket");
    }
    json_decref(greeting);
    if (good)
        return link;
    client_close(link);
    return NULL;
}

void client_close(struct client_link *link)
{
    if (!link)
        return;
    if (link->watch)
        link->event->unwatch(link->watch);
    if (link->loop)
        link->event->loop_free(link->loop);
    if (link->handle >= 0)
        link->local->close(link->handle);
    bytes_free(&link->in);
    bytes_free(&link->out);
    json_decref(link->message);
    free(link);
}

json_t *client_call(
    struct client_link *link, const char *command, json_t *args, const char *cwd, uint64_t timeout, abbey_error *error)
{
    json_t *request = json_pack("{s:s, s:O*, s:s*}", "execute", command, "arguments", args, "cwd", cwd);
    char *text = request ? json_dumps(request, JSON_COMPACT) : NULL;
    json_decref(request);
    bool good = text && bytes_add(&link->out, text, strlen(text)) && bytes_add(&link->out, "\n", 1);
    free(text);
    if (!good) {
        snprintf(error->text, sizeof error->text, "'%.80s' cannot be sent: it is no UTF-8 text", command);
        return NULL;
    }
    link->event->rewatch(link->watch, ABBEY_EVENT_READ | ABBEY_EVENT_WRITE);
    return message_wait(link, timeout, error);
}

bool client_pause(struct client_link *link, uint64_t nanoseconds)
{
    json_decref(link->message); /* nobody asked */
    link->message = NULL;
    wait_for(link, nanoseconds);
    return link->asked || link->gone;
}

bool client_asked(const struct client_link *link)
{
    return link->asked;
}
