/* simd_run.c - executes an MMX or SSE instruction by its *form* (simd.h). The form does everything around the
 * instruction; the host executes the instruction itself (hostfp.c). */
#include "core/cpu/access.h"
#include "core/cpu/interp/hostfp.h"
#include "core/cpu/interp/simd_forms.h"
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
 * shows PE where a processor would not. DPPS and DPPD, which compute in steps, show the flags of all steps where a
 * processor stops at the first that raises something.
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
    uint64_t kind = 0;
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
    if (form->xmm0)
        kind |= HOSTFP_XMM0;
    if (form->strings)
        kind |= HOSTFP_STRINGS;
    if (insn->map != MAP_0F)
        kind |= insn->map == MAP_0F38 ? HOSTFP_0F38 : HOSTFP_0F3A;
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

static void operand_load(struct cpu *cpu, const struct insn *insn, const struct simd_form *form, uint8_t *to)
{
    uint32_t ea = insn_address(cpu, insn);
    uint64_t value;
    switch (form->load) {
    case 1: value = ld8(cpu, insn->seg, ea); break;
    case 2: value = ld16(cpu, insn->seg, ea); break;
    case 4: value = ld32(cpu, insn->seg, ea); break;
    case 8: value = ld64(cpu, insn->seg, ea); break;
    default: ldn(cpu, insn->seg, ea, to, 16, form->aligned ? 16 : 1); return;
    }
    memcpy(to, &value, 8);
}

static void operand_store(struct cpu *cpu, const struct insn *insn, const struct simd_form *form, const uint8_t *from)
{
    uint32_t ea = insn_address(cpu, insn);
    uint64_t value;
    memcpy(&value, from, 8);
    switch (form->store) {
    case 1: st8(cpu, insn->seg, ea, (uint8_t)value); break;
    case 2: st16(cpu, insn->seg, ea, (uint16_t)value); break;
    case 4: st32(cpu, insn->seg, ea, (uint32_t)value); break;
    case 8: st64(cpu, insn->seg, ea, value); break;
    default: stn(cpu, insn->seg, ea, from, 16, form->aligned ? 16 : 1);
    }
}

static void simd_run(struct cpu *cpu, const struct insn *insn, const struct simd_form *form)
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
    if (form->strings) {
        frame->gpr = cpu->reg[EAX];
        frame->ecx = cpu->reg[ECX];
        frame->edx = cpu->reg[EDX];
    }
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
    if (form->strings)
        cpu->reg[ECX] = frame->ecx;
    if (form->mm != MM_NONE)
        memset(fx->st[form->mm == MM_REG ? insn->reg : insn->rm] + 8, 0xff, 2);
    if (form->flags)
        cpu->eflags = (cpu->eflags & ~FLAGS_ARITH) | ((uint32_t)frame->eflags & FLAGS_ARITH);
}

// clang-format off
#define HANDLER(name, ...)                                        \
    static const struct simd_form name##_form = { __VA_ARGS__ };  \
    void simd_##name(struct cpu *cpu, const struct insn *insn)    \
    {                                                             \
        simd_run(cpu, insn, &name##_form);                        \
    }
SIMD_FORMS(HANDLER)

const struct simd_form *simd_form_of(insn_fn handler)
{
#define PAIR(name, ...) { simd_##name, &name##_form },
    static const struct {
        insn_fn handler;
        const struct simd_form *form;
    } forms[] = { SIMD_FORMS(PAIR) };
    for (unsigned i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (forms[i].handler == handler)
            return forms[i].form;
    return NULL;
}
// clang-format on
