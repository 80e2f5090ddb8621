/* guest.h - runs a case under an engine, in a guest that looks like a 32-bit process of Linux. */
#ifndef ABBEY_TESTS_CONFORMANCE_GUEST_H
#define ABBEY_TESTS_CONFORMANCE_GUEST_H

#include "core/cpu/cpuid.h"
#include "core/vmm/vcpu.h"
#include "tests/conformance/case.h"

struct guest;

/* `arena` is the initial contents of the RW pages. NULL when the host cannot give what it takes. */
struct guest *guest_new(
    const uint8_t *arena, const struct cpu_model *model, const struct engine *engine, const char *debug);
/* How often translated code was entered: a case that it could run counts once. */
uint64_t guest_translated(const struct guest *guest);
void guest_free(struct guest *guest);
void guest_run(struct guest *guest, const struct conf_case *in, struct conf_result *out);
/* The RW pages now. */
void guest_arena(struct guest *guest, uint8_t *arena);
void guest_set_arena(struct guest *guest, const uint8_t *arena);

#endif
