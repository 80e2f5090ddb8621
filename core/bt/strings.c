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
 * be stopped in the middle of it, by a fault or a kick: then the lower halves of ESI, EDI and ECX are what the guest's
 * processor would leave, and it begins again there (fault.c). For `rep movsd`:
 *
 *     (DF set: the interpreter)
 *     mov   r9,[r15+window]
 *     lea   rsi,[rsi+r9]
 *     lea   rdi,[rdi+r9]
 *     rep movsd
 *     mov   esi,esi
 *     mov   edi,edi
 *
 * Without a window it is the interpreter's, which does a page at a time; so it is where instructions are counted, since
 * one that was stopped must not count yet. */
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

void xlat_rep(struct xlat *x)
{
    const struct insn *insn = x->insn;
    struct code *code = &x->code;
    unsigned opcode = insn->opcode & 0xfe;
    bool source = opcode == 0xa4 || opcode == 0xa6 || opcode == 0xac, destination = opcode != 0xac;
    bool flat = (!source || segment_flat(x, insn->seg)) && (!destination || segment_flat(x, ES));
    if (insn->addrsize != 4 || !flat || x->bt->counting || !in_window(x)) {
        x->refused = true;
        return;
    }
    df_check(x);
    emit_load64(code, R9, op_mem(HOST_CPU, CPU_FIELD(bt.window)));
    if (source)
        emit_lea64(code, RSI, op_sib(RSI, R9, 0, 0));
    if (destination)
        emit_lea64(code, RDI, op_sib(RDI, R9, 0, 0));
    emit8(code, insn->rep); /* first, where fault.c looks for it */
    if (item(x) == 2)
        emit8(code, 0x66);
    emit8(code, insn->opcode);
    if (source)
        emit_mov(code, RSI, RSI);
    if (destination)
        emit_mov(code, RDI, RDI);
}
