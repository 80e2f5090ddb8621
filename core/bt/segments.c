/* segments.c - from an offset in a segment to the operand of an access: limit, base, and then window or TLB.
 *
 * Most code runs in segments that begin at 0 and have 4 GB. There an offset is a linear address, and in a window the
 * operand is the guest's own. What is known of other segments is in the unit's mode (SEGMENT_...), base and limit are
 * looked at at run time, and those of CS are constants, because a unit belongs to one CS. For `mov ax,[bx+si+4]` in
 * 16-bit code, DS having the limit FFFFh:
 *
 *     lea   r12d,[rbx+rsi+4]
 *     movzx r12d,r12w             the offset wraps at 64 KB
 *     cmp   r12d,0fffeh
 *     ja    slow                  the second byte is behind the limit
 *     mov   r13d,[r15+ds.base]
 *     mov   ax,gs:[r12d+r13d]
 *
 * Where flags are alive, a word behind the limit is put where no window is instead, by a bit in the upper half of R13:
 *
 *     lea   r13,[r12+1]           bit 16: behind the limit
 *     rorx  r13,r13,16
 *     mov   r13d,r13d
 *     rorx  r13,r13,32            bit 32
 *     mov   r8d,[r15+ds.base]
 *     lea   r12d,[r12+r8]
 *     mov   ax,gs:[r12+r13]       64 bits wide
 *
 * or, where that does not do, flags_stash() and flags_unstash() bracket the compare. The slow path runs the whole
 * instruction in the interpreter, so everything before the jump must leave the guest's state alone. */
#include "core/bt/xlat.h"

struct access {
    unsigned seg, size;
    bool write;
    struct operand at; /* the offset, if `narrow` less what is above 16 bits */
    bool narrow;
};

static unsigned segment_known(const struct xlat *x, unsigned seg)
{
    return x->mode >> (16 + 2 * seg) & 3;
}

static struct operand segment_base(unsigned seg)
{
    return segment_field(seg, offsetof(struct segment, base));
}

bool segment_flat(const struct xlat *x, unsigned seg)
{
    return seg == CS ? (x->mode & MODE_CS_FLAT) != 0 : seg < FS && segment_known(x, seg) == SEGMENT_OPEN;
}

static bool constant(const struct access *access)
{
    return access->at.base == NO_REG && access->at.index == NO_REG;
}

/* Would the segment admit it at some offset? */
static bool allowed(const struct xlat *x, const struct access *access)
{
    if (access->seg == CS)
        return x->mode & (access->write ? MODE_CS_WRITE : MODE_CS_READ);
    return segment_known(x, access->seg) != SEGMENT_HARD;
}

/* The limit, if it is known now; SEGMENT_LIMITED is not. */
static bool limit_known(const struct xlat *x, unsigned seg, uint32_t *limit)
{
    unsigned known = segment_known(x, seg);
    *limit = seg == CS ? x->cs_limit : known == SEGMENT_64K ? 0xffff : UINT32_MAX;
    return seg == CS || known != SEGMENT_LIMITED;
}

static struct operand guest(struct operand operand)
{
    operand.guest = true;
    return operand;
}

/* Leaves a bit in R13 that puts the address of an access that runs over 1 << `bit` behind the window. */
static void over_limit(struct xlat *x, unsigned size, unsigned bit)
{
    emit_lea64(&x->code, HOST_ADD, op_mem(HOST_EA, (int32_t)size - 1));
    emit_rorx64(&x->code, HOST_ADD, HOST_ADD, bit);
    emit_mov(&x->code, HOST_ADD, HOST_ADD);
    emit_rorx64(&x->code, HOST_ADD, HOST_ADD, 32);
}

/* To the slow path if R12D is above `most`. */
static void check_offset(struct xlat *x, uint32_t most)
{
    bool alive = x->now->live_in != 0;
    if (alive)
        flags_stash(&x->code);
    emit_op(&x->code, 0, 0x81, 7, op_reg(HOST_EA)); /* cmp */
    emit32(&x->code, most);
    slow_if(x, CC_A, alive);
    if (alive)
        flags_unstash(&x->code);
}

/* To the slow path if the access at R12D goes over the limit that the segment has now. */
static void check_limit(struct xlat *x, const struct access *access)
{
    const struct operand limit = segment_field(access->seg, offsetof(struct segment, limit));
    struct code *code = &x->code;
    bool alive = x->now->live_in != 0;
    emit_load(code, R8, limit);
    emit_lea64(code, HOST_ADD, op_mem(HOST_EA, (int32_t)access->size - 1));
    if (alive)
        flags_stash(code);
    emit_op(code, EMIT_W, 0x3b, HOST_ADD, op_reg(R8)); /* cmp */
    slow_if(x, CC_A, alive);
    if (alive)
        flags_unstash(code);
}

/* Checks the offset in R12D against the limit; true when R13 is part of the answer. */
static bool check(struct xlat *x, const struct access *access)
{
    uint32_t limit, over = access->size - 1;
    if (!limit_known(x, access->seg, &limit)) {
        check_limit(x, access);
        return false;
    }
    if (limit >= (access->narrow ? UINT16_MAX + over : UINT32_MAX) && (access->narrow || !over))
        return false;
    bool alive = x->now->live_in != 0 || limit == UINT32_MAX;
    if (alive && in_window(x) && (limit == UINT32_MAX || (limit == UINT16_MAX && access->narrow))) {
        if (over)
            over_limit(x, access->size, limit == UINT32_MAX ? 32 : 16);
        return over;
    }
    if (limit < over)
        x->refused = true;
    else if (!access->narrow || limit - over < UINT16_MAX)
        check_offset(x, limit - over);
    return false;
}

/* R12D = the offset. */
static void offset_load(struct xlat *x, const struct access *access)
{
    struct code *code = &x->code;
    bool single = access->at.index == NO_REG && access->at.disp == 0;
    if (constant(access)) {
        emit_mov_imm(code, HOST_EA, (uint32_t)access->at.disp);
        return;
    }
    if (!single)
        emit_lea(code, HOST_EA, access->at);
    if (access->narrow)
        emit_movzx(code, HOST_EA, single ? access->at.base : HOST_EA);
    else if (single)
        emit_mov(code, HOST_EA, access->at.base);
}

/* At a constant offset in a segment whose limit is known. */
static struct operand at_constant(struct xlat *x, const struct access *access, uint32_t limit)
{
    uint32_t offset = (uint32_t)access->at.disp;
    if (limit < access->size - 1 || offset > limit - (access->size - 1)) {
        x->refused = true;
        return op_reg(HOST_EA);
    }
    struct operand at = op_mem(NO_REG, (int32_t)(offset + (access->seg == CS ? x->cs_base : 0)));
    if (!segment_flat(x, access->seg) && access->seg != CS) {
        emit_load(&x->code, HOST_EA, segment_base(access->seg));
        at.base = HOST_EA;
    }
    if (in_window(x))
        return guest(at);
    if (at.base == NO_REG)
        emit_mov_imm(&x->code, HOST_EA, (uint32_t)at.disp);
    else
        emit_lea(&x->code, HOST_EA, at);
    return tlb_check(x, access->size, access->write);
}

/* At an offset that is computed. */
static struct operand at_offset(struct xlat *x, const struct access *access)
{
    struct code *code = &x->code;
    bool flat = segment_flat(x, access->seg);
    if (flat && !access->narrow && in_window(x)) /* 67h wraps as the guest's addition does */
        return guest(access->at);
    offset_load(x, access);
    bool wide = !(flat && !access->narrow) && check(x, access);
    bool window = in_window(x);
    if (window && !wide && !flat && access->seg != CS) {
        emit_load(code, HOST_ADD, segment_base(access->seg));
        return guest(op_sib(HOST_EA, HOST_ADD, 0, 0));
    }
    if (window && !wide)
        return guest(op_mem(HOST_EA, (int32_t)(access->seg == CS ? x->cs_base : 0)));
    if (access->seg == CS && x->cs_base) {
        emit_lea(code, HOST_EA, op_mem(HOST_EA, (int32_t)x->cs_base));
    } else if (!flat && access->seg != CS) {
        emit_load(code, R8, segment_base(access->seg));
        emit_lea(code, HOST_EA, op_sib(HOST_EA, R8, 0, 0));
    }
    if (!window)
        return tlb_check(x, access->size, access->write);
    struct operand at = guest(op_sib(HOST_EA, HOST_ADD, 0, 0));
    at.wide = true;
    return at;
}

static struct operand access_check(struct xlat *x, struct access access)
{
    uint32_t limit;
    x->stored |= access.write && in_window(x);
    if (!allowed(x, &access)) {
        x->refused = true;
        return op_reg(HOST_EA);
    }
    if (access.narrow && constant(&access))
        access.at.disp &= 0xffff;
    if (constant(&access) && limit_known(x, access.seg, &limit))
        return at_constant(x, &access, limit);
    return at_offset(x, &access);
}

struct operand operand_behind(struct xlat *x, int32_t popped, unsigned size, bool write)
{
    const struct insn *insn = x->insn;
    const struct operand at = operand_address(insn, x->delta + popped);
    return access_check(x, (struct access){ insn->seg, size, write, at, insn->addrsize == 2 });
}

struct operand stack_span(struct xlat *x, int32_t offset, unsigned size, bool write)
{
    const struct operand at = op_mem(HOST_ESP, x->delta + offset);
    return access_check(x, (struct access){ SS, size, write, at, (x->mode & MODE_STACK16) != 0 });
}

struct operand register_check(struct xlat *x, unsigned seg, unsigned reg, bool narrow, unsigned size, bool write)
{
    return access_check(x, (struct access){ seg, size, write, op_mem(reg, 0), narrow });
}
