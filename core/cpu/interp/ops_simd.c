/* ops_simd.c - the opcodes of MMX, SSE and SSE2. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/simd_forms.h"

#define SSE CPUID_SSE
#define SSE2 CPUID_SSE2
#define MMX CPUID_MMX
// clang-format off
/* Rows of one opcode: P alone, 66, F3, F2. */
#define NP(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_NP, feature, fn)
#define P66(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_66, feature, fn)
#define PF3(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_F3, feature, fn)
#define PF2(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_F2, feature, fn)
#define NP_MEM(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_NP | OP_MEM, feature, fn)
#define P66_MEM(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_66 | OP_MEM, feature, fn)
#define NP_REG(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_NP | OP_REG, feature, fn)
#define P66_REG(op, feature, fn) SIMD_ROW(MAP_0F, op, OP_66 | OP_REG, feature, fn)
/* The usual pairs and quartets. */
#define FP_ALL(op) NP(op, SSE, fp_16), P66(op, SSE2, fp_16), PF3(op, SSE, fp_4), PF2(op, SSE2, fp_8)
#define LOGIC(op) NP(op, SSE, xmm_xmm), P66(op, SSE2, xmm_xmm)
#define INTEGER(op, feature) NP(op, feature, mm_mm), P66(op, SSE2, xmm_xmm)
#define SHIFT(op, ext) \
    { MAP_0F, op, op, ext, OP_NP | OP_REG, MMX, simd_mm_shift }, { MAP_0F, op, op, ext, OP_66 | OP_REG, SSE2, simd_xmm_shift }

static const struct op_row rows[] = {
    NP(0x10, SSE, xmm_xmm_u), P66(0x10, SSE2, xmm_xmm_u), PF3(0x10, SSE, xmm_xmm4), PF2(0x10, SSE2, xmm_xmm8),         /* MOVUPS MOVUPD MOVSS MOVSD */
    NP(0x11, SSE, xmm_store_u), P66(0x11, SSE2, xmm_store_u), PF3(0x11, SSE, xmm_store4), PF2(0x11, SSE2, xmm_store8),
    NP(0x12, SSE, xmm_xmm8), P66_MEM(0x12, SSE2, xmm_xmm8),           /* MOVLPS MOVHLPS MOVLPD */
    NP_MEM(0x13, SSE, xmm_store8), P66_MEM(0x13, SSE2, xmm_store8),
    LOGIC(0x14), LOGIC(0x15),                                         /* UNPCKL UNPCKH */
    NP(0x16, SSE, xmm_xmm8), P66_MEM(0x16, SSE2, xmm_xmm8),           /* MOVHPS MOVLHPS MOVHPD */
    NP_MEM(0x17, SSE, xmm_store8), P66_MEM(0x17, SSE2, xmm_store8),
    LOGIC(0x28),                                                      /* MOVAPS MOVAPD */
    NP(0x29, SSE, xmm_store), P66(0x29, SSE2, xmm_store),
    NP(0x2a, SSE, fp_mm), P66(0x2a, SSE2, fp_mm), PF3(0x2a, SSE, fp_r32), PF2(0x2a, SSE2, fp_r32),                 /* CVTPI2PS CVTPI2PD CVTSI2SS CVTSI2SD */
    NP_MEM(0x2b, SSE, xmm_store), P66_MEM(0x2b, SSE2, xmm_store),     /* MOVNTPS MOVNTPD */
    NP(0x2c, SSE, mm_fp8), P66(0x2c, SSE2, mm_fp16), PF3(0x2c, SSE, r32_fp4), PF2(0x2c, SSE2, r32_fp8),                /* CVTTPS2PI CVTTPD2PI CVTTSS2SI CVTTSD2SI */
    NP(0x2d, SSE, mm_fp8), P66(0x2d, SSE2, mm_fp16), PF3(0x2d, SSE, r32_fp4), PF2(0x2d, SSE2, r32_fp8),                /* CVTPS2PI CVTPD2PI CVTSS2SI CVTSD2SI */
    NP(0x2e, SSE, fp_4_flags), P66(0x2e, SSE2, fp_8_flags),           /* UCOMISS UCOMISD */
    NP(0x2f, SSE, fp_4_flags), P66(0x2f, SSE2, fp_8_flags),           /* COMISS COMISD */
    NP_REG(0x50, SSE, xmm_movmsk), P66_REG(0x50, SSE2, xmm_movmsk),   /* MOVMSKPS MOVMSKPD */
    FP_ALL(0x51),                                                     /* SQRT */
    NP(0x52, SSE, xmm_xmm), PF3(0x52, SSE, xmm_xmm4),                 /* RSQRT: raises nothing */
    NP(0x53, SSE, xmm_xmm), PF3(0x53, SSE, xmm_xmm4),                 /* RCP: raises nothing */
    LOGIC(0x54), LOGIC(0x55), LOGIC(0x56), LOGIC(0x57),               /* AND ANDN OR XOR */
    FP_ALL(0x58), FP_ALL(0x59), FP_ALL(0x5c), FP_ALL(0x5d), FP_ALL(0x5e), FP_ALL(0x5f),                                /* ADD MUL SUB MIN DIV MAX */
    NP(0x5a, SSE2, fp_8), P66(0x5a, SSE2, fp_16), PF3(0x5a, SSE2, fp_4), PF2(0x5a, SSE2, fp_8),                        /* CVTPS2PD CVTPD2PS CVTSS2SD CVTSD2SS */
    NP(0x5b, SSE2, fp_16), P66(0x5b, SSE2, fp_16), PF3(0x5b, SSE2, fp_16),                                             /* CVTDQ2PS CVTPS2DQ CVTTPS2DQ */
    NP(0x60, MMX, mm_mm4), NP(0x61, MMX, mm_mm4), NP(0x62, MMX, mm_mm4),                                               /* PUNPCKL of halves */
    P66(0x60, SSE2, xmm_xmm), P66(0x61, SSE2, xmm_xmm), P66(0x62, SSE2, xmm_xmm),
    INTEGER(0x63, MMX), INTEGER(0x64, MMX), INTEGER(0x65, MMX), INTEGER(0x66, MMX), INTEGER(0x67, MMX),                /* PACKSSWB PCMPGT PACKUSWB */
    INTEGER(0x68, MMX), INTEGER(0x69, MMX), INTEGER(0x6a, MMX), INTEGER(0x6b, MMX),                                    /* PUNPCKH PACKSSDW */
    P66(0x6c, SSE2, xmm_xmm), P66(0x6d, SSE2, xmm_xmm),               /* PUNPCKLQDQ PUNPCKHQDQ */
    NP(0x6e, MMX, mm_r32), P66(0x6e, SSE2, xmm_r32),                  /* MOVD */
    NP(0x6f, MMX, mm_mm), P66(0x6f, SSE2, xmm_xmm), PF3(0x6f, SSE2, xmm_xmm_u),                                        /* MOVQ MOVDQA MOVDQU */
    NP(0x70, SSE, mm_mm_imm), P66(0x70, SSE2, xmm_imm), PF3(0x70, SSE2, xmm_imm), PF2(0x70, SSE2, xmm_imm),            /* PSHUFW PSHUFD PSHUFHW PSHUFLW */
    SHIFT(0x71, 2), SHIFT(0x71, 4), SHIFT(0x71, 6),                   /* PSRLW PSRAW PSLLW */
    SHIFT(0x72, 2), SHIFT(0x72, 4), SHIFT(0x72, 6),                   /* PSRLD PSRAD PSLLD */
    SHIFT(0x73, 2), SHIFT(0x73, 6),                                   /* PSRLQ PSLLQ */
    { MAP_0F, 0x73, 0x73, 3, OP_66 | OP_REG, SSE2, simd_xmm_shift }, { MAP_0F, 0x73, 0x73, 7, OP_66 | OP_REG, SSE2, simd_xmm_shift }, /* PSRLDQ PSLLDQ */
    INTEGER(0x74, MMX), INTEGER(0x75, MMX), INTEGER(0x76, MMX),       /* PCMPEQ */
    NP(0x77, MMX, emms),
    NP(0x7e, MMX, r32_mm), P66(0x7e, SSE2, r32_xmm), PF3(0x7e, SSE2, xmm_xmm8),                                        /* MOVD MOVQ */
    NP(0x7f, MMX, mm_store), P66(0x7f, SSE2, xmm_store), PF3(0x7f, SSE2, xmm_store_u),                                 /* MOVQ MOVDQA MOVDQU */
    { MAP_0F, 0xae, 0xae, 0, OP_NP | OP_MEM, CPUID_FXSR, simd_fxsave }, { MAP_0F, 0xae, 0xae, 1, OP_NP | OP_MEM, CPUID_FXSR, simd_fxrstor },
    { MAP_0F, 0xae, 0xae, 2, OP_NP | OP_MEM, SSE, simd_ldmxcsr }, { MAP_0F, 0xae, 0xae, 3, OP_NP | OP_MEM, SSE, simd_stmxcsr },
    { MAP_0F, 0xae, 0xae, 5, OP_NP | OP_REG, SSE2, simd_fence }, { MAP_0F, 0xae, 0xae, 6, OP_NP | OP_REG, SSE2, simd_fence },    /* LFENCE MFENCE */
    { MAP_0F, 0xae, 0xae, 7, OP_NP | OP_REG, SSE, simd_fence }, { MAP_0F, 0xae, 0xae, 7, OP_NP | OP_MEM, CPUID_CLFSH, simd_clflush }, /* SFENCE CLFLUSH */
    NP(0xc2, SSE, fp_16_imm), P66(0xc2, SSE2, fp_16_imm), PF3(0xc2, SSE, fp_4_imm), PF2(0xc2, SSE2, fp_8_imm),         /* CMP */
    NP_MEM(0xc3, SSE2, movnti),
    NP(0xc4, SSE, mm_pinsrw), P66(0xc4, SSE2, xmm_pinsrw),
    NP_REG(0xc5, SSE, mm_pextrw), P66_REG(0xc5, SSE2, xmm_pextrw),
    NP(0xc6, SSE, xmm_imm), P66(0xc6, SSE2, xmm_imm),                 /* SHUFPS SHUFPD */
    INTEGER(0xd1, MMX), INTEGER(0xd2, MMX), INTEGER(0xd3, MMX), INTEGER(0xd4, SSE2), INTEGER(0xd5, MMX),               /* PSRL PADDQ PMULLW */
    P66(0xd6, SSE2, xmm_store8),                                      /* MOVQ */
    { MAP_0F, 0xd6, 0xd6, -1, OP_F3 | OP_REG, SSE2, simd_xmm_movq2dq }, { MAP_0F, 0xd6, 0xd6, -1, OP_F2 | OP_REG, SSE2, simd_mm_movdq2q },
    NP_REG(0xd7, SSE, mm_movmsk), P66_REG(0xd7, SSE2, xmm_movmsk),    /* PMOVMSKB */
    INTEGER(0xd8, MMX), INTEGER(0xd9, MMX), INTEGER(0xda, SSE), INTEGER(0xdb, MMX),                                    /* PSUBUS PMINUB PAND */
    INTEGER(0xdc, MMX), INTEGER(0xdd, MMX), INTEGER(0xde, SSE), INTEGER(0xdf, MMX),                                    /* PADDUS PMAXUB PANDN */
    INTEGER(0xe0, SSE), INTEGER(0xe1, MMX), INTEGER(0xe2, MMX), INTEGER(0xe3, SSE),                                    /* PAVGB PSRA PAVGW */
    INTEGER(0xe4, SSE), INTEGER(0xe5, MMX),                           /* PMULHUW PMULHW */
    P66(0xe6, SSE2, fp_16), PF3(0xe6, SSE2, fp_8), PF2(0xe6, SSE2, fp_16),                                             /* CVTTPD2DQ CVTDQ2PD CVTPD2DQ */
    NP_MEM(0xe7, SSE, mm_store), P66_MEM(0xe7, SSE2, xmm_store),      /* MOVNTQ MOVNTDQ */
    INTEGER(0xe8, MMX), INTEGER(0xe9, MMX), INTEGER(0xea, SSE), INTEGER(0xeb, MMX),                                    /* PSUBS PMINSW POR */
    INTEGER(0xec, MMX), INTEGER(0xed, MMX), INTEGER(0xee, SSE), INTEGER(0xef, MMX),                                    /* PADDS PMAXSW PXOR */
    INTEGER(0xf1, MMX), INTEGER(0xf2, MMX), INTEGER(0xf3, MMX), INTEGER(0xf4, SSE2), INTEGER(0xf5, MMX), INTEGER(0xf6, SSE), /* PSLL PMULUDQ PMADDWD PSADBW */
    NP_REG(0xf7, SSE, maskmovq), P66_REG(0xf7, SSE2, maskmovdqu),
    INTEGER(0xf8, MMX), INTEGER(0xf9, MMX), INTEGER(0xfa, MMX), INTEGER(0xfb, SSE2),                                   /* PSUB */
    INTEGER(0xfc, MMX), INTEGER(0xfd, MMX), INTEGER(0xfe, MMX),       /* PADD */
};
// clang-format on

const struct op_table ops_simd = { rows, sizeof rows / sizeof rows[0] };
