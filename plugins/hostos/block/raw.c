/* raw.c - images that are the bytes of the disk: plain files and block devices. A file whose length is no multiple of
 * 512 is read as if zeros followed. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define IOV_LIMIT 64

static int raw_open(struct image *image, abbey_error *error)
{
    int64_t bytes = file_bytes(image->fd);
    if (bytes < 0)
        return image_fail(error, "'%s': %s", image->path, strerror((int)-bytes));
    image->bytes = ((uint64_t)bytes + IMAGE_SECTOR - 1) & ~(uint64_t)(IMAGE_SECTOR - 1);
    return 0;
}

/* Takes the first `done` bytes off a list of at most IOV_LIMIT. */
static void iov_skip(struct iovec *iov, int *first, int count, size_t done)
{
    while (*first < count && done >= iov[*first].iov_len)
        done -= iov[(*first)++].iov_len;
    if (*first < count) {
        iov[*first].iov_base = (uint8_t *)iov[*first].iov_base + done;
        iov[*first].iov_len -= done;
    }
}

/* One call for many segments, again for what it left. */
static int raw_move(struct image *image, uint64_t offset, const struct iovec *from, int count, bool write)
{
    while (count > 0) {
        struct iovec iov[IOV_LIMIT];
        int part = count < IOV_LIMIT ? count : IOV_LIMIT, first = 0;
        memcpy(iov, from, (size_t)part * sizeof iov[0]);
        while (first < part) {
            ssize_t got = write ? pwritev(image->fd, iov + first, part - first, (off_t)offset)
                                : preadv(image->fd, iov + first, part - first, (off_t)offset);
            if (got < 0 && errno == EINTR)
                continue;
            if (got < 0 || (got == 0 && write))
                return got < 0 ? -errno : -ENOSPC;
            for (int i = first; got == 0 && i < part; i++)
                memset(iov[i].iov_base, 0, iov[i].iov_len); /* past the end of the file */
            if (got == 0)
                break;
            iov_skip(iov, &first, part, (size_t)got);
            offset += (uint64_t)got;
        }
        from += part;
        count -= part;
    }
    return 0;
}

static int raw_readv(struct image *image, uint64_t offset, const struct iovec *iov, int count)
{
    return raw_move(image, offset, iov, count, false);
}

static int raw_writev(struct image *image, uint64_t offset, const struct iovec *iov, int count)
{
    return raw_move(image, offset, iov, count, true);
}

static int raw_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    return file_read(image->fd, offset, to, bytes);
}

static int raw_write(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    return file_write(image->fd, offset, from, bytes);
}

static int raw_zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    return file_zero(image->fd, offset, bytes);
}

static int raw_discard(struct image *image, uint64_t offset, uint64_t bytes)
{
    /* Where the file system cannot, the space stays taken, and that is all. */
    (void)fallocate(image->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
    return 0;
}

/* Holes of the file are zeros that need not be copied. */
static int raw_map(struct image *image, uint64_t offset, uint64_t *bytes)
{
    off_t data = lseek(image->fd, (off_t)offset, SEEK_DATA);
    if (data < 0 && errno == ENXIO)
        return IMAGE_ZERO;
    if (data < 0)
        return IMAGE_DATA;
    if ((uint64_t)data > offset) {
        uint64_t hole = ((uint64_t)data - offset) & ~(uint64_t)(IMAGE_SECTOR - 1);
        if (hole) {
            *bytes = hole < *bytes ? hole : *bytes;
            return IMAGE_ZERO;
        }
    }
    off_t end = lseek(image->fd, (off_t)offset, SEEK_HOLE);
    if (end > 0) {
        uint64_t part = ((uint64_t)end - offset + IMAGE_SECTOR - 1) & ~(uint64_t)(IMAGE_SECTOR - 1);
        *bytes = part && part < *bytes ? part : *bytes;
    }
    return IMAGE_DATA;
}

static int raw_flush(struct image *image)
{
    return fdatasync(image->fd) == 0 ? 0 : -errno;
}

static int raw_close(struct image *image)
{
    (void)image;
    return 0;
}

static int raw_create(int fd, const struct image_new *options, abbey_error *error)
{
    if (options->backing)
        return image_fail(error, "a raw image cannot stand on another");
    if (ftruncate(fd, (off_t)options->bytes) != 0)
        return image_fail(error, "'%s': %s", options->path, strerror(errno));
    return 0;
}

const struct image_format image_raw = { .name = "raw",
    .open = raw_open,
    .read = raw_read,
    .write = raw_write,
    .readv = raw_readv,
    .writev = raw_writev,
    .zero = raw_zero,
    .discard = raw_discard,
    .map = raw_map,
    .flush = raw_flush,
    .close = raw_close,
    .create = raw_create };
