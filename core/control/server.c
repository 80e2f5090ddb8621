/* server.c - the control socket: who is connected, their lines, and what they have not read yet.
 *
 * A line is one request, an answer or event one line. A client's requests are answered in their order, one at a time:
 * while an answer is outstanding, or while the client leaves more than OUT_HIGH bytes of answers unread, nothing more
 * is read from it. So a client can make the machine keep no more than some megabytes, and never wait. Events that do
 * not fit are dropped for that client and counted; the event `events.lost` says so as soon as there is room.
 *
 * Events go to clients that have made a request, as the clients of QEMU's protocol expect, which send
 * `qmp_capabilities` first.
 *
 * Output is written from the I/O thread alone; an event that the vCPU thread posts only asks the loop to. */
#include "core/control/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config.h"
#include "core/control/lines.h"

#define OUT_HIGH (1u << 20) /* bytes unread, from which on no request is taken */
#define OUT_MOST (2u << 20) /* and no event added */
#define MOST_CLIENTS 32u
#define READ_AT_ONCE 65536u

struct client {
    struct server *server;
    struct client *next;
    int64_t handle;
    abbey_watch *watch;
    struct lines in;
    struct bytes out;
    struct message *pending; /* a request not yet answered */
    bool asked;              /* it has made a request */
    bool answered;           /* inside commands_request(): it came at once */
    bool ended;              /* it sends no more */
    bool gone;
    uint64_t lost; /* events */
};

struct server {
    struct commands *commands;
    const abbey_host_local_1 *local;
    const abbey_host_event_1 *event;
    abbey_loop *loop;
    abbey_listener *listener;
    abbey_watch *watch;
    struct client *clients;
    unsigned count;
};

/* ---- output ---- */

static void client_rewatch(struct client *client)
{
    uint32_t events = client->out.count ? ABBEY_EVENT_WRITE : 0;
    if (!client->ended && !client->pending && client->out.count < OUT_HIGH)
        events |= ABBEY_EVENT_READ;
    client->server->event->rewatch(client->watch, events);
}

static void client_flush(struct client *client)
{
    const abbey_host_local_1 *local = client->server->local;
    while (client->out.count && !client->gone) {
        int64_t wrote = local->write(client->handle, client->out.at + client->out.start, client->out.count);
        if (wrote == ABBEY_LOCAL_AGAIN)
            break;
        if (wrote < 0)
            client->gone = true;
        else
            bytes_drop(&client->out, (size_t)wrote);
    }
}

static bool text_add(struct client *client, const char *text)
{
    size_t length = strlen(text);
    if (bytes_add(&client->out, text, length) && bytes_add(&client->out, "\r\n", 2))
        return true;
    client->gone = true; /* half a line would be worse than none */
    return false;
}

static void json_add(struct client *client, const json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (text)
        text_add(client, text);
    else
        client->gone = true;
    free(text);
}

static void error_add(struct client *client, json_t *error)
{
    json_t *answer = json_pack("{s:o}", "error", error);
    json_add(client, answer);
    json_decref(answer);
}

static void lost_tell(struct client *client)
{
    char text[100];
    if (!client->lost || client->out.count > OUT_HIGH)
        return;
    snprintf(text, sizeof text, "{\"event\": \"events.lost\", \"data\": {\"count\": %llu}}",
        (unsigned long long)client->lost);
    client->lost = 0;
    text_add(client, text);
}

static void on_event(void *opaque, const json_t *event)
{
    struct server *server = opaque;
    char *text = server->clients ? json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    for (struct client *client = server->clients; text && client; client = client->next) {
        if (!client->asked || client->gone)
            continue;
        lost_tell(client);
        if (client->lost || client->out.count > OUT_MOST)
            client->lost++;
        else
            text_add(client, text);
        client_rewatch(client);
    }
    free(text);
}

/* ---- requests ---- */

static void on_answer(void *opaque, const json_t *answer)
{
    struct client *client = opaque;
    client->pending = NULL;
    client->answered = true;
    json_add(client, answer);
    client_rewatch(client); /* perhaps on the vCPU thread: the loop goes on with it */
}

static void line_take(struct client *client, const char *line, size_t length)
{
    json_error_t where;
    json_t *request = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    client->asked = true;
    if (!request) {
        error_add(client, error_new("JSONError", NULL, "one JSON object on a line, in UTF-8", NULL, "column %d: %s",
                              where.column, where.text));
        return;
    }
    client->answered = false;
    struct message *pending = commands_request(client->server->commands, request, on_answer, client);
    client->pending = client->answered ? NULL : pending;
    json_decref(request);
}

static bool blank(const char *line, size_t length)
{
    while (length && strchr(" \t\r", *line) && *line)
        line++, length--;
    return !length;
}

static void lines_take(struct client *client)
{
    const char *line;
    size_t length;
    while (!client->pending && !client->gone && client->out.count < OUT_HIGH) {
        unsigned what = lines_next(&client->in, client->ended, &line, &length);
        if (what == LINES_NONE)
            break;
        if (what == LINES_TOO_LONG) {
            client->asked = true;
            error_add(client, error_new("JSONError", NULL, NULL, NULL, "a line has at most %u bytes", CONTROL_LINE));
            continue;
        }
        if (!blank(line, length))
            line_take(client, line, length);
        lines_done(&client->in, length);
    }
}

static void client_read(struct client *client)
{
    char some[READ_AT_ONCE];
    int64_t got = client->server->local->read(client->handle, some, sizeof some);
    if (got > 0 && !bytes_add(&client->in.bytes, some, (size_t)got))
        client->gone = true;
    else if (got == 0)
        client->ended = true;
    else if (got < 0 && got != ABBEY_LOCAL_AGAIN)
        client->gone = true;
}

/* ---- clients ---- */

static void client_free(struct client *client)
{
    struct server *server = client->server;
    struct client **at = &server->clients;
    while (*at != client)
        at = &(*at)->next;
    *at = client->next;
    server->count--;
    if (client->pending)
        commands_forget(client->pending);
    if (client->watch)
        server->event->unwatch(client->watch);
    server->local->close(client->handle);
    bytes_free(&client->in.bytes);
    bytes_free(&client->out);
    free(client);
}

static void on_client(void *opaque, uint32_t events)
{
    struct client *client = opaque;
    if (events & ABBEY_EVENT_READ)
        client_read(client);
    lines_take(client);
    lost_tell(client);
    client_flush(client);
    lines_take(client); /* the reader has made room */
    bool finished = client->ended && !client->pending && !client->out.count && !client->in.bytes.count;
    if (client->gone || finished)
        client_free(client);
    else
        client_rewatch(client);
}

static void greet(struct client *client)
{
    unsigned version[3] = { 0, 0, 0 };
    sscanf(PACKAGE_VERSION, "%u.%u.%u", &version[0], &version[1], &version[2]);
    json_t *greeting =
        json_pack("{s:{s:{s:{s:i, s:i, s:i}, s:s}, s:[]}}", "QMP", "version", "abbey", "major", (int)version[0],
            "minor", (int)version[1], "micro", (int)version[2], "package", "abbey " PACKAGE_VERSION, "capabilities");
    json_add(client, greeting);
    json_decref(greeting);
}

static void client_new(struct server *server, int64_t handle)
{
    struct client *client = server->count < MOST_CLIENTS ? calloc(1, sizeof *client) : NULL;
    if (!client) {
        static const char full[] = "{\"error\": {\"class\": \"GenericError\", \"desc\": \"too many clients\"}}\r\n";
        server->local->write(handle, full, sizeof full - 1);
        server->local->close(handle);
        return;
    }
    client->server = server;
    client->handle = handle;
    client->next = server->clients;
    server->clients = client;
    server->count++;
    client->watch = server->event->watch(server->loop, handle, ABBEY_EVENT_READ, on_client, client);
    greet(client);
    client_flush(client);
    if (!client->watch || client->gone)
        client_free(client);
    else
        client_rewatch(client);
}

static void on_listener(void *opaque, uint32_t events)
{
    struct server *server = opaque;
    (void)events;
    int64_t handle = server->local->accept(server->listener);
    if (handle >= 0)
        client_new(server, handle);
}

/* ---- the server ---- */

struct server *server_new(
    struct commands *commands, const abbey_hostos *host, abbey_loop *loop, const char *path, abbey_error *error)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return NULL;
    server->loop = loop;
    server->event = host->query(ABBEY_HOST_EVENT_1);
    server->local = host->query(ABBEY_HOST_LOCAL_1);
    if (!server->local || !server->event)
        snprintf(error->text, sizeof error->text, "host backend '%s' has no local sockets", host->name);
    else
        server->listener = server->local->listen(path, error);
    if (server->listener) {
        server->watch =
            server->event->watch(loop, server->local->handle(server->listener), ABBEY_EVENT_READ, on_listener, server);
        if (!server->watch)
            snprintf(error->text, sizeof error->text, "cannot watch '%s'", path);
    }
    if (!server->watch) {
        server_free(server);
        return NULL;
    }
    server->commands = commands;
    commands_on_event(commands, on_event, server);
    return server;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    if (server->commands)
        commands_on_event(server->commands, NULL, NULL);
    while (server->clients) {
        client_flush(server->clients);
        client_free(server->clients);
    }
    if (server->watch)
        server->event->unwatch(server->watch);
    if (server->listener)
        server->local->unlisten(server->listener);
    free(server);
}
