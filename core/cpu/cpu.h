/* cpu.h - the architectural state of one virtual CPU, and what every engine needs to change it.
 *
 * Any engine may take over at any instruction boundary: all of the guest-visible state is here, and none of it is in
 * an engine. Between instructions `reg`, `eip`, `eflags` and the rest are exact. */
#ifndef ABBEY_CORE_CPU_H
#define ABBEY_CORE_CPU_H

#include <setjmp.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/mem/mem.h"
#include "core/mem/walk.h"

/* General registers in encoding order; REG_NONE indexes a register that is always zero. */
enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, REG_NONE };
/* Segment registers in encoding order. */
enum { ES, CS, SS, DS, FS, GS };

#define FLAG_CF 0x1u
#define FLAG_PF 0x4u
#define FLAG_AF 0x10u
#define FLAG_ZF 0x40u
#define FLAG_SF 0x80u
#define FLAG_TF 0x100u
#define FLAG_IF 0x200u
#define FLAG_DF 0x400u
#define FLAG_OF 0x800u
#define FLAG_IOPL 0x3000u
#define FLAG_NT 0x4000u
#define FLAG_RF 0x10000u
#define FLAG_VM 0x20000u
#define FLAG_AC 0x40000u
#define FLAG_VIF 0x80000u
#define FLAG_VIP 0x100000u
#define FLAG_ID 0x200000u
#define FLAGS_ARITH (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

#define CR0_PE 0x1u
#define CR0_MP 0x2u
#define CR0_EM 0x4u
#define CR0_TS 0x8u
#define CR0_ET 0x10u
#define CR0_NE 0x20u
#define CR0_WP 0x10000u
#define CR0_AM 0x40000u
#define CR0_NW 0x20000000u
#define CR0_CD 0x40000000u
#define CR0_PG 0x80000000u
#define CR4_VME 0x1u
#define CR4_PVI 0x2u
#define CR4_TSD 0x4u
#define CR4_DE 0x8u
#define CR4_PSE 0x10u
#define CR4_PAE 0x20u
#define CR4_MCE 0x40u
#define CR4_PGE 0x80u
#define CR4_PCE 0x100u
#define CR4_OSFXSR 0x200u
#define CR4_OSXMMEXCPT 0x400u
#define EFER_NXE 0x800u
#define DR6_FIXED 0xffff0ff0u
#define DR6_BD 0x2000u
#define DR6_BS 0x4000u
#define DR6_BT 0x8000u
#define DR7_FIXED 0x400u
#define DR7_GD 0x2000u

/* Vectors (SDM vol. 3, table 6-1). */
// clang-format off
enum {
    EXC_DE = 0, EXC_DB = 1, EXC_NMI = 2, EXC_BP = 3, EXC_OF = 4, EXC_BR = 5, EXC_UD = 6, EXC_NM = 7, EXC_DF = 8,
    EXC_TS = 10, EXC_NP = 11, EXC_SS = 12, EXC_GP = 13, EXC_PF = 14, EXC_MF = 16, EXC_AC = 17, EXC_MC = 18, EXC_XM = 19
};
// clang-format on

/* A segment register with its hidden part. `attr` holds descriptor bits 40-47 and 52-55 as the high dword's bits
 * 8-15 and 20-23 shifted right by 8 (SDM vol. 3, figure 3-8): type 3:0, S 4, DPL 6:5, P 7, AVL 12, D/B 14, G 15. */
struct segment {
    uint16_t selector;
    uint16_t attr;
    uint32_t base;
    uint32_t limit; /* in bytes, granularity applied */
    /* What it was loaded from, if that was an entry of the GDT by MOV, POP or LDS and the like: the selector +
     * SEG_ENTRY, else 0; and the descriptor. The same load of the same descriptor changes nothing. */
    uint32_t entry;
    uint64_t descriptor;
};
#define SEG_ENTRY 0x10000u
#define SEG_TYPE 0xfu
#define SEG_S 0x10u
#define SEG_DPL(attr) (((attr) >> 5) & 3u)
#define SEG_P 0x80u
#define SEG_DB 0x4000u
#define SEG_G 0x8000u
#define SEG_CODE 0x8u    /* with S */
#define SEG_CONFORM 0x4u /* code */
#define SEG_DOWN 0x4u    /* data: expand-down */
#define SEG_RW 0x2u      /* code: readable; data: writable */
#define SEG_ACCESSED 0x1u

struct dtable {
    uint32_t base;
    uint16_t limit;
};

/* An FXSAVE image (SDM vol. 1, 10.5.1), 32-bit form; the x87, MMX and SSE state lives here between instructions. */
struct fxstate {
    uint16_t fcw, fsw;
    uint8_t ftw, reserved0; /* abridged tag word */
    uint16_t fop;
    uint32_t fip;
    uint16_t fcs, reserved1;
    uint32_t fdp;
    uint16_t fds, reserved2;
    uint32_t mxcsr, mxcsr_mask;
    uint8_t st[8][16];
    uint8_t xmm[8][16];
    uint8_t reserved3[224];
} __attribute__((aligned(64)));

/* Events that stop an engine at the next instruction boundary; set from any thread with cpu_signal(). */
#define CPU_SIGNAL_INTR 1u /* level of the INTR pin */
#define CPU_SIGNAL_NMI 2u
#define CPU_SIGNAL_INIT 4u   /* reset of the processor alone */
#define CPU_SIGNAL_STOP 8u   /* the loop wants the thread: pause, reset, quit, engine change */
#define CPU_SIGNAL_CACHE 16u /* the engine's own: another thread changed memory it keeps copies of */

/* Why an engine returned. */
enum cpu_exit {
    CPU_EXIT_BUDGET,       /* the instructions asked for have run */
    CPU_EXIT_STOP,         /* CPU_SIGNAL_STOP or CPU_SIGNAL_INIT was seen */
    CPU_EXIT_HALT,         /* HLT with nothing pending: cpu->halted is set */
    CPU_EXIT_TRIPLE_FAULT, /* shutdown (SDM 6.15, #DF): cpu->shutdown is set */
};

/* What the machine does for a CPU. All [vcpu]. */
struct cpu_bus {
    uint32_t (*in)(void *opaque, uint16_t port, uint32_t size); /* 1, 2, 4 */
    void (*out)(void *opaque, uint16_t port, uint32_t size, uint32_t value);
    uint32_t (*intr_ack)(void *opaque); /* vector of the pending interrupt */
    uint64_t (*tsc)(void *opaque);      /* the time-stamp counter before the guest's offset */
    /* FERR#, for CR0.NE clear: IRQ 13 of a PC. NULL, or less than 0: it is not wired, and #MF is raised. Else the
     * level of IGNNE#. */
    int (*ferr)(void *opaque, bool active);
};

struct cpu_model; /* cpuid.h */
struct tlb;       /* access.h */
struct windows;   /* core/mem/window.h */
struct interp;    /* interp/interp.h: caches of the interpreter */

/* What translated code itself reads and writes beside the guest's state (core/bt); here, so that one base register
 * reaches it all. */
struct cpu_bt {
    void **table;                  /* jump table of the present mode: core/bt/table.c */
    const uint8_t *window;         /* where the thread's GS begins */
    void *tlb;                     /* entries of the software TLB for the present privilege */
    void *next;                    /* where to go on behind a callout that went elsewhere */
    uint64_t end;                  /* of the budget, in `instructions` */
    void ***opened[2];             /* slots of the tables that are open, filled from the end: core/bt/table.c */
    uint32_t open_room[2];         /* free in each */
    uint8_t *open_pages;           /* by linear page: may a slot be open for code there? */
    uint32_t tlb_sets;             /* PEXT mask that takes the TLB set out of a linear address */
    uint32_t mode;                 /* the present one, as core/bt counts them */
    uint32_t temp;                 /* a value that must outlive an address check */
    volatile uint32_t kicked;      /* another thread wants the CPU: looked at on entry and behind every callout */
    uint32_t fp_live;              /* what of x87, MMX and SSE stands in the host's registers: FPU_... of fpu.h, or 0 */
    uint32_t host_mxcsr, host_fcw; /* for C */
    /* Notes of the last x87 instruction (fpu.h): opcode and address, which are stored at once; its operand. */
    uint32_t x87_op __attribute__((aligned(8))), x87_ip, x87_dp, x87_seg;
    uint32_t x87_looped; /* core/bt/fp_note.c */
    uint64_t addend;     /* core/bt/strings.c: of one side while the other is looked up */
    struct bt *bt;
};

/* Why the guest's own code was left. */
struct cpu_counters {
    uint64_t interrupts, nmis, exceptions, software_interrupts;
    uint64_t user_at; /* time-stamp counter when user code was first left, which its first page fault does; 0: never */
};
struct hostfp; /* interp/hostfp.h: x87, MMX and SSE instructions run on the host */

struct cpu {
    uint32_t reg[9]; /* [REG_NONE] stays 0 */
    uint32_t eip;    /* of the next instruction */
    uint32_t eflags; /* bit 1 set, all reserved bits clear */
    struct segment seg[6];
    struct segment ldt, tr;
    struct dtable gdt, idt;
    uint32_t cr0, cr2, cr4; /* CR3 stands in paging.cr3 */
    uint32_t dr[8];         /* DR4 and DR5 unused */
    uint8_t cpl;
    bool halted;      /* in HLT */
    bool shutdown;    /* after a triple fault, until reset */
    bool nmi_blocked; /* until IRET */
    /* Interrupt shadow of STI, MOV SS, POP SS: set by the instruction; the engine takes no interrupt before it has
     * run the next one, for which it clears them. Traps and NMI are held by MOV/POP SS alone (shadow_ss). */
    bool shadow_sti, shadow_ss;
    bool ferr; /* FERR# is active (interp/x87.c) */
    struct paging paging;
    uint64_t efer, pat, apic_base, misc_enable, tsc_offset;
    uint32_t sysenter_cs, sysenter_esp, sysenter_eip;
    uint64_t mtrr_def, mtrr_fixed[11], mtrr_base[8], mtrr_mask[8];
    struct fxstate fx;

    uint64_t instructions; /* completed since power-on, where the engine counts them */

    /* From here on: not guest-visible. */
    uint32_t insn_eip;        /* engines: start of the instruction under way; what a fault pushes */
    _Atomic uint32_t signals; /* CPU_SIGNAL_... */
    const struct cpu_model *model;
    struct mem *mem;
    const struct cpu_bus *bus;
    void *bus_opaque;
    const uint64_t *tsc_origin; /* where it points, bus->tsc is the host's counter less what stands there; or NULL */
    struct tlb *tlb;
    struct windows *windows; /* of the translator, flushed with the TLB; or NULL */
    struct interp *interp;
    struct cpu_bt bt;
    struct hostfp *hostfp; /* hostfp_new(mem_host(mem)); interp_new() makes it, interp_free() frees it */
    jmp_buf *unwind;       /* where cpu_raise() goes: the engine's loop */
    struct {
        uint32_t vector, code;
        bool has_code;
    } fault; /* set by cpu_raise() */
    struct cpu_counters counters;
};

/* Power-on or INIT state (SDM vol. 3, table 9-1). INIT keeps x87/SSE state, MTRRs and the TSC. */
void cpu_reset(struct cpu *cpu, bool init);

/* Sets or clears events. [any] */
static inline void cpu_signal(struct cpu *cpu, uint32_t signals)
{
    atomic_fetch_or_explicit(&cpu->signals, signals, memory_order_release);
}
static inline void cpu_unsignal(struct cpu *cpu, uint32_t signals)
{
    atomic_fetch_and_explicit(&cpu->signals, ~signals, memory_order_release);
}

/* Leaves the instruction under way with a fault; registers must still be as before it. Never returns. */
__attribute__((noreturn)) void cpu_raise(struct cpu *cpu, uint32_t vector);
__attribute__((noreturn)) void cpu_raise_code(struct cpu *cpu, uint32_t vector, uint32_t code);

/* ---- mode ---- */

static inline bool cpu_protected(const struct cpu *cpu)
{
    return (cpu->cr0 & CR0_PE) && !(cpu->eflags & FLAG_VM); /* protected mode proper: neither real nor v86 */
}
static inline bool cpu_v86(const struct cpu *cpu)
{
    return (cpu->eflags & FLAG_VM) != 0;
}
static inline uint32_t cpu_iopl(const struct cpu *cpu)
{
    return (cpu->eflags & FLAG_IOPL) >> 12;
}

/* A dump for people: registers, segments, control registers, the bytes at CS:EIP. Written into `text`. */
void cpu_dump(struct cpu *cpu, char *text, size_t size);

#endif
