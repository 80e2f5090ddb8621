/* SSE3 and SSSE3. */
#include "core/cpu/cpuid.h"
#include "tests/conformance/gen.h"

// clang-format off
#define FP(name, ps, pd) \
    { name "PS xmm,xmm/m128", ps " /r", 16, D_F32, ROW_ALIGN }, { name "PD xmm,xmm/m128", pd " /r", 16, D_F64, ROW_ALIGN }
/* On MMX and on XMM registers. */
#define BOTH(name, op) \
    { name " mm,mm/m64", "0F 38 " op " /r", 8 }, { name " xmm,xmm/m128", "66 0F 38 " op " /r", 16, 0, ROW_ALIGN }

static const struct row rows[] = {
    { "MOVDDUP xmm,xmm/m64", "F2 0F 12 /r", 8 }, { "MOVSLDUP xmm,xmm/m128", "F3 0F 12 /r", 16, 0, ROW_ALIGN },
    { "MOVSHDUP xmm,xmm/m128", "F3 0F 16 /r", 16, 0, ROW_ALIGN },
    FP("HADD", "F2 0F 7C", "66 0F 7C"), FP("HSUB", "F2 0F 7D", "66 0F 7D"), FP("ADDSUB", "F2 0F D0", "66 0F D0"),
    { "LDDQU xmm,m128", "F2 0F F0 /r", 16, 0, ROW_MEM },
    { "FISTTP m16int", "DF /1", 2, D_INT, ROW_MEM | ROW_X87 }, { "FISTTP m32int", "DB /1", 4, D_INT, ROW_MEM | ROW_X87 },
    { "FISTTP m64int", "DD /1", 8, D_INT, ROW_MEM | ROW_X87 },
    BOTH("PSHUFB", "00"), BOTH("PHADDW", "01"), BOTH("PHADDD", "02"), BOTH("PHADDSW", "03"), BOTH("PMADDUBSW", "04"),
    BOTH("PHSUBW", "05"), BOTH("PHSUBD", "06"), BOTH("PHSUBSW", "07"), BOTH("PSIGNB", "08"), BOTH("PSIGNW", "09"),
    BOTH("PSIGND", "0A"), BOTH("PMULHRSW", "0B"), BOTH("PABSB", "1C"), BOTH("PABSW", "1D"), BOTH("PABSD", "1E"),
    { "PALIGNR mm,mm/m64,imm8", "0F 3A 0F /r ib", 8 }, { "PALIGNR xmm,xmm/m128,imm8", "66 0F 3A 0F /r ib", 16, 0, ROW_ALIGN },
    { "(F2 0F 38 00)", "F2 0F 38 00 /r", 16 }, { "(F3 0F 3A 0F)", "F3 0F 3A 0F /r ib", 16 },
    { "(F2 0F F0 reg)", "F2 0F F0 /r", 16, 0, ROW_REG }, { "(66 F2 0F D0)", "66 F2 0F D0 /r", 16, D_F32, ROW_ALIGN },
};
// clang-format on

const struct row_table rows_sse3 = { "sse3", rows, sizeof rows / sizeof rows[0], 1, CPUID_SSE3 | CPUID_SSSE3 };
