/* flags.c - EFLAGS as a whole and the system flags in it: PUSHF, POPF, CLI, STI, CLD, STD.
 *
 * Arithmetic flags are the host's own while translated code runs, all others stand in cpu->eflags. What changes those
 * must leave the host's alone, so there is no AND and no OR here: PEXT takes the bits of a mask out of a register, PDEP
 * puts them back, RORX moves them, LEA adds what has no bit in common.
 *
 * STI lets interrupts in only behind the instruction that follows it. So that one is in the same unit, and its point is
 * `shadowed`: a kick that finds translated code in front of it goes on to the next. When something pends already, STI
 * is the interpreter's. All of it is for CPL 0; elsewhere IOPL and the virtual flags decide (interp/ops_flag.c). */
#include "core/bt/xlat.h"

#define IF_SHIFT 9u
#define DF_SHIFT 10u

static struct operand eflags(void)
{
    return op_mem(HOST_CPU, CPU_FIELD(eflags));
}

static bool cpl0(struct xlat *x)
{
    x->refused = (x->mode & (MODE_USER | MODE_MIDDLE)) != 0;
    return !x->refused;
}

/* `to` = 1 if the flag is set in `from`, else 0. */
static void flag_take(struct code *code, unsigned to, unsigned from, unsigned shift)
{
    emit_mov_imm(code, to, 1u << shift);
    emit_pext(code, to, from, to);
}

/* Clears or sets one flag of cpu->eflags: takes away what stands there, and adds the flag to set it. */
static void flag_put(struct code *code, unsigned shift, bool set)
{
    emit_load(code, R8, eflags());
    flag_take(code, R9, R8, shift);
    emit_rorx(code, R9, R9, 32 - shift);
    emit_not(code, R9); /* -1 less what stands there */
    emit_lea(code, R8, op_sib(R8, R9, 0, set ? (int32_t)(1u << shift) + 1 : 1));
    emit_store(code, eflags(), R8);
}

void df_take(struct code *code, unsigned to, unsigned scratch)
{
    emit_load(code, scratch, eflags());
    flag_take(code, to, scratch, DF_SHIFT);
}

void df_step(struct code *code, unsigned to, unsigned scratch)
{
    df_take(code, to, scratch);
    emit_lea(code, to, op_sib(NO_REG, to, 1, -2)); /* -2 or 0 */
    emit_not(code, to);
}

void xlat_cli(struct xlat *x)
{
    if (cpl0(x))
        flag_put(&x->code, IF_SHIFT, false);
}

void xlat_df(struct xlat *x)
{
    flag_put(&x->code, DF_SHIFT, x->insn->opcode & 1);
}

/* To the slow path when another thread wants something. Flags stay; R8 and R9 are used. */
static void signals_check(struct xlat *x)
{
    struct code *code = &x->code;
    struct slow *slow = slow_of(x);
    emit_mov(code, R9, RCX);
    emit_load(code, RCX, op_mem(HOST_CPU, CPU_FIELD(signals)));
    emit8(code, 0xe3); /* jrcxz, over the way out */
    emit8(code, 3 + 5);
    emit_mov(code, RCX, R9);
    slow->saved[slow->jumps] = false;
    slow->jump[slow->jumps++] = emit_jmp(code);
    emit_mov(code, RCX, R9);
}

void xlat_sti(struct xlat *x)
{
    if (!cpl0(x))
        return;
    /* Nor where the next one is a loop by itself: in front of it nothing could ever be taken. */
    if (x->index + 1 >= x->steps || x->now[1].pages != x->now->pages || x->now[1].goes == (int16_t)(x->index + 1)) {
        x->refused = true;
        return;
    }
    signals_check(x);
    flag_put(&x->code, IF_SHIFT, true);
    x->shadow = true;
    x->fp_ready = 0; /* a callout that watches for traps does not load it again */
}

/* The arithmetic flags in their order, in a register with LAHF's in bits 7:0 and SETO's in bit 24. */
#define PACK_HOST 0x010000d5u

void xlat_pushf(struct xlat *x)
{
    struct code *code = &x->code;
    struct operand temp = op_mem(HOST_CPU, CPU_FIELD(bt.temp));
    if (x->mode & MODE_V86) { /* IOPL decides */
        x->refused = true;
        return;
    }
    emit_mov(code, R9, RAX);
    emit8(code, 0x9f);                            /* lahf */
    emit_op(code, EMIT_0F, 0x90, 0, op_reg(RAX)); /* seto al */
    emit_rorx(code, R8, RAX, 8);
    emit_mov(code, RAX, R9);
    emit_mov_imm(code, R9, PACK_HOST);
    emit_pext(code, R8, R8, R9);
    emit_mov_imm(code, R9, FLAGS_ARITH);
    emit_pdep(code, R8, R8, R9);
    emit_load(code, R9, eflags());
    emit_mov_imm(code, HOST_EA, ~(FLAGS_ARITH | FLAG_VM | FLAG_RF));
    emit_pext(code, R9, R9, HOST_EA);
    emit_pdep(code, R9, R9, HOST_EA);
    emit_lea(code, R8, op_sib(R8, R9, 0, 0));
    emit_store(code, temp, R8);
    struct operand at = stack_check(x, -x->insn->opsize, true);
    emit_load(code, R9, temp);
    emit_op(code, x->insn->opsize == 2 ? EMIT_66 : 0, 0x89, R9, at);
    x->delta -= x->insn->opsize;
}

/* Only the arithmetic flags, DF and IF may change here; and IF may be set only when nothing pends. What else is popped
 * is the interpreter's. The arithmetic flags are dead, all being written, but for a slow path. */
void xlat_popf(struct xlat *x)
{
    struct code *code = &x->code;
    bool wide = x->insn->opsize == 4;
    if (!cpl0(x))
        return;
    struct operand at = stack_check(x, 0, false);
    emit_op(code, wide ? 0 : EMIT_0F, wide ? 0x8b : 0xb7, HOST_EA, at);
    flags_stash(code);
    emit_mov(code, R8, HOST_EA);
    emit_op(code, 0, 0x33, R8, eflags());  /* xor r8d, eflags */
    emit_op(code, 0, 0xf7, 0, op_reg(R8)); /* test r8d, what may not change; reserved bits are fixed */
    emit32(code, FLAG_TF | FLAG_IOPL | FLAG_NT | (wide ? FLAG_AC | FLAG_ID : 0));
    slow_if(x, CC_NE, true);
    emit_mov(code, R8, HOST_EA);           /* IF as a mask of what pends */
    emit_op(code, 0, 0xc1, 4, op_reg(R8)); /* shl r8d, 31 - IF */
    emit8(code, 31 - IF_SHIFT);
    emit_op(code, 0, 0xc1, 7, op_reg(R8)); /* sar r8d, 31 */
    emit8(code, 31);
    emit_op(code, 0, 0x85, R8, op_mem(HOST_CPU, CPU_FIELD(signals)));
    slow_if(x, CC_NE, true);
    /* eflags = (eflags & ~(DF | IF | RF)) | (popped & (DF | IF)); the arithmetic ones in it mean nothing now. */
    emit_load(code, R8, eflags());
    emit_op(code, 0, 0x81, 4, op_reg(R8));
    emit32(code, ~(FLAG_DF | FLAG_IF | FLAG_RF));
    emit_mov(code, HOST_ADD, HOST_EA);
    emit_op(code, 0, 0x81, 4, op_reg(HOST_ADD));
    emit32(code, FLAG_DF | FLAG_IF);
    emit_op(code, 0, 0x0b, R8, op_reg(HOST_ADD));
    emit_store(code, eflags(), R8);
    emit_mov(code, R9, RAX); /* the arithmetic ones */
    emit_mov(code, RAX, HOST_EA);
    emit_op(code, 0, 0xc1, 5, op_reg(RAX)); /* shr eax, 11: OF to bit 0 */
    emit8(code, 11);
    emit_op(code, 0, 0x83, 4, op_reg(RAX)); /* and eax, 1 */
    emit8(code, 1);
    emit8(code, 0x04); /* add al, 7fh: OF */
    emit8(code, 0x7f);
    emit_mov(code, RAX, HOST_EA);
    emit8(code, 0x88); /* mov ah, al */
    emit8(code, 0xc4);
    emit8(code, 0x9e); /* sahf */
    emit_mov(code, RAX, R9);
    x->delta += x->insn->opsize;
    x->fp_ready = 0;
}
