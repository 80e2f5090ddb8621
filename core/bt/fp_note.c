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
 *     mov   [r15+x87_op],r8 */
#include "core/bt/xlat.h"
#include "core/cpu/fpu.h"
#include "core/cpu/interp/simd.h"

static uint32_t op_word(const struct insn *insn)
{
    return FPU_NOTED | (uint32_t)(insn->opcode & 7) << 8 | insn->modrm;
}

static void note_operand(struct xlat *x, unsigned number)
{
    const struct point *point = &x->unit->point[number - 1];
    struct operand ea = operand_address(point->insn, point->delta);
    emit_lea(&x->code, R8, ea);
    emit_store(&x->code, op_mem(HOST_CPU, CPU_FIELD(bt.x87_dp)), R8);
    emit_store_imm(&x->code, op_mem(HOST_CPU, CPU_FIELD(bt.x87_seg)), FPU_NOTED | point->insn->seg);
}

void fp_note(struct xlat *x, struct x87_note note)
{
    if (note.operand)
        note_operand(x, note.operand);
    if (note.last) {
        const struct point *point = &x->unit->point[note.last - 1];
        emit_mov_imm64(&x->code, R8, (uint64_t)point->eip << 32 | op_word(point->insn));
        emit_op(&x->code, EMIT_W, 0x89, R8, op_mem(HOST_CPU, CPU_FIELD(bt.x87_op)));
    }
}

void fp_note_at(struct bt *bt, const struct unit *unit, const struct point *at, const uint64_t *gpr)
{
    struct cpu_bt *noted = &bt->cpu->bt;
    if (at->note.operand) {
        const struct point *point = &unit->point[at->note.operand - 1];
        struct operand ea = operand_address(point->insn, point->delta);
        uint32_t base = ea.base == NO_REG ? 0 : (uint32_t)gpr[ea.base];
        uint32_t index = ea.index == NO_REG ? 0 : (uint32_t)gpr[ea.index] << ea.scale;
        noted->x87_dp = (uint32_t)ea.disp + base + index;
        noted->x87_seg = FPU_NOTED | point->insn->seg;
    }
    if (at->note.last) {
        noted->x87_op = op_word(unit->point[at->note.last - 1].insn);
        noted->x87_ip = unit->point[at->note.last - 1].eip;
    }
}

/* ---- registers that are about to change ---- */

#define ALL_REGISTERS 0xffu

static unsigned bit(unsigned reg)
{
    return 1u << (reg & 7);
}

/* The registers that an instruction of the generic forms may change; more rather than fewer. AH is EAX. */
static unsigned modrm_writes(const struct insn *insn, const struct xlat_row *row)
{
    unsigned mask = row->shape & (SHAPE_BY_OPCODE | SHAPE_RM_BYTE) ? 3 : 7;
    unsigned writes = row->shape & SHAPE_EXT ? 0 : bit(insn->reg) | bit(insn->reg & mask);
    if (insn->mod == 3)
        writes |= bit(insn->rm) | bit(insn->rm & mask);
    if (insn->map == MAP_1BYTE ? insn->opcode == 0xf6 || insn->opcode == 0xf7 : (insn->opcode & 0xfe) == 0xb0)
        writes |= bit(EAX) | bit(EDX); /* MUL, DIV; CMPXCHG */
    return writes;
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
        return form && form->gpr_out ? bit(form->gpr == GPR_REG ? insn->reg : insn->rm) : 0;
    }
    if (row->fn == xlat_modrm || row->fn == xlat_esp_imm)
        return modrm_writes(insn, row);
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

void fp_note_before(struct xlat *x)
{
    unsigned number = x->note.operand, used = 0;
    if (!number)
        return;
    const struct insn *operand = x->unit->point[number - 1].insn;
    if (operand->base != REG_NONE)
        used |= bit(operand->base);
    if (operand->index != REG_NONE)
        used |= bit(operand->index);
    if (used & writes_of(x->insn, x->row)) {
        note_operand(x, number);
        x->note.operand = 0;
    }
}
