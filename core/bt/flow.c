/* flow.c - the stack and near control transfers.
 *
 * ESP is kept lazily: a push or pop changes x->delta, and R14D stays. It is settled before control leaves the unit. All
 * checks come first, then the store, then registers, so that a slow path finds the instruction not begun. */
#include "core/bt/xlat.h"

static bool narrow(struct xlat *x)
{
    x->refused = x->insn->opsize != 4;
    return x->refused;
}

static struct operand temp(void)
{
    return op_mem(HOST_CPU, CPU_FIELD(bt.temp));
}

void xlat_push_reg(struct xlat *x)
{
    unsigned n = x->insn->opcode & 7;
    if (narrow(x))
        return;
    struct operand at = stack_check(x, -4, true);
    if (n == ESP) {
        emit_lea(&x->code, R9, op_mem(HOST_ESP, x->delta));
        emit_store(&x->code, at, R9);
    } else {
        emit_store(&x->code, at, n);
    }
    x->delta -= 4;
}

void xlat_push_imm(struct xlat *x)
{
    if (narrow(x))
        return;
    struct operand at = stack_check(x, -4, true);
    emit_store_imm(&x->code, at, x->insn->imm);
    x->delta -= 4;
}

void xlat_push_rm(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (narrow(x))
        return;
    if (insn->mod == 3) {
        x->refused = true;
        return;
    }
    struct operand at = operand_check(x, 4, false);
    emit_load(&x->code, R9, at);
    emit_store(&x->code, temp(), R9);
    at = stack_check(x, -4, true);
    emit_load(&x->code, R9, temp());
    emit_store(&x->code, at, R9);
    x->delta -= 4;
}

/* 06, 0E, 16, 1E, 0F A0, 0F A8: the upper half is pushed as zero. */
void xlat_push_seg(struct xlat *x)
{
    if (narrow(x))
        return;
    struct operand at = stack_check(x, -4, true);
    emit_op(&x->code, EMIT_0F, 0xb7, R9, selector_of(x->insn->opcode >> 3 & 7));
    emit_store(&x->code, at, R9);
    x->delta -= 4;
}

/* The address is computed with ESP behind the item (SDM vol. 2, POP). */
void xlat_pop_rm(struct xlat *x)
{
    if (x->insn->mod == 3 || narrow(x)) {
        x->refused = true;
        return;
    }
    struct operand at = stack_check(x, 0, false);
    emit_load(&x->code, R9, at);
    emit_store(&x->code, temp(), R9);
    x->delta += 4;
    at = operand_check(x, 4, true);
    emit_load(&x->code, R9, temp());
    emit_store(&x->code, at, R9);
}

void xlat_pop_reg(struct xlat *x)
{
    unsigned n = x->insn->opcode & 7;
    if (narrow(x))
        return;
    struct operand at = stack_check(x, 0, false);
    emit_load(&x->code, host_reg(n), at);
    x->delta = n == ESP ? 0 : x->delta + 4;
}

/* The registers as they lie in memory, EDI lowest. */
void xlat_pusha(struct xlat *x)
{
    if (narrow(x))
        return;
    struct operand at = stack_span(x, -32, 32, true);
    for (unsigned n = EDI + 1; n-- > EAX; at.disp += 4) {
        if (n == ESP)
            emit_lea(&x->code, R9, op_mem(HOST_ESP, x->delta));
        emit_store(&x->code, at, n == ESP ? R9 : n);
    }
    x->delta -= 32;
}

/* Both ends are read before any register changes: they are in the only pages that may be absent. */
void xlat_popa(struct xlat *x)
{
    if (narrow(x))
        return;
    struct operand at = stack_span(x, 0, 32, false), end = at;
    end.disp += 28;
    emit_load(&x->code, R9, end);
    emit_load(&x->code, R9, at);
    for (unsigned n = EDI + 1; n-- > EAX; at.disp += 4)
        if (n != ESP)
            emit_load(&x->code, n, at);
    x->delta += 32;
}

void xlat_leave(struct xlat *x)
{
    struct code *code = &x->code;
    if (narrow(x))
        return;
    struct operand at = register_check(x, RBP, 4, false);
    emit_load(code, R9, at);
    emit_lea(code, HOST_ESP, op_mem(RBP, 4));
    emit_mov(code, RBP, R9);
    x->delta = 0;
}

/* The unit goes on at the target of its jump. */
static bool jump_follows(const struct xlat *x, uint32_t target)
{
    return x->index + 1 < x->steps && x->now[1].eip == target;
}

void xlat_jcc(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (narrow(x))
        return;
    esp_move(x);
    count_add(x, (int32_t)x->index + 1);
    exit_branch(x, insn->opcode & 15, x->now->goes, x->next + insn->imm);
    count_add(x, -(int32_t)(x->index + 1));
}

void xlat_jmp(struct xlat *x)
{
    uint32_t target = x->next + x->insn->imm;
    if (narrow(x) || jump_follows(x, target))
        return;
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    exit_go(x, 16, x->now->goes, target);
    x->ended = true;
}

/* LOOP, LOOPE, LOOPNE, JECXZ: short jumps only, on ECX by the address-size prefix. */
void xlat_loop(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (narrow(x) || insn->addrsize != 4) {
        x->refused = true;
        return;
    }
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    emit8(&x->code, 0x67);
    emit8(&x->code, insn->opcode);
    emit8(&x->code, 2); /* over the jump for "not taken" */
    emit8(&x->code, 0xeb);
    emit8(&x->code, 5);
    exit_go(x, 16, x->now->goes, x->next + insn->imm);
    count_add(x, -(int32_t)(x->index + 1));
}

void xlat_call(struct xlat *x)
{
    if (narrow(x))
        return;
    struct operand at = stack_check(x, -4, true);
    emit_store_imm(&x->code, at, x->next);
    x->delta -= 4;
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    exit_go(x, 16, x->now->goes, x->next + x->insn->imm);
    x->ended = true;
}

void xlat_ret(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (narrow(x))
        return;
    struct operand at = stack_check(x, 0, false);
    emit_load(&x->code, HOST_EA, at);
    x->delta += 4 + (insn->opcode == 0xc2 ? (int32_t)(insn->imm & 0xffff) : 0);
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

/* The target of an indirect transfer to `to`, memory or register; ESP as it was before the instruction. */
static void target_load(struct xlat *x, unsigned to)
{
    const struct insn *insn = x->insn;
    if (insn->mod != 3) {
        struct operand at = operand_check(x, 4, false);
        emit_load(&x->code, to, at);
    } else if (insn->rm == ESP) {
        emit_lea(&x->code, to, op_mem(HOST_ESP, x->delta));
    } else {
        emit_mov(&x->code, to, insn->rm);
    }
}

void xlat_jmp_rm(struct xlat *x)
{
    if (narrow(x))
        return;
    target_load(x, HOST_EA);
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

void xlat_call_rm(struct xlat *x)
{
    if (narrow(x))
        return;
    target_load(x, R9);
    emit_store(&x->code, temp(), R9);
    struct operand at = stack_check(x, -4, true);
    emit_store_imm(&x->code, at, x->next);
    emit_load(&x->code, HOST_EA, temp());
    x->delta -= 4;
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}
