/* checks_v86.c - virtual-8086 mode and its extensions (SDM vol. 3, chapter 20). Bodies are 16-bit code at 1000:0000,
 * with SS:SP = 2000:fffc, ES = DS = 3000, FS = 4000, GS = 5000. */
#include "guest.h"

#define IOPL3 0x3000u
#define VIF 0x80000u
#define VIP 0x100000u
#define IF 0x200u
#define VM 0x20000u

/* Starts v86 mode with IOPL 0 or 3; with VME, and with virtual interrupts on or pending. */
BODY(iopl0, start_v86(0))
BODY(iopl3, start_v86(IOPL3))
BODY(iopl3_if, start_v86(IOPL3 | IF))
BODY(vme, cr4_set(1); start_v86(0))
BODY(vme_vif, cr4_set(1); start_v86(VIF))
BODY(vme_vip, cr4_set(1); start_v86(VIP))
BODY(vme_iopl3, cr4_set(1); start_v86(IOPL3 | IF))

BODY(user_gate, idt[VECTOR_USER].high |= A_DPL(3) << 8)
#define CODE(name, bytes)  \
    static void name(void) \
    {                      \
        user_gate();       \
        CODE16(bytes);     \
    }
CODE(code_int31, "\xcd\x31")
CODE(code_int3, "\xcc")
CODE(code_cli, "\x90\xfa\xcd\x31")
CODE(code_sti, "\x90\xfb\xcd\x31")
CODE(code_pushf, "\x90\x9c\xcd\x31")
CODE(code_popf, "\x90\x9d\xcd\x31")
CODE(code_iret, "\x90\xcf\xcd\x31")
CODE(code_pushfd, "\x90\x66\x9c\xcd\x31")
CODE(code_popfd, "\x90\x66\x9d\xcd\x31")
CODE(code_hlt, "\x90\xf4")
CODE(code_mov_cr, "\x90\x0f\x20\xc0")
CODE(code_mov_dr, "\x90\x0f\x21\xf8")
CODE(code_lgdt, "\x90\x0f\x01\x16\x00\x00")
CODE(code_lmsw, "\x90\x0f\x01\xf0")
CODE(code_smsw, "\x0f\x01\xe0\xcd\x31")
CODE(code_lldt, "\x90\x0f\x00\xd0")
CODE(code_str, "\x90\x0f\x00\xc8")
CODE(code_verr, "\x90\x0f\x00\xe0")
CODE(code_lar, "\x90\x0f\x02\xc0")
CODE(code_arpl, "\x90\x63\xc0")
CODE(code_ud2, "\x90\x0f\x0b")
CODE(code_in, "\x90\xe4\x60\xcd\x31")
/* mov [0], 1234h: DS:0 is 30000. */
CODE(code_store, "\xc7\x06\x00\x00\x34\x12\xcd\x31")
/* mov ax, [ffff] crosses the limit; mov ax, [bp+0] with BP = ffff does so through SS. */
CODE(code_limit, "\x90\xa1\xff\xff")
CODE(code_limit_ss, "\xbd\xff\xff\x8b\x46\x00")
CODE(code_limit_32, "\x66\xbb\x00\x00\x01\x00\x67\x8a\x03")
/* mov ax, 5678h; mov ds, ax; mov ax, [10h]; int 31h: any value is a paragraph. */
CODE(code_mov_ds, "\xb8\x78\x56\x8e\xd8\xa1\x10\x00\xcd\x31")
/* jmp far 1800:0000, where the same int stands; call far 1800:0000 as well. */
CODE(code_jmp_far, "\xea\x00\x00\x00\x18")
CODE(code_call_far, "\x9a\x00\x00\x00\x18")
CODE(code_jmp_far32, "\x90\x66\xea\x00\x00\x01\x00\x00\x18")
BODY(with_target, REAL(uint16_t, 0x18000) = 0x31cd)
BODY(jmp_far, code_jmp_far(); with_target())
BODY(call_far, code_call_far(); with_target())
/* retf to 1800:0000: the words stand at 2000:fffc. */
CODE(code_retf, "\xcb")
BODY(retf, code_retf(); with_target(); REAL(uint32_t, 0x2fffc) = 0x18000000)
/* iret to 1800:0000 with flags 0ad7 needs six bytes: sp = fff8. */
CODE(code_iret_go, "\xbc\xf8\xff\xcf")
BODY(iret_go, code_iret_go(); with_target(); REAL(uint32_t, 0x2fff8) = 0x18000000; REAL(uint16_t, 0x2fffc) = 0x02d7)
BODY(iret_vif, code_iret_go(); with_target(); REAL(uint32_t, 0x2fff8) = 0x18000000; REAL(uint16_t, 0x2fffc) = 0x0202)
BODY(iret_tf, code_iret_go(); with_target(); REAL(uint32_t, 0x2fff8) = 0x18000000; REAL(uint16_t, 0x2fffc) = 0x0302)
/* popf of what stands at fffc. */
BODY(popf_if, code_popf(); REAL(uint16_t, 0x2fffc) = 0x3ed7)
BODY(popf_no_if, code_popf(); REAL(uint16_t, 0x2fffc) = 0x0002)
BODY(popf_tf, code_popf(); REAL(uint16_t, 0x2fffc) = 0x0102)
/* I/O bitmap: port 60h allowed. */
BODY(in_allowed, code_in(); tss_main.io[0x60 / 8] &= 0xfe)
/* INT 40h redirected to 1800:0000 by the bitmap; 41h not. */
CODE(code_int40, "\x90\xcd\x40")
BODY(redirect, code_int40(); with_target(); REAL(uint32_t, 0x40 * 4) = 0x18000000; tss_main.redirect[8] &= 0xfe)
BODY(int40_gate, code_int40(); idt[0x40].high |= A_DPL(3) << 8)
BODY(int3_gate, code_int3(); idt[BP].high |= A_DPL(3) << 8)
static void int31_dpl1(void)
{
    code_int31();
    slot(0, 0, 0xfffff, A_CODE | A_DPL(1), F_G | F_32);
    idt[VECTOR_USER] = gate(FREE_SEL(0), (uint32_t)stub_raw, A_INT32 | A_DPL(3), 0);
}
BODY(int31_conforming, int31_dpl1(); slot(0, 0, 0xfffff, A_CONFORM, F_G | F_32))
BODY(int31_gate_dpl0, CODE16("\x90\xcd\x31"); idt[VECTOR_USER].high &= ~(A_DPL(3) << 8))
static void gate16(void)
{
    code_int31();
    slot(0, (uint32_t)stub_raw & ~0xffffu, 0xffff, A_CODE, F_32);
    idt[VECTOR_USER] = gate(FREE_SEL(0), (uint32_t)stub_raw & 0xffff, A_INT16 | A_DPL(3), 0);
}

#define AT(n) (trap.cs == V86_BASE >> 4 && trap.eip == (n) && (trap.eflags & VM))
RESULT(at_1, AT(1))
RESULT(at_3, AT(3))
RESULT(at_6, AT(6))
static bool frame_right(void)
{
    return AT(2) && trap.ss == 0x2000 && trap.esp == 0xfffc && trap.v86_es == 0x3000 && trap.v86_ds == 0x3000 &&
           trap.v86_fs == 0x4000 && trap.v86_gs == 0x5000;
}
RESULT(nulls, trap.ds == 0 && trap.es == 0 && trap.fs == 0 && trap.gs == 0)
RESULT(stack_size, trap.at == (uint32_t)trap_stack_top - 36)
RESULT(stack_size_16, trap.at == (uint32_t)trap_stack_top - 18 && trap.raw[0] == 2 && trap.raw[1] == V86_BASE >> 4 &&
                          trap.raw[3] == 0xfffc && trap.raw[8] == 0x5000)
RESULT(error_code, trap.at == (uint32_t)trap_stack_top - 36 && AT(1))
RESULT(stored, REAL(uint16_t, 0x30000) == 0x1234)
RESULT(mov_ds, trap.v86_ds == 0x5678 && (trap.eax & 0xffff) == 0xbeef)
BODY(mov_ds_data, code_mov_ds(); REAL(uint16_t, 0x56790) = 0xbeef)
RESULT(at_target, trap.cs == 0x1800 && trap.eip == 2)
RESULT(called, at_target() && trap.esp == 0xfff8 && REAL(uint32_t, 0x2fff8) == 0x10000005)
RESULT(returned, at_target() && trap.esp == 0)
RESULT(iret_did, at_target() && (trap.esp & 0xffff) == 0xfffe && (trap.eflags & 0xffff) == 0x32d7)
RESULT(if_clear, !(trap.eflags & IF))
RESULT(if_set, trap.eflags &IF)
RESULT(vif_clear, !(trap.eflags & VIF) && (trap.eflags & IF) == 0)
RESULT(vif_set, (trap.eflags & VIF) && !(trap.eflags & IF))
RESULT(pushf_vif, REAL(uint16_t, 0x2fffa) == 0x3202)
RESULT(pushf_no_vif, REAL(uint16_t, 0x2fffa) == 0x3002)
RESULT(pushf_plain, REAL(uint16_t, 0x2fffa) == 0x3202)
RESULT(popf_vif, (trap.eflags & VIF) && (trap.eflags & 0xfff) == 0x0cd7 && !(trap.eflags & 0x3000))
RESULT(popf_no_vif, !(trap.eflags & VIF) && !(trap.eflags & IF))
RESULT(popf_iopl3, (trap.eflags & 0x3fff) == 0x3ed7)
/* With IOPL 0 the target's own INT 31h faults where it stands. */
RESULT(gp_at_target, trap.cs == 0x1800 && trap.eip == 0)
RESULT(redirected,
    gp_at_target() && REAL(uint16_t, 0x2fffa) == 0x3202 && REAL(uint32_t, 0x2fff6) == 0x10000003 && vif_clear())
RESULT(redirected_iopl3, at_target() && REAL(uint16_t, 0x2fffa) == 0x3202 && !(trap.eflags & IF))
RESULT(iret_vif_set, gp_at_target() && (trap.eflags & VIF) && !(trap.eflags & IF))

BODY(far_in, start_v86_at(0x10000, IOPL3))
RESULT(at_iret, trap.cs == KCODE && !(trap.eflags & VM) && trap.ds == KDATA)

/* PVI: virtual interrupts for level 3 in protected mode. */
BODY(pvi_cli, __asm__ volatile("cli" :::))
BODY(pvi_sti, __asm__ volatile("sti" :::))
BODY(pvi_sti_vip, __asm__ volatile(FAULT "sti" :::))
static void pvi_enter(void (*body)(void), uint32_t flags)
{
    cr4_set(2);
    __asm__ volatile("movw %w0, %%ds\n\tmovw %w0, %%es\n\tmovw %w0, %%fs\n\tmovw %w0, %%gs\n\tpushl %0\n\tpushl "
                     "%1\n\tpushl %2\n\tpushl %3\n\tpushl %4\n\tiret" ::"r"(UDATA),
        "r"(user_stack_top - 4), "r"(flags | 2), "r"(UCODE), "r"(body));
}
BODY(pvi_cli_body, pvi_enter(pvi_cli, VIF | IF))
BODY(pvi_sti_body, pvi_enter(pvi_sti, IF))
BODY(pvi_vip_body, pvi_enter(pvi_sti_vip, VIP | IF))
RESULT(pvi_cleared, !(trap.eflags & VIF) && (trap.eflags & IF))
RESULT(pvi_set, (trap.eflags & VIF) && (trap.eflags & IF))

// clang-format off
static const struct check rows[] = {
    { "INT n with IOPL 3 leaves v86 mode by the IDT, all segments on the stack (SDM 20.3.1.1)",
      0, iopl3, VECTOR_USER, 0, code_int31, frame_right, 0 },
    { "leaving v86 mode nulls the data segments (SDM 20.3.1.1)", 0, iopl3, VECTOR_USER, 0, code_int31, nulls, 0 },
    { "leaving v86 mode pushes nine dwords (SDM figure 20-4)", 0, iopl3, VECTOR_USER, 0, code_int31, stack_size, 0 },
    { "a 16-bit gate out of v86 mode pushes nine words (SDM vol. 2, INT n)",
      0, iopl3, VECTOR_RAW, 0, gate16, stack_size_16, 0 },
    { "#GP(0) on INT n with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_int40, at_1, 0 },
    { "INT3 needs no IOPL (SDM 20.2.7)", 0, iopl0, BP, 0, int3_gate, 0, 0 },
    { "#GP on INT n through a gate with DPL 0 (SDM vol. 2, INT n)",
      0, iopl3, GP, VECTOR_USER * 8 + 2, int31_gate_dpl0, at_1, 0 },
    { "#GP(cs) when a handler out of v86 mode is not at level 0 (SDM 20.3.1)",
      0, iopl3, GP, FREE_SEL(0), int31_dpl1, 0, 0 },
    { "#GP(cs) when a handler out of v86 mode is conforming (SDM 20.3.1)",
      0, iopl3, GP, FREE_SEL(0), int31_conforming, 0, 0 },
    { "#GP(0) on CLI with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_cli, at_1, 0 },
    { "#GP(0) on STI with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_sti, at_1, 0 },
    { "#GP(0) on PUSHF with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_pushf, at_1, 0 },
    { "#GP(0) on POPF with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_popf, at_1, 0 },
    { "#GP(0) on IRET with IOPL 0 (SDM 20.2.7)", 0, iopl0, GP, 0, code_iret, at_1, 0 },
    { "CLI with IOPL 3 clears IF (SDM 20.2.7)", 0, iopl3_if, VECTOR_USER, 0, code_cli, if_clear, 0 },
    { "STI with IOPL 3 sets IF (SDM 20.2.7)", 0, iopl3, VECTOR_USER, 0, code_sti, if_set, 0 },
    { "PUSHF with IOPL 3 pushes IF and IOPL (SDM 20.2.7)", 0, iopl3_if, VECTOR_USER, 0, code_pushf, pushf_plain, 0 },
    { "POPF with IOPL 3 loads IF and keeps IOPL (SDM vol. 2, POPF)", 0, iopl3, VECTOR_USER, 0, popf_if, popf_iopl3, 0 },
    { "IRET with IOPL 3 stays in v86 mode and keeps IOPL (SDM vol. 2, IRET)",
      0, iopl3, VECTOR_USER, 0, iret_go, iret_did, 0 },
    { "#GP(0) on HLT (SDM 20.2.8)", 0, iopl3, GP, 0, code_hlt, at_1, 0 },
    { "#GP(0) on MOV from CR0 (SDM 20.2.8)", 0, iopl3, GP, 0, code_mov_cr, at_1, 0 },
    { "#GP(0) on MOV from DR7 (SDM 20.2.8)", 0, iopl3, GP, 0, code_mov_dr, at_1, 0 },
    { "#GP(0) on LGDT (SDM 20.2.8)", 0, iopl3, GP, 0, code_lgdt, at_1, 0 },
    { "#GP(0) on LMSW (SDM 20.2.8)", 0, iopl3, GP, 0, code_lmsw, at_1, 0 },
    { "SMSW is allowed (SDM 20.2.8)", 0, iopl3, VECTOR_USER, 0, code_smsw, 0, 0 },
    { "#UD on LLDT (SDM 20.2.8)", 0, iopl3, UD, 0, code_lldt, at_1, 0 },
    { "#UD on STR (SDM 20.2.8)", 0, iopl3, UD, 0, code_str, at_1, 0 },
    { "#UD on VERR (SDM 20.2.8)", 0, iopl3, UD, 0, code_verr, at_1, 0 },
    { "#UD on LAR (SDM 20.2.8)", 0, iopl3, UD, 0, code_lar, at_1, 0 },
    { "#UD on ARPL (SDM 20.2.8)", 0, iopl3, UD, 0, code_arpl, at_1, 0 },
    { "a fault out of v86 mode ignores IOPL and DPL (SDM 20.3.1)", 0, iopl0, UD, 0, code_ud2, error_code, 0 },
    { "#GP(0) on IN that the I/O bitmap denies, IOPL 3 or not (SDM 20.2.8.1)", 0, iopl3, GP, 0, code_in, at_1, 0 },
    { "IN that the I/O bitmap allows, IOPL 0 (SDM 20.2.8.1)", 0, iopl0, GP, 0, in_allowed, at_3, 0 },
    { "a segment's base is its value times 16 (SDM 20.2.1)", 0, iopl3, VECTOR_USER, 0, code_store, stored, 0 },
    { "MOV DS takes any value (SDM 20.2.1)", 0, iopl3, VECTOR_USER, 0, mov_ds_data, mov_ds, 0 },
    { "#GP(0) on a word across 64 KB (SDM 20.2.1)", 0, iopl3, GP, 0, code_limit, at_1, 0 },
    { "#SS(0) on a word across 64 KB of the stack (SDM 20.2.1)", 0, iopl3, SS, 0, code_limit_ss, at_3, 0 },
    { "#GP(0) on a 32-bit address above FFFFh (SDM 20.2.1)", 0, iopl3, GP, 0, code_limit_32, at_6, 0 },
    { "a far jump loads a paragraph (SDM 20.2.1)", 0, iopl3, VECTOR_USER, 0, jmp_far, at_target, 0 },
    { "#GP(0) on a far jump to an offset above FFFFh (SDM vol. 2, JMP)", 0, iopl3, GP, 0, code_jmp_far32, at_1, 0 },
    { "a far call pushes CS and IP as words (SDM vol. 2, CALL)", 0, iopl3, VECTOR_USER, 0, call_far, called, 0 },
    { "a far return loads a paragraph (SDM vol. 2, RET)", 0, iopl3, VECTOR_USER, 0, retf, returned, 0 },
    { "#GP(0) on IRET to v86 mode with EIP above FFFFh (SDM vol. 2, IRET)", 0, far_in, GP, 0, 0, at_iret, 0 },
    { "VME: CLI clears VIF (SDM 20.3.2)", 0, vme_vif, GP, 0, code_cli, vif_clear, NEEDS_VME },
    { "VME: STI sets VIF (SDM 20.3.2)", 0, vme, GP, 0, code_sti, vif_set, NEEDS_VME },
    { "VME: #GP(0) on STI with VIP set (SDM 20.3.2)", 0, vme_vip, GP, 0, code_sti, at_1, NEEDS_VME },
    { "VME: PUSHF pushes VIF for IF, and IOPL 3 (SDM 20.3.2)", 0, vme_vif, GP, 0, code_pushf, pushf_vif, NEEDS_VME },
    { "VME: PUSHF with VIF clear (SDM 20.3.2)", 0, vme, GP, 0, code_pushf, pushf_no_vif, NEEDS_VME },
    { "VME: #GP(0) on PUSHFD with IOPL 0 (SDM vol. 2, PUSHF)", 0, vme, GP, 0, code_pushfd, at_1, NEEDS_VME },
    { "VME: POPF loads VIF from IF, and no IOPL (SDM 20.3.2)", 0, vme, GP, 0, popf_if, popf_vif, NEEDS_VME },
    { "VME: POPF clears VIF (SDM 20.3.2)", 0, vme_vif, GP, 0, popf_no_if, popf_no_vif, NEEDS_VME },
    { "VME: #GP(0) on POPF that would set TF (SDM vol. 2, POPF)", 0, vme, GP, 0, popf_tf, at_1, NEEDS_VME },
    { "VME: #GP(0) on POPF of IF with VIP set (SDM vol. 2, POPF)", 0, vme_vip, GP, 0, popf_if, at_1, NEEDS_VME },
    { "VME: #GP(0) on POPFD with IOPL 0 (SDM vol. 2, POPF)", 0, vme, GP, 0, code_popfd, at_1, NEEDS_VME },
    { "VME: IRET loads VIF from IF (SDM 20.3.2)", 0, vme, GP, 0, iret_vif, iret_vif_set, NEEDS_VME },
    { "VME: #GP(0) on IRET that would set TF (SDM 20.3.2)", 0, vme, GP, 0, iret_tf, at_3, NEEDS_VME },
    { "VME: INT n with its bit clear goes to the program's vector, VIF off (SDM table 20-2, method 6)",
      0, vme_vif, GP, 0, redirect, redirected, NEEDS_VME },
    { "VME: INT n with its bit clear and IOPL 3 clears IF (SDM table 20-2, method 5)",
      0, vme_iopl3, VECTOR_USER, 0, redirect, redirected_iopl3, NEEDS_VME },
    { "VME: #GP(0) on INT n with its bit set and IOPL 0 (SDM table 20-2, method 2)",
      0, vme, GP, 0, int40_gate, at_1, NEEDS_VME },
    { "VME: INT n with its bit set and IOPL 3 goes through the IDT (SDM table 20-2, method 4)",
      0, vme_iopl3, 0x40, 0, int40_gate, at_3, NEEDS_VME },
    { "VME: INT3 is never redirected (SDM 20.3.3)", 0, vme, BP, 0, int3_gate, 0, NEEDS_VME },
    { "PVI: CLI at level 3 clears VIF and keeps IF (SDM 20.4)",
      0, pvi_cli_body, VECTOR_DONE, 0, 0, pvi_cleared, NEEDS_VME },
    { "PVI: STI at level 3 sets VIF (SDM 20.4)", 0, pvi_sti_body, VECTOR_DONE, 0, 0, pvi_set, NEEDS_VME },
    { "PVI: #GP(0) on STI with VIP set (SDM 20.4)", 0, pvi_vip_body, GP, 0, 0, 0, NEEDS_VME },
};
// clang-format on
SUITE(suite_v86, rows);
