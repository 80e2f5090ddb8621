/* bt.h - the binary translator: engine "bt".
 *
 * Translates guest code of any mode, segmentation and privilege level into long-mode host code, and leaves what it does
 * not translate to the interpreter, whose decoder, cache of runs and instruction handlers it shares. Both engines
 * advance one `struct cpu`; they may take turns at any instruction boundary. */
#ifndef ABBEY_CORE_BT_H
#define ABBEY_CORE_BT_H

#include <jansson.h>

#include <abbey/host.h>

#include "core/cpu/cpu.h"

struct bt;

/* Can this host run translated code? (BMI2) */
bool bt_supported(void);

/* A translator for `cpu`, which has its interpreter already. `cache_bytes` bounds the translated code. With `counting`
 * cpu->instructions and budgets are exact. NULL with *error filled when the host cannot give it. */
struct bt *bt_new(struct cpu *cpu, uint64_t cache_bytes, bool counting, abbey_error *error);
void bt_free(struct bt *bt);

/* Turns on switches for tests (debug.c). */
bool bt_debug(struct bt *bt, const char *names, abbey_error *error);

/* The engine: as interp_run(). Without counting the budget is looked at only when translated code is left. [vcpu] */
enum cpu_exit bt_run(struct cpu *cpu, uint64_t budget);

/* For abbey_host_fault_1.attach() of the thread that calls bt_run(): a kick, after another thread set cpu->signals,
 * brings translated code to an instruction boundary. `arg` is the struct bt. */
int32_t bt_fault(void *arg, abbey_fault *fault);

/* Calls fn once the guest's kernel is at work for a program: at CPL 0 with interrupts enabled, after user code has run
 * for the first time from now on; and again behind user code that runs under another IDT than that before. At an
 * instruction boundary; no floating-point state is in the host's registers. [vcpu] */
void bt_watch(struct bt *bt, void (*fn)(void *opaque), void *opaque);
/* The instruction of the kernel at a physical address will touch user memory: its access is the TLB's from its next
 * translation on, with nothing learned from faults. When that is wrong it is slower. [vcpu] */
void bt_hint_user(struct bt *bt, gpa_t gpa);

/* Says that bt_fault() is attached to the thread that calls bt_run(). Without it, what may fault on the host is left to
 * the interpreter. */
void bt_attached(struct bt *bt);

/* Shows from now on what is translated; once. False with the reason. */
struct trace_options;
bool bt_trace(struct bt *bt, const struct trace_options *options, abbey_error *error);

/* Adds the counters of the translator; with NULL their meanings. */
void bt_stats(const struct bt *bt, json_t *stats);

#endif
