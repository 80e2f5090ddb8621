/* access.h - guest memory as instructions see it: segment checks, paging, alignment, all faults raised.
 *
 * `seg` is ES..GS; `offset` is already truncated to the address size. An access raises #GP (#SS through SS), #AC and
 * #PF in the order of SDM vol. 3, 6.9, and does nothing at all when it raises. An access that crosses a page checks both
 * pages before it changes either. */
#ifndef ABBEY_CORE_ACCESS_H
#define ABBEY_CORE_ACCESS_H

#include "core/cpu/cpu.h"

/* One entry of the software TLB: linear page -> host page, separately for read, write and fetch, and for supervisor and
 * user, so that a hit needs one compare. */
struct tlb *tlb_new(void);
void tlb_free(struct tlb *tlb);
void tlb_flush(struct cpu *cpu, bool global_too);      /* CR3 load; CR0/CR4 changes flush global pages too */
void tlb_flush_page(struct cpu *cpu, uint32_t linear); /* INVLPG */

/* Copies CR0, CR4 and EFER to cpu->paging and flushes: after any change of them. */
void cpu_paging_changed(struct cpu *cpu);

uint8_t ld8(struct cpu *cpu, unsigned seg, uint32_t offset);
uint16_t ld16(struct cpu *cpu, unsigned seg, uint32_t offset);
uint32_t ld32(struct cpu *cpu, unsigned seg, uint32_t offset);
uint64_t ld64(struct cpu *cpu, unsigned seg, uint32_t offset);
void st8(struct cpu *cpu, unsigned seg, uint32_t offset, uint8_t value);
void st16(struct cpu *cpu, unsigned seg, uint32_t offset, uint16_t value);
void st32(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t value);
void st64(struct cpu *cpu, unsigned seg, uint32_t offset, uint64_t value);
/* Any length up to 512 bytes, as FXSAVE and FNSAVE need; `align` 16 raises #GP on a misaligned address. */
void ldn(struct cpu *cpu, unsigned seg, uint32_t offset, void *to, uint32_t count, uint32_t align);
void stn(struct cpu *cpu, unsigned seg, uint32_t offset, const void *from, uint32_t count, uint32_t align);

/* Raises what a write of `count` bytes would raise, and writes nothing: the first half of a read-modify-write. */
void probe_write(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t count);

/* Linear addresses with supervisor rights whatever the CPL: descriptor tables, TSS, stacks of inner levels. */
uint8_t sys_ld8(struct cpu *cpu, uint32_t linear);
uint16_t sys_ld16(struct cpu *cpu, uint32_t linear);
uint32_t sys_ld32(struct cpu *cpu, uint32_t linear);
uint64_t sys_ld64(struct cpu *cpu, uint32_t linear);
void sys_st8(struct cpu *cpu, uint32_t linear, uint8_t value);
void sys_st16(struct cpu *cpu, uint32_t linear, uint16_t value);
void sys_st32(struct cpu *cpu, uint32_t linear, uint32_t value);
void sys_probe_write(struct cpu *cpu, uint32_t linear, uint32_t count);

/* The physical address of the byte to fetch at CS:eip, after limit and page checks at the current CPL; raises. */
gpa_t fetch_gpa(struct cpu *cpu, uint32_t eip);

#endif
