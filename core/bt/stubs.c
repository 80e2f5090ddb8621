/* stubs.c - the seams between C and translated code, generated once at the front of the cache.
 *
 *     enter       C -> translated code: keeps C's registers, loads the guest's, jumps
 *     exit        translated code -> C: stores the guest's registers; R12D = eip of the next instruction, R13 = link
 *     exec        one whole instruction by the interpreter: stores, calls bt_exec() or one of its like, loads;
 *                 R12 = struct insn *; called, with insn_eip and eip set; returns, jumps or leaves as C says
 *     exec with FP  the same, and the guest's floating-point state is in the host's registers when it returns
 *     fp_load     loads that state; called
 *     miss        where empty slots of the jump tables lead: exit with LINK_MISS
 *     plain       exit without a link
 *
 * The stack in translated code is C's: six registers and 8 bytes of padding below the return address of enter, so it
 * is a multiple of 16; inside exec it is 8 off and becomes right for the call of bt_exec() by one more push. */
#include "core/bt/internal.h"
#include "core/cpu/fpu.h"

#include <stddef.h>

static const uint8_t kept[] = { RBX, RBP, R12, R13, R14, R15 };
#define KEPT (sizeof(kept))

#define PAD_BYTES 8u

static void emit_push(struct code *code, unsigned reg)
{
    if (reg & 8)
        emit8(code, 0x41);
    emit8(code, 0x50 | (reg & 7));
}

static void emit_pop(struct code *code, unsigned reg)
{
    if (reg & 8)
        emit8(code, 0x41);
    emit8(code, 0x58 | (reg & 7));
}

static void emit_rsp_add(struct code *code, int bytes)
{
    emit_lea64(code, RSP, op_mem(RSP, bytes));
}

static struct operand guest_reg(unsigned n)
{
    return op_mem(HOST_CPU, CPU_FIELD(reg) + (int32_t)n * 4);
}

static unsigned host_of(unsigned guest)
{
    return guest == ESP ? HOST_ESP : guest;
}

static struct operand fp_live(void)
{
    return op_mem(HOST_CPU, CPU_FIELD(bt.fp_live));
}

/* cmp fp_live, 0; jcc */
static uint8_t *emit_jcc_live(struct code *code, unsigned condition)
{
    emit_op(code, 0, 0x83, 7, fp_live());
    emit8(code, 0);
    return emit_jcc(code, condition);
}

/* C uses the SSE registers and wants its own MXCSR; it leaves the x87 registers alone (fpu.h). */
static void emit_sse(struct code *code, bool load)
{
    struct operand guest = op_mem(HOST_CPU, CPU_FIELD(fx.mxcsr)), host = op_mem(HOST_CPU, CPU_FIELD(bt.host_mxcsr));
    uint8_t *out = emit_jcc_live(code, CC_E);
    for (unsigned n = 0; n < 8; n++) /* movaps */
        emit_op(code, EMIT_0F, load ? 0x28 : 0x29, n, op_mem(HOST_CPU, CPU_FIELD(fx.xmm) + 16 * (int32_t)n));
    if (!load)
        emit_op(code, EMIT_0F, 0xae, 3, guest); /* stmxcsr */
    emit_op(code, EMIT_0F, 0xae, 2, load ? guest : host);
    emit_patch(out, code->at);
}

/* Loads all of the guest's x87, MMX and SSE state if CR0 lets the guest use it. Called; changes flags and R8. */
static uint8_t *make_fp_load(struct code *code)
{
    uint8_t *entry = emit_exec(code);
    emit_op(code, 0, 0xf6, 0, op_mem(HOST_CPU, CPU_FIELD(cr0))); /* test byte */
    emit8(code, CR0_TS | CR0_EM);
    uint8_t *barred = emit_jcc(code, CC_NE);
    emit_load(code, R8, op_mem(HOST_CPU, CPU_FIELD(cr4)));
    emit_op(code, 0, 0xc1, 5, op_reg(R8)); /* shr r8d, 8: OSFXSR becomes FPU_SSE */
    emit8(code, 8);
    emit_op(code, 0, 0x83, 4, op_reg(R8)); /* and r8d, */
    emit8(code, FPU_SSE);
    emit_op(code, 0, 0x83, 1, op_reg(R8)); /* or r8d, */
    emit8(code, FPU_X87);
    emit_store(code, fp_live(), R8);
    emit_op(code, 0, 0x81, 4, op_mem(HOST_CPU, CPU_FIELD(fx.mxcsr))); /* a saved state may have any, FXRSTOR may not */
    emit32(code, 0xffff);
    emit_op(code, EMIT_0F, 0xae, 1, op_mem(HOST_CPU, CPU_FIELD(fx))); /* fxrstor */
    emit_patch(barred, code->at);
    emit8(code, 0xc3);
    return entry;
}

/* Registers and arithmetic flags to struct cpu. The flags are lost. */
static void emit_save(struct code *code)
{
    for (unsigned n = EAX; n <= EDI; n++)
        emit_store(code, guest_reg(n), host_of(n));
    emit8(code, 0x9c); /* pushfq */
    emit_pop(code, R8);
    emit_op(code, 0, 0x81, 4, op_reg(R8)); /* and r8d, arithmetic flags */
    emit32(code, FLAGS_ARITH);
    emit_load(code, R9, op_mem(HOST_CPU, CPU_FIELD(eflags)));
    emit_op(code, 0, 0x81, 4, op_reg(R9));
    emit32(code, ~FLAGS_ARITH);
    emit_op(code, 0, 0x0b, R9, op_reg(R8));
    emit_store(code, op_mem(HOST_CPU, CPU_FIELD(eflags)), R9);
    emit_sse(code, false);
}

/* Registers and arithmetic flags from struct cpu. POPF would cost several times this. */
static void emit_reload(struct code *code)
{
    emit_sse(code, true);
    emit_load64(code, HOST_TLB, op_mem(HOST_CPU, CPU_FIELD(bt.tlb)));
    emit_load64(code, HOST_TABLE, op_mem(HOST_CPU, CPU_FIELD(bt.table)));
    emit_load(code, RAX, op_mem(HOST_CPU, CPU_FIELD(eflags)));
    emit_mov(code, RCX, RAX);
    emit_op(code, 0, 0xc1, 5, op_reg(RCX)); /* shr ecx, 11: OF to bit 0 */
    emit8(code, 11);
    emit_op(code, 0, 0x83, 4, op_reg(RCX)); /* and ecx, 1 */
    emit8(code, 1);
    emit_op(code, 0, 0x80, 0, op_reg(RCX)); /* add cl, 7fh: sets OF to what the bit was */
    emit8(code, 0x7f);
    emit8(code, 0x88); /* mov ah, al */
    emit8(code, 0xc4);
    emit8(code, 0x9e); /* sahf: the other five */
    for (unsigned n = EAX; n <= EDI; n++)
        emit_load(code, host_of(n), guest_reg(n));
}

/* Back to C; RAX is what enter returns. `pending` bytes of return addresses are dropped. */
static void emit_leave(struct code *code, unsigned pending)
{
    emit_rsp_add(code, (int)(PAD_BYTES + pending));
    for (unsigned i = KEPT; i-- > 0;)
        emit_pop(code, kept[i]);
    emit8(code, 0xc3);
}

static void emit_return_null(struct code *code, unsigned pending)
{
    emit_op(code, 0, 0x33, RAX, op_reg(RAX));
    emit_leave(code, pending);
}

static uint8_t *make_enter(struct code *code)
{
    uint8_t *entry = emit_exec(code);
    for (unsigned i = 0; i < KEPT; i++)
        emit_push(code, kept[i]);
    emit_rsp_add(code, -(int)PAD_BYTES);
    emit_mov64(code, HOST_CPU, RDI);
    emit_mov64(code, HOST_EA, RSI);
    /* The last look at `kicked`: a kick that comes later finds RIP in the cache. */
    emit_op(code, 0, 0x83, 7, op_mem(HOST_CPU, CPU_FIELD(bt.kicked)));
    emit8(code, 0);
    uint8_t *kicked = emit_jcc(code, CC_NE);
    emit_reload(code);
    emit_op(code, 0, 0xff, 4, op_reg(HOST_EA)); /* jmp r12 */
    emit_patch(kicked, code->at);
    emit_return_null(code, 0);
    return entry;
}

static uint8_t *make_exit(struct code *code)
{
    uint8_t *entry = emit_exec(code);
    emit_save(code);
    emit_store(code, op_mem(HOST_CPU, CPU_FIELD(eip)), HOST_EA);
    emit_mov64(code, RAX, HOST_ADD);
    emit_leave(code, 0);
    return entry;
}

static uint8_t *make_exec(
    const struct bt *bt, struct code *code, uint32_t (*exec)(struct cpu *cpu, const struct insn *insn), bool with_fp)
{
    uint8_t *entry = emit_exec(code);
    emit_save(code);
    emit_mov64(code, RDI, HOST_CPU);
    emit_mov64(code, RSI, HOST_EA);
    emit_rsp_add(code, -8);
    emit_mov_imm64(code, RAX, (uint64_t)(uintptr_t)exec);
    emit_op(code, 0, 0xff, 2, op_reg(RAX)); /* call rax */
    emit_rsp_add(code, 8);
    /* As in enter: a kick that came while C ran is seen here, a later one finds RIP in the cache. */
    emit_op(code, 0, 0x83, 7, op_mem(HOST_CPU, CPU_FIELD(bt.kicked)));
    emit8(code, 0);
    uint8_t *kicked = emit_jcc(code, CC_NE);
    emit_op(code, 0, 0x83, 7, op_reg(RAX)); /* cmp eax, EXEC_NEXT */
    emit8(code, EXEC_NEXT);
    uint8_t *leaving = emit_jcc(code, CC_A), *barred = NULL;
    uint8_t *next = emit_jcc(code, CC_E);
    if (with_fp) { /* the interpreter or a device may have taken it home */
        uint8_t *live = emit_jcc_live(code, CC_NE);
        emit_call_to(code, bt->stub_fp_load);
        barred = emit_jcc_live(code, CC_E);
        emit_patch(live, code->at);
    }
    emit_reload(code);
    emit8(code, 0xc3);
    emit_patch(next, code->at);
    emit_rsp_add(code, 8);
    emit_reload(code);
    emit_load(code, HOST_EA, op_mem(HOST_CPU, CPU_FIELD(eip)));
    emit_op(code, 0, 0xff, 4, op_mem(HOST_CPU, CPU_FIELD(bt.next)));
    emit_patch(kicked, code->at);
    emit_patch(leaving, code->at);
    if (barred)
        emit_patch(barred, code->at);
    emit_return_null(code, 8);
    return entry;
}

static struct operand gate_field(size_t offset)
{
    return op_mem(R8, (int32_t)(offsetof(struct unit, gate) + offset));
}

/* JRCXZ to what emit_here() is called for. */
static uint8_t *emit_jrcxz(struct code *code)
{
    emit8(code, 0xe3);
    emit8(code, 0);
    return code->at - 1;
}

static void emit_here(struct code *code, uint8_t *jrcxz)
{
    *jrcxz = (uint8_t)(code->at - (jrcxz + 1));
}

/* RCX, whose own value is in R13, is 0 where all is well; else exit with LINK_MISS. */
static void emit_check(const struct bt *bt, struct code *code)
{
    uint8_t *good = emit_jrcxz(code);
    emit_mov64(code, RCX, HOST_ADD);
    emit_jmp_to(code, bt->stub_miss);
    emit_here(code, good);
}

/* Where closed pads lead (table.c): R8 = the unit, in the mapping that is executed; R12D = EIP. The unit is gone on
 * with, and its slot opened, if its page is right. `based`: EIP and CS may be another unit's, and the slot stays
 * closed. Flags stay. */
static uint8_t *make_closed(const struct bt *bt, struct code *code, bool based)
{
    uint8_t *entry = emit_exec(code), *full = NULL;
    emit_mov64(code, HOST_ADD, RCX);
    if (based) {
        emit_load(code, RCX, gate_field(offsetof(struct gate, minus_eip)));
        emit_lea(code, RCX, op_sib(RCX, HOST_EA, 0, 0));
        emit_check(bt, code);
        emit_load64(code, RCX, gate_field(offsetof(struct gate, minus_cs)));
        emit_load64(code, R9, op_mem(HOST_CPU, CPU_FIELD(seg[CS].base))); /* and limit */
        emit_lea64(code, RCX, op_sib(RCX, R9, 0, 0));
        emit_check(bt, code);
    }
    emit_load(code, R9, gate_field(offsetof(struct gate, tlb)));
    emit_load64(code, RCX, op_sib(HOST_TLB, R9, 0, 0));
    emit_load64(code, R9, gate_field(offsetof(struct gate, minus_entry)));
    emit_lea64(code, RCX, op_sib(RCX, R9, 0, 0));
    emit_check(bt, code);
    if (!based) {
        emit_load(code, R9, gate_field(offsetof(struct gate, global)));
        emit_load(code, RCX, op_sib(HOST_CPU, R9, 2, CPU_FIELD(bt.open_room)));
        full = emit_jrcxz(code);
        emit_lea(code, RCX, op_mem(RCX, -1));
        emit_store(code, op_sib(HOST_CPU, R9, 2, CPU_FIELD(bt.open_room)), RCX);
        emit_load64(code, R9, op_sib(HOST_CPU, R9, 3, CPU_FIELD(bt.opened)));
        emit_lea64(code, R9, op_sib(R9, RCX, 3, 0));
        emit_lea64(code, RCX, op_sib(HOST_TABLE, HOST_EA, 3, 0));
        emit_op(code, EMIT_W, 0x89, RCX, op_mem(R9, 0));
        emit_load64(code, R9, gate_field(offsetof(struct gate, open)));
        emit_op(code, EMIT_W, 0x89, R9, op_mem(RCX, 0));
        emit_load(code, RCX, gate_field(offsetof(struct gate, page)));
        emit_load64(code, R9, op_mem(HOST_CPU, CPU_FIELD(bt.open_pages)));
        emit_op(code, 0, 0xc6, 0, op_sib(R9, RCX, 0, 0)); /* mov byte [r9+rcx], 1 */
        emit8(code, 1);
        emit_here(code, full);
    }
    emit_mov64(code, RCX, HOST_ADD);
    emit_op(code, 0, 0xff, 4, gate_field(offsetof(struct gate, open)));
    return entry;
}

/* Exit with this for a link. At an even address, as closed pads. */
static uint8_t *make_exit_with(const struct bt *bt, struct code *code, uint32_t link)
{
    if ((uintptr_t)code->at & 1)
        emit8(code, 0xcc);
    uint8_t *entry = emit_exec(code);
    emit_mov_imm(code, HOST_ADD, link);
    emit_jmp_to(code, bt->stub_exit);
    return entry;
}

void stubs_make(struct bt *bt, struct code *code)
{
    bt->stub_enter = make_enter(code);
    bt->stub_exit = make_exit(code);
    bt->stub_fp_load = make_fp_load(code);
    bt->stub_exec[EXEC_PLAIN] = make_exec(bt, code, bt_exec, false);
    bt->stub_exec[EXEC_WITH_FP] = make_exec(bt, code, bt_exec, true);
    bt->stub_exec[EXEC_SEGMENT] = make_exec(bt, code, bt_exec_segment, false);
    bt->stub_exec[EXEC_MODE] = make_exec(bt, code, bt_exec_mode, false);
    bt->stub_exec[EXEC_JUMP] = make_exec(bt, code, bt_exec_jump, false);
    bt->stub_miss = make_exit_with(bt, code, (uint32_t)(uintptr_t)LINK_MISS);
    bt->stub_plain = make_exit_with(bt, code, 0);
    for (unsigned based = 0; based < 2; based++)
        bt->stub_closed[based] = make_closed(bt, code, based);
}

struct link *stub_call_enter(struct bt *bt, const uint8_t *entry)
{
    struct link *(*enter)(struct cpu * cpu, const uint8_t *code);
    uintptr_t address = (uintptr_t)bt->stub_enter;
    enter = (struct link * (*)(struct cpu *, const uint8_t *)) address;
    return enter(bt->cpu, entry);
}
