/* abbey/guestopt.h - plugins of kind guestopt: what makes one guest operating system faster. Interface
 * "abbey.guestopt/1".
 *
 * A machine file names them: `guest: { optimize: [linux] }`. When a kernel is at work for its first program, the host
 * asks each plugin named whether it knows this guest. A plugin looks at the guest's registers and memory and answers
 * how sure it is; on the way it gives hints, by linear addresses of the kernel. The hints of the surest are used.
 *
 * A hint says how an instruction is best translated, never what it does: a hint that is wrong makes the guest slower,
 * and nothing else. So a machine computes the same with any plugin or none. What a plugin reads is a guest's own
 * memory, which may have been put there to deceive it: it must bound whatever it counts and follows. */
#ifndef ABBEY_GUESTOPT_H
#define ABBEY_GUESTOPT_H

#include <abbey/types.h>

/* The running guest, for the time of one call of recognise(). */
typedef struct abbey_guest abbey_guest;

/* Registers of the processor. The general ones in encoding order: EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI. */
typedef struct abbey_guest_cpu {
    uint32_t size; /* sizeof(abbey_guest_cpu), set by the caller */
    uint32_t gpr[8];
    uint32_t eip, eflags;
    uint32_t cpl; /* current privilege level: below 3 while recognise() is called */
    uint32_t cr0, cr3, cr4;
    uint32_t gdt_base, gdt_limit; /* linear; the last byte */
    uint32_t idt_base, idt_limit;
    uint32_t sysenter_cs, sysenter_esp, sysenter_eip; /* 0: not set */
    uint64_t efer;
} abbey_guest_cpu;

/* Rights of a page, for the paging structures as they are now. */
#define ABBEY_GUEST_WRITABLE 1u
#define ABBEY_GUEST_USER 2u
#define ABBEY_GUEST_EXECUTABLE 4u
#define ABBEY_GUEST_GLOBAL 8u

/* What a linear address leads to. */
typedef struct abbey_guest_page {
    uint32_t size;     /* sizeof(abbey_guest_page), set by the caller */
    uint32_t rights;   /* ABBEY_GUEST_... */
    uint64_t physical; /* of the very address */
    uint64_t bytes;    /* of the whole page: 4096, 2 MB or 4 MB */
} abbey_guest_page;

/* Hints. The address is that of the first byte of an instruction, prefixes and all. */
#define ABBEY_HINT_USER_ACCESS 1u /* code of the kernel that touches user memory, as copies between the two do */

/* So many hints of one recognise() are kept. */
#define ABBEY_GUEST_HINTS_MAX 8192u

typedef struct abbey_guest_ops_1 {
    uint32_t size;
    uint32_t reserved;
    void (*cpu)(abbey_guest *guest, abbey_guest_cpu *cpu);
    int32_t (*page)(abbey_guest *guest, uint32_t linear, abbey_guest_page *page);
    uint32_t (*read)(abbey_guest *guest, uint32_t linear, void *to, uint32_t count);
    uint32_t (*read_physical)(abbey_guest *guest, uint64_t physical, void *to, uint32_t count);
    int32_t (*hint)(abbey_guest *guest, uint32_t hint, uint32_t linear);
} abbey_guest_ops_1;

struct abbey_guest {
    const abbey_guest_ops_1 *ops;
};

#define ABBEY_GUESTOPT_1 "abbey.guestopt/1"

typedef struct abbey_guestopt {
    uint32_t size;
    uint32_t reserved;
    const char *name; /* what `guest: { optimize: [name] }` says */
    const char *summary;
    /* Is this a guest that the plugin knows? 0: no; up to 100: certainly. Gives hints meanwhile, which count only if
     * the answer is not 0. Called at an instruction boundary of the kernel, with interrupts enabled, after user code
     * has run; a few times at most between two resets of the machine. The guest stands still meanwhile: some
     * milliseconds are fine. Keeps no state. NULL: knows none. On the thread of the virtual CPU, without the machine
     * lock. */
    uint32_t (*recognise)(abbey_guest *guest);
} abbey_guestopt;

/* All that follows: only inside recognise(). */

/* Fills the registers in. */
static inline void abbey_guest_state(abbey_guest *guest, abbey_guest_cpu *cpu)
{
    cpu->size = (uint32_t)sizeof(*cpu);
    guest->ops->cpu(guest, cpu);
}

/* Where the page of a linear address is; -1 when there is none. The guest sees nothing of it: no A bit is set. */
static inline int32_t abbey_guest_find(abbey_guest *guest, uint32_t linear, abbey_guest_page *page)
{
    page->size = (uint32_t)sizeof(*page);
    return guest->ops->page(guest, linear, page);
}

/* Reads up to `count` bytes of memory with the kernel's rights. Returns how many there were before the first that is
 * not mapped, or not RAM or ROM: device memory is never read. */
static inline uint32_t abbey_guest_read(abbey_guest *guest, uint32_t linear, void *to, uint32_t count)
{
    return guest->ops->read(guest, linear, to, count);
}

/* The same by guest-physical address. */
static inline uint32_t abbey_guest_read_physical(abbey_guest *guest, uint64_t physical, void *to, uint32_t count)
{
    return guest->ops->read_physical(guest, physical, to, count);
}

/* Gives a hint. -1 when it cannot be kept: an unknown one, or too many; that costs nothing else. */
static inline int32_t abbey_guest_hint(abbey_guest *guest, uint32_t hint, uint32_t linear)
{
    return guest->ops->hint(guest, hint, linear);
}

#endif
