/* eflags.h - which EFLAGS bits an instruction may change (SDM vol. 2, POPF and IRET). */
#ifndef ABBEY_CORE_EFLAGS_H
#define ABBEY_CORE_EFLAGS_H

#include "core/cpu/cpu.h"

#define FLAGS_BASIC (FLAGS_ARITH | FLAG_TF | FLAG_DF | FLAG_NT) /* whatever the privilege */
#define FLAGS_FIXED 0x2u

/* EFLAGS with the bits of `mask` from `value`. */
static inline uint32_t eflags_merge(uint32_t eflags, uint32_t value, uint32_t mask)
{
    return (eflags & ~mask) | (value & mask) | FLAGS_FIXED;
}

/* What IRET of `size` may change outside v86, at the level it is executed on. */
uint32_t eflags_iret_mask(const struct cpu *cpu, uint32_t size);

/* POPF and IRET of 16 bits in v86 mode with CR4.VME and IOPL < 3: IF goes to VIF; raises #GP(0) when an interrupt is
 * pending in VIP or TF would be set (SDM vol. 3, 20.3). Returns the new EFLAGS. */
uint32_t eflags_virtual(struct cpu *cpu, uint16_t value);

#endif
