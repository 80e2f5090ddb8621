/* native.c - runs single instructions on the host CPU in a 32-bit process, for test_conformance.
 *
 * Started with the number of a descriptor of a conf_shared. Reads a byte from stdin for each batch, runs the cases,
 * writes a byte to stdout.
 *
 * A case is entered by loading every register from memory and jumping to the instruction, through SS, the one segment
 * that stays flat. Behind the instruction, and at the target of a branch, stands an exit that stores a number and goes
 * to `leave`, which stores every register; so the common case costs no signal. An exception comes as a signal whose
 * frame has everything else; the handler turns the frame so that it returns to `resume`. Every register is lost on the
 * way, so all state of the runner itself is in static variables. */
#define _GNU_SOURCE
#include <asm/ldt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "tests/conformance/case.h"

_Static_assert(sizeof(void *) == 4, "must be a 32-bit program");

/* What enter and leave work on; named in the assembler below. */
__attribute__((used)) static uint32_t run_gpr[8], run_eflags, run_exit, run_host_esp;
__attribute__((used)) static struct {
    uint32_t eip;
    uint16_t cs;
} run_far;
__attribute__((used)) static uint16_t run_sreg[6], run_host_gs;
__attribute__((used)) static uint8_t run_fx[512] __attribute__((aligned(16)));
__attribute__((used)) static uint32_t run_host_mxcsr = 0x1f80;

void enter(void);
void leave(void);
void resume(void);

__asm__(".text\n"
        "enter:\n"
        "   pushal\n"
        "   mov %esp, run_host_esp\n"
        "   fxrstor run_fx\n"
        "   pushl run_eflags\n"
        "   mov run_sreg+0, %es\n"
        "   mov run_sreg+8, %fs\n"
        "   mov run_sreg+10, %gs\n"
        "   mov run_sreg+6, %ds\n"
        "   popfl\n"
        "   mov %ss:run_gpr+0, %eax\n"
        "   mov %ss:run_gpr+4, %ecx\n"
        "   mov %ss:run_gpr+8, %edx\n"
        "   mov %ss:run_gpr+12, %ebx\n"
        "   mov %ss:run_gpr+20, %ebp\n"
        "   mov %ss:run_gpr+24, %esi\n"
        "   mov %ss:run_gpr+28, %edi\n"
        "   mov %ss:run_gpr+16, %esp\n"
        "   ljmp *%ss:run_far\n"
        "leave:\n"
        "   mov %eax, %ss:run_gpr+0\n"
        "   mov %ecx, %ss:run_gpr+4\n"
        "   mov %edx, %ss:run_gpr+8\n"
        "   mov %ebx, %ss:run_gpr+12\n"
        "   mov %esp, %ss:run_gpr+16\n"
        "   mov %ebp, %ss:run_gpr+20\n"
        "   mov %esi, %ss:run_gpr+24\n"
        "   mov %edi, %ss:run_gpr+28\n"
        "   mov %ss:run_host_esp, %esp\n"
        "   pushfl\n"
        "   popl %ss:run_eflags\n"
        "   mov %es, %ss:run_sreg+0\n"
        "   mov %ss, %ss:run_sreg+4\n"
        "   mov %ds, %ss:run_sreg+6\n"
        "   mov %fs, %ss:run_sreg+8\n"
        "   mov %gs, %ss:run_sreg+10\n"
        "   fxsave %ss:run_fx\n"
        "resume:\n" /* after a signal, with ESP = run_host_esp and SS flat */
        "   push %ss\n"
        "   pop %ds\n"
        "   push %ss\n"
        "   pop %es\n"
        "   mov run_host_gs, %gs\n"
        "   pushl $0x202\n"
        "   popfl\n"
        "   fninit\n"
        "   ldmxcsr run_host_mxcsr\n"
        "   popal\n"
        "   ret\n");

static struct conf_result *result_now;

/* An exception in the case under way. The kernel's frame has an FXSAVE image 112 bytes into the FPU state. */
static void on_signal(int sig, siginfo_t *info, void *context)
{
    (void)sig, (void)info;
    static const uint8_t order[8] = { REG_EAX, REG_ECX, REG_EDX, REG_EBX, REG_ESP, REG_EBP, REG_ESI, REG_EDI };
    static const uint8_t segments[6] = { REG_ES, REG_CS, REG_SS, REG_DS, REG_FS, REG_GS };
    ucontext_t *uc = context;
    greg_t *reg = uc->uc_mcontext.gregs;
    struct conf_result *result = result_now;
    for (unsigned i = 0; i < 8; i++)
        result->gpr[i] = (uint32_t)reg[order[i]];
    for (unsigned i = 0; i < 6; i++)
        result->sreg[i] = (uint16_t)reg[segments[i]];
    result->eip = (uint32_t)reg[REG_EIP];
    result->eflags = (uint32_t)reg[REG_EFL];
    result->vector = (uint32_t)reg[REG_TRAPNO];
    result->code = (uint32_t)reg[REG_ERR];
    result->cr2 = (uint32_t)uc->uc_mcontext.cr2;
    result->exit = EXIT_EXCEPTION;
    memcpy(result->fx, (const uint8_t *)uc->uc_mcontext.fpregs + 112, sizeof result->fx);
    reg[REG_EIP] = (greg_t)(uintptr_t)resume;
    reg[REG_ESP] = (greg_t)run_host_esp;
    reg[REG_CS] = SEL_CODE;
    reg[REG_SS] = reg[REG_DS] = reg[REG_ES] = SEL_FLAT;
    reg[REG_FS] = 0;
    reg[REG_GS] = run_host_gs;
    reg[REG_EFL] = 0x202;
}

static uint8_t *plant(uint8_t *code, const char *prefixes, const char *opcode, uint32_t address)
{
    code = (uint8_t *)stpcpy(stpcpy((char *)code, prefixes), opcode);
    memcpy(code, &address, 4);
    return code + 4;
}

/* mov dword ss:[run_exit], number; mov ss:[run_sreg+2], cs; jmp far SEL_CODE:leave - for 16-bit code with the prefixes
 * that make it do the same. */
static void exit_plant(uint32_t at, uint32_t number, int code16)
{
    uint8_t *code = plant((uint8_t *)at, code16 ? "\x36\x67\x66" : "\x36", "\xc7\x05", (uint32_t)&run_exit);
    const uint16_t selector = SEL_CODE;
    memcpy(code, &number, 4);
    code = plant(code + 4, code16 ? "\x36\x67" : "\x36", "\x8c\x0d", (uint32_t)&run_sreg[1]);
    code = plant(code, code16 ? "\x66" : "", "\xea", (uint32_t)leave);
    memcpy(code, &selector, 2);
}

static void case_run(const struct conf_case *in, struct conf_result *out)
{
    memcpy((void *)in->mem_at, in->mem, in->mem_length);
    if (in->taken_at)
        exit_plant(in->taken_at, EXIT_TAKEN, in->code_base != 0);
    memcpy((void *)in->eip, in->insn, in->length);
    exit_plant(in->eip + in->length, EXIT_NEXT, in->code_base != 0);
    memcpy(run_gpr, in->gpr, sizeof run_gpr);
    memcpy(run_fx, in->fx, sizeof run_fx);
    run_eflags = in->eflags;
    run_far.eip = in->eip - in->code_base;
    run_far.cs = in->cs;
    run_sreg[0] = in->es;
    run_sreg[3] = in->ds;
    run_sreg[4] = in->fs;
    run_sreg[5] = in->gs;
    run_exit = EXIT_EXCEPTION;
    result_now = out;
    out->exit = EXIT_NEXT;
    out->vector = out->code = out->cr2 = 0;
    __asm__ volatile("call enter" : : : "memory", "cc");
    if (out->exit != EXIT_EXCEPTION) {
        memcpy(out->gpr, run_gpr, sizeof run_gpr);
        memcpy(out->sreg, run_sreg, sizeof run_sreg);
        memcpy(out->fx, run_fx, sizeof run_fx);
        out->eflags = run_eflags;
        out->exit = run_exit;
        out->eip = (run_exit == EXIT_TAKEN ? in->taken_at : in->eip + in->length) - in->code_base;
    }
    memcpy(out->mem, (const void *)in->mem_at, in->mem_length);
}

static void map(uint32_t start, uint32_t end, int prot, int flags, int fd)
{
    flags |= MAP_FIXED_NOREPLACE | (fd < 0 ? MAP_ANONYMOUS | MAP_PRIVATE : MAP_SHARED);
    if (mmap((void *)start, end - start, prot, flags, fd, 0) != (void *)start) {
        perror("native: mmap");
        exit(2);
    }
}

static void ldt_set(
    unsigned entry, uint32_t base, uint32_t limit, unsigned contents, unsigned read_exec_only, unsigned absent)
{
    struct user_desc desc = {
        .entry_number = entry,
        .base_addr = base,
        .limit = limit,
        .seg_32bit = entry != LDT_CODE16,
        .contents = contents & 3,
        .read_exec_only = read_exec_only & 1,
        .limit_in_pages = limit == 0xfffff,
        .seg_not_present = absent & 1,
    };
    if (syscall(SYS_modify_ldt, 0x11, &desc, sizeof desc)) {
        perror("native: modify_ldt");
        exit(2);
    }
}

static void setup(int fd, struct conf_shared **shared)
{
    *shared = mmap(NULL, sizeof **shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*shared == MAP_FAILED) {
        perror("native: mmap");
        exit(2);
    }
    map(ARENA_RW, ARENA_RO_END, PROT_READ | PROT_WRITE, 0, -1);
    map(CODE, CODE_END, PROT_READ | PROT_WRITE | PROT_EXEC, 0, -1);
    memcpy((void *)ARENA_RW, (*shared)->arena, ARENA_BYTES);
    memset((void *)ARENA_RO, 0x5a, ARENA_RO_END - ARENA_RO);
    mprotect((void *)ARENA_RO, ARENA_RO_END - ARENA_RO, PROT_READ);
    ldt_set(LDT_BASED, ARENA_RW, ARENA_BYTES - 1, MODIFY_LDT_CONTENTS_DATA, 0, 0);
    ldt_set(LDT_READONLY, ARENA_RW, ARENA_BYTES - 1, MODIFY_LDT_CONTENTS_DATA, 1, 0);
    ldt_set(LDT_DOWN, LDT_DOWN_BASE, 0xfff, MODIFY_LDT_CONTENTS_STACK, 0, 0);
    ldt_set(LDT_ABSENT, ARENA_RW, ARENA_BYTES - 1, MODIFY_LDT_CONTENTS_DATA, 0, 1);
    ldt_set(LDT_CODE, 0, 0xfffff, MODIFY_LDT_CONTENTS_CODE, 0, 0);
    ldt_set(LDT_EXECUTE, 0, 0xfffff, MODIFY_LDT_CONTENTS_CODE, 1, 0);
    ldt_set(LDT_CODE16, CODE16_BASE, CODE_END - CODE16_BASE - 1, MODIFY_LDT_CONTENTS_CODE, 0, 0);
    ldt_set(LDT_CONFORMING, 0, 0xfffff, 3, 0, 1);

    static uint8_t stack[65536] __attribute__((aligned(16)));
    stack_t alternate = { .ss_sp = stack, .ss_size = sizeof stack };
    sigaltstack(&alternate, NULL);
    struct sigaction action = { .sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigaction(signals[i], &action, NULL);
    __asm__("mov %%gs, %0" : "=r"(run_host_gs));
}

int main(int argc, char **argv)
{
    struct conf_shared *shared;
    if (argc != 2)
        return 2;
    setup(atoi(argv[1]), &shared);
    for (char byte = 0; write(1, &byte, 1) == 1 && read(0, &byte, 1) == 1;) {
        for (uint32_t i = 0; i < shared->count; i++) {
            shared->progress = i;
            case_run(&shared->cases[i], &shared->results[i]);
        }
        memcpy(shared->arena, (const void *)ARENA_RW, ARENA_BYTES);
    }
    return 0;
}
