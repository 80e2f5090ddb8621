/* guest.h - a small kernel whose work is to provoke the processor, and to see whether it answers as the SDM says.
 *
 * A check is a row: its name with the section that rules it, a body, and the event that must end the body. Every check
 * starts from the same state: fresh descriptor tables, paging off, CR4 = 0, EFLAGS = 2. If the body marks an
 * instruction with FAULT, that instruction must be the one that faults, and general registers, segment registers and
 * flags must be as they were before it: a fault changes nothing (SDM vol. 3, 6.5). */
#ifndef ABBEY_GUEST_H
#define ABBEY_GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"

enum {
    DE = 0,
    DB = 1,
    BP = 3,
    OF = 4,
    BR = 5,
    UD = 6,
    NM = 7,
    DF = 8,
    TS = 10,
    NP = 11,
    SS = 12,
    GP = 13,
    PF = 14,
    AC = 17
};

struct check {
    const char *name;
    unsigned level; /* 0 or 3: where the body starts */
    void (*body)(void);
    uint32_t vector, code; /* the event that ends it */
    void (*setup)(void);   /* at level 0, tables fresh; or NULL */
    bool (*result)(void);  /* looked at when the event was right; or NULL */
    uint32_t needs;        /* CPUID.1:EDX bits, NEEDS_...; without them the check is skipped */
};
#define NEEDS_VME (1u << 1)
#define NEEDS_DE (1u << 2)
#define NEEDS_PSE (1u << 3)
#define NEEDS_TSC (1u << 4)
#define NEEDS_MSR (1u << 5)
#define NEEDS_PAE (1u << 6)
#define NEEDS_SEP (1u << 11)
#define NEEDS_PGE (1u << 13)
#define NEEDS_PAT (1u << 16)
#define NEEDS_MMX (1u << 23)
#define NEEDS_NX (1u << 31)   /* ours: extended leaf */
#define HANGS_QEMU (1u << 30) /* ours: skipped by the word "careful" on the command line */

struct suite {
    const struct check *checks;
    unsigned count;
};
/* A body or a setup; a result. */
#define BODY(name, ...)    \
    static void name(void) \
    {                      \
        __VA_ARGS__;       \
    }
#define RESULT(name, ...)   \
    static bool name(void)  \
    {                       \
        return __VA_ARGS__; \
    }
#define SUITE(name, rows) const struct suite name = { rows, sizeof(rows) / sizeof(rows[0]) }

/* ---- what ended the body ---- */

struct trap {
    uint32_t vector, code, eip, cs, eflags, esp, ss;
    uint32_t v86_es, v86_ds, v86_fs, v86_gs;
    uint32_t eax, ecx, edx, ebx, ebp, esi, edi;
    uint32_t ds, es, fs, gs;
    uint32_t cr2, cr0, tr;
    uint32_t handler_cs, handler_ss;
    uint32_t at;         /* address of the handler's first stack word (error code or EIP) */
    const uint16_t *raw; /* the words there */
};
extern struct trap trap;
extern volatile uint32_t note[8]; /* whatever a body wants to tell its result function; zero at the start */

/* ---- tables ---- */

struct desc {
    uint32_t low, high;
};
extern struct desc gdt[32], ldt[8], idt[256];

struct tss32 {
    uint32_t link, esp0, ss0, esp1, ss1, esp2, ss2, cr3, eip, eflags, eax, ecx, edx, ebx, esp, ebp, esi, edi;
    uint32_t es, cs, ss, ds, fs, gs, ldt;
    uint16_t trap, iomap;
    uint8_t redirect[32], io[33]; /* the redirection bitmap lies below the I/O bitmap */
} __attribute__((packed));
struct tss16 {
    uint16_t link, sp0, ss0, sp1, ss1, sp2, ss2, ip, flags, ax, cx, dx, bx, sp, bp, si, di, es, cs, ss, ds, ldt;
} __attribute__((packed));
extern struct tss32 tss_main, tss_other;
extern struct tss16 tss_small;
extern uint8_t stack_other[4096], stack_ring1[4096];

/* Access bytes. */
#define A_DATA 0x92
#define A_DATA_RO 0x90
#define A_DATA_DOWN 0x96
#define A_CODE 0x9a
#define A_CODE_XO 0x98
#define A_CONFORM 0x9e
#define A_DPL(n) ((n) << 5)
#define A_LDT 0x82
#define A_TSS16 0x81
#define A_TSS32 0x89
#define A_GATE_TASK 0x85
#define A_CALL16 0x84
#define A_CALL32 0x8c
#define A_INT16 0x86
#define A_TRAP16 0x87
#define A_INT32 0x8e
#define A_TRAP32 0x8f
#define A_ABSENT(access) ((access) & ~0x80u)
/* Flags nibble. */
#define F_32 0x4
#define F_G 0x8

struct desc desc(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags);
struct desc gate(uint32_t selector, uint32_t offset, uint32_t access, uint32_t count);
/* Puts a descriptor into free slot n of the GDT; its selector is FREE_SEL(n). */
void slot(unsigned n, uint32_t base, uint32_t limit, uint32_t access, uint32_t flags);
void slot_gate(unsigned n, uint32_t selector, void (*target)(void), uint32_t access, uint32_t count);
#define GDT_ENTRY(selector) gdt[(selector) >> 3]

void lgdt(uint32_t base, uint16_t limit);
void lidt(uint32_t base, uint16_t limit);

/* ---- paging ---- */

/* A window of test pages at 12 MB, each page mapped to its own frame; all else below 16 MB is identity-mapped with
 * user rights. */
#define WINDOW 0xc00000u
#define PAGE(n) (WINDOW + 4096u * (n))
#define PTE_P 1u
#define PTE_W 2u
#define PTE_U 4u
#define PTE_A 0x20u
#define PTE_D 0x40u
#define PTE_PS 0x80u
#define PTE_G 0x100u
#define PTE_NX 0x8000000000000000ull
extern uint32_t page_dir[1024], page_table[4][1024];
extern uint64_t pae_pdpt[4], pae_dir[512], pae_table[8][512];
/* Fills the tables; paging stays off until paging_on(). */
void tables_32(void);
void tables_pae(void);
/* The entry of page n of the window. */
uint32_t *pte(unsigned n);
uint64_t *pae_pte(unsigned n);
uint8_t *frame(unsigned n); /* the memory behind it */
void paging_on(uint32_t cr4, uint32_t cr0_bits);
void paging_on_pae(uint32_t cr4, uint32_t cr0_bits);

/* ---- other modes ---- */

/* Copies code to V86_BASE, where v86 bodies and real-mode bodies start. */
void code16(const void *bytes, uint32_t count);
#define CODE16(bytes) code16(bytes, sizeof(bytes) - 1)
/* A level-0 body that enters v86 mode at 1000:0000, stack 2000:fffc, with these flags besides VM. */
void start_v86(uint32_t flags);
void start_v86_at(uint32_t eip, uint32_t flags);
void start_real(void);
extern uint16_t *const real_memory; /* linear 0 */
#define REAL(type, linear) (*(volatile type *)(launder(linear)))
static inline void *launder(uint32_t linear)
{
    void *p = (void *)linear;
    __asm__("" : "+r"(p));
    return p;
}

/* ---- instructions ---- */

#define FAULT "call snapshot\n\tmovl $71f, %%ss:expect_eip\n71:\t"
#define FAULT_PLAIN "call snapshot\n\tmovl $71f, %ss:expect_eip\n71:\t"
/* The next instruction traps: EIP is behind it. */
#define TRAP(insn) "movl $72f, %%ss:expect_eip\n\t" insn "\n72:\t"
#define FULL "eax", "ebx", "ecx", "edx", "esi", "edi", "memory", "cc"
extern volatile uint32_t expect_eip;

static inline void outb(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" ::"a"(value), "Nd"(port));
}
static inline uint32_t cr4_read(void)
{
    uint32_t value;
    __asm__ volatile("movl %%cr4, %0" : "=r"(value));
    return value;
}
static inline void cr4_set(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr4" ::"r"(value) : "memory");
}
static inline uint32_t cr0_read(void)
{
    uint32_t value;
    __asm__ volatile("movl %%cr0, %0" : "=r"(value));
    return value;
}
static inline void cr0_set(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr0" ::"r"(value) : "memory");
}
static inline void cr3_set(uint32_t value)
{
    __asm__ volatile("movl %0, %%cr3" ::"r"(value) : "memory");
}
static inline void wrmsr(uint32_t index, uint64_t value)
{
    __asm__ volatile("wrmsr" ::"c"(index), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)));
}
static inline uint64_t rdmsr(uint32_t index)
{
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(index));
    return (uint64_t)high << 32 | low;
}
static inline void invlpg(uint32_t linear)
{
    __asm__ volatile("invlpg (%0)" ::"r"(linear) : "memory");
}
static inline uint32_t peek(uint32_t linear)
{
    return *(volatile uint32_t *)launder(linear);
}
static inline void poke(uint32_t linear, uint32_t value)
{
    *(volatile uint32_t *)launder(linear) = value;
}
static inline void load_ldt(uint16_t selector)
{
    __asm__ volatile("lldt %0" ::"r"(selector));
}
static inline void load_tr(uint16_t selector)
{
    __asm__ volatile("ltr %0" ::"r"(selector));
}

/* boot.S */
void run_check(void (*body)(void), unsigned level);
void user_done(void);
void enter_v86(void);
void enter_real(void);
void kernel_return(void);
void stub_raw(void);
extern uint8_t stubs[], kernel_stack_top[], user_stack[], user_stack_top[], trap_stack_top[];

#endif
