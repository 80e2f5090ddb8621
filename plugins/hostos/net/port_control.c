/* port_control.c - the cable of a network, and what the control socket can ask of one. */
#include "port.h"

void port_link_update(struct port *port)
{
    bool up = port->plugged && !atomic_load(&port->absent);
    bool late = port->plugged && !up && !port->blocked && ring_first(&port->rx);
    if (up == port->up || late) /* what came before the network went is delivered first */
        return;
    port->up = up;
    if (port->client && port->client->link)
        port->client->link(port->client_self, up);
    if (port->control)
        abbey_message_send(port->control->event(port->dev, up ? "net.up" : "net.down"));
}

struct link_args {
    _Bool up;
};
static const abbey_prop link_args[] = {
    ABBEY_ARG(struct link_args, up, true, "whether the cable is plugged in"),
};

static void link_run(void *self, const void *args, abbey_message *answer)
{
    struct port *port = self;
    port->plugged = ((const struct link_args *)args)->up;
    port_link_update(port);
    abbey_message_bool(answer, "up", port->up);
    port_deliver(port);
}

struct capture_args {
    const char *path;
};
static const abbey_prop capture_args[] = {
    ABBEY_ARG_TEXT(struct capture_args, path, NULL, "file or FIFO that gets the frames from now on; none: no more",
        .flags = ABBEY_PROP_PATH),
};

static void capture_run(void *self, const void *args, abbey_message *answer)
{
    struct port *port = self;
    const char *path = ((const struct capture_args *)args)->path;
    abbey_error error = { "" };
    if (!path || !*path)
        capture_close(&port->tape);
    else if (capture_open(&port->tape, path, &error))
        abbey_message_fail(answer, "%s", error.text);
}

static void counts_run(void *self, const void *args, abbey_message *answer)
{
    const struct port *port = self;
    (void)args;
    abbey_message_bool(answer, "up", port->up);
    abbey_message_bool(answer, "plugged", port->plugged);
    abbey_message_integer(answer, "sent", (int64_t)port->counts.sent);
    abbey_message_integer(answer, "sent_bytes", (int64_t)port->counts.sent_bytes);
    abbey_message_integer(answer, "received", (int64_t)port->counts.received);
    abbey_message_integer(answer, "received_bytes", (int64_t)port->counts.received_bytes);
    abbey_message_integer(answer, "lost", (int64_t)port->counts.lost);
    abbey_message_integer(answer, "waiting", (int64_t)ring_used(&port->rx));
}

static const abbey_command commands[] = {
    { .name = "net.link",
        .meaning = "plugs the cable of a network in or out",
        .args = ABBEY_TABLE(link_args),
        .args_size = sizeof(struct link_args),
        .run = link_run },
    { .name = "net.capture",
        .meaning = "writes the frames of a network to a file, in the format of pcap",
        .args = ABBEY_TABLE(capture_args),
        .args_size = sizeof(struct capture_args),
        .run = capture_run },
    { .name = "net.info", .meaning = "the state of a network: its cable, and what went by", .run = counts_run },
};

int32_t port_commands_add(struct port *port)
{
    return abbey_commands_add(port->dev, commands, sizeof commands / sizeof commands[0], port);
}
