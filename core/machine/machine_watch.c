/* machine_watch.c - a thread that looks once a second whether a plugin's callback has returned.
 *
 * All device code runs under one lock, so a callback that does not return stops the guest, the I/O thread and the
 * control socket, and nobody is left to say why. The callers count the callbacks that they begin (call.h). When
 * that number did not move for two looks and a callback is under way, the log names it: after 2 seconds, 4, 8 and so
 * on. Looks are counted and not the clock, so that a process that was stopped for a while blames nobody. The thread
 * takes no lock that a callback could hold. */
#include "core/machine/machine_impl.h"

#include <stdlib.h>

#define PERIOD ABBEY_SEC
#define FIRST 2u /* looks before something is said */

struct watch {
    abbey_thread *thread;
    abbey_mutex *mutex;
    abbey_cond *ended;
    bool ending; /* with the mutex held */
};

static void slow_tell(struct machine *machine, uint64_t calls, unsigned seconds)
{
    struct board_call told;
    if (board_call_elsewhere(machine->board, calls, &told))
        fprintf(machine->errors,
            "abbey: %s: warning: %s: %s has not returned for %u seconds; the machine stands still until it does\n",
            told.device, told.plugin, told.callback, seconds);
}

static void watch_main(void *opaque)
{
    struct machine *machine = opaque;
    struct watch *watch = machine->watch;
    const abbey_host_thread_1 *threads = machine->host.thread;
    uint64_t calls = board_calls(machine->board);
    unsigned looks = 0, limit = FIRST;
    threads->lock(watch->mutex);
    while (!watch->ending) {
        uint64_t next = machine->host.clock->monotonic() + PERIOD;
        while (!watch->ending && machine->host.clock->monotonic() < next)
            threads->wait(watch->ended, watch->mutex, next);
        uint64_t count = board_calls(machine->board);
        if (count != calls) {
            calls = count;
            looks = 0;
            limit = FIRST;
        } else if (++looks == limit) {
            slow_tell(machine, calls, looks);
            limit *= 2;
        }
    }
    threads->unlock(watch->mutex);
}

bool machine_watch_start(struct machine *machine, abbey_error *error)
{
    const abbey_host_thread_1 *threads = machine->host.thread;
    struct watch *watch = machine->watch = calloc(1, sizeof *watch);
    if (watch && (watch->mutex = threads->mutex_new()) && (watch->ended = threads->cond_new()))
        watch->thread = threads->start("watch", watch_main, machine, error);
    else
        snprintf(error->text, sizeof error->text, "out of memory");
    return watch && watch->thread;
}

void machine_watch_end(struct machine *machine)
{
    const abbey_host_thread_1 *threads = machine->host.thread;
    struct watch *watch = machine->watch;
    if (!watch)
        return;
    if (watch->thread) {
        threads->lock(watch->mutex);
        watch->ending = true;
        threads->wake(watch->ended);
        threads->unlock(watch->mutex);
        threads->join(watch->thread);
    }
    if (watch->ended)
        threads->cond_free(watch->ended);
    if (watch->mutex)
        threads->mutex_free(watch->mutex);
    free(watch);
    machine->watch = NULL;
}
