/* MMX, SSE and SSE2. An instruction belongs to a *form* (simd.h). The form does everything around the instruction; the
 * host executes the instruction itself (hostfp.c). SSE3 and later have no rows, and so raise #UD. */
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/hostfp.h"
#include "core/cpu/interp/insn.h"
#include "core/cpu/interp/simd.h"
#include "core/cpu/interp/x87.h"

#include <string.h>

#define MXCSR_EXCEPTIONS 0x3fu
#define MXCSR_UNDERFLOW 0x10u
#define MXCSR_BEFORE 0x07u /* found before the computation: invalid, denormal, division by zero */
#define MXCSR_UM 0x800u
#define MXCSR_MASKS 0x1f80u
#define MXCSR_FZ 0x8000u

/* ---- what comes after ---- */

/* XXX: with overflow or underflow unmasked, PE is set as by the masked response: an overflow whose significand is exact
 * shows PE where a processor would not.
 *
 * Raises #XM if the instruction, which ran with all exceptions masked and flags clear, set the flag of an exception
 * that the guest has not masked; the flags of the guest's MXCSR are updated in either case (SDM vol. 1, 11.5). */
static void fp_commit(struct cpu *cpu, uint32_t raised)
{
    uint32_t unmasked = raised & ~(cpu->fx.mxcsr >> 7);
    /* When an exception found before the computation is taken there is no computation, and none of its exceptions. */
    if (unmasked & MXCSR_BEFORE)
        raised &= MXCSR_BEFORE;
    cpu->fx.mxcsr |= raised;
    if (unmasked)
        cpu_raise(cpu, cpu->cr4 & CR4_OSXMMEXCPT ? EXC_XM : EXC_UD);
}

static hostfp_fn snippet(struct cpu *cpu, const struct insn *insn, const struct simd_form *form)
{
    uint32_t kind = 0;
    if (insn->rep)
        kind |= insn->rep == 0xf2 ? HOSTFP_PREFIX_F2 : HOSTFP_PREFIX_F3;
    else if (insn->prefixes & INSN_PREFIX_66)
        kind |= HOSTFP_PREFIX_66;
    if (form->mmx != MMX_NONE)
        kind |= HOSTFP_MMX;
    if (form->gpr != GPR_NONE)
        kind |= HOSTFP_GPR;
    if (form->flags)
        kind |= HOSTFP_FLAGS;
    if (form->fp)
        kind |= HOSTFP_MXCSR;
    if (form->imm)
        kind |= HOSTFP_IMM;
    uint32_t reg = form->gpr == GPR_REG ? 0 : insn->reg;
    uint32_t rm = insn->mod != 3 ? 7 : form->gpr == GPR_RM ? 0xc0 : 0xc0 | insn->rm;
    return hostfp_snippet(cpu->hostfp, HOSTFP_KEY(kind, insn->opcode, reg << 3 | rm, form->imm ? insn->imm & 0xff : 0));
}

/* Registers that a snippet may have written, to take them back when the result must not be seen. */
struct undo {
    uint8_t xmm[16], mm[16];
};

static void undo_note(struct undo *undo, const struct fxstate *fx, unsigned reg)
{
    memcpy(undo->xmm, fx->xmm[reg], 16);
    memcpy(undo->mm, fx->st[reg], 16);
}

static void undo_apply(const struct undo *undo, struct fxstate *fx, unsigned reg)
{
    memcpy(fx->xmm[reg], undo->xmm, 16);
    memcpy(fx->st[reg], undo->mm, 16);
}

/* Runs a floating-point instruction with the exceptions the guest has unmasked: none of the results is kept if one of
 * them is raised. */
static void fp_run(struct cpu *cpu, const struct insn *insn, hostfp_fn fn, struct hostfp_frame *frame)
{
    struct fxstate *fx = &cpu->fx;
    uint32_t quiet = (fx->mxcsr & 0xffff & ~MXCSR_EXCEPTIONS) | MXCSR_MASKS;
    if ((fx->mxcsr & MXCSR_MASKS) == MXCSR_MASKS) {
        frame->mxcsr = quiet;
        fn(frame, fx, fx);
        fx->mxcsr |= frame->mxcsr & MXCSR_EXCEPTIONS;
        return;
    }
    struct undo undo;
    undo_note(&undo, fx, insn->reg);
    uint32_t gpr = frame->gpr, raised = 0;
    if (!(fx->mxcsr & MXCSR_UM)) {
        /* An unmasked underflow is raised by a result that is tiny, a masked one is flagged only if it is inexact too
         * (SDM vol. 1, 4.9.1.5). Flushing to zero flags every tiny result, so it tells. */
        frame->mxcsr = quiet | MXCSR_FZ;
        fn(frame, fx, fx);
        raised = frame->mxcsr & MXCSR_UNDERFLOW;
        undo_apply(&undo, fx, insn->reg);
        frame->gpr = gpr;
    }
    /* Flush-to-zero acts on masked underflow alone. */
    frame->mxcsr = fx->mxcsr & MXCSR_UM ? quiet : quiet & ~MXCSR_FZ;
    fn(frame, fx, fx);
    raised |= frame->mxcsr & MXCSR_EXCEPTIONS;
    if (raised & ~(fx->mxcsr >> 7))
        undo_apply(&undo, fx, insn->reg);
    fp_commit(cpu, raised);
}

static inline void operand_load(struct cpu *cpu, const struct insn *insn, const struct simd_form *form, uint8_t *to)
{
    uint32_t ea = insn_address(cpu, insn);
    uint64_t value;
    switch (form->load) {
    case 2: value = ld16(cpu, insn->seg, ea); break;
    case 4: value = ld32(cpu, insn->seg, ea); break;
    case 8: value = ld64(cpu, insn->seg, ea); break;
    default: ldn(cpu, insn->seg, ea, to, 16, form->aligned ? 16 : 1); return;
    }
    memcpy(to, &value, 8);
}

static inline void operand_store(
    struct cpu *cpu, const struct insn *insn, const struct simd_form *form, const uint8_t *from)
{
    uint32_t ea = insn_address(cpu, insn);
    uint64_t value;
    memcpy(&value, from, 8);
    switch (form->store) {
    case 4: st32(cpu, insn->seg, ea, (uint32_t)value); break;
    case 8: st64(cpu, insn->seg, ea, value); break;
    default: stn(cpu, insn->seg, ea, from, 16, form->aligned ? 16 : 1);
    }
}

static inline void simd(struct cpu *cpu, const struct insn *insn, const struct simd_form *form)
{
    bool memory = insn->mod != 3;
    bool mmx = form->mmx == MMX_ALWAYS || (form->mmx == MMX_REGISTER && !memory);
    struct fxstate *fx = &cpu->fx;
    if (form->sse)
        sse_check(cpu);
    if (mmx && !mmx_check(cpu))
        return;
    struct hostfp_frame *frame = hostfp_frame(cpu->hostfp);
    if (memory && form->load)
        operand_load(cpu, insn, form, frame->operand);
    if (form->gpr != GPR_NONE)
        frame->gpr = cpu->reg[form->gpr == GPR_REG ? insn->reg : insn->rm];
    hostfp_fn fn = snippet(cpu, insn, form);

    if (memory && form->store) {
        /* The instruction changes no register; only MMX turns the stack, and not before the store is done. */
        struct fxstate *from = fx;
        struct fxstate turned;
        if (mmx && x87_top(fx)) {
            turned = *fx;
            x87_set_top(&turned, 0);
            from = &turned;
        }
        fn(frame, from, from);
        operand_store(cpu, insn, form, frame->operand);
        if (mmx)
            mmx_enter(fx);
        return;
    }
    if (mmx)
        mmx_enter(fx);
    if (form->fp)
        fp_run(cpu, insn, fn, frame);
    else
        fn(frame, fx, fx);
    if (form->gpr_out && !(memory && form->gpr == GPR_RM))
        cpu->reg[form->gpr == GPR_REG ? insn->reg : insn->rm] = frame->gpr;
    if (form->mm != MM_NONE)
        memset(fx->st[form->mm == MM_REG ? insn->reg : insn->rm] + 8, 0xff, 2);
    if (form->flags)
        cpu->eflags = (cpu->eflags & ~FLAGS_ARITH) | ((uint32_t)frame->eflags & FLAGS_ARITH);
}

// clang-format off
/* Named after the destination, the source and the size in memory in bytes. */
#define FORMS(FORM) \
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
    FORM(mm_movdq2q,    .sse = true, .mmx = MMX_ALWAYS, .mm = MM_REG)

#define HANDLER(name, ...)                                             \
    static const struct simd_form name##_form = { __VA_ARGS__ };       \
    static void name(struct cpu *cpu, const struct insn *insn)         \
    {                                                                  \
        simd(cpu, insn, &name##_form);                                 \
    }
FORMS(HANDLER)
// clang-format on

const struct simd_form *simd_form_of(insn_fn handler)
{
#define PAIR(name, ...) { name, &name##_form },
    static const struct {
        insn_fn handler;
        const struct simd_form *form;
    } forms[] = { FORMS(PAIR) };
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].handler == handler)
            return forms[i].form;
    return NULL;
}

/* ---- the table ---- */

#define SSE CPUID_SSE
#define SSE2 CPUID_SSE2
#define MMX CPUID_MMX
/* Rows of one opcode: P alone, 66, F3, F2. */
#define NP(op, feature, fn)                    \
    {                                          \
        MAP_0F, op, op, -1, OP_NP, feature, fn \
    }
#define P66(op, feature, fn)                   \
    {                                          \
        MAP_0F, op, op, -1, OP_66, feature, fn \
    }
#define PF3(op, feature, fn)                   \
    {                                          \
        MAP_0F, op, op, -1, OP_F3, feature, fn \
    }
#define PF2(op, feature, fn)                   \
    {                                          \
        MAP_0F, op, op, -1, OP_F2, feature, fn \
    }
#define NP_MEM(op, feature, fn)                         \
    {                                                   \
        MAP_0F, op, op, -1, OP_NP | OP_MEM, feature, fn \
    }
#define P66_MEM(op, feature, fn)                        \
    {                                                   \
        MAP_0F, op, op, -1, OP_66 | OP_MEM, feature, fn \
    }
#define NP_REG(op, feature, fn)                         \
    {                                                   \
        MAP_0F, op, op, -1, OP_NP | OP_REG, feature, fn \
    }
#define P66_REG(op, feature, fn)                        \
    {                                                   \
        MAP_0F, op, op, -1, OP_66 | OP_REG, feature, fn \
    }
/* The usual pairs and quartets. */
#define FP_ALL(op) NP(op, SSE, fp_16), P66(op, SSE2, fp_16), PF3(op, SSE, fp_4), PF2(op, SSE2, fp_8)
#define LOGIC(op) NP(op, SSE, xmm_xmm), P66(op, SSE2, xmm_xmm)
#define INTEGER(op, feature) NP(op, feature, mm_mm), P66(op, SSE2, xmm_xmm)
#define SHIFT(op, ext)                                       \
    { MAP_0F, op, op, ext, OP_NP | OP_REG, MMX, mm_shift },  \
    {                                                        \
        MAP_0F, op, op, ext, OP_66 | OP_REG, SSE2, xmm_shift \
    }

// clang-format off
static const struct op_row rows[] = {
    NP(0x10, SSE, xmm_xmm_u), P66(0x10, SSE2, xmm_xmm_u), PF3(0x10, SSE, xmm_xmm4), PF2(0x10, SSE2, xmm_xmm8),         /* MOVUPS MOVUPD MOVSS MOVSD */
    NP(0x11, SSE, xmm_store_u), P66(0x11, SSE2, xmm_store_u), PF3(0x11, SSE, xmm_store4), PF2(0x11, SSE2, xmm_store8),
    NP(0x12, SSE, xmm_xmm8), P66_MEM(0x12, SSE2, xmm_xmm8),           /* MOVLPS MOVHLPS MOVLPD */
    NP_MEM(0x13, SSE, xmm_store8), P66_MEM(0x13, SSE2, xmm_store8),
    LOGIC(0x14), LOGIC(0x15),                                         /* UNPCKL UNPCKH */
    NP(0x16, SSE, xmm_xmm8), P66_MEM(0x16, SSE2, xmm_xmm8),           /* MOVHPS MOVLHPS MOVHPD */
    NP_MEM(0x17, SSE, xmm_store8), P66_MEM(0x17, SSE2, xmm_store8),
    LOGIC(0x28),                                                      /* MOVAPS MOVAPD */
    NP(0x29, SSE, xmm_store), P66(0x29, SSE2, xmm_store),
    NP(0x2a, SSE, fp_mm), P66(0x2a, SSE2, fp_mm), PF3(0x2a, SSE, fp_r32), PF2(0x2a, SSE2, fp_r32),                 /* CVTPI2PS CVTPI2PD CVTSI2SS CVTSI2SD */
    NP_MEM(0x2b, SSE, xmm_store), P66_MEM(0x2b, SSE2, xmm_store),     /* MOVNTPS MOVNTPD */
    NP(0x2c, SSE, mm_fp8), P66(0x2c, SSE2, mm_fp16), PF3(0x2c, SSE, r32_fp4), PF2(0x2c, SSE2, r32_fp8),                /* CVTTPS2PI CVTTPD2PI CVTTSS2SI CVTTSD2SI */
    NP(0x2d, SSE, mm_fp8), P66(0x2d, SSE2, mm_fp16), PF3(0x2d, SSE, r32_fp4), PF2(0x2d, SSE2, r32_fp8),                /* CVTPS2PI CVTPD2PI CVTSS2SI CVTSD2SI */
    NP(0x2e, SSE, fp_4_flags), P66(0x2e, SSE2, fp_8_flags),           /* UCOMISS UCOMISD */
    NP(0x2f, SSE, fp_4_flags), P66(0x2f, SSE2, fp_8_flags),           /* COMISS COMISD */
    NP_REG(0x50, SSE, xmm_movmsk), P66_REG(0x50, SSE2, xmm_movmsk),   /* MOVMSKPS MOVMSKPD */
    FP_ALL(0x51),                                                     /* SQRT */
    NP(0x52, SSE, xmm_xmm), PF3(0x52, SSE, xmm_xmm4),                 /* RSQRT: raises nothing */
    NP(0x53, SSE, xmm_xmm), PF3(0x53, SSE, xmm_xmm4),                 /* RCP: raises nothing */
    LOGIC(0x54), LOGIC(0x55), LOGIC(0x56), LOGIC(0x57),               /* AND ANDN OR XOR */
    FP_ALL(0x58), FP_ALL(0x59), FP_ALL(0x5c), FP_ALL(0x5d), FP_ALL(0x5e), FP_ALL(0x5f),                                /* ADD MUL SUB MIN DIV MAX */
    NP(0x5a, SSE2, fp_8), P66(0x5a, SSE2, fp_16), PF3(0x5a, SSE2, fp_4), PF2(0x5a, SSE2, fp_8),                        /* CVTPS2PD CVTPD2PS CVTSS2SD CVTSD2SS */
    NP(0x5b, SSE2, fp_16), P66(0x5b, SSE2, fp_16), PF3(0x5b, SSE2, fp_16),                                             /* CVTDQ2PS CVTPS2DQ CVTTPS2DQ */
    NP(0x60, MMX, mm_mm4), NP(0x61, MMX, mm_mm4), NP(0x62, MMX, mm_mm4),                                               /* PUNPCKL of halves */
    P66(0x60, SSE2, xmm_xmm), P66(0x61, SSE2, xmm_xmm), P66(0x62, SSE2, xmm_xmm),
    INTEGER(0x63, MMX), INTEGER(0x64, MMX), INTEGER(0x65, MMX), INTEGER(0x66, MMX), INTEGER(0x67, MMX),                /* PACKSSWB PCMPGT PACKUSWB */
    INTEGER(0x68, MMX), INTEGER(0x69, MMX), INTEGER(0x6a, MMX), INTEGER(0x6b, MMX),                                    /* PUNPCKH PACKSSDW */
    P66(0x6c, SSE2, xmm_xmm), P66(0x6d, SSE2, xmm_xmm),               /* PUNPCKLQDQ PUNPCKHQDQ */
    NP(0x6e, MMX, mm_r32), P66(0x6e, SSE2, xmm_r32),                  /* MOVD */
    NP(0x6f, MMX, mm_mm), P66(0x6f, SSE2, xmm_xmm), PF3(0x6f, SSE2, xmm_xmm_u),                                        /* MOVQ MOVDQA MOVDQU */
    NP(0x70, SSE, mm_mm_imm), P66(0x70, SSE2, xmm_imm), PF3(0x70, SSE2, xmm_imm), PF2(0x70, SSE2, xmm_imm),            /* PSHUFW PSHUFD PSHUFHW PSHUFLW */
    SHIFT(0x71, 2), SHIFT(0x71, 4), SHIFT(0x71, 6),                   /* PSRLW PSRAW PSLLW */
    SHIFT(0x72, 2), SHIFT(0x72, 4), SHIFT(0x72, 6),                   /* PSRLD PSRAD PSLLD */
    SHIFT(0x73, 2), SHIFT(0x73, 6),                                   /* PSRLQ PSLLQ */
    { MAP_0F, 0x73, 0x73, 3, OP_66 | OP_REG, SSE2, xmm_shift }, { MAP_0F, 0x73, 0x73, 7, OP_66 | OP_REG, SSE2, xmm_shift }, /* PSRLDQ PSLLDQ */
    INTEGER(0x74, MMX), INTEGER(0x75, MMX), INTEGER(0x76, MMX),       /* PCMPEQ */
    NP(0x77, MMX, simd_emms),
    NP(0x7e, MMX, r32_mm), P66(0x7e, SSE2, r32_xmm), PF3(0x7e, SSE2, xmm_xmm8),                                        /* MOVD MOVQ */
    NP(0x7f, MMX, mm_store), P66(0x7f, SSE2, xmm_store), PF3(0x7f, SSE2, xmm_store_u),                                 /* MOVQ MOVDQA MOVDQU */
    { MAP_0F, 0xae, 0xae, 0, OP_NP | OP_MEM, CPUID_FXSR, simd_fxsave }, { MAP_0F, 0xae, 0xae, 1, OP_NP | OP_MEM, CPUID_FXSR, simd_fxrstor },
    { MAP_0F, 0xae, 0xae, 2, OP_NP | OP_MEM, SSE, simd_ldmxcsr }, { MAP_0F, 0xae, 0xae, 3, OP_NP | OP_MEM, SSE, simd_stmxcsr },
    { MAP_0F, 0xae, 0xae, 5, OP_NP | OP_REG, SSE2, simd_fence }, { MAP_0F, 0xae, 0xae, 6, OP_NP | OP_REG, SSE2, simd_fence },    /* LFENCE MFENCE */
    { MAP_0F, 0xae, 0xae, 7, OP_NP | OP_REG, SSE, simd_fence }, { MAP_0F, 0xae, 0xae, 7, OP_NP | OP_MEM, CPUID_CLFSH, simd_clflush }, /* SFENCE CLFLUSH */
    NP(0xc2, SSE, fp_16_imm), P66(0xc2, SSE2, fp_16_imm), PF3(0xc2, SSE, fp_4_imm), PF2(0xc2, SSE2, fp_8_imm),         /* CMP */
    NP_MEM(0xc3, SSE2, simd_movnti),
    NP(0xc4, SSE, mm_pinsrw), P66(0xc4, SSE2, xmm_pinsrw),
    NP_REG(0xc5, SSE, mm_pextrw), P66_REG(0xc5, SSE2, xmm_pextrw),
    NP(0xc6, SSE, xmm_imm), P66(0xc6, SSE2, xmm_imm),                 /* SHUFPS SHUFPD */
    INTEGER(0xd1, MMX), INTEGER(0xd2, MMX), INTEGER(0xd3, MMX), INTEGER(0xd4, SSE2), INTEGER(0xd5, MMX),               /* PSRL PADDQ PMULLW */
    P66(0xd6, SSE2, xmm_store8),                                      /* MOVQ */
    { MAP_0F, 0xd6, 0xd6, -1, OP_F3 | OP_REG, SSE2, xmm_movq2dq }, { MAP_0F, 0xd6, 0xd6, -1, OP_F2 | OP_REG, SSE2, mm_movdq2q },
    NP_REG(0xd7, SSE, mm_movmsk), P66_REG(0xd7, SSE2, xmm_movmsk),    /* PMOVMSKB */
    INTEGER(0xd8, MMX), INTEGER(0xd9, MMX), INTEGER(0xda, SSE), INTEGER(0xdb, MMX),                                    /* PSUBUS PMINUB PAND */
    INTEGER(0xdc, MMX), INTEGER(0xdd, MMX), INTEGER(0xde, SSE), INTEGER(0xdf, MMX),                                    /* PADDUS PMAXUB PANDN */
    INTEGER(0xe0, SSE), INTEGER(0xe1, MMX), INTEGER(0xe2, MMX), INTEGER(0xe3, SSE),                                    /* PAVGB PSRA PAVGW */
    INTEGER(0xe4, SSE), INTEGER(0xe5, MMX),                           /* PMULHUW PMULHW */
    P66(0xe6, SSE2, fp_16), PF3(0xe6, SSE2, fp_8), PF2(0xe6, SSE2, fp_16),                                             /* CVTTPD2DQ CVTDQ2PD CVTPD2DQ */
    NP_MEM(0xe7, SSE, mm_store), P66_MEM(0xe7, SSE2, xmm_store),      /* MOVNTQ MOVNTDQ */
    INTEGER(0xe8, MMX), INTEGER(0xe9, MMX), INTEGER(0xea, SSE), INTEGER(0xeb, MMX),                                    /* PSUBS PMINSW POR */
    INTEGER(0xec, MMX), INTEGER(0xed, MMX), INTEGER(0xee, SSE), INTEGER(0xef, MMX),                                    /* PADDS PMAXSW PXOR */
    INTEGER(0xf1, MMX), INTEGER(0xf2, MMX), INTEGER(0xf3, MMX), INTEGER(0xf4, SSE2), INTEGER(0xf5, MMX), INTEGER(0xf6, SSE), /* PSLL PMULUDQ PMADDWD PSADBW */
    NP_REG(0xf7, SSE, simd_maskmovq), P66_REG(0xf7, SSE2, simd_maskmovdqu),
    INTEGER(0xf8, MMX), INTEGER(0xf9, MMX), INTEGER(0xfa, MMX), INTEGER(0xfb, SSE2),                                   /* PSUB */
    INTEGER(0xfc, MMX), INTEGER(0xfd, MMX), INTEGER(0xfe, MMX),       /* PADD */
};
// clang-format on

const struct op_table ops_simd = { rows, sizeof rows / sizeof rows[0] };
