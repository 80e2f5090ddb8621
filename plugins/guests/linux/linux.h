/* linux.h - what the files of the Linux plugin share. */
#ifndef ABBEY_PLUGINS_GUESTS_LINUX_H
#define ABBEY_PLUGINS_GUESTS_LINUX_H

#include <abbey/plugin.h>

/* ---- insn.c ---- */

#define INSN_BYTES 15u

/* What an instruction does to memory, as far as a table of them needs to be judged. */
#define INSN_OTHER 0u
#define INSN_MEMORY 1u /* has an operand in memory */
#define INSN_STRING 2u /* is a string instruction */
#define INSN_AWAY 3u   /* is a jump or does nothing: no access at all */

/* Looks at the first `count` bytes of an instruction, at most INSN_BYTES. */
uint32_t insn_kind(const uint8_t *bytes, uint32_t count);

/* ---- extable.c ---- */

/* The kernel's table of instructions whose faults it expects. */
struct extable {
    struct entry *entry;
    uint32_t count, stride;
};

/* Looks for it in `bytes` bytes from the linear address `from`, and reads it. 0, or -1 when there is none. */
int32_t extable_find(abbey_guest *guest, uint32_t from, uint32_t bytes, struct extable *table);
void extable_free(struct extable *table);
/* Gives a hint for each of its instructions that touches user memory. Returns how many. */
uint32_t extable_hint(abbey_guest *guest, const struct extable *table);

#endif
