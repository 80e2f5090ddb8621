/* console.c - the one terminal that a stdio backend makes raw.
 *
 * Raw means that every key reaches the guest: no line editing, no echo, no signal keys, no flow control. Output
 * processing stays on, as in other VMMs, so that Abbey's own messages do not form a staircase; a guest's CR LF comes
 * out as CR CR LF, which looks the same.
 *
 * The mode is put back by destroy(), by atexit(), by signals.c on signals that end or stop the process, and by
 * fault.c on a crash. Only SIGKILL leaves it raw (`reset' helps). */
#include "console.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "signals.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SANITIZER 1
#endif
#endif
#ifdef WITH_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

static struct termios cooked_mode, raw_mode; /* written before terminal_fd is published */
static atomic_int terminal_fd = -1;
static _Atomic(void (*)(void *)) crash_fn;
static _Atomic(void *) crash_arg;

/* TCSANOW, for waiting until a stopped terminal has drained could take for ever. SIGTTOU is held back where a process
 * in the background must not be stopped on its way out. */
static void mode_set(const struct termios *mode, bool from_background)
{
    int fd = atomic_load(&terminal_fd);
    if (fd < 0)
        return;
    sigset_t ttou, old;
    sigemptyset(&ttou);
    sigaddset(&ttou, SIGTTOU);
    if (from_background)
        sigprocmask(SIG_BLOCK, &ttou, &old);
    while (tcsetattr(fd, TCSANOW, mode) != 0 && errno == EINTR)
        ;
    if (from_background)
        sigprocmask(SIG_SETMASK, &old, NULL);
}

void console_restore(void)
{
    mode_set(&cooked_mode, true);
}

/* Only from the foreground: after `bg' the terminal belongs to the shell. */
void console_resume(void)
{
    int fd = atomic_load(&terminal_fd);
    if (fd >= 0 && tcgetpgrp(fd) == getpgrp())
        mode_set(&raw_mode, false);
}

int console_raw(int fd)
{
    if (tcgetattr(fd, &cooked_mode) != 0)
        return -1;
    raw_mode = cooked_mode;
    cfmakeraw(&raw_mode);
    raw_mode.c_oflag = cooked_mode.c_oflag;
    static bool registered;
    if (!registered) {
        atexit(console_restore);
#ifdef WITH_SANITIZER
        __sanitizer_set_death_callback(console_restore);
#endif
        registered = true;
    }
    signals_install();
    fault_install();
    atomic_store(&terminal_fd, fd);
    mode_set(&raw_mode, false); /* a job in the background stops here until it is brought forward */
    return 0;
}

void console_cooked(void)
{
    console_restore();
    atomic_store(&terminal_fd, -1);
}

void console_on_crash(void (*fn)(void *arg), void *arg)
{
    atomic_store(&crash_fn, NULL);
    atomic_store(&crash_arg, arg);
    atomic_store(&crash_fn, fn);
}

void console_crash(void)
{
    void (*fn)(void *) = atomic_exchange(&crash_fn, NULL);
    if (fn)
        fn(atomic_load(&crash_arg));
    console_restore();
}
