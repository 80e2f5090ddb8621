/* hostfault.h - faults of the host for tests that run an engine on their own thread, as the machine does. */
#ifndef ABBEY_TESTS_UNIT_HOSTFAULT_H
#define ABBEY_TESTS_UNIT_HOSTFAULT_H

#include "core/vmm/vcpu.h"

/* A service of the host plugin of this build, or NULL. */
const void *hostfault_service(const char *id);

/* Delivers faults of this thread to the engine that advances `cpu`, and tells it so. False when the engine wants none,
 * or the host plugin is not to be found. The engine may have windows from then on. */
bool hostfault_attach(const struct engine *engine, struct cpu *cpu);
void hostfault_detach(void);

/* The same for several processors of one thread: faults go to the one chosen last. */
bool hostfault_add(const struct engine *engine, struct cpu *cpu);
void hostfault_choose(const struct engine *engine, struct cpu *cpu);

#endif
