#include "core/bt/emit.h"

#include <string.h>

void emit_bytes(struct code *code, const uint8_t *bytes, unsigned count)
{
    if (code->end - code->at < (int64_t)count) {
        code->overflow = true;
        return;
    }
    memcpy(code->at, bytes, count);
    code->at += count;
}

void emit8(struct code *code, uint32_t byte)
{
    emit_bytes(code, &(uint8_t){ (uint8_t)byte }, 1);
}

void emit32(struct code *code, uint32_t value)
{
    emit_bytes(code, (const uint8_t *)&value, 4);
}

void emit64(struct code *code, uint64_t value)
{
    emit_bytes(code, (const uint8_t *)&value, 8);
}

/* ModRM, SIB and displacement (SDM vol. 2, 2.1.5 and 2.2.1). */
static void emit_modrm(struct code *code, unsigned reg, struct operand rm)
{
    unsigned r = (reg & 7u) << 3;
    unsigned index = rm.index == NO_REG ? 4u : rm.index & 7u;
    if (!rm.memory) {
        emit8(code, 0xc0 | r | (rm.base & 7u));
        return;
    }
    if (rm.base == NO_REG) { /* always by SIB, since plain mod 0 rm 5 is RIP-relative in long mode */
        emit8(code, r | 4);
        emit8(code, (unsigned)rm.scale << 6 | index << 3 | 5);
        emit32(code, (uint32_t)rm.disp);
        return;
    }
    bool sib = rm.index != NO_REG || (rm.base & 7) == RSP;
    unsigned mod = rm.disp == 0 && (rm.base & 7) != RBP ? 0 : rm.disp == (int8_t)rm.disp ? 1 : 2;
    emit8(code, mod << 6 | r | (sib ? 4u : rm.base & 7u));
    if (sib)
        emit8(code, (unsigned)rm.scale << 6 | index << 3 | (rm.base & 7u));
    if (mod == 1)
        emit8(code, (uint32_t)rm.disp);
    else if (mod == 2)
        emit32(code, (uint32_t)rm.disp);
}

void emit_op(struct code *code, unsigned how, uint32_t opcode, unsigned reg, struct operand rm)
{
    if (how & EMIT_LOCK)
        emit8(code, 0xf0);
    if (rm.guest) {
        emit8(code, 0x65);
        if (!rm.wide)
            emit8(code, 0x67);
    }
    if (how & EMIT_66)
        emit8(code, 0x66);
    if (how & (EMIT_F2 | EMIT_F3))
        emit8(code, how & EMIT_F2 ? 0xf2 : 0xf3);
    unsigned rex = (how & EMIT_W ? 8u : 0u) | (reg & 8u) >> 1;
    if (rm.index != NO_REG)
        rex |= (rm.index & 8u) >> 2;
    if (rm.base != NO_REG)
        rex |= (rm.base & 8u) >> 3;
    if (rex)
        emit8(code, 0x40 | rex);
    if (how & EMIT_0F)
        emit8(code, 0x0f);
    if (how & (EMIT_38 | EMIT_3A))
        emit8(code, how & EMIT_38 ? 0x38 : 0x3a);
    emit8(code, opcode);
    emit_modrm(code, reg, rm);
}

void emit_mov(struct code *code, unsigned to, unsigned from)
{
    emit_op(code, 0, 0x8b, to, op_reg(from));
}

void emit_mov64(struct code *code, unsigned to, unsigned from)
{
    emit_op(code, EMIT_W, 0x8b, to, op_reg(from));
}

void emit_movzx(struct code *code, unsigned to, unsigned from)
{
    emit_op(code, EMIT_0F, 0xb7, to, op_reg(from));
}

void emit_load(struct code *code, unsigned to, struct operand from)
{
    emit_op(code, 0, 0x8b, to, from);
}

void emit_load64(struct code *code, unsigned to, struct operand from)
{
    emit_op(code, EMIT_W, 0x8b, to, from);
}

void emit_store(struct code *code, struct operand to, unsigned from)
{
    emit_op(code, 0, 0x89, from, to);
}

void emit_store_imm(struct code *code, struct operand to, uint32_t value)
{
    emit_op(code, 0, 0xc7, 0, to);
    emit32(code, value);
}

void emit_mov_imm(struct code *code, unsigned to, uint32_t value)
{
    if (to & 8)
        emit8(code, 0x41);
    emit8(code, 0xb8 | (to & 7));
    emit32(code, value);
}

void emit_mov_imm64(struct code *code, unsigned to, uint64_t value)
{
    if (value <= UINT32_MAX) {
        emit_mov_imm(code, to, (uint32_t)value);
        return;
    }
    emit8(code, 0x48 | (to & 8) >> 3);
    emit8(code, 0xb8 | (to & 7));
    emit64(code, value);
}

void emit_lea(struct code *code, unsigned to, struct operand from)
{
    emit_op(code, 0, 0x8d, to, from);
}

void emit_lea64(struct code *code, unsigned to, struct operand from)
{
    emit_op(code, EMIT_W, 0x8d, to, from);
}

#define VEX_W 0x80u
/* VEX.LZ, 32 bits wide, or 64 with VEX_W in the map: ModRM.reg = reg, ModRM.rm = rm, both registers; map 2 is 0F38, 3
 * is 0F3A; prefix 2 is F3, 3 is F2. */
static void emit_vex(
    struct code *code, unsigned map, unsigned prefix, uint32_t opcode, unsigned reg, unsigned vvvv, unsigned rm)
{
    emit8(code, 0xc4);
    emit8(code, (reg & 8 ? 0u : 0x80u) | 0x40u | (rm & 8 ? 0u : 0x20u) | (map & 0x1f));
    emit8(code, (map & VEX_W) | (~vvvv & 15u) << 3 | prefix);
    emit8(code, opcode);
    emit8(code, 0xc0 | (reg & 7) << 3 | (rm & 7));
}

void emit_pext(struct code *code, unsigned to, unsigned from, unsigned mask)
{
    emit_vex(code, 2, 2, 0xf5, to, from, mask);
}

void emit_pext_mem(struct code *code, unsigned to, unsigned from, unsigned base, int32_t disp)
{
    emit8(code, 0xc4);
    emit8(code, (to & 8 ? 0u : 0x80u) | 0x40u | (base & 8 ? 0u : 0x20u) | 2u);
    emit8(code, (~from & 15u) << 3 | 2u);
    emit8(code, 0xf5);
    emit_modrm(code, to, op_mem(base, disp));
}

void emit_pdep(struct code *code, unsigned to, unsigned from, unsigned mask)
{
    emit_vex(code, 2, 3, 0xf5, to, from, mask);
}

void emit_rorx(struct code *code, unsigned to, unsigned from, unsigned count)
{
    emit_vex(code, 3, 3, 0xf0, to, 0, from);
    emit8(code, count);
}

void emit_rorx64(struct code *code, unsigned to, unsigned from, unsigned count)
{
    emit_vex(code, 3 | VEX_W, 3, 0xf0, to, 0, from);
    emit8(code, count);
}

void emit_not(struct code *code, unsigned reg)
{
    emit_op(code, 0, 0xf7, 2, op_reg(reg));
}

static uint8_t *reserve32(struct code *code)
{
    emit32(code, 0);
    return code->at - 4;
}

uint8_t *emit_jmp(struct code *code)
{
    emit8(code, 0xe9);
    return reserve32(code);
}

uint8_t *emit_jcc(struct code *code, unsigned condition)
{
    emit8(code, 0x0f);
    emit8(code, 0x80 | condition);
    return reserve32(code);
}

void emit_patch(uint8_t *at, const uint8_t *target)
{
    int32_t distance = (int32_t)(target - (at + 4));
    memcpy(at, &distance, 4);
}

void emit_jmp_to(struct code *code, const uint8_t *exec_target)
{
    emit_patch(emit_jmp(code), exec_target - code->to_exec);
}

void emit_call_to(struct code *code, const uint8_t *exec_target)
{
    emit8(code, 0xe8);
    emit_patch(reserve32(code), exec_target - code->to_exec);
}
