/* checks_segment.c - loads of segment registers, limits and types (SDM vol. 3, chapters 3 and 5). */
#include "guest.h"

#define LOAD(seg, sel) __asm__ volatile(FAULT "movw %w0, %%" #seg ::"r"((uint32_t)(sel)) : "memory")
#define LOADED(seg, sel) __asm__ volatile("movw %w0, %%" #seg ::"r"((uint32_t)(sel)) : "memory")
/* Reads or writes FS:offset, the marked instruction. */
#define READ_FS(insn, offset) \
    __asm__ volatile(FAULT insn " %%fs:(%0), %%eax" ::"r"((uint32_t)(offset)) : "eax", "memory")
#define WRITE_FS(insn, reg, offset) \
    __asm__ volatile(FAULT insn " %%" reg ", %%fs:(%0)" ::"r"((uint32_t)(offset)) : "memory")

/* ---- what may be loaded ---- */

BODY(ds_beyond, LOAD(ds, 0x100))
BODY(ds_straddle, lgdt((uint32_t)gdt, FREE_SEL(0) + 6); LOAD(ds, FREE_SEL(0)))
BODY(ss_null, LOAD(ss, 0))
BODY(ss_null3, LOAD(ss, 3))
BODY(ds_null, LOADED(ds, 3); LOADED(ds, KDATA))
BODY(null_use, LOADED(fs, 0); READ_FS("movl", note))
BODY(null_write, LOADED(gs, 2); __asm__ volatile(FAULT_PLAIN "movb $1, %gs:0"))
BODY(ss_rpl, LOAD(ss, KDATA | 1))
BODY(ss_dpl, LOAD(ss, UDATA & ~3))
BODY(ss_slot0, LOAD(ss, FREE_SEL(0)))
BODY(ds_slot0, LOAD(ds, FREE_SEL(0)))
BODY(es_slot0, LOAD(es, FREE_SEL(0)))
BODY(fs_slot0, LOAD(fs, FREE_SEL(0)))
BODY(gs_slot0, LOAD(gs, FREE_SEL(0)))
BODY(fs_slot0_rpl3, LOAD(fs, FREE_SEL(0) | 3))
BODY(fs_load, LOADED(fs, FREE_SEL(0)))
BODY(fs_local, LOAD(fs, 4))
BODY(fs_local_ok, load_ldt(LDT_SEL); LOADED(fs, 4); __asm__ volatile("movl %%fs:0, %0" : "=r"(note[0])))
BODY(fs_local_beyond, load_ldt(LDT_SEL); LOAD(fs, 0x44))
BODY(les_bad, note[0] = 0x12345678; note[1] = FREE_SEL(0); __asm__ volatile(FAULT "les (%0), %%eax" ::"r"(note)
                                                                            : "eax", "memory"))
BODY(lss_good, note[1] = KDATA;
     __asm__ volatile("movl %%esp, (%0)\n\tlss (%0), %%esp\n\tmovw %%ss, %1" ::"r"(note), "m"(note[2])
                      : "memory"))
BODY(pop_bad, __asm__ volatile("pushl %0\n\t" FAULT "popl %%ds" ::"i"(FREE_SEL(0)) : "memory"))

BODY(data_ro, slot(0, 0, 0xfffff, A_DATA_RO, F_G | F_32))
BODY(data_absent, slot(0, 0, 0xfffff, A_ABSENT(A_DATA), F_G | F_32))
BODY(data_dpl0, slot(0, 0, 0xfffff, A_DATA, F_G | F_32))
BODY(data_dpl2, slot(0, 0, 0xfffff, A_DATA | A_DPL(2), F_G | F_32))
BODY(code_xo, slot(0, 0, 0xfffff, A_CODE_XO | A_DPL(3), F_G | F_32))
BODY(code_readable, slot(0, 0, 0xfffff, A_CODE | A_DPL(3), F_G | F_32))
BODY(code_conforming, slot(0, 0, 0xfffff, A_CONFORM, F_G | F_32))
BODY(system_tss, slot(0, 0, 0x67, A_TSS32, 0))
BODY(ldt_data, ldt[0] = desc((uint32_t)&note[4], 3, A_DATA, F_32); note[4] = 0xcafe)
RESULT(note_cafe, note[0] == 0xcafe)
RESULT(accessed, GDT_ENTRY(FREE_SEL(0)).high >> 8 & 1)
RESULT(not_accessed, !accessed())
RESULT(lss_did, (note[2] & 0xffff) == KDATA)

/* ---- limits and types ---- */

static uint8_t block_room[4096 + 8192] __attribute__((aligned(4096))); /* emulators without limits write in front */
#define block (block_room + 4096)
BODY(limit_7, slot(0, (uint32_t)block, 7, A_DATA | A_DPL(3), F_32))
BODY(limit_page, slot(0, (uint32_t)block, 0, A_DATA, F_32 | F_G))
BODY(down_fff, slot(0, (uint32_t)block, 0xfff, A_DATA_DOWN, F_32))
BODY(down_16, slot(0, (uint32_t)block, 0xfff, A_DATA_DOWN, 0))
BODY(read_7, LOADED(fs, FREE_SEL(0)); READ_FS("movzbl", 7))
BODY(read_8, LOADED(fs, FREE_SEL(0)); __asm__ volatile(FAULT_PLAIN "movb %fs:8, %al"))
BODY(read_cross, LOADED(fs, FREE_SEL(0)); READ_FS("movl", 5))
BODY(write_cross, LOADED(fs, FREE_SEL(0)); WRITE_FS("movl", "eax", 6))
BODY(read_wrap, LOADED(fs, FREE_SEL(0)); READ_FS("movl", 0xfffffffe))
BODY(read_fff, LOADED(fs, FREE_SEL(0)); __asm__ volatile("movb %%fs:0xfff, %%al" ::: "eax"))
BODY(read_1000, LOADED(fs, FREE_SEL(0)); __asm__ volatile(FAULT_PLAIN "movb %fs:0x1000, %al"))
BODY(down_below, LOADED(fs, FREE_SEL(0)); __asm__ volatile(FAULT_PLAIN "movb %fs:0xfff, %al"))
BODY(down_cross, LOADED(fs, FREE_SEL(0)); READ_FS("movl", 0xffe))
BODY(down_above, LOADED(fs, FREE_SEL(0)); __asm__ volatile("movb %%fs:0x1000, %%al" ::: "eax"))
BODY(down_64k, LOADED(fs, FREE_SEL(0)); __asm__ volatile(FAULT_PLAIN "movb %fs:0x10000, %al"))
BODY(down_64k_cross, LOADED(fs, FREE_SEL(0)); READ_FS("movzwl", 0xffff))
BODY(down_32_64k, LOADED(fs, FREE_SEL(0)); __asm__ volatile("movb %%fs:0x10000, %%al" ::: "eax"))
BODY(ro_write, LOADED(fs, FREE_SEL(0)); WRITE_FS("movb", "al", note))
BODY(ro_rmw, LOADED(fs, FREE_SEL(0)); __asm__ volatile(FAULT "incl %%fs:(%0)" ::"r"(note) : "memory"))
BODY(code_write, LOADED(fs, FREE_SEL(0)); WRITE_FS("movb", "al", note))
BODY(cs_write, __asm__ volatile(FAULT "movb $1, %%cs:(%0)" ::"r"(note) : "memory"))
/* Through an execute-only CS of its own. */
BODY(xo_read, __asm__ volatile("ljmp %0, $1f\n1:\t" FAULT "movl %%cs:(%1), %%eax" ::"i"(FREE_SEL(0) | 3), "r"(note)
                               : "eax", "memory"))
BODY(ss_override, LOADED(ss, FREE_SEL(0) | 3);
     __asm__ volatile("movl $81f, %ds:expect_eip\n81:\tmovb %ss:8, %al\n\tint $0x31"))
BODY(push_limit,
    __asm__ volatile("movw %w0, %%ss\n\tmovl $2, %%esp\n\tmovl $82f, %%ds:expect_eip\n82:\tpushl $1\n\tint $0x31" ::"r"(
        FREE_SEL(0) | 3)))
BODY(ss16, slot(0, (uint32_t)block - 0x10000 + 4096, 0xffff, A_DATA, 0))
/* SP = 0 wraps to fffe; the upper half of ESP stays. */
BODY(push_wrap,
    __asm__ volatile(
        "movl %%esp, %%ebx\n\tmovl %%ss, %%ecx\n\tmovw %w2, %%ss\n\tmovl $0xabcd0000, %%esp\n\tpushw $0x1234\n\t"
        "movl %%esp, %%eax\n\tmovl %%ecx, %%ss\n\tmovl %%ebx, %%esp\n\tmovl %%eax, %0\n\tmovzwl %1, %%eax\n\tmovl "
        "%%eax, %0+4"
        : "=m"(note[0])
        : "m"(block[4094]), "r"(FREE_SEL(0))
        : "eax", "ebx", "ecx", "memory"))
RESULT(wrapped, note[0] == 0xabcdfffe && note[1] == 0x1234)
RESULT(es_kept, trap.es == KDATA)

/* ---- LAR, LSL, VERR, VERW, ARPL ---- */

#define PROBE(insn, sel)                                                                      \
    __asm__ volatile("movl $0x5a5a5a5a, %%eax\n\t" insn                                       \
                     " %w1, %%eax\n\tsetz %%cl\n\tmovzbl %%cl, %%ecx\n\tmovl %%eax, (%0)\n\t" \
                     "movl %%ecx, 4(%0)" ::"r"(note),                                         \
                     "r"((uint32_t)(sel))                                                     \
                     : "eax", "ecx", "memory")
#define PROBE16(insn, sel)                                                                   \
    __asm__ volatile("movl $0x5a5a5a5a, %%eax\n\t" insn                                      \
                     " %w1, %%ax\n\tsetz %%cl\n\tmovzbl %%cl, %%ecx\n\tmovl %%eax, (%0)\n\t" \
                     "movl %%ecx, 4(%0)" ::"r"(note),                                        \
                     "r"((uint32_t)(sel))                                                    \
                     : "eax", "ecx", "memory")
#define VERIFY(insn, sel)                                                                                     \
    __asm__ volatile(                                                                                         \
        insn " %w1\n\tsetz %%cl\n\tmovzbl %%cl, %%ecx\n\tmovl %%ecx, 4(%0)" ::"r"(note), "r"((uint32_t)(sel)) \
        : "ecx", "memory")
#define ARPL(dest, source)                                                                                    \
    __asm__ volatile(                                                                                         \
        "arpl %w2, %w1\n\tsetz %%cl\n\tmovzbl %%cl, %%ecx\n\tmovl %1, (%0)\n\tmovl %%ecx, 4(%0)" ::"r"(note), \
        "d"((uint32_t)(dest)), "a"((uint32_t)(source))                                                        \
        : "ecx", "memory")
BODY(lar_data, PROBE("larl", FREE_SEL(0) | 3))
BODY(lar_null, PROBE("larl", 0))
BODY(lar_beyond, PROBE("larl", 0x100))
BODY(lsl_data, PROBE("lsll", FREE_SEL(0)))
BODY(lar16, PROBE16("larw", FREE_SEL(0) | 3))
BODY(verr, VERIFY("verr", FREE_SEL(0) | 3))
BODY(verw, VERIFY("verw", FREE_SEL(0) | 3))
BODY(verr_null, VERIFY("verr", 0))
BODY(arpl_up, ARPL(0xabc0, 3))
BODY(arpl_same, ARPL(0xabc3, 2))
BODY(call_gate32, slot(0, 0, 0, A_CALL32 | A_DPL(3), 0))
BODY(int_gate32, slot(0, 0, 0, A_INT32 | A_DPL(3), 0))
BODY(data_user_g, slot(0, 0, 0x12345, A_DATA | A_DPL(3), F_G | F_32))
RESULT(lar_rights, note[1] == 1 && note[0] == (0x00c00000u | (A_DATA | A_DPL(3)) << 8))
RESULT(lar_low, note[1] == 1 && note[0] == (0x5a5a0000u | (A_DATA | A_DPL(3)) << 8))
RESULT(lar_gate, note[1] == 1 && note[0] == (A_CALL32 | A_DPL(3)) << 8)
RESULT(probe_failed, note[1] == 0 && note[0] == 0x5a5a5a5a)
RESULT(lsl_pages, note[1] == 1 && note[0] == 0x12345fff)
RESULT(yes, note[1] == 1)
RESULT(no, note[1] == 0)
RESULT(arpl_raised, note[0] == 0xabc3 && note[1] == 1)
RESULT(arpl_kept, note[0] == 0xabc3 && note[1] == 0)

/* ---- LLDT, LTR ---- */

#define LLDT(sel) __asm__ volatile(FAULT "lldt %w0" ::"r"((uint32_t)(sel)))
#define LTR(sel) __asm__ volatile(FAULT "ltr %w0" ::"r"((uint32_t)(sel)))
BODY(lldt_data, LLDT(KDATA))
BODY(lldt_local, LLDT(LDT_SEL | 4))
BODY(lldt_absent, LLDT(FREE_SEL(0)))
BODY(lldt_null, load_ldt(0))
BODY(ltr_null, LTR(0))
BODY(ltr_busy, LTR(TSS_MAIN))
BODY(ltr_local, LTR(TSS_OTHER | 4))
BODY(ltr_absent, LTR(FREE_SEL(0)))
BODY(ltr_ldt, LTR(LDT_SEL))
BODY(ltr_good, load_tr(TSS_OTHER))
BODY(ldt_absent, slot(0, 0, 7, A_ABSENT(A_LDT), 0))
BODY(tss_absent, slot(0, 0, 0x67, A_ABSENT(A_TSS32), 0))
RESULT(other_busy, (GDT_ENTRY(TSS_OTHER).high >> 8 & 0xf) == 11)

// clang-format off
static const struct check rows[] = {
    { "#GP(sel) on loading DS beyond the GDT limit (SDM 3.5.1)", 0, ds_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(sel) on a descriptor half beyond the limit (SDM 3.5.1)", 0, ds_straddle, GP, FREE_SEL(0), data_dpl0, 0, 0 },
    { "#GP(0) on loading SS with a null selector (SDM 3.4.2)", 0, ss_null, GP, 0, 0, 0, 0 },
    { "#GP(0) on loading SS with selector 3 at level 3 (SDM 3.4.2)", 3, ss_null3, GP, 0, 0, 0, 0 },
    { "a null selector may be loaded into DS (SDM 3.4.2)", 0, ds_null, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "#GP(0) on a read through a null FS (SDM 5.4.1)", 0, null_use, GP, 0, 0, 0, 0 },
    { "#GP(0) on a write through a null GS with RPL 2 (SDM 5.4.1)", 0, null_write, GP, 0, 0, 0, 0 },
    { "#GP(sel) when the RPL of SS is not CPL (SDM 5.7)", 0, ss_rpl, GP, KDATA, 0, 0, 0 },
    { "#GP(sel) when the DPL of SS is not CPL (SDM 5.7)", 0, ss_dpl, GP, UDATA & ~3, 0, 0, 0 },
    { "#GP(sel) on loading SS with read-only data (SDM 5.5)", 0, ss_slot0, GP, FREE_SEL(0), data_ro, 0, 0 },
    { "#GP(sel) on loading SS with readable code (SDM 5.5)", 0, ss_slot0, GP, FREE_SEL(0), code_conforming, 0, 0 },
    { "#SS(sel) on loading SS with an absent segment (SDM 6.15, vector 12)",
      0, ss_slot0, SS, FREE_SEL(0), data_absent, 0, 0 },
    { "#NP(sel) on loading DS with an absent segment (SDM 6.15, vector 11)",
      0, ds_slot0, NP, FREE_SEL(0), data_absent, not_accessed, 0 },
    { "#NP(sel) on loading ES with an absent segment leaves ES (SDM 6.5)",
      0, es_slot0, NP, FREE_SEL(0), data_absent, es_kept, 0 },
    { "#GP(sel) on loading ES with execute-only code (SDM 5.5)", 0, es_slot0, GP, FREE_SEL(0), code_xo, 0, 0 },
    { "readable code may be loaded into FS (SDM 5.5)", 3, fs_load, VECTOR_DONE, 0, code_readable, accessed, 0 },
    { "#GP(sel) on loading FS at level 3 with DPL 0 (SDM 5.6)",
      3, fs_slot0, GP, FREE_SEL(0), data_dpl0, not_accessed, 0 },
    { "#GP(sel) when RPL exceeds the DPL of data (SDM 5.6)", 0, fs_slot0_rpl3, GP, FREE_SEL(0), data_dpl2, 0, 0 },
    { "conforming readable code of DPL 0 may be loaded at level 3 (SDM 5.6.1)",
      3, fs_load, VECTOR_DONE, 0, code_conforming, accessed, 0 },
    { "#GP(sel) on loading GS with a TSS descriptor (SDM 5.5)", 0, gs_slot0, GP, FREE_SEL(0), system_tss, 0, 0 },
    { "#GP(sel) on an LDT selector without an LDT (SDM 2.4.2)", 0, fs_local, GP, 4, 0, 0, 0 },
    { "#GP(sel) beyond the LDT limit names the LDT (SDM 6.13)", 0, fs_local_beyond, GP, 0x44, 0, 0, 0 },
    { "a segment of the LDT is loaded with base and limit (SDM 3.5.1)",
      0, fs_local_ok, VECTOR_RETURNED, 0, ldt_data, note_cafe, 0 },
    { "loading a data segment sets its accessed bit (SDM 3.4.5.1)",
      0, fs_load, VECTOR_RETURNED, 0, data_dpl0, accessed, 0 },
    { "LES with a bad selector changes neither register (SDM vol. 2, LDS)",
      0, les_bad, NP, FREE_SEL(0), data_absent, 0, 0 },
    { "LSS loads stack and pointer in one (SDM vol. 2, LSS)", 0, lss_good, VECTOR_RETURNED, 0, 0, lss_did, 0 },
    { "POP DS with a bad selector leaves ESP (SDM vol. 2, POP)", 0, pop_bad, NP, FREE_SEL(0), data_absent, 0, 0 },
    { "the byte at the limit may be read (SDM 5.3)", 0, read_7, VECTOR_RETURNED, 0, limit_7, 0, 0 },
    { "#GP(0) on the byte behind the limit (SDM 5.3)", 0, read_8, GP, 0, limit_7, 0, 0 },
    { "#GP(0) on a read that crosses the limit (SDM 5.3)", 0, read_cross, GP, 0, limit_7, 0, 0 },
    { "#GP(0) on a write that crosses the limit (SDM 5.3)", 0, write_cross, GP, 0, limit_7, 0, 0 },
    { "#GP(0) on an operand that wraps at 4 GB of a small segment (SDM 5.3)", 0, read_wrap, GP, 0, limit_7, 0, 0 },
    { "with G set the limit ends a page (SDM 5.3)", 0, read_fff, VECTOR_RETURNED, 0, limit_page, 0, 0 },
    { "#GP(0) behind the last page with G set (SDM 5.3)", 0, read_1000, GP, 0, limit_page, 0, 0 },
    { "#GP(0) at the limit of expand-down data (SDM 5.3)", 0, down_below, GP, 0, down_fff, 0, 0 },
    { "#GP(0) on an operand across the lower end of expand-down data (SDM 5.3)", 0, down_cross, GP, 0, down_fff, 0, 0 },
    { "expand-down data begins behind its limit (SDM 5.3)", 0, down_above, VECTOR_RETURNED, 0, down_fff, 0, 0 },
    { "#GP(0) above 64 KB of expand-down data with B clear (SDM 5.3)", 0, down_64k, GP, 0, down_16, 0, 0 },
    { "#GP(0) across 64 KB of expand-down data with B clear (SDM 5.3)", 0, down_64k_cross, GP, 0, down_16, 0, 0 },
    { "expand-down data with B set goes on above 64 KB (SDM 5.3)", 0, down_32_64k, VECTOR_RETURNED, 0, down_fff, 0, 0 },
    { "#GP(0) on a write to read-only data (SDM 5.5)", 0, ro_write, GP, 0, data_ro, 0, 0 },
    { "#GP(0) on a read-modify-write of read-only data (SDM 5.5)", 0, ro_rmw, GP, 0, data_ro, 0, 0 },
    { "#GP(0) on a write to readable code (SDM 5.5)", 0, code_write, GP, 0, code_readable, 0, 0 },
    { "#GP(0) on a write through CS (SDM 5.5)", 0, cs_write, GP, 0, 0, 0, 0 },
    { "#GP(0) on a read through execute-only CS (SDM 5.5)", 3, xo_read, GP, 0, code_xo, 0, 0 },
    { "#SS(0) on a read through SS beyond its limit (SDM 6.15, vector 12)", 3, ss_override, SS, 0, limit_7, 0, 0 },
    { "#SS(0) on a push beyond the limit (SDM 6.15, vector 12)", 3, push_limit, SS, 0, limit_7, 0, 0 },
    { "a push on a 16-bit stack wraps SP and keeps the rest of ESP (SDM vol. 1, 6.2.3)",
      0, push_wrap, VECTOR_RETURNED, 0, ss16, wrapped, 0 },
    { "LAR gives access rights (SDM 5.10.1)", 3, lar_data, VECTOR_DONE, 0, data_user_g, lar_rights, 0 },
    { "LAR of 16 bits gives the low half (SDM vol. 2, LAR)", 3, lar16, VECTOR_DONE, 0, data_user_g, lar_low, 0 },
    { "LAR of a null selector clears ZF and keeps the register (SDM vol. 2, LAR)",
      0, lar_null, VECTOR_RETURNED, 0, 0, probe_failed, 0 },
    { "LAR beyond the limit clears ZF (SDM vol. 2, LAR)", 0, lar_beyond, VECTOR_RETURNED, 0, 0, probe_failed, 0 },
    { "LAR of a segment above CPL clears ZF (SDM 5.10.1)", 3, lar_data, VECTOR_DONE, 0, data_dpl0, probe_failed, 0 },
    { "LAR knows call gates (SDM vol. 2, table LAR)", 0, lar_data, VECTOR_RETURNED, 0, call_gate32, lar_gate, 0 },
    { "LAR knows no interrupt gates (SDM vol. 2, table LAR)",
      0, lar_data, VECTOR_RETURNED, 0, int_gate32, probe_failed, 0 },
    { "LSL gives the limit in bytes (SDM 5.10.3)", 0, lsl_data, VECTOR_RETURNED, 0, data_user_g, lsl_pages, 0 },
    { "LSL knows no call gates (SDM vol. 2, table LSL)",
      0, lsl_data, VECTOR_RETURNED, 0, call_gate32, probe_failed, 0 },
    { "VERR accepts readable code (SDM 5.10.2)", 3, verr, VECTOR_DONE, 0, code_readable, yes, 0 },
    { "VERR accepts conforming code above CPL (SDM 5.10.2)", 3, verr, VECTOR_DONE, 0, code_conforming, yes, 0 },
    { "VERR refuses execute-only code (SDM 5.10.2)", 3, verr, VECTOR_DONE, 0, code_xo, no, 0 },
    { "VERR refuses data above CPL (SDM 5.10.2)", 3, verr, VECTOR_DONE, 0, data_dpl0, no, 0 },
    { "VERR refuses a null selector (SDM vol. 2, VERR)", 0, verr_null, VECTOR_RETURNED, 0, 0, no, 0 },
    { "VERW accepts writable data (SDM 5.10.2)", 3, verw, VECTOR_DONE, 0, data_user_g, yes, 0 },
    { "VERW refuses code (SDM 5.10.2)", 3, verw, VECTOR_DONE, 0, code_readable, no, 0 },
    { "ARPL raises the RPL and sets ZF (SDM 5.10.4)", 3, arpl_up, VECTOR_DONE, 0, 0, arpl_raised, 0 },
    { "ARPL leaves a higher RPL and clears ZF (SDM 5.10.4)", 0, arpl_same, VECTOR_RETURNED, 0, 0, arpl_kept, 0 },
    { "#GP(sel) on LLDT of what is no LDT (SDM vol. 2, LLDT)", 0, lldt_data, GP, KDATA, 0, 0, 0 },
    { "#GP(sel) on LLDT with an LDT selector (SDM vol. 2, LLDT)", 0, lldt_local, GP, LDT_SEL | 4, 0, 0, 0 },
    { "#NP(sel) on LLDT of an absent LDT (SDM vol. 2, LLDT)", 0, lldt_absent, NP, FREE_SEL(0), ldt_absent, 0, 0 },
    { "LLDT takes a null selector (SDM vol. 2, LLDT)", 0, lldt_null, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "#GP(0) on LTR with a null selector (SDM vol. 2, LTR)", 0, ltr_null, GP, 0, 0, 0, 0 },
    { "#GP(sel) on LTR of a busy TSS (SDM vol. 2, LTR)", 0, ltr_busy, GP, TSS_MAIN, 0, 0, 0 },
    { "#GP(sel) on LTR with an LDT selector (SDM vol. 2, LTR)", 0, ltr_local, GP, TSS_OTHER | 4, 0, 0, 0 },
    { "#NP(sel) on LTR of an absent TSS (SDM vol. 2, LTR)", 0, ltr_absent, NP, FREE_SEL(0), tss_absent, 0, 0 },
    { "#GP(sel) on LTR of an LDT (SDM vol. 2, LTR)", 0, ltr_ldt, GP, LDT_SEL, 0, 0, 0 },
    { "LTR marks the TSS busy (SDM 7.2.2)", 0, ltr_good, VECTOR_RETURNED, 0, 0, other_busy, 0 },
};
// clang-format on
SUITE(suite_segment, rows);
