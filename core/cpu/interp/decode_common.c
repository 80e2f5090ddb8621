/* decode_common.c - the common instructions, decoded by a table of what follows their opcode.
 *
 * Zydis takes most of the time of decoding, and code that is executed a few times is mostly decoding. So instructions
 * of the maps 1BYTE and 0F with 32-bit addressing and no other prefix than 66 and a segment are measured here; the
 * letters say what follows the opcode. All others, and what runs over the bytes at hand, are left to Zydis, which a
 * test compares with (tests/unit/test_decode.c). Which instruction it is, and whether there is one, is said by our
 * tables in any case.
 *
 * Example, 81 44 8b fe 78 56 34 12 (ADD dword [EBX+ECX*4-2], 12345678h): the letter of 81 is Z; ModRM 44h asks for SIB
 * and a byte of displacement, and Z for an immediate of the operand's size. */
#include "core/cpu/interp/decode.h"

#include <string.h>

/* .  not for us             o  nothing              m  ModRM
 * s  a byte with its sign
 * z  2 or 4 bytes, as the operand's size            r  4 bytes, and not for us with 66
 * S  Z  ModRM, and then the same                    B  ModRM, and a byte without sign
 * F  ModRM, and an immediate if ModRM.reg is 0 */
static const char letters[2][257] = {
    "mmmmszoommmmszo."  /* 00 */
    "mmmmszoommmmszoo"  /* 10 */
    "mmmmsz.ommmmsz.o"  /* 20 */
    "mmmmsz.ommmmsz.o"  /* 30 */
    "oooooooooooooooo"  /* 40 */
    "oooooooooooooooo"  /* 50 */
    "oo......zZsS...."  /* 60 */
    "ssssssssssssssss"  /* 70 */
    "SZ.Smmmmmmmm.m.."  /* 80 */
    "oooooooooo..oooo"  /* 90 */
    "....ooooszoooooo"  /* a0 */
    "sssssssszzzzzzzz"  /* b0 */
    "BB.o..SZ.o......"  /* c0 */
    "mmmm............"  /* d0 */
    "ssss....rr.s...."  /* e0 */
    ".....oFFoo..oomm", /* f0 */
    "................"  /* 0f 00 */
    "...............m"  /* 0f 10 */
    "................"  /* 0f 20 */
    "................"  /* 0f 30 */
    "mmmmmmmmmmmmmmmm"  /* 0f 40 */
    "................"  /* 0f 50 */
    "................"  /* 0f 60 */
    "................"  /* 0f 70 */
    "rrrrrrrrrrrrrrrr"  /* 0f 80 */
    "mmmmmmmmmmmmmmmm"  /* 0f 90 */
    "...mBm.....mBm.m"  /* 0f a0 */
    "mm.m..mm..Bmmmmm"  /* 0f b0 */
    "mm......oooooooo"  /* 0f c0 */
    "................"  /* 0f d0 */
    "................"  /* 0f e0 */
    "................", /* 0f f0 */
};

static uint32_t read(const uint8_t *bytes, uint32_t size)
{
    uint32_t value = 0;
    memcpy(&value, bytes, size);
    return value;
}

static uint32_t read_signed(const uint8_t *bytes, uint32_t size)
{
    uint32_t value = read(bytes, size);
    return size == 1 ? (uint32_t)(int8_t)value : size == 2 ? (uint32_t)(int16_t)value : value;
}

/* ModRM at `at`, and what belongs to it; where it ends, or 0 when that is behind `count`. */
static uint32_t decode_modrm(struct insn *insn, const uint8_t *bytes, uint32_t at, uint32_t count, uint8_t *sib)
{
    if (at >= count)
        return 0;
    insn->modrm = bytes[at++];
    insn->mod = insn->modrm >> 6;
    insn->reg = insn->modrm >> 3 & 7;
    insn->rm = insn->modrm & 7;
    if (insn->mod == 3)
        return at;
    if (insn->rm == 4) {
        if (at >= count)
            return 0;
        *sib = bytes[at++];
    }
    bool absolute = insn->mod == 0 && (insn->rm == 4 ? (*sib & 7) == 5 : insn->rm == 5);
    uint32_t size = absolute || insn->mod == 2 ? 4 : insn->mod == 1;
    if (at + size > count)
        return 0;
    if (size)
        insn->disp = read_signed(bytes + at, size);
    return at + size;
}

bool decode_common(struct insn *insn, const uint8_t *bytes, uint32_t count, uint8_t *sib, bool *has_modrm)
{
    uint32_t at = insn->opcode_at;
    if ((insn->prefixes & ~(INSN_PREFIX_66 | INSN_PREFIX_SEG)) || insn->rep || insn->addrsize != 4 || at >= count)
        return false;
    bool two = bytes[at] == 0x0f;
    at += two;
    if (at >= count)
        return false;
    char letter = letters[two][bytes[at++]];
    if (letter == '.' || (letter == 'r' && insn->opsize == 2))
        return false;
    *has_modrm = letter == 'm' || (letter >= 'A' && letter <= 'Z');
    if (*has_modrm && !(at = decode_modrm(insn, bytes, at, count, sib)))
        return false;
    if (letter == 'F')
        letter = insn->reg > 1 ? 'm' : bytes[insn->opcode_at] & 1 ? 'Z' : 'S';
    uint32_t size = letter == 'o' || letter == 'm'   ? 0
                    : letter == 'r'                  ? 4
                    : letter == 'z' || letter == 'Z' ? insn->opsize
                                                     : 1;
    if (at + size > count || at + size > 15)
        return false;
    if (size)
        insn->imm = letter == 'B' ? read(bytes + at, size) : read_signed(bytes + at, size);
    insn->length = (uint8_t)(at + size);
    return true;
}
