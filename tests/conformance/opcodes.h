/* opcodes.h - which opcodes exist at all: every one of the two old maps, on both sides. */
#ifndef ABBEY_TESTS_CONFORMANCE_OPCODES_H
#define ABBEY_TESTS_CONFORMANCE_OPCODES_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/conformance/case.h"
#include "tests/conformance/guest.h"

/* Groups of opcodes: a map with a prefix. */
#define OPCODE_GROUPS 8u
const char *opcodes_group_name(unsigned group);

/* Tries all opcodes of a group; false when the sides do not agree which raise #UD, with `text` telling about the first.
 * *tried counts the forms. */
bool opcodes_agree(
    unsigned group, struct conf_shared *shared, struct guest *guest, unsigned *tried, char *text, size_t size);

#endif
