/* net_rig.h - network backends with nothing but a remembering device before them: the plugin as it was built, the
 * services of the Linux host, and for each end of a network a loop and a lock of its own, as a machine has them. */
#ifndef ABBEY_TESTS_NET_RIG_H
#define ABBEY_TESTS_NET_RIG_H

#include <stdbool.h>

#include <abbey/plugin.h>

#define END_FRAME 2048u /* bytes of a frame that are remembered */
#define END_FRAMES 8192u

struct end {
    abbey_dev dev; /* first */
    abbey_loop *loop;
    abbey_thread *io;
    abbey_mutex *mutex;
    const abbey_backend *backend;
    void *self;
    abbey_net *net;
    char failure[512]; /* of abbey_fail() */
    char logged[512];  /* the last message of the level of warnings, or worse */
    const abbey_command *commands;
    uint32_t command_count;
    void *command_self;
    char said[512];   /* "name=value ..." of the last answer, or its error */
    char events[256]; /* names of events, each with a blank behind it */
    /* The device. */
    bool stalled; /* takes nothing */
    _Atomic uint32_t received, writables, links, up;
    uint64_t received_bytes;
    struct {
        uint32_t bytes, flags;
        uint8_t data[END_FRAME];
    } * frames; /* the first END_FRAMES of those received */
};

/* Loads both plugins from $ABBEY_BUILDDIR; ends the test program when it cannot. */
void net_rig_load(void);

/* A backend `name` with properties as name-text pairs up to NULL, and a device at it. NULL with end_failure(). */
struct end *end_new(const char *name, ...);
const char *end_failure(void);
void end_free(struct end *end);

/* A frame of so many bytes to everybody, with a number in its data: whether it was taken. */
bool end_send(struct end *end, uint32_t number, uint32_t bytes);
/* The same until there is room, five seconds long. */
bool end_push(struct end *end, uint32_t number, uint32_t bytes);
/* Whether frame `index` is what end_send() makes of number and bytes. */
bool end_has(struct end *end, uint32_t index, uint32_t number, uint32_t bytes);
/* Runs a command; `args` is its struct. The answer is in end->said. */
void end_command(struct end *end, const char *name, const void *args);
/* A number of net.info. */
uint64_t end_count(struct end *end, const char *name);
void end_stall(struct end *end, bool on);
/* Wait up to ten seconds until the counter of an end is at least, or exactly, that. */
bool end_wait(struct end *end, const _Atomic uint32_t *counter, uint32_t least);
bool end_wait_up(struct end *end, bool up);

#endif
