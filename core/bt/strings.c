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
 * Repeated ones are the interpreter's, which does a page at a time. */
#include "core/bt/xlat.h"

static unsigned item(const struct xlat *x)
{
    return x->insn->opcode & 1 ? x->insn->opsize : 1;
}

/* Only with 32-bit addresses, and not where the source lies in a segment that may be another than flat. */
static bool refuse(struct xlat *x, bool source)
{
    unsigned seg = x->insn->seg;
    x->refused = x->insn->addrsize != 4 || (source && (seg == FS || seg == GS || seg == CS));
    return x->refused;
}

/* An opcode whose bit 0 says "not a byte". */
static void emit_item(struct xlat *x, unsigned opcode, unsigned reg, struct operand rm)
{
    unsigned size = item(x);
    emit_op(&x->code, size == 2 ? EMIT_66 : 0, opcode | (size > 1), reg, rm);
}

static void advance(struct xlat *x, bool source, bool destination)
{
    static const uint8_t shift[] = { 0, 0, 1, 0, 2 };
    unsigned scale = shift[item(x)];
    df_step(&x->code, R9, R8);
    if (destination)
        emit_lea(&x->code, RDI, op_sib(RDI, R9, scale, 0));
    if (source)
        emit_lea(&x->code, RSI, op_sib(RSI, R9, scale, 0));
}

/* R9 = the item at ESI; the operand of the one at EDI. */
static struct operand both(struct xlat *x, bool write)
{
    const struct operand temp = op_mem(HOST_CPU, CPU_FIELD(bt.temp));
    struct operand at = register_check(x, RSI, item(x), false);
    emit_item(x, 0x8a, R9, at);
    if (at.guest)
        return register_check(x, RDI, item(x), write);
    emit_store(&x->code, temp, R9); /* the next check takes R9 */
    at = register_check(x, RDI, item(x), write);
    emit_load(&x->code, R9, temp);
    return at;
}

void xlat_movs(struct xlat *x)
{
    if (refuse(x, true))
        return;
    struct operand at = both(x, true);
    emit_item(x, 0x88, R9, at);
    advance(x, true, true);
}

void xlat_cmps(struct xlat *x)
{
    if (refuse(x, true))
        return;
    struct operand at = both(x, false);
    emit_item(x, 0x3a, R9, at); /* cmp r9, [edi] */
    advance(x, true, true);
}

void xlat_stos(struct xlat *x)
{
    if (refuse(x, false))
        return;
    struct operand at = register_check(x, RDI, item(x), true);
    emit_item(x, 0x88, RAX, at);
    advance(x, false, true);
}

void xlat_lods(struct xlat *x)
{
    if (refuse(x, true))
        return;
    struct operand at = register_check(x, RSI, item(x), false);
    emit_item(x, 0x8a, RAX, at);
    advance(x, true, false);
}

void xlat_scas(struct xlat *x)
{
    if (refuse(x, false))
        return;
    struct operand at = register_check(x, RDI, item(x), false);
    emit_item(x, 0x3a, RAX, at);
    advance(x, false, true);
}
