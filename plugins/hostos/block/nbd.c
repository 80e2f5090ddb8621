/* nbd.c - disks of a network block device server, by libnbd: the backend "nbd".
 *
 * An export is an image like any other, without a file of ours. When the connection is lost, the next request makes a
 * new one; what the server had acknowledged but not flushed is the server's to keep. */
#include "disk.h"

#ifdef HAVE_LIBNBD

#include <errno.h>
#include <libnbd.h>
#include <stdlib.h>
#include <string.h>

struct nbd {
    struct nbd_handle *handle;
    bool can_flush, can_trim, can_zero;
};

static struct nbd *nbd_of(const struct image *image)
{
    return image->data;
}

static bool usable(const struct image *image)
{
    return nbd_of(image)->handle != NULL;
}

static int connect_uri(struct nbd *n, const char *uri)
{
    n->handle = nbd_create();
    if (!n->handle)
        return -1;
    if (nbd_set_uri_allow_local_file(n->handle, true) != 0 || nbd_connect_uri(n->handle, uri) != 0)
        return -1;
    n->can_flush = nbd_can_flush(n->handle) == 1;
    n->can_trim = nbd_can_trim(n->handle) == 1;
    n->can_zero = nbd_can_zero(n->handle) == 1;
    return 0;
}

/* What the last call of libnbd says; a handle that could not be made again says nothing. */
static int failure(void)
{
    int error = nbd_get_errno();
    return error ? -error : -EIO;
}

/* After a request that failed: whether a new connection makes it worth another try. */
static bool again(struct image *image, unsigned *tries)
{
    struct nbd *n = nbd_of(image);
    uint64_t size = image->bytes;
    if (usable(image) && !nbd_aio_is_dead(n->handle) && !nbd_aio_is_closed(n->handle))
        return false;
    if ((*tries)++)
        return false;
    nbd_close(n->handle); /* NULL is good */
    return connect_uri(n, image->path) == 0 && (uint64_t)nbd_get_size(n->handle) == size;
}

static int export_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    int status;
    unsigned tries = 0;
    do
        status = usable(image) && nbd_pread(nbd_of(image)->handle, to, bytes, offset, 0) == 0 ? 0 : failure();
    while (status && again(image, &tries));
    return status;
}

static int export_write(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    int status;
    unsigned tries = 0;
    do
        status = usable(image) && nbd_pwrite(nbd_of(image)->handle, from, bytes, offset, 0) == 0 ? 0 : failure();
    while (status && again(image, &tries));
    return status;
}

static int export_zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    struct nbd *n = nbd_of(image);
    unsigned tries = 0;
    int status;
    if (!n->can_zero) {
        uint8_t *zeros = calloc(1, bytes);
        status = zeros ? export_write(image, offset, zeros, bytes) : -ENOMEM;
        free(zeros);
        return status;
    }
    do
        status = usable(image) && nbd_zero(n->handle, bytes, offset, 0) == 0 ? 0 : failure();
    while (status && again(image, &tries));
    return status;
}

static int export_discard(struct image *image, uint64_t offset, uint64_t bytes)
{
    if (usable(image) && nbd_of(image)->can_trim)
        (void)nbd_trim(nbd_of(image)->handle, bytes, offset, 0); /* a hint: the space stays taken, and that is all */
    return 0;
}

static int export_map(struct image *image, uint64_t offset, uint64_t *bytes)
{
    (void)image, (void)offset, (void)bytes;
    return IMAGE_DATA;
}

/* A flush is not tried again: what a lost connection takes along cannot be flushed over another. */
static int export_flush(struct image *image)
{
    struct nbd *n = nbd_of(image);
    return usable(image) && (!n->can_flush || nbd_flush(n->handle, 0) == 0) ? 0 : failure();
}

static int export_close(struct image *image)
{
    struct nbd *n = nbd_of(image);
    if (usable(image))
        nbd_shutdown(n->handle, 0);
    nbd_close(n->handle);
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

static struct image *export_open(const char *uri, bool read_only, abbey_error *error)
{
    struct image *image = calloc(1, sizeof *image);
    struct nbd *n = calloc(1, sizeof *n);
    int64_t size = -1;
    if (image && n && (image->path = strdup(uri)) && connect_uri(n, uri) == 0)
        size = nbd_get_size(n->handle);
    if (size > 0) {
        image->format = &image_nbd;
        image->fd = -1;
        image->data = n;
        image->bytes = (uint64_t)size & ~(uint64_t)(IMAGE_SECTOR - 1);
        image->flags = read_only || nbd_is_read_only(n->handle) == 1 ? 0 : IMAGE_WRITE;
        return image;
    }
    image_fail(error, "'%s': %s", uri,
        size == 0         ? "the export is empty"
        : nbd_get_error() ? nbd_get_error()
                          : "out of memory");
    if (n && n->handle)
        nbd_close(n->handle);
    if (image)
        free(image->path);
    free(image);
    free(n);
    return NULL;
}

int32_t nbd_backend_create(abbey_dev *dev, void *self, void **interface)
{
    struct disk *disk = self;
    abbey_error error = { "" };
    struct image *image = export_open(disk->uri, disk->read_only, &error);
    return image ? disk_start(disk, dev, image, interface) : abbey_fail(dev, "%s", error.text);
}

#endif
