/* SSE4.1 and SSE4.2, and POPCNT, which came with them. */
#include "core/cpu/cpuid.h"
#include "tests/conformance/gen.h"

/* Lengths of strings: about as long as an operand, one time in two. */
static void lengths(struct gen *gen)
{
    static const unsigned registers[] = { EAX, EDX };
    for (unsigned i = 0; i < 2; i++)
        if (gen_once_in(gen, 2))
            gen->in->gpr[registers[i]] = gen_below(gen, 20) - (gen_once_in(gen, 2) ? 20 : 0);
}

// clang-format off
#define XMM(name, op) { name " xmm,xmm/m128", "66 0F 38 " op " /r", 16, 0, ROW_ALIGN }
#define XMM_IMM(name, op) { name " xmm,xmm/m128,imm8", "66 0F 3A " op " /r ib", 16, 0, ROW_ALIGN }
/* Sign and zero extension. */
#define EXTEND(tail, op, size) \
    { "PMOVSX" tail, "66 0F 38 2" op " /r", size }, { "PMOVZX" tail, "66 0F 38 3" op " /r", size }
#define STRINGS(name, op) { name " xmm,xmm/m128,imm8", "66 0F 3A " op " /r ib", 16, .registers = lengths }

static const struct row rows[] = {
    XMM("PBLENDVB", "10"), XMM("BLENDVPS", "14"), XMM("BLENDVPD", "15"), XMM("PTEST", "17"),
    EXTEND("BW xmm,xmm/m64", "0", 8), EXTEND("BD xmm,xmm/m32", "1", 4), EXTEND("BQ xmm,xmm/m16", "2", 2),
    EXTEND("WD xmm,xmm/m64", "3", 8), EXTEND("WQ xmm,xmm/m32", "4", 4), EXTEND("DQ xmm,xmm/m64", "5", 8),
    XMM("PMULDQ", "28"), XMM("PCMPEQQ", "29"), { "MOVNTDQA xmm,m128", "66 0F 38 2A /r", 16, 0, ROW_ALIGN | ROW_MEM },
    XMM("PACKUSDW", "2B"), XMM("PCMPGTQ", "37"), XMM("PMINSB", "38"), XMM("PMINSD", "39"), XMM("PMINUW", "3A"),
    XMM("PMINUD", "3B"), XMM("PMAXSB", "3C"), XMM("PMAXSD", "3D"), XMM("PMAXUW", "3E"), XMM("PMAXUD", "3F"),
    XMM("PMULLD", "40"), XMM("PHMINPOSUW", "41"),
    { "ROUNDPS xmm,xmm/m128,imm8", "66 0F 3A 08 /r ib", 16, D_F32, ROW_ALIGN },
    { "ROUNDPD xmm,xmm/m128,imm8", "66 0F 3A 09 /r ib", 16, D_F64, ROW_ALIGN },
    { "ROUNDSS xmm,xmm/m32,imm8", "66 0F 3A 0A /r ib", 4, D_F32 }, { "ROUNDSD xmm,xmm/m64,imm8", "66 0F 3A 0B /r ib", 8, D_F64 },
    XMM_IMM("BLENDPS", "0C"), XMM_IMM("BLENDPD", "0D"), XMM_IMM("PBLENDW", "0E"),
    { "PEXTRB r32/m8,xmm,imm8", "66 0F 3A 14 /r ib", 1 }, { "PEXTRW r32/m16,xmm,imm8", "66 0F 3A 15 /r ib", 2 },
    { "PEXTRD r/m32,xmm,imm8", "66 0F 3A 16 /r ib", 4 }, { "EXTRACTPS r/m32,xmm,imm8", "66 0F 3A 17 /r ib", 4 },
    { "PINSRB xmm,r32/m8,imm8", "66 0F 3A 20 /r ib", 1 }, { "INSERTPS xmm,xmm/m32,imm8", "66 0F 3A 21 /r ib", 4 },
    { "PINSRD xmm,r/m32,imm8", "66 0F 3A 22 /r ib", 4 },
    { "DPPS xmm,xmm/m128,imm8", "66 0F 3A 40 /r ib", 16, D_F32, ROW_ALIGN | ROW_STEPS },
    { "DPPD xmm,xmm/m128,imm8", "66 0F 3A 41 /r ib", 16, D_F64, ROW_ALIGN | ROW_STEPS }, XMM_IMM("MPSADBW", "42"),
    STRINGS("PCMPESTRM", "60"), STRINGS("PCMPESTRI", "61"), STRINGS("PCMPISTRM", "62"), STRINGS("PCMPISTRI", "63"),
    { "(0F 38 10)", "0F 38 10 /r", 16 }, { "(66 0F 38 2A reg)", "66 0F 38 2A /r", 16, 0, ROW_REG },
    { "(F3 0F 3A 63)", "F3 0F 3A 63 /r ib", 16 },
};
/* On general registers: 66 is the operand size. */
static const struct row general[] = {
    { "CRC32 r32,r/m8", "F2 0F 38 F0 /r", 1 }, { "CRC32 r32,r/m16", "66 F2 0F 38 F1 /r", 2 }, { "CRC32 r32,r/m32", "F2 0F 38 F1 /r", 4 },
    { "POPCNT r16,r/m16", "66 F3 0F B8 /r", 2 }, { "POPCNT r32,r/m32", "F3 0F B8 /r", 4 }, { "(0F B8)", "0F B8 /r", 4 },
};
// clang-format on

#define NEEDS (CPUID_SSE41 | CPUID_SSE42 | CPUID_POPCNT)
const struct row_table rows_sse4 = { "sse4", rows, sizeof rows / sizeof rows[0], 1, NEEDS };
const struct row_table rows_sse4_general = { "sse4 general", general, sizeof general / sizeof general[0], 0, NEEDS };
