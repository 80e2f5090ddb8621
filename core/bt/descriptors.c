/* descriptors.c - instructions of CPL 0 that look into the GDT: loads of DS, ES, FS and GS with what they hold, and
 * VERW.
 *
 * Kernels load DS and ES on the way in and out with what stands there already. The load is the interpreter's, for it
 * may fault in five ways and set a bit in memory; but when the selector is that of the last load (core/cpu/segment.c),
 * the table still reaches to its entry, and the descriptor is what it was then, nothing is left to be done. What a load
 * checks besides is the CPL against the descriptor's privilege: there is nothing to check at CPL 0. For `mov ds,eax`,
 * flags dead:
 *
 *     movzx r9d,ax
 *     lea   r13d,[r9+SEG_ENTRY]
 *     cmp   r13d,[r15+ds.entry]      not this selector, or it was not loaded from the GDT
 *     jne   slow
 *     or    r13d,7
 *     cmp   r13w,[r15+gdt.limit]
 *     ja    slow
 *     mov   r13d,0fff8h
 *     pext  r12d,r9d,r13d            index in the table
 *     mov   r13d,[r15+gdt.base]
 *     lea   r12d,[r13+r12*8]
 *     mov   r13,gs:[r12d]
 *     cmp   r13,[r15+ds.descriptor]
 *     jne   slow
 *
 * VERW is on Linux's way out, because processors empty their buffers by it: of a writable segment it says ZF. */
#include "core/bt/xlat.h"

static void compare(struct code *code, unsigned how, unsigned reg, struct operand with)
{
    emit_op(code, how, 0x3b, reg, with);
}

/* To the slow path if the entry of the selector in R13D, with whatever above it, is behind the table's limit. */
static void limit_check(struct xlat *x, bool stashed)
{
    emit_op(&x->code, 0, 0x83, 1, op_reg(HOST_ADD)); /* or r13d, 7 */
    emit8(&x->code, 7);
    compare(&x->code, EMIT_66, HOST_ADD, op_mem(HOST_CPU, CPU_FIELD(gdt.limit)));
    slow_if(x, CC_A, stashed);
}

/* R13 = the descriptor in the GDT of the selector in R8D. R8, R9 and R12 are used. */
static void descriptor_load(struct xlat *x)
{
    struct code *code = &x->code;
    struct operand at = op_mem(HOST_EA, 0);
    emit_mov_imm(code, HOST_ADD, 0xfff8);
    emit_pext(code, HOST_EA, R8, HOST_ADD);
    emit_load(code, HOST_ADD, op_mem(HOST_CPU, CPU_FIELD(gdt.base)));
    emit_lea(code, HOST_EA, op_sib(HOST_ADD, HOST_EA, 3, 0));
    at.guest = in_window(x);
    if (!at.guest)
        at = tlb_check(x, 8, false);
    emit_load64(code, HOST_ADD, at);
}

/* What is null, or odd, is seldom loaded again. */
bool descriptor_reloadable(struct xlat *x, unsigned seg)
{
    bool data = seg <= GS && seg != SS && seg != CS && (x->mode & MODE_SEGMENT(seg, 3));
    x->refused = !data || (x->mode & (MODE_REAL | MODE_USER | MODE_MIDDLE));
    return !x->refused;
}

void descriptor_reload(struct xlat *x, unsigned seg)
{
    struct code *code = &x->code;
    bool alive = x->now->live_in != 0;
    emit_mov(code, R8, R9);
    if (alive)
        flags_stash(code);
    emit_lea(code, HOST_ADD, op_mem(R8, SEG_ENTRY));
    compare(code, 0, HOST_ADD, segment_field(seg, offsetof(struct segment, entry)));
    slow_if(x, CC_NE, alive);
    limit_check(x, alive);
    if (alive)
        flags_unstash(code);
    descriptor_load(x);
    if (alive)
        flags_stash(code);
    compare(code, EMIT_W, HOST_ADD, segment_field(seg, offsetof(struct segment, descriptor)));
    slow_if(x, CC_NE, alive);
    if (alive)
        flags_unstash(code);
}

/* Any answer but yes is the interpreter's, and so is a selector of the LDT or with an RPL. */
void xlat_verw(struct xlat *x)
{
    struct code *code = &x->code;
    const struct insn *insn = x->insn;
    if (x->mode & (MODE_REAL | MODE_USER | MODE_MIDDLE) || (insn->mod == 3 && insn->rm == ESP)) {
        x->refused = true;
        return;
    }
    emit_op(code, EMIT_0F, 0xb7, R8, insn->mod == 3 ? op_reg(insn->rm) : operand_check(x, 2, false)); /* movzx */
    flags_stash(code);
    emit_mov(code, HOST_ADD, R8);
    emit_op(code, 0, 0xf7, 0, op_reg(HOST_ADD)); /* test r13d, RPL and LDT */
    emit32(code, 7);
    slow_if(x, CC_NE, true);
    emit_op(code, 0, 0x85, HOST_ADD, op_reg(HOST_ADD));
    slow_if(x, CC_E, true);
    limit_check(x, true);
    flags_unstash(code);
    descriptor_load(x);
    emit_rorx64(code, HOST_ADD, HOST_ADD, 32);
    flags_stash(code);
    emit_op(code, 0, 0x81, 4, op_reg(HOST_ADD)); /* and r13d, S, code, writable */
    emit32(code, 0x1a00);
    emit_op(code, 0, 0x81, 7, op_reg(HOST_ADD)); /* cmp */
    emit32(code, 0x1200);
    slow_if(x, CC_NE, true);
    emit_op(code, 0, 0x81, 1, op_reg(R9)); /* or r9d, ZF in AH */
    emit32(code, FLAG_ZF << 8);
    flags_unstash(code);
}
