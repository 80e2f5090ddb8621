/* checks_privilege.c - privileged instructions, I/O rights, control registers, MSRs, SYSENTER, alignment, invalid
 * opcodes (SDM vol. 3, 2.5, 2.8, 5.9; vol. 1, chapter 19). */
#include "guest.h"

#define INSN(name, insn, ...) BODY(name, __asm__ volatile(FAULT insn ::__VA_ARGS__))
static uint32_t memory[4] __attribute__((aligned(64)));

/* ---- level 0 only ---- */

INSN(hlt, "hlt")
INSN(clts, "clts")
INSN(lgdt_, "lgdt (%0)", "r"(memory))
INSN(lidt_, "lidt (%0)", "r"(memory))
INSN(lldt_, "lldt %w0", "r"(0))
INSN(ltr_, "ltr %w0", "r"(TSS_OTHER))
INSN(lmsw_, "lmsw %w0", "r"(1))
INSN(mov_cr0, "movl %%cr0, %%eax")
INSN(mov_to_cr0, "movl %%eax, %%cr0")
INSN(mov_cr2, "movl %%cr2, %%eax")
INSN(mov_to_cr3, "movl %%eax, %%cr3")
INSN(mov_cr4, "movl %%cr4, %%eax")
INSN(invlpg_, "invlpg (%0)", "r"(memory))
INSN(invd_, "invd")
INSN(wbinvd_, "wbinvd")
INSN(rdmsr_, "rdmsr", "c"(0x10))
INSN(wrmsr_, "wrmsr", "c"(0x10))
INSN(rdpmc_, "rdpmc", "c"(0))
INSN(cli_, "cli")
INSN(sti_, "sti")
INSN(in_, "inb $0x60, %%al")
INSN(in_dx, "inl %%dx, %%eax", "d"(0x60))
INSN(out_, "outb %%al, $0x60")
INSN(ins_, "insb", "d"(0x60), "D"(memory))
INSN(outs_, "outsb", "d"(0x60), "S"(memory))
INSN(sysexit_, "sysexit", "c"(0), "d"(0))

/* ---- what level 3 may do ---- */

BODY(smsw, __asm__ volatile("smsw %%eax\n\tmovl %%eax, %0" : "=m"(note[0])::"eax"))
BODY(sgdt, __asm__ volatile("sgdt (%0)\n\tsidt 8(%0)" ::"r"(memory) : "memory"))
BODY(str_sldt, __asm__ volatile("str %w0\n\tsldt %w1" : "=r"(note[0]), "=r"(note[1])))
BODY(str_32, __asm__ volatile("movl $-1, %%eax\n\tstr %%eax\n\tmovl %%eax, %0" : "=m"(note[0])::"eax"))
BODY(str_mem, memory[0] = 0xffffffff; __asm__ volatile("strw (%0)" ::"r"(memory) : "memory"))
RESULT(smsw_did, (note[0] & 0x11) == 0x11)
static bool sgdt_did(void)
{
    const uint16_t *w = (const uint16_t *)memory;
    return w[0] == sizeof(gdt) - 1 && w[1] == (uint16_t)(uint32_t)gdt && w[2] == (uint32_t)gdt >> 16 &&
           w[4] == sizeof(idt) - 1 && w[5] == (uint16_t)(uint32_t)idt;
}
RESULT(str_did, (note[0] & 0xffff) == TSS_MAIN && (note[1] & 0xffff) == 0)
RESULT(str_32_did, note[0] == TSS_MAIN)
RESULT(str_mem_did, memory[0] == (0xffff0000 | TSS_MAIN))
/* With a 16-bit operand LGDT takes 24 bits of base: a GDT copy below 16 MB, garbage above. */
BODY(lgdt16, ((uint16_t *)memory)[0] = sizeof(gdt) - 1; ((uint16_t *)memory)[1] = (uint16_t)(uint32_t)gdt;
     ((uint16_t *)memory)[2] = (uint16_t)((uint32_t)gdt >> 16 | 0xab00);
     __asm__ volatile("lgdtw (%0)\n\tsgdt 8(%0)" ::"r"(memory)
                      : "memory"))
RESULT(base_24, memory[2] >> 16 == (uint16_t)(uint32_t)gdt && (uint16_t)memory[3] == (uint32_t)gdt >> 16)

/* ---- I/O ---- */

static void allow(unsigned port)
{
    tss_main.io[port / 8] &= (uint8_t) ~(1u << (port & 7));
}
BODY(io_60, allow(0x60))
BODY(io_60_63, for (unsigned p = 0x60; p < 0x64; p++) allow(p))
BODY(io_60_62, for (unsigned p = 0x60; p < 0x63; p++) allow(p))
BODY(io_6e, for (unsigned p = 0x6e; p < 0x72; p++) allow(p))
/* The map's second byte must lie within the limit, too. */
BODY(io_short, allow(0x60);
     GDT_ENTRY(TSS_OTHER) = desc((uint32_t)&tss_main, offsetof(struct tss32, io) + 0x60 / 8, A_TSS32, 0);
     load_tr(TSS_OTHER))
BODY(io_enough, allow(0x60);
     GDT_ENTRY(TSS_OTHER) = desc((uint32_t)&tss_main, offsetof(struct tss32, io) + 0x60 / 8 + 1, A_TSS32, 0);
     load_tr(TSS_OTHER))
BODY(io_base_high, tss_main.iomap = 0xffff)
BODY(in_go, __asm__ volatile("inb $0x60, %%al" ::: "eax"))
BODY(in_32, __asm__ volatile("inl $0x60, %%eax" ::: "eax"))
INSN(in_32_fault, "inl $0x60, %%eax")
BODY(in_32_cross, __asm__ volatile("inl $0x6e, %%eax" ::: "eax"))
BODY(rep_outs, __asm__ volatile("movl %%ecx, %0\n\trep outsb\n\tmovl %%ecx, %0\n\tmovl %%esi, %1"
                                : "=m"(note[0]), "=m"(note[1])
                                : "d"(0x80), "S"(memory), "c"(3)))
RESULT(outs_did, note[0] == 0 && note[1] == (uint32_t)memory + 3)
BODY(rep_ins_zero, __asm__ volatile("rep insb" ::"d"(0x61), "D"(memory), "c"(0) : "memory"))
/* A body at level 3 with IOPL 3. */
static void iopl3_with(void (*body)(void), uint32_t flags)
{
    __asm__ volatile(
        "movw %w0, %%ds\n\tmovw %w0, %%es\n\tpushl %0\n\tpushl %1\n\tpushl %4\n\tpushl %2\n\tpushl %3\n\tiret" ::"r"(
            UDATA),
        "r"(user_stack_top - 4), "r"(UCODE), "r"(body), "r"(flags));
}
static void iopl3(void (*body)(void))
{
    iopl3_with(body, 0x3002);
}
BODY(in_iopl3, iopl3(in_go))
BODY(cli_go, __asm__ volatile("cli\n\tsti\n\tcli" :::))
BODY(cli_iopl3, iopl3(cli_go))
BODY(hlt_iopl3, iopl3(hlt))

/* ---- time, counters ---- */

BODY(rdtsc_, __asm__ volatile("rdtsc" ::: "eax", "edx"))
INSN(rdtsc_fault, "rdtsc")
BODY(tsd, cr4_set(4))
BODY(rdtsc_0, cr4_set(4); __asm__ volatile("rdtsc" ::: "eax", "edx"))
BODY(tsc_write, wrmsr(0x10, 0x123456789abull); note[0] = (uint32_t)(rdmsr(0x10) >> 32))
RESULT(tsc_did, note[0] == 0x123)

/* ---- control registers ---- */

#define CR0_FAULT(value) __asm__ volatile(FAULT "movl %0, %%cr0" ::"r"(value))
BODY(nw_without_cd, CR0_FAULT(0x20000011))
BODY(cr0_et, cr0_set(1); note[0] = cr0_read())
RESULT(et_set, note[0] & 0x10)
BODY(cr4_reserved, __asm__ volatile(FAULT "movl %0, %%cr4" ::"r"(0x8000)))
BODY(cr1, __asm__ volatile(FAULT ".byte 0x0f, 0x20, 0xc8" :::))
BODY(cr7, __asm__ volatile(FAULT ".byte 0x0f, 0x22, 0xf8" :::))
BODY(cr1_user, __asm__ volatile(FAULT ".byte 0x0f, 0x20, 0xc8" :::))
/* MOV to CRn is a register form whatever the mod field says. */
BODY(cr_mod, __asm__ volatile(".byte 0x0f, 0x20, 0x00\n\tmovl %%eax, %0" : "=m"(note[0])::"eax"))
RESULT(cr_mod_did, (note[0] & 0x11) == 0x11)
BODY(lmsw_pe, __asm__ volatile("lmsw %w0" ::"r"(0)); note[0] = cr0_read())
BODY(lmsw_ts, __asm__ volatile("lmsw %w0" ::"r"(0xfffb)); note[0] = cr0_read(); cr0_set(0x11))
RESULT(pe_kept, note[0] & 1)
RESULT(lmsw_low, (note[0] & 0x1f) == 0x1b && !(note[0] & 0x50000))
BODY(clts_did, cr0_set(0x19); __asm__ volatile("clts"); note[0] = cr0_read())
RESULT(ts_clear, !(note[0] & 8))
BODY(ts, cr0_set(0x19))
BODY(em, cr0_set(0x15))
BODY(mp, cr0_set(0x13))
BODY(mp_ts, cr0_set(0x1b))
INSN(fninit, "fninit")
INSN(fwait_, ".byte 0x9b")
BODY(fwait_go, __asm__ volatile("fwait"))
INSN(emms_, "emms")

/* ---- MSRs ---- */

INSN(msr_unknown, "rdmsr", "c"(0x7fffffff))
INSN(msr_unknown_write, "wrmsr", "c"(0x7fffffff), "a"(0), "d"(0))
INSN(efer_reserved, "wrmsr", "c"(0xc0000080), "a"(2), "d"(0))
INSN(pat_type, "wrmsr", "c"(0x277), "a"(2), "d"(0))
BODY(pat_good, wrmsr(0x277, 0x0007040600070405ull); note[0] = (uint32_t)rdmsr(0x277);
     wrmsr(0x277, 0x0007040600070406ull))
RESULT(pat_did, note[0] == 0x00070405)

/* ---- SYSENTER, SYSEXIT ---- */

void fast_entry(void);
__asm__(".text\n.globl fast_entry\nfast_entry:\n\tmovl %cs, %eax\n\tmovl %eax, note\n\tmovl %ss, %eax\n\tmovl %eax, "
        "note+4\n\tmovl %esp, note+8\n\tpushfl\n\tpopl note+12\n\tint $0x32\n");
BODY(sep, wrmsr(0x174, KCODE); wrmsr(0x175, (uint32_t)trap_stack_top - 256); wrmsr(0x176, (uint32_t)fast_entry))
BODY(sep_null, sep(); wrmsr(0x174, 3))
BODY(sysenter, __asm__ volatile("sysenter" ::: "memory"))
INSN(sysenter_fault, "sysenter")
BODY(sysenter_if, iopl3_with(sysenter, 0x3202))
BODY(sysexit, __asm__ volatile("movl %0, %%ecx\n\tmovl %1, %%edx\n\tsysexit" ::"i"(user_stack_top), "i"(user_done)
                               : "ecx", "edx"))
INSN(sysexit_fault, "sysexit")
RESULT(entered, (note[0] & 0xffff) == KCODE && (note[1] & 0xffff) == KDATA &&
                    note[2] == (uint32_t)trap_stack_top - 256 && !(note[3] & 0x200))
RESULT(exited, trap.cs == UCODE && trap.ss == UDATA && trap.esp == (uint32_t)user_stack_top)

/* ---- alignment ---- */

#define AC_ON "pushl $0x40002\n\tpopfl\n\t"
#define AC(name, insn, offset) \
    BODY(name, __asm__ volatile(AC_ON FAULT insn ::"r"((uint32_t)memory + (offset)) : "eax", "memory"))
AC(ac_read, "movl (%0), %%eax", 2)
AC(ac_write, "movw %%ax, (%0)", 1)
AC(ac_rmw, "incl (%0)", 1)
AC(ac_push, "pushl 1(%0)\n\tpopl %%eax", 0)
BODY(ac_fine,
    __asm__ volatile(AC_ON "movl (%0), %%eax\n\tmovw 2(%0), %%ax\n\tmovb 3(%0), %%al\n\tpushl $2\n\tpopfl" ::"r"(memory)
                     : "eax"))
BODY(ac_unaligned_go, __asm__ volatile(AC_ON "movl 1(%0), %%eax\n\tpushl $2\n\tpopfl" ::"r"(memory) : "eax"))
BODY(ac_flag_off, __asm__ volatile("movl 1(%0), %%eax" ::"r"(memory) : "eax"))
BODY(am, cr0_set(0x40011))

/* ---- invalid opcodes ---- */

INSN(ud0, ".byte 0x0f, 0xff, 0xc0")
INSN(ud1, ".byte 0x0f, 0xb9, 0xc0")
INSN(ud2, ".byte 0x0f, 0x0b")
INSN(rsm, ".byte 0x0f, 0xaa")
INSN(lock_nop, ".byte 0xf0, 0x90")
INSN(lock_reg, ".byte 0xf0, 0x01, 0xc0")
INSN(lock_mov, ".byte 0xf0, 0x89, 0x00", "a"(memory))
INSN(mov_cs, ".byte 0x8e, 0xc8")
INSN(mov_sreg6, ".byte 0x8e, 0xf0")
INSN(lea_reg, ".byte 0x8d, 0xc0")
INSN(les_reg, ".byte 0xc4, 0xc0")
INSN(ff7, ".byte 0xff, 0xf8")
INSN(lgdt_reg, ".byte 0x0f, 0x01, 0xd0")
INSN(too_long, ".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90")
BODY(long_15,
    __asm__ volatile(".byte 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x90"))
BODY(far_end, __asm__ volatile("movl $0x1000, expect_eip\n\tpushl %0\n\tpushl $0xfff\n\tlret" ::"i"(FREE_SEL(0))
                               : "memory"))
/* The last byte of a segment is a NOP; the next fetch is beyond the limit. */
static uint8_t code_page[4098] __attribute__((aligned(4096)));
BODY(code_end, code_page[0xfff] = 0x90; code_page[0x1000] = 0xcd; code_page[0x1001] = VECTOR_USER;
     slot(0, (uint32_t)code_page, 0xfff, A_CODE, F_32))
RESULT(beyond, trap.cs == FREE_SEL(0) && trap.eip == 0x1000)

#define GP0(name, body, section)                                                   \
    {                                                                              \
        "#GP(0) on " name " at level 3 (SDM " section ")", 3, body, GP, 0, 0, 0, 0 \
    }
// clang-format off
static const struct check rows[] = {
    GP0("HLT", hlt, "5.9"),
    GP0("CLTS", clts, "5.9"),
    GP0("LGDT", lgdt_, "5.9"),
    GP0("LIDT", lidt_, "5.9"),
    GP0("LLDT", lldt_, "5.9"),
    GP0("LTR", ltr_, "5.9"),
    GP0("LMSW", lmsw_, "5.9"),
    GP0("MOV from CR0", mov_cr0, "5.9"),
    GP0("MOV to CR0", mov_to_cr0, "5.9"),
    GP0("MOV from CR2", mov_cr2, "5.9"),
    GP0("MOV to CR3", mov_to_cr3, "5.9"),
    GP0("MOV from CR4", mov_cr4, "5.9"),
    GP0("INVLPG", invlpg_, "5.9"),
    GP0("INVD", invd_, "5.9"),
    GP0("WBINVD", wbinvd_, "5.9"),
    GP0("RDMSR", rdmsr_, "5.9"),
    GP0("WRMSR", wrmsr_, "5.9"),
    { "#GP(0) on RDPMC without CR4.PCE at level 3 (SDM 5.9)", 3, rdpmc_, GP, 0, 0, 0, NEEDS_MMX },
    GP0("CLI with IOPL 0", cli_, "vol. 1, 19.5.1"),
    GP0("STI with IOPL 0", sti_, "vol. 1, 19.5.1"),
    GP0("IN that the bitmap denies", in_, "vol. 1, 19.5.2"),
    GP0("IN from DX that the bitmap denies", in_dx, "vol. 1, 19.5.2"),
    GP0("OUT that the bitmap denies", out_, "vol. 1, 19.5.2"),
    GP0("INS that the bitmap denies", ins_, "vol. 1, 19.5.2"),
    GP0("OUTS that the bitmap denies", outs_, "vol. 1, 19.5.2"),
    { "#GP(0) on SYSEXIT at level 3 (SDM vol. 2, SYSEXIT)", 3, sysexit_, GP, 0, 0, 0, NEEDS_SEP },
    { "#GP(0) on HLT at level 3 with IOPL 3 (SDM 5.9)", 0, hlt_iopl3, GP, 0, 0, 0, 0 },
    { "SMSW at level 3 gives CR0 (SDM vol. 2, SMSW)", 3, smsw, VECTOR_DONE, 0, 0, smsw_did, 0 },
    { "SGDT and SIDT at level 3 give limit and base (SDM vol. 2, SGDT)", 3, sgdt, VECTOR_DONE, 0, 0, sgdt_did, 0 },
    { "STR and SLDT at level 3 give selectors (SDM vol. 2, STR)", 3, str_sldt, VECTOR_DONE, 0, 0, str_did, 0 },
    { "STR to a 32-bit register clears its upper half (SDM vol. 2, STR)",
      0, str_32, VECTOR_RETURNED, 0, 0, str_32_did, 0 },
    { "STR to memory writes 16 bits (SDM vol. 2, STR)", 0, str_mem, VECTOR_RETURNED, 0, 0, str_mem_did, 0 },
    { "LGDT with a 16-bit operand takes 24 bits of base (SDM vol. 2, LGDT)",
      0, lgdt16, VECTOR_RETURNED, 0, 0, base_24, 0 },
    { "IN that the bitmap allows (SDM vol. 1, 19.5.2)", 3, in_go, VECTOR_DONE, 0, io_60, 0, 0 },
    { "IN of a dword needs four clear bits (SDM vol. 1, 19.5.2)", 3, in_32, VECTOR_DONE, 0, io_60_63, 0, 0 },
    { "#GP(0) on IN of a dword with one bit set (SDM vol. 1, 19.5.2)", 3, in_32_fault, GP, 0, io_60_62, 0, 0 },
    { "IN of a dword across a byte of the bitmap (SDM vol. 1, 19.5.2)", 3, in_32_cross, VECTOR_DONE, 0, io_6e, 0, 0 },
    { "#GP(0) when the bitmap's next byte lies beyond the TSS limit (SDM vol. 1, 19.5.2)",
      3, in_, GP, 0, io_short, 0, 0 },
    { "a bitmap that just lies within the TSS limit (SDM vol. 1, 19.5.2)", 3, in_go, VECTOR_DONE, 0, io_enough, 0, 0 },
    { "#GP(0) when the bitmap's base lies beyond the TSS limit (SDM vol. 1, 19.5.2)",
      3, in_, GP, 0, io_base_high, 0, 0 },
    { "IN with IOPL 3 ignores the bitmap in protected mode (SDM vol. 1, 19.5.2)",
      0, in_iopl3, VECTOR_DONE, 0, 0, 0, 0 },
    { "CLI and STI at level 3 with IOPL 3 (SDM vol. 1, 19.5.1)", 0, cli_iopl3, VECTOR_DONE, 0, 0, 0, 0 },
    { "REP OUTS counts and advances (SDM vol. 2, OUTS)", 0, rep_outs, VECTOR_RETURNED, 0, 0, outs_did, 0 },
    { "REP INS with a count of 0 checks nothing (SDM vol. 2, REP)", 3, rep_ins_zero, VECTOR_DONE, 0, 0, 0, 0 },
    { "RDTSC at level 3 (SDM vol. 2, RDTSC)", 3, rdtsc_, VECTOR_DONE, 0, 0, 0, NEEDS_TSC },
    { "#GP(0) on RDTSC at level 3 with CR4.TSD (SDM vol. 2, RDTSC)", 3, rdtsc_fault, GP, 0, tsd, 0, NEEDS_TSC },
    { "RDTSC at level 0 with CR4.TSD (SDM vol. 2, RDTSC)", 0, rdtsc_0, VECTOR_RETURNED, 0, 0, 0, NEEDS_TSC },
    { "WRMSR sets the time-stamp counter (SDM 17.17)", 0, tsc_write, VECTOR_RETURNED, 0, 0, tsc_did, NEEDS_MSR },
    { "#GP(0) on CR0.NW without CD (SDM 2.5)", 0, nw_without_cd, GP, 0, 0, 0, 0 },
    { "CR0.ET cannot be cleared (SDM 2.5)", 0, cr0_et, VECTOR_RETURNED, 0, 0, et_set, 0 },
    { "#GP(0) on a reserved bit of CR4 (SDM 2.5)", 0, cr4_reserved, GP, 0, 0, 0, NEEDS_DE | HANGS_QEMU },
    { "#UD on MOV from CR1 (SDM vol. 2, MOV)", 0, cr1, UD, 0, 0, 0, 0 },
    { "#UD on MOV to CR7 (SDM vol. 2, MOV)", 0, cr7, UD, 0, 0, 0, 0 },
    { "#UD on MOV from CR1 comes before privilege (SDM table 6-2)", 3, cr1_user, UD, 0, 0, 0, 0 },
    { "MOV from CR0 ignores the mod field (SDM vol. 2, MOV)", 0, cr_mod, VECTOR_RETURNED, 0, 0, cr_mod_did, 0 },
    { "LMSW cannot clear PE (SDM vol. 2, LMSW)", 0, lmsw_pe, VECTOR_RETURNED, 0, 0, pe_kept, 0 },
    { "LMSW loads four bits alone (SDM vol. 2, LMSW)", 0, lmsw_ts, VECTOR_RETURNED, 0, 0, lmsw_low, 0 },
    { "CLTS clears TS (SDM vol. 2, CLTS)", 0, clts_did, VECTOR_RETURNED, 0, 0, ts_clear, 0 },
    { "#NM on x87 with TS (SDM table 9-2)", 3, fninit, NM, 0, ts, 0, 0 },
    { "#NM on x87 with EM (SDM table 9-2)", 3, fninit, NM, 0, em, 0, 0 },
    { "#NM on WAIT with MP and TS (SDM 2.5)", 3, fwait_, NM, 0, mp_ts, 0, 0 },
    { "WAIT with TS alone (SDM 2.5)", 3, fwait_go, VECTOR_DONE, 0, ts, 0, 0 },
    { "WAIT with MP alone (SDM 2.5)", 3, fwait_go, VECTOR_DONE, 0, mp, 0, 0 },
    { "#NM on MMX with TS (SDM 12.1)", 3, emms_, NM, 0, ts, 0, NEEDS_MMX },
    { "#UD on MMX with EM (SDM 12.1)", 3, emms_, UD, 0, em, 0, NEEDS_MMX },
    { "#GP(0) on RDMSR of an unknown register (SDM vol. 2, RDMSR)", 0, msr_unknown, GP, 0, 0, 0, NEEDS_MSR },
    { "#GP(0) on WRMSR of an unknown register (SDM vol. 2, WRMSR)", 0, msr_unknown_write, GP, 0, 0, 0, NEEDS_MSR },
    { "#GP(0) on a reserved bit of EFER (SDM vol. 2, WRMSR)", 0, efer_reserved, GP, 0, 0, 0, NEEDS_NX },
    { "#GP(0) on a reserved memory type in PAT (SDM 11.12.2)", 0, pat_type, GP, 0, 0, 0, NEEDS_PAT },
    { "PAT keeps what is written (SDM 11.12.2)", 0, pat_good, VECTOR_RETURNED, 0, 0, pat_did, NEEDS_PAT },
    { "SYSENTER enters level 0 with CS, SS, EIP, ESP of the MSRs (SDM 5.8.7)",
      3, sysenter, VECTOR_KERNEL, 0, sep, entered, NEEDS_SEP },
    { "SYSENTER clears IF (SDM vol. 2, SYSENTER)", 0, sysenter_if, VECTOR_KERNEL, 0, sep, entered, NEEDS_SEP },
    { "#GP(0) on SYSENTER with a null CS MSR (SDM vol. 2, SYSENTER)",
      3, sysenter_fault, GP, 0, sep_null, 0, NEEDS_SEP },
    { "SYSEXIT goes to level 3 with CS + 16 and CS + 24 (SDM 5.8.7)",
      0, sysexit, VECTOR_DONE, 0, sep, exited, NEEDS_SEP },
    { "#GP(0) on SYSEXIT with a null CS MSR (SDM vol. 2, SYSEXIT)", 0, sysexit_fault, GP, 0, sep_null, 0, NEEDS_SEP | HANGS_QEMU },
    { "#AC(0) on a dword off a 4-byte boundary (SDM 6.15, vector 17)", 3, ac_read, AC, 0, am, 0, 0 },
    { "#AC(0) on a word off a 2-byte boundary (SDM 6.15, vector 17)", 3, ac_write, AC, 0, am, 0, 0 },
    { "#AC(0) on a read-modify-write (SDM 6.15, vector 17)", 3, ac_rmw, AC, 0, am, 0, 0 },
    { "#AC(0) on the operand of a push leaves ESP (SDM 6.15, vector 17)", 3, ac_push, AC, 0, am, 0, 0 },
    { "aligned accesses with AC set (SDM 6.15, vector 17)", 3, ac_fine, VECTOR_DONE, 0, am, 0, 0 },
    { "no #AC at level 0 (SDM 6.15, vector 17)", 0, ac_unaligned_go, VECTOR_RETURNED, 0, am, 0, 0 },
    { "no #AC without CR0.AM (SDM 6.15, vector 17)", 3, ac_unaligned_go, VECTOR_DONE, 0, 0, 0, 0 },
    { "no #AC without EFLAGS.AC (SDM 6.15, vector 17)", 3, ac_flag_off, VECTOR_DONE, 0, am, 0, 0 },
    { "#UD on UD0 (SDM vol. 2, UD)", 3, ud0, UD, 0, 0, 0, 0 },
    { "#UD on UD1 (SDM vol. 2, UD)", 3, ud1, UD, 0, 0, 0, 0 },
    { "#UD on UD2 (SDM vol. 2, UD)", 0, ud2, UD, 0, 0, 0, 0 },
    { "#UD on RSM outside SMM (SDM vol. 2, RSM)", 0, rsm, UD, 0, 0, 0, 0 },
    { "#UD on LOCK NOP (SDM vol. 2, LOCK)", 0, lock_nop, UD, 0, 0, 0, 0 },
    { "#UD on LOCK with a register destination (SDM vol. 2, LOCK)", 3, lock_reg, UD, 0, 0, 0, 0 },
    { "#UD on LOCK MOV (SDM vol. 2, LOCK)", 3, lock_mov, UD, 0, 0, 0, 0 },
    { "#UD on MOV to CS (SDM vol. 2, MOV)", 0, mov_cs, UD, 0, 0, 0, 0 },
    { "#UD on MOV to segment register 6 (SDM vol. 2, MOV)", 0, mov_sreg6, UD, 0, 0, 0, 0 },
    { "#UD on LEA of a register (SDM vol. 2, LEA)", 0, lea_reg, UD, 0, 0, 0, 0 },
    { "#UD on LES of a register (SDM vol. 2, LDS)", 0, les_reg, UD, 0, 0, 0, 0 },
    { "#UD on FF /7 (SDM vol. 2, table A-6)", 0, ff7, UD, 0, 0, 0, 0 },
    { "#UD on LGDT of a register (SDM vol. 2, LGDT)", 0, lgdt_reg, UD, 0, 0, 0, 0 },
    { "#GP(0) on an instruction of 16 bytes (SDM vol. 2, 2.3.11)", 3, too_long, GP, 0, 0, 0, 0 },
    { "an instruction of 15 bytes (SDM vol. 2, 2.3.11)", 3, long_15, VECTOR_DONE, 0, 0, 0, 0 },
    { "#GP(0) on running beyond the limit of CS (SDM 5.3)", 0, far_end, GP, 0, code_end, beyond, 0 },
};
// clang-format on
SUITE(suite_privilege, rows);
