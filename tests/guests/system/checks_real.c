/* checks_real.c - real-address mode (SDM vol. 3, 20.1). Bodies are 16-bit code at 1000:0000 with DS = ES = SS = 2000,
 * SP = fffc; each vector of the IVT leads back, so a body ends by INT 1Fh or by a fault. */
#include "guest.h"

extern uint8_t real_begin[], real_stubs[], real_frame[], real_eax[], real_esp[], real_stub[];
#define KEPT(type, symbol) REAL(type, REAL_BASE + (uint32_t)((symbol)-real_begin))

/* The vector: the stub's call pushed the address behind itself. */
static uint32_t vector(void)
{
    return (KEPT(uint16_t, real_stub) - REAL_BASE - (uint32_t)(real_stubs - real_begin) - 3) / 4;
}
static uint16_t ip(void)
{
    return KEPT(uint16_t, real_frame);
}
static uint16_t cs(void)
{
    return KEPT(uint16_t, real_frame + 2);
}
static uint16_t flags(void)
{
    return KEPT(uint16_t, real_frame + 4);
}
static uint32_t eax(void)
{
    return KEPT(uint32_t, real_eax);
}
static uint32_t esp(void)
{
    return KEPT(uint32_t, real_esp);
}

BODY(start, start_real())
#define DONE 0x1f
#define DONE_CODE "\xcd\x1f"
#define CODE(name, bytes)  \
    static void name(void) \
    {                      \
        CODE16(bytes);     \
    }
#define FAULTS(name, v, at)                                       \
    static bool name(void)                                        \
    {                                                             \
        return vector() == (v) && ip() == (at) && cs() == 0x1000; \
    }

CODE(code_int, "\x90" DONE_CODE)
RESULT(int_frame, vector() == DONE && ip() == 3 && cs() == 0x1000 && (flags() & 0xf002) == 2 && esp() == 0xfff6)
/* pushf flags with IF, TF clear inside the handler: the handler's own flags are not seen; those pushed are. */
CODE(code_flags, "\xb8\xd7\x0e\x50\x9d" DONE_CODE)
RESULT(flags_pushed, vector() == DONE && flags() == 0x0ed7)
/* mov ax, [ffff] */
CODE(code_limit, "\x90\xa1\xff\xff" DONE_CODE)
FAULTS(gp_at_1, GP, 1)
/* mov bp, ffff; mov ax, [bp] */
CODE(code_limit_ss, "\xbd\xff\xff\x8b\x46\x00" DONE_CODE)
FAULTS(ss_at_3, SS, 3)
/* mov ebx, 10000h; mov al, [ebx] */
CODE(code_32, "\x66\xbb\x00\x00\x01\x00\x67\x8a\x03" DONE_CODE)
FAULTS(gp_at_6, GP, 6)
/* mov al, [ffff] is fine; mov [1234], ax wraps nothing. */
CODE(code_byte, "\xa0\xff\xff" DONE_CODE)
FAULTS(done_5, DONE, 5)
BODY(byte_data, code_byte(); REAL(uint8_t, 0x2ffff) = 0x5a)
RESULT(byte_read, done_5() && (eax() & 0xff) == 0x5a)
/* Segment values: mov ax, 3456; mov ds, ax; mov ax, [2] */
CODE(code_base, "\xb8\x56\x34\x8e\xd8\xa1\x02\x00" DONE_CODE)
BODY(base_data, code_base(); REAL(uint16_t, 0x34562) = 0xbeef)
RESULT(base_read, vector() == DONE && (eax() & 0xffff) == 0xbeef)
/* mov ax, ffff; mov ds, ax; mov ax, [10]: 100000h is the guest's own first word. */
CODE(code_a20, "\xb8\xff\xff\x8e\xd8\xa1\x10\x00" DONE_CODE)
RESULT(above_1mb, vector() == DONE && (eax() & 0xffff) == REAL(uint16_t, 0x100000))
/* System instructions that real mode has not. */
CODE(code_lldt, "\x90\x0f\x00\xd0" DONE_CODE)
CODE(code_ltr, "\x90\x0f\x00\xd8" DONE_CODE)
CODE(code_str, "\x90\x0f\x00\xc8" DONE_CODE)
CODE(code_verr, "\x90\x0f\x00\xe0" DONE_CODE)
CODE(code_lar, "\x90\x0f\x02\xc0" DONE_CODE)
CODE(code_lsl, "\x90\x0f\x03\xc0" DONE_CODE)
CODE(code_arpl, "\x90\x63\xc0" DONE_CODE)
FAULTS(ud_at_1, UD, 1)
CODE(code_sysenter, "\x90\x0f\x34" DONE_CODE)
CODE(code_sysexit, "\x90\x0f\x35" DONE_CODE)
/* Those it has. smsw ax */
CODE(code_smsw, "\x0f\x01\xe0" DONE_CODE)
RESULT(no_pe, vector() == DONE && !(eax() & 1))
CODE(code_clts, "\x0f\x06\x0f\x20\xc0" DONE_CODE)
RESULT(ts_clear, vector() == DONE && !(eax() & 8))
/* lidt of a table at 2000:0010 with limit 7: INT 2 lies beyond it. */
CODE(code_idt, "\x0f\x01\x1e\x10\x00\xcd\x1f" DONE_CODE)
static void idt_moved(void)
{
    code_idt();
    REAL(uint16_t, 0x20010) = 0x7f;
    REAL(uint32_t, 0x20012) = 0x1000;
    for (unsigned i = 0; i < 32; i++)
        REAL(uint32_t, 0x1000 + 4 * i) = REAL_BASE + (uint32_t)(real_stubs - real_begin) + 4 * (i == DONE ? 5u : i);
}
FAULTS(moved, 5, 7)
CODE(code_beyond, "\x90\xcd\x20" DONE_CODE)
FAULTS(gp_int, GP, 1)
/* xor cx, cx; div cx */
CODE(code_div, "\x31\xc9\xf7\xf1" DONE_CODE)
FAULTS(de_at_2, DE, 2)
CODE(code_int3, "\xcc")
FAULTS(bp_1, BP, 1)
/* push of an error code does not happen: SP is three words down. */
RESULT(no_code, gp_at_1() && esp() == 0xfff6)
/* Far jump, call and return: jmp 1800:0004. */
CODE(code_jmp, "\xea\x04\x00\x00\x18")
BODY(target, REAL(uint16_t, 0x18004) = 0x1fcd)
BODY(jmp, code_jmp(); target())
RESULT(at_target, vector() == DONE && cs() == 0x1800 && ip() == 6)
CODE(code_call, "\x9a\x04\x00\x00\x18")
BODY(call, code_call(); target())
RESULT(called, at_target() && REAL(uint32_t, 0x2fff8) == 0x10000005 && esp() == 0xfff2)
CODE(code_retf, "\x68\x00\x18\x68\x04\x00\xcb")
BODY(retf, code_retf(); target())
CODE(code_iret, "\x68\xd7\x3a\x68\x00\x18\x68\x04\x00\xcf")
BODY(iret, code_iret(); target())
RESULT(iret_flags, at_target() && flags() == 0x3ad7)
/* jmp dword 1800:00010000: beyond the limit. */
CODE(code_jmp32, "\x90\x66\xea\x00\x00\x01\x00\x00\x18")
/* push at SP = 1: the word would lie across 64 KB. mov sp, 1; push ax */
CODE(code_push, "\xbc\x00\x00\x50" DONE_CODE)
RESULT(push_wrapped, vector() == DONE && esp() == 0xfff8)
/* Single step: pushf; or byte [bp-?]... push 0102; popf; nop */
CODE(code_step, "\x68\x02\x01\x9d\x90\x90" DONE_CODE)
RESULT(stepped, vector() == DB && ip() == 5 && (flags() & 0x100))
/* Running off 64 KB: jmp ffff, a NOP there. */
CODE(code_run_off, "\xe9\xfc\xff")
BODY(run_off, code_run_off(); REAL(uint8_t, 0x1ffff) = 0x90; REAL(uint16_t, 0x20000) = 0x1fcd)
RESULT(off_end, vector() == GP && cs() == 0x1000)
CODE(code_hlt_free, "\xfa\x0f\x09\x0f\x08" DONE_CODE)
/* BOUND: ax = 1 outside [2, 3] at DS:0. */
CODE(code_bound, "\xb8\x01\x00\x62\x06\x00\x00" DONE_CODE)
BODY(bound, code_bound(); REAL(uint32_t, 0x20000) = 0x00030002)
FAULTS(br_at_3, BR, 3)

/* ---- big real mode: a limit of 4 GB stays behind the switch ---- */

/* Into protected mode, FS = flat data, and out again: all in 16-bit code. lgdt is that of the kernel. */
CODE(code_big, "\x66\x0f\x20\xc0\x0c\x01\x0f\x22\xc0"         /* mov eax, cr0; or al, 1; mov cr0, eax */
               "\xb9\x10\x00\x8e\xe1"                         /* mov cx, KDATA; mov fs, cx */
               "\x24\xfe\x0f\x22\xc0"                         /* and al, fe; mov cr0, eax */
               "\x31\xc9\x8e\xe1"                             /* xor cx, cx; mov fs, cx */
               "\x66\xbb\x00\x00\x10\x00\x64\x67\x66\x8b\x03" /* mov ebx, 100000h; mov eax, fs:[ebx] */
    DONE_CODE)
RESULT(big_read, vector() == DONE && eax() == REAL(uint32_t, 0x100000))

// clang-format off
static const struct check rows[] = {
    { "INT n pushes FLAGS, CS and IP as words (SDM 20.1.4)", 0, start, VECTOR_REAL, 0, code_int, int_frame, 0 },
    { "INT n pushes FLAGS as they were (SDM 20.1.4)", 0, start, VECTOR_REAL, 0, code_flags, flags_pushed, 0 },
    { "INT3 goes through vector 3 (SDM 20.1.4)", 0, start, VECTOR_REAL, 0, code_int3, bp_1, 0 },
    { "#GP on a word across the end of a segment (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, code_limit, gp_at_1, 0 },
    { "#SS on a word across the end of the stack segment (SDM 20.1.1)",
      0, start, VECTOR_REAL, 0, code_limit_ss, ss_at_3, 0 },
    { "#GP on a 32-bit address above FFFFh (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, code_32, gp_at_6, 0 },
    { "no error code is pushed (SDM 20.1.4)", 0, start, VECTOR_REAL, 0, code_limit, no_code, 0 },
    { "the last byte of a segment may be read (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, byte_data, byte_read, 0 },
    { "a segment's base is its value times 16 (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, base_data, base_read, 0 },
    { "FFFF:0010 is above 1 MB with A20 on (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, code_a20, above_1mb, 0 },
    { "#UD on LLDT (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_lldt, ud_at_1, 0 },
    { "#UD on LTR (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_ltr, ud_at_1, 0 },
    { "#UD on STR (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_str, ud_at_1, 0 },
    { "#UD on VERR (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_verr, ud_at_1, 0 },
    { "#UD on LAR (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_lar, ud_at_1, 0 },
    { "#UD on LSL (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_lsl, ud_at_1, 0 },
    { "#UD on ARPL (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_arpl, ud_at_1, 0 },
    { "#GP on SYSENTER (SDM vol. 2, SYSENTER)", 0, start, VECTOR_REAL, 0, code_sysenter, gp_at_1, NEEDS_SEP },
    { "#GP on SYSEXIT (SDM vol. 2, SYSEXIT)", 0, start, VECTOR_REAL, 0, code_sysexit, gp_at_1, NEEDS_SEP },
    { "SMSW shows PE clear (SDM 9.9.2)", 0, start, VECTOR_REAL, 0, code_smsw, no_pe, 0 },
    { "CLTS and MOV from CR0 are allowed (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_clts, ts_clear, 0 },
    { "CLI, WBINVD and INVD are allowed (SDM 20.1.2)", 0, start, VECTOR_REAL, 0, code_hlt_free, 0, 0 },
    { "LIDT moves the vector table (SDM 20.1.4)", 0, start, VECTOR_REAL, 0, idt_moved, moved, 0 },
    { "#GP on INT n beyond the limit of the vector table (SDM vol. 2, INT n)",
      0, start, VECTOR_REAL, 0, code_beyond, gp_int, 0 },
    { "#DE points to the division (SDM 6.15, vector 0)", 0, start, VECTOR_REAL, 0, code_div, de_at_2, 0 },
    { "#BR points to BOUND (SDM 6.15, vector 5)", 0, start, VECTOR_REAL, 0, bound, br_at_3, 0 },
    { "a far jump loads CS (SDM vol. 2, JMP)", 0, start, VECTOR_REAL, 0, jmp, at_target, 0 },
    { "a far call pushes CS and IP (SDM vol. 2, CALL)", 0, start, VECTOR_REAL, 0, call, called, 0 },
    { "a far return pops IP and CS (SDM vol. 2, RET)", 0, start, VECTOR_REAL, 0, retf, at_target, 0 },
    { "IRET pops FLAGS with IF and IOPL (SDM vol. 2, IRET)", 0, start, VECTOR_REAL, 0, iret, iret_flags, 0 },
    { "#GP on a far jump to an offset above FFFFh (SDM vol. 2, JMP)",
      0, start, VECTOR_REAL, 0, code_jmp32, gp_at_1, 0 },
    { "a push at SP = 0 wraps to FFFEh (SDM vol. 1, 6.2.3)", 0, start, VECTOR_REAL, 0, code_push, push_wrapped, 0 },
    { "single-step goes through vector 1 (SDM 17.3.1.4)", 0, start, VECTOR_REAL, 0, code_step, stepped, 0 },
    { "a 4 GB limit stays behind the switch to real mode, and behind a load (SDM 9.9.2)",
      0, start, VECTOR_REAL, 0, code_big, big_read, 0 },
    { "#GP on running off the end of 64 KB (SDM 20.1.1)", 0, start, VECTOR_REAL, 0, run_off, off_end, HANGS_QEMU },
};
// clang-format on
SUITE(suite_real, rows);
