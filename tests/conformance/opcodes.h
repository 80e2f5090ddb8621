/* opcodes.h - which opcodes exist at all: every one of the four maps, on both sides. */
#ifndef ABBEY_TESTS_CONFORMANCE_OPCODES_H
#define ABBEY_TESTS_CONFORMANCE_OPCODES_H

#include <stdbool.h>
#include <stddef.h>

#include "core/cpu/cpuid.h"
#include "tests/conformance/case.h"
#include "tests/conformance/guest.h"

/* Groups of opcodes: a map with a prefix. */
#define OPCODE_GROUPS 16u
const char *opcodes_group_name(unsigned group);

/* Tries all opcodes of a group, in a guest of that model; false when the sides do not agree which raise #UD, with
 * `text` telling about the first. *tried counts the forms. */
bool opcodes_agree(const struct cpu_model *model, unsigned group, struct conf_shared *shared, struct guest *guest,
    unsigned *tried, char *text, size_t size);

#endif
