/* emit.h - writes x86-64 instructions into the code cache. */
#ifndef ABBEY_CORE_EMIT_H
#define ABBEY_CORE_EMIT_H

#include <stdbool.h>
#include <stdint.h>

/* Host registers in encoding order. */
enum host_reg { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NO_REG };

/* Conditions in encoding order, those that are used by name. */
enum { CC_E = 4, CC_NE = 5, CC_A = 7 };

/* Where code is written. What does not fit is dropped, and noticed by the owner through `overflow`. */
struct code {
    uint8_t *at, *end;
    int64_t to_exec; /* add to a writable address to get the one it runs at */
    bool overflow;
};

/* A register or a memory operand. */
struct operand {
    bool memory;
    uint8_t base, index, scale; /* enum host_reg; scale as a shift */
    int32_t disp;
    bool wide;  /* with `guest`: an address of 64 bits; what has bit 32 set faults */
    bool guest; /* an address of 32 bits, wrapping, relative to GS: the guest's linear address in its window */
};

static inline struct operand op_reg(unsigned reg)
{
    return (struct operand){ .base = (uint8_t)reg, .index = NO_REG };
}
static inline struct operand op_mem(unsigned base, int32_t disp)
{
    return (struct operand){ .memory = true, .base = (uint8_t)base, .index = NO_REG, .disp = disp };
}
static inline struct operand op_sib(unsigned base, unsigned index, unsigned scale, int32_t disp)
{
    return (struct operand){
        .memory = true, .base = (uint8_t)base, .index = (uint8_t)index, .scale = (uint8_t)scale, .disp = disp
    };
}

void emit8(struct code *code, uint32_t byte);
void emit32(struct code *code, uint32_t value);
void emit64(struct code *code, uint64_t value);
void emit_bytes(struct code *code, const uint8_t *bytes, unsigned count);

/* How an instruction is encoded beside its operands. */
#define EMIT_66 1u /* operand-size prefix */
#define EMIT_W 2u  /* REX.W */
#define EMIT_0F 4u
#define EMIT_LOCK 8u
#define EMIT_F2 16u /* one of F2 and F3 at most */
#define EMIT_F3 32u
#define EMIT_38 64u /* behind EMIT_0F: the map 0F38, or 0F3A */
#define EMIT_3A 128u

/* An opcode with ModRM: `reg` is a register or an opcode extension. */
void emit_op(struct code *code, unsigned how, uint32_t opcode, unsigned reg, struct operand rm);

/* Moves and additions that leave flags alone; 32 bits wide, and so zero-extending, where no 64 is named. */
void emit_mov(struct code *code, unsigned to, unsigned from);
void emit_mov64(struct code *code, unsigned to, unsigned from);
void emit_movzx(struct code *code, unsigned to, unsigned from); /* of 16 bits */
void emit_load(struct code *code, unsigned to, struct operand from);
void emit_load64(struct code *code, unsigned to, struct operand from);
void emit_store(struct code *code, struct operand to, unsigned from);
void emit_store_imm(struct code *code, struct operand to, uint32_t value);
void emit_mov_imm(struct code *code, unsigned to, uint32_t value);
void emit_mov_imm64(struct code *code, unsigned to, uint64_t value);
void emit_lea(struct code *code, unsigned to, struct operand from);
void emit_lea64(struct code *code, unsigned to, struct operand from);

/* to = bits of `from` selected by `mask`, packed (BMI2). */
void emit_pext(struct code *code, unsigned to, unsigned from, unsigned mask);
/* The same with the mask at base + disp. */
void emit_pext_mem(struct code *code, unsigned to, unsigned from, unsigned base, int32_t disp);

/* The reverse: the low bits of `from`, spread to where `mask` has bits, the rest 0. */
void emit_pdep(struct code *code, unsigned to, unsigned from, unsigned mask);
/* to = `from` rotated right (BMI2). */
void emit_rorx(struct code *code, unsigned to, unsigned from, unsigned count);
void emit_rorx64(struct code *code, unsigned to, unsigned from, unsigned count);
void emit_not(struct code *code, unsigned reg);

/* Jumps with a 32-bit displacement; return its writable address, for emit_patch(). */
uint8_t *emit_jmp(struct code *code);
uint8_t *emit_jcc(struct code *code, unsigned condition);
void emit_jmp_to(struct code *code, const uint8_t *exec_target);
void emit_call_to(struct code *code, const uint8_t *exec_target);
/* Makes the displacement at `at` lead to `target`; both writable addresses of one cache. */
void emit_patch(uint8_t *at, const uint8_t *target);

/* The address at which what is written next will run. */
static inline uint8_t *emit_exec(const struct code *code)
{
    return code->at + code->to_exec;
}

#endif
