/* SSE and SSE2. */
#include "tests/conformance/gen.h"

#include <string.h>

enum { EDI = 7 };

static void mask_target(struct gen *gen)
{
    gen_set_address(gen, EDI, gen_offset(gen, gen_target(gen, 16)));
}

/* A reserved bit of MXCSR is an exception: one time in eight. */
static void control_status(struct gen *gen)
{
    gen_poke(gen, gen->target, gen_random(gen) & (gen_once_in(gen, 8) ? 0x1ffff : 0xffff), 4);
}

/* An image for FXRSTOR: what would be there after FXSAVE, with an MXCSR as above. */
static void fx_image(struct gen *gen)
{
    struct conf_case *in = gen->in;
    if (gen->target >= ARENA_RW &&
        gen->target < ARENA_RW_END) /* never old data: it might be a bit of MXCSR that AMD has */
        in->mem_at = gen->target < ARENA_RW_END - in->mem_length ? gen->target : ARENA_RW_END - in->mem_length;
    uint32_t word[7] = { gen_random(gen) & 0x1f7f, gen_random(gen), gen_random(gen), gen_random(gen), gen_random(gen),
        gen_random(gen) };
    word[6] = gen_random(gen) & (gen_once_in(gen, 8) ? 0x1ffff : 0xffff);
    if (!gen_once_in(gen, 3))
        word[0] |= 0x3f;
    for (uint32_t i = 0; i < 7; i++)
        gen_poke(gen, gen->target + 4 * i, word[i], 4);
}

// clang-format off
/* Packed and scalar, single and double, of one opcode. */
#define FP(name, op)                                                              \
    { name "PS xmm,xmm/m128", "0F " op " /r",    16, D_F32, ROW_ALIGN },         \
    { name "PD xmm,xmm/m128", "66 0F " op " /r", 16, D_F64, ROW_ALIGN },         \
    { name "SS xmm,xmm/m32",  "F3 0F " op " /r", 4, D_F32 },                     \
    { name "SD xmm,xmm/m64",  "F2 0F " op " /r", 8, D_F64 }
#define LOGIC(name, op)                                                           \
    { name "PS xmm,xmm/m128", "0F " op " /r",    16, D_F32, ROW_ALIGN },         \
    { name "PD xmm,xmm/m128", "66 0F " op " /r", 16, D_F64, ROW_ALIGN }
#define XMM(name, op) { name " xmm,xmm/m128", "66 0F " op " /r", 16, 0, ROW_ALIGN }
#define SHIFT(name, op, group, ext)                                               \
    XMM(name, op), { name " xmm,imm8", "66 0F " group " " ext " ib", 0, 0, ROW_REG }

static const struct row rows[] = {
    { "MOVUPS xmm,xmm/m128", "0F 10 /r", 16 }, { "MOVUPS xmm/m128,xmm", "0F 11 /r", 16 },
    { "MOVUPD xmm,xmm/m128", "66 0F 10 /r", 16 }, { "MOVUPD xmm/m128,xmm", "66 0F 11 /r", 16 },
    { "MOVSS xmm,xmm/m32", "F3 0F 10 /r", 4 }, { "MOVSS xmm/m32,xmm", "F3 0F 11 /r", 4 },
    { "MOVSD xmm,xmm/m64", "F2 0F 10 /r", 8 }, { "MOVSD xmm/m64,xmm", "F2 0F 11 /r", 8 },
    { "MOVLPS xmm,m64 / MOVHLPS", "0F 12 /r", 8 }, { "MOVLPS m64,xmm", "0F 13 /r", 8, 0, ROW_MEM },
    { "MOVLPD xmm,m64", "66 0F 12 /r", 8, 0, ROW_MEM }, { "MOVLPD m64,xmm", "66 0F 13 /r", 8, 0, ROW_MEM },
    { "MOVHPS xmm,m64 / MOVLHPS", "0F 16 /r", 8 }, { "MOVHPS m64,xmm", "0F 17 /r", 8, 0, ROW_MEM },
    { "MOVHPD xmm,m64", "66 0F 16 /r", 8, 0, ROW_MEM }, { "MOVHPD m64,xmm", "66 0F 17 /r", 8, 0, ROW_MEM },
    LOGIC("UNPCKL", "14"), LOGIC("UNPCKH", "15"), LOGIC("MOVA", "28"),
    { "MOVAPS xmm/m128,xmm", "0F 29 /r", 16, 0, ROW_ALIGN }, { "MOVAPD xmm/m128,xmm", "66 0F 29 /r", 16, 0, ROW_ALIGN },
    { "CVTPI2PS xmm,mm/m64", "0F 2A /r", 8, 0 }, { "CVTPI2PD xmm,mm/m64", "66 0F 2A /r", 8, 0 },
    { "CVTSI2SS xmm,r/m32", "F3 0F 2A /r", 4, 0 }, { "CVTSI2SD xmm,r/m32", "F2 0F 2A /r", 4, 0 },
    { "MOVNTPS m128,xmm", "0F 2B /r", 16, 0, ROW_ALIGN | ROW_MEM }, { "MOVNTPD m128,xmm", "66 0F 2B /r", 16, 0, ROW_ALIGN | ROW_MEM },
    { "CVTTPS2PI mm,xmm/m64", "0F 2C /r", 8, D_F32 }, { "CVTTPD2PI mm,xmm/m128", "66 0F 2C /r", 16, D_F64, ROW_ALIGN },
    { "CVTTSS2SI r32,xmm/m32", "F3 0F 2C /r", 4, D_F32 }, { "CVTTSD2SI r32,xmm/m64", "F2 0F 2C /r", 8, D_F64 },
    { "CVTPS2PI mm,xmm/m64", "0F 2D /r", 8, D_F32 }, { "CVTPD2PI mm,xmm/m128", "66 0F 2D /r", 16, D_F64, ROW_ALIGN },
    { "CVTSS2SI r32,xmm/m32", "F3 0F 2D /r", 4, D_F32 }, { "CVTSD2SI r32,xmm/m64", "F2 0F 2D /r", 8, D_F64 },
    { "UCOMISS xmm,xmm/m32", "0F 2E /r", 4, D_F32 }, { "UCOMISD xmm,xmm/m64", "66 0F 2E /r", 8, D_F64 },
    { "COMISS xmm,xmm/m32", "0F 2F /r", 4, D_F32 }, { "COMISD xmm,xmm/m64", "66 0F 2F /r", 8, D_F64 },
    { "MOVMSKPS r32,xmm", "0F 50 /r", 0, 0, ROW_REG }, { "MOVMSKPD r32,xmm", "66 0F 50 /r", 0, 0, ROW_REG },
    FP("SQRT", "51"),
    { "RSQRTPS xmm,xmm/m128", "0F 52 /r", 16, D_F32, ROW_ALIGN }, { "RSQRTSS xmm,xmm/m32", "F3 0F 52 /r", 4, D_F32 },
    { "RCPPS xmm,xmm/m128", "0F 53 /r", 16, D_F32, ROW_ALIGN }, { "RCPSS xmm,xmm/m32", "F3 0F 53 /r", 4, D_F32 },
    LOGIC("AND", "54"), LOGIC("ANDN", "55"), LOGIC("OR", "56"), LOGIC("XOR", "57"),
    FP("ADD", "58"), FP("MUL", "59"), FP("SUB", "5C"), FP("MIN", "5D"), FP("DIV", "5E"), FP("MAX", "5F"),
    { "CVTPS2PD xmm,xmm/m64", "0F 5A /r", 8, D_F32 }, { "CVTPD2PS xmm,xmm/m128", "66 0F 5A /r", 16, D_F64, ROW_ALIGN },
    { "CVTSS2SD xmm,xmm/m32", "F3 0F 5A /r", 4, D_F32 }, { "CVTSD2SS xmm,xmm/m64", "F2 0F 5A /r", 8, D_F64 },
    { "CVTDQ2PS xmm,xmm/m128", "0F 5B /r", 16, 0, ROW_ALIGN }, { "CVTPS2DQ xmm,xmm/m128", "66 0F 5B /r", 16, D_F32, ROW_ALIGN },
    { "CVTTPS2DQ xmm,xmm/m128", "F3 0F 5B /r", 16, D_F32, ROW_ALIGN },
    XMM("PUNPCKLBW", "60"), XMM("PUNPCKLWD", "61"), XMM("PUNPCKLDQ", "62"), XMM("PACKSSWB", "63"), XMM("PCMPGTB", "64"),
    XMM("PCMPGTW", "65"), XMM("PCMPGTD", "66"), XMM("PACKUSWB", "67"), XMM("PUNPCKHBW", "68"), XMM("PUNPCKHWD", "69"),
    XMM("PUNPCKHDQ", "6A"), XMM("PACKSSDW", "6B"), XMM("PUNPCKLQDQ", "6C"), XMM("PUNPCKHQDQ", "6D"),
    { "MOVD xmm,r/m32", "66 0F 6E /r", 4 }, { "MOVD r/m32,xmm", "66 0F 7E /r", 4 },
    XMM("MOVDQA", "6F"), { "MOVDQA xmm/m128,xmm", "66 0F 7F /r", 16, 0, ROW_ALIGN },
    { "MOVDQU xmm,xmm/m128", "F3 0F 6F /r", 16 }, { "MOVDQU xmm/m128,xmm", "F3 0F 7F /r", 16 },
    { "PSHUFD xmm,xmm/m128,imm8", "66 0F 70 /r ib", 16, 0, ROW_ALIGN }, { "PSHUFHW xmm,xmm/m128,imm8", "F3 0F 70 /r ib", 16, 0, ROW_ALIGN },
    { "PSHUFLW xmm,xmm/m128,imm8", "F2 0F 70 /r ib", 16, 0, ROW_ALIGN },
    SHIFT("PSRLW", "D1", "71", "/2"), SHIFT("PSRAW", "E1", "71", "/4"), SHIFT("PSLLW", "F1", "71", "/6"),
    SHIFT("PSRLD", "D2", "72", "/2"), SHIFT("PSRAD", "E2", "72", "/4"), SHIFT("PSLLD", "F2", "72", "/6"),
    SHIFT("PSRLQ", "D3", "73", "/2"), SHIFT("PSLLQ", "F3", "73", "/6"),
    { "PSRLDQ xmm,imm8", "66 0F 73 /3 ib", 0, 0, ROW_REG }, { "PSLLDQ xmm,imm8", "66 0F 73 /7 ib", 0, 0, ROW_REG },
    XMM("PCMPEQB", "74"), XMM("PCMPEQW", "75"), XMM("PCMPEQD", "76"),
    { "MOVQ xmm,xmm/m64", "F3 0F 7E /r", 8 }, { "MOVQ xmm/m64,xmm", "66 0F D6 /r", 8 },
    /* MXCSR_MASK is the processor's own: the host's may have bits (misaligned SSE) that the guest's has not. */
    { "FXSAVE m512", "0F AE /0", 512, 0, ROW_ALIGN | ROW_MEM | ROW_PARTIAL, .skip_at = 28, .skip_length = 4 },
    { "FXRSTOR m512", "0F AE /1", 512, 0, ROW_ALIGN | ROW_MEM, .memory = fx_image },
    { "LDMXCSR m32", "0F AE /2", 4, 0, ROW_MEM, .memory = control_status }, { "STMXCSR m32", "0F AE /3", 4, 0, ROW_MEM },
    { "LFENCE", "0F AE E8", 0 }, { "MFENCE", "0F AE F0", 0 }, { "SFENCE", "0F AE F8", 0 },
    { "CLFLUSH m8", "0F AE /7", 1, 0, ROW_MEM },
    { "CMPPS xmm,xmm/m128,imm8", "0F C2 /r ib", 16, D_F32, ROW_ALIGN }, { "CMPPD xmm,xmm/m128,imm8", "66 0F C2 /r ib", 16, D_F64, ROW_ALIGN },
    { "CMPSS xmm,xmm/m32,imm8", "F3 0F C2 /r ib", 4, D_F32 }, { "CMPSD xmm,xmm/m64,imm8", "F2 0F C2 /r ib", 8, D_F64 },
    { "MOVNTI m32,r32", "0F C3 /r", 4, 0, ROW_MEM },
    { "PINSRW xmm,r/m16,imm8", "66 0F C4 /r ib", 2 }, { "PEXTRW r32,xmm,imm8", "66 0F C5 /r ib", 0, 0, ROW_REG },
    { "SHUFPS xmm,xmm/m128,imm8", "0F C6 /r ib", 16, 0, ROW_ALIGN }, { "SHUFPD xmm,xmm/m128,imm8", "66 0F C6 /r ib", 16, 0, ROW_ALIGN },
    XMM("PADDQ", "D4"), XMM("PMULLW", "D5"), { "PMOVMSKB r32,xmm", "66 0F D7 /r", 0, 0, ROW_REG },
    XMM("PSUBUSB", "D8"), XMM("PSUBUSW", "D9"), XMM("PMINUB", "DA"), XMM("PAND", "DB"), XMM("PADDUSB", "DC"), XMM("PADDUSW", "DD"),
    XMM("PMAXUB", "DE"), XMM("PANDN", "DF"), XMM("PAVGB", "E0"), XMM("PAVGW", "E3"), XMM("PMULHUW", "E4"), XMM("PMULHW", "E5"),
    { "CVTTPD2DQ xmm,xmm/m128", "66 0F E6 /r", 16, D_F64, ROW_ALIGN }, { "CVTDQ2PD xmm,xmm/m64", "F3 0F E6 /r", 8 },
    { "CVTPD2DQ xmm,xmm/m128", "F2 0F E6 /r", 16, D_F64, ROW_ALIGN }, { "MOVNTDQ m128,xmm", "66 0F E7 /r", 16, 0, ROW_ALIGN | ROW_MEM },
    XMM("PSUBSB", "E8"), XMM("PSUBSW", "E9"), XMM("PMINSW", "EA"), XMM("POR", "EB"), XMM("PADDSB", "EC"), XMM("PADDSW", "ED"),
    XMM("PMAXSW", "EE"), XMM("PXOR", "EF"), XMM("PMULUDQ", "F4"), XMM("PMADDWD", "F5"), XMM("PSADBW", "F6"),
    { "MASKMOVDQU xmm,xmm", "66 0F F7 /r", 16, 0, ROW_REG | ROW_IMPLICIT, .registers = mask_target },
    XMM("PSUBB", "F8"), XMM("PSUBW", "F9"), XMM("PSUBD", "FA"), XMM("PSUBQ", "FB"), XMM("PADDB", "FC"), XMM("PADDW", "FD"),
    XMM("PADDD", "FE"),
    /* F2 and F3 stand above 66; of the two the last one counts. */
    { "66 ADDSS xmm,xmm/m32", "66 F3 0F 58 /r", 4, D_F32 }, { "66 ADDSD xmm,xmm/m64", "66 F2 0F 58 /r", 8, D_F64 },
    { "ADDSS 66 xmm,xmm/m32", "F3 66 0F 58 /r", 4, D_F32 }, { "66 MOVDQU xmm,xmm/m128", "66 F3 0F 6F /r", 16 },
    { "F3 ADDSD xmm,xmm/m64", "F3 F2 0F 58 /r", 8, D_F64 }, { "F2 ADDSS xmm,xmm/m32", "F2 F3 0F 58 /r", 4, D_F32 },
    { "(F2 0F 28)", "F2 0F 28 /r", 16 }, { "(F3 0F 54)", "F3 0F 54 /r", 16 }, { "(F3 0F FC)", "F3 0F FC /r", 8 },
    { "(F2 0F 6F)", "F2 0F 6F /r", 8 }, { "(66 0F 52)", "66 0F 52 /r", 16, 0, ROW_ALIGN }, { "(0F 13 reg)", "0F 13 /r", 8, 0, ROW_REG },
    { "(66 0F 12 reg)", "66 0F 12 /r", 8, 0, ROW_REG }, { "(0F 6C)", "0F 6C /r", 8 }, { "(0F 73 /3)", "0F 73 /3 ib", 0, 0, ROW_REG },
    { "(66 0F AE /3)", "66 0F AE /3", 4, 0, ROW_MEM }, { "(0F 71 /0)", "0F 71 /0 ib", 0, 0, ROW_REG },
};
// clang-format on

const struct row_table rows_sse = { "sse", rows, sizeof rows / sizeof rows[0], 1 };
