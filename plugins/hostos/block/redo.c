/* redo.c - redo logs: made, opened, committed, discarded. See redo.h. */
#include "redo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG ".redo"
#define COMMIT ".redo-commit"
#define CHUNK (1u << 20)

/* path + ending; the caller frees it. */
static char *path_with(const char *path, const char *ending)
{
    size_t length = strlen(path), more = strlen(ending);
    char *whole = malloc(length + more + 1);
    if (whole) {
        memcpy(whole, path, length);
        memcpy(whole + length, ending, more + 1);
    }
    return whole;
}

static bool exists(const char *path, const char *ending)
{
    char *whole = path_with(path, ending);
    bool found = whole && access(whole, F_OK) == 0;
    free(whole);
    return found;
}

int redo_state(const char *path)
{
    return exists(path, COMMIT) ? REDO_COMMIT : exists(path, LOG) ? REDO_LOG : REDO_NONE;
}

/* The entry of a file in its folder is on the disk. */
static int folder_sync(const char *path)
{
    char *folder = strdup(path), *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder ? 1 : 0] = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 || fsync(fd) != 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    free(folder);
    return status;
}

/* Puts `log` over `base`, which it takes over in any case. */
static struct image *stack(struct image *base, struct image *log, abbey_error *error)
{
    if (log && log->bytes != base->bytes) {
        image_fail(error, "'%s' belongs to an image of %llu bytes, and '%s' has %llu", log->path,
            (unsigned long long)log->bytes, base->path, (unsigned long long)base->bytes);
        image_close(log);
        log = NULL;
    }
    if (!log) {
        image_close(base);
        return NULL;
    }
    log->backing = base;
    log->guessed = base->guessed; /* what is written comes into the image one day */
    log->cylinders = base->cylinders;
    log->heads = base->heads;
    log->sectors = base->sectors;
    return log;
}

static int log_create(const char *path, const struct image *base, abbey_error *error)
{
    const char *slash = strrchr(base->path, '/');
    struct image_new options = { .bytes = base->bytes, .path = path, .backing_format = base->format->name };
    options.backing = slash ? slash + 1 : base->path;
    return image_create(&image_qcow2, &options, error);
}

/* A log appears under its name when it is whole. */
static int log_make(const char *log, const struct image *base, abbey_error *error)
{
    char *fresh = path_with(log, ".new");
    int status = fresh ? 0 : image_fail(error, "'%s': out of memory", log);
    if (!status)
        unlink(fresh); /* left by one who was killed; the base is locked for writing by nobody, and logs by those who
                          use them */
    if (!status)
        status = log_create(fresh, base, error);
    if (!status && link(fresh, log) != 0 && errno != EEXIST)
        status = image_fail(error, "'%s': %s", log, strerror(errno));
    if (fresh)
        unlink(fresh);
    free(fresh);
    return status;
}

struct image *redo_open(const char *path, const char *format, abbey_error *error)
{
    struct image *base = image_open(path, format, 0, 1, error), *log = NULL;
    if (!base)
        return NULL;
    char *name = path_with(path, LOG);
    if (!name)
        image_fail(error, "'%s': out of memory", path);
    else if (access(name, F_OK) == 0 || log_make(name, base, error) == 0)
        log = image_open(name, "qcow2", IMAGE_WRITE | IMAGE_ALONE, 0, error);
    free(name);
    return stack(base, log, error);
}

struct image *redo_open_unnamed(const char *path, const char *format, abbey_error *error)
{
    const char *folder = getenv("TMPDIR");
    char name[4096];
    struct image *base = image_open(path, format, 0, 1, error), *log = NULL;
    if (!base)
        return NULL;
    snprintf(name, sizeof name, "%s/abbey-XXXXXX", folder && *folder ? folder : "/var/tmp");
    int fd = mkstemp(name);
    if (fd < 0) {
        image_fail(error, "'%s': %s; $TMPDIR says where what a nonpersistent disk gets is kept", name, strerror(errno));
    } else {
        struct image_new options = { .bytes = base->bytes, .path = name };
        if (image_qcow2.create(fd, &options, error) == 0)
            log = image_open(name, "qcow2", IMAGE_WRITE | IMAGE_ALONE, 0, error);
        unlink(name);
        close(fd);
    }
    return stack(base, log, error);
}

/* ---- commit ---- */

/* One chunk from the log to the base. */
static int chunk_commit(struct image *log, struct image *base, uint64_t offset, uint64_t *bytes, uint8_t *buffer)
{
    int what = log->format->map(log, offset, bytes);
    if (what < 0 || what == IMAGE_BELOW)
        return what < 0 ? what : 0;
    if (what == IMAGE_ZERO)
        return image_zero(base, offset, *bytes);
    *bytes = *bytes < CHUNK ? *bytes : CHUNK;
    struct iovec iov = { buffer, *bytes };
    int status = image_read(log, offset, &iov, 1);
    return status ? status : image_write(base, offset, &iov, 1);
}

static int log_apply(struct image *log, struct image *base, abbey_progress_fn progress, void *arg, abbey_error *error)
{
    uint8_t *buffer = malloc(CHUNK);
    int status = buffer ? 0 : -ENOMEM;
    if (log->bytes != base->bytes)
        status = -EINVAL;
    for (uint64_t offset = 0; offset < log->bytes && !status;) {
        uint64_t bytes = log->bytes - offset;
        status = chunk_commit(log, base, offset, &bytes, buffer);
        offset += bytes;
        if (progress && !status)
            progress(arg, offset, log->bytes);
    }
    if (!status)
        status = image_flush(base);
    free(buffer);
    return status ? image_fail(error, "committing '%s' to '%s': %s; it can be tried again", log->path, base->path,
                        strerror(-status))
                  : 0;
}

/* The format of the image that a log is for, as it says itself. */
static void base_format(const char *log, char *format, size_t room)
{
    uint8_t bytes[1024];
    int fd = open(log, O_RDONLY | O_CLOEXEC);
    snprintf(format, room, "auto");
    if (fd < 0)
        return;
    if (file_read(fd, 0, bytes, sizeof bytes) == 0)
        image_backing_format(bytes, sizeof bytes, format, room);
    close(fd);
}

int32_t redo_commit(const char *path, abbey_progress_fn progress, void *arg, abbey_error *error)
{
    char *log = path_with(path, LOG), *commit = path_with(path, COMMIT), format[32];
    int state = redo_state(path), status = -1;
    struct image *top = NULL, *base = NULL;
    if (!log || !commit)
        image_fail(error, "out of memory");
    else if (state == REDO_NONE)
        image_fail(error, "'%s' has no redo log: there is no '%s'", path, log);
    else
        top = image_open(state == REDO_LOG ? log : commit, "qcow2", IMAGE_WRITE | IMAGE_ALONE, 0, error);
    if (top && state == REDO_LOG && rename(log, commit) != 0)
        image_fail(error, "'%s': %s", log, strerror(errno));
    else if (top) {
        base_format(commit, format, sizeof format);
        base = image_open(path, format, IMAGE_WRITE, 0, error);
    }
    if (base) {
        status = log_apply(top, base, progress, arg, error);
        int closed = image_close(base);
        if (!status && closed)
            status = image_fail(error, "'%s': %s", path, strerror(-closed));
        if (!status && unlink(commit) != 0)
            status = image_fail(error, "'%s': %s", commit, strerror(errno));
        if (!status)
            folder_sync(path);
    }
    image_close(top);
    free(log);
    free(commit);
    return status;
}

int32_t redo_discard(const char *path, abbey_error *error)
{
    char *log = path_with(path, LOG);
    int status = -1, state = redo_state(path);
    if (state == REDO_COMMIT) {
        image_fail(error, "'%s%s': a commit was begun and has changed the image; `abbey disk commit` finishes it", path,
            COMMIT);
    } else if (!log || state == REDO_NONE) {
        image_fail(error, "'%s' has no redo log: there is no '%s%s'", path, path, LOG);
    } else {
        int fd = open(log, O_RDWR | O_CLOEXEC);
        if (fd < 0 || image_lock(fd, log, true, error) == 0)
            status = unlink(log) == 0 ? 0 : image_fail(error, "'%s': %s", log, strerror(errno));
        if (fd >= 0)
            close(fd);
    }
    free(log);
    return status;
}
