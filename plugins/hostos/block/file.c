/* file.c - reading and writing all of a range of a file, and paths beside one. */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int image_fail(abbey_error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (error)
        vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return -1;
}

int file_read(int fd, uint64_t offset, void *to, size_t bytes)
{
    uint8_t *at = to;
    while (bytes) {
        ssize_t got = pread(fd, at, bytes, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0) {
            memset(at, 0, bytes);
            break;
        }
        at += got;
        offset += (uint64_t)got;
        bytes -= (size_t)got;
    }
    return 0;
}

int file_write(int fd, uint64_t offset, const void *from, size_t bytes)
{
    const uint8_t *at = from;
    while (bytes) {
        ssize_t put = pwrite(fd, at, bytes, (off_t)offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? -errno : -ENOSPC;
        at += put;
        offset += (uint64_t)put;
        bytes -= (size_t)put;
    }
    return 0;
}

int file_zero(int fd, uint64_t offset, uint64_t bytes)
{
    static const uint8_t zeros[65536];
    if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0)
        return 0;
    while (bytes) {
        size_t part = bytes < sizeof zeros ? (size_t)bytes : sizeof zeros;
        int status = file_write(fd, offset, zeros, part);
        if (status)
            return status;
        offset += part;
        bytes -= part;
    }
    return 0;
}

int64_t file_bytes(int fd)
{
    off_t end = lseek(fd, 0, SEEK_END); /* works for block devices as well */
    return end < 0 ? -errno : (int64_t)end;
}

char *path_beside(const char *of, const char *path)
{
    const char *slash = strrchr(of, '/');
    if (path[0] == '/' || !slash)
        return strdup(path);
    size_t folder = (size_t)(slash - of) + 1, length = strlen(path);
    char *whole = malloc(folder + length + 1);
    if (whole) {
        memcpy(whole, of, folder);
        memcpy(whole + folder, path, length + 1);
    }
    return whole;
}
