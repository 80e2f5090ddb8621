/* char.h - the character backends: their instances; and the table of all backends of this plugin. */
#ifndef ABBEY_HOSTOS_CHAR_H
#define ABBEY_HOSTOS_CHAR_H

#include "stream.h"

#include <sys/socket.h>
#include <termios.h>

#include "keys.h"

#define HOST_BACKENDS 6
extern const abbey_backend host_backends[HOST_BACKENDS];

/* char_stdio.c: the process's stdin and stdout. */
struct char_stdio {
    struct stream stream;
    bool escape;
    bool raw; /* we made the terminal raw */
    struct keys keys;
};
int32_t char_stdio_create(abbey_dev *dev, void *self, void **interface);
void char_stdio_destroy(void *self);

/* char_file.c: a file that gets the output, and one that gives the input. */
struct char_file {
    struct stream stream;
    const char *path;
    bool append;
    const char *input;
};
int32_t char_file_create(abbey_dev *dev, void *self, void **interface);
void char_file_destroy(void *self);

/* char_null.c: nothing. */
struct char_null {
    abbey_char chr;
    bool attached;
};
int32_t char_null_create(abbey_dev *dev, void *self, void **interface);

/* char_socket.c: a UNIX or TCP socket, as server or client. */
struct char_socket {
    struct stream stream;
    const char *path;
    bool server;
    const char *listen;
    const char *connect;
    bool wait;
    uint32_t reconnect; /* ms */

    struct sockaddr_storage address;
    socklen_t address_bytes;
    bool serving;
    abbey_listener *listener; /* at `path` */
    int fd;                   /* listening by TCP, or being connected; -1: none */
    abbey_watch *watch;
    int timer_fd; /* of the next attempt to connect */
    abbey_watch *timer;
};
int32_t char_socket_create(abbey_dev *dev, void *self, void **interface);
void char_socket_destroy(void *self);

/* char_pty.c: a pseudo-terminal of our own, for a terminal program to open. */
struct char_pty {
    struct stream stream;
    const char *link;
    int master_fd;
    int timer_fd; /* looks whether somebody has opened the other side */
    abbey_watch *timer;
    bool linked;
};
int32_t char_pty_create(abbey_dev *dev, void *self, void **interface);
void char_pty_destroy(void *self);

#endif
