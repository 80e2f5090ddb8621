/* isolate_ask.c - the worker's end of the wire: questions to the machine, and notes of what needs no answer. */
#include <stdio.h>

#include "core/machine/isolate_worker.h"

#define SPINS 300u
#define PATIENCE ABBEY_SEC /* between looks at the turn; the host ends the process with its parent */

static struct {
    const abbey_host_process_1 *processes;
    struct isolate_wire *wire;
    void (*obey)(void);
} w;

static void turn_give(void)
{
    __atomic_store_n(&w.wire->turn, ISOLATE_MACHINE, __ATOMIC_RELEASE);
    w.processes->wake(&w.wire->turn);
}

static void turn_wait(void)
{
    for (unsigned spins = 0; __atomic_load_n(&w.wire->turn, __ATOMIC_ACQUIRE) != ISOLATE_WORKER; spins++) {
        if (spins < SPINS)
            __builtin_ia32_pause();
        else
            w.processes->wait(&w.wire->turn, ISOLATE_MACHINE, PATIENCE);
    }
}

int64_t isolate_ask(enum isolate_kind kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d)
{
    w.wire->kind = kind;
    w.wire->args[0] = a;
    w.wire->args[1] = b;
    w.wire->args[2] = c;
    w.wire->args[3] = d;
    for (;;) {
        turn_give();
        turn_wait();
        if (w.wire->kind == ISOLATE_REPLY)
            return w.wire->result;
        w.obey();
    }
}

void isolate_note(enum isolate_note what, uint32_t index, uint64_t value)
{
    if (w.wire->queue_count == ISOLATE_QUEUE)
        isolate_ask(ASK_DUE, ISOLATE_TIMERS, 0, 0, 0); /* takes the queue along; of no timer, so there is no answer */
    uint32_t at = w.wire->queue_count++;
    w.wire->queue[at].note = what;
    w.wire->queue[at].index = index;
    w.wire->queue[at].value = value;
}

void isolate_reason_text(const char *format, va_list args)
{
    if (!w.wire->failure[0])
        vsnprintf(w.wire->failure, sizeof w.wire->failure, format, args);
}

void isolate_reason(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    isolate_reason_text(format, args);
    va_end(args);
}

void isolate_listen(struct isolate *isolate, void (*obey)(void))
{
    w.processes = isolate->processes;
    w.wire = isolate->wire;
    w.obey = obey;
    for (;;) {
        turn_wait();
        obey();
        turn_give();
    }
}
