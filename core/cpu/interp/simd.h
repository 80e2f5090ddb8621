/* simd.h - what ops_simd.c and simd_odd.c share: checks before an instruction, and the handlers that need no host. */
#ifndef ABBEY_CORE_SIMD_H
#define ABBEY_CORE_SIMD_H

#include "core/cpu/interp/insn.h"

/* Raises what an SSE instruction raises for CR0 and CR4. */
void sse_check(struct cpu *cpu);
/* The same for MMX. False: do nothing, as x87_wait() has it. */
bool mmx_check(struct cpu *cpu);
/* The state after any MMX instruction but EMMS: MMi is physical register i, all valid (SDM vol. 1, 9.6.2). */
void mmx_enter(struct fxstate *fx);

void simd_emms(struct cpu *cpu, const struct insn *insn);
void simd_movnti(struct cpu *cpu, const struct insn *insn);
void simd_clflush(struct cpu *cpu, const struct insn *insn);
void simd_fence(struct cpu *cpu, const struct insn *insn);
void simd_maskmovq(struct cpu *cpu, const struct insn *insn);
void simd_maskmovdqu(struct cpu *cpu, const struct insn *insn);
void simd_ldmxcsr(struct cpu *cpu, const struct insn *insn);
void simd_stmxcsr(struct cpu *cpu, const struct insn *insn);
void simd_fxsave(struct cpu *cpu, const struct insn *insn);
void simd_fxrstor(struct cpu *cpu, const struct insn *insn);

#endif
