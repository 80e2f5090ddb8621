/* checks_transfer.c - far JMP, CALL, RET and IRET without gates (SDM vol. 3, 5.8.1; vol. 2, JMP, CALL, RET, IRET). */
#include "guest.h"

/* Far jump and call through a pointer in memory, to the label behind the instruction. */
struct far {
    uint32_t offset;
    uint16_t selector;
} __attribute__((packed));
static struct far target;

#define JUMP(sel, off)                               \
    target = (struct far){ (uint32_t)(off), (sel) }; \
    __asm__ volatile(FAULT "ljmpl *%0" ::"m"(target))
#define CALL(sel, off)                               \
    target = (struct far){ (uint32_t)(off), (sel) }; \
    __asm__ volatile(FAULT "lcalll *%0" ::"m"(target))

void land(void); /* notes CS and ESP, and ends the check */
BODY(code0, slot(0, 0, 0xfffff, A_CODE, F_G | F_32))
BODY(code3, slot(0, 0, 0xfffff, A_CODE | A_DPL(3), F_G | F_32))
BODY(code_data, slot(0, 0, 0xfffff, A_DATA, F_G | F_32))
BODY(code_absent, slot(0, 0, 0xfffff, A_ABSENT(A_CODE), F_G | F_32))
BODY(code_small, slot(0, 0, 0xfff, A_CODE, F_32))
BODY(conform0, slot(0, 0, 0xfffff, A_CONFORM, F_G | F_32))
BODY(conform3, slot(0, 0, 0xfffff, A_CONFORM | A_DPL(3), F_G | F_32))
BODY(system_ldt, slot(0, 0, 7, A_LDT, 0))
/* The same segment from the LDT. */
BODY(ldt_code, ldt[1] = desc(0, 0xfffff, A_CODE, F_G | F_32); load_ldt(LDT_SEL))

BODY(jump_null, JUMP(3, land))
BODY(jump_beyond, JUMP(0x100, land))
BODY(jump_slot, JUMP(FREE_SEL(0), land))
BODY(jump_slot3, JUMP(FREE_SEL(0) | 3, land))
BODY(jump_limit, JUMP(FREE_SEL(0), 0x1000))
BODY(call_null, CALL(0, land))
BODY(call_beyond, CALL(0x100, land))
BODY(call_slot, CALL(FREE_SEL(0), land))
BODY(call_limit, CALL(FREE_SEL(0), 0x1000))

/* Jumps that arrive: CS is noted, and the way back is a far jump. */
BODY(jump_conform, __asm__ volatile("ljmp %1, $1f\n1:\tmovl %%cs, %0" : "=r"(note[0]) : "i"(FREE_SEL(0))))
BODY(jump_conform_rpl3, __asm__ volatile("ljmp %1, $1f\n1:\tmovl %%cs, %0" : "=r"(note[0]) : "i"(FREE_SEL(0) | 3)))
BODY(jump_same, __asm__ volatile("ljmp %1, $1f\n1:\tmovl %%cs, %0" : "=r"(note[0]) : "i"(FREE_SEL(0))))
BODY(jump_local, __asm__ volatile("ljmp $0xc, $1f\n1:\tmovl %%cs, %0\n\tljmp %1, $2f\n2:" : "=r"(note[0]) : "i"(KCODE)))
/* An operand size of 16 bits takes 16 bits of the offset: the code lies at that address of a segment of its own. */
BODY(code_based, slot(0, (uint32_t)land & ~0xffffu, 0xffff, A_CODE, F_32))
BODY(jump16, target = (struct far){ (uint32_t)land & 0xffff, FREE_SEL(0) }; target.selector = FREE_SEL(0);
     ((uint16_t *)&target)[1] = FREE_SEL(0); __asm__ volatile("ljmpw *%0" ::"m"(target)))
__asm__(".text\n.globl land\nland:\n\tmovl %cs, %eax\n\tmovl %eax, note\n\tmovl %esp, note+4\n\tljmp $0x08, "
        "$kernel_land\nkernel_land:\n\tmovl $0x201, trap_stack+48\n\tjmp kernel_return\n");

/* Calls that arrive and look at what was pushed. */
BODY(call32, __asm__ volatile("movl %%esp, %%ebx\n\tlcall %2, $1f\n2:\tjmp 3f\n1:\tmovl (%%esp), %%eax\n\tsubl $2b, "
                              "%%eax\n\tmovl %%eax, %0\n\t"
                              "movl 4(%%esp), %%eax\n\tmovl %%eax, %1\n\tmovl %%ebx, %%eax\n\tsubl %%esp, "
                              "%%eax\n\tmovl %%eax, %0+8\n\tlret\n3:"
                              : "=m"(note[0]), "=m"(note[1])
                              : "i"(FREE_SEL(0))
                              : "eax", "ebx", "memory"))
BODY(call16, target.selector = 0; ((uint16_t *)&target)[0] = (uint16_t)(uint32_t)land;
     ((uint16_t *)&target)[1] = FREE_SEL(0); __asm__ volatile("movl %%esp, %0\n\tlcallw *%1"
                                                              : "=m"(note[2])
                                                              : "m"(target)))
/* On a 16-bit stack SP alone moves. */
static uint8_t block[4096];
BODY(ss16, code0(); slot(1, (uint32_t)block, 0xfff, A_DATA, 0))
BODY(call_ss16,
    __asm__ volatile("movl %%esp, %%ebx\n\tmovl %%ss, %%ecx\n\tmovw %w2, %%ss\n\tmovl $0xabcd0800, %%esp\n\t"
                     "lcall %1, $1f\n1:\tmovl %%esp, %%eax\n\tmovl %%ecx, %%ss\n\tmovl %%ebx, %%esp\n\tmovl %%eax, %0"
                     : "=m"(note[0])
                     : "i"(FREE_SEL(0)), "r"(FREE_SEL(1))
                     : "eax", "ebx", "ecx", "memory"))
RESULT(esp_high_kept, note[0] == 0xabcd07f8)
/* A stack of 4 bytes that has no room for the return address. */
static uint8_t tiny_room[64]; /* emulators without limits write in front of it */
#define tiny (tiny_room + 32)
static void small_stack(void)
{
    code3();
    slot(1, (uint32_t)tiny, 7, A_DATA | A_DPL(3), F_32);
}
BODY(call_room,
    __asm__ volatile(
        "movw %w0, %%ss\n\tmovl $4, %%esp\n\tmovl $83f, %%ds:expect_eip\n83:\tlcall %1, $land" ::"r"(FREE_SEL(1) | 3),
        "i"(FREE_SEL(0) | 3)))

RESULT(cs_conforming, (note[0] & 0xffff) == (FREE_SEL(0) | 3))
RESULT(cs_slot0, (note[0] & 0xffff) == FREE_SEL(0))
RESULT(cs_local, (note[0] & 0xffff) == 0xc)
RESULT(code_accessed, cs_slot0() && (GDT_ENTRY(FREE_SEL(0)).high >> 8 & 1))
RESULT(pushed_32, note[0] == 0 && (note[1] & 0xffff) == KCODE && note[2] == 8)
RESULT(pushed_16, cs_slot0() && note[2] - note[1] == 4)

/* ---- far RET ---- */

/* Pushes and returns: RETURN(cs, eip), or to the outer level with a stack. */
#define RETURN(cs, eip) __asm__ volatile("pushl %0\n\tpushl %1\n\t" FAULT "lret" ::"i"(cs), "i"(eip) : "memory")
#define RETURN_OUTER(cs, eip, ss, esp)                                                                         \
    __asm__ volatile(                                                                                          \
        "pushl %2\n\tpushl %3\n\tpushl %0\n\tpushl %1\n\t" FAULT "lret" ::"i"(cs), "i"(eip), "i"(ss), "i"(esp) \
        : "memory")
BODY(ret_null, RETURN(0, land))
BODY(ret_beyond, RETURN(0x100, land))
BODY(ret_data, RETURN(KDATA, land))
BODY(ret_inner, RETURN(KCODE, land))
BODY(ret_slot, RETURN(FREE_SEL(0), land))
BODY(ret_slot3, RETURN(FREE_SEL(0) | 3, land))
BODY(ret_limit, RETURN(FREE_SEL(0), 0x1000))
BODY(ret_ss_null, RETURN_OUTER(UCODE, user_done, 0, user_stack_top))
BODY(ret_ss_beyond, RETURN_OUTER(UCODE, user_done, 0x103, user_stack_top))
BODY(ret_ss_kernel, RETURN_OUTER(UCODE, user_done, KDATA, user_stack_top))
BODY(ret_ss_rpl, RETURN_OUTER(UCODE, user_done, UDATA & ~3, user_stack_top))
BODY(ret_ss_code, RETURN_OUTER(UCODE, user_done, UCODE, user_stack_top))
BODY(ret_ss_slot, RETURN_OUTER(UCODE, user_done, FREE_SEL(1) | 3, user_stack_top))
BODY(ss_absent, slot(1, 0, 0xfffff, A_ABSENT(A_DATA | A_DPL(3)), F_G | F_32))
/* DS = kernel data goes, ES = user data, FS = conforming code and GS = null stay. */
BODY(ret_drop, __asm__ volatile("movw %w2, %%es\n\tmovw %w3, %%fs\n\txorl %%eax, %%eax\n\tmovw %%ax, %%gs\n\tpushl "
                                "%4\n\tpushl $user_stack_top\n\t"
                                "pushl %0\n\tpushl %1\n\tlret" ::"i"(UCODE),
                                "i"(user_done), "r"(UDATA), "r"(FREE_SEL(0)), "i"(UDATA)
                                : "eax", "memory"))
/* Two parameter dwords are released on both stacks. */
BODY(ret_params,
    __asm__ volatile(
        "pushl %2\n\tpushl $user_stack_top-64\n\tpushl $1\n\tpushl $2\n\tpushl %0\n\tpushl %1\n\tlret $8" ::"i"(UCODE),
        "i"(user_done), "i"(UDATA)
        : "memory"))
BODY(ret16, __asm__ volatile("movl %%esp, %0\n\tpushw %1\n\tpushw %w2\n\tlretw"
                             : "=m"(note[2])
                             : "i"(FREE_SEL(0)), "r"(land)
                             : "memory"))
static bool dropped(void)
{
    return trap.ds == 0 && trap.es == UDATA && trap.fs == FREE_SEL(0) && trap.gs == 0 && trap.ss == UDATA &&
           trap.esp == (uint32_t)user_stack_top;
}
RESULT(released, trap.esp == (uint32_t)user_stack_top - 64 + 8 && trap.cs == UCODE)
RESULT(ret16_did, cs_slot0() && note[1] == note[2])

/* ---- IRET in protected mode ---- */

#define IRET(cs, eip, flags) \
    __asm__ volatile("pushl %2\n\tpushl %0\n\tpushl %1\n\t" FAULT "iret" ::"i"(cs), "i"(eip), "i"(flags) : "memory")
#define IRET_OUTER(cs, eip, flags, ss, esp)                                                                           \
    __asm__ volatile("pushl %3\n\tpushl %4\n\tpushl %2\n\tpushl %0\n\tpushl %1\n\t" FAULT "iret" ::"i"(cs), "i"(eip), \
                     "i"(flags), "i"(ss), "i"(esp)                                                                    \
                     : "memory")
BODY(iret_null, IRET(0, land, 2))
BODY(iret_beyond, IRET(0x100, land, 2))
BODY(iret_data, IRET(KDATA, land, 2))
BODY(iret_inner, IRET(KCODE, land, 2))
BODY(iret_limit, IRET(FREE_SEL(0), 0x1000, 2))
BODY(iret_absent, IRET(FREE_SEL(0), land, 2))
BODY(iret_ss_null, IRET_OUTER(UCODE, user_done, 2, 0, user_stack_top))
BODY(iret_ss_kernel, IRET_OUTER(UCODE, user_done, 2, KDATA, user_stack_top))
BODY(iret_ss_absent, IRET_OUTER(UCODE, user_done, 2, FREE_SEL(1) | 3, user_stack_top))
/* NT with a back link that names no busy TSS. */
BODY(iret_nt, __asm__ volatile("pushl $0x4002\n\tpopfl\n\t" FAULT "iret" ::: "memory"))
BODY(link_other, tss_main.link = TSS_OTHER)
BODY(link_local, tss_main.link = TSS_OTHER | 4)
/* At level 3 with IOPL 0: IF and IOPL stay, the rest goes through. */
BODY(iret_flags3,
    __asm__ volatile(
        "pushl $0x2432d7\n\tpushl %0\n\tpushl $1f\n\tiret\n1:\tpushfl\n\tpopl %1\n\tpushl $2\n\tpopfl" ::"i"(UCODE),
        "m"(note[0])
        : "memory"))
RESULT(flags_user, note[0] == 0x2400d7)
/* At level 0: IF and IOPL change. */
BODY(iret_flags0,
    __asm__ volatile(
        "pushl $0x243296\n\tpushl %0\n\tpushl $1f\n\tiret\n1:\tpushfl\n\tpopl %1\n\tcli" ::"i"(KCODE), "m"(note[0])
        : "memory"))
RESULT(flags_kernel, note[0] == 0x243296)
/* With a 16-bit operand the upper half of EFLAGS stays. */
BODY(iret16_flags,
    __asm__ volatile(
        "pushl $0x240002\n\tpopfl\n\tpushw $0x00d7\n\tpushw %0\n\tpushw %w1\n\tiretw" ::"i"(FREE_SEL(0)), "r"(land)
        : "memory"))
/* The same popf rules. */
BODY(popf3, __asm__ volatile("pushl $0x243ed7\n\tpopfl\n\tpushfl\n\tpopl %0\n\tpushl $2\n\tpopfl"
                             : "=m"(note[0])::"memory"))
RESULT(popf3_did, note[0] == 0x240cd7)
BODY(popf0, __asm__ volatile("pushl $0x1b3296\n\tpopfl\n\tpushfl\n\tpopl %0\n\tcli" : "=m"(note[0])::"memory"))
RESULT(popf0_did, note[0] == 0x3296)
/* A return to a 16-bit stack changes SP alone. */
BODY(stack16, slot(1, 0, 0xffff, A_DATA | A_DPL(3), 0))
BODY(iret_stack16,
    __asm__ volatile("pushl %2\n\tpushl $0x12348000\n\tpushl $2\n\tpushl %0\n\tpushl %1\n\tiret" ::"i"(UCODE),
                     "i"(user_done), "i"(FREE_SEL(1) | 3)
                     : "memory"))
RESULT(sp_alone, (trap.esp & 0xffff) == 0x8000 && trap.ss == (FREE_SEL(1) | 3) && trap.esp >> 16 != 0x1234)

// clang-format off
static const struct check rows[] = {
    { "#GP(0) on a far jump to a null selector (SDM vol. 2, JMP)", 0, jump_null, GP, 0, 0, 0, 0 },
    { "#GP(sel) on a far jump beyond the GDT (SDM vol. 2, JMP)", 0, jump_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(sel) on a far jump to data (SDM vol. 2, JMP)", 0, jump_slot, GP, FREE_SEL(0), code_data, 0, 0 },
    { "#GP(sel) on a far jump to an LDT descriptor (SDM vol. 2, JMP)",
      0, jump_slot, GP, FREE_SEL(0), system_ldt, 0, 0 },
    { "#GP(sel) on a far jump from level 3 to code of level 0 (SDM 5.8.1.1)",
      3, jump_slot, GP, FREE_SEL(0), code0, 0, 0 },
    { "#GP(sel) on a far jump from level 0 to code of level 3 (SDM 5.8.1.1)",
      0, jump_slot, GP, FREE_SEL(0), code3, 0, 0 },
    { "#GP(sel) on a far jump with RPL above CPL (SDM 5.8.1.1)", 0, jump_slot3, GP, FREE_SEL(0), code0, 0, 0 },
    { "#GP(sel) on a far jump to conforming code of an outer level (SDM 5.8.1.2)",
      0, jump_slot, GP, FREE_SEL(0), conform3, 0, 0 },
    { "#NP(sel) on a far jump to absent code (SDM vol. 2, JMP)", 0, jump_slot, NP, FREE_SEL(0), code_absent, 0, 0 },
    { "#GP(0) on a far jump beyond the limit of the new segment (SDM vol. 2, JMP)",
      0, jump_limit, GP, 0, code_small, 0, 0 },
    { "a far jump to conforming code keeps CPL 3 in CS (SDM 5.8.1.2)",
      3, jump_conform, VECTOR_DONE, 0, conform0, cs_conforming, 0 },
    { "a far jump to conforming code ignores RPL (SDM 5.8.1.2)",
      0, jump_conform_rpl3, VECTOR_RETURNED, 0, conform0, cs_slot0, 0 },
    { "a far jump sets the accessed bit of code (SDM 3.4.5.1)",
      0, jump_same, VECTOR_RETURNED, 0, code0, code_accessed, 0 },
    { "a far jump reaches code of the LDT (SDM 3.5.1)", 0, jump_local, VECTOR_RETURNED, 0, ldt_code, cs_local, 0 },
    { "a far jump with a 16-bit operand takes 16 bits of offset (SDM vol. 2, JMP)",
      0, jump16, VECTOR_RETURNED, 0, code_based, cs_slot0, 0 },
    { "#GP(0) on a far call to a null selector (SDM vol. 2, CALL)", 0, call_null, GP, 0, 0, 0, 0 },
    { "#GP(sel) on a far call beyond the GDT (SDM vol. 2, CALL)", 0, call_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(sel) on a far call to data (SDM vol. 2, CALL)", 0, call_slot, GP, FREE_SEL(0), code_data, 0, 0 },
    { "#GP(sel) on a far call from level 3 to code of level 0 (SDM 5.8.1.1)",
      3, call_slot, GP, FREE_SEL(0), code0, 0, 0 },
    { "#NP(sel) on a far call to absent code (SDM vol. 2, CALL)", 0, call_slot, NP, FREE_SEL(0), code_absent, 0, 0 },
    { "#GP(0) on a far call beyond the new limit leaves ESP (SDM vol. 2, CALL)",
      0, call_limit, GP, 0, code_small, 0, 0 },
    { "#SS(0) on a far call without room for the return address (SDM vol. 2, CALL)",
      3, call_room, SS, 0, small_stack, 0, 0 },
    { "a far call pushes CS and EIP as two dwords (SDM vol. 1, 6.4.2)",
      0, call32, VECTOR_RETURNED, 0, code0, pushed_32, 0 },
    { "a far call with a 16-bit operand pushes two words (SDM vol. 2, CALL)",
      0, call16, VECTOR_RETURNED, 0, code_based, pushed_16, 0 },
    { "a far call on a 16-bit stack moves SP alone (SDM vol. 1, 6.2.3)", 0, call_ss16, VECTOR_RETURNED, 0, ss16, esp_high_kept, 0 },
    { "#GP(0) on a far return to a null selector (SDM vol. 2, RET)", 0, ret_null, GP, 0, 0, 0, 0 },
    { "#GP(sel) on a far return beyond the GDT (SDM vol. 2, RET)", 0, ret_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(sel) on a far return to data (SDM vol. 2, RET)", 0, ret_data, GP, KDATA, 0, 0, 0 },
    { "#GP(sel) on a far return to an inner level (SDM 5.8.6)", 3, ret_inner, GP, KCODE, 0, 0, 0 },
    { "#GP(sel) on a far return with RPL other than DPL (SDM vol. 2, RET)",
      0, ret_slot3, GP, FREE_SEL(0), code0, 0, 0 },
    { "#GP(sel) on a far return to conforming code with DPL above RPL (SDM vol. 2, RET)",
      0, ret_slot, GP, FREE_SEL(0), conform3, 0, 0 },
    { "#NP(sel) on a far return to absent code (SDM vol. 2, RET)", 0, ret_slot, NP, FREE_SEL(0), code_absent, 0, 0 },
    { "#GP(0) on a far return beyond the limit (SDM vol. 2, RET)", 0, ret_limit, GP, 0, code_small, 0, 0 },
    { "#GP(0) on a far return to an outer level with a null SS (SDM vol. 2, RET)", 0, ret_ss_null, GP, 0, 0, 0, 0 },
    { "#GP(ss) on a far return with SS beyond the GDT (SDM vol. 2, RET)", 0, ret_ss_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(ss) on a far return with SS of the wrong RPL and DPL (SDM vol. 2, RET)",
      0, ret_ss_kernel, GP, KDATA, 0, 0, 0 },
    { "#GP(ss) on a far return with SS of the wrong RPL alone (SDM vol. 2, RET)",
      0, ret_ss_rpl, GP, UDATA & ~3, 0, 0, 0 },
    { "#GP(ss) on a far return with code in SS (SDM vol. 2, RET)", 0, ret_ss_code, GP, UCODE & ~3, 0, 0, 0 },
    { "#SS(ss) on a far return with an absent SS (SDM vol. 2, RET)", 0, ret_ss_slot, SS, FREE_SEL(1), ss_absent, 0, 0 },
    { "a far return to level 3 nulls inner data segments alone (SDM 5.8.6)",
      0, ret_drop, VECTOR_DONE, 0, conform0, dropped, 0 },
    { "a far return releases parameters on both stacks (SDM 5.8.6)", 0, ret_params, VECTOR_DONE, 0, 0, released, 0 },
    { "a far return with a 16-bit operand pops two words (SDM vol. 2, RET)",
      0, ret16, VECTOR_RETURNED, 0, code_based, ret16_did, 0 },
    { "#GP(0) on IRET to a null selector (SDM vol. 2, IRET)", 0, iret_null, GP, 0, 0, 0, 0 },
    { "#GP(sel) on IRET beyond the GDT (SDM vol. 2, IRET)", 0, iret_beyond, GP, 0x100, 0, 0, 0 },
    { "#GP(sel) on IRET to data (SDM vol. 2, IRET)", 0, iret_data, GP, KDATA, 0, 0, 0 },
    { "#GP(sel) on IRET to an inner level (SDM vol. 2, IRET)", 3, iret_inner, GP, KCODE, 0, 0, 0 },
    { "#GP(0) on IRET beyond the limit (SDM vol. 2, IRET)", 0, iret_limit, GP, 0, code_small, 0, 0 },
    { "#NP(sel) on IRET to absent code (SDM vol. 2, IRET)", 0, iret_absent, NP, FREE_SEL(0), code_absent, 0, 0 },
    { "#GP(0) on IRET to an outer level with a null SS (SDM vol. 2, IRET)", 0, iret_ss_null, GP, 0, 0, 0, 0 },
    { "#GP(ss) on IRET with SS of the wrong level (SDM vol. 2, IRET)", 0, iret_ss_kernel, GP, KDATA, 0, 0, 0 },
    { "#SS(ss) on IRET with an absent SS (SDM vol. 2, IRET)", 0, iret_ss_absent, SS, FREE_SEL(1), ss_absent, 0, 0 },
    { "#TS(link) on IRET with NT and a back link that is not busy (SDM vol. 2, IRET)",
      0, iret_nt, TS, TSS_OTHER, link_other, 0, 0 },
    { "#TS(link) on IRET with NT and a back link to the LDT (SDM vol. 2, IRET)",
      0, iret_nt, TS, TSS_OTHER | 4, link_local, 0, 0 },
    { "IRET at level 3 keeps IF and IOPL, and loads AC and ID (SDM vol. 2, IRET)",
      3, iret_flags3, VECTOR_DONE, 0, 0, flags_user, 0 },
    { "IRET at level 0 loads IF and IOPL (SDM vol. 2, IRET)", 0, iret_flags0, VECTOR_RETURNED, 0, 0, flags_kernel, 0 },
    { "IRET with a 16-bit operand pops three words (SDM vol. 2, IRET)",
      0, iret16_flags, VECTOR_RETURNED, 0, code_based, cs_slot0, 0 },
    { "IRET to a 16-bit stack loads SP alone (SDM vol. 2, IRET)",
      0, iret_stack16, VECTOR_DONE, 0, stack16, sp_alone, 0 },
    { "POPF at level 3 keeps IF and IOPL (SDM vol. 2, POPF)", 3, popf3, VECTOR_DONE, 0, 0, popf3_did, 0 },
    { "POPF at level 0 loads IF and IOPL, not VM, RF, VIF, VIP (SDM vol. 2, POPF)",
      0, popf0, VECTOR_RETURNED, 0, 0, popf0_did, 0 },
};
// clang-format on
SUITE(suite_transfer, rows);
