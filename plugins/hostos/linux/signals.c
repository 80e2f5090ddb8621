/* signals.c - one handler for every signal that comes from outside, by role.
 *
 *   asked   noted and told to the machine's loop through its eventfd; without a listener it is fatal
 *   fatal   the terminal is put back, then the signal does what it always does
 *   stop    the terminal is put back before we stop (SIGTSTP), and made raw again when we go on (SIGCONT)
 *
 * Handlers run on any thread, also on one in the middle of translated code, hence SA_ONSTACK; they call nothing but
 * async-signal-safe functions (signal-safety(7)). */
#include "signals.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "console.h"

enum role { ROLE_ASKED, ROLE_FATAL, ROLE_STOP, ROLE_CONTINUE };

static const struct {
    int number;
    enum role role;
    uint32_t asked; /* ABBEY_ASKED_... */
} roles[] = {
    { SIGTERM, ROLE_ASKED, ABBEY_ASKED_TERMINATE },
    { SIGHUP, ROLE_ASKED, ABBEY_ASKED_TERMINATE },
    { SIGINT, ROLE_ASKED, ABBEY_ASKED_INTERRUPT },
    { SIGQUIT, ROLE_FATAL, 0 },
    { SIGALRM, ROLE_FATAL, 0 },
    { SIGUSR1, ROLE_FATAL, 0 },
    { SIGUSR2, ROLE_FATAL, 0 },
    { SIGXCPU, ROLE_FATAL, 0 },
    { SIGXFSZ, ROLE_FATAL, 0 },
    { SIGSYS, ROLE_FATAL, 0 },
    { SIGTSTP, ROLE_STOP, 0 },
    { SIGCONT, ROLE_CONTINUE, 0 },
};
#define ROLES (sizeof roles / sizeof roles[0])

static atomic_int ask_fd = -1;
static atomic_uint asked[ROLES]; /* how often each came and was not yet taken */

static void die_of(int number)
{
    console_restore();
    signal(number, SIG_DFL);
    raise(number); /* held back until the handler returns */
}

static void on_signal(int number)
{
    int saved = errno;
    size_t i = 0;
    while (i < ROLES && roles[i].number != number)
        i++;
    switch (i < ROLES ? roles[i].role : ROLE_FATAL) {
    case ROLE_ASKED: {
        int fd = atomic_load(&ask_fd);
        if (fd < 0) {
            die_of(number);
            break;
        }
        atomic_fetch_add(&asked[i], 1);
        uint64_t one = 1;
        ssize_t written = write(fd, &one, sizeof one); /* EAGAIN: it is ringing already */
        (void)written;
        break;
    }
    case ROLE_FATAL: die_of(number); break;
    case ROLE_STOP:
        console_restore();
        raise(SIGSTOP);
        break; /* SIGCONT, which woke us, makes the terminal raw again */
    case ROLE_CONTINUE: console_resume(); break;
    }
    errno = saved;
}

static void install(void)
{
    struct sigaction action = { .sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK }, old;
    sigfillset(&action.sa_mask);
    /* The faults stay open: should a handler itself crash, the report is still wanted. */
    static const int faults[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT };
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&action.sa_mask, faults[i]);
    for (size_t i = 0; i < ROLES; i++)
        if (sigaction(roles[i].number, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
            sigaction(roles[i].number, &action, NULL);
    /* A reader that goes away is an error of one write, not the end of the machine. */
    if (sigaction(SIGPIPE, NULL, &old) == 0 && old.sa_handler == SIG_DFL)
        signal(SIGPIPE, SIG_IGN);
}

void signals_install(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, install);
}

void signals_ask(int wake_fd)
{
    signals_install();
    atomic_store(&ask_fd, wake_fd);
}

uint32_t signals_take(void)
{
    for (size_t i = 0; i < ROLES; i++) {
        unsigned count = atomic_load(&asked[i]);
        while (count && !atomic_compare_exchange_weak(&asked[i], &count, count - 1))
            ;
        if (count)
            return roles[i].asked;
    }
    return 0;
}

void signals_default(uint32_t what)
{
    int number = what == ABBEY_ASKED_INTERRUPT ? SIGINT : SIGTERM;
    console_restore();
    signal(number, SIG_DFL);
    raise(number);
}
