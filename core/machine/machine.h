/* machine.h - one virtual machine: a board, a CPU, their memory and time, and the two threads that run them.
 *
 * The calling thread becomes the I/O thread; the vCPU gets one of its own. One lock serialises all device code. */
#ifndef ABBEY_CORE_MACHINE_H
#define ABBEY_CORE_MACHINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "core/config/config.h"

struct machine;

/* How a run ended. */
enum machine_end {
    MACHINE_POWER_OFF,    /* the guest switched itself off, or reset itself where that ends the run */
    MACHINE_GUEST_EXIT,   /* the guest asked for an exit with a status */
    MACHINE_TRIPLE_FAULT, /* the guest's processor shut down */
    MACHINE_TIMEOUT,
    MACHINE_QUIT,        /* the user pressed the console's quit key or Ctrl-C */
    MACHINE_TERMINATED,  /* the system asked twice, or once and nobody listened to the power button */
    MACHINE_BOOT_FAILED, /* the kernel could not be loaded again at a reset */
};

/* Builds the machine. NULL after errors, each with its place, on `errors`. `config` outlives it. */
struct machine *machine_new(const struct config *config, FILE *errors);
void machine_free(struct machine *machine);

/* Runs it until it ends, at most `timeout` nanoseconds of host time (ABBEY_NEVER: no limit). Once a machine. The
 * guest's exit status is stored in *status, where it gave one. [the thread that made the machine] */
enum machine_end machine_run(struct machine *machine, uint64_t timeout, uint32_t *status);

/* In place of machine_run(), for tests: runs `instructions` more on the calling thread, with no I/O thread and no host
 * time; the machine must be on the instruction clock. Fewer when the guest ends: false then. A guest that halts with
 * nothing to wake it has ended too. */
bool machine_advance(struct machine *machine, uint64_t instructions);

/* After a run: the state of the processor for people (freed by the caller; NULL when memory is short), and counters by
 * subsystem. */
char *machine_report(struct machine *machine);
json_t *machine_stats(struct machine *machine);
/* What each counter of the groups means, for all engines of this build. */
json_t *machine_stats_meanings(void);

#endif
