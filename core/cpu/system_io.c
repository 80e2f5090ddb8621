/* system_io.c - may this port be touched? IOPL and the I/O permission bitmap (SDM vol. 1, 19.5). */
#include "core/cpu/access.h"
#include "core/cpu/descriptor.h"
#include "core/cpu/system.h"

void io_check(struct cpu *cpu, uint16_t port, uint32_t size)
{
    if (!(cpu->cr0 & CR0_PE) || (!cpu_v86(cpu) && cpu->cpl <= cpu_iopl(cpu)))
        return;
    if (!(cpu->tr.attr & SYS_32) || cpu->tr.limit < 0x67)
        cpu_raise_code(cpu, EXC_GP, 0);
    /* Two bytes are always read, so that a port group may cross one boundary; the second too must lie in the TSS. */
    uint32_t at = sys_ld16(cpu, cpu->tr.base + 0x66) + port / 8u;
    if (at + 1 > cpu->tr.limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    uint32_t bits = (uint32_t)sys_ld16(cpu, cpu->tr.base + at) >> (port & 7);
    if (bits & ((1u << size) - 1))
        cpu_raise_code(cpu, EXC_GP, 0);
}
