/* decode.c - instruction bytes -> struct insn, with its handler.
 *
 * The common instructions are measured by decode_common.c. Of the others Zydis tells where ModRM, SIB, displacement and
 * immediates are and how long the instruction is, and rejects what no processor knows. Which instruction it is, and
 * whether this CPU model has it, is said by our own opcode tables: Zydis knows many later extensions (AVX, XOP...),
 * which have no row here and so raise #UD as on an i686.
 *
 * Worked example, 66 2e 8d 44 8b fe in 32-bit code (LEA AX, CS:[EBX+ECX*4-2]): prefixes 66 and 2e are read here;
 * opcode_at is 2; Zydis gives ModRM 44h, SIB 8bh, disp -2; so opsize 2, seg CS, base EBX, index ECX, scale 2, disp
 * fffffffeh; op_find() takes the row of 8d with OP_MEM. */
#include "core/cpu/interp/decode.h"

#include <stdlib.h>
#include <string.h>

static void exec_undefined(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu_raise(cpu, EXC_UD);
}

/* Longer than 15 bytes: #GP(0) (SDM vol. 3, table 6-2, note). */
static void exec_too_long(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu_raise_code(cpu, EXC_GP, 0);
}

bool decoder_init(struct decoder *decoder, uint64_t features)
{
    static const ZydisMachineMode modes[2] = { ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_MACHINE_MODE_LEGACY_32 };
    static const ZydisStackWidth stacks[2] = { ZYDIS_STACK_WIDTH_16, ZYDIS_STACK_WIDTH_32 };
    /* Later meanings of encodings that an i686 runs as NOP, BSF and BSR. */
    static const ZydisDecoderMode later[] = { ZYDIS_DECODER_MODE_KNC, ZYDIS_DECODER_MODE_MPX, ZYDIS_DECODER_MODE_CET,
        ZYDIS_DECODER_MODE_LZCNT, ZYDIS_DECODER_MODE_TZCNT, ZYDIS_DECODER_MODE_WBNOINVD, ZYDIS_DECODER_MODE_CLDEMOTE };
    for (unsigned i = 0; i < 2; i++) {
        ZydisDecoderInit(&decoder->zydis[i], modes[i], stacks[i]);
        ZydisDecoderEnableMode(&decoder->zydis[i], ZYDIS_DECODER_MODE_MINIMAL, ZYAN_TRUE);
        for (unsigned n = 0; n < sizeof(later) / sizeof(later[0]); n++)
            ZydisDecoderEnableMode(&decoder->zydis[i], later[n], ZYAN_FALSE);
    }
    decoder->features = features;
    decoder->common = true;
    return op_index_init(&decoder->index);
}

void decoder_free(struct decoder *decoder)
{
    free(decoder->index.rows);
}

/* Reads the prefixes; leaves opcode_at behind them. `insn->seg` is REG_NONE without an override. */
static void decode_prefixes(struct insn *insn, const uint8_t *bytes, uint32_t count)
{
    insn->seg = REG_NONE;
    for (insn->opcode_at = 0; insn->opcode_at < count; insn->opcode_at++) {
        switch (bytes[insn->opcode_at]) {
        case 0x26: insn->seg = ES; break;
        case 0x2e: insn->seg = CS; break;
        case 0x36: insn->seg = SS; break;
        case 0x3e: insn->seg = DS; break;
        case 0x64: insn->seg = FS; break;
        case 0x65: insn->seg = GS; break;
        case 0x66: insn->prefixes |= INSN_PREFIX_66; break;
        case 0x67: insn->prefixes |= INSN_PREFIX_67; break;
        case 0xf0: insn->prefixes |= INSN_PREFIX_LOCK; break;
        case 0xf2:
        case 0xf3: insn->rep = bytes[insn->opcode_at]; break;
        default:
            if (insn->seg != REG_NONE)
                insn->prefixes |= INSN_PREFIX_SEG;
            return;
        }
    }
}

/* The escapes behind the prefixes, and the opcode. */
static void decode_opcode(struct insn *insn, const uint8_t *bytes)
{
    const uint8_t *at = bytes + insn->opcode_at;
    insn->map = MAP_1BYTE;
    if (*at == 0x0f) {
        insn->map = MAP_0F;
        at++;
        if (*at == 0x38 || *at == 0x3a) {
            insn->map = *at == 0x38 ? MAP_0F38 : MAP_0F3A;
            at++;
        }
    }
    insn->opcode = *at;
    insn->opcode_at = (uint8_t)(at - bytes);
}

/* Base, index and default segment of a memory operand (SDM vol. 2, tables 2-1 and 2-2). */
static void decode_address(struct insn *insn, uint8_t sib)
{
    static const uint8_t base16[8] = { EBX, EBX, EBP, EBP, ESI, EDI, EBP, EBX };
    static const uint8_t index16[8] = { ESI, EDI, ESI, EDI, REG_NONE, REG_NONE, REG_NONE, REG_NONE };
    if (insn->addrsize == 2) {
        insn->base = insn->mod == 0 && insn->rm == 6 ? REG_NONE : base16[insn->rm];
        insn->index = index16[insn->rm];
    } else if (insn->rm == 4) {
        insn->base = insn->mod == 0 && (sib & 7) == 5 ? REG_NONE : sib & 7;
        insn->index = (sib >> 3 & 7) == 4 ? REG_NONE : sib >> 3 & 7;
        insn->scale = sib >> 6;
    } else {
        insn->base = insn->mod == 0 && insn->rm == 5 ? REG_NONE : insn->rm;
    }
    if (insn->seg == REG_NONE)
        insn->seg = insn->base == EBP || insn->base == ESP ? SS : DS;
}

/* By Zydis: how long the instruction is, and its fields. False when it goes on behind `count`; without length when
 * there is none. */
static bool decode_any(const struct decoder *decoder, struct insn *insn, const uint8_t *bytes, uint32_t count,
    bool code32, uint8_t *sib, bool *has_modrm)
{
    ZydisDecodedInstruction z;
    ZyanStatus status = ZydisDecoderDecodeInstruction(&decoder->zydis[code32], NULL, bytes, count, &z);
    if (status == ZYDIS_STATUS_INSTRUCTION_TOO_LONG || (status == ZYDIS_STATUS_NO_MORE_DATA && count >= 15)) {
        insn->exec = exec_too_long;
        return true;
    }
    if (status == ZYDIS_STATUS_NO_MORE_DATA)
        return false;
    if (!ZYAN_SUCCESS(status) || z.encoding != ZYDIS_INSTRUCTION_ENCODING_LEGACY)
        return true;
    *has_modrm = (z.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
    if (*has_modrm) {
        insn->modrm = bytes[z.raw.modrm.offset];
        insn->mod = z.raw.modrm.mod;
        insn->reg = z.raw.modrm.reg;
        insn->rm = z.raw.modrm.rm;
        *sib = (uint8_t)(z.raw.sib.scale << 6 | z.raw.sib.index << 3 | z.raw.sib.base);
    }
    insn->disp = (uint32_t)z.raw.disp.value;
    insn->imm = (uint32_t)z.raw.imm[0].value.u;
    insn->imm2 = (uint16_t)z.raw.imm[1].value.u;
    insn->length = z.length;
    return true;
}

bool decode(
    const struct decoder *decoder, const uint8_t *bytes, uint32_t count, bool code32, struct insn *insn, bool *ends)
{
    bool has_modrm = false;
    uint8_t sib = 0;
    *insn = (struct insn){ .exec = exec_undefined, .base = REG_NONE, .index = REG_NONE };
    *ends = true;
    decode_prefixes(insn, bytes, count);
    insn->opsize = code32 == !(insn->prefixes & INSN_PREFIX_66) ? 4 : 2;
    insn->addrsize = code32 == !(insn->prefixes & INSN_PREFIX_67) ? 4 : 2;
    if (!(decoder->common && decode_common(insn, bytes, count, &sib, &has_modrm)) &&
        !decode_any(decoder, insn, bytes, count, code32, &sib, &has_modrm))
        return false;
    uint8_t length = insn->length;
    insn->length = 0;
    if (!length)
        return true;
    memcpy(insn->bytes, bytes, length);
    decode_opcode(insn, bytes);
    if (has_modrm && insn->mod != 3)
        decode_address(insn, sib);
    else if (insn->seg == REG_NONE)
        insn->seg = DS;

    const struct op_row *row = op_find(&decoder->index, insn, has_modrm);
    if (!row || (row->feature & ~decoder->features))
        return true;
    if ((insn->prefixes & INSN_PREFIX_LOCK) && !((row->flags & OP_LOCK) && has_modrm && insn->mod != 3))
        return true;
    insn->length = length;
    insn->exec = row->fn;
    *ends = (row->flags & OP_ENDS) || ((row->flags & OP_REP) && insn->rep);
    return true;
}
