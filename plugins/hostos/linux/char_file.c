/* char_file.c - a character backend that writes a file, and reads another one. */
#include "char.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void on_started(struct stream *stream)
{
    stream_event(stream, ABBEY_CHAR_OPENED);
}

static const struct stream_hooks hooks = { .started = on_started };

/* Opens without ever waiting: a FIFO is opened for both, so that it needs no partner yet. */
static int file_open(const char *path, int mode, int flags)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
        mode = O_RDWR;
    return open(path, mode | flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
}

static int32_t file_fail(struct stream *stream, const char *what, const char *path)
{
    int why = errno;
    stream_close(stream);
    return abbey_fail(stream->dev, "cannot %s '%s': %s", what, path, strerror(why));
}

int32_t char_file_create(abbey_dev *dev, void *self, void **interface)
{
    struct char_file *file = self;
    struct stream *stream = &file->stream;
    if (stream_init(stream, dev, &hooks) != 0)
        return -1;
    int fd = file_open(file->path, O_WRONLY, O_CREAT | (file->append ? O_APPEND : O_TRUNC));
    if (fd < 0 || stream_set_output(stream, fd, true) != 0)
        return file_fail(stream, "write", file->path);
    if (file->input && *file->input) {
        fd = file_open(file->input, O_RDONLY, 0);
        if (fd < 0 || stream_set_input(stream, fd, true) != 0)
            return file_fail(stream, "read", file->input);
    }
    *interface = &stream->chr;
    return 0;
}

void char_file_destroy(void *self)
{
    struct char_file *file = self;
    stream_close(&file->stream);
}
