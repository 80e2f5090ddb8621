/* image.c - opening images by name or by looking, and what all formats have in common. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct image_format *const formats[] = { &image_qcow2, &image_vmdk, &image_raw };
#define FORMAT_COUNT (sizeof formats / sizeof formats[0])

/* Beginnings of formats that we do not have: a file that looks like one is not raw. */
static const struct {
    const char *magic;
    uint8_t bytes;
    const char *name;
} foreign[] = {
    { "COWD", 4, "VMware COW" },
    { "conectix", 8, "VHD" },
    { "vhdxfile", 8, "VHDX" },
    { "<<< ", 4, "VDI" },
    { "QED", 4, "QED" },
    { "LUKS\xba\xbe", 6, "LUKS" },
};

const struct image_format *image_format_find(const char *name)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    return NULL;
}

static const struct image_format *probe(const uint8_t *header, size_t bytes)
{
    for (size_t i = 0; i < FORMAT_COUNT; i++)
        if (formats[i]->probe && formats[i]->probe(header, bytes))
            return formats[i];
    return &image_raw;
}

static const char *foreign_name(const uint8_t *header, size_t bytes)
{
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (bytes >= foreign[i].bytes && memcmp(header, foreign[i].magic, foreign[i].bytes) == 0)
            return foreign[i].name;
    return NULL;
}

/* The file itself, locked; -1 with the reason. */
static int file_open(const char *path, uint32_t flags, abbey_error *error)
{
    bool write = flags & IMAGE_WRITE;
    struct stat st;
    int fd = open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && write && (errno == EACCES || errno == EROFS || errno == EPERM))
        return image_fail(error, "'%s' cannot be written (%s); `mode: read-only` or `nonpersistent` leave it as it is",
            path, strerror(errno));
    if (fd < 0)
        return image_fail(error, "'%s': %s", path, strerror(errno));
    if (fstat(fd, &st) != 0 || !(S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))) {
        close(fd);
        return image_fail(error, "'%s' is neither a file nor a block device", path);
    }
    if (!(flags & IMAGE_NO_LOCK) && image_lock(fd, path, write, error)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* Which format it is to be; NULL with the reason. */
static const struct image_format *format_choose(struct image *image, const char *name, abbey_error *error)
{
    uint8_t header[IMAGE_HEADER];
    if (strcmp(name, "auto") != 0) {
        const struct image_format *format = image_format_find(name);
        if (!format)
            image_fail(error, "'%s' has the format '%.40s'; there are " IMAGE_FORMATS, image->path, name);
        return format;
    }
    int status = file_read(image->fd, 0, header, sizeof header);
    if (status) {
        image_fail(error, "'%s': %s", image->path, strerror(-status));
        return NULL;
    }
    const char *other = foreign_name(header, sizeof header);
    if (other) {
        image_fail(error, "'%s' is a %s image; there are " IMAGE_FORMATS, image->path, other);
        return NULL;
    }
    const struct image_format *format = probe(header, sizeof header);
    image->guessed = format == &image_raw;
    return format;
}

struct image *image_open(const char *path, const char *format, uint32_t flags, uint32_t depth, abbey_error *error)
{
    if (depth >= IMAGE_CHAIN_LIMIT) {
        image_fail(error, "'%s': more than %u images stand on each other", path, IMAGE_CHAIN_LIMIT);
        return NULL;
    }
    struct image *image = calloc(1, sizeof *image);
    if (!image || !(image->path = strdup(path))) {
        free(image);
        image_fail(error, "'%s': out of memory", path);
        return NULL;
    }
    image->flags = flags;
    image->depth = depth;
    image->fd = file_open(path, flags, error);
    image->format = image->fd >= 0 ? format_choose(image, format, error) : NULL;
    if (image->format && image->format->open(image, error) == 0)
        return image;
    image_close(image->backing);
    if (image->fd >= 0)
        close(image->fd);
    free(image->path);
    free(image);
    return NULL;
}

int image_close(struct image *image)
{
    if (!image)
        return 0;
    int status = image->format->close(image);
    int below = image_close(image->backing);
    if (image->fd >= 0)
        close(image->fd);
    free(image->path);
    free(image);
    return status ? status : below;
}

/* ---- requests ---- */

static int range_check(const struct image *image, uint64_t offset, uint64_t bytes, bool write)
{
    if ((offset | bytes) % IMAGE_SECTOR || offset > image->bytes || bytes > image->bytes - offset)
        return -EINVAL;
    return write && !(image->flags & IMAGE_WRITE) ? -EROFS : 0;
}

static uint64_t iov_bytes(const struct iovec *iov, int count)
{
    uint64_t bytes = 0;
    for (int i = 0; i < count; i++)
        bytes += iov[i].iov_len;
    return bytes;
}

static void iov_copy(const struct iovec *iov, int count, uint8_t *flat, bool gather)
{
    for (int i = 0; i < count; i++) {
        if (gather)
            memcpy(flat, iov[i].iov_base, iov[i].iov_len);
        else
            memcpy(iov[i].iov_base, flat, iov[i].iov_len);
        flat += iov[i].iov_len;
    }
}

int image_read(struct image *image, uint64_t offset, const struct iovec *iov, int count)
{
    uint64_t bytes = iov_bytes(iov, count);
    int status = range_check(image, offset, bytes, false);
    if (status || !bytes)
        return status;
    if (image->format->readv)
        return image->format->readv(image, offset, iov, count);
    if (count == 1)
        return image->format->read(image, offset, iov->iov_base, bytes);
    uint8_t *flat = malloc(bytes);
    status = flat ? image->format->read(image, offset, flat, bytes) : -ENOMEM;
    if (!status)
        iov_copy(iov, count, flat, false);
    free(flat);
    return status;
}

static bool looks_foreign(const struct iovec *iov, int count)
{
    uint8_t header[IMAGE_HEADER];
    size_t have = 0;
    for (int i = 0; i < count && have < sizeof header; i++) {
        size_t part = iov[i].iov_len < sizeof header - have ? iov[i].iov_len : sizeof header - have;
        memcpy(header + have, iov[i].iov_base, part);
        have += part;
    }
    return probe(header, have) != &image_raw || foreign_name(header, have);
}

int image_write(struct image *image, uint64_t offset, const struct iovec *iov, int count)
{
    uint64_t bytes = iov_bytes(iov, count);
    int status = range_check(image, offset, bytes, true);
    if (status || !bytes)
        return status;
    if (offset == 0 && image->guessed && looks_foreign(iov, count))
        return -EPERM;
    if (image->format->writev)
        return image->format->writev(image, offset, iov, count);
    if (count == 1)
        return image->format->write(image, offset, iov->iov_base, bytes);
    uint8_t *flat = malloc(bytes);
    if (flat)
        iov_copy(iov, count, flat, true);
    status = flat ? image->format->write(image, offset, flat, bytes) : -ENOMEM;
    free(flat);
    return status;
}

int image_zero(struct image *image, uint64_t offset, uint64_t bytes)
{
    static const uint8_t zeros[65536];
    int status = range_check(image, offset, bytes, true);
    if (status || !bytes)
        return status;
    if (image->format->zero)
        return image->format->zero(image, offset, bytes);
    while (bytes && !status) {
        uint64_t part = bytes < sizeof zeros ? bytes : sizeof zeros;
        status = image->format->write(image, offset, zeros, part);
        offset += part;
        bytes -= part;
    }
    return status;
}

int image_discard(struct image *image, uint64_t offset, uint64_t bytes)
{
    int status = range_check(image, offset, bytes, true);
    return status || !bytes || !image->format->discard ? status : image->format->discard(image, offset, bytes);
}

int image_flush(struct image *image)
{
    return image->flags & IMAGE_WRITE ? image->format->flush(image) : 0;
}

int image_create(const struct image_format *format, const struct image_new *options, abbey_error *error)
{
    if (!format->create)
        return image_fail(error, "images of format %s cannot be made", format->name);
    int fd = open(options->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0)
        return image_fail(error, "'%s': %s", options->path, strerror(errno));
    int status = format->create(fd, options, error);
    if (close(fd) != 0 && status == 0)
        status = image_fail(error, "'%s': %s", options->path, strerror(errno));
    if (status)
        image_remove(format, options->path);
    return status;
}

void image_remove(const struct image_format *format, const char *path)
{
    if (format->remove)
        format->remove(path);
    else
        unlink(path);
}
