/* vcpu.h - the loop of one virtual CPU: runs an engine, sleeps while the guest is halted, and asks its owner what to do
 * when the engine stops. */
#ifndef ABBEY_CORE_VCPU_H
#define ABBEY_CORE_VCPU_H

#include <abbey/host.h>

#include "core/cpu/cpu.h"

/* A way to advance the architectural state. */
struct engine {
    const char *name; /* as `cpu.engine` has it */
    enum cpu_exit (*run)(struct cpu *cpu, uint64_t budget);
};

/* The engine by name; "auto" is the best there is. NULL when this build has none of that name. */
const struct engine *engine_find(const char *name);
/* The i-th engine, or NULL past the end. */
const struct engine *engine_at(unsigned i);

/* What the owner does for the loop. Called on the vCPU thread with the machine lock held. */
struct vcpu_owner {
    /* Carries out what was asked for since the last call (reset, pause, end). False ends the loop. */
    bool (*requests)(void *opaque);
    /* The guest shut down by a triple fault. False ends the loop. */
    bool (*triple_fault)(void *opaque);
    /* How many instructions may run before the owner wants to be asked; UINT64_MAX: no limit. */
    uint64_t (*budget)(void *opaque);
    /* The guest is halted. True when the owner moved time forward, so that no waiting is due. */
    bool (*idle)(void *opaque);
};

struct vcpu {
    struct cpu *cpu;
    const struct engine *engine;
    const struct vcpu_owner *owner;
    void *opaque;
    const abbey_host_thread_1 *threads;
    abbey_mutex *lock; /* the machine lock */
    abbey_cond *wake;  /* woken after cpu_signal() from another thread */
    uint64_t exits[CPU_EXIT_TRIPLE_FAULT + 1]; /* how often the engine returned, by reason */
};

/* Runs until the owner ends it. The body of the vCPU thread. */
void vcpu_loop(struct vcpu *vcpu);

/* Sets CPU_SIGNAL_... and wakes a halted CPU. With the machine lock held. */
void vcpu_signal(struct vcpu *vcpu, uint32_t signals);

#endif
