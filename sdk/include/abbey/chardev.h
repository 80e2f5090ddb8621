/* abbey/chardev.h - a byte stream between a device and the host (serial line, debug console): kind "char".
 *
 * The device has a field `abbey_char *line` with a property row; the machine file names a backend. The backend
 * implements abbey_char_ops_1, the device registers itself as its client. */
#ifndef ABBEY_CHARDEV_H
#define ABBEY_CHARDEV_H

#include <abbey/dev.h>

typedef struct abbey_char abbey_char;

#define ABBEY_CHAR_OPENED 0u /* the far side is there */
#define ABBEY_CHAR_CLOSED 1u /* the far side has gone; it may come back */
#define ABBEY_CHAR_BREAK 2u  /* a break condition was received */

/* The device's side. Every callback is [io]. */
typedef struct abbey_char_client_1 {
    uint32_t size;
    uint32_t reserved;
    uint32_t (*room)(void *self);                                      /* how many bytes receive() would take now */
    void (*receive)(void *self, const uint8_t *bytes, uint32_t count); /* count <= room() */
    void (*writable)(void *self);              /* after a short write: room again; may be NULL */
    void (*event)(void *self, uint32_t event); /* ABBEY_CHAR_...; may be NULL */
} abbey_char_client_1;

/* The backend's side. */
typedef struct abbey_char_ops_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*attach)(abbey_char *chr, const abbey_char_client_1 *client, void *self);
    uint32_t (*write)(abbey_char *chr, const uint8_t *bytes, uint32_t count);
    void (*accept)(abbey_char *chr);
} abbey_char_ops_1;

struct abbey_char {
    const abbey_char_ops_1 *ops;
};

/* Makes `self` the one client of the stream. 0, or -1 when it has one already. A NULL stream (not connected) takes
 * everything and never speaks. [create] */
static inline int32_t abbey_char_attach(abbey_char *chr, const abbey_char_client_1 *client, void *self)
{
    return chr ? chr->ops->attach(chr, client, self) : 0;
}

/* Sends; returns how many bytes were taken, and calls writable() later when that was less than `count`. Never
 * blocks. [locked] */
static inline uint32_t abbey_char_write(abbey_char *chr, const uint8_t *bytes, uint32_t count)
{
    return chr ? chr->ops->write(chr, bytes, count) : count;
}

/* Tells the backend that room() has become more than zero. [locked] */
static inline void abbey_char_accept(abbey_char *chr)
{
    if (chr)
        chr->ops->accept(chr);
}

#endif
