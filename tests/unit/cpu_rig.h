/* cpu_rig.h - a CPU with 8 MB of memory and nothing else, for tests of the interpreter.
 *
 *     00002000  GDT: null, flat code 08, flat data 10, user code 18, user data 20, TSS 28
 *     00002100  TSS; its stack for level 0 ends at 9000
 *     00002800  IDT, protected mode; vectors 0-255 go to handlers at 3000 + 16 * vector
 *     00003000  256 handlers of 16 bytes, each HLT; write another one over it with rig_handler()
 *     00009000  top of the stack
 *     00010000  the program
 *     00020000  data, free for the test
 *     00100000  page tables after rig_paging(): identity, 4 KB pages, all user and writable */
#ifndef ABBEY_TESTS_CPU_RIG_H
#define ABBEY_TESTS_CPU_RIG_H

#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "core/vmm/vcpu.h"

#define RIG_CODE 0x10000u
#define RIG_DATA 0x20000u
#define RIG_STACK 0x9000u
#define RIG_TABLES 0x100000u

/* Guest code by the assembler: `GUEST(name, "32", "inc %eax; hlt")`, then name and name##_end. */
#define GUEST(name, bits, text)                                                                                  \
    extern const uint8_t name[], name##_end[];                                                                   \
    __asm__(".pushsection .rodata\n.globl " #name ", " #name "_end\n" #name ":\n.code" bits "\n" text "\n" #name \
            "_end:\n.byte 0\n.code64\n.popsection\n")

struct rig {
    struct cpu *cpu;
    struct mem *mem;
    uint32_t intr_vector; /* what the interrupt controller answers */
    uint32_t out_count;   /* writes to any port, and the last of them */
    uint32_t out_value;
    void (*on_out)(struct rig *rig); /* called by a write to a port, or NULL */
    const struct engine *engine;
};

/* Advanced by the interpreter; or by any engine, which gets the host's faults. The translator translates at the first
 * sight of code; while `counting` it keeps instruction counts and flags exact. */
struct rig *rig_new(void);
struct rig *rig_new_for(const struct engine *engine, bool counting);
void rig_free(struct rig *rig);

/* For any CPU: the translator, if it has one, translates code at first sight; how often it entered translated code. */
void cpu_translate_all(struct cpu *cpu);
uint64_t cpu_translated(const struct cpu *cpu);

/* Protected mode, level 0, flat 32-bit segments; the program is put at RIG_CODE and the CPU in front of it. */
void rig_flat32(struct rig *rig, const uint8_t *code, const uint8_t *end);
/* Real mode, CS = 1000h, SS = 0, DS = ES = 2000h; vectors go to the same handlers. */
void rig_real16(struct rig *rig, const uint8_t *code, const uint8_t *end);
/* From level 0 to level 3, behind rig_flat32(). */
void rig_user(struct rig *rig);
/* 32-bit paging with 4 KB pages. rig_map() changes one entry and flushes nothing. */
void rig_paging(struct rig *rig);
void rig_map(struct rig *rig, uint32_t linear, uint32_t entry);

void rig_poke(struct rig *rig, uint32_t address, const void *bytes, uint32_t count);
uint32_t rig_peek32(struct rig *rig, uint32_t address);
void rig_handler(struct rig *rig, uint32_t vector, const uint8_t *code, const uint8_t *end);

/* Runs at most 1,000,000 instructions. After a HLT in a handler rig_vector() tells which, else -1. */
enum cpu_exit rig_run(struct rig *rig);
int rig_vector(const struct rig *rig);

#endif
