/* checks_gate.c - call gates (SDM vol. 3, 5.8.3 to 5.8.5). Slot 0 is the gate, slot 1 its code, slot 2 a stack. */
#include "guest.h"

#define GATE FREE_SEL(0)
#define CODE FREE_SEL(1)
#define STACK FREE_SEL(2)

void arrive(void); /* notes SS, ESP, CS and ten dwords of the stack, and ends the check at any level */
__asm__(".text\n.globl arrive\narrive:\n\tmovl %ss, %eax\n\tmovl %eax, %ds\n\tmovl %eax, arrived\n\tmovl %esp, "
        "arrived+4\n\tmovl %cs, %eax\n\t"
        "movl %eax, arrived+8\n\txorl %ecx, %ecx\n1:\tmovl %ss:(%esp,%ecx,4), %eax\n\tmovl %eax, "
        "arrived+12(,%ecx,4)\n\tincl %ecx\n\tcmpl $10, %ecx\n\t"
        "jne 1b\n\tint $0x31\n");
extern volatile uint32_t arrived[16];
volatile uint32_t arrived[16];

static void set(uint32_t gate_access, uint32_t code_access)
{
    slot_gate(0, CODE, arrive, gate_access, 0);
    slot(1, 0, 0xfffff, code_access, F_G | F_32);
}
BODY(good, set(A_CALL32 | A_DPL(3), A_CODE))
BODY(gate_dpl0, set(A_CALL32, A_CODE))
BODY(gate_dpl0_absent, set(A_ABSENT(A_CALL32), A_CODE))
BODY(gate_dpl2, set(A_CALL32 | A_DPL(2), A_CODE))
BODY(gate_absent, set(A_ABSENT(A_CALL32) | A_DPL(3), A_CODE))
BODY(gate_null, good(); slot_gate(0, 0, arrive, A_CALL32 | A_DPL(3), 0))
BODY(gate_beyond, good(); slot_gate(0, 0x103, arrive, A_CALL32 | A_DPL(3), 0))
BODY(gate_data, set(A_CALL32 | A_DPL(3), A_DATA))
BODY(gate_outer, set(A_CALL32 | A_DPL(3), A_CODE | A_DPL(3)))
BODY(code_absent, set(A_CALL32 | A_DPL(3), A_ABSENT(A_CODE)))
BODY(code_limit, good(); slot(1, 0, 0xfff, A_CODE, F_32))
BODY(conforming, set(A_CALL32 | A_DPL(3), A_CONFORM))
BODY(same3, set(A_CALL32 | A_DPL(3), A_CODE | A_DPL(3)))
BODY(params3, good(); slot_gate(0, CODE, arrive, A_CALL32 | A_DPL(3), 3))
static void gate16(void)
{
    slot(1, (uint32_t)arrive & ~0xffffu, 0xffff, A_CODE, F_32);
    GDT_ENTRY(GATE) = gate(CODE, (uint32_t)arrive & 0xffff, A_CALL16 | A_DPL(3), 2);
}
static void ring1(void)
{
    set(A_CALL32 | A_DPL(3), A_CODE | A_DPL(1));
    slot(2, 0, 0xfffff, A_DATA | A_DPL(1), F_G | F_32);
    tss_main.ss1 = STACK | 1;
    tss_main.esp1 = (uint32_t)(stack_ring1 + sizeof(stack_ring1));
}

/* Level-0 stacks of the TSS that will not do. Level 1 keeps level 0 usable for the exception itself. */
BODY(tss_short, ring1(); GDT_ENTRY(TSS_OTHER) = desc((uint32_t)&tss_main, 0x10, A_TSS32, 0); load_tr(TSS_OTHER))
BODY(ss_null, ring1(); tss_main.ss1 = 1)
BODY(ss_beyond, ring1(); tss_main.ss1 = 0x101)
BODY(ss_rpl, ring1(); tss_main.ss1 = STACK | 2)
BODY(ss_dpl, ring1(); tss_main.ss1 = KDATA | 1)
BODY(ss_readonly, ring1(); slot(2, 0, 0xfffff, A_DATA_RO | A_DPL(1), F_G | F_32))
BODY(ss_absent, ring1(); slot(2, 0, 0xfffff, A_ABSENT(A_DATA) | A_DPL(1), F_G | F_32))
BODY(ss_room, ring1(); slot(2, (uint32_t)stack_ring1, 11, A_DATA | A_DPL(1), F_32); tss_main.esp1 = 12)
BODY(ss_room_params, ss_room(); slot(2, (uint32_t)stack_ring1, 19, A_DATA | A_DPL(1), F_32); tss_main.esp1 = 20;
     slot_gate(0, CODE, arrive, A_CALL32 | A_DPL(3), 2))

BODY(call, __asm__ volatile(FAULT "lcall %0, $0" ::"i"(GATE | 3)))
BODY(call_rpl0, __asm__ volatile(FAULT "lcall %0, $0" ::"i"(GATE)))
BODY(jump, __asm__ volatile(FAULT "ljmp %0, $0" ::"i"(GATE | 3)))
BODY(call_rpl3, __asm__ volatile(FAULT "lcall %0, $0" ::"i"(GATE | 3)))
BODY(call_params,
    __asm__ volatile("pushl $0x33333333\n\tpushl $0x22222222\n\tpushl $0x11111111\n\tmovl %%esp, %0\n\tlcall %1, $0"
                     : "=m"(note[0])
                     : "i"(GATE | 3)))
BODY(call_esp, __asm__ volatile("movl %%esp, %0\n\tlcall %1, $0" : "=m"(note[0]) : "i"(GATE | 3)))
BODY(jump_go, __asm__ volatile("movl %%esp, %0\n\tljmp %1, $0" : "=m"(note[0]) : "i"(GATE | 3)))

static bool switched(void)
{
    return arrived[0] == KDATA && arrived[1] == (uint32_t)trap_stack_top - 16 && arrived[2] == CODE &&
           arrived[4] == UCODE && arrived[5] == note[0] && arrived[6] == UDATA;
}
static bool copied(void)
{
    return arrived[1] == (uint32_t)trap_stack_top - 28 && arrived[5] == 0x11111111 && arrived[6] == 0x22222222 &&
           arrived[7] == 0x33333333 && arrived[8] == note[0] && arrived[9] == UDATA;
}
static bool copied16(void)
{
    const volatile uint16_t *w = (const volatile uint16_t *)&arrived[3];
    return arrived[1] == (uint32_t)trap_stack_top - 12 && w[1] == UCODE && w[2] == 0x1111 && w[3] == 0x1111 &&
           w[4] == (uint16_t)note[0] && w[5] == UDATA;
}
RESULT(same_level, arrived[1] == note[0] - 8 && arrived[2] == CODE && (arrived[4] & 0xffff) == KCODE)
RESULT(kept_level, arrived[1] == note[0] - 8 && arrived[2] == (CODE | 3) && arrived[4] == UCODE)
RESULT(jumped, arrived[1] == note[0] && arrived[2] == CODE)
RESULT(level1, arrived[0] == (STACK | 1) && arrived[2] == (CODE | 1) &&
                   arrived[1] == (uint32_t)stack_ring1 + sizeof(stack_ring1) - 16)
RESULT(code_touched, GDT_ENTRY(CODE).high >> 8 & 1)

// clang-format off
static const struct check rows[] = {
    { "#GP(gate) on a call gate with DPL below CPL (SDM 5.8.4)", 3, call, GP, GATE, gate_dpl0, 0, 0 },
    { "#GP(gate) on a call gate with DPL below RPL (SDM 5.8.4)", 0, call_rpl3, GP, GATE, gate_dpl2, 0, 0 },
    { "#NP(gate) on an absent call gate (SDM vol. 2, CALL)", 3, call, NP, GATE, gate_absent, 0, 0 },
    { "#GP(gate) before #NP: DPL is checked before the present bit (SDM vol. 2, CALL)",
      3, call, GP, GATE, gate_dpl0_absent, 0, 0 },
    { "#GP(0) on a call gate with a null selector (SDM vol. 2, CALL)", 3, call, GP, 0, gate_null, 0, 0 },
    { "#GP(code) on a call gate to a selector beyond the GDT (SDM vol. 2, CALL)",
      3, call, GP, 0x100, gate_beyond, 0, 0 },
    { "#GP(code) on a call gate to data (SDM vol. 2, CALL)", 3, call, GP, CODE, gate_data, 0, 0 },
    { "#GP(code) on a call gate to an outer level (SDM 5.8.4)", 0, call_rpl0, GP, CODE, gate_outer, 0, 0 },
    { "#NP(code) on a call gate to absent code (SDM vol. 2, CALL)", 3, call, NP, CODE, code_absent, 0, 0 },
    { "#GP(0) on a call gate with its offset beyond the limit, inner level (SDM vol. 2, CALL)",
      3, call, GP, 0, code_limit, 0, 0 },
    { "#GP(0) on a call gate with its offset beyond the limit, same level (SDM vol. 2, CALL)",
      0, call_rpl0, GP, 0, code_limit, 0, 0 },
    { "#GP(code) on a jump through a gate to an inner level (SDM 5.8.4)", 3, jump, GP, CODE, good, 0, 0 },
    { "a call gate to an inner level switches the stack (SDM 5.8.5)", 3, call_esp, VECTOR_USER, 0, good, switched, 0 },
    { "a call gate copies parameters (SDM 5.8.5)", 3, call_params, VECTOR_USER, 0, params3, copied, 0 },
    { "a 16-bit call gate copies words (SDM 5.8.5)", 3, call_params, VECTOR_USER, 0, gate16, copied16, 0 },
    { "a call gate to the same level keeps the stack (SDM 5.8.4)", 0, call_esp, VECTOR_USER, 0, good, same_level, 0 },
    { "a jump through a gate to the same level pushes nothing (SDM 5.8.4)",
      0, jump_go, VECTOR_USER, 0, good, jumped, 0 },
    { "a call gate sets the accessed bit of its code (SDM 3.4.5.1)",
      0, call_esp, VECTOR_USER, 0, good, code_touched, 0 },
    { "a call gate to conforming code keeps level and stack (SDM 5.8.4)",
      3, call_esp, VECTOR_USER, 0, conforming, kept_level, 0 },
    { "a call gate of level 3 code called from level 3 keeps the stack (SDM 5.8.4)",
      3, call_esp, VECTOR_USER, 0, same3, kept_level, 0 },
    { "a call gate to level 1 takes the stack of level 1 (SDM 5.8.5)", 3, call_esp, VECTOR_USER, 0, ring1, level1, 0 },
    { "#TS(tss) on a call gate when the TSS ends before the stack (SDM vol. 2, CALL)",
      3, call, TS, TSS_OTHER, tss_short, 0, 0 },
    { "#TS(0) on a call gate with a null inner SS (SDM vol. 2, CALL)", 3, call, TS, 0, ss_null, 0, 0 },
    { "#TS(ss) on a call gate with the inner SS beyond the GDT (SDM vol. 2, CALL)",
      3, call, TS, 0x100, ss_beyond, 0, 0 },
    { "#TS(ss) on a call gate with an inner SS of wrong RPL (SDM vol. 2, CALL)", 3, call, TS, STACK, ss_rpl, 0, 0 },
    { "#TS(ss) on a call gate with an inner SS of wrong DPL (SDM vol. 2, CALL)", 3, call, TS, KDATA, ss_dpl, 0, 0 },
    { "#TS(ss) on a call gate with a read-only inner SS (SDM vol. 2, CALL)", 3, call, TS, STACK, ss_readonly, 0, 0 },
    { "#SS(ss) on a call gate with an absent inner SS (SDM vol. 2, CALL)", 3, call, SS, STACK, ss_absent, 0, 0 },
    { "#SS(ss) on a call gate without room on the inner stack (SDM vol. 2, CALL)", 3, call, SS, STACK, ss_room, 0, 0 },
    { "#SS(ss) on a call gate without room for its parameters (SDM vol. 2, CALL)",
      3, call, SS, STACK, ss_room_params, 0, 0 },
};
// clang-format on
SUITE(suite_gate, rows);
