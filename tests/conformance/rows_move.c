/* Moves, exchanges, conversions, conditions, flags. */
#include "tests/conformance/gen.h"

#include <string.h>

// clang-format off
#define CONDITIONS(X)                                                             \
    X("O", "0") X("NO", "1") X("B", "2") X("AE", "3") X("E", "4") X("NE", "5") X("BE", "6") X("A", "7") \
    X("S", "8") X("NS", "9") X("P", "A") X("NP", "B") X("L", "C") X("GE", "D") X("LE", "E") X("G", "F")
#define SETCC(cc, n) { "SET" cc " r/m8", "0F 9" n " /r", 1 },
#define CMOVCC(cc, n) { "CMOV" cc " r16,r/m16", "66 0F 4" n " /r", 2 }, { "CMOV" cc " r32,r/m32", "0F 4" n " /r", 4 },

/* A selector that the runner can live with, or that faults: into the low half of every register. */
static uint16_t any_selector(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_FLAT, SEL_FLAT, SEL_CODE, 0, 3, SEL_LDT(LDT_BASED), SEL_LDT(LDT_READONLY),
        SEL_LDT(LDT_DOWN), SEL_LDT(LDT_ABSENT), SEL_LDT(LDT_CODE), SEL_LDT(LDT_EXECUTE), SEL_LDT(LDT_CONFORMING),
        SEL_LDT(LDT_COUNT), 0x08, 0x18, 0x1b, 0x40, 0x50, 0x80, 0xfff8, 0xffff, SEL_FLAT & ~3u };
    return selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])];
}

static void selector_registers(struct gen *gen)
{
    for (unsigned i = 0; i < 8; i++)
        gen->in->gpr[i] = (gen->in->gpr[i] & 0xffff0000) | any_selector(gen);
}

static void selector_memory(struct gen *gen)
{
    if (gen->memory)
        gen_poke(gen, gen->target, any_selector(gen), 2);
}

/* SS must stay flat, for the runner stands on it: only that selector, and such as fault. */
static uint16_t stack_selector(struct gen *gen)
{
    static const uint16_t selectors[] = { SEL_FLAT, SEL_FLAT, SEL_FLAT, SEL_CODE, 0, 3, SEL_LDT(LDT_READONLY),
        SEL_LDT(LDT_ABSENT), SEL_LDT(LDT_CODE), SEL_LDT(LDT_EXECUTE), SEL_LDT(LDT_COUNT), 0x08, 0x18, 0x28, 0x2a, 0xffff };
    return selectors[gen_below(gen, sizeof selectors / sizeof selectors[0])];
}

/* The same for what may have become an address: the memory operand of MOV SS and LSS. */
static void stack_selector_set(struct gen *gen)
{
    struct conf_case *in = gen->in;
    if (gen->memory)
        gen_poke(gen, gen->target, stack_selector(gen), 2);
    else if ((gen->modrm & 7) != 4)
        in->gpr[gen->modrm & 7] = (in->gpr[gen->modrm & 7] & 0xffff0000) | stack_selector(gen);
}

static void far_pointer(struct gen *gen)
{
    gen_poke(gen, gen->target + gen->row->size - 2, any_selector(gen), 2);
}

static void far_stack_pointer(struct gen *gen)
{
    gen_poke(gen, gen->target + gen->row->size - 2, stack_selector(gen), 2);
}

static void xlat_address(struct gen *gen)
{
    struct conf_case *in = gen->in;
    gen_set_address(gen, 3, gen_offset(gen, gen_target(gen, 1)) - (in->gpr[0] & 0xff));
}

#define FAR(name, op) \
    { name " r16,m16:16", "66 " op " /r", 4, 0, ROW_MEM, .memory = far_pointer }, \
    { name " r32,m16:32", op " /r",       6, 0, ROW_MEM, .memory = far_pointer }

static const struct row rows[] = {
    { "MOV r/m8,r8",       "88 /r",       1 },
    { "MOV r/m16,r16",     "66 89 /r",    2 },
    { "MOV r/m32,r32",     "89 /r",       4 },
    { "MOV r8,r/m8",       "8A /r",       1 },
    { "MOV r16,r/m16",     "66 8B /r",    2 },
    { "MOV r32,r/m32",     "8B /r",       4 },
    { "MOV AL,moffs8",     "A0 moffs",    1 },
    { "MOV AX,moffs16",    "66 A1 moffs", 2 },
    { "MOV EAX,moffs32",   "A1 moffs",    4 },
    { "MOV moffs8,AL",     "A2 moffs",    1 },
    { "MOV moffs16,AX",    "66 A3 moffs", 2 },
    { "MOV moffs32,EAX",   "A3 moffs",    4 },
    { "MOV r8,imm8",       "B0+r ib",     0 },
    { "MOV r16,imm16",     "66 B8+r iw",  0 },
    { "MOV r32,imm32",     "B8+r id",     0 },
    { "MOV r/m8,imm8",     "C6 /0 ib",    1 },
    { "MOV r/m16,imm16",   "66 C7 /0 iw", 2 },
    { "MOV r/m32,imm32",   "C7 /0 id",    4 },
    { "MOV r/m16,ES",      "8C /0",       2 },
    { "MOV r/m16,CS",      "8C /1",       2 },
    { "MOV r/m16,SS",      "8C /2",       2 },
    { "MOV r/m16,DS",      "8C /3",       2 },
    { "MOV r/m16,FS",      "8C /4",       2 },
    { "MOV r/m16,GS",      "8C /5",       2 },
    { "MOV r/m16,DS (66)", "66 8C /3",    2 },
    { "MOV r/m16,(6)",     "8C /6",       2 },
    { "MOV ES,r/m16",      "8E /0",       2, .registers = selector_registers, .memory = selector_memory },
    { "MOV CS,r/m16",      "8E /1",       2, .registers = selector_registers },
    { "MOV SS,r/m16",      "8E /2",       2, .memory = stack_selector_set, .flags = ROW_STACK },
    { "MOV DS,r/m16",      "8E /3",       2, .registers = selector_registers, .memory = selector_memory },
    { "MOV FS,r/m16",      "8E /4",       2, .registers = selector_registers, .memory = selector_memory },
    { "MOV GS,r/m16",      "8E /5",       2, .registers = selector_registers, .memory = selector_memory },
    { "MOV DS,r/m16 (66)", "66 8E /3",    2, .registers = selector_registers, .memory = selector_memory },
    { "MOV (6),r/m16",     "8E /6",       2 },
    { "MOVZX r16,r/m8",    "66 0F B6 /r", 1 },
    { "MOVZX r32,r/m8",    "0F B6 /r",    1 },
    { "MOVZX r16,r/m16",   "66 0F B7 /r", 2 },
    { "MOVZX r32,r/m16",   "0F B7 /r",    2 },
    { "MOVSX r16,r/m8",    "66 0F BE /r", 1 },
    { "MOVSX r32,r/m8",    "0F BE /r",    1 },
    { "MOVSX r16,r/m16",   "66 0F BF /r", 2 },
    { "MOVSX r32,r/m16",   "0F BF /r",    2 },
    { "LEA r16,m",         "66 8D /r",    0, 0, ROW_MEM },
    { "LEA r32,m",         "8D /r",       0, 0, ROW_MEM },
    { "LEA r32,r32",       "8D /r",       0, 0, ROW_REG },
    { "XCHG r/m8,r8",      "86 /r",       1, 0, ROW_LOCK },
    { "XCHG r/m16,r16",    "66 87 /r",    2, 0, ROW_LOCK },
    { "XCHG r/m32,r32",    "87 /r",       4, 0, ROW_LOCK },
    { "XCHG AX,r16",       "66 90+r",     0 },
    { "XCHG EAX,r32",      "90+r",        0 },
    { "BSWAP r32",         "0F C8+r",     0 },
    { "XLAT",              "D7",          1, .flags = ROW_IMPLICIT, .registers = xlat_address },
    FAR("LES", "C4"), FAR("LDS", "C5"), FAR("LFS", "0F B4"), FAR("LGS", "0F B5"),
    { "LSS r32,m16:32",    "0F B2 /r",    6, 0, ROW_MEM | ROW_STACK, .memory = far_stack_pointer },
    { "LSS r16,m16:16",    "66 0F B2 /r", 4, 0, ROW_MEM | ROW_STACK, .memory = far_stack_pointer },
    { "(LSS reg)",         "0F B2 /r",    0, 0, ROW_REG },
    { "(LFS reg)",         "0F B4 /r",    0, 0, ROW_REG },
    { "(MOVNTI reg)",      "0F C3 /r",    0, 0, ROW_REG },
    { "(CMPXCHG8B reg)",   "0F C7 /1",    0, 0, ROW_REG },
    CONDITIONS(SETCC)
    CONDITIONS(CMOVCC)
    { "LAHF", "9F", 0 },
    { "SAHF", "9E", 0 },
    { "SALC", "D6", 0 },
    { "CLC", "F8", 0 },
    { "STC", "F9", 0 },
    { "CMC", "F5", 0 },
    { "CLD", "FC", 0 },
    { "STD", "FD", 0 },
    { "NOP", "90", 0 },
    { "PAUSE", "F3 90", 0 },
    { "NOP r/m16", "66 0F 1F /0", 0 },
    { "NOP r/m32", "0F 1F /0", 0 },
    { "PREFETCHNTA m8", "0F 18 /0", 0, 0, ROW_MEM },
    { "PREFETCHT0 m8", "0F 18 /1", 0, 0, ROW_MEM },
    { "PREFETCHT1 m8", "0F 18 /2", 0, 0, ROW_MEM },
    { "PREFETCHT2 m8", "0F 18 /3", 0, 0, ROW_MEM },
    { "PREFETCHW m8", "0F 0D /1", 0, 0, ROW_MEM },
    { "VERR r/m16", "0F 00 /4", 2, .registers = selector_registers, .memory = selector_memory },
    { "VERW r/m16", "0F 00 /5", 2, 0, ROW_NOLOCK /* some take LOCK */, .registers = selector_registers, .memory = selector_memory },
    { "LAR r16,r/m16", "66 0F 02 /r", 2, .registers = selector_registers, .memory = selector_memory },
    { "LAR r32,r/m16", "0F 02 /r", 2, .registers = selector_registers, .memory = selector_memory,
        .ignore_bits = 0xf0000 }, /* bits 16-19 are undefined */
    { "LSL r16,r/m16", "66 0F 03 /r", 2, .registers = selector_registers, .memory = selector_memory },
    { "LSL r32,r/m16", "0F 03 /r", 2, .registers = selector_registers, .memory = selector_memory },
    { "ARPL r/m16,r16", "63 /r", 2, .registers = selector_registers, .memory = selector_memory },
};
// clang-format on

const struct row_table rows_move = { "move", rows, sizeof rows / sizeof rows[0] };
