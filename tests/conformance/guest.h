/* guest.h - runs a case in the interpreter, in a guest that looks like a 32-bit process of Linux. */
#ifndef ABBEY_TESTS_CONFORMANCE_GUEST_H
#define ABBEY_TESTS_CONFORMANCE_GUEST_H

#include "tests/conformance/case.h"

struct guest;

/* `arena` is the initial contents of the RW pages. NULL when the host has no memory for it. */
struct guest *guest_new(const uint8_t *arena);
void guest_free(struct guest *guest);
void guest_run(struct guest *guest, const struct conf_case *in, struct conf_result *out);
/* The RW pages now. */
void guest_arena(struct guest *guest, uint8_t *arena);
void guest_set_arena(struct guest *guest, const uint8_t *arena);

#endif
