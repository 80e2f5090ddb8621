/* char_stdio.c - the character backend for the process's stdin and stdout.
 *
 * When both are a terminal, it is made raw and Ctrl-A begins a command. Otherwise bytes are copied as they are: a
 * pipe, a file and a CI log carry binary data. The end of stdin is no event for the guest, which goes on; a reader of
 * stdout that goes away makes the rest of the output vanish. */
#include "char.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "console.h"

/* There is one stdin in a process. Also what a crash and exit() still write out. */
static _Atomic(struct stream *) stdio_owner;

static void crash_flush(void *arg)
{
    stream_crash(arg);
}

/* exit() without destroy(): what the guest has printed still comes out. */
static void exit_flush(void)
{
    struct stream *stream = atomic_load(&stdio_owner);
    if (stream)
        stream_crash(stream);
}

static void on_key(void *arg, enum keys_action action)
{
    struct char_stdio *tty = arg;
    struct stream *stream = &tty->stream;
    char text[512];
    switch (action) {
    case KEYS_QUIT: stream->event->ask(stream->loop, ABBEY_ASKED_CONSOLE_QUIT); break;
    case KEYS_HELP: stream_write(stream, (const uint8_t *)text, keys_help(text, sizeof text)); break;
    case KEYS_BREAK:
        stream_deliver(stream); /* what was typed before */
        stream_event(stream, ABBEY_CHAR_BREAK);
        break;
    case KEYS_SEND: break;
    }
}

static uint32_t on_input(struct stream *stream, const uint8_t *in, uint32_t count, uint8_t *out)
{
    return keys_filter(&((struct char_stdio *)stream)->keys, in, count, out);
}

static void on_started(struct stream *stream)
{
    stream_event(stream, ABBEY_CHAR_OPENED);
}

static const struct stream_hooks plain_hooks = { .started = on_started };
static const struct stream_hooks key_hooks = { .started = on_started, .filter = on_input };

int32_t char_stdio_create(abbey_dev *dev, void *self, void **interface)
{
    struct char_stdio *tty = self;
    struct stream *stream = &tty->stream, *nobody = NULL;
    bool terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (!atomic_compare_exchange_strong(&stdio_owner, &nobody, stream))
        return abbey_fail(dev, "stdin and stdout belong to another backend already; a process has one `stdio'");
    if (stream_init(stream, dev, terminal && tty->escape ? &key_hooks : &plain_hooks) != 0)
        goto failed;
    if (!stream->loop) {
        abbey_fail(dev, "stdio needs a machine with an event loop");
        goto failed;
    }
    tty->keys = (struct keys){ .act = on_key, .arg = tty };
    /* A process may be started without stdin or stdout; then nothing comes, or nobody reads. */
    if (fcntl(STDIN_FILENO, F_GETFD) >= 0 && stream_set_input(stream, STDIN_FILENO, false) != 0) {
        abbey_fail(dev, "cannot read stdin: %s", strerror(errno));
        goto failed;
    }
    if (fcntl(STDOUT_FILENO, F_GETFD) >= 0 && stream_set_output(stream, STDOUT_FILENO, false) != 0) {
        abbey_fail(dev, "cannot write stdout: %s", strerror(errno));
        goto failed;
    }
    static bool registered;
    if (!registered) {
        registered = true;
        atexit(exit_flush);
    }
    console_on_crash(crash_flush, stream);
    if (terminal) {
        if (console_raw(STDIN_FILENO) != 0) {
            abbey_fail(dev, "cannot make the terminal raw: %s", strerror(errno));
            goto failed;
        }
        tty->raw = true;
    }
    *interface = &stream->chr;
    return 0;
failed:
    char_stdio_destroy(self);
    return -1;
}

void char_stdio_destroy(void *self)
{
    struct char_stdio *tty = self;
    stream_close(&tty->stream);
    console_on_crash(NULL, NULL);
    if (tty->raw)
        console_cooked();
    tty->raw = false;
    atomic_store(&stdio_owner, NULL);
}
