/* vcpu.h - the loop of one virtual CPU: runs an engine, sleeps while the guest is halted, and asks its owner what to do
 * when the engine stops. */
#ifndef ABBEY_CORE_VCPU_H
#define ABBEY_CORE_VCPU_H

#include <jansson.h>

#include <abbey/host.h>

#include "core/cpu/cpu.h"

struct trace_options;

/* A way to advance the architectural state. */
struct engine {
    const char *name; /* as `cpu.engine` has it */
    enum cpu_exit (*run)(struct cpu *cpu, uint64_t budget);
    /* The rest may be NULL. */
    bool (*supported)(void); /* can this host run it? */
    /* Makes what the engine needs for a CPU, with at most `cache_bytes` of translated code; `counting`: budgets and
     * cpu->instructions are exact. */
    bool (*prepare)(struct cpu *cpu, uint64_t cache_bytes, bool counting, abbey_error *error);
    void (*release)(struct cpu *cpu);
    /* Turns on switches for tests, names with commas; after prepare(). False with *error filled for an unknown one. */
    bool (*debug)(struct cpu *cpu, const char *names, abbey_error *error);
    /* For abbey_host_fault_1.attach() on the vCPU thread, `cpu` being the argument. An engine that has it must be
     * kicked after signals were set. */
    int32_t (*fault)(void *cpu, abbey_fault *fault);
    void (*attached)(struct cpu *cpu); /* said once it is */
    /* Shows what it translates (core/bt/trace.h); once, after prepare(). */
    bool (*trace)(struct cpu *cpu, const struct trace_options *options, abbey_error *error);
    /* Calls fn when a kernel is at work for its first program (core/bt/bt.h, bt_watch()); begins anew when called
     * again. An engine that has it takes hints. */
    void (*watch)(struct cpu *cpu, void (*fn)(void *opaque), void *opaque);
    void (*hint_user)(struct cpu *cpu, gpa_t gpa); /* the instruction there will touch user memory */
    /* Adds its groups of counters (core/stats/stats.h); with `cpu` NULL their meanings. */
    void (*stats)(const struct cpu *cpu, json_t *stats);
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
    /* How many instructions may run before the owner wants to be asked; UINT64_MAX: no limit; 0 ends the
     * loop. */
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
    const abbey_host_clock_1 *clock;
    abbey_mutex *lock;               /* the machine lock */
    abbey_cond *wake;                /* woken after cpu_signal() from another thread */
    const abbey_host_fault_1 *fault; /* for engines that must be kicked */
    abbey_thread *thread;            /* NULL while there is none, or while the loop runs inline */
    bool inside;                     /* device code runs on the vCPU thread: it needs no kick */
    struct vcpu_counters {
        uint64_t exits[CPU_EXIT_TRIPLE_FAULT + 1]; /* how often the engine returned, by reason */
        uint64_t idle;                             /* host nanoseconds slept while the guest was halted */
        uint64_t asleep_since;                     /* host time while it sleeps, else 0 */
    } counters;
};

/* Runs until the owner ends it. The body of the vCPU thread, or called by another that stands for it; may be called
 * again. */
void vcpu_loop(struct vcpu *vcpu);

/* Sets CPU_SIGNAL_... and wakes a halted CPU. With the machine lock held. */
void vcpu_signal(struct vcpu *vcpu, uint32_t signals);

#endif
