/* ops_simd_later.c - the opcodes of SSE3, SSSE3, SSE4.1 and SSE4.2. MONITOR and MWAIT are not offered; FISTTP is in
 * ops_x87.c, CRC32 and POPCNT are in ops_bits.c. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/simd_forms.h"

#define SSE3 CPUID_SSE3
#define SSSE3 CPUID_SSSE3
#define SSE41 CPUID_SSE41
#define SSE42 CPUID_SSE42
// clang-format off
#define S3(op, prefixes, fn) SIMD_ROW(MAP_0F, op, prefixes, SSE3, fn)
/* On MMX and on XMM registers. */
#define SS3(op) SIMD_ROW(MAP_0F38, op, OP_NP, SSSE3, mm_mm), SIMD_ROW(MAP_0F38, op, OP_66, SSSE3, xmm_xmm)
/* With 66, in the maps 0F38 and 0F3A. */
#define S41(op, fn) SIMD_ROW(MAP_0F38, op, OP_66, SSE41, fn)
#define S41_IMM(op, fn) SIMD_ROW(MAP_0F3A, op, OP_66, SSE41, fn)
#define S42_IMM(op, fn) SIMD_ROW(MAP_0F3A, op, OP_66, SSE42, fn)

static const struct op_row rows[] = {
    S3(0x12, OP_F2, xmm_xmm8), S3(0x12, OP_F3, xmm_xmm), S3(0x16, OP_F3, xmm_xmm), /* MOVDDUP MOVSLDUP MOVSHDUP */
    S3(0x7c, OP_66, fp_16), S3(0x7c, OP_F2, fp_16),                                /* HADDPD HADDPS */
    S3(0x7d, OP_66, fp_16), S3(0x7d, OP_F2, fp_16),                                /* HSUBPD HSUBPS */
    S3(0xd0, OP_66, fp_16), S3(0xd0, OP_F2, fp_16),                                /* ADDSUBPD ADDSUBPS */
    S3(0xf0, OP_F2 | OP_MEM, xmm_xmm_u),                                           /* LDDQU */

    SS3(0x00), SS3(0x01), SS3(0x02), SS3(0x03), SS3(0x04),                         /* PSHUFB PHADDW PHADDD PHADDSW PMADDUBSW */
    SS3(0x05), SS3(0x06), SS3(0x07),                                               /* PHSUBW PHSUBD PHSUBSW */
    SS3(0x08), SS3(0x09), SS3(0x0a), SS3(0x0b),                                    /* PSIGNB PSIGNW PSIGND PMULHRSW */
    S41(0x10, xmm_blend), S41(0x14, xmm_blend), S41(0x15, xmm_blend),              /* PBLENDVB BLENDVPS BLENDVPD */
    S41(0x17, xmm_flags),                                                          /* PTEST */
    SS3(0x1c), SS3(0x1d), SS3(0x1e),                                               /* PABSB PABSW PABSD */
    S41(0x20, xmm_xmm8), S41(0x21, xmm_xmm4), S41(0x22, xmm_xmm2),                 /* PMOVSXBW PMOVSXBD PMOVSXBQ */
    S41(0x23, xmm_xmm8), S41(0x24, xmm_xmm4), S41(0x25, xmm_xmm8),                 /* PMOVSXWD PMOVSXWQ PMOVSXDQ */
    S41(0x28, xmm_xmm), S41(0x29, xmm_xmm),                                        /* PMULDQ PCMPEQQ */
    SIMD_ROW(MAP_0F38, 0x2a, OP_66 | OP_MEM, SSE41, xmm_xmm),                      /* MOVNTDQA */
    S41(0x2b, xmm_xmm),                                                            /* PACKUSDW */
    S41(0x30, xmm_xmm8), S41(0x31, xmm_xmm4), S41(0x32, xmm_xmm2),                 /* PMOVZX, as PMOVSX */
    S41(0x33, xmm_xmm8), S41(0x34, xmm_xmm4), S41(0x35, xmm_xmm8),
    SIMD_ROW(MAP_0F38, 0x37, OP_66, SSE42, xmm_xmm),                               /* PCMPGTQ */
    S41(0x38, xmm_xmm), S41(0x39, xmm_xmm), S41(0x3a, xmm_xmm), S41(0x3b, xmm_xmm), /* PMINSB PMINSD PMINUW PMINUD */
    S41(0x3c, xmm_xmm), S41(0x3d, xmm_xmm), S41(0x3e, xmm_xmm), S41(0x3f, xmm_xmm), /* PMAXSB PMAXSD PMAXUW PMAXUD */
    S41(0x40, xmm_xmm), S41(0x41, xmm_xmm),                                        /* PMULLD PHMINPOSUW */

    S41_IMM(0x08, fp_16_imm), S41_IMM(0x09, fp_16_imm),                            /* ROUNDPS ROUNDPD */
    S41_IMM(0x0a, fp_4_imm), S41_IMM(0x0b, fp_8_imm),                              /* ROUNDSS ROUNDSD */
    S41_IMM(0x0c, xmm_imm), S41_IMM(0x0d, xmm_imm), S41_IMM(0x0e, xmm_imm),        /* BLENDPS BLENDPD PBLENDW */
    SIMD_ROW(MAP_0F3A, 0x0f, OP_NP, SSSE3, mm_mm_imm),                             /* PALIGNR */
    SIMD_ROW(MAP_0F3A, 0x0f, OP_66, SSSE3, xmm_imm),
    S41_IMM(0x14, r32_xmm1_imm), S41_IMM(0x15, r32_xmm2_imm),                      /* PEXTRB PEXTRW */
    S41_IMM(0x16, r32_xmm4_imm), S41_IMM(0x17, r32_xmm4_imm),                      /* PEXTRD EXTRACTPS */
    S41_IMM(0x20, xmm_r8_imm), S41_IMM(0x21, xmm_xmm4_imm), S41_IMM(0x22, xmm_r32_imm), /* PINSRB INSERTPS PINSRD */
    S41_IMM(0x40, fp_16_imm), S41_IMM(0x41, fp_16_imm), S41_IMM(0x42, xmm_imm),    /* DPPS DPPD MPSADBW */
    S42_IMM(0x60, strings), S42_IMM(0x61, strings),                                /* PCMPESTRM PCMPESTRI */
    S42_IMM(0x62, strings), S42_IMM(0x63, strings),                                /* PCMPISTRM PCMPISTRI */
};
// clang-format on

const struct op_table ops_simd_later = { rows, sizeof rows / sizeof rows[0] };
