/* machine_impl.h - what the files of a machine share: its parts and its requests. */
#ifndef ABBEY_CORE_MACHINE_IMPL_H
#define ABBEY_CORE_MACHINE_IMPL_H

#include "core/control/server.h"
#include "core/machine/board.h"
#include "core/machine/machine.h"
#include "core/machine/vclock.h"
#include "core/vmm/guest.h"
#include "core/vmm/vcpu.h"

/* Things asked of the vCPU thread, done at an instruction boundary. */
#define REQUEST_RESET 1u
#define REQUEST_END 2u
#define REQUEST_PAUSE 4u

struct machine_host {
    const abbey_host_mem_1 *mem;
    const abbey_host_clock_1 *clock;
    const abbey_host_thread_1 *thread;
    const abbey_host_event_1 *event;
    const abbey_host_fault_1 *fault; /* may be NULL */
};

struct machine {
    const struct config *config;
    FILE *errors;
    struct machine_host host;
    abbey_mutex *lock;
    abbey_cond *wake;
    abbey_loop *loop;
    struct mem *mem;
    struct cpu *cpu;
    struct board *board;
    struct boot *boot;
    struct vclock clock;
    struct vcpu vcpu;
    struct guest *guest;              /* asks the plugins of `guest.optimize`; NULL: none are to be asked */
    const abbey_guestopt **guestopts; /* those plugins */
    struct commands *commands;
    struct server *server; /* of the control socket; NULL: none */
    struct watch *watch;   /* for callbacks that do not return, while it runs */

    /* With the lock held: */
    uint32_t requests; /* REQUEST_... */
    enum machine_end end;
    uint32_t exit_status;
    uint64_t timer_due;  /* virtual time of the earliest timer */
    uint64_t deadline;   /* host time of --timeout */
    uint64_t advance_to; /* machine_advance(): value of cpu->instructions where it returns; else ABBEY_NEVER */
    bool asked_to_end;   /* SIGTERM was seen once */
    bool idle_warned;
    uint64_t started, ended; /* host time; 0: not yet */
    uint64_t idle_at;        /* virtual time when the guest first waited for an interrupt; 0: never */
    uint64_t resets;
    bool paused;
    uint64_t paused_since, paused_time; /* host time; the sum of all pauses that are over */
    char pause_id[64], pause_reason[200];

    /* [vcpu], in ticks of the host's time-stamp counter: */
    uint64_t bus_entered;
    uint64_t device_ticks; /* spent in device code, and waiting for the machine lock before it */
};

/* Asks the vCPU thread for something. With the lock held. */
void machine_request(struct machine *machine, uint32_t request);
/* The first reason to end counts. With the lock held. */
void machine_finish(struct machine *machine, enum machine_end end);

/* Sets the loop's alarm for the next timer or the time limit. With the lock held. */
void machine_set_alarm(struct machine *machine);

/* Commands of the machine, before the board that adds to them; then the socket. False after an error. */
bool machine_commands_new(struct machine *machine);
bool machine_control_new(struct machine *machine, const abbey_hostos *host);
/* Tells the clients how the run ended, and closes the socket. */
void machine_control_end(struct machine *machine, enum machine_end end);
/* Stops the guest and its time; `id` is the device that wants it, or NULL. [vcpu] */
void machine_pause(struct machine *machine, const char *id, const char *reason);

/* Makes what loads the guest; false after an error. Once a machine. */
bool machine_boot_new(struct machine *machine);
/* Puts the CPU in its state after power-on and loads what the machine boots from; false after an error. */
bool machine_boot(struct machine *machine);

/* Finds what `guest.optimize` names; false after an error. reset(): the machine begins anew. */
bool machine_guest_new(struct machine *machine);
void machine_guest_reset(struct machine *machine);
void machine_guest_free(struct machine *machine);

/* Starts what `trace:` asks for; false after an error. */
bool machine_trace(struct machine *machine);

/* Whether this machine reports faults of Abbey itself, in a file beside the user's, before the process ends. */
void machine_watch_crash(struct machine *machine, bool on);

/* Starts and ends the thread that names callbacks which do not return; false with the reason. */
bool machine_watch_start(struct machine *machine, abbey_error *error);
void machine_watch_end(struct machine *machine);

extern const struct board_owner machine_board_owner;
extern const struct vcpu_owner machine_vcpu_owner;

#endif
