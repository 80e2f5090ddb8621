/* flow.c - the stack and near control transfers.
 *
 * ESP is kept lazily: a push or pop changes x->delta, and R14D stays. It is settled before control leaves the unit. All
 * checks come first, then the store, then registers, so that a slow path finds the instruction not begun. */
#include "core/bt/xlat.h"

/* The bytes of an item on the stack, and of a target. */
static int32_t item(const struct xlat *x)
{
    return x->insn->opsize;
}

static void store_item(struct xlat *x, struct operand at, unsigned reg)
{
    emit_op(&x->code, item(x) == 2 ? EMIT_66 : 0, 0x89, reg, at);
}

static void store_item_imm(struct xlat *x, struct operand at, uint32_t value)
{
    emit_op(&x->code, item(x) == 2 ? EMIT_66 : 0, 0xc7, 0, at);
    emit_bytes(&x->code, (const uint8_t *)&value, x->insn->opsize);
}

/* A register of the host gets an item; what is above 16 bits becomes 0. */
static void load_item(struct xlat *x, unsigned reg, struct operand at)
{
    if (item(x) == 2)
        emit_op(&x->code, EMIT_0F, 0xb7, reg, at);
    else
        emit_load(&x->code, reg, at);
}

/* A register of the guest does. */
static void load_reg(struct xlat *x, unsigned reg, struct operand at)
{
    emit_op(&x->code, item(x) == 2 ? EMIT_66 : 0, 0x8b, reg, at);
}

static struct operand temp(void)
{
    return op_mem(HOST_CPU, CPU_FIELD(bt.temp));
}

void xlat_push_reg(struct xlat *x)
{
    unsigned n = x->insn->opcode & 7;
    struct operand at = stack_check(x, -item(x), true);
    if (n == ESP)
        emit_lea(&x->code, R9, op_mem(HOST_ESP, x->delta));
    store_item(x, at, n == ESP ? R9 : n);
    x->delta -= item(x);
}

void xlat_push_imm(struct xlat *x)
{
    struct operand at = stack_check(x, -item(x), true);
    store_item_imm(x, at, x->insn->imm);
    x->delta -= item(x);
}

void xlat_push_rm(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->mod == 3) {
        x->refused = true;
        return;
    }
    struct operand at = operand_check(x, insn->opsize, false);
    load_item(x, R9, at);
    emit_store(&x->code, temp(), R9);
    at = stack_check(x, -item(x), true);
    emit_load(&x->code, R9, temp());
    store_item(x, at, R9);
    x->delta -= item(x);
}

/* 06, 0E, 16, 1E, 0F A0, 0F A8: the upper half is pushed as zero. */
void xlat_push_seg(struct xlat *x)
{
    struct operand at = stack_check(x, -item(x), true);
    emit_op(&x->code, EMIT_0F, 0xb7, R9, selector_of(x->insn->opcode >> 3 & 7));
    store_item(x, at, R9);
    x->delta -= item(x);
}

/* The address is computed with ESP behind the item (SDM vol. 2, POP). */
void xlat_pop_rm(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->mod == 3 || (insn->base == ESP && (x->mode & MODE_STACK16))) {
        x->refused = true;
        return;
    }
    struct operand at = stack_check(x, 0, false);
    load_item(x, R9, at);
    emit_store(&x->code, temp(), R9);
    at = operand_behind(x, item(x), insn->opsize, true);
    emit_load(&x->code, R9, temp());
    store_item(x, at, R9);
    x->delta += item(x);
}

void xlat_pop_reg(struct xlat *x)
{
    unsigned n = x->insn->opcode & 7;
    if (n == ESP && item(x) == 2) {
        x->refused = true;
        return;
    }
    struct operand at = stack_check(x, 0, false);
    load_reg(x, host_reg(n), at);
    x->delta = n == ESP ? 0 : x->delta + item(x);
}

/* All items lie behind one another: what wraps at 64 KB has left the segment, or is the interpreter's. */
static bool one_span(struct xlat *x)
{
    x->refused = (x->mode & MODE_STACK16) && (x->mode & MODE_SEGMENT(SS, 3)) != MODE_SEGMENT(SS, SEGMENT_64K);
    return !x->refused;
}

/* EAX first, at the highest address: where a page is absent, what lies above it has been stored. */
void xlat_pusha(struct xlat *x)
{
    if (!one_span(x))
        return;
    struct operand at = stack_span(x, -8 * item(x), 8u * x->insn->opsize, true);
    at.disp += 7 * item(x);
    for (unsigned n = EAX; n <= EDI; n++, at.disp -= item(x)) {
        if (n == ESP)
            emit_lea(&x->code, R9, op_mem(HOST_ESP, x->delta));
        store_item(x, at, n == ESP ? R9 : n);
    }
    x->delta -= 8 * item(x);
}

/* Both ends are read before any register changes: they are in the only pages that may be absent. */
void xlat_popa(struct xlat *x)
{
    if (!one_span(x))
        return;
    struct operand at = stack_span(x, 0, 8u * x->insn->opsize, false), end = at;
    end.disp += 7 * item(x);
    load_item(x, R9, end);
    load_item(x, R9, at);
    for (unsigned n = EDI + 1; n-- > EAX; at.disp += item(x))
        if (n != ESP)
            load_reg(x, n, at);
    x->delta += 8 * item(x);
}

void xlat_leave(struct xlat *x)
{
    struct code *code = &x->code;
    bool stack16 = x->mode & MODE_STACK16;
    struct operand at = register_check(x, SS, RBP, stack16, x->insn->opsize, false);
    load_item(x, R9, at);
    emit_op(code, stack16 ? EMIT_66 : 0, 0x8d, HOST_ESP, op_mem(RBP, item(x))); /* lea */
    load_reg(x, RBP, op_reg(R9));
    x->delta = 0;
}

/* Without copies of outer frames. The new top must be writable (SDM vol. 2, ENTER), and so nothing is written to it. */
void xlat_enter(struct xlat *x)
{
    struct code *code = &x->code;
    int32_t room = (int32_t)(x->insn->imm & 0xffff);
    bool alive = x->now->live_in != 0;
    x->refused = (x->insn->imm2 & 31) || room > 4096 || x->delta < -8192;
    if (x->refused)
        return;
    store_item(x, stack_check(x, -item(x), true), RBP);
    struct operand at = stack_check(x, -item(x) - room, true);
    if (alive)
        flags_stash(code);
    emit_op(code, EMIT_LOCK | (item(x) == 2 ? EMIT_66 : 0), 0x83, 1, at); /* lock or */
    emit8(code, 0);
    if (alive)
        flags_unstash(code);
    if (item(x) == 4)
        emit_mov(code, RBP, HOST_ESP);
    emit_op(code, item(x) == 2 || (x->mode & MODE_STACK16) ? EMIT_66 : 0, 0x8d, RBP,
        op_mem(HOST_ESP, x->delta - item(x))); /* lea */
    x->delta -= item(x) + room;
}

/* The unit goes on at the target of its jump. */
static bool jump_follows(const struct xlat *x, uint32_t target)
{
    return x->index + 1 < x->steps && x->now[1].eip == target;
}

/* Where a relative transfer leads; what leads behind the limit of CS is refused. */
static uint32_t target_of(struct xlat *x)
{
    uint32_t target = (x->next + x->insn->imm) & (item(x) == 2 ? UINT16_MAX : UINT32_MAX);
    x->refused = target > x->cs_limit;
    return target;
}

/* To the slow path if R12D, where an indirect transfer leads, is behind the limit of CS. */
static void target_check(struct xlat *x)
{
    struct code *code = &x->code;
    if (x->cs_limit >= (item(x) == 2 ? UINT16_MAX : UINT32_MAX))
        return;
    struct slow *slow = slow_of(x);
    flags_stash(code);
    emit_op(code, 0, 0x81, 7, op_reg(HOST_EA)); /* cmp */
    emit32(code, x->cs_limit);
    slow->saved[slow->jumps] = true;
    slow->jump[slow->jumps++] = emit_jcc(code, CC_A);
    flags_unstash(code);
}

void xlat_jcc(struct xlat *x)
{
    const struct insn *insn = x->insn;
    uint32_t target = target_of(x);
    if (x->refused)
        return;
    esp_move(x);
    count_add(x, (int32_t)x->index + 1);
    exit_branch(x, insn->opcode & 15, x->now->goes, target);
    count_add(x, -(int32_t)(x->index + 1));
}

void xlat_jmp(struct xlat *x)
{
    uint32_t target = target_of(x);
    if (x->refused || jump_follows(x, target))
        return;
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    exit_to(x, x->now->goes, target);
    x->ended = true;
}

/* LOOP, LOOPE, LOOPNE and JCXZ with 16 bits of address. The host has no such counter; flags stay. */
static void loop_cx(struct xlat *x, uint32_t target)
{
    struct code *code = &x->code;
    const struct insn *insn = x->insn;
    uint8_t *out = NULL;
    if (insn->opcode != 0xe3)
        emit_op(code, EMIT_66, 0x8d, RCX, op_mem(RCX, -1)); /* lea cx,[rcx-1] */
    if (insn->opcode < 0xe2)
        out = emit_jcc(code, insn->opcode == 0xe0 ? CC_E : CC_NE);
    emit_mov(code, R9, RCX);
    emit_movzx(code, RCX, RCX);
    emit8(code, 0xe3); /* jrcxz */
    emit8(code, 3 + 5);
    emit_mov(code, RCX, R9);
    uint8_t *over = NULL;
    if (insn->opcode == 0xe3)
        over = emit_jmp(code);
    else
        exit_go(x, 16, x->now->goes, target);
    emit_mov(code, RCX, R9);
    if (insn->opcode == 0xe3)
        exit_go(x, 16, x->now->goes, target);
    if (over)
        emit_patch(over, code->at);
    if (out)
        emit_patch(out, code->at);
}

/* LOOP, LOOPE, LOOPNE, JECXZ: short jumps only, on ECX by the address-size prefix. */
static void loop_ecx(struct xlat *x, uint32_t target)
{
    struct code *code = &x->code;
    emit8(code, 0x67);
    emit8(code, x->insn->opcode);
    emit8(code, 2); /* over the jump for "not taken" */
    emit8(code, 0xeb);
    emit8(code, 5);
    exit_go(x, 16, x->now->goes, target);
}

void xlat_loop(struct xlat *x)
{
    uint32_t target = target_of(x);
    if (x->refused)
        return;
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    if (x->insn->addrsize == 4)
        loop_ecx(x, target);
    else
        loop_cx(x, target);
    count_add(x, -(int32_t)(x->index + 1));
}

void xlat_call(struct xlat *x)
{
    uint32_t target = target_of(x);
    if (x->refused)
        return;
    struct operand at = stack_check(x, -item(x), true);
    store_item_imm(x, at, x->next);
    x->delta -= item(x);
    esp_settle(x);
    fp_note_going(x, x->now->goes);
    count_add(x, (int32_t)x->index + 1);
    exit_to(x, x->now->goes, target);
    x->ended = true;
}

void xlat_ret(struct xlat *x)
{
    const struct insn *insn = x->insn;
    struct operand at = stack_check(x, 0, false);
    load_item(x, HOST_EA, at);
    target_check(x);
    x->delta += item(x) + (insn->opcode == 0xc2 ? (int32_t)(insn->imm & 0xffff) : 0);
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

/* The target of an indirect transfer to R12D, from memory or a register; ESP as it was before the instruction. */
static void target_load(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->mod != 3) {
        struct operand at = operand_check(x, insn->opsize, false);
        load_item(x, HOST_EA, at);
    } else if (insn->rm == ESP) {
        emit_lea(&x->code, HOST_EA, op_mem(HOST_ESP, x->delta));
        if (item(x) == 2)
            emit_movzx(&x->code, HOST_EA, HOST_EA);
    } else {
        load_item(x, HOST_EA, op_reg(insn->rm));
    }
    target_check(x);
}

void xlat_jmp_rm(struct xlat *x)
{
    target_load(x);
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}

void xlat_call_rm(struct xlat *x)
{
    target_load(x);
    emit_store(&x->code, temp(), HOST_EA);
    struct operand at = stack_check(x, -item(x), true);
    store_item_imm(x, at, x->next);
    emit_load(&x->code, HOST_EA, temp());
    x->delta -= item(x);
    esp_settle(x);
    count_add(x, (int32_t)x->index + 1);
    exit_indirect(x);
}
