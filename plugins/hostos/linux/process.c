/* process.c - processes that share memory with this one, for devices that are not trusted with its address space.
 *
 * A process begins as a copy of this one (fork(2)), so that it has the plugin, the machine's description and the
 * guest's memory at the same addresses; what was allocated with share() and all memory objects stay shared. Of
 * everything else it lets go: descriptors are closed, so that it holds no disk and no socket, and signals are put back,
 * so that it dies of its own faults. It never outlives its parent. */
#include "linux.h"

#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct abbey_process {
    pid_t id;
    int handle; /* of pidfd_open(2): readable when it has ended */
    bool reaped;
    int status;
};

static void *process_share(uint64_t bytes, abbey_error *error)
{
    void *start = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (start != MAP_FAILED)
        return start;
    host_fail(error, "%llu bytes of shared memory: %m", (unsigned long long)bytes);
    return NULL;
}

static void process_unshare(void *start, uint64_t bytes)
{
    munmap(start, bytes);
}

/* In the new process; never returns. Of threads there is this one alone, and what others held stays held: nothing but
 * the C library's own calls that take that into account may be used. */
__attribute__((noreturn)) static void begin(pid_t parent, const char *name, void (*run)(void *arg), void *arg)
{
    static const int quiet[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGPIPE };
    struct sigaction action = { .sa_handler = SIG_DFL };
    sigset_t none;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    for (int number = 1; number < NSIG; number++)
        sigaction(number, &action, NULL);
    action.sa_handler = SIG_IGN; /* the terminal's signals are for the parent */
    for (size_t i = 0; i < sizeof quiet / sizeof quiet[0]; i++)
        sigaction(quiet[i], &action, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    syscall(SYS_close_range, 3u, ~0u, 0u);
    prctl(PR_SET_NAME, name);
    run(arg);
    _exit(0);
}

static abbey_process *process_start(const char *name, void (*run)(void *arg), void *arg, abbey_error *error)
{
    abbey_process *process = calloc(1, sizeof *process);
    pid_t parent = getpid();
    if (!process) {
        host_fail(error, "a process for '%s': %m", name);
        return NULL;
    }
    process->id = fork();
    if (process->id == 0)
        begin(parent, name, run, arg);
    process->handle = process->id > 0 ? (int)syscall(SYS_pidfd_open, process->id, 0u) : -1;
    if (process->handle >= 0)
        return process;
    host_fail(error, "a process for '%s': %m", name);
    if (process->id > 0) {
        kill(process->id, SIGKILL);
        waitpid(process->id, NULL, 0);
    }
    free(process);
    return NULL;
}

static int64_t process_handle(const abbey_process *process)
{
    return process->handle;
}

static int64_t process_id(const abbey_process *process)
{
    return process->id;
}

static int32_t process_ended(abbey_process *process, abbey_error *how)
{
    if (!process->reaped && waitpid(process->id, &process->status, WNOHANG) == process->id)
        process->reaped = true;
    if (!process->reaped)
        return 0;
    if (WIFSIGNALED(process->status))
        host_fail(how, "signal %d, %s", WTERMSIG(process->status), strsignal(WTERMSIG(process->status)));
    else
        host_fail(how, "exit status %d", WEXITSTATUS(process->status));
    return 1;
}

static void process_end(abbey_process *process)
{
    if (!process->reaped) {
        kill(process->id, SIGKILL);
        while (waitpid(process->id, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close(process->handle);
    free(process);
}

static void process_wait(uint32_t *word, uint32_t value, uint64_t nanoseconds)
{
    struct timespec limit = { (time_t)(nanoseconds / ABBEY_SEC), (long)(nanoseconds % ABBEY_SEC) };
    syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

static void process_wake(uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

const abbey_host_process_1 host_process = { .size = sizeof host_process,
    .share = process_share,
    .unshare = process_unshare,
    .start = process_start,
    .handle = process_handle,
    .id = process_id,
    .ended = process_ended,
    .end = process_end,
    .wait = process_wait,
    .wake = process_wake };
