/* simd.h - MMX and SSE instructions: their forms, checks before one, and the handlers that need no host. */
#ifndef ABBEY_CORE_SIMD_H
#define ABBEY_CORE_SIMD_H

#include "core/cpu/interp/insn.h"

/* What a handler of simd_forms.h does with the instruction's operands, for whoever runs the instruction
 * itself: which state it works on, how much memory it reads or writes, which register it changes beside XMM. */
enum mmx_use {
    MMX_NONE,
    MMX_ALWAYS,   /* an instruction on MMX registers */
    MMX_REGISTER, /* on one only when the operand is no memory */
};
enum mmx_result { MM_NONE, MM_REG, MM_RM }; /* the MMX register that is written, by field of ModRM */
enum gpr_use { GPR_NONE, GPR_REG, GPR_RM };

struct simd_form {
    uint8_t load, store; /* bytes of memory, when the operand is memory */
    bool aligned;        /* 16-byte alignment is required */
    bool sse;            /* needs CR4.OSFXSR */
    enum mmx_use mmx;
    enum mmx_result mm;
    enum gpr_use gpr;
    bool gpr_out;
    bool imm;
    bool fp;      /* may raise SIMD floating-point exceptions */
    bool flags;   /* writes EFLAGS */
    bool xmm0;    /* XMM0 is an operand, too, read or written */
    bool strings; /* PCMPxSTRx: EAX and EDX may be read, ECX be written */
};

/* The form of the instructions that this handler executes; NULL for other handlers. */
const struct simd_form *simd_form_of(insn_fn handler);

/* Which bits of MXCSR exist: denormals-are-zero came with SSE2. */
uint32_t mxcsr_mask(const struct cpu *cpu);

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
