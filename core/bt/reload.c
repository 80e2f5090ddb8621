/* reload.c - instructions whose constant is read from their source each time.
 *
 * Code that only ever has its constants patched - a counter's limit, the target of a call, a value that was loop
 * invariant - would be translated anew for each of them. When the comparison of a unit (check.c) has failed for the
 * same constant some times, the next translation leaves those four bytes out of the comparison, and its code reads them
 * where they stand. `add eax,12345678h` at a place that is F00001h in the host becomes
 *
 *     mov  r8,0f00001h
 *     mov  r9d,[r8]
 *     add  eax,r9d
 *
 * Only 32-bit constants at the end of an instruction are served, and those that use memory only by the window: where a
 * slow path would call the interpreter, that would take the constant of long ago. */
#include "core/bt/xlat.h"

static bool is_alu_eax(const struct insn *insn)
{
    return insn->map == MAP_1BYTE && (insn->opcode & 0xc7) == 0x05;
}

bool reload_fits(const struct insn *insn)
{
    if (insn->map != MAP_1BYTE || insn->opsize != 4 || insn->length < 5)
        return false;
    switch (insn->opcode) {
    case 0x68: /* push */
    case 0xe8: /* call */
    case 0xe9: return true;
    case 0x69: return insn->mod == 3 && insn->reg != ESP && insn->rm != ESP;
    case 0x81: return insn->mod != 3 ? !(insn->prefixes & INSN_PREFIX_LOCK) : insn->rm != ESP;
    case 0xc7: return insn->mod != 3 && insn->reg == 0;
    default: return is_alu_eax(insn) || (insn->opcode >= 0xb8 && insn->opcode <= 0xbf && insn->opcode != 0xb8 + ESP);
    }
}

/* R9D = the constant. Uses R8. */
static void constant(struct xlat *x)
{
    const uint8_t *at = check_host(x, x->eip + x->insn->length - 4u);
    emit_mov_imm64(&x->code, R8, (uint64_t)(uintptr_t)at);
    emit_load(&x->code, R9, op_mem(R8, 0));
}

/* R12D = the address that the constant leads to. */
static void target(struct xlat *x)
{
    constant(x);
    emit_lea(&x->code, HOST_EA, op_mem(R9, (int32_t)x->next));
}

static void push(struct xlat *x)
{
    struct operand at = stack_check(x, -4, true);
    constant(x);
    emit_store(&x->code, at, R9);
    x->delta -= 4;
}

static void call(struct xlat *x)
{
    struct operand at = stack_check(x, -4, true);
    target(x); /* first: the push may hit it */
    emit_store_imm(&x->code, at, x->next);
    x->delta -= 4;
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

static void jump(struct xlat *x)
{
    esp_settle(x);
    target(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

/* op rm,R9D */
static void to_rm(struct xlat *x, unsigned opcode)
{
    const struct insn *insn = x->insn;
    struct operand rm = insn->mod == 3 ? op_reg(host_reg(insn->rm)) : operand_check(x, 4, insn->reg != 7);
    constant(x);
    emit_op(&x->code, 0, opcode, R9, rm);
}

static void multiply(struct xlat *x)
{
    constant(x);
    emit_op(&x->code, EMIT_0F, 0xaf, R9, op_reg(x->insn->rm));
    emit_mov(&x->code, x->insn->reg, R9);
}

void xlat_reload(struct xlat *x)
{
    const struct insn *insn = x->insn;
    bool operand = (insn->opcode == 0x81 || insn->opcode == 0xc7) && insn->mod != 3;
    bool stack = insn->opcode == 0x68 || insn->opcode == 0xe8;
    bool flat = segment_flat(x, operand ? insn->seg : SS) && insn->addrsize == 4 && !(x->mode & MODE_STACK16);
    if (((operand || stack) && !(in_window(x) && flat)) || !(x->mode & MODE_CS_FLAT)) {
        x->refused = true;
        return;
    }
    switch (insn->opcode) {
    case 0x68: push(x); return;
    case 0x69: multiply(x); return;
    case 0x81: to_rm(x, (uint32_t)insn->reg << 3 | 1u); return;
    case 0xc7: to_rm(x, 0x89); return;
    case 0xe8: call(x); return;
    case 0xe9: jump(x); return;
    default: break;
    }
    constant(x);
    if (is_alu_eax(insn))
        emit_op(&x->code, 0, (insn->opcode & 0x38u) | 3u, RAX, op_reg(R9));
    else
        emit_mov(&x->code, insn->opcode - 0xb8u, R9);
}
