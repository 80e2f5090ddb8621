/* checks_interrupt.c - the IDT, error codes, faults in delivery, double faults (SDM vol. 3, chapter 6; vol. 2, INT n).
 *
 * Vector 60h is the gate under test; slot 0 is its code segment, slot 2 a stack for level 1. */
#include "guest.h"

#define V 0x60
#define ERROR_IDT(vector) ((vector)*8 + 2)
#define CODE FREE_SEL(0)
#define STACK FREE_SEL(2)
#define STUB(vector) ((uint32_t)stubs + 16 * (vector))

BODY(int_v, __asm__ volatile(FAULT "int $0x60" :::))
BODY(ud2, __asm__ volatile(FAULT "ud2" :::))
BODY(int_flags, __asm__ volatile("pushl $0x243cd7\n\tpopfl\n\t" TRAP("int $0x60"):::))
BODY(int3, __asm__ volatile(TRAP("int3"):::))
BODY(int3_refused, __asm__ volatile(FAULT "int3" :::))
BODY(int_3, __asm__ volatile(TRAP("int $3"):::))
BODY(into_set, __asm__ volatile("movb $0x7f, %%al\n\tincb %%al\n\t" TRAP("into")::: "eax"))
BODY(into_clear, __asm__ volatile("xorl %%eax, %%eax\n\tinto" ::: "eax"))
static const int32_t bounds[2] = { 5, 10 };
/* bound %ecx, (%eax): assemblers do not agree on its operands. */
#define BOUND ".byte 0x62, 0x08"
BODY(bound_low, __asm__ volatile(FAULT BOUND ::"c"(4), "a"(bounds)))
BODY(bound_high, __asm__ volatile(FAULT BOUND ::"c"(11), "a"(bounds)))
BODY(bound_in, __asm__ volatile(BOUND "\n\tmovl $10, %%ecx\n\t" BOUND : : "c"(5), "a"(bounds)))
BODY(divide, __asm__ volatile(FAULT "divl %0" ::"r"(0), "a"(1), "d"(0)))
BODY(divide_over, __asm__ volatile(FAULT "idivl %0" ::"r"(-1), "a"(0x80000000), "d"(-1)))
BODY(aam0, __asm__ volatile(FAULT ".byte 0xd4, 0" ::"a"(5)))

static void gate_type(uint32_t access)
{
    idt[V] = gate(KCODE, STUB(V), access, 0);
}
BODY(idt_short, lidt((uint32_t)idt, V * 8 + 6))
BODY(type_call, gate_type(A_CALL32 | A_DPL(3)))
BODY(type_data, gate_type(A_DATA | A_DPL(3)))
BODY(dpl0, gate_type(A_INT32))
BODY(dpl0_absent, gate_type(A_ABSENT(A_INT32)))
BODY(absent, gate_type(A_ABSENT(A_INT32) | A_DPL(3)))
BODY(cs_null, idt[V] = gate(0, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(cs_beyond, idt[V] = gate(0x103, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(cs_data, idt[V] = gate(KDATA, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(cs_outer, idt[V] = gate(UCODE, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(cs_absent, slot(0, 0, 0xfffff, A_ABSENT(A_CODE), F_G | F_32); idt[V] = gate(CODE, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(cs_limit, slot(0, 0, 0xfff, A_CODE, F_32); idt[V] = gate(CODE, STUB(V), A_INT32 | A_DPL(3), 0))
BODY(int_gate, gate_type(A_INT32 | A_DPL(3)))
BODY(bp_dpl3, idt[BP].high |= A_DPL(3) << 8; idt[OF].high |= A_DPL(3) << 8)

/* The same faults behind #UD, which no program asked for: EXT is set. */
BODY(ud_absent, idt[UD] = gate(KCODE, STUB(UD), A_ABSENT(A_INT32), 0))
BODY(ud_type, idt[UD] = gate(KCODE, STUB(UD), A_CALL32, 0))
BODY(ud_cs_null, idt[UD] = gate(0, STUB(UD), A_INT32, 0))
BODY(ud_cs_data, idt[UD] = gate(KDATA, STUB(UD), A_INT32, 0))
BODY(ud_cs_absent, slot(0, 0, 0xfffff, A_ABSENT(A_CODE), F_G | F_32); idt[UD] = gate(CODE, STUB(UD), A_INT32, 0))
BODY(ud_cs_limit, slot(0, 0, 0xfff, A_CODE, F_32); idt[UD] = gate(CODE, STUB(UD), A_INT32, 0))

/* A handler at level 1, whose stack will not do. */
static void ring1(unsigned vector)
{
    slot(0, 0, 0xfffff, A_CODE | A_DPL(1), F_G | F_32);
    slot(2, 0, 0xfffff, A_DATA | A_DPL(1), F_G | F_32);
    idt[vector] = gate(CODE, STUB(vector), A_INT32 | A_DPL(3), 0);
    tss_main.ss1 = STACK | 1;
    tss_main.esp1 = (uint32_t)(stack_ring1 + sizeof(stack_ring1));
}
BODY(ss_null, ring1(V); tss_main.ss1 = 0)
BODY(ss_beyond, ring1(V); tss_main.ss1 = 0x101)
BODY(ss_rpl, ring1(V); tss_main.ss1 = STACK)
BODY(ss_dpl, ring1(V); tss_main.ss1 = KDATA | 1)
BODY(ss_code, ring1(V); tss_main.ss1 = CODE | 1)
BODY(ss_absent, ring1(V); slot(2, 0, 0xfffff, A_ABSENT(A_DATA) | A_DPL(1), F_G | F_32))
BODY(ss_room, ring1(V); slot(2, (uint32_t)stack_ring1, 15, A_DATA | A_DPL(1), F_32); tss_main.esp1 = 16)
BODY(tss_short, ring1(V); GDT_ENTRY(TSS_OTHER) = desc((uint32_t)&tss_main, 0xf, A_TSS32, 0); load_tr(TSS_OTHER))
BODY(ud_ss_null, ring1(UD); tss_main.ss1 = 0)
BODY(ud_ss_absent, ring1(UD); slot(2, 0, 0xfffff, A_ABSENT(A_DATA) | A_DPL(1), F_G | F_32))
BODY(ud_ss_dpl, ring1(UD); tss_main.ss1 = KDATA | 1)

/* Handlers that look at the raw frame. */
static void raw_gate(uint32_t access)
{
    slot(0, (uint32_t)stub_raw & ~0xffffu, 0xffff, A_CODE, F_32);
    idt[V] = gate(CODE, (uint32_t)stub_raw & 0xffff, access | A_DPL(3), 0);
}
BODY(raw32, raw_gate(A_INT32))
BODY(raw16, raw_gate(A_INT16))
BODY(raw_trap16, raw_gate(A_TRAP16))
BODY(raw16_code, raw16(); idt[GP] = idt[V])
BODY(int_raw, __asm__ volatile("movl %%esp, %0\n\tmovl $1f, %1\n\tint $0x60\n1:" : "=m"(note[0]), "=m"(note[1])))
BODY(gp_raw, __asm__ volatile("movl %%esp, %0\n\tmovl $1f, %1\n1:\tmovw %w2, %%ds"
                              : "=m"(note[0]), "=m"(note[1])
                              : "r"(0x7c)))
static bool frame32(void)
{
    const uint32_t *w = (const uint32_t *)trap.raw;
    return trap.at == note[0] - 12 && w[0] == note[1] && (w[1] & 0xffff) == KCODE;
}
RESULT(frame16,
    trap.at == note[0] - 6 && trap.raw[0] == (uint16_t)note[1] && trap.raw[1] == KCODE && (trap.raw[2] & 0xff02) == 2)
static bool frame16_inner(void)
{
    return trap.at == (uint32_t)trap_stack_top - 10 && trap.raw[0] == (uint16_t)note[1] && trap.raw[1] == UCODE &&
           trap.raw[3] == (uint16_t)note[0] && trap.raw[4] == UDATA;
}
RESULT(frame16_code,
    trap.at == note[0] - 8 && trap.raw[0] == 0x7c && trap.raw[1] == (uint16_t)note[1] && trap.raw[2] == KCODE)

/* What the handler finds in EFLAGS: noted by a body that is the handler. */
void flags_handler(void);
__asm__(".text\n.globl flags_handler\nflags_handler:\n\tpushfl\n\tpopl note\n\tjmp stub_raw\n");
BODY(flags_int, idt[V] = gate(KCODE, (uint32_t)flags_handler, A_INT32 | A_DPL(3), 0))
BODY(flags_trap, idt[V] = gate(KCODE, (uint32_t)flags_handler, A_TRAP32 | A_DPL(3), 0))
BODY(int_all, __asm__ volatile("pushl $0x244ed7\n\tpopfl\n\tint $0x60" :::))
RESULT(flags_cleared, (note[0] & 0x4300) == 0)
RESULT(flags_if_kept, (note[0] & 0x4300) == 0x200)
static bool flags_pushed(void)
{
    const uint32_t *w = (const uint32_t *)trap.raw;
    return w[2] == 0x244ed7;
}
RESULT(pushed_user_flags, trap.eflags == 0x240cd7)

/* A conforming handler runs at level 3 on the program's own stack. */
void conforming_handler(void);
__asm__(".text\n.globl conforming_handler\nconforming_handler:\n\tmovl %cs, %eax\n\tmovl %eax, note\n\tmovl %esp, "
        "note+4\n\tint $0x31\n");
BODY(conforming, slot(0, 0, 0xfffff, A_CONFORM, F_G | F_32);
     idt[V] = gate(CODE, (uint32_t)conforming_handler, A_INT32 | A_DPL(3), 0))
BODY(int_conforming, __asm__ volatile("movl %%esp, %0\n\tint $0x60" : "=m"(note[2])::"eax"))
RESULT(stayed_3, (note[0] & 0xffff) == (CODE | 3) && note[1] == note[2] - 12)
static uint8_t tiny_room[64]; /* emulators without limits write in front of it */
#define tiny (tiny_room + 32)
BODY(conforming_tiny, conforming(); slot(1, (uint32_t)tiny, 15, A_DATA | A_DPL(3), F_32); idt[UD] = idt[V])
BODY(tiny_int, __asm__ volatile("movw %w0, %%ss\n\tmovl $8, %%esp\n\tmovl $84f, %%ds:expect_eip\n84:\tint $0x60" ::"r"(
                   FREE_SEL(1) | 3)))
BODY(tiny_ud,
    __asm__ volatile("movw %w0, %%ss\n\tmovl $8, %%esp\n\tmovl $85f, %%ds:expect_eip\n85:\tud2" ::"r"(FREE_SEL(1) | 3)))

/* ---- two faults ---- */

BODY(gp, __asm__ volatile(FAULT "movw %w0, %%ds" ::"r"(0x7c0)))
BODY(np, __asm__ volatile(FAULT "movw %w0, %%ds" ::"r"(FREE_SEL(3))))
BODY(slot3_absent, slot(3, 0, 0, A_ABSENT(A_DATA), 0))
BODY(gp_gate_absent, idt[GP].high &= ~0x8000u)
BODY(np_gate_absent, slot3_absent(); idt[NP].high &= ~0x8000u)
BODY(de_gate_absent, idt[DE].high &= ~0x8000u)
BODY(nm_gate_absent, idt[NM].high &= ~0x8000u; cr0_set(cr0_read() | 8))
BODY(fpu, __asm__ volatile(FAULT "fninit" :::))
/* Page faults: the window's page 1 is absent, and so is what the handler needs. */
BODY(pf_gp, tables_32(); *pte(1) = 0; idt[PF].high &= ~0x8000u)
/* Reads from page 1 with paging on. */
BODY(read_absent, paging_on(0, 0); __asm__ volatile(FAULT "movl (%0), %%eax" ::"r"(PAGE(1)) : "eax"))
/* #GP whose gate names a segment in a table page that is absent: page fault after a contributory one is delivered. */
BODY(gp_then_pf, paging_on(0, 0); load_ldt(FREE_SEL(4)); __asm__ volatile(FAULT "movw %w0, %%ds" ::"r"(0x7c0)))
BODY(gp_pf_ldt, tables_32(); *pte(1) = 0; slot(4, PAGE(1), 0xff, A_LDT, 0); idt[GP] = gate(4, STUB(GP), A_INT32, 0))
BODY(pf_then_pf, paging_on(0, 0); load_ldt(FREE_SEL(4)); __asm__ volatile(FAULT "movl (%0), %%eax" ::"r"(PAGE(2))
                                                                          : "eax"))
BODY(pf_pf_ldt, tables_32(); *pte(1) = 0; *pte(2) = 0; slot(4, PAGE(1), 0xff, A_LDT, 0);
     idt[PF] = gate(4, STUB(PF), A_INT32, 0))
RESULT(cr2_page1, trap.cr2 == PAGE(1))
/* A double fault to a task of its own. */
BODY(df_task, gp_gate_absent(); idt[NP].high &= ~0x8000u; idt[DF] = gate(TSS_OTHER, 0, A_GATE_TASK, 0);
     tss_other.eip = STUB(DF))
BODY(gp_noted, __asm__ volatile("movl $1f, %0\n1:\tmovw %w1, %%ds" : "=m"(note[0]) : "r"(0x7c0)))
RESULT(df_in_task, trap.tr == TSS_OTHER && tss_main.eip == note[0] && tss_other.link == TSS_MAIN)

/* ---- hardware interrupts: 8259A at vector 50h, 8254 channel 0 ---- */

static void timer_setup(void)
{
    static const uint8_t words[][2] = { { 0x20, 0x11 }, { 0x21, 0x50 }, { 0x21, 4 }, { 0x21, 1 }, { 0x21, 0xfe },
        { 0x43, 0x30 } };
    for (unsigned i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        outb(words[i][0], words[i][1]);
}
BODY(timer_stop, outb(0x20, 0x20); outb(0x21, 0xff))
#define TIMER_START "movb $100, %%al\n\toutb %%al, $0x40\n\tmovb $0, %%al\n\toutb %%al, $0x40\n\t"
BODY(hlt_wakes, timer_setup(); __asm__ volatile(TIMER_START "movl $86f, expect_eip\n\tsti\n\thlt\n86:\tjmp 86b" ::
                                                    : "eax"))
BODY(masked, timer_setup(); __asm__ volatile(TIMER_START "movl $1000000, %%ecx\n1:\tloop 1b" ::: "eax", "ecx"))
/* STI holds interrupts for one instruction, here one that does not come back. */
BODY(sti_shadow, timer_setup(); __asm__ volatile(
    TIMER_START "movl $1000000, %%ecx\n1:\tloop 1b\n\tmovl $87f, expect_eip\n\tsti\n\tnop\n87:\tjmp 87b" ::
        : "eax", "ecx"))
static bool at_expected(void)
{
    timer_stop();
    return trap.eip == expect_eip && trap.code == 0;
}
static bool stopped(void)
{
    timer_stop();
    return true;
}

// clang-format off
static const struct check rows[] = {
    { "#GP(v*8+2) on INT n beyond the IDT limit (SDM vol. 2, INT n)", 0, int_v, GP, ERROR_IDT(V), idt_short, 0, 0 },
    { "#GP(v*8+2) on INT n through a call gate (SDM 6.11)", 0, int_v, GP, ERROR_IDT(V), type_call, 0, 0 },
    { "#GP(v*8+2) on INT n through a data descriptor (SDM 6.11)", 0, int_v, GP, ERROR_IDT(V), type_data, 0, 0 },
    { "#GP(v*8+2) on INT n with the gate's DPL below CPL (SDM 6.12.1.1)", 3, int_v, GP, ERROR_IDT(V), dpl0, 0, 0 },
    { "#GP before #NP: DPL is checked before the present bit (SDM vol. 2, INT n)",
      3, int_v, GP, ERROR_IDT(V), dpl0_absent, 0, 0 },
    { "#NP(v*8+2) on INT n through an absent gate (SDM vol. 2, INT n)", 3, int_v, NP, ERROR_IDT(V), absent, 0, 0 },
    { "#GP(0) on INT n through a gate with a null selector (SDM vol. 2, INT n)", 0, int_v, GP, 0, cs_null, 0, 0 },
    { "#GP(sel) on INT n to code beyond the GDT (SDM vol. 2, INT n)", 0, int_v, GP, 0x100, cs_beyond, 0, 0 },
    { "#GP(sel) on INT n to data (SDM vol. 2, INT n)", 0, int_v, GP, KDATA, cs_data, 0, 0 },
    { "#GP(sel) on INT n to code of an outer level (SDM 6.12.1.1)", 0, int_v, GP, UCODE & ~3, cs_outer, 0, 0 },
    { "#NP(sel) on INT n to absent code (SDM vol. 2, INT n)", 0, int_v, NP, CODE, cs_absent, 0, 0 },
    { "#GP(0) on INT n beyond the limit of the code, same level (SDM vol. 2, INT n)", 0, int_v, GP, 0, cs_limit, 0, 0 },
    { "#GP(0) on INT n beyond the limit of the code, inner level (SDM vol. 2, INT n)",
      3, int_v, GP, 0, cs_limit, 0, 0 },
    { "#TS(tss) on INT n when the TSS ends before the stack (SDM vol. 2, INT n)",
      3, int_v, TS, TSS_OTHER, tss_short, 0, 0 },
    { "#TS(0) on INT n with a null inner SS (SDM vol. 2, INT n)", 3, int_v, TS, 0, ss_null, 0, 0 },
    { "#TS(ss) on INT n with the inner SS beyond the GDT (SDM vol. 2, INT n)", 3, int_v, TS, 0x100, ss_beyond, 0, 0 },
    { "#TS(ss) on INT n with an inner SS of wrong RPL (SDM vol. 2, INT n)", 3, int_v, TS, STACK, ss_rpl, 0, 0 },
    { "#TS(ss) on INT n with an inner SS of wrong DPL (SDM vol. 2, INT n)", 3, int_v, TS, KDATA, ss_dpl, 0, 0 },
    { "#TS(ss) on INT n with code for an inner SS (SDM vol. 2, INT n)", 3, int_v, TS, CODE, ss_code, 0, 0 },
    { "#SS(ss) on INT n with an absent inner SS (SDM vol. 2, INT n)", 3, int_v, SS, STACK, ss_absent, 0, 0 },
    { "#SS(ss) on INT n without room on the inner stack (SDM vol. 2, INT n)", 3, int_v, SS, STACK, ss_room, 0, 0 },
    { "#SS(0) on INT n without room on the same stack (SDM vol. 2, INT n)", 3, tiny_int, SS, 0, conforming_tiny, 0, 0 },
    { "a fault through an absent gate is #NP with EXT (SDM 6.13)", 0, ud2, NP, ERROR_IDT(UD) | 1, ud_absent, 0, 0 },
    { "a fault through a gate of wrong type is #GP with EXT (SDM 6.13)", 0, ud2, GP, ERROR_IDT(UD) | 1, ud_type, 0, 0 },
    { "a fault through a gate with a null selector is #GP(EXT) (SDM 6.13)", 0, ud2, GP, 1, ud_cs_null, 0, 0 },
    { "a fault to data is #GP(sel) with EXT (SDM 6.13)", 0, ud2, GP, KDATA | 1, ud_cs_data, 0, 0 },
    { "a fault to absent code is #NP(sel) with EXT (SDM 6.13)", 0, ud2, NP, CODE | 1, ud_cs_absent, 0, 0 },
    { "a fault beyond the limit of its handler's code is #GP(EXT) (SDM vol. 2, INT n)",
      0, ud2, GP, 1, ud_cs_limit, 0, 0 },
    { "a fault with a null inner SS is #TS(EXT) (SDM vol. 2, INT n)", 3, ud2, TS, 1, ud_ss_null, 0, 0 },
    { "a fault with an inner SS of wrong DPL is #TS(ss) with EXT (SDM vol. 2, INT n)",
      3, ud2, TS, KDATA | 1, ud_ss_dpl, 0, 0 },
    { "a fault with an absent inner SS is #SS(ss) with EXT (SDM vol. 2, INT n)",
      3, ud2, SS, STACK | 1, ud_ss_absent, 0, 0 },
    { "a fault without room on the same stack is #SS(EXT) (SDM vol. 2, INT n)",
      3, tiny_ud, SS, 1, conforming_tiny, 0, 0 },
    { "a fault at level 3 ignores the gate's DPL (SDM 6.12.1.1)", 3, ud2, UD, 0, 0, 0, 0 },
    { "INT n pushes EIP behind itself, and EFLAGS (SDM 6.12.1)", 3, int_flags, V, 0, int_gate, pushed_user_flags, 0 },
    { "an interrupt gate clears IF, TF and NT (SDM 6.12.1.3)", 0, int_all, VECTOR_RAW, 0, flags_int, flags_cleared, 0 },
    { "a trap gate keeps IF (SDM 6.12.1.3)", 0, int_all, VECTOR_RAW, 0, flags_trap, flags_if_kept, 0 },
    { "the pushed EFLAGS are those before the gate (SDM 6.12.1)",
      0, int_all, VECTOR_RAW, 0, flags_trap, flags_pushed, 0 },
    { "a 32-bit gate pushes three dwords at the same level (SDM figure 6-4)",
      0, int_raw, VECTOR_RAW, 0, raw32, frame32, 0 },
    { "a 16-bit interrupt gate pushes three words (SDM 21.4)", 0, int_raw, VECTOR_RAW, 0, raw16, frame16, 0 },
    { "a 16-bit trap gate pushes three words (SDM 21.4)", 0, int_raw, VECTOR_RAW, 0, raw_trap16, frame16, 0 },
    { "a 16-bit gate to an inner level pushes five words (SDM 21.4)",
      3, int_raw, VECTOR_RAW, 0, raw16, frame16_inner, 0 },
    { "a 16-bit gate pushes a 16-bit error code (SDM 6.13)", 0, gp_raw, VECTOR_RAW, 0, raw16_code, frame16_code, 0 },
    { "a conforming handler runs at level 3 on the same stack (SDM 6.12.1.1)",
      3, int_conforming, VECTOR_USER, 0, conforming, stayed_3, 0 },
    { "INT3 at level 3 through a gate with DPL 3 (SDM vol. 2, INT3)", 3, int3, BP, 0, bp_dpl3, 0, 0 },
    { "#GP on INT3 at level 3 through a gate with DPL 0 (SDM vol. 2, INT3)",
      3, int3_refused, GP, ERROR_IDT(BP), 0, 0, 0 },
    { "CD 03 is a #BP through the same gate (SDM vol. 2, INT n)", 0, int_3, BP, 0, 0, 0, 0 },
    { "INTO with OF set is #OF with EIP behind it (SDM 6.15, vector 4)", 3, into_set, OF, 0, bp_dpl3, 0, 0 },
    { "INTO with OF clear does nothing (SDM vol. 2, INTO)", 0, into_clear, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "#BR below the lower bound (SDM vol. 2, BOUND)", 0, bound_low, BR, 0, 0, 0, 0 },
    { "#BR above the upper bound (SDM vol. 2, BOUND)", 3, bound_high, BR, 0, 0, 0, 0 },
    { "BOUND accepts both bounds (SDM vol. 2, BOUND)", 0, bound_in, VECTOR_RETURNED, 0, 0, 0, 0 },
    { "#DE on a division by zero (SDM 6.15, vector 0)", 3, divide, DE, 0, 0, 0, 0 },
    { "#DE on a quotient that does not fit (SDM vol. 2, IDIV)", 0, divide_over, DE, 0, 0, 0, 0 },
    { "#DE on AAM 0 (SDM vol. 2, AAM)", 0, aam0, DE, 0, 0, 0, 0 },
    { "#NP in the delivery of #GP is a double fault (SDM table 6-5)", 0, gp, DF, 0, gp_gate_absent, 0, 0 },
    { "#NP in the delivery of #NP is a double fault (SDM table 6-5)", 0, np, DF, 0, np_gate_absent, 0, 0 },
    { "#NP in the delivery of #DE is a double fault (SDM table 6-5)", 0, divide, DF, 0, de_gate_absent, 0, 0 },
    { "#NP in the delivery of #NM is #NP (SDM table 6-5)", 0, fpu, NP, ERROR_IDT(NM) | 1, nm_gate_absent, 0, 0 },
    { "#NP in the delivery of #PF is a double fault (SDM table 6-5)", 0, read_absent, DF, 0, pf_gp, cr2_page1, 0 },
    { "#PF in the delivery of #PF is a double fault (SDM table 6-5)", 0, pf_then_pf, DF, 0, pf_pf_ldt, cr2_page1, 0 },
    { "#PF in the delivery of #GP is #PF (SDM table 6-5)", 0, gp_then_pf, PF, 0, gp_pf_ldt, cr2_page1, 0 },
    { "a double fault through a task gate has a task of its own (SDM 6.12.2)",
      0, gp_noted, DF, 0, df_task, df_in_task, 0 },
    { "HLT ends by an interrupt, EIP behind it (SDM vol. 2, HLT)", 0, hlt_wakes, 0x50, 0, 0, at_expected, 0 },
    { "no interrupt comes while IF is clear (SDM 6.8.1)", 0, masked, VECTOR_RETURNED, 0, 0, stopped, 0 },
    { "no interrupt comes behind the STI itself (SDM vol. 2, STI)", 0, sti_shadow, 0x50, 0, 0, at_expected, 0 },
};
// clang-format on
SUITE(suite_interrupt, rows);
