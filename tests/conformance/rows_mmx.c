/* MMX, and what SSE and SSE2 added to it. */
#include "tests/conformance/gen.h"

enum { EDI = 7 };

static void mask_target(struct gen *gen)
{
    gen_set_address(gen, EDI, gen_offset(gen, gen_target(gen, 8)));
}

// clang-format off
#define MM(name, op) { name " mm,mm/m64", "0F " op " /r", 8 }
#define SHIFT(name, op, group, ext)                                               \
    { name " mm,mm/m64", "0F " op " /r", 8 }, { name " mm,imm8", "0F " group " " ext " ib", 0, 0, ROW_REG }

static const struct row rows[] = {
    { "PUNPCKLBW mm,mm/m32", "0F 60 /r", 4 }, { "PUNPCKLWD mm,mm/m32", "0F 61 /r", 4 }, { "PUNPCKLDQ mm,mm/m32", "0F 62 /r", 4 },
    MM("PACKSSWB", "63"), MM("PCMPGTB", "64"), MM("PCMPGTW", "65"), MM("PCMPGTD", "66"), MM("PACKUSWB", "67"),
    MM("PUNPCKHBW", "68"), MM("PUNPCKHWD", "69"), MM("PUNPCKHDQ", "6A"), MM("PACKSSDW", "6B"),
    { "MOVD mm,r/m32", "0F 6E /r", 4 }, { "MOVD r/m32,mm", "0F 7E /r", 4 },
    { "MOVQ mm,mm/m64", "0F 6F /r", 8 }, { "MOVQ mm/m64,mm", "0F 7F /r", 8 },
    { "PSHUFW mm,mm/m64,imm8", "0F 70 /r ib", 8 },
    MM("PCMPEQB", "74"), MM("PCMPEQW", "75"), MM("PCMPEQD", "76"), { "EMMS", "0F 77", 0 },
    SHIFT("PSRLW", "D1", "71", "/2"), SHIFT("PSRAW", "E1", "71", "/4"), SHIFT("PSLLW", "F1", "71", "/6"),
    SHIFT("PSRLD", "D2", "72", "/2"), SHIFT("PSRAD", "E2", "72", "/4"), SHIFT("PSLLD", "F2", "72", "/6"),
    SHIFT("PSRLQ", "D3", "73", "/2"), SHIFT("PSLLQ", "F3", "73", "/6"),
    MM("PADDQ", "D4"), MM("PMULLW", "D5"), MM("PSUBUSB", "D8"), MM("PSUBUSW", "D9"), MM("PMINUB", "DA"), MM("PAND", "DB"),
    MM("PADDUSB", "DC"), MM("PADDUSW", "DD"), MM("PMAXUB", "DE"), MM("PANDN", "DF"), MM("PAVGB", "E0"), MM("PAVGW", "E3"),
    MM("PMULHUW", "E4"), MM("PMULHW", "E5"), MM("PSUBSB", "E8"), MM("PSUBSW", "E9"), MM("PMINSW", "EA"), MM("POR", "EB"),
    MM("PADDSB", "EC"), MM("PADDSW", "ED"), MM("PMAXSW", "EE"), MM("PXOR", "EF"), MM("PMULUDQ", "F4"), MM("PMADDWD", "F5"),
    MM("PSADBW", "F6"), MM("PSUBB", "F8"), MM("PSUBW", "F9"), MM("PSUBD", "FA"), MM("PSUBQ", "FB"), MM("PADDB", "FC"),
    MM("PADDW", "FD"), MM("PADDD", "FE"),
    { "PINSRW mm,r/m16,imm8", "0F C4 /r ib", 2 }, { "PEXTRW r32,mm,imm8", "0F C5 /r ib", 0, 0, ROW_REG },
    { "PMOVMSKB r32,mm", "0F D7 /r", 0, 0, ROW_REG }, { "MOVNTQ m64,mm", "0F E7 /r", 8, 0, ROW_MEM },
    { "MASKMOVQ mm,mm", "0F F7 /r", 8, 0, ROW_REG | ROW_IMPLICIT | ROW_LATEMMX, .registers = mask_target },
    { "MOVQ2DQ xmm,mm", "F3 0F D6 /r", 0, 0, ROW_REG }, { "MOVDQ2Q mm,xmm", "F2 0F D6 /r", 0, 0, ROW_REG },
};
// clang-format on

const struct row_table rows_mmx = { "mmx", rows, sizeof rows / sizeof rows[0], 1 };
