/* char.c - the backends of this plugin and their properties: character streams, and the display in the terminal. */
#include "char.h"

#include "display_text.h"

#define ABBEY_SELF struct char_stdio
static const abbey_prop stdio_props[] = {
    ABBEY_PROP(escape, true, "on a terminal, Ctrl-A begins a command to Abbey (Ctrl-A h lists them)"),
};
#undef ABBEY_SELF

#define ABBEY_SELF struct char_file
static const abbey_prop file_props[] = {
    ABBEY_PROP_TEXT(path, NULL, "file, FIFO or device that gets what the guest sends", .flags = ABBEY_PROP_REQUIRED),
    ABBEY_PROP(append, false, "keep what the file has and write behind it"),
    ABBEY_PROP_TEXT(input, NULL, "file, FIFO or device that gives what the guest receives"),
};
#undef ABBEY_SELF

#define ABBEY_SELF struct char_socket
static const abbey_prop socket_props[] = {
    ABBEY_PROP_TEXT(path, NULL, "UNIX socket, made with mode 0600"),
    ABBEY_PROP(server, true, "with path: make the socket and wait for a client; false: connect to it"),
    ABBEY_PROP_TEXT(listen, NULL, "host:port where TCP clients are waited for, one at a time"),
    ABBEY_PROP_TEXT(connect, NULL, "host:port to connect to by TCP"),
    ABBEY_PROP(wait, false, "as a server: do not start before a client is there"),
    ABBEY_PROP(reconnect, 1000, "as a client: milliseconds until the next attempt; 0: one attempt", .max = 3600000),
};
#undef ABBEY_SELF

#define ABBEY_SELF struct char_pty
static const abbey_prop pty_props[] = {
    ABBEY_PROP_TEXT(link, NULL, "symbolic link to make, which names the terminal"),
};
#undef ABBEY_SELF

const abbey_backend host_backends[HOST_BACKENDS] = {
    {
        .name = "stdio",
        .summary = "stdin and stdout; a terminal is made raw and has the Ctrl-A keys",
        .kind = "char",
        .self_size = sizeof(struct char_stdio),
        .props = ABBEY_TABLE(stdio_props),
        .create = char_stdio_create,
        .destroy = char_stdio_destroy,
    },
    {
        .name = "file",
        .summary = "output to a file, input from another",
        .kind = "char",
        .self_size = sizeof(struct char_file),
        .props = ABBEY_TABLE(file_props),
        .create = char_file_create,
        .destroy = char_file_destroy,
    },
    {
        .name = "null",
        .summary = "takes everything and never speaks",
        .kind = "char",
        .self_size = sizeof(struct char_null),
        .create = char_null_create,
    },
    {
        .name = "socket",
        .summary = "a UNIX or TCP socket, as server or client",
        .kind = "char",
        .self_size = sizeof(struct char_socket),
        .props = ABBEY_TABLE(socket_props),
        .create = char_socket_create,
        .destroy = char_socket_destroy,
    },
    {
        .name = "pty",
        .summary = "a pseudo-terminal of its own; its name is logged",
        .kind = "char",
        .self_size = sizeof(struct char_pty),
        .props = ABBEY_TABLE(pty_props),
        .create = char_pty_create,
        .destroy = char_pty_destroy,
    },
    {
        .name = "text",
        .summary = "the guest's text screen in this terminal, with the Ctrl-A keys",
        .kind = "display",
        .self_size = sizeof(struct display_text),
        .create = display_text_create,
        .destroy = display_text_destroy,
    },
};
