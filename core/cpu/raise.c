/* raise.c - leaves an instruction with a fault. */
#include "core/cpu/cpu.h"

void cpu_raise(struct cpu *cpu, uint32_t vector)
{
    cpu->fault.vector = vector;
    cpu->fault.code = 0;
    cpu->fault.has_code = false;
    longjmp(*cpu->unwind, 1);
}

void cpu_raise_code(struct cpu *cpu, uint32_t vector, uint32_t code)
{
    cpu->fault.vector = vector;
    cpu->fault.code = code;
    cpu->fault.has_code = true;
    longjmp(*cpu->unwind, 1);
}
