/* checks_debug.c - breakpoints and single-step (SDM vol. 3, chapter 17). */
#include "guest.h"

#define DR(n, value) __asm__ volatile("movl %0, %%dr" #n ::"r"((uint32_t)(value)) : "memory")
#define TF_ON "pushfl\n\torl $0x100, (%%esp)\n\tpopfl\n\t"
/* DR7: enable breakpoint n (global), with R/W and LEN. */
#define ENABLE(n, rw, len) (2u << 2 * (n) | (rw) << (16 + 4 * (n)) | (len) << (18 + 4 * (n)) | 0x400)
enum { EXEC, WRITE, IO, READWRITE };

static uint32_t dr6(void)
{
    uint32_t value;
    __asm__ volatile("movl %%dr6, %0" : "=r"(value));
    return value;
}
/* Room below it, because one check makes it the stack that the trap is pushed on. */
static uint32_t data_room[64 + 16] __attribute__((aligned(64)));
#define data (data_room + 64)
RESULT(bs_only, dr6() == 0xffff4ff0)
RESULT(b0_only, dr6() == 0xffff0ff1)
RESULT(b1_only, dr6() == 0xffff0ff2)
RESULT(bd_only, (dr6() & 0xe00f) == 0x2000)
RESULT(both, dr6() == 0xffff4ff1)
RESULT(tf_off, bs_only() && (trap.eflags & 0x100))

/* ---- single step ---- */

BODY(step, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "nop\n1:\tnop" :::))
BODY(step_jump, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "jmp 1f\n\tnop\n1:\tnop" :::))
BODY(
    step_ss, __asm__ volatile("movl %%ss, %%ebx\n\tmovl $1f, expect_eip\n\t" TF_ON "movl %%ebx, %%ss\n\tnop\n1:\tnop" ::
                                  : "ebx"))
BODY(step_pop_ss,
    __asm__ volatile("pushl %%ss\n\tmovl $1f, expect_eip\n\tpushl $0x102\n\tpopfl\n\tpopl %%ss\n\tnop\n1:\tnop" ::
                         : "memory"))
BODY(step_sti, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "sti\n1:\tnop\n\tcli" :::))
BODY(step_rep, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "1:\trep stosb" ::"D"(data), "c"(5), "a"(0)
                                : "memory"))
BODY(step_popf_clear, __asm__ volatile("pushl $2\n\tpushl $0x102\n\tmovl $1f, expect_eip\n\tpopfl\n\tpopfl\n1:\tnop" ::
                                           : "memory"))
BODY(step_iret,
    __asm__ volatile("pushl $0x102\n\tpushl %%cs\n\tpushl $1f\n\tmovl $2f, expect_eip\n\tiret\n1:\tnop\n2:\tnop" ::
                         : "memory"))
BODY(step_int, __asm__ volatile(TF_ON "int $0x32" :::))
BODY(step_fault, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "1:\tud2" :::))
BODY(step_cpuid, __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "cpuid\n1:\tnop" ::"a"(0) : "ebx", "ecx", "edx"))
RESULT(rep_one, bs_only() && trap.ecx == 4 && trap.edi == (uint32_t)data + 1)
RESULT(no_bs, dr6() == 0xffff0ff0)
RESULT(tf_pushed, trap.eflags & 0x100)
BODY(icebp, __asm__ volatile("movl $1f, expect_eip\n\t.byte 0xf1\n1:" :::))

/* ---- instruction breakpoints ---- */

BODY(exec,
    __asm__ volatile(
        "movl $1f, %%eax\n\tmovl %%eax, expect_eip\n\tmovl %%eax, %%dr0\n\tmovl %0, %%dr7\n\tnop\n1:\tincl note" ::"r"(
            ENABLE(0, EXEC, 0))
        : "eax", "memory"))
BODY(exec_1,
    __asm__ volatile(
        "movl $1f, %%eax\n\tmovl %%eax, expect_eip\n\tmovl %%eax, %%dr1\n\tmovl %0, %%dr7\n\tnop\n1:\tincl note" ::"r"(
            ENABLE(1, EXEC, 0))
        : "eax", "memory"))
BODY(exec_off, __asm__ volatile("movl $1f, %%eax\n\tmovl %%eax, %%dr0\n\tnop\n1:\tincl note" ::: "eax", "memory"))
/* IRET with RF set goes over the breakpoint once. */
BODY(exec_rf, __asm__ volatile("movl $1f, %%eax\n\tmovl %%eax, %%dr0\n\tmovl %0, %%dr7\n\tpushl $0x10002\n\tpushl "
                               "%%cs\n\tpushl %%eax\n\tiret\n1:\tincl note" ::"r"(ENABLE(0, EXEC, 0))
                               : "eax", "memory"))
BODY(exec_rf_twice,
    __asm__ volatile("movl $1f, %%eax\n\tmovl %%eax, expect_eip\n\tmovl %%eax, %%dr0\n\tmovl %0, %%dr7\n\tpushl "
                     "$0x10002\n\tpushl %%cs\n\tpushl %%eax\n\tiret\n1:\tincl note\n\tjmp 1b" ::"r"(ENABLE(0, EXEC, 0))
                     : "eax", "memory"))
BODY(exec_fault,
    __asm__ volatile(
        "movl $1f, %%eax\n\tmovl %%eax, expect_eip\n\tmovl %%eax, %%dr0\n\tmovl %0, %%dr7\n\tnop\n1:\tud2" ::"r"(
            ENABLE(0, EXEC, 0))
        : "eax", "memory"))
BODY(exec_ss, __asm__ volatile("movl %%ss, %%ebx\n\tmovl $1f, %%eax\n\tmovl %%eax, %%dr0\n\tmovl %0, %%dr7\n\tmovl "
                               "%%ebx, %%ss\n1:\tincl note" ::"r"(ENABLE(0, EXEC, 0))
                               : "eax", "ebx", "memory"))
RESULT(not_run, b0_only() && note[0] == 0)
RESULT(not_run_1, b1_only() && note[0] == 0)
RESULT(not_run_rf, not_run() && !(trap.eflags & 0x10000))
RESULT(run_once, note[0] == 1)

/* ---- data breakpoints: a trap behind the access ---- */

#define WATCH(name, rw, len, offset, insn, ...)                             \
    BODY(name, DR(0, (uint32_t)data + (offset)); DR(7, ENABLE(0, rw, len)); \
         __asm__ volatile(TRAP(insn)::"r"(data), ##__VA_ARGS__              \
                          : "memory", "eax"))
WATCH(write_4, WRITE, 3, 4, "movl $7, 4(%0)")
WATCH(write_part, WRITE, 3, 4, "movb $7, 6(%0)")
WATCH(write_before, WRITE, 0, 7, "movl $7, 4(%0)")
WATCH(write_cross, WRITE, 1, 4, "movl $7, 1(%0)")
WATCH(write_rmw, WRITE, 3, 4, "incl 4(%0)")
WATCH(rw_read, READWRITE, 3, 4, "movl 4(%0), %%eax")
WATCH(rw_write, READWRITE, 3, 4, "movl %%eax, 4(%0)")
BODY(write_read, DR(0, data + 1); DR(7, ENABLE(0, WRITE, 3)); __asm__ volatile("movl 4(%0), %%eax" ::"r"(data) : "eax"))
BODY(write_beside, DR(0, data + 1); DR(7, ENABLE(0, WRITE, 3));
     __asm__ volatile("movl %%eax, (%0)\n\tmovl %%eax, 8(%0)" ::"r"(data)
                      : "memory"))
BODY(write_push_go, DR(0, data + 1); DR(7, ENABLE(0, WRITE, 3)); __asm__ volatile(
    "movl %%esp, %%ebx\n\tmovl $1f, expect_eip\n\tleal 8(%0), %%esp\n\tpushl $3\n1:\tmovl %%ebx, %%esp" ::"r"(data)
    : "ebx", "memory"))
BODY(write_rep, DR(0, data + 1); DR(7, ENABLE(0, WRITE, 3));
     __asm__ volatile("movl $1f, expect_eip\n1:\trep stosl" ::"D"(data), "c"(5), "a"(0)
                      : "memory"))
RESULT(rep_at_second, b0_only() && trap.ecx == 3 && trap.edi == (uint32_t)(data + 2))
BODY(write_and_step, DR(0, data + 1); DR(7, ENABLE(0, WRITE, 3));
     __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "movl $7, 4(%0)\n1:\tnop" ::"r"(data)
                      : "memory"))
BODY(write_fault, DR(0, PAGE(1) - 4); DR(7, ENABLE(0, WRITE, 3));
     __asm__ volatile(FAULT "movl %%ecx, (%0)" ::"r"(PAGE(1) - 2)
                      : "memory"))
BODY(page_absent, tables_32(); *pte(1) = 0; paging_on(0, 0))
RESULT(written, b0_only() && data[1] == 7)
BODY(clear, for (unsigned i = 0; i < 16; i++) data[i] = 0)

/* I/O breakpoints need CR4.DE. */
BODY(io, cr4_set(8); DR(0, 0x80); DR(7, ENABLE(0, IO, 0)); __asm__ volatile(TRAP("outb %%al, $0x80")::: "memory"))
BODY(io_in, cr4_set(8); DR(0, 0x80); DR(7, ENABLE(0, IO, 0)); __asm__ volatile(TRAP("inb $0x80, %%al")::: "eax"))
BODY(io_other, cr4_set(8); DR(0, 0x81); DR(7, ENABLE(0, IO, 0)); __asm__ volatile("outb %%al, $0x80" :::))

/* ---- the registers ---- */

BODY(gd_read, DR(7, 0x2400); __asm__ volatile(FAULT "movl %%dr0, %%eax" ::: "eax"))
BODY(gd_write, DR(7, 0x2400); __asm__ volatile(FAULT "movl %%eax, %%dr3" :::))
RESULT(gd_cleared, bd_only())
BODY(dr4_alias, __asm__ volatile("movl %%dr4, %%eax\n\tmovl %%eax, %0" : "=m"(note[0])::"eax"))
BODY(dr5_alias, DR(5, 0x600); __asm__ volatile("movl %%dr7, %0" : "=r"(note[0])))
BODY(dr4_de, cr4_set(8); __asm__ volatile(FAULT ".byte 0x0f, 0x21, 0xe0" ::: "eax"))
BODY(dr5_de, cr4_set(8); __asm__ volatile(FAULT ".byte 0x0f, 0x23, 0xe8" :::))
BODY(dr_user, __asm__ volatile(FAULT ".byte 0x0f, 0x21, 0xc0" ::: "eax"))
BODY(dr7_user, __asm__ volatile(FAULT ".byte 0x0f, 0x23, 0xf8" :::))
BODY(dr6_bits, DR(6, 0); __asm__ volatile("movl %%dr6, %0"
                                          : "=r"(note[0]));
     DR(6, 0xffffffff); __asm__ volatile("movl %%dr6, %0"
                                         : "=r"(note[1]));
     DR(6, 0))
BODY(dr7_bits, DR(7, 0); __asm__ volatile("movl %%dr7, %0"
                                          : "=r"(note[0]));
     DR(7, 0xffff0000); __asm__ volatile("movl %%dr7, %0"
                                         : "=r"(note[1])))
BODY(dr6_sticky, DR(6, 8); __asm__ volatile("movl $1f, expect_eip\n\t" TF_ON "nop\n1:\tnop" :::))
RESULT(dr6_fixed, note[0] == 0xffff0ff0 && (note[1] & 0xffff1fff) == 0xffff0fff)
RESULT(dr7_fixed, note[0] == 0x400 && note[1] == 0xffff0400)
RESULT(alias_6, note[0] == 0xffff0ff0)
RESULT(alias_7, note[0] == 0x600)
RESULT(sticky, dr6() == 0xffff4ff8)

// clang-format off
static const struct check rows[] = {
    { "single-step traps behind the instruction, DR6.BS set (SDM 17.3.1.4)", 0, step, DB, 0, 0, tf_off, 0 },
    { "single-step at level 3 (SDM 17.3.1.4)", 3, step, DB, 0, 0, bs_only, 0 },
    { "single-step traps at the target of a jump (SDM 17.3.1.4)", 0, step_jump, DB, 0, 0, bs_only, 0 },
    { "single-step waits for the instruction behind MOV SS (SDM 6.8.3)", 0, step_ss, DB, 0, 0, bs_only, 0 },
    { "single-step waits for the instruction behind POP SS (SDM 6.8.3)", 0, step_pop_ss, DB, 0, 0, 0, 0 },
    { "single-step traps behind STI (SDM 6.8.1)", 0, step_sti, DB, 0, 0, bs_only, 0 },
    { "single-step traps behind each iteration of REP (SDM 17.3.1.4)", 0, step_rep, DB, 0, 0, rep_one, 0 },
    { "POPF that clears TF still traps (SDM 17.3.1.4)", 0, step_popf_clear, DB, 0, 0, bs_only, 0 },
    { "IRET that sets TF traps behind the next instruction (SDM 17.3.1.4)", 0, step_iret, DB, 0, 0, bs_only, 0 },
    { "INT n clears TF and its own trap (SDM 17.3.1.4)", 0, step_int, VECTOR_KERNEL, 0, 0, no_bs, 0 },
    { "a fault comes instead of the single-step trap, with TF pushed (SDM 6.9)",
      0, step_fault, UD, 0, 0, tf_pushed, 0 },
    { "single-step traps behind CPUID (SDM 17.3.1.4)", 0, step_cpuid, DB, 0, 0, bs_only, 0 },
    { "INT1 is a #DB trap without DR6 bits, DPL or not (SDM vol. 2, INT1)", 3, icebp, DB, 0, 0, no_bs, 0 },
    { "an instruction breakpoint comes before the instruction (SDM 17.3.1.1)", 0, exec, DB, 0, 0, not_run, 0 },
    { "an instruction breakpoint in DR1 sets B1 (SDM 17.2.3)", 0, exec_1, DB, 0, 0, not_run_1, 0 },
    { "an instruction breakpoint does not set RF in the pushed EFLAGS (SDM 17.3.1.1)",
      0, exec, DB, 0, 0, not_run_rf, 0 },
    { "a breakpoint that is not enabled does nothing (SDM 17.2.4)", 0, exec_off, VECTOR_RETURNED, 0, 0, run_once, 0 },
    { "IRET with RF set passes an instruction breakpoint (SDM 17.3.1.1)",
      0, exec_rf, VECTOR_RETURNED, 0, 0, run_once, 0 },
    { "RF lasts for one instruction (SDM 17.3.1.1)", 0, exec_rf_twice, DB, 0, 0, run_once, 0 },
    { "an instruction breakpoint comes before the instruction's own fault (SDM 6.9)",
      0, exec_fault, DB, 0, 0, b0_only, 0 },
    { "MOV SS holds back an instruction breakpoint (SDM 6.8.3)", 0, exec_ss, VECTOR_RETURNED, 0, 0, run_once, 0 },
    { "a data breakpoint traps behind the write (SDM 17.3.1.2)", 0, write_4, DB, 0, clear, written, 0 },
    { "a write to a part of the watched dword traps (SDM 17.2.5)", 0, write_part, DB, 0, 0, b0_only, 0 },
    { "a dword write over a watched byte traps (SDM 17.2.5)", 0, write_before, DB, 0, 0, b0_only, 0 },
    { "a write that ends in the watched word traps (SDM 17.2.5)", 0, write_cross, DB, 0, 0, 0, 0 },
    { "a read-modify-write traps (SDM 17.3.1.2)", 0, write_rmw, DB, 0, 0, b0_only, 0 },
    { "a push traps (SDM 17.3.1.2)", 0, write_push_go, DB, 0, 0, b0_only, 0 },
    { "a read-or-write breakpoint traps behind a read (SDM 17.2.4)", 0, rw_read, DB, 0, 0, b0_only, 0 },
    { "a read-or-write breakpoint traps behind a write (SDM 17.2.4)", 0, rw_write, DB, 0, 0, b0_only, 0 },
    { "a write breakpoint ignores reads (SDM 17.2.4)", 0, write_read, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "a write beside the watched dword does not trap (SDM 17.2.5)", 0, write_beside, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "REP STOS traps behind the iteration that wrote (SDM 17.3.1.2)", 0, write_rep, DB, 0, 0, rep_at_second, 0 },
    { "a data breakpoint and single-step make one #DB (SDM 17.3.1.4)", 0, write_and_step, DB, 0, 0, both, 0 },
    { "a write that faults meets no data breakpoint (SDM 6.9)", 0, write_fault, PF, 2, page_absent, 0, 0 },
    { "an I/O breakpoint traps behind OUT (SDM 17.2.4)", 0, io, DB, 0, 0, b0_only, NEEDS_DE },
    { "an I/O breakpoint traps behind IN (SDM 17.2.4)", 0, io_in, DB, 0, 0, b0_only, NEEDS_DE },
    { "an I/O breakpoint ignores other ports (SDM 17.2.4)", 0, io_other, VECTOR_RETURNED, 0, 0, 0, NEEDS_DE },
    { "GD faults on a read of a debug register, DR6.BD set (SDM 17.3.1.3)", 0, gd_read, DB, 0, 0, gd_cleared, 0 },
    { "GD faults on a write of a debug register (SDM 17.3.1.3)", 0, gd_write, DB, 0, 0, gd_cleared, 0 },
    { "DR4 is DR6 without CR4.DE (SDM 17.2.2)", 0, dr4_alias, VECTOR_RETURNED, 0, 0, alias_6, 0 },
    { "DR5 is DR7 without CR4.DE (SDM 17.2.2)", 0, dr5_alias, VECTOR_RETURNED, 0, 0, alias_7, 0 },
    { "#UD on DR4 with CR4.DE (SDM 17.2.2)", 0, dr4_de, UD, 0, 0, 0, NEEDS_DE },
    { "#UD on DR5 with CR4.DE (SDM 17.2.2)", 0, dr5_de, UD, 0, 0, 0, NEEDS_DE },
    { "#GP(0) on MOV from DR0 at level 3 (SDM 17.2)", 3, dr_user, GP, 0, 0, 0, 0 },
    { "#GP(0) on MOV to DR7 at level 3 (SDM 17.2)", 3, dr7_user, GP, 0, 0, 0, 0 },
    { "reserved bits of DR6 are fixed (SDM figure 17-1)", 0, dr6_bits, VECTOR_RETURNED, 0, 0, dr6_fixed, 0 },
    { "reserved bits of DR7 are fixed (SDM figure 17-1)", 0, dr7_bits, VECTOR_RETURNED, 0, 0, dr7_fixed, 0 },
    { "the processor never clears DR6 (SDM 17.2.3)", 0, dr6_sticky, DB, 0, 0, sticky, 0 },
};
// clang-format on
SUITE(suite_debug, rows);
