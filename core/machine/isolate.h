/* isolate.h - inside core/machine: a device in a process of its own (`isolate: true`).
 *
 * There are two sides. The machine's side stands where the plugin would: the board calls it, and it asks the board. The
 * worker (isolate_worker.h) is a process that began as a copy of this one and in which the plugin runs; there it finds
 * the interfaces of the SDK, made of messages. Between the two is one block of shared
 * memory with one message under way at a time, a turn to hold, and the instance struct itself:
 *
 *     guest: OUT 310h                                       turn
 *     board: fn(region) -> message IO region 0, write     -> worker: port(self, io)
 *                                                                    abbey_dma_read(...)
 *     machine's side: mem_read(), message REPLY           <- message DMA_READ
 *                                                         ->         abbey_irq_set(...): noted in the queue
 *     irq_set() from the queue; the guest goes on         <- message REPLY
 *
 * Because the instance is shared, the board saves, restores and resets its registers as those of any device. What gives
 * no answer (levels, timers) waits in a queue for the end of the call. All calls come with the machine lock held, so
 * one message is enough; either side may call while the other waits for its answer, and each answers the last call
 * first.
 *
 * The files of the machine's side, each above those behind it: isolate_restart.c, isolate.c (which the board knows),
 * isolate_serve.c and isolate_char.c (what the board gives and calls), isolate_call.c (the wire), isolate_dead.c. The
 * worker's: isolate_worker.c, isolate_offers.c and isolate_char.c, isolate_ask.c (the wire). */
#ifndef ABBEY_CORE_ISOLATE_H
#define ABBEY_CORE_ISOLATE_H

#include "core/machine/parts.h"

#define ISOLATE_DATA 65536u
#define ISOLATE_QUEUE 64u
#define ISOLATE_REGIONS 16u
#define ISOLATE_TIMERS 16u
#define ISOLATE_LINES 16u
#define ISOLATE_CHANNELS 8u
#define ISOLATE_STREAMS 4u

#define ISOLATE_MACHINE 0u /* who has the turn */
#define ISOLATE_WORKER 1u

enum isolate_kind {
    ISOLATE_REPLY,
    /* The machine calls: */
    CALL_CREATE,
    CALL_RESET,
    CALL_LOADED,
    CALL_UPGRADE,
    CALL_REGION, /* index, address, offset, value, size, write */
    CALL_BAR,
    CALL_CONFIG, /* offset, count */
    CALL_TIMER,  /* index */
    CALL_READY,  /* DMA channel, as opened */
    CALL_DESTROY,
    CALL_ROOM,    /* stream; the answer is bytes */
    CALL_RECEIVE, /* stream, bytes, which are data */
    CALL_WRITABLE,
    CALL_EVENT, /* stream, event */
    /* The worker asks: */
    ASK_REGION, /* ports or memory; the description is data */
    ASK_TIMER,  /* what the instance holds for it */
    ASK_DUE,
    ASK_DMA_READ, /* address, bytes; up to ISOLATE_DATA at once */
    ASK_DMA_WRITE,
    ASK_PCI, /* the description is data */
    ASK_CONFIG_GET,
    ASK_CONFIG_SET,
    ASK_CONFIG_MASK,
    ASK_BAR_ADDRESS,
    ASK_CHANNEL, /* number */
    ASK_REQUEST, /* channel, level */
    ASK_MOVE,    /* channel, direction, bytes */
    ASK_PENDING, /* line */
    ASK_LOG,     /* level; the text is data */
    ASK_CHAR_ATTACH,
    ASK_CHAR_WRITE, /* stream, bytes, which are data; the answer is how many were taken */
};

/* Of the queue. */
enum isolate_note { NOTE_LINE, NOTE_ARM, NOTE_SHOW, NOTE_PLACE, NOTE_ACCEPT };

struct isolate_noted {
    uint32_t note, index;
    uint64_t value;
};

struct isolate_wire {
    uint32_t turn;
    uint32_t kind; /* enum isolate_kind */
    uint64_t args[6];
    int64_t result;
    uint64_t now;       /* virtual time when the turn last went to the worker */
    uint32_t log_level; /* then */
    uint32_t queue_count;
    uint32_t lines; /* how many lines the device had before it was created */
    struct isolate_noted queue[ISOLATE_QUEUE];
    char failure[512]; /* the first reason that create() or a query gave */
    _Alignas(64) uint8_t data[ISOLATE_DATA];
};

struct isolate;

/* What the board calls instead of the plugin; each knows which it is. */
struct isolate_region {
    struct isolate *isolate;
    uint32_t index;
    struct region *region;
};
struct isolate_timer {
    struct isolate *isolate;
    uint32_t index;
    struct timer *timer;
    uint64_t due; /* when the worker died */
};
struct isolate_channel {
    struct isolate *isolate;
    uint32_t index, number;
    abbey_isadma *handle;
};
/* A character stream; of either process's copy one half is used. */
struct isolate_stream {
    abbey_char handle; /* what the plugin holds, in the worker */
    struct isolate *isolate;
    uint32_t index, offset; /* of the field of the instance */
    abbey_char *real;       /* the backend's, in the machine */
    bool attached;
    abbey_char_client_1 client; /* the plugin, in the worker */
    void *self;
};

struct isolate {
    struct device *device;
    const abbey_device *real; /* the plugin's; device->kind is `kind` */
    abbey_device kind;
    const abbey_host_process_1 *processes;
    const abbey_host_clock_1 *clock;
    const abbey_host_event_1 *events;
    struct isolate_wire *wire;
    int64_t (*serve)(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args); /* isolate_serve() */
    uint64_t shared_bytes;
    abbey_process *process;
    abbey_watch *watch;
    bool dead, starting;
    unsigned depth; /* of calls under way */
    uint64_t crashes;
    char doing[160]; /* the call that was under way last */
    uint8_t *saved;  /* the instance when a call had last ended well */
    uint32_t saves;

    /* In the order in which create() asked for them; the same order is expected when it is started again. */
    struct isolate_region regions[ISOLATE_REGIONS];
    struct isolate_timer timers[ISOLATE_TIMERS];
    struct isolate_channel channels[ISOLATE_CHANNELS];
    struct isolate_stream streams[ISOLATE_STREAMS];
    struct source *lines[ISOLATE_LINES];
    uint8_t levels[ISOLATE_LINES]; /* when the worker died */
    uint32_t region_count, timer_count, channel_count, line_count, stream_count;
    uint32_t region_next, timer_next, channel_next;
    bool pci_asked;
    abbey_pci *pci;
    abbey_dma *dma;
};

/* ---- isolate.c ---- */

/* Starts a worker in which create() has run; false with *error filled. */
bool isolate_start(struct isolate *isolate, abbey_error *error);

/* ---- isolate_serve.c, isolate_char.c ---- */

/* Answers one question of the worker. */
int64_t isolate_serve(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args);
int64_t isolate_stream_serve(struct isolate *isolate, enum isolate_kind kind, const uint64_t *args);
/* Takes the backend that stands in the field of a property, before the worker is started. */
bool isolate_stream_add(struct isolate *isolate, const abbey_prop *prop);

/* ---- isolate_call.c ---- */

/* Calls the worker and serves it until it answers. False when it is dead, or has died over it. */
bool isolate_call(
    struct isolate *isolate, enum isolate_kind kind, const uint64_t *args, unsigned count, int64_t *result);
/* Keeps the instance as it is for a worker that is started again; a large one now and then only. */
void isolate_save(struct isolate *isolate);

/* ---- isolate_dead.c ---- */

/* Ends the process, if there is one. */
void isolate_drop(struct isolate *isolate);
/* From now on the card is dead; what its outputs and timers were is kept for its return. */
void isolate_stop(struct isolate *isolate);
/* The same, because it has crashed. */
void isolate_die(struct isolate *isolate, const char *reason);
/* The process has ended while nobody called it: what the loop calls. [io] */
void isolate_ended(void *isolate, uint32_t events);
/* Tells the clients; with a reason also what the worker was doing. */
void isolate_event(struct isolate *isolate, const char *name, const char *reason);

/* ---- the worker ---- */

/* isolate_worker.c: what the process runs. */
void isolate_worker(void *isolate);

#endif
