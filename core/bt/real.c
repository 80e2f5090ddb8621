/* real.c - loads of segment registers and far transfers in real and v86 mode, where a segment is its selector times 16.
 *
 * Nothing is looked up and nothing but an access can fault, so they need no callout. What a load leaves of the limit
 * and the attributes is what was there (core/cpu/segment.c, segment_real()), and so the unit's mode stays as it is; the
 * far transfers go by the jump table of the same mode, where pads look at CS. For `pop es`:
 *
 *     (check of SS:[SP])
 *     movzx r9d,[...]
 *     mov   [r15+es.selector],r9w
 *     lea   r9d,[r9*8]
 *     lea   r9d,[r9+r9]
 *     mov   [r15+es.base],r9d
 *     mov   byte [r15+es.attr],93h
 *
 * SS has an interrupt shadow, which is the interpreter's. What of this there is in protected mode is in descriptors.c.
 */
#include "core/bt/xlat.h"

/* May the register be loaded here? Of one that is not plain more bits would change. */
static bool loadable(struct xlat *x, unsigned seg)
{
    x->refused = !(x->mode & MODE_REAL) || seg == SS || seg == CS || !(x->mode & MODE_SEGMENT(seg, 3));
    return !x->refused;
}

/* The same, or with what it holds? */
static bool reloadable(struct xlat *x, unsigned seg)
{
    return loadable(x, seg) || descriptor_reloadable(x, seg);
}

/* Loads a segment register with the selector in R9D, and leaves the base there. */
static void segment_load(struct xlat *x, unsigned seg)
{
    struct code *code = &x->code;
    emit_store_imm(code, segment_field(seg, offsetof(struct segment, entry)), 0);
    emit_op(code, EMIT_66, 0x89, R9, selector_of(seg));
    emit_lea(code, R9, op_sib(NO_REG, R9, 3, 0));
    emit_lea(code, R9, op_sib(R9, R9, 0, 0));
    emit_store(code, segment_field(seg, offsetof(struct segment, base)), R9);
    emit_op(code, 0, 0xc6, 0, segment_field(seg, offsetof(struct segment, attr))); /* mov byte */
    emit8(code, x->mode & MODE_V86 ? 0xf3 : 0x93);
}

/* R9D = the lower half of an item of the operand size, all of which is read. */
static void load_selector(struct xlat *x, struct operand at)
{
    emit_load(&x->code, R9, at);
    emit_movzx(&x->code, R9, R9);
}

static void load_word(struct xlat *x, unsigned reg, struct operand at)
{
    emit_op(&x->code, EMIT_0F, 0xb7, reg, at); /* movzx */
}

/* 07, 1F, 0F A1, 0F A9 */
void xlat_pop_seg(struct xlat *x)
{
    unsigned seg = x->insn->opcode >> 3 & 7;
    if (!reloadable(x, seg))
        return;
    struct operand at = stack_check(x, 0, false);
    if (x->insn->opsize == 2)
        load_word(x, R9, at);
    else
        load_selector(x, at);
    if (x->mode & MODE_REAL)
        segment_load(x, seg);
    else
        descriptor_reload(x, seg);
    x->delta += x->insn->opsize;
    x->fp_ready = 0; /* the slow path may change the mode */
}

/* 8E */
void xlat_mov_to_seg(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (!reloadable(x, insn->reg))
        return;
    if (insn->mod != 3)
        load_word(x, R9, operand_check(x, 2, false));
    else if (insn->rm == ESP)
        x->refused = true;
    else
        emit_movzx(&x->code, R9, insn->rm);
    if (x->mode & MODE_REAL)
        segment_load(x, insn->reg);
    else
        descriptor_reload(x, insn->reg);
    x->fp_ready = 0;
}

/* A far pointer in memory as one operand: what wraps at 64 KB has left the segment, or is the interpreter's. */
static bool pointer_whole(struct xlat *x)
{
    const struct insn *insn = x->insn;
    bool whole = insn->addrsize == 4 ||
                 (insn->seg == CS ? x->cs_limit == UINT16_MAX
                                  : (x->mode & MODE_SEGMENT(insn->seg, 3)) == MODE_SEGMENT(insn->seg, SEGMENT_64K));
    x->refused |= !whole;
    return whole;
}

/* C4, C5, 0F B4, 0F B5: LES, LDS, LFS, LGS */
void xlat_load_far(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned seg = insn->map == MAP_0F ? insn->opcode - 0xb0u : insn->opcode == 0xc4 ? ES : DS;
    if (!loadable(x, seg) || !pointer_whole(x) || insn->reg == ESP) {
        x->refused = true;
        return;
    }
    struct operand at = operand_check(x, insn->opsize + 2u, false), selector = at;
    selector.disp += insn->opsize;
    emit_load(&x->code, R8, at);
    load_word(x, R9, selector);
    emit_op(&x->code, insn->opsize == 2 ? EMIT_66 : 0, 0x8b, insn->reg, op_reg(R8));
    segment_load(x, seg);
    x->fp_ready = 0;
}

/* ---- far transfers ---- */

/* With 16-bit operands, in a CS whose attributes and reach are as usual. */
static bool transferable(struct xlat *x)
{
    bool real = (x->mode & (MODE_REAL | MODE_CS_PLAIN | MODE_CS_FLAT)) == (MODE_REAL | MODE_CS_PLAIN);
    x->refused = !real || x->cs_limit < UINT16_MAX || x->insn->opsize != 2;
    return !x->refused;
}

/* Leaves for the offset in R12D of the segment whose selector is in R9D. Delta must be 0. */
static void exit_far(struct xlat *x)
{
    struct code *code = &x->code;
    count_add(x, (int32_t)x->index + 1);
    segment_load(x, CS);
    emit_lea(code, R9, op_sib(R9, HOST_EA, 0, 0)); /* what table_shift() adds is the base, which is below 1 MB */
    exit_slot(x, R9, 0);
}

/* Pushes CS:IP. */
static void push_return(struct xlat *x)
{
    struct code *code = &x->code;
    struct operand at = stack_span(x, -4, 4, true), selector = at;
    selector.disp += 2;
    load_word(x, R9, selector_of(CS));
    emit_op(code, EMIT_66, 0x89, R9, selector);
    emit_op(code, EMIT_66, 0xc7, 0, at);
    emit_bytes(code, (const uint8_t *)&x->next, 2);
    x->delta -= 4;
    esp_settle(x);
}

/* Do both items of a far return address lie behind one another? */
static bool stack_whole(const struct xlat *x)
{
    return !(x->mode & MODE_STACK16) || (x->mode & MODE_SEGMENT(SS, 3)) == MODE_SEGMENT(SS, SEGMENT_64K);
}

/* 9A, EA */
void xlat_far(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (!transferable(x))
        return;
    if (insn->opcode == 0xea) {
        esp_settle(x);
    } else if (stack_whole(x)) {
        push_return(x);
    } else {
        x->refused = true;
        return;
    }
    emit_mov_imm(&x->code, HOST_EA, insn->imm & 0xffff);
    emit_mov_imm(&x->code, R9, insn->imm2);
    exit_far(x);
}

/* FF /3, FF /5 */
void xlat_far_rm(struct xlat *x)
{
    const struct operand temp = op_mem(HOST_CPU, CPU_FIELD(bt.temp));
    struct operand upper = temp;
    upper.disp += 2;
    if (!transferable(x) || !pointer_whole(x))
        return;
    if (x->insn->reg == 3 && !stack_whole(x)) {
        x->refused = true;
        return;
    }
    struct operand at = operand_check(x, 4, false);
    emit_load(&x->code, R9, at);
    emit_store(&x->code, temp, R9);
    if (x->insn->reg == 3)
        push_return(x);
    else
        esp_settle(x);
    load_word(x, HOST_EA, temp);
    load_word(x, R9, upper);
    exit_far(x);
}

/* CA, CB */
void xlat_far_ret(struct xlat *x)
{
    if (!transferable(x) || !stack_whole(x)) {
        x->refused = true;
        return;
    }
    struct operand at = stack_span(x, 0, 4, false), selector = at;
    selector.disp += 2;
    load_word(x, R9, selector);
    load_word(x, HOST_EA, at);
    x->delta += 4 + (x->insn->opcode == 0xca ? (int32_t)(x->insn->imm & 0xffff) : 0);
    esp_settle(x);
    exit_far(x);
}
