/* service.c - the service "abbey.host.image/1": images as files, for `abbey disk`. */
#include "service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "redo.h"

#define CHUNK (1u << 20)

/* By name, or by the ending of the path; NULL with the reason. */
static const struct image_format *format_for(const char *name, const char *path, abbey_error *error)
{
    const char *ending = strrchr(path, '.');
    if (!name && ending && (strcmp(ending, ".qcow2") == 0 || strcmp(ending, ".vmdk") == 0))
        name = ending + 1;
    const struct image_format *format = image_format_find(name ? name : "raw");
    if (!format)
        image_fail(error, "there is no format '%.40s'; there are " IMAGE_FORMATS, name);
    return format;
}

static void options_copy(abbey_image_options *to, const abbey_image_options *from)
{
    memset(to, 0, sizeof *to);
    memcpy(to, from, from->size < sizeof *to ? from->size : sizeof *to);
}

static int32_t service_create(const char *path, const abbey_image_options *given, abbey_error *error)
{
    abbey_image_options o;
    options_copy(&o, given);
    const struct image_format *format = format_for(o.format, path, error);
    struct image_new options = {
        .bytes = o.bytes, .cluster = o.cluster, .path = path, .backing = o.backing, .backing_format = o.backing_format
    };
    if (!format)
        return -1;
    if (o.backing) { /* it must be there, and gives the size and the format that are not said */
        char *beside = path_beside(path, o.backing);
        struct image *below =
            beside ? image_open(beside, o.backing_format ? o.backing_format : "auto", 0, 1, error) : NULL;
        free(beside);
        if (!below)
            return -1;
        options.bytes = o.bytes ? o.bytes : below->bytes;
        options.backing_format = below->format->name;
        image_close(below);
    }
    if (!options.bytes || options.bytes % IMAGE_SECTOR)
        return image_fail(error, "'%s': its size is to be a number of sectors of 512 bytes, not %llu bytes", path,
            (unsigned long long)options.bytes);
    return image_create(format, &options, error);
}

static int32_t service_info(const char *path, const char *format, abbey_fact_fn fact, void *arg, abbey_error *error)
{
    struct stat st;
    int redo = redo_state(path);
    struct image *image = image_open(path, format ? format : "auto", 0, 0, error);
    if (!image)
        return -1;
    fact(arg, "format", image->format->name, 0);
    fact(arg, "bytes", NULL, image->bytes);
    if (fstat(image->fd, &st) == 0)
        fact(arg, "allocated", NULL, (uint64_t)st.st_blocks * 512);
    if (image->cylinders) {
        fact(arg, "cylinders", NULL, image->cylinders);
        fact(arg, "heads", NULL, image->heads);
        fact(arg, "sectors", NULL, image->sectors);
    }
    if (image->format->describe)
        image->format->describe(image, fact, arg);
    if (image->backing) {
        fact(arg, "backing", image->backing->path, 0);
        fact(arg, "backing-format", image->backing->format->name, 0);
    }
    if (redo != REDO_NONE)
        fact(arg, "redo", redo == REDO_LOG ? "log" : "commit begun", 0);
    image_close(image);
    return 0;
}

/* ---- convert ---- */

/* Whether the image, with all it stands on, may have something else than zeros there; *bytes of the answer. */
static int data_find(struct image *image, uint64_t offset, uint64_t *bytes)
{
    while (image) {
        if (offset >= image->bytes)
            return 0;
        uint64_t left = image->bytes - offset;
        *bytes = *bytes < left ? *bytes : left;
        int what = image->format->map(image, offset, bytes);
        if (what != IMAGE_BELOW)
            return what == IMAGE_ZERO ? 0 : what;
        image = image->backing;
    }
    return 0;
}

static bool all_zero(const uint8_t *bytes, uint64_t count)
{
    return bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0;
}

static int contents_copy(struct image *from, struct image *to, abbey_progress_fn progress, void *arg)
{
    uint8_t *buffer = malloc(CHUNK);
    int status = buffer ? 0 : -ENOMEM;
    for (uint64_t offset = 0; offset < from->bytes && !status;) {
        uint64_t bytes = from->bytes - offset;
        int data = data_find(from, offset, &bytes);
        if (data > 0) {
            bytes = bytes < CHUNK - offset % CHUNK ? bytes : CHUNK - offset % CHUNK;
            struct iovec iov = { buffer, bytes };
            status = image_read(from, offset, &iov, 1);
            if (!status && !all_zero(buffer, bytes))
                status = image_write(to, offset, &iov, 1);
        } else {
            status = data;
        }
        offset += bytes;
        if (progress && !status)
            progress(arg, offset, from->bytes);
    }
    if (!status)
        status = image_flush(to);
    free(buffer);
    return status;
}

static int copy_make(struct image *from, const char *path, const struct image_format *format, uint64_t size,
    uint32_t cluster, abbey_progress_fn progress, void *arg, abbey_error *error)
{
    struct image_new options = { .bytes = size, .cluster = cluster, .path = path };
    if (image_create(format, &options, error))
        return -1;
    struct image *to = image_open(path, format->name, IMAGE_WRITE, 0, error);
    int status = to ? contents_copy(from, to, progress, arg) : -1;
    int closed = image_close(to);
    if (to && (status || closed))
        image_fail(error, "copying '%s' to '%s': %s", from->path, path, strerror(status ? -status : -closed));
    if (!to || status || closed) {
        image_remove(format, path);
        return -1;
    }
    return 0;
}

static int32_t service_convert(const char *from, const char *from_format, const char *to,
    const abbey_image_options *given, abbey_progress_fn progress, void *arg, abbey_error *error)
{
    abbey_image_options o;
    options_copy(&o, given);
    const struct image_format *format = format_for(o.format, to, error);
    struct image *source = format ? image_open(from, from_format ? from_format : "auto", 0, 0, error) : NULL;
    int status = -1;
    if (source && o.bytes && (o.bytes < source->bytes || o.bytes % IMAGE_SECTOR))
        image_fail(error, "'%s' has %llu bytes and does not fit in %llu", from, (unsigned long long)source->bytes,
            (unsigned long long)o.bytes);
    else if (source)
        status = copy_make(source, to, format, o.bytes ? o.bytes : source->bytes, o.cluster, progress, arg, error);
    image_close(source);
    return status;
}

const abbey_host_image_1 image_service = { .size = sizeof image_service,
    .formats = IMAGE_FORMATS,
    .create = service_create,
    .info = service_info,
    .convert = service_convert,
    .commit = redo_commit,
    .discard = redo_discard };
