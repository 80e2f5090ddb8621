/* simd_forms.h - the forms of MMX and SSE instructions, a handler each (simd_run.c), and how the tables write their
 * rows (ops_simd.c, ops_simd_later.c). */
#ifndef ABBEY_CORE_SIMD_FORMS_H
#define ABBEY_CORE_SIMD_FORMS_H

#include "core/cpu/interp/simd.h"

// clang-format off
/* Named after the destination, the source and the size in memory in bytes. */
#define SIMD_FORMS(FORM) \
    FORM(mm_mm,         .load = 8, .mmx = MMX_ALWAYS, .mm = MM_REG) \
    FORM(mm_mm_imm,     .load = 8, .mmx = MMX_ALWAYS, .mm = MM_REG, .imm = true) \
    FORM(mm_mm4,        .load = 4, .mmx = MMX_ALWAYS, .mm = MM_REG) /* PUNPCKL */ \
    FORM(mm_shift,      .mmx = MMX_ALWAYS, .mm = MM_RM, .imm = true) \
    FORM(mm_r32,        .load = 4, .mmx = MMX_ALWAYS, .mm = MM_REG, .gpr = GPR_RM) \
    FORM(r32_mm,        .store = 4, .mmx = MMX_ALWAYS, .gpr = GPR_RM, .gpr_out = true) \
    FORM(mm_store,      .store = 8, .mmx = MMX_ALWAYS, .mm = MM_RM) \
    FORM(mm_pinsrw,     .load = 2, .mmx = MMX_ALWAYS, .mm = MM_REG, .gpr = GPR_RM, .imm = true) \
    FORM(mm_pextrw,     .mmx = MMX_ALWAYS, .gpr = GPR_REG, .gpr_out = true, .imm = true) \
    FORM(mm_movmsk,     .mmx = MMX_ALWAYS, .gpr = GPR_REG, .gpr_out = true) \
    FORM(xmm_xmm,       .load = 16, .aligned = true, .sse = true) \
    FORM(xmm_xmm_u,     .load = 16, .sse = true) /* the unaligned moves */ \
    FORM(xmm_xmm8,      .load = 8, .sse = true) \
    FORM(xmm_xmm4,      .load = 4, .sse = true) \
    FORM(xmm_imm,       .load = 16, .aligned = true, .sse = true, .imm = true) \
    FORM(xmm_shift,     .sse = true, .imm = true) \
    FORM(xmm_store,     .store = 16, .aligned = true, .sse = true) \
    FORM(xmm_store_u,   .store = 16, .sse = true) \
    FORM(xmm_store8,    .store = 8, .sse = true) \
    FORM(xmm_store4,    .store = 4, .sse = true) \
    FORM(xmm_r32,       .load = 4, .sse = true, .gpr = GPR_RM) \
    FORM(r32_xmm,       .store = 4, .sse = true, .gpr = GPR_RM, .gpr_out = true) \
    FORM(xmm_pinsrw,    .load = 2, .sse = true, .gpr = GPR_RM, .imm = true) \
    FORM(xmm_pextrw,    .sse = true, .gpr = GPR_REG, .gpr_out = true, .imm = true) \
    FORM(xmm_movmsk,    .sse = true, .gpr = GPR_REG, .gpr_out = true) \
    FORM(fp_16,         .load = 16, .aligned = true, .sse = true, .fp = true) \
    FORM(fp_8,          .load = 8, .sse = true, .fp = true) \
    FORM(fp_4,          .load = 4, .sse = true, .fp = true) \
    FORM(fp_16_imm,     .load = 16, .aligned = true, .sse = true, .fp = true, .imm = true) \
    FORM(fp_8_imm,      .load = 8, .sse = true, .fp = true, .imm = true) \
    FORM(fp_4_imm,      .load = 4, .sse = true, .fp = true, .imm = true) \
    FORM(fp_8_flags,    .load = 8, .sse = true, .fp = true, .flags = true) \
    FORM(fp_4_flags,    .load = 4, .sse = true, .fp = true, .flags = true) \
    FORM(fp_r32,        .load = 4, .sse = true, .fp = true, .gpr = GPR_RM) \
    FORM(r32_fp8,       .load = 8, .sse = true, .fp = true, .gpr = GPR_REG, .gpr_out = true) \
    FORM(r32_fp4,       .load = 4, .sse = true, .fp = true, .gpr = GPR_REG, .gpr_out = true) \
    FORM(fp_mm,         .load = 8, .sse = true, .fp = true, .mmx = MMX_REGISTER) /* CVTPI2PS: memory is no MMX operand */ \
    FORM(mm_fp8,        .load = 8, .sse = true, .fp = true, .mmx = MMX_ALWAYS, .mm = MM_REG) \
    FORM(mm_fp16,       .load = 16, .aligned = true, .sse = true, .fp = true, .mmx = MMX_ALWAYS, .mm = MM_REG) \
    FORM(xmm_movq2dq,   .sse = true, .mmx = MMX_ALWAYS) \
    FORM(mm_movdq2q,    .sse = true, .mmx = MMX_ALWAYS, .mm = MM_REG) \
    FORM(xmm_xmm2,      .load = 2, .sse = true) /* PMOVSX, PMOVZX */ \
    FORM(xmm_blend,     .load = 16, .aligned = true, .sse = true, .xmm0 = true) /* by the mask in XMM0 */ \
    FORM(xmm_flags,     .load = 16, .aligned = true, .sse = true, .flags = true) /* PTEST */ \
    FORM(xmm_xmm4_imm,  .load = 4, .sse = true, .imm = true) /* INSERTPS */ \
    FORM(r32_xmm1_imm,  .store = 1, .sse = true, .gpr = GPR_RM, .gpr_out = true, .imm = true) /* PEXTRB, -W, -D, EXTRACTPS */ \
    FORM(r32_xmm2_imm,  .store = 2, .sse = true, .gpr = GPR_RM, .gpr_out = true, .imm = true) \
    FORM(r32_xmm4_imm,  .store = 4, .sse = true, .gpr = GPR_RM, .gpr_out = true, .imm = true) \
    FORM(xmm_r8_imm,    .load = 1, .sse = true, .gpr = GPR_RM, .imm = true) /* PINSRB, -D */ \
    FORM(xmm_r32_imm,   .load = 4, .sse = true, .gpr = GPR_RM, .imm = true) \
    FORM(strings,       .load = 16, .sse = true, .xmm0 = true, .strings = true, .flags = true, .imm = true)

#define SIMD_DECLARE(name, ...) void simd_##name(struct cpu *cpu, const struct insn *insn);
SIMD_FORMS(SIMD_DECLARE)

/* A row for one opcode with these prefixes: `fn` without simd_. */
#define SIMD_ROW(map, op, prefixes, feature, fn) { map, op, op, -1, prefixes, feature, simd_##fn }
// clang-format on

#endif
