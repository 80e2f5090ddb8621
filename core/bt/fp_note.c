/* fp_note.c - the pointers to the last x87 instruction and its operand, which FNSTENV and FXSAVE show.
 *
 * The host's own are of no use: they tell of host code, and many processors keep them only while an exception pends. To
 * store them with each instruction would cost more than most x87 instructions do. So while control stays in the unit
 * they are kept in mind (struct x87_note), as the pending change of ESP is, and code that notes them is emitted where
 * control may leave: two stores for a whole stretch of instructions. What is in mind at a point stands in the side
 * table, for a kick or a fault.
 *
 * The address of an operand is computed as late as that, too, from the registers that the instruction used. It is
 * stored earlier when one of them is about to change: `fld qword [eax]; fmul st0,st0; add eax,8; fstp dword [ebx+8]` at
 * C0100010h becomes
 *
 *     fld   qword [...]
 *     fmul  st0,st0
 *     lea   r8d,[rax]                      EAX changes next
 *     mov   [r15+x87_dp],r8d
 *     mov   dword [r15+x87_seg],8003h      an offset in DS
 *     add   eax,8
 *     fstp  dword [...]
 *     lea   r8d,[rbx+8]                    control leaves
 *     mov   [r15+x87_dp],r8d
 *     mov   dword [r15+x87_seg],8003h
 *     mov   r8,c01000170000815bh           C0100017h; D9 5B
 *     mov   [r15+x87_op],r8
 *
 * A constant that is added to a register is taken off the address again. A branch has this code out of line, on the way
 * that is taken. And in a loop inside the unit it is not executed at all: at the loop's head what the branch at its end
 * leaves in mind *is* in mind, if control came from there, and that is what x87_looped says; who must note in such a
 * place asks it. Above, before the x87 instructions of the first time around, there is nothing to note. */
#include "core/bt/xlat.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/simd.h"
#include "core/cpu/interp/x87.h"

static uint32_t op_word(const struct insn *insn)
{
    return FPU_NOTED | (uint32_t)(insn->opcode & 7) << 8 | insn->modrm;
}

/* Where the operand is now. */
static struct operand operand_now(const struct insn *insn, int32_t delta, int32_t adjust)
{
    struct operand ea = operand_address(insn, delta);
    ea.disp = (int32_t)((uint32_t)ea.disp + (uint32_t)adjust);
    return ea;
}

static void note_store(struct xlat *x, struct x87_note note)
{
    struct code *code = &x->code;
    if (note.operand) {
        const struct insn *insn = x->step[note.operand - 1].insn;
        emit_lea(code, R8, operand_now(insn, x->unit->point[note.operand - 1].delta, note.adjust));
        if (insn->addrsize == 2)
            emit_movzx(code, R8, R8);
        emit_store(code, op_mem(HOST_CPU, CPU_FIELD(bt.x87_dp)), R8);
        emit_store_imm(code, op_mem(HOST_CPU, CPU_FIELD(bt.x87_seg)), FPU_NOTED | insn->seg);
    }
    if (note.last) {
        const struct step *step = &x->step[note.last - 1];
        emit_mov_imm64(code, R8, (uint64_t)step->eip << 32 | op_word(step->insn));
        emit_op(code, EMIT_W, 0x89, R8, op_mem(HOST_CPU, CPU_FIELD(bt.x87_op)));
    }
}

void fp_note(struct xlat *x, struct x87_note note)
{
    struct code *code = &x->code;
    if (!note.last && !note.operand)
        return;
    if (!note.looped) {
        note_store(x, note);
        return;
    }
    emit_mov64(code, R9, RCX);
    emit_load(code, RCX, op_mem(HOST_CPU, CPU_FIELD(bt.x87_looped)));
    emit8(code, 0xe3); /* jrcxz, over the next two */
    emit8(code, 5);
    uint8_t *looped = emit_jmp(code);
    emit_mov64(code, RCX, R9);
    uint8_t *out = emit_jmp(code);
    emit_patch(looped, code->at);
    emit_mov64(code, RCX, R9);
    note_store(x, note);
    emit_patch(out, code->at);
}

void fp_note_at(struct bt *bt, const struct unit *unit, const struct point *at, const uint64_t *gpr)
{
    struct cpu_bt *noted = &bt->cpu->bt;
    if (at->note.looped && !noted->x87_looped)
        return;
    if (at->note.operand) {
        const struct point *point = &unit->point[at->note.operand - 1];
        const struct insn *insn = point_insn(unit, point);
        struct operand ea = operand_now(insn, point->delta, at->note.adjust);
        uint32_t base = ea.base == NO_REG ? 0 : (uint32_t)gpr[ea.base];
        uint32_t index = ea.index == NO_REG ? 0 : (uint32_t)gpr[ea.index] << ea.scale;
        noted->x87_dp = ((uint32_t)ea.disp + base + index) & (insn->addrsize == 2 ? UINT16_MAX : UINT32_MAX);
        noted->x87_seg = FPU_NOTED | insn->seg;
    }
    if (at->note.last) {
        noted->x87_op = op_word(point_insn(unit, &unit->point[at->note.last - 1]));
        noted->x87_ip = unit->point[at->note.last - 1].eip;
    }
}

/* ---- registers that are about to change ---- */

#define ALL_REGISTERS 0xffu

static unsigned bit(unsigned reg)
{
    return 1u << (reg & 7);
}

/* CMP, TEST and BT: neither operand is written. */
static bool only_looks(const struct insn *insn)
{
    if (insn->map != MAP_1BYTE)
        return insn->map == MAP_0F && insn->opcode == 0xa3;
    return (insn->opcode >= 0x38 && insn->opcode <= 0x3d) || (insn->opcode & 0xfe) == 0x84 ||
           (insn->opcode & 0xfe) == 0xa8;
}

/* The registers that an instruction of the generic forms may change; more rather than fewer. AH is EAX. */
static unsigned modrm_writes(const struct insn *insn, const struct xlat_row *row)
{
    bool both = insn->map == MAP_1BYTE
                    ? (insn->opcode & 0xfe) == 0x86
                    : insn->map == MAP_0F && ((insn->opcode & 0xfe) == 0xb0 || (insn->opcode & 0xfe) == 0xc0);
    unsigned mask = row->shape & (SHAPE_BY_OPCODE | SHAPE_RM_BYTE) ? 3 : 7;
    unsigned reg = bit(insn->reg) | bit(insn->reg & mask);
    unsigned rm = insn->mod == 3 ? bit(insn->rm) | bit(insn->rm & mask) : 0;
    if (both) /* XCHG, CMPXCHG, XADD */
        return reg | rm | bit(EAX);
    if (insn->map == MAP_1BYTE && (insn->opcode & 0xfe) == 0xf6 && insn->reg >= 4) /* MUL, DIV */
        return bit(EAX) | bit(EDX);
    if (row->shape & SHAPE_WRITES)
        return rm;
    return row->shape & SHAPE_EXT || only_looks(insn) ? 0 : reg;
}

/* The registers that the instruction may change; ESP only if it is more than a change of the pending delta. */
static unsigned writes_of(const struct insn *insn, const struct xlat_row *row)
{
    if (!row)
        return ALL_REGISTERS;
    if (row->fn == xlat_x87)
        return insn->mod == 3 && insn->opcode == 0xdf ? bit(EAX) : 0; /* FNSTSW AX */
    if (row->fn == xlat_simd) {
        const struct simd_form *form = simd_form_of(insn->exec);
        if (form && form->strings)
            return bit(ECX);
        return form && form->gpr_out ? bit(form->gpr == GPR_REG ? insn->reg : insn->rm) : 0;
    }
    if (row->fn == xlat_modrm || row->fn == xlat_esp_imm)
        return modrm_writes(insn, row);
    if (row->fn == xlat_copy)
        return only_looks(insn) ? 0 : bit(EAX) | bit(EDX);
    if (row->fn == xlat_lea)
        return bit(insn->reg);
    if (row->fn == xlat_inc_dec || row->fn == xlat_mov_imm)
        return bit(insn->opcode) | bit(insn->opcode & 3);
    if (row->fn == xlat_pop_reg)
        return bit(insn->opcode);
    if (row->fn == xlat_push_reg || row->fn == xlat_push_imm || row->fn == xlat_nop || row->fn == xlat_fwait ||
        row->fn == xlat_jcc || row->fn == xlat_jmp)
        return 0;
    return ALL_REGISTERS;
}

/* Adds a constant to a register: `*by`. ESP is another matter. */
static bool adds_constant(const struct insn *insn, const struct xlat_row *row, unsigned *reg, int32_t *by)
{
    if (!row || insn->opsize != 4)
        return false;
    if (row->fn == xlat_esp_imm && insn->mod == 3 && insn->opcode != 0x80) {
        *reg = insn->rm;
        *by = insn->reg == 0 ? (int32_t)insn->imm : (int32_t)-insn->imm;
    } else if (row->fn == xlat_inc_dec) {
        *reg = insn->opcode & 7;
        *by = insn->opcode & 8 ? -1 : 1;
    } else if (row->fn == xlat_lea && insn->addrsize == 4 && insn->base == insn->reg && insn->index == REG_NONE) {
        *reg = insn->reg;
        *by = (int32_t)insn->disp;
    } else {
        return false;
    }
    return *reg != ESP;
}

/* What an instruction makes of an operand's address that is in mind. */
static void adjust_follow(struct x87_note *note, const struct insn *operand, const struct step *step)
{
    unsigned reg;
    int32_t by;
    if (!adds_constant(step->insn, step->row, &reg, &by))
        return;
    uint32_t times = (operand->base == reg ? 1u : 0u) + (operand->index == reg ? 1u << operand->scale : 0u);
    note->adjust = (int32_t)((uint32_t)note->adjust - times * (uint32_t)by);
}

/* The instruction spoils it. */
static bool operand_spoiled(const struct insn *operand, const struct step *step)
{
    unsigned used = 0, reg;
    int32_t by;
    if (operand->base != REG_NONE)
        used |= bit(operand->base);
    if (operand->index != REG_NONE)
        used |= bit(operand->index);
    return (used & writes_of(step->insn, step->row)) && !adds_constant(step->insn, step->row, &reg, &by);
}

static void operand_flush(struct xlat *x)
{
    struct x87_note operand = x->note;
    operand.last = 0;
    fp_note(x, operand);
    x->note.operand = 0;
    x->note.adjust = 0;
}

void fp_note_before(struct xlat *x)
{
    /* A register form leaves the operand before it in mind, which must not hang on x87_looped any more. */
    bool settles = x->note.looped && x->row && x->row->fn == xlat_x87 && x->insn->mod == 3;
    if (x->note.operand && (settles || operand_spoiled(x->step[x->note.operand - 1].insn, x->now)))
        operand_flush(x);
}

void fp_note_this(struct xlat *x)
{
    x->note.last = (uint8_t)(x->index + 1);
    x->note.looped = false;
    if (x->insn->mod != 3) {
        x->note.operand = (uint8_t)(x->index + 1);
        x->note.adjust = 0;
    }
}

void fp_note_behind(struct xlat *x)
{
    if (x->note.operand)
        adjust_follow(&x->note, x->step[x->note.operand - 1].insn, x->now);
}

void fp_note_esp(struct xlat *x)
{
    if (x->note.operand && x->step[x->note.operand - 1].insn->base == ESP)
        operand_flush(x);
}

/* ---- loops ---- */

/* What is in mind behind step `to` if control comes straight from step `from`, with nothing in mind there. */
static struct x87_note note_ahead(const struct xlat *x, unsigned from, unsigned to)
{
    struct x87_note note = { 0 };
    for (unsigned i = from; i <= to; i++) {
        const struct step *step = &x->step[i];
        struct x87_form form;
        if (!step->row || (i > from && step->joined))
            note = (struct x87_note){ 0 };
        if (note.operand && operand_spoiled(x->step[note.operand - 1].insn, step))
            note.operand = 0, note.adjust = 0;
        if (note.operand)
            adjust_follow(&note, x->step[note.operand - 1].insn, step);
        if (!step->row || step->row->fn != xlat_x87 || !x87_form_of(step->insn, &form) || !form.notes)
            continue;
        note.last = (uint8_t)(i + 1);
        if (step->insn->mod != 3) {
            note.operand = step->insn->base == ESP ? 0 : (uint8_t)(i + 1);
            note.adjust = 0;
        }
    }
    return note;
}

static void set_looped(struct xlat *x, bool looped)
{
    emit_store_imm(&x->code, op_mem(HOST_CPU, CPU_FIELD(bt.x87_looped)), looped);
}

void fp_note_loop(struct xlat *x)
{
    unsigned head = x->index, branch = x->steps;
    if (x->bt->counting) /* where such a jump goes by way of the unit's beginning */
        return;
    for (unsigned i = 0; i < x->steps; i++)
        if (x->step[i].goes == (int16_t)head) {
            if (i < head)
                return;
            if (x->step[i].row && x->step[i].row->fn == xlat_jcc)
                branch = i;
        }
    struct x87_note note = branch < x->steps ? note_ahead(x, head, branch) : (struct x87_note){ 0 };
    if (!note.last)
        return;
    note.looped = true;
    set_looped(x, false);
    x->step[head].loop = x->note = note;
}

void fp_note_going(struct xlat *x, int16_t goes)
{
    if (goes != NO_STEP && x->step[goes].loop.last)
        set_looped(x, false);
}

bool fp_note_stays(struct xlat *x, int16_t goes)
{
    struct x87_note *note = &x->note;
    if (goes == NO_STEP || !x->step[goes].loop.last)
        return false;
    const struct x87_note *loop = &x->step[goes].loop;
    if (note->last == loop->last && !note->looped && !loop->operand && note->operand)
        operand_flush(x);
    bool same =
        note->last == loop->last && !note->looped && note->operand == loop->operand && note->adjust == loop->adjust;
    set_looped(x, same);
    return same;
}
