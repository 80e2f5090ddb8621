/* abbey/block.h - a disk, CD or floppy between a device and the host: kind "block".
 *
 * The device has a field `abbey_block *media` with a property row; the machine file names a backend. The backend
 * implements abbey_block_ops_1, the device registers itself as its client and submits requests:
 *
 *     d->segment = (abbey_block_segment){ d->buffer, 4096 };
 *     d->request = (abbey_block_request){ .size = sizeof d->request, .kind = ABBEY_BLOCK_READ, .offset = lba * 512,
 *         .bytes = 4096, .segments = &d->segment, .segment_count = 1, .done = read_done, .self = d };
 *     abbey_block_submit(d->media, &d->request);
 *
 * A request runs on a thread of the backend's own, so that a slow disk never stops the virtual CPU, and done() comes
 * later on the I/O thread. Requests may end in another order than they were submitted; a flush covers the writes that
 * had ended before it was submitted. What a full disk of the host refuses is tried again once there is room: the
 * machine is paused meanwhile, and the device sees a slow request and no error.
 *
 * The segments are read and written from another thread until done(). A device that can be reset therefore gives memory
 * of its own (abbey_alloc()) and copies to the guest in done(). When the machine is taken apart, requests that have not
 * ended end without done(), and not before the device was destroyed. */
#ifndef ABBEY_BLOCK_H
#define ABBEY_BLOCK_H

#include <abbey/dev.h>

typedef struct abbey_block abbey_block;

/* Offsets and lengths are multiples of this. */
#define ABBEY_BLOCK_UNIT 512u

#define ABBEY_BLOCK_READ 0u
#define ABBEY_BLOCK_WRITE 1u
#define ABBEY_BLOCK_FLUSH 2u   /* what was written survives a crash of the host; no range, no segments */
#define ABBEY_BLOCK_DISCARD 3u /* the content of the range does not matter any more; no segments */
#define ABBEY_BLOCK_ZERO 4u    /* the range reads as zeros; no segments */

#define ABBEY_BLOCK_OK 0
#define ABBEY_BLOCK_FAILED (-1)    /* the host reported an error; the log has it */
#define ABBEY_BLOCK_READ_ONLY (-2) /* a write to a medium that cannot be written */
#define ABBEY_BLOCK_NO_MEDIUM (-3)
#define ABBEY_BLOCK_BAD_RANGE (-4) /* beyond the end, or no multiple of ABBEY_BLOCK_UNIT */

typedef struct abbey_block_segment {
    void *bytes;
    uint64_t count;
} abbey_block_segment;

/* One request. It belongs to the backend from submit() to done(), and with it its segments. */
typedef struct abbey_block_request {
    uint32_t size;   /* sizeof(abbey_block_request) */
    uint32_t kind;   /* ABBEY_BLOCK_READ, ... */
    uint64_t offset; /* bytes from the start of the medium */
    uint64_t bytes;  /* of reads and writes: what the segments add up to */
    const abbey_block_segment *segments;
    uint32_t segment_count;
    int32_t result;                                                /* set before done(): ABBEY_BLOCK_... */
    void (*done)(void *self, struct abbey_block_request *request); /* once, never within submit() [io] */
    void *self;
    /* The backend's own, from submit() to done(): */
    struct abbey_block_request *next;
    void *owner;
    uint64_t due;
} abbey_block_request;

#define ABBEY_BLOCK_PRESENT 1u  /* there is a medium */
#define ABBEY_BLOCK_WRITABLE 2u /* and it can be written */

typedef struct abbey_block_info {
    uint32_t size;  /* sizeof(abbey_block_info), set by the caller */
    uint32_t flags; /* ABBEY_BLOCK_PRESENT, ... */
    uint64_t bytes; /* of the medium; what its file has beyond a multiple of ABBEY_BLOCK_UNIT is padded with zeros */
    uint32_t cylinders, heads, sectors; /* geometry that the image names, or zeros */
    uint32_t reserved;
} abbey_block_info;

#define ABBEY_BLOCK_CHANGED 0u /* a medium has come or gone: ask info() */
#define ABBEY_BLOCK_EJECT 1u   /* the user pressed the button of a drive that the guest has locked */

#define ABBEY_BLOCK_REMOVABLE 1u /* a drive whose medium may come, go and be missing (CD, floppy) */

/* The device's side. */
typedef struct abbey_block_client_1 {
    uint32_t size;
    uint32_t flags;                            /* ABBEY_BLOCK_REMOVABLE, or 0: the medium is there and stays */
    void (*event)(void *self, uint32_t event); /* ABBEY_BLOCK_CHANGED, ...; may be NULL [io] */
} abbey_block_client_1;

/* The backend's side. */
typedef struct abbey_block_ops_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*attach)(abbey_block *block, const abbey_block_client_1 *client, void *self);
    void (*info)(abbey_block *block, abbey_block_info *info);
    void (*submit)(abbey_block *block, abbey_block_request *request);
    void (*lock)(abbey_block *block, uint32_t on);
    int32_t (*eject)(abbey_block *block);
    int32_t (*change)(abbey_block *block, const char *path, uint32_t force, abbey_error *error);
} abbey_block_ops_1;

struct abbey_block {
    const abbey_block_ops_1 *ops;
};

/* Makes `self` the one client of the medium. 0, or -1 when it has one already. A drive without a backend (NULL) is one
 * whose medium never comes. [create] */
static inline int32_t abbey_block_attach(abbey_block *block, const abbey_block_client_1 *client, void *self)
{
    return block ? block->ops->attach(block, client, self) : 0;
}

/* What there is now. [create] [locked] */
static inline abbey_block_info abbey_block_info_get(abbey_block *block)
{
    abbey_block_info info = { .size = sizeof info };
    if (block)
        block->ops->info(block, &info);
    return info;
}

/* Starts a request; there must be a backend. [locked] */
static inline void abbey_block_submit(abbey_block *block, abbey_block_request *request)
{
    block->ops->submit(block, request);
}

/* The guest locks the door of a removable medium, or unlocks it: the user's button then asks the guest. [locked] */
static inline void abbey_block_lock(abbey_block *block, uint32_t on)
{
    if (block)
        block->ops->lock(block, on);
}

/* The user puts the image at `path` into a drive that was attached as ABBEY_BLOCK_REMOVABLE, or takes the medium out
 * (NULL). The client hears of it as ABBEY_BLOCK_CHANGED; of a door that the guest holds locked, without `force`, as
 * ABBEY_BLOCK_EJECT, and the call fails. 0, or -1 with the reason. [io] */
static inline int32_t abbey_block_change(abbey_block *block, const char *path, uint32_t force, abbey_error *error)
{
    if (block && block->ops->size > offsetof(abbey_block_ops_1, change) && block->ops->change)
        return block->ops->change(block, path, force, error);
    static const char none[] =
        "the drive has no backend that could take another medium; give it one, if need be without a path";
    for (uint32_t i = 0; i < sizeof none; i++)
        error->text[i] = none[i];
    return -1;
}

/* The guest ejects the medium. 0, or -1 where it cannot be removed. [locked] */
static inline int32_t abbey_block_eject(abbey_block *block)
{
    return block ? block->ops->eject(block) : -1;
}

#endif
