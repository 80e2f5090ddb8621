/* ops_move.c - data that moves unchanged: MOV, XCHG, LEA, extensions, CMOV, SETcc, XLAT, CMPXCHG, XADD, BSWAP, NOP. */
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/flags.h"
#include "core/cpu/system.h"

/* ---- MOV ---- */

ALWAYS_INLINE void mov_rm_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    rm_set(cpu, insn, size, reg_get(cpu, insn->reg, size));
}
ALWAYS_INLINE void mov_r_rm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    reg_set(cpu, insn->reg, size, rm_get(cpu, insn, size));
}
/* The same with the form of the operand known: the most frequent instructions of all. */
ALWAYS_INLINE void mov_m_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    mem_set(cpu, insn->seg, insn_address(cpu, insn), size, reg_get(cpu, insn->reg, size));
}
ALWAYS_INLINE void mov_r_m(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    reg_set(cpu, insn->reg, size, mem_get(cpu, insn->seg, insn_address(cpu, insn), size));
}
ALWAYS_INLINE void mov_rm_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    rm_set(cpu, insn, size, insn->imm);
}
ALWAYS_INLINE void mov_r_imm(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    reg_set(cpu, insn->opcode & 7, size, insn->imm);
}
ALWAYS_INLINE void mov_a_moffs(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    reg_set(cpu, EAX, size, mem_get(cpu, insn->seg, insn_address(cpu, insn), size));
}
ALWAYS_INLINE void mov_moffs_a(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    mem_set(cpu, insn->seg, insn_address(cpu, insn), size, reg_get(cpu, EAX, size));
}
OP_8_16_32(mov_rm_r)
OP_8_16_32(mov_r_rm)
OP_8_16_32(mov_m_r)
OP_8_16_32(mov_r_m)
OP_8_16_32(mov_rm_imm)
OP_8_16_32(mov_r_imm)
OP_8_16_32(mov_a_moffs)
OP_8_16_32(mov_moffs_a)

/* A register gets the selector zero-extended to the operand size, memory 16 bits (SDM vol. 2, MOV). */
static void mov_rm_seg(struct cpu *cpu, const struct insn *insn)
{
    uint16_t selector = cpu->seg[insn->reg].selector;
    if (insn->mod == 3)
        reg_set(cpu, insn->rm, insn->opsize, selector);
    else
        st16(cpu, insn->seg, insn_address(cpu, insn), selector);
}

static void mov_seg_rm(struct cpu *cpu, const struct insn *insn)
{
    seg_load(cpu, insn->reg, (uint16_t)rm_get(cpu, insn, 2));
    if (insn->reg == SS)
        cpu->shadow_ss = true;
}

/* LES, LDS, LSS, LFS, LGS: the offset stands before the selector. */
ALWAYS_INLINE void load_far(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    unsigned seg = insn->map == MAP_1BYTE ? (insn->opcode == 0xc4 ? ES : DS)
                   : insn->opcode == 0xb2 ? SS
                                          : insn->opcode - 0xb0u;
    uint32_t address = insn_address(cpu, insn);
    uint32_t mask = insn->addrsize == 4 ? UINT32_MAX : UINT16_MAX;
    uint32_t offset = mem_get(cpu, insn->seg, address, size);
    seg_load(cpu, seg, ld16(cpu, insn->seg, (address + size) & mask));
    reg_set(cpu, insn->reg, size, offset);
}
OP_16_32(load_far)

static void movnti(struct cpu *cpu, const struct insn *insn)
{
    st32(cpu, insn->seg, insn_address(cpu, insn), cpu->reg[insn->reg]);
}

static void lea16(struct cpu *cpu, const struct insn *insn)
{
    reg_set(cpu, insn->reg, 2, insn_address(cpu, insn));
}
static void lea32(struct cpu *cpu, const struct insn *insn)
{
    cpu->reg[insn->reg] = insn_address(cpu, insn);
}

static void xlat(struct cpu *cpu, const struct insn *insn)
{
    uint32_t address = cpu->reg[EBX] + *reg8(cpu, 0);
    *reg8(cpu, 0) = ld8(cpu, insn->seg, insn->addrsize == 4 ? address : (uint16_t)address);
}

/* ---- exchange ---- */

ALWAYS_INLINE void xchg_rm_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    rmw_set(cpu, insn, size, &rmw, reg_get(cpu, insn->reg, size));
    reg_set(cpu, insn->reg, size, a);
}
ALWAYS_INLINE void xchg_a_r(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    unsigned n = insn->opcode & 7;
    uint32_t a = reg_get(cpu, EAX, size);
    reg_set(cpu, EAX, size, reg_get(cpu, n, size));
    reg_set(cpu, n, size, a);
}
ALWAYS_INLINE void xadd(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    uint32_t sum = flags_add(cpu, a, reg_get(cpu, insn->reg, size), 0, size);
    reg_set(cpu, insn->reg, size, a);
    rmw_set(cpu, insn, size, &rmw, sum);
}
/* The destination is written in both cases (SDM vol. 2, CMPXCHG). */
ALWAYS_INLINE void cmpxchg(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    struct rmw rmw;
    uint32_t a = rmw_get(cpu, insn, size, &rmw);
    flags_sub(cpu, reg_get(cpu, EAX, size), a, 0, size);
    if (cpu->eflags & FLAG_ZF) {
        rmw_set(cpu, insn, size, &rmw, reg_get(cpu, insn->reg, size));
    } else {
        rmw_set(cpu, insn, size, &rmw, a);
        reg_set(cpu, EAX, size, a);
    }
}
OP_8_16_32(xchg_rm_r)
OP_16_32(xchg_a_r)
OP_8_16_32(xadd)
OP_8_16_32(cmpxchg)

static void cmpxchg8b(struct cpu *cpu, const struct insn *insn)
{
    uint32_t address = insn_address(cpu, insn);
    probe_write(cpu, insn->seg, address, 8);
    uint64_t a = ld64(cpu, insn->seg, address);
    bool equal = a == ((uint64_t)cpu->reg[EDX] << 32 | cpu->reg[EAX]);
    st64(cpu, insn->seg, address, equal ? (uint64_t)cpu->reg[ECX] << 32 | cpu->reg[EBX] : a);
    if (!equal) {
        cpu->reg[EAX] = (uint32_t)a;
        cpu->reg[EDX] = (uint32_t)(a >> 32);
    }
    flags_set(cpu, FLAG_ZF, equal ? FLAG_ZF : 0);
}

/* ---- extension and reordering ---- */

#define EXTEND(name, size, from, type)                                          \
    static void name(struct cpu *cpu, const struct insn *insn)                  \
    {                                                                           \
        reg_set(cpu, insn->reg, size, (uint32_t)(type)rm_get(cpu, insn, from)); \
    }
EXTEND(movzx8_16, 2, 1, uint8_t)
EXTEND(movzx8_32, 4, 1, uint8_t)
EXTEND(movzx16_16, 2, 2, uint16_t)
EXTEND(movzx16_32, 4, 2, uint16_t)
EXTEND(movsx8_16, 2, 1, int8_t)
EXTEND(movsx8_32, 4, 1, int8_t)
EXTEND(movsx16_16, 2, 2, int16_t)
EXTEND(movsx16_32, 4, 2, int16_t)

static void cbw16(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    reg_set(cpu, EAX, 2, (uint32_t)(int8_t)cpu->reg[EAX]);
}
static void cbw32(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->reg[EAX] = (uint32_t)(int16_t)cpu->reg[EAX];
}
static void cwd16(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    reg_set(cpu, EDX, 2, cpu->reg[EAX] & 0x8000 ? 0xffff : 0);
}
static void cwd32(struct cpu *cpu, const struct insn *insn)
{
    (void)insn;
    cpu->reg[EDX] = cpu->reg[EAX] >> 31 ? UINT32_MAX : 0;
}

/* With 16-bit operands the result is undefined; processors give zero. */
static void bswap16(struct cpu *cpu, const struct insn *insn)
{
    reg_set(cpu, insn->opcode & 7, 2, 0);
}
static void bswap32(struct cpu *cpu, const struct insn *insn)
{
    cpu->reg[insn->opcode & 7] = __builtin_bswap32(cpu->reg[insn->opcode & 7]);
}

/* ---- on a condition ---- */

/* Memory is read, and the limit checked, even if the condition is not met. */
ALWAYS_INLINE void cmov(struct cpu *cpu, const struct insn *insn, unsigned size)
{
    uint32_t value = rm_get(cpu, insn, size);
    if (flags_condition(cpu, insn->opcode & 15))
        reg_set(cpu, insn->reg, size, value);
}
OP_16_32(cmov)

static void setcc(struct cpu *cpu, const struct insn *insn)
{
    rm_set(cpu, insn, 1, flags_condition(cpu, insn->opcode & 15));
}

static void nop(struct cpu *cpu, const struct insn *insn)
{
    (void)cpu, (void)insn;
}

// clang-format off
static const struct op_row rows[] = {
    { MAP_1BYTE, 0x88, 0x88, -1, OP_MEM, 0, mov_m_r8 },
    { MAP_1BYTE, 0x89, 0x89, -1, OP_MEM | OP_O16, 0, mov_m_r16 },
    { MAP_1BYTE, 0x89, 0x89, -1, OP_MEM | OP_O32, 0, mov_m_r32 },
    { MAP_1BYTE, 0x8a, 0x8a, -1, OP_MEM, 0, mov_r_m8 },
    { MAP_1BYTE, 0x8b, 0x8b, -1, OP_MEM | OP_O16, 0, mov_r_m16 },
    { MAP_1BYTE, 0x8b, 0x8b, -1, OP_MEM | OP_O32, 0, mov_r_m32 },
    ROWS_8_16_32(MAP_1BYTE, 0x88, -1, 0, mov_rm_r),
    ROWS_8_16_32(MAP_1BYTE, 0x8a, -1, 0, mov_r_rm),
    ROWS_8_16_32(MAP_1BYTE, 0xc6, 0, 0, mov_rm_imm),
    ROWS_8_16_32(MAP_1BYTE, 0xa0, -1, 0, mov_a_moffs),
    ROWS_8_16_32(MAP_1BYTE, 0xa2, -1, 0, mov_moffs_a),
    { MAP_1BYTE, 0xb0, 0xb7, -1, 0, 0, mov_r_imm8 },
    ROWS_16_32(MAP_1BYTE, 0xb8, 0xbf, -1, 0, mov_r_imm),
    { MAP_1BYTE, 0x8c, 0x8c, -1, 0, 0, mov_rm_seg },
    { MAP_1BYTE, 0x8e, 0x8e, SS, OP_ENDS, 0, mov_seg_rm },
    { MAP_1BYTE, 0x8e, 0x8e, ES, 0, 0, mov_seg_rm },
    { MAP_1BYTE, 0x8e, 0x8e, DS, 0, 0, mov_seg_rm },
    { MAP_1BYTE, 0x8e, 0x8e, FS, 0, 0, mov_seg_rm },
    { MAP_1BYTE, 0x8e, 0x8e, GS, 0, 0, mov_seg_rm },
    ROWS_16_32(MAP_1BYTE, 0xc4, 0xc5, -1, OP_MEM, load_far),
    ROWS_16_32(MAP_0F, 0xb2, 0xb2, -1, OP_MEM, load_far),
    ROWS_16_32(MAP_0F, 0xb4, 0xb5, -1, OP_MEM, load_far),
    { MAP_0F, 0xc3, 0xc3, -1, OP_MEM | OP_NP, CPUID_SSE2, movnti },
    ROWS_16_32(MAP_1BYTE, 0x8d, 0x8d, -1, OP_MEM, lea),
    { MAP_1BYTE, 0xd7, 0xd7, -1, 0, 0, xlat },

    ROWS_8_16_32(MAP_1BYTE, 0x86, -1, OP_LOCK, xchg_rm_r),
    { MAP_1BYTE, 0x90, 0x90, -1, 0, 0, nop },
    ROWS_16_32(MAP_1BYTE, 0x91, 0x97, -1, 0, xchg_a_r),
    ROWS_8_16_32(MAP_0F, 0xb0, -1, OP_LOCK, cmpxchg),
    ROWS_8_16_32(MAP_0F, 0xc0, -1, OP_LOCK, xadd),
    { MAP_0F, 0xc7, 0xc7, 1, OP_MEM | OP_LOCK, CPUID_CX8, cmpxchg8b },

    { MAP_0F, 0xb6, 0xb6, -1, OP_O16, 0, movzx8_16 },
    { MAP_0F, 0xb6, 0xb6, -1, OP_O32, 0, movzx8_32 },
    { MAP_0F, 0xb7, 0xb7, -1, OP_O16, 0, movzx16_16 },
    { MAP_0F, 0xb7, 0xb7, -1, OP_O32, 0, movzx16_32 },
    { MAP_0F, 0xbe, 0xbe, -1, OP_O16, 0, movsx8_16 },
    { MAP_0F, 0xbe, 0xbe, -1, OP_O32, 0, movsx8_32 },
    { MAP_0F, 0xbf, 0xbf, -1, OP_O16, 0, movsx16_16 },
    { MAP_0F, 0xbf, 0xbf, -1, OP_O32, 0, movsx16_32 },
    ROWS_16_32(MAP_1BYTE, 0x98, 0x98, -1, 0, cbw),
    ROWS_16_32(MAP_1BYTE, 0x99, 0x99, -1, 0, cwd),
    ROWS_16_32(MAP_0F, 0xc8, 0xcf, -1, 0, bswap),

    { MAP_0F, 0x40, 0x4f, -1, OP_O16, CPUID_CMOV, cmov16 },
    { MAP_0F, 0x40, 0x4f, -1, OP_O32, CPUID_CMOV, cmov32 },
    { MAP_0F, 0x90, 0x9f, -1, 0, 0, setcc },

    /* Hints: multi-byte NOP (0F 1F), prefetches and what later processors made of the rest. */
    { MAP_0F, 0x0d, 0x0d, -1, OP_MEM, 0, nop },
    { MAP_0F, 0x18, 0x1f, -1, 0, CPUID_CMOV, nop },
};
// clang-format on
OP_TABLE(ops_move, rows);
