/* forms.c - data instructions: most are the guest's own encoding with another memory operand.
 *
 * An instruction with ModRM is emitted again with the same opcode; registers keep their numbers, save ESP, which is
 * R14D; memory
 * becomes what operand_check() says. A REX prefix turns AH, CH, DH and BH into other registers, so a byte instruction
 * that names one of them and needs the prefix for its memory operand works on a copy in R8. */
#include "core/bt/xlat.h"

static unsigned how_of(const struct insn *insn)
{
    bool scan =
        insn->map == MAP_0F && (insn->opcode & 0xfe) == 0xbc; /* with F3 they may be more to the host: TZCNT, LZCNT */
    return (insn->opsize == 2 ? EMIT_66 : 0) | (scan ? EMIT_0F : insn_how(insn));
}

/* Immediate bytes as they stand at the end of the instruction. */
static void copy_tail(struct xlat *x, unsigned bytes)
{
    emit_bytes(&x->code, x->insn->bytes + x->insn->length - bytes, bytes);
}

static unsigned rm_bytes(const struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned shape = x->row->shape;
    if ((shape & SHAPE_RM_BYTE) || ((shape & SHAPE_BY_OPCODE) && !(insn->opcode & 1)))
        return 1;
    return shape & SHAPE_RM_WORD ? 2 : insn->opsize;
}

/* op [memory],AH and op AH,[memory] where the operand takes a REX prefix. */
static void modrm_high(struct xlat *x, unsigned lock, unsigned reg, struct operand rm)
{
    struct code *code = &x->code;
    unsigned whole = reg - 4;
    emit_rorx(code, R8, whole, 8);
    emit_op(code, how_of(x->insn) | (lock ? EMIT_LOCK : 0), x->insn->opcode, R8, rm);
    emit_rorx(code, whole, whole, 8);
    emit_op(code, 0, 0x8a, whole, op_reg(R8));
    emit_rorx(code, whole, whole, 24);
}

static bool takes_rex(struct operand rm)
{
    return (rm.base != NO_REG && rm.base >= R8) || (rm.index != NO_REG && rm.index >= R8);
}

/* The forms with ModRM. */
static void modrm(struct xlat *x, unsigned lock)
{
    const struct insn *insn = x->insn;
    unsigned shape = x->row->shape;
    unsigned size = rm_bytes(x);
    /* A register in ModRM.reg is a byte one only where both operands are. */
    bool reg_byte = size == 1 && (shape & (SHAPE_BY_OPCODE | SHAPE_RM_BYTE)) && !(shape & SHAPE_EXT) &&
                    !((shape & SHAPE_RM_BYTE) && insn->map != MAP_1BYTE);
    bool memory = insn->mod != 3;
    unsigned reg = shape & SHAPE_EXT || reg_byte ? insn->reg : host_reg(insn->reg);
    unsigned imm = shape & SHAPE_IMM8 ? 1 : !(shape & SHAPE_IMM) ? 0 : size == 1 ? 1 : insn->opsize;
    struct operand rm = { 0 };

    if (memory && (shape & SHAPE_REG_ONLY)) {
        x->refused = true;
        return;
    }
    if (!memory) {
        rm = op_reg(size == 1 ? insn->rm : host_reg(insn->rm));
        if (size == 1 && rm.base >= 4 && reg >= 8) { /* MOVZX ESP, AH; CRC32 likewise */
            x->refused = true;
            return;
        }
        if (rm.base == HOST_ESP)
            esp_settle_first(x);
    }
    if (reg == HOST_ESP)
        esp_settle_first(x);
    if (memory)
        rm = operand_check(x, size, (shape & SHAPE_WRITES) != 0);
    if (memory && reg_byte && reg >= 4 && takes_rex(rm)) {
        modrm_high(x, lock, reg, rm);
        return;
    }
    emit_op(&x->code, how_of(insn) | (lock && memory ? EMIT_LOCK : 0), insn->opcode, reg, rm);
    copy_tail(x, imm);
}

void xlat_modrm(struct xlat *x)
{
    modrm(x, x->insn->prefixes & INSN_PREFIX_LOCK);
}

/* DIV and IDIV: where the guest gets #DE, so do we, with nothing changed; the interpreter then raises it. */
void xlat_divide(struct xlat *x)
{
    x->refused = !x->bt->faults;
    if (x->refused)
        return;
    modrm(x, 0);
}

/* SHLD, SHRD: of 16 bits by more than 16 the result is undefined, and processors differ; ours is the interpreter's. */
void xlat_shift_double(struct xlat *x)
{
    const struct insn *insn = x->insn;
    bool by_cl = insn->opcode & 1;
    x->refused = insn->opsize == 2 && (by_cl || (insn->imm & 31) > 16);
    if (!x->refused)
        modrm(x, 0);
}

/* 8C: a selector, to 16 bits of memory or a whole register. */
void xlat_mov_from_seg(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned to = insn->rm;
    if (insn->reg > GS || (insn->mod == 3 && to == ESP)) {
        x->refused = true;
        return;
    }
    if (insn->mod == 3) {
        bool whole = insn->opsize == 4;
        emit_op(&x->code, whole ? EMIT_0F : EMIT_66, whole ? 0xb7 : 0x8b, to, selector_of(insn->reg));
        return;
    }
    struct operand at = operand_check(x, 2, true);
    emit_op(&x->code, EMIT_0F, 0xb7, R9, selector_of(insn->reg));
    emit_op(&x->code, EMIT_66, 0x89, R9, at);
}

/* 0F C7 /1; all its registers are implied. */
void xlat_cmpxchg8b(struct xlat *x)
{
    struct operand at = operand_check(x, 8, true);
    emit_op(&x->code, EMIT_0F | (x->insn->prefixes & INSN_PREFIX_LOCK ? EMIT_LOCK : 0), 0xc7, 1, at);
}

/* BT m,r and its like reach memory up to 256 MB around their operand: in a window the host does it all, elsewhere it is
 * the interpreter's. */
void xlat_bit_string(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned reg = host_reg(insn->reg);
    if (reg == HOST_ESP)
        esp_settle_first(x);
    struct operand at = operand_check(x, insn->opsize, insn->opcode != 0xa3);
    x->refused |= !at.guest || insn->addrsize != 4 || !segment_flat(x, insn->seg);
    emit_op(&x->code, how_of(insn) | (insn->prefixes & INSN_PREFIX_LOCK ? EMIT_LOCK : 0), insn->opcode, reg, at);
}

/* F3 90 */
void xlat_pause(struct xlat *x)
{
    emit8(&x->code, 0xf3);
    emit8(&x->code, 0x90);
}

/* ADD and SUB of an immediate: to ESP, with the flags dead, it is a change of the pending delta. */
void xlat_esp_imm(struct xlat *x)
{
    const struct insn *insn = x->insn;
    int32_t value = (int32_t)insn->imm;
    bool esp =
        insn->mod == 3 && insn->rm == ESP && insn->opcode != 0x80 && insn->opsize == (x->mode & MODE_STACK16 ? 2 : 4);
    int32_t delta = insn->reg == 0 ? x->delta + value : x->delta - value;
    if (esp && !x->now->live_out && value > -4096 && value < 4096 && delta > -16384 && delta < 16384)
        x->delta = delta;
    else
        xlat_modrm(x);
}

/* op AL/eAX, imm and other one-byte forms without ModRM whose bytes mean the same in long mode. */
void xlat_copy(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->opsize == 2)
        emit8(&x->code, 0x66);
    emit_bytes(&x->code, insn->bytes + insn->opcode_at, insn->length - insn->opcode_at);
}

void xlat_nop(struct xlat *x)
{
    (void)x;
}

void xlat_mov_imm(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned n = insn->opcode & 7;
    if (insn->opcode < 0xb8 || n != ESP) {
        xlat_copy(x);
        return;
    }
    if (insn->opsize == 2) {
        esp_settle(x);
        emit_bytes(&x->code, (const uint8_t[]){ 0x66, 0x41, 0xb8 | (HOST_ESP & 7) }, 3);
        copy_tail(x, 2);
        return;
    }
    emit_mov_imm(&x->code, HOST_ESP, insn->imm);
    x->delta = 0;
}

/* A0-A3: the address is in the instruction, and 64 bits wide in long mode; emitted as 8A, 8B, 88, 89. */
void xlat_moffs(struct xlat *x)
{
    const struct insn *insn = x->insn;
    bool write = insn->opcode >= 0xa2;
    unsigned size = insn->opcode & 1 ? insn->opsize : 1;
    if (insn->base != REG_NONE || insn->index != REG_NONE) {
        x->refused = true;
        return;
    }
    struct operand at = operand_check(x, size, write);
    emit_op(&x->code, how_of(insn), (write ? 0x88u : 0x8au) | (insn->opcode & 1u), RAX, at);
}

void xlat_inc_dec(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned reg = host_reg(insn->opcode & 7);
    if (reg == HOST_ESP)
        esp_settle(x);
    emit_op(&x->code, how_of(insn), 0xff, insn->opcode >> 3 & 1, op_reg(reg));
}

void xlat_xchg_eax(struct xlat *x)
{
    const struct insn *insn = x->insn;
    unsigned n = insn->opcode & 7;
    if (n == EAX)
        return; /* NOP; with 90 and REX.B it would be another instruction */
    if (n == ESP)
        esp_settle(x);
    emit_op(&x->code, how_of(insn), 0x87, RAX, op_reg(host_reg(n)));
}

void xlat_bswap(struct xlat *x)
{
    unsigned reg = host_reg(x->insn->opcode & 7);
    if (x->insn->opsize == 2) {
        x->refused = true;
        return;
    }
    if (reg == HOST_ESP)
        esp_settle(x);
    if (reg & 8)
        emit8(&x->code, 0x41);
    emit8(&x->code, 0x0f);
    emit8(&x->code, 0xc8 | (reg & 7));
}

void xlat_lea(struct xlat *x)
{
    const struct insn *insn = x->insn;
    if (insn->mod == 3) {
        x->refused = true;
        return;
    }
    if (insn->opsize == 2) { /* what is above 16 bits plays no part */
        if (insn->reg == ESP)
            esp_settle(x);
        emit_op(&x->code, EMIT_66, 0x8d, host_reg(insn->reg), operand_address(insn, x->delta));
        return;
    }
    if (insn->addrsize != 4 && insn->reg == ESP) {
        x->refused = true;
        return;
    }
    bool small = insn->disp + 4096 < 8192 && x->delta > -8192 && x->delta < 8192;
    if (insn->reg == ESP && insn->base == ESP && insn->index == REG_NONE && small && !(x->mode & MODE_STACK16)) {
        x->delta += (int32_t)insn->disp;
        return;
    }
    operand_lea(x, host_reg(insn->reg));
    if (insn->reg == ESP)
        x->delta = 0;
}
