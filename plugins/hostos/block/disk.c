/* disk.c - the block backend: requests of a device, carried out by a thread of their own.
 *
 * The device submits under the machine lock; the request goes into a queue, the thread takes it, and when it is done
 * posts it to the machine's loop, which calls done() under the lock again:
 *
 *     vCPU   submit() -> queue                                              done(): data to the guest, interrupt
 *     thread             take -> preadv() -> post                              ^
 *     loop                                   completed() ----------------------+
 *
 * Requests are carried out one after the other, so that a flush covers every write before it and formats need no locks.
 * A request that the host cannot do now begins again later (stall.c). */
#include "disk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHANGE_MEDIUM 0x100u /* a request of our own: owner is the new image, or NULL */
#define IOV_ON_STACK 64u

/* ---- the thread ---- */

/* Now and then is enough for a disk that fails again and again. */
static void error_log(struct disk *disk, const abbey_block_request *request, int status)
{
    static const char *const verbs[] = { "read", "write", "flush", "discard", "zero" };
    if (status != disk->last_error)
        disk->error_count = 0;
    disk->last_error = status;
    disk->error_count++;
    if (disk->error_count & (disk->error_count - 1))
        return;
    if (status == -EPERM)
        abbey_log(disk->dev, ABBEY_LOG_ERROR,
            "the guest writes the header of another image format into '%s', whose format was guessed; refused. Say "
            "`format: raw` to allow it",
            disk->image->path);
    else
        abbey_log(disk->dev, ABBEY_LOG_ERROR, "cannot %s '%s' at %llu: %s", verbs[request->kind], disk->image->path,
            (unsigned long long)request->offset,
            status == -ENOTCONN ? "its server does not answer, and the machine ends" : strerror(-status));
}

static int data_move(struct image *image, const abbey_block_request *request)
{
    struct iovec on_stack[IOV_ON_STACK], *iov = on_stack;
    uint32_t count = request->segment_count;
    uint64_t bytes = 0;
    if (count > IOV_ON_STACK && !(iov = malloc(count * sizeof *iov)))
        return -ENOMEM;
    for (uint32_t i = 0; i < count; i++) {
        iov[i] = (struct iovec){ request->segments[i].bytes, request->segments[i].count };
        bytes += request->segments[i].count;
    }
    int status = bytes != request->bytes             ? -EINVAL
                 : request->kind == ABBEY_BLOCK_READ ? image_read(image, request->offset, iov, (int)count)
                                                     : image_write(image, request->offset, iov, (int)count);
    if (iov != on_stack)
        free(iov);
    return status;
}

static int carry_out(struct image *image, const abbey_block_request *request)
{
    switch (request->kind) {
    case ABBEY_BLOCK_READ:
    case ABBEY_BLOCK_WRITE: return data_move(image, request);
    case ABBEY_BLOCK_FLUSH: return image_flush(image);
    case ABBEY_BLOCK_DISCARD: return image_discard(image, request->offset, request->bytes);
    case ABBEY_BLOCK_ZERO: return image_zero(image, request->offset, request->bytes);
    default: return -EINVAL;
    }
}

static int32_t request_run(struct disk *disk, const abbey_block_request *request)
{
    if (!disk->image)
        return ABBEY_BLOCK_NO_MEDIUM;
    int status = carry_out(disk->image, request);
    struct stall stall = { 0 };
    while (stall_wait(disk, &stall, status))
        status = carry_out(disk->image, request);
    stall_end(disk, &stall, status);
    if (status == 0)
        return ABBEY_BLOCK_OK;
    if (status == -EROFS || status == -EINVAL)
        return status == -EROFS ? ABBEY_BLOCK_READ_ONLY : ABBEY_BLOCK_BAD_RANGE;
    error_log(disk, request, status);
    return ABBEY_BLOCK_FAILED;
}

static void image_drop(struct disk *disk)
{
    char path[200];
    if (!disk->image)
        return;
    snprintf(path, sizeof path, "%s", disk->image->path);
    int status = image_close(disk->image);
    disk->image = NULL;
    if (status)
        abbey_log(disk->dev, ABBEY_LOG_ERROR, "closing '%s': %s", path, strerror(-status));
}

/* [io] */
static void completed(void *arg)
{
    abbey_block_request *request = arg;
    request->done(request->self, request);
}

static void thread_main(void *arg)
{
    struct disk *disk = arg;
    disk->threads->lock(disk->mutex);
    for (;;) {
        while (!disk->first && !disk->quit)
            disk->threads->wait(disk->wake, disk->mutex, ABBEY_NEVER);
        abbey_block_request *request = disk->first;
        if (!request)
            break;
        disk->first = request->next;
        if (!disk->first)
            disk->last = &disk->first;
        bool quit = disk->quit;
        disk->threads->unlock(disk->mutex);
        if (request->kind == CHANGE_MEDIUM) {
            image_drop(disk);
            disk->image = request->owner;
            free(request);
        } else {
            request->result = request_run(disk, request);
            if (!quit)
                disk->event->post(disk->loop, completed, request);
        }
        disk->threads->lock(disk->mutex);
    }
    disk->threads->unlock(disk->mutex);
}

/* ---- the device's side ---- */

static void enqueue(struct disk *disk, abbey_block_request *request)
{
    request->next = NULL;
    disk->threads->lock(disk->mutex);
    *disk->last = request;
    disk->last = &request->next;
    disk->threads->wake(disk->wake);
    disk->threads->unlock(disk->mutex);
}

static void disk_submit(abbey_block *block, abbey_block_request *request)
{
    enqueue((struct disk *)block, request);
}

static int32_t disk_attach(abbey_block *block, const abbey_block_client_1 *client, void *self)
{
    struct disk *disk = (struct disk *)block;
    if (disk->client)
        return -1;
    disk->client = client;
    disk->client_self = self;
    return 0;
}

static void disk_info(abbey_block *block, abbey_block_info *info)
{
    const struct disk *disk = (const struct disk *)block;
    uint32_t size = info->size;
    memcpy(info, &disk->info, size < sizeof disk->info ? size : sizeof disk->info);
    info->size = size;
}

static void disk_lock(abbey_block *block, uint32_t on)
{
    ((struct disk *)block)->door_locked = on != 0;
}

static void info_set(struct disk *disk, const struct image *image)
{
    disk->info = (abbey_block_info){ .size = sizeof disk->info };
    if (!image)
        return;
    disk->info.flags = ABBEY_BLOCK_PRESENT | (image->flags & IMAGE_WRITE ? ABBEY_BLOCK_WRITABLE : 0u);
    disk->info.bytes = image->bytes;
    disk->info.cylinders = image->cylinders;
    disk->info.heads = image->heads;
    disk->info.sectors = image->sectors;
}

/* Requests that are in the queue still go to the medium before. */
static int32_t medium_change(struct disk *disk, struct image *image)
{
    abbey_block_request *change = calloc(1, sizeof *change);
    if (!change)
        return -1;
    change->kind = CHANGE_MEDIUM;
    change->owner = image;
    info_set(disk, image);
    enqueue(disk, change);
    return 0;
}

static int32_t disk_eject(abbey_block *block)
{
    struct disk *disk = (struct disk *)block;
    if (!disk->client || !(disk->client->flags & ABBEY_BLOCK_REMOVABLE))
        return -1;
    return disk->info.flags & ABBEY_BLOCK_PRESENT ? medium_change(disk, NULL) : 0;
}

/* [io] */
static int32_t disk_change(abbey_block *block, const char *path, uint32_t force, abbey_error *error)
{
    struct disk *disk = (struct disk *)block;
    struct image *image = NULL;
    if (!disk->client || !(disk->client->flags & ABBEY_BLOCK_REMOVABLE) || disk->uri)
        return image_fail(error, "the medium of this drive cannot be changed");
    if (disk->door_locked && !force && (disk->info.flags & ABBEY_BLOCK_PRESENT)) {
        disk->client->event(disk->client_self, ABBEY_BLOCK_EJECT);
        return image_fail(error, "the guest has locked the drive; it has been asked to let go of the medium");
    }
    if (path &&
        !(image = mode_open(path, disk->format ? disk->format : "auto", disk->mode ? disk->mode : "read-only", error)))
        return -1;
    if (medium_change(disk, image)) {
        image_close(image);
        return image_fail(error, "out of memory");
    }
    if (disk->client->event)
        disk->client->event(disk->client_self, ABBEY_BLOCK_CHANGED);
    return 0;
}

static const abbey_block_ops_1 disk_ops = { .size = sizeof disk_ops,
    .attach = disk_attach,
    .info = disk_info,
    .submit = disk_submit,
    .lock = disk_lock,
    .eject = disk_eject,
    .change = disk_change };

/* ---- the instance ---- */

static int32_t services_take(struct disk *disk)
{
    abbey_dev *dev = disk->dev;
    disk->threads = abbey_query(dev, ABBEY_HOST_THREAD_1);
    disk->event = abbey_query(dev, ABBEY_HOST_EVENT_1);
    disk->clock = abbey_query(dev, ABBEY_HOST_CLOCK_1);
    disk->control = abbey_control(dev);
    disk->loop = abbey_loop_get(dev);
    if (!disk->threads || !disk->event || !disk->clock || !disk->loop)
        return abbey_fail(dev, "this host offers no threads, no clock or no event loop");
    disk->mutex = disk->threads->mutex_new();
    disk->wake = disk->threads->cond_new();
    return disk->mutex && disk->wake ? 0 : abbey_fail(dev, "out of memory");
}

static void parts_free(struct disk *disk)
{
    image_drop(disk);
    if (disk->threads) {
        disk->threads->cond_free(disk->wake);
        disk->threads->mutex_free(disk->mutex);
    }
}

int32_t disk_start(struct disk *disk, abbey_dev *dev, struct image *image, void **interface)
{
    abbey_error error = { "" };
    disk->dev = dev;
    disk->block.ops = &disk_ops;
    disk->last = &disk->first;
    disk->image = image;
    info_set(disk, image);
    if (services_take(disk)) {
        parts_free(disk);
        return -1;
    }
    disk->thread = disk->threads->start("disk", thread_main, disk, &error);
    if (!disk->thread) {
        parts_free(disk);
        return abbey_fail(dev, "%s", error.text);
    }
    *interface = &disk->block;
    return 0;
}

int32_t disk_create(abbey_dev *dev, void *self, void **interface)
{
    struct disk *disk = self;
    abbey_error error = { "" };
    struct image *image = NULL;
    if (disk->path && *disk->path) {
        image = mode_open(disk->path, disk->format, disk->mode, &error);
        if (!image)
            return abbey_fail(dev, "%s", error.text);
    }
    return disk_start(disk, dev, image, interface);
}

void disk_destroy(void *self)
{
    struct disk *disk = self;
    disk->threads->lock(disk->mutex);
    disk->quit = true;
    disk->threads->wake(disk->wake);
    disk->threads->unlock(disk->mutex);
    disk->threads->join(disk->thread);
    parts_free(disk);
}
