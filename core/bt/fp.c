/* fp.c - x87, MMX and SSE instructions: the guest's own, on the host's registers.
 *
 * The guest's state moves into the host's registers when translated code first needs it, and stays there from unit to
 * unit (core/cpu/fpu.h). The first such instruction of a unit asks; out of line the state is loaded, or, where CR0 or
 * CR4 forbid the guest the use of it, the interpreter executes the instruction and raises what there is to raise. For
 * `fld qword [ebx]; fmul st0,st0; fstp dword [ebx+8]` at C0100010h:
 *
 *     test  byte [r15+fp_live],1
 *     jz    slow 0
 *     (check of [ebx], 8 bytes to read; R12 = EBX)
 *     fld   qword [r12+r13]
 *     fmul  st0,st0
 *     (check of [ebx+8], 4 bytes to write)
 *     fstp  dword [r12+r13]
 *
 * What the host refuses (an x87 exception pends, an unmasked SIMD exception, a misaligned operand) becomes a fault, by
 * which fault.c hands the instruction to the interpreter. An x87 exception that the guest has unmasked pends on the
 * host as it does on the guest's processor, and is raised in front of the same instruction. */
#include "core/bt/xlat.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/simd.h"
#include "core/cpu/interp/x87.h"

/* ---- state ---- */

/* test fp_live, need: like all checks before an access it leaves registers and flags alone. */
static void emit_test_live(struct code *code, unsigned need)
{
    emit_op(code, 0, 0xf6, 0, op_mem(HOST_CPU, CPU_FIELD(bt.fp_live)));
    emit8(code, need);
}

static void fp_require(struct xlat *x, unsigned need)
{
    struct code *code = &x->code;
    if (x->fp_ready & need)
        return;
    struct slow *slow = slow_of(x);
    slow->fp_saved = x->now->live_in != 0;
    if (slow->fp_saved)
        flags_stash(code);
    emit_test_live(code, need);
    slow->fp_need = (uint8_t)need;
    slow->fp_jump = emit_jcc(code, CC_E);
    slow->fp_back = code->at;
    if (slow->fp_saved)
        flags_unstash(code);
    x->fp_ready |= (uint8_t)(need == FPU_SSE ? FPU_SSE | FPU_X87 : FPU_X87);
}

uint8_t *fp_slow(struct xlat *x, const struct slow *slow)
{
    struct code *code = &x->code;
    emit_patch(slow->fp_jump, code->at);
    emit_call_to(code, x->bt->stub_fp_load);
    emit_test_live(code, slow->fp_need);
    emit_patch(emit_jcc(code, CC_NE), slow->fp_back);
    return emit_jmp(code);
}

/* ---- rows ---- */

void xlat_x87(struct xlat *x)
{
    const struct insn *insn = x->insn;
    struct code *code = &x->code;
    struct x87_form form;
    /* In real mode selectors change here, and are not at hand any more when the pointers are noted. */
    if (!x->bt->faults || !x87_form_of(insn, &form) || (x->mode & MODE_REAL)) {
        x->refused = true;
        return;
    }
    fp_require(x, FPU_X87);
    if (insn->mod == 3) {
        emit8(code, insn->opcode);
        emit8(code, insn->modrm);
    } else {
        struct operand at = operand_check(x, form.load ? form.load : form.store, form.store != 0);
        emit_op(code, 0, insn->opcode, insn->reg, at);
    }
    if (form.notes)
        fp_note_this(x);
}

void xlat_fwait(struct xlat *x)
{
    x->refused = !x->bt->faults;
    if (x->refused)
        return;
    fp_require(x, FPU_X87);
    emit8(&x->code, 0x9b);
}

static unsigned simd_how(const struct insn *insn)
{
    return insn_how(insn) | (!insn->rep && (insn->prefixes & INSN_PREFIX_66) ? EMIT_66 : 0);
}

/* 0F AE: MXCSR and the fences. */
static void simd_group15(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->mod == 3) { /* LFENCE, MFENCE, SFENCE */
        emit_op(&x->code, EMIT_0F, 0xae, insn->reg, op_reg(insn->rm));
        return;
    }
    /* LDMXCSR is the interpreter's: bits that the guest's processor refuses, the host's may have. */
    x->refused = insn->reg != 3;
    if (x->refused)
        return;
    fp_require(x, FPU_SSE);
    emit_op(&x->code, EMIT_0F, 0xae, insn->reg, operand_check(x, 4, true));
}

static void simd_other(struct xlat *x)
{
    const struct insn *insn = x->insn;
    switch (insn->opcode) {
    case 0x77: /* EMMS */
        fp_require(x, FPU_X87);
        emit8(&x->code, 0x0f);
        emit8(&x->code, 0x77);
        break;
    case 0xae: simd_group15(x); break;
    case 0xc3: /* MOVNTI */
        x->refused = insn->reg == ESP;
        emit_op(&x->code, EMIT_0F, 0xc3, insn->reg, operand_check(x, 4, true));
        break;
    default: x->refused = true;
    }
}

static void simd_form(struct xlat *x, const struct simd_form *form)
{
    const struct insn *insn = x->insn;
    bool memory = insn->mod != 3;
    struct operand at = op_reg(insn->rm);
    if ((form->gpr == GPR_REG && insn->reg == ESP) || (form->gpr == GPR_RM && !memory && insn->rm == ESP)) {
        x->refused = true; /* nobody computes into the stack pointer */
        return;
    }
    fp_require(x, form->sse ? FPU_SSE : FPU_X87);
    if (memory)
        at = operand_check(x, form->load ? form->load : form->store, form->store != 0);
    emit_op(&x->code, simd_how(insn), insn->opcode, insn->reg, at);
    if (form->imm)
        emit8(&x->code, insn->imm);
}

void xlat_simd(struct xlat *x)
{
    const struct simd_form *form = simd_form_of(x->insn->exec);
    if (!x->bt->faults)
        x->refused = true;
    else if (form)
        simd_form(x, form);
    else
        simd_other(x);
}
