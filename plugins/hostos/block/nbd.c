/* nbd.c - disks of a network block device server, by libnbd: the backend "nbd".
 *
 * An export is an image like any other, without a file of ours. A request that finds the connection lost fails with
 * -ENOTCONN, which disk.c takes as a reason to wait and begin it again; each beginning makes one attempt to connect.
 *
 * A server may die with what it has acknowledged and not flushed. So that a flush still means what it says, all that is
 * kept (nbd_log.h) until the server has flushed it, and written again over a new connection:
 *
 *     guest     write A   write B              (waits)          flush
 *     server    A  B  -- dies, B is lost --    comes back   A B   flush
 *     log       A  A,B                         A,B          A,B   empty
 *
 * Where the log has grown large, a flush of our own empties it.
 *
 * A server may also hold its connection and say nothing any more. After the property `timeout` without a word its
 * connection counts as lost; when the machine ends, after a moment. */
#include "disk.h"

#ifdef HAVE_LIBNBD

#include <errno.h>
#include <libnbd.h>
#include <stdlib.h>
#include <string.h>

#include "nbd_log.h"

#define STEP 100         /* ms that are waited for a word of the server at a time */
#define CONNECT_STEPS 50 /* to connect, then the server counts as away */
#define QUIT_STEPS 20    /* for an answer, while the machine ends */

struct nbd {
    struct disk *disk;
    struct nbd_handle *handle; /* NULL: there is no connection */
    bool given_up;             /* the machine ends, and there was no answer */
    bool can_flush, can_trim, can_zero;
    struct nbd_log log;
};

static struct nbd *nbd_of(const struct image *image)
{
    return image->data;
}

static void disconnect(struct nbd *n)
{
    nbd_close(n->handle); /* NULL is good */
    n->handle = NULL;
}

static bool connected(struct nbd_handle *handle)
{
    for (unsigned i = 0; nbd_aio_is_connecting(handle) == 1 && i < CONNECT_STEPS; i++)
        if (nbd_poll(handle, STEP) < 0)
            return false;
    return nbd_aio_is_ready(handle) == 1;
}

static int connect_uri(struct nbd *n, const char *uri)
{
    n->handle = nbd_create();
    if (!n->handle)
        return -1;
    if (nbd_set_uri_allow_local_file(n->handle, true) != 0 || nbd_aio_connect_uri(n->handle, uri) != 0 ||
        !connected(n->handle))
        return -1;
    n->can_flush = nbd_can_flush(n->handle) == 1;
    n->can_trim = nbd_can_trim(n->handle) == 1;
    n->can_zero = nbd_can_zero(n->handle) == 1;
    return 0;
}

/* What a call of libnbd that failed means: without its connection, that it is to be made again. */
static int failure(struct nbd *n)
{
    int error = nbd_get_errno();
    if (nbd_aio_is_ready(n->handle) == 1)
        return error ? -error : -EIO;
    disconnect(n);
    return -ENOTCONN;
}

static bool quits(struct nbd *n)
{
    struct disk *disk = n->disk;
    disk->threads->lock(disk->mutex);
    bool quit = disk->quit;
    disk->threads->unlock(disk->mutex);
    return quit;
}

/* Waits for the answer to a command. -ENOTCONN also when none comes. */
static int answer(struct nbd *n, int64_t command)
{
    if (command < 0)
        return failure(n);
    for (uint32_t silent = 0; silent < n->disk->timeout * (1000 / STEP);) {
        int done = nbd_aio_command_completed(n->handle, (uint64_t)command);
        if (done)
            return done > 0 ? 0 : failure(n);
        int word = nbd_poll(n->handle, STEP);
        if (word < 0)
            return failure(n);
        silent = word ? 0 : silent + 1;
        n->given_up = silent >= QUIT_STEPS && quits(n);
        if (n->given_up)
            break;
    }
    disconnect(n);
    return -ENOTCONN;
}

static int send_write(struct nbd *n, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    return answer(n, nbd_aio_pwrite(n->handle, from, bytes, offset, NBD_NULL_COMPLETION, 0));
}

static int send_zeros(struct nbd *n, uint64_t offset, uint64_t bytes)
{
    if (n->can_zero)
        return answer(n, nbd_aio_zero(n->handle, bytes, offset, NBD_NULL_COMPLETION, 0));
    uint8_t *zeros = calloc(1, bytes);
    int status = zeros ? send_write(n, offset, zeros, bytes) : -ENOMEM;
    free(zeros);
    return status;
}

static int send_flush(struct nbd *n)
{
    int status = n->can_flush ? answer(n, nbd_aio_flush(n->handle, NBD_NULL_COMPLETION, 0)) : 0;
    if (!status)
        nbd_log_clear(&n->log);
    return status;
}

/* Sees to it that there is a connection, and that the server has all that it was given. */
static int ready(struct image *image)
{
    struct nbd *n = nbd_of(image);
    if (n->handle)
        return 0;
    if (n->given_up)
        return -ENOTCONN;
    if (connect_uri(n, image->path) != 0) {
        disconnect(n);
        n->given_up = quits(n);
        return -ENOTCONN;
    }
    if (((uint64_t)nbd_get_size(n->handle) & ~(uint64_t)(IMAGE_SECTOR - 1)) != image->bytes) {
        disconnect(n);
        return -ESTALE; /* another disk */
    }
    for (const struct nbd_note *note = n->log.first; note; note = note->next) {
        int status = note->data ? send_write(n, note->offset, note->data, note->bytes)
                                : send_zeros(n, note->offset, note->bytes);
        if (status) {
            disconnect(n);
            return status;
        }
    }
    return 0;
}

static int export_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    struct nbd *n = nbd_of(image);
    int status = ready(image);
    if (status)
        return status;
    return answer(n, nbd_aio_pread(n->handle, to, bytes, offset, NBD_NULL_COMPLETION, 0));
}

/* `from` NULL: zeros. A server that cannot flush keeps nothing back, as far as anybody can know. */
static int change(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    struct nbd *n = nbd_of(image);
    int status = ready(image);
    if (!status)
        status = from ? send_write(n, offset, from, bytes) : send_zeros(n, offset, bytes);
    if (status || !n->can_flush)
        return status;
    bool noted = nbd_log_add(&n->log, offset, from, bytes);
    return noted && !nbd_log_full(&n->log) ? 0 : send_flush(n);
}

static int export_write(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    return change(image, offset, from, bytes);
}

static int export_zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    return change(image, offset, NULL, bytes);
}

static int export_discard(struct image *image, uint64_t offset, uint64_t bytes)
{
    struct nbd *n = nbd_of(image);
    if (ready(image) == 0 && n->can_trim)
        (void)answer(n, nbd_aio_trim(n->handle, bytes, offset, NBD_NULL_COMPLETION, 0)); /* a hint: no more */
    return 0;
}

static int export_map(struct image *image, uint64_t offset, uint64_t *bytes)
{
    (void)image, (void)offset, (void)bytes;
    return IMAGE_DATA;
}

static int export_flush(struct image *image)
{
    int status = ready(image);
    return status ? status : send_flush(nbd_of(image));
}

static int export_close(struct image *image)
{
    struct nbd *n = nbd_of(image);
    if (n->handle && nbd_aio_disconnect(n->handle, 0) == 0)
        for (unsigned i = 0; i < QUIT_STEPS && nbd_aio_is_closed(n->handle) == 0 && nbd_aio_is_dead(n->handle) == 0;
             i++)
            if (nbd_poll(n->handle, STEP) < 0)
                break;
    disconnect(n);
    nbd_log_clear(&n->log);
    free(n);
    return 0;
}

static const struct image_format image_nbd = { .name = "nbd",
    .read = export_read,
    .write = export_write,
    .zero = export_zero,
    .discard = export_discard,
    .map = export_map,
    .flush = export_flush,
    .close = export_close };

static struct image *export_open(struct disk *disk, abbey_error *error)
{
    const char *uri = disk->uri;
    struct image *image = calloc(1, sizeof *image);
    struct nbd *n = calloc(1, sizeof *n);
    char *path = strdup(uri);
    int64_t size = -1;
    if (!image || !n || !path)
        image_fail(error, "out of memory");
    else if (connect_uri(n, uri) != 0 || (size = nbd_get_size(n->handle)) < 0)
        image_fail(error, "'%s': %s", uri, nbd_get_error() ? nbd_get_error() : "no answer");
    else if (size == 0)
        image_fail(error, "'%s': the export is empty", uri);
    if (size > 0) {
        image->path = path;
        image->format = &image_nbd;
        image->fd = -1;
        image->data = n;
        n->disk = disk;
        image->bytes = (uint64_t)size & ~(uint64_t)(IMAGE_SECTOR - 1);
        image->flags = disk->read_only || nbd_is_read_only(n->handle) == 1 ? 0 : IMAGE_WRITE;
        return image;
    }
    if (n)
        disconnect(n);
    free(path);
    free(image);
    free(n);
    return NULL;
}

int32_t nbd_backend_create(abbey_dev *dev, void *self, void **interface)
{
    struct disk *disk = self;
    abbey_error error = { "" };
    struct image *image = export_open(disk, &error);
    return image ? disk_start(disk, dev, image, interface) : abbey_fail(dev, "%s", error.text);
}

#endif
