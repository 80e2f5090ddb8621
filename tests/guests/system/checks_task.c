/* checks_task.c - hardware task switches (SDM vol. 3, chapter 7). The second task is TSS_OTHER at level 0; slot 0 is a
 * TSS or task gate of the check's own, slot 1 a segment that does not fit. */
#include "guest.h"

#define OTHER_BUSY (GDT_ENTRY(TSS_OTHER).high >> 9 & 1)
#define MAIN_BUSY (GDT_ENTRY(TSS_MAIN).high >> 9 & 1)

/* The second task: notes what it was started with, and ends the check from its own context. */
void other_task(void);
__asm__(".text\n.globl other_task\nother_task:\n\tmovl %eax, note\n\tmovl %edi, note+4\n\tpushfl\n\tpopl "
        "note+8\n\tmovl %esp, note+12\n\t"
        "movl %cr3, %eax\n\tmovl %eax, note+16\n\tint $0x32\n");
/* The second task that goes back, and then on. */
void other_returns(void);
__asm__(".text\n.globl other_returns\nother_returns:\n\tincl note\n\tiret\n\tincl note\n\tiret\n");

static void task(void)
{
    tss_other.eip = (uint32_t)other_task;
    tss_other.eax = 0x11112222;
    tss_other.edi = 0x33334444;
    tss_other.eflags = 0xcd7 | 2;
    tss_other.cr3 = 0;
}
BODY(returning, task(); tss_other.eip = (uint32_t)other_returns; tss_other.eflags = 2)

BODY(jump,
    __asm__ volatile(
        "movl $0x55556666, %%esi\n\tmovl $0x77778888, %%ebp\n\tmovl %%esp, %0\n\tmovl $1f, %1\n\tstc\n\tljmp %2, $0\n1:"
        : "=m"(note[6]), "=m"(note[7])
        : "i"(TSS_OTHER)
        : "esi"))
BODY(call, __asm__ volatile("movl $1f, %0\n\tlcall %1, $0\n1:" : "=m"(note[7]) : "i"(TSS_OTHER)))
BODY(jump_self, __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(TSS_MAIN)))
BODY(call_self, __asm__ volatile(FAULT "lcall %0, $0" ::"i"(TSS_MAIN)))
BODY(jump_local, __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(4)))
BODY(jump_slot, __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(FREE_SEL(0))))
BODY(jump_slot_rpl3, __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(FREE_SEL(0) | 3)))
BODY(call_slot, __asm__ volatile(FAULT "lcall %0, $0" ::"i"(FREE_SEL(0) | 3)))
BODY(call_slot_go, __asm__ volatile("movl $1f, %0\n\tlcall %1, $0\n1:" : "=m"(note[7]) : "i"(FREE_SEL(0) | 3)))
BODY(int_task, __asm__ volatile("movl $1f, %0\n\tint $0x60\n1:" : "=m"(note[7])))
BODY(int_task_fault, __asm__ volatile(FAULT "int $0x60" :::))
BODY(ud2, __asm__ volatile("movl $1f, %0\n1:\tud2" : "=m"(note[7])))
BODY(gp, __asm__ volatile("movl $1f, %0\n1:\tmovw %w1, %%ds" : "=m"(note[7]) : "r"(0x7c0)))
BODY(call_twice, __asm__ volatile("lcall %1, $0\n\tmovl %%eax, %0\n\tlcall %1, $0"
                                  : "=m"(note[1])
                                  : "i"(TSS_OTHER)
                                  : "memory"))

/* ---- results, seen from the second task by its `int $VECTOR_KERNEL` ---- */

static bool loaded(void)
{
    return trap.tr == TSS_OTHER && note[0] == 0x11112222 && note[1] == 0x33334444 && (note[2] & 0xcff) == 0xcd7 &&
           note[3] == tss_other.esp && !(note[2] & 0x4000);
}
static bool saved(void)
{
    return tss_main.eip == note[7] && tss_main.esi == 0x55556666 && tss_main.ebp == 0x77778888 &&
           tss_main.esp == note[6] && (tss_main.eflags & 3) == 3 && (tss_main.cs & 0xffff) == KCODE &&
           (tss_main.ds & 0xffff) == KDATA && (tss_main.ss & 0xffff) == KDATA;
}
RESULT(busy_jump, OTHER_BUSY && !MAIN_BUSY)
RESULT(busy_call, OTHER_BUSY == 1 && MAIN_BUSY == 1)
RESULT(ts_set, trap.cr0 & 8)
RESULT(nested, tss_other.link == TSS_MAIN && (note[2] & 0x4000) && tss_main.eip == note[7])
RESULT(not_nested, tss_other.link == 0 && !(note[2] & 0x4000))
RESULT(returned, note[0] == 1 && !OTHER_BUSY && MAIN_BUSY && !(tss_other.eflags & 0x4000) &&
                     tss_other.eip == (uint32_t)other_returns + 7)
RESULT(went_on, note[0] == 2)
RESULT(error_pushed, note[3] == (uint32_t)(stack_other + sizeof(stack_other)) - 4 &&
                         *(uint32_t *)(stack_other + sizeof(stack_other) - 4) == 0x7c0)
RESULT(no_error_pushed, note[3] == (uint32_t)(stack_other + sizeof(stack_other)) && tss_main.eip == note[7])
RESULT(rf_saved, tss_main.eflags & 0x10000)
RESULT(user_saved, (tss_main.cs & 0xffff) == UCODE && tss_main.eip == note[7])
RESULT(unchanged, !OTHER_BUSY && MAIN_BUSY && tss_other.link == 0)

/* ---- what does not work ---- */

static void slot_tss(uint32_t access, uint32_t limit)
{
    task();
    slot(0, (uint32_t)&tss_other, limit, access, 0);
}
BODY(tss_dpl0, slot_tss(A_TSS32, 0x67))
BODY(tss_dpl2, slot_tss(A_TSS32 | A_DPL(2), 0x67))
BODY(tss_absent, slot_tss(A_ABSENT(A_TSS32) | A_DPL(3), 0x67))
BODY(tss_dpl0_absent, slot_tss(A_ABSENT(A_TSS32), 0x67))
BODY(tss_short, slot_tss(A_TSS32 | A_DPL(3), 0x66))
BODY(ldt_tss, task(); ldt[0] = GDT_ENTRY(TSS_OTHER); load_ldt(LDT_SEL))
static void task_gate(uint32_t selector, uint32_t access)
{
    task();
    GDT_ENTRY(FREE_SEL(0)) = gate(selector, 0, access, 0);
}
BODY(gate_user, task_gate(TSS_OTHER, A_GATE_TASK | A_DPL(3)))
BODY(gate_dpl0, task_gate(TSS_OTHER, A_GATE_TASK))
BODY(gate_absent, task_gate(TSS_OTHER, A_ABSENT(A_GATE_TASK) | A_DPL(3)))
BODY(gate_local, task_gate(TSS_OTHER | 4, A_GATE_TASK | A_DPL(3)))
BODY(gate_beyond, task_gate(0x103, A_GATE_TASK | A_DPL(3)))
BODY(gate_data, task_gate(KDATA, A_GATE_TASK | A_DPL(3)))
BODY(gate_busy, task_gate(TSS_MAIN, A_GATE_TASK | A_DPL(3)))
BODY(gate_tss_absent, task_gate(TSS_OTHER, A_GATE_TASK | A_DPL(3)); GDT_ENTRY(TSS_OTHER).high &= ~0x8000u)
BODY(int_gate, task(); idt[0x60] = gate(TSS_OTHER, 0, A_GATE_TASK | A_DPL(3), 0))
BODY(int_gate_dpl0, task(); idt[0x60] = gate(TSS_OTHER, 0, A_GATE_TASK, 0))
BODY(int_gate_busy, task(); idt[0x60] = gate(TSS_MAIN, 0, A_GATE_TASK | A_DPL(3), 0))
BODY(ud_gate, task(); idt[UD] = gate(TSS_OTHER, 0, A_GATE_TASK, 0))
BODY(gp_gate, task(); idt[GP] = gate(TSS_OTHER, 0, A_GATE_TASK, 0))

/* ---- faults in the new task: its TSS is current, EIP is its own first instruction ---- */

/* While CS or SS of the new task is bad, only a handler with a task of its own can run (SDM 6.15, vector 10). */
static struct tss32 tss_help[3];
static uint8_t stack_help[1024];
static void help(unsigned i, unsigned vector)
{
    tss_help[i] = tss_other;
    tss_help[i].cs = KCODE;
    tss_help[i].ss = tss_help[i].ds = KDATA;
    tss_help[i].ldt = 0;
    tss_help[i].eip = (uint32_t)stubs + 16 * vector;
    tss_help[i].esp = (uint32_t)(stack_help + 512);
    slot(5 + i, (uint32_t)&tss_help[i], 0x67, A_TSS32, 0);
    idt[vector] = gate(FREE_SEL(5 + i), 0, A_GATE_TASK, 0);
}
static void with_help(void)
{
    help(0, TS);
    help(1, NP);
    help(2, SS);
}
static bool helped(void)
{
    const struct tss32 *t = &tss_help[trap.vector == TS ? 0 : trap.vector == NP ? 1 : 2];
    return t->link == TSS_OTHER && tss_other.eip == (uint32_t)other_task && tss_other.eax == 0x11112222;
}

BODY(bad, task(); slot(1, 0, 0xfffff, A_ABSENT(A_DATA), F_G | F_32); slot(2, 0, 0xfffff, A_ABSENT(A_CODE), F_G | F_32))
BODY(cs_null, bad(); tss_other.cs = 0; with_help())
BODY(cs_data, bad(); tss_other.cs = KDATA; with_help())
BODY(cs_dpl, bad(); tss_other.cs = KCODE | 3; with_help())
BODY(cs_absent, bad(); tss_other.cs = FREE_SEL(2); with_help())
BODY(ss_null, bad(); tss_other.ss = 0; with_help())
BODY(ss_code, bad(); tss_other.ss = KCODE; with_help())
BODY(ss_dpl, bad(); tss_other.ss = UDATA; with_help())
BODY(ss_absent, bad(); tss_other.ss = FREE_SEL(1); with_help())
BODY(ds_beyond, bad(); tss_other.ds = 0x100)
BODY(ds_tss, bad(); tss_other.ds = TSS_MAIN)
BODY(es_absent, bad(); tss_other.es = FREE_SEL(1))
BODY(ldt_local, bad(); tss_other.ldt = 4; with_help())
BODY(ldt_data, bad(); tss_other.ldt = KDATA; with_help())
BODY(ldt_absent, bad(); slot(1, 0, 7, A_ABSENT(A_LDT), 0); tss_other.ldt = FREE_SEL(1); with_help())
BODY(eip_limit, bad(); slot(3, 0, 0xfff, A_CODE, F_32); tss_other.cs = FREE_SEL(3))
RESULT(in_new_task, trap.tr == TSS_OTHER && trap.eip == tss_other.eip && OTHER_BUSY && !MAIN_BUSY)
/* ---- other forms ---- */

void small_task(void);
__asm__(".text\n.globl small_task\nsmall_task:\n\tmovl %eax, note\n\tmovl %esp, note+4\n\tpushfl\n\tpopl "
        "note+8\n\tmovl %fs, %eax\n\tmovl %eax, note+12\n\tint $0x32\n");
static void tss_16(void)
{
    slot(0, (uint32_t)&tss_small, 0x2b, A_TSS16 | A_DPL(3), 0);
    slot(1, (uint32_t)small_task & ~0xffffu, 0xffff, A_CODE, F_32);
    tss_small.ip = (uint16_t)(uint32_t)small_task;
    tss_small.cs = FREE_SEL(1);
    tss_small.ss = KDATA16;
    tss_small.ds = tss_small.es = KDATA;
    tss_small.ax = 0x1234;
    tss_small.sp = 0x6000;
    tss_small.flags = 2;
}
BODY(tss_16_short, tss_16(); slot(0, (uint32_t)&tss_small, 0x2a, A_TSS16 | A_DPL(3), 0))
RESULT(small_loaded, (note[0] & 0xffff) == 0x1234 && (note[1] & 0xffff) == 0x6000 && (note[3] & 0xffff) == 0 &&
                         (GDT_ENTRY(FREE_SEL(0)).high >> 8 & 0xf) == 3)
RESULT(small_nested, tss_small.link == TSS_MAIN && (note[2] & 0x4000))
BODY(with_t, task(); tss_other.trap = 1)
static bool bt_set(void)
{
    uint32_t dr6;
    __asm__ volatile("movl %%dr6, %0" : "=r"(dr6));
    return (dr6 & 0x8000) && trap.eip == (uint32_t)other_task && trap.tr == TSS_OTHER;
}
BODY(jump_dr7, __asm__ volatile("movl %0, %%dr7\n\tljmp %1, $0" ::"r"(0x703), "i"(TSS_OTHER)))
void dr7_task(void);
__asm__(".text\n.globl dr7_task\ndr7_task:\n\tmovl %dr7, %eax\n\tmovl %eax, note\n\tint $0x32\n");
BODY(task_dr7, task(); tss_other.eip = (uint32_t)dr7_task; __asm__ volatile("movl %0, %%dr0" ::"r"(0)))
RESULT(local_cleared, note[0] == 0x602)
BODY(task_cr3, task(); tables_32(); tss_other.cr3 = (uint32_t)page_dir)
BODY(jump_paged, paging_on(0, 0); cr3_set((uint32_t)page_dir | 8); __asm__ volatile("ljmp %0, $0" ::"i"(TSS_OTHER)))
RESULT(cr3_loaded, note[4] == (uint32_t)page_dir)
RESULT(cr3_kept, note[4] != (uint32_t)page_dir)
BODY(jump_unpaged, cr3_set(0x5000); __asm__ volatile("ljmp %0, $0" ::"i"(TSS_OTHER)))
/* A task at level 3, and one in v86 mode. */
static void task_user(void)
{
    task();
    tss_other.eip = (uint32_t)other_task;
    tss_other.cs = UCODE;
    tss_other.ss = tss_other.ds = tss_other.es = UDATA;
    tss_other.fs = tss_other.gs = 0;
    tss_other.eip = (uint32_t)user_done;
    tss_other.esp0 = (uint32_t)trap_stack_top;
}
RESULT(in_user_task, trap.cs == UCODE && trap.tr == TSS_OTHER)
static void task_v86(void)
{
    task_user();
    CODE16("\xcd\x31");
    tss_other.eflags = 0x23002;
    tss_other.cs = V86_BASE >> 4;
    tss_other.eip = 0;
    tss_other.ss = 0x2000;
    tss_other.esp = 0x100;
    tss_other.ds = 0x4567;
}
RESULT(in_v86_task, (trap.eflags & 0x20000) && trap.cs == V86_BASE >> 4 && trap.eip == 2 && trap.v86_ds == 0x4567)
BODY(page_fault_tss, task(); tables_32(); slot(0, PAGE(1), 0x67, A_TSS32, 0); *pte(1) = 0)
BODY(jump_absent, paging_on(0, 0); __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(FREE_SEL(0))))
RESULT(still_main,
    trap.tr == TSS_MAIN && (trap.cr2 & ~0xfffu) == PAGE(1) && MAIN_BUSY && !(GDT_ENTRY(FREE_SEL(0)).high >> 9 & 1))

// clang-format off
static const struct check rows[] = {
    { "a jump to a TSS loads the registers of the task (SDM 7.3)", 0, jump, VECTOR_KERNEL, 0, task, loaded, 0 },
    { "a jump to a TSS saves the old task behind the jump (SDM 7.3)", 0, jump, VECTOR_KERNEL, 0, task, saved, 0 },
    { "a jump to a TSS moves the busy bit (SDM table 7-2)", 0, jump, VECTOR_KERNEL, 0, task, busy_jump, 0 },
    { "a jump to a TSS sets neither NT nor back link (SDM table 7-2)", 0, jump, VECTOR_KERNEL, 0, task, not_nested, 0 },
    { "a task switch sets CR0.TS (SDM 7.3)", 0, jump, VECTOR_KERNEL, 0, task, ts_set, 0 },
    { "a call to a TSS keeps both busy (SDM table 7-2)", 0, call, VECTOR_KERNEL, 0, task, busy_call, 0 },
    { "a call to a TSS sets NT and the back link (SDM table 7-2)", 0, call, VECTOR_KERNEL, 0, task, nested, 0 },
    { "IRET with NT goes back, clears NT and busy of the task left (SDM 7.4)",
      0, call, VECTOR_RETURNED, 0, returning, returned, 0 },
    { "a task called again goes on behind its IRET (SDM 7.4)",
      0, call_twice, VECTOR_RETURNED, 0, returning, went_on, 0 },
    { "a call through a task gate switches tasks (SDM 7.2.5)",
      3, call_slot_go, VECTOR_KERNEL, 0, gate_user, nested, 0 },
    { "a task gate needs no privilege over its TSS (SDM 7.2.5)",
      3, call_slot_go, VECTOR_KERNEL, 0, gate_user, user_saved, 0 },
    { "INT n through a task gate switches tasks (SDM 6.12.2)", 3, int_task, VECTOR_KERNEL, 0, int_gate, nested, 0 },
    { "INT n through a task gate pushes nothing (SDM 6.12.2)",
      0, int_task, VECTOR_KERNEL, 0, int_gate, no_error_pushed, 0 },
    { "a fault through a task gate saves EIP of the instruction (SDM 6.12.2)",
      0, ud2, VECTOR_KERNEL, 0, ud_gate, no_error_pushed, 0 },
    { "a fault through a task gate saves EFLAGS with RF (SDM 17.3.1.1)",
      0, ud2, VECTOR_KERNEL, 0, ud_gate, rf_saved, 0 },
    { "a fault through a task gate pushes its error code in the new task (SDM 6.13)",
      0, gp, VECTOR_KERNEL, 0, gp_gate, error_pushed, 0 },
    { "#GP(tss) on a jump to the TSS of the current task (SDM 7.3)", 0, jump_self, GP, TSS_MAIN, task, unchanged, 0 },
    { "#GP(tss) on a call to the TSS of the current task: tasks are not reentrant (SDM 7.4)",
      0, call_self, GP, TSS_MAIN, task, unchanged, 0 },
    { "#GP(tss) on a jump to a TSS of the LDT (SDM 7.2.2)", 0, jump_local, GP, 4, ldt_tss, unchanged, 0 },
    { "#GP(tss) on a TSS with DPL below CPL (SDM 7.2.2)", 3, jump_slot_rpl3, GP, FREE_SEL(0), tss_dpl0, unchanged, 0 },
    { "#GP(tss) on a TSS with DPL below RPL (SDM 7.2.2)", 0, jump_slot_rpl3, GP, FREE_SEL(0), tss_dpl2, unchanged, 0 },
    { "#NP(tss) on an absent TSS (SDM table 7-1)", 0, jump_slot, NP, FREE_SEL(0), tss_absent, unchanged, 0 },
    { "#GP before #NP on a TSS without privilege (SDM vol. 2, JMP)",
      3, jump_slot_rpl3, GP, FREE_SEL(0), tss_dpl0_absent, unchanged, 0 },
    { "#TS(tss) on a TSS with a limit below 67h (SDM table 7-1)",
      0, jump_slot, TS, FREE_SEL(0), tss_short, unchanged, 0 },
    { "#TS(tss) on a 16-bit TSS with a limit below 2Bh (SDM 7.6)",
      0, jump_slot, TS, FREE_SEL(0), tss_16_short, unchanged, 0 },
    { "#GP(gate) on a task gate with DPL below CPL (SDM 7.2.5)",
      3, call_slot, GP, FREE_SEL(0), gate_dpl0, unchanged, 0 },
    { "#NP(gate) on an absent task gate (SDM vol. 2, CALL)", 3, call_slot, NP, FREE_SEL(0), gate_absent, unchanged, 0 },
    { "#GP(tss) on a task gate to the LDT (SDM vol. 2, CALL)",
      3, call_slot, GP, TSS_OTHER | 4, gate_local, unchanged, 0 },
    { "#GP(tss) on a task gate beyond the GDT (SDM vol. 2, CALL)", 3, call_slot, GP, 0x100, gate_beyond, unchanged, 0 },
    { "#GP(tss) on a task gate to data (SDM vol. 2, CALL)", 3, call_slot, GP, KDATA, gate_data, unchanged, 0 },
    { "#GP(tss) on a task gate to a busy TSS (SDM vol. 2, CALL)", 3, call_slot, GP, TSS_MAIN, gate_busy, unchanged, 0 },
    { "#NP(tss) on a task gate to an absent TSS (SDM vol. 2, CALL)",
      3, call_slot, NP, TSS_OTHER, gate_tss_absent, 0, 0 },
    { "#GP(v*8+2) on INT n through a task gate with DPL below CPL (SDM 6.12.1.1)",
      3, int_task_fault, GP, 0x60 * 8 + 2, int_gate_dpl0, unchanged, 0 },
    { "#GP(tss) on INT n through a task gate to a busy TSS (SDM vol. 2, INT n)",
      0, int_task_fault, GP, TSS_MAIN, int_gate_busy, unchanged, 0 },
    { "#TS(cs) in the new task on a null CS (SDM table 7-1)", 0, jump, TS, 0, cs_null, helped, 0 },
    { "#TS(cs) in the new task on data in CS (SDM table 7-1)", 0, jump, TS, KDATA, cs_data, helped, 0 },
    { "#TS(cs) in the new task on CS with RPL other than DPL (SDM table 7-1)", 0, jump, TS, KCODE, cs_dpl, helped, 0 },
    { "#NP(cs) in the new task on absent code (SDM table 7-1)", 0, jump, NP, FREE_SEL(2), cs_absent, helped, 0 },
    { "#TS(ds) in the new task on DS beyond the GDT (SDM table 7-1)", 0, jump, TS, 0x100, ds_beyond, in_new_task, 0 },
    { "#TS(ds) in the new task on a TSS in DS (SDM table 7-1)", 0, jump, TS, TSS_MAIN, ds_tss, in_new_task, 0 },
    { "#NP(es) in the new task on an absent ES (SDM table 7-1)", 0, jump, NP, FREE_SEL(1), es_absent, in_new_task, 0 },
    { "#TS(ldt) in the new task on an LDT of the LDT (SDM table 7-1)", 0, jump, TS, 4, ldt_local, helped, 0 },
    { "#TS(ldt) in the new task on data for an LDT (SDM table 7-1)", 0, jump, TS, KDATA, ldt_data, helped, 0 },
    { "#TS(ldt) in the new task on an absent LDT (SDM table 7-1)", 0, jump, TS, FREE_SEL(1), ldt_absent, helped, 0 },
    { "#TS(ss) in the new task on a null SS (SDM table 7-1)", 0, jump, TS, 0, ss_null, helped, 0 },
    { "#TS(ss) in the new task on code in SS (SDM table 7-1)", 0, jump, TS, KCODE, ss_code, helped, 0 },
    { "#TS(ss) in the new task on SS of another level (SDM table 7-1)", 0, jump, TS, UDATA & ~3, ss_dpl, helped, 0 },
    { "#SS(ss) in the new task on an absent SS (SDM table 7-1)", 0, jump, SS, FREE_SEL(1), ss_absent, helped, 0 },
    { "#GP(0) in the new task on EIP beyond the limit (SDM vol. 2, JMP)", 0, jump, GP, 0, eip_limit, in_new_task, 0 },
    { "a call to a 16-bit TSS loads words, FS and GS null (SDM 7.6)",
      0, call_slot_go, VECTOR_KERNEL, 0, tss_16, small_loaded, 0 },
    { "a call to a 16-bit TSS sets NT and the back link (SDM 7.6)",
      0, call_slot_go, VECTOR_KERNEL, 0, tss_16, small_nested, 0 },
    { "the T flag traps before the first instruction, DR6.BT set (SDM 17.3.1.5)", 0, jump, DB, 0, with_t, bt_set, 0 },
    { "a task switch clears L0 to L3 and LE of DR7 (SDM 17.2.4)",
      0, jump_dr7, VECTOR_KERNEL, 0, task_dr7, local_cleared, 0 },
    { "a task switch loads CR3 with paging on (SDM 7.3)", 0, jump_paged, VECTOR_KERNEL, 0, task_cr3, cr3_loaded, 0 },
    { "a task switch leaves CR3 with paging off (SDM vol. 3, 7.3)",
      0, jump_unpaged, VECTOR_KERNEL, 0, task_cr3, cr3_kept, 0 },
    { "a task may start at level 3 (SDM 7.3)", 0, jump, VECTOR_DONE, 0, task_user, in_user_task, 0 },
    { "a task may start in v86 mode (SDM 20.2.5)", 0, jump, VECTOR_USER, 0, task_v86, in_v86_task, 0 },
    { "#PF on the new TSS leaves the old task whole (SDM 7.3)", 0, jump_absent, PF, 0, page_fault_tss, still_main, 0 },
};
// clang-format on
SUITE(suite_task, rows);
