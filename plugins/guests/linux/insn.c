/* insn.c - does an instruction reach memory? No more is decoded than that question needs (SDM vol. 2, appendix A). */
#include "linux.h"

static uint32_t is_prefix(uint8_t byte)
{
    return byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 || byte == 0xf3 || byte == 0x26 ||
           byte == 0x2e || byte == 0x36 || byte == 0x3e || byte == 0x64 || byte == 0x65;
}

/* Opcodes whose ModRM may name memory, of the two-byte map: those that kernels use for it. */
static uint32_t two_byte(const uint8_t *bytes)
{
    uint8_t op = bytes[0];
    if (op == 0x1f || op == 0x0d || op == 0x18) /* NOP, PREFETCH: no access that could fault */
        return INSN_AWAY;
    if ((op & 0xf0) == 0x80)
        return INSN_AWAY;
    uint32_t modrm = (op >= 0x10 && op <= 0x17) || (op >= 0x28 && op <= 0x2f) || (op >= 0x40 && op <= 0x7f) ||
                     (op & 0xf0) == 0x90 || op == 0xa3 || op == 0xa4 || op == 0xa5 || op == 0xab || op == 0xac ||
                     op == 0xad || op == 0xae || op == 0xaf || (op >= 0xb0 && op <= 0xc7) || op >= 0xd0;
    return modrm && bytes[1] >> 6 != 3 ? INSN_MEMORY : INSN_OTHER;
}

static uint32_t one_byte(const uint8_t *bytes)
{
    uint8_t op = bytes[0];
    if ((op >= 0xa4 && op <= 0xa7) || (op >= 0xaa && op <= 0xaf))
        return INSN_STRING;
    if (op == 0xe9 || op == 0xeb || op == 0x8d || op == 0x90 || (op & 0xf0) == 0x70)
        return INSN_AWAY;
    if (op >= 0xa0 && op <= 0xa3)
        return INSN_MEMORY;
    uint32_t modrm = (op < 0x40 && (op & 7) < 4) || (op >= 0x80 && op <= 0x8b) || op == 0x8f || op == 0xc0 ||
                     op == 0xc1 || op == 0xc6 || op == 0xc7 || (op >= 0xd0 && op <= 0xd3) ||
                     (op >= 0xd8 && op <= 0xdf) || op == 0xf6 || op == 0xf7 || op == 0xfe || op == 0xff;
    return modrm && bytes[1] >> 6 != 3 ? INSN_MEMORY : INSN_OTHER;
}

uint32_t insn_kind(const uint8_t *bytes, uint32_t count)
{
    uint32_t at = 0;
    while (at < count && is_prefix(bytes[at]))
        at++;
    if (at + 3 > count)
        return INSN_OTHER;
    return bytes[at] == 0x0f ? two_byte(bytes + at + 1) : one_byte(bytes + at);
}
