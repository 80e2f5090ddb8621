/* strings.c - MOVS, CMPS, STOS, LODS and SCAS without a repeat prefix.
 *
 * In long mode they would count in 64-bit registers and take no segment for the destination, so each is made of a move
 * or a compare and of additions to ESI and EDI, which leave flags alone. For `movsd`:
 *
 *     mov   r9d,gs:[esi]
 *     mov   gs:[edi],r9d
 *     (R9D = 1, or -1 while DF is set)
 *     lea   edi,[rdi+r9*4]
 *     lea   esi,[rsi+r9*4]
 *
 * A repeated one is the host's, with the window's base in RSI and RDI, as long as DF is clear; there is no 67h, so that
 * it counts in 64-bit registers, and runs into the guard behind the window where the guest's would wrap. The host may
 * be stopped in the middle of it, by a fault or a kick: then RSI - R9, RDI - R13 and ECX are what the guest's
 * processor would leave, and it begins again there (fault.c). For `rep movsd`:
 *
 *     (DF set: the interpreter)
 *     mov   r9,[r15+window]
 *     mov   r13,r9
 *     lea   rsi,[rsi+r9]
 *     lea   rdi,[rdi+r13]
 *     rep movsd
 *     mov   esi,esi                  the window begins at a multiple of 4 GB
 *     mov   edi,edi
 *
 * Without a window R9 and R13 are addends of the TLB, as long as each side stays in its page; what goes on behind one
 * is the interpreter's, which does a page at a time. So is all of it where instructions are counted, since one that was
 * stopped must not count yet. */
#include "core/bt/xlat.h"

static unsigned item(const struct xlat *x)
{
    return x->insn->opcode & 1 ? x->insn->opsize : 1;
}

/* An opcode whose bit 0 says "not a byte". */
static void emit_item(struct xlat *x, unsigned opcode, unsigned reg, struct operand rm)
{
    unsigned size = item(x);
    emit_op(&x->code, size == 2 ? EMIT_66 : 0, opcode | (size > 1), reg, rm);
}

static void advance_register(struct xlat *x, unsigned reg, unsigned scale)
{
    emit_op(&x->code, x->insn->addrsize == 2 ? EMIT_66 : 0, 0x8d, reg, op_sib(reg, R9, scale, 0)); /* lea */
}

static void advance(struct xlat *x, bool source, bool destination)
{
    static const uint8_t shift[] = { 0, 0, 1, 0, 2 };
    unsigned scale = shift[item(x)];
    df_step(&x->code, R9, R8);
    if (destination)
        advance_register(x, RDI, scale);
    if (source)
        advance_register(x, RSI, scale);
}

static struct operand source_check(struct xlat *x)
{
    return register_check(x, x->insn->seg, RSI, x->insn->addrsize == 2, item(x), false);
}

static struct operand destination_check(struct xlat *x, bool write)
{
    return register_check(x, ES, RDI, x->insn->addrsize == 2, item(x), write);
}

/* R9 = the item at ESI; the operand of the one at EDI. */
static struct operand both(struct xlat *x, bool write)
{
    const struct operand temp = op_mem(HOST_CPU, CPU_FIELD(bt.temp));
    struct operand at = source_check(x);
    emit_item(x, 0x8a, R9, at);
    if (at.guest && segment_flat(x, ES))
        return destination_check(x, write);
    emit_store(&x->code, temp, R9); /* the next check takes R9 */
    at = destination_check(x, write);
    emit_load(&x->code, R9, temp);
    return at;
}

void xlat_movs(struct xlat *x)
{
    struct operand at = both(x, true);
    emit_item(x, 0x88, R9, at);
    advance(x, true, true);
}

void xlat_cmps(struct xlat *x)
{
    struct operand at = both(x, false);
    emit_item(x, 0x3a, R9, at); /* cmp r9, [edi] */
    advance(x, true, true);
}

void xlat_stos(struct xlat *x)
{
    struct operand at = destination_check(x, true);
    emit_item(x, 0x88, RAX, at);
    advance(x, false, true);
}

void xlat_lods(struct xlat *x)
{
    struct operand at = source_check(x);
    emit_item(x, 0x8a, RAX, at);
    advance(x, true, false);
}

void xlat_scas(struct xlat *x)
{
    struct operand at = destination_check(x, false);
    emit_item(x, 0x3a, RAX, at);
    advance(x, false, true);
}

/* To the slow path while DF is set. Flags stay; R8 and R9 are used. */
static void df_check(struct xlat *x)
{
    struct code *code = &x->code;
    struct slow *slow = slow_of(x);
    df_take(code, R8, R9);
    emit_mov(code, R9, RCX);
    emit_mov(code, RCX, R8);
    emit8(code, 0xe3); /* jrcxz, over the way out */
    emit8(code, 3 + 5);
    emit_mov(code, RCX, R9);
    slow->saved[slow->jumps] = false;
    slow->jump[slow->jumps++] = emit_jmp(code);
    emit_mov(code, RCX, R9);
}

/* R12D and R13 = linear address and addend of a side that stays in its page; else to the slow path. R8 and R9 are used.
 */
static void side_check(struct xlat *x, unsigned reg, bool write)
{
    static const uint8_t shift[] = { 0, 0, 1, 0, 2 };
    struct code *code = &x->code;
    bool alive = x->now->live_in != 0;
    emit_mov(code, HOST_EA, reg);
    tlb_check(x, 1, write);
    if (alive)
        flags_stash(code);
    emit_op(code, 0, 0x81, 4, op_reg(HOST_EA)); /* and r12d, offset in the page */
    emit32(code, MEM_PAGE_MASK);
    emit_lea64(code, HOST_EA, op_sib(HOST_EA, RCX, shift[item(x)], 0));
    emit_op(code, EMIT_W, 0x81, 7, op_reg(HOST_EA)); /* cmp */
    emit32(code, MEM_PAGE_SIZE);
    slow_if(x, CC_A, alive);
    if (alive)
        flags_unstash(code);
}

/* Takes the addend away again: from a multiple of 4 GB it has no more than the upper half. Flags stay. */
static void side_end(struct xlat *x, unsigned reg, unsigned addend)
{
    struct code *code = &x->code;
    if (!in_window(x)) {
        emit_op(code, EMIT_W, 0xf7, 2, op_reg(addend)); /* not */
        emit_lea(code, reg, op_sib(reg, addend, 0, 1));
    } else {
        emit_mov(code, reg, reg);
    }
}

/* R9 and R13 = what is to be added to RSI and RDI to reach the guest's memory. */
static void addends_load(struct xlat *x, bool source, bool destination)
{
    const struct operand temp = op_mem(HOST_CPU, CPU_FIELD(bt.addend));
    struct code *code = &x->code;
    if (in_window(x)) {
        emit_load64(code, R9, op_mem(HOST_CPU, CPU_FIELD(bt.window)));
        emit_mov64(code, HOST_ADD, R9);
        return;
    }
    if (source) {
        side_check(x, RSI, false);
        emit_op(code, EMIT_W, 0x89, HOST_ADD, temp);
    }
    if (destination)
        side_check(x, RDI, (x->insn->opcode & 0xfe) != 0xa6);
    if (source)
        emit_load64(code, R9, temp);
}

void xlat_rep(struct xlat *x)
{
    const struct insn *insn = x->insn;
    struct code *code = &x->code;
    unsigned opcode = insn->opcode & 0xfe;
    bool source = opcode == 0xa4 || opcode == 0xa6 || opcode == 0xac, destination = opcode != 0xac;
    bool flat = (!source || segment_flat(x, insn->seg)) && (!destination || segment_flat(x, ES));
    bool searches = opcode >= 0xac; /* and its count is seldom known, nor small */
    if (insn->addrsize != 4 || !flat || x->bt->counting || (searches && !in_window(x))) {
        x->refused = true;
        return;
    }
    df_check(x);
    addends_load(x, source, destination);
    if (source)
        emit_lea64(code, RSI, op_sib(RSI, R9, 0, 0));
    if (destination)
        emit_lea64(code, RDI, op_sib(RDI, HOST_ADD, 0, 0));
    emit8(code, insn->rep); /* first, where fault.c looks for it */
    if (item(x) == 2)
        emit8(code, 0x66);
    emit8(code, insn->opcode);
    if (source)
        side_end(x, RSI, R9);
    if (destination)
        side_end(x, RDI, HOST_ADD);
}
