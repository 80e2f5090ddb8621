/* access.h - guest memory as instructions see it: segment checks, paging, alignment, all faults raised.
 *
 * `seg` is ES..GS; `offset` is already truncated to the address size. An access raises #GP (#SS through SS), #AC and
 * #PF in the order of SDM vol. 3, 6.9, and does nothing at all when it raises. An access that crosses a page checks
 * both pages before it changes either. */
#ifndef ABBEY_CORE_ACCESS_H
#define ABBEY_CORE_ACCESS_H

#include "core/cpu/cpu.h"
#include "core/cpu/tlb.h"

/* One entry of the software TLB: linear page -> host page, separately for read, write and fetch, and for supervisor and
 * user, so that a hit needs one compare. */
struct tlb *tlb_new(void);
void tlb_free(struct tlb *tlb);
void tlb_flush(struct cpu *cpu, bool global_too);      /* CR3 load; CR0/CR4 changes flush global pages too */
void tlb_flush_page(struct cpu *cpu, uint32_t linear); /* INVLPG */

/* Copies CR0, CR4 and EFER to cpu->paging and flushes: after any change of them. */
void cpu_paging_changed(struct cpu *cpu);

static inline uint8_t ld8(struct cpu *cpu, unsigned seg, uint32_t offset);
static inline uint16_t ld16(struct cpu *cpu, unsigned seg, uint32_t offset);
static inline uint32_t ld32(struct cpu *cpu, unsigned seg, uint32_t offset);
static inline uint64_t ld64(struct cpu *cpu, unsigned seg, uint32_t offset);
static inline void st8(struct cpu *cpu, unsigned seg, uint32_t offset, uint8_t value);
static inline void st16(struct cpu *cpu, unsigned seg, uint32_t offset, uint16_t value);
static inline void st32(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t value);
static inline void st64(struct cpu *cpu, unsigned seg, uint32_t offset, uint64_t value);
/* The host address of an operand that is read, changed and written, when plain host accesses will do for all of it;
 * else NULL, and the caller does probe_write(), ld and st. */
static inline uint8_t *access_rmw(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size);
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

/* Bytes inside one page frame, in device memory too; as the CPU reads them. */
void phys_read(struct cpu *cpu, gpa_t gpa, void *to, uint32_t count);

/* Notes an I/O access for breakpoints with R/W = 2 (CR4.DE); the trap comes after the instruction. */
void debug_watch_io(struct cpu *cpu, uint16_t port, uint32_t size);

/* ---- the fast paths ---- */

/* Slow paths; the segment and alignment are checked here too. */
uint64_t access_load(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size);
void access_store(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size, uint64_t value);

/* Present expand-up data (writable for writes) that holds the whole operand; anything else is looked at slowly. */
static inline bool segment_plain(const struct segment *segment, uint32_t offset, uint32_t size, bool write)
{
    const uint32_t need = SEG_P | SEG_S | (write ? SEG_RW : 0);
    return (segment->attr & (need | SEG_CODE | SEG_DOWN)) == need && (uint64_t)offset + (size - 1) <= segment->limit;
}

/* The host address for a plain access, or NULL. Alignment is never plain while EFLAGS.AC is set. */
static inline __attribute__((always_inline)) uint8_t *access_plain(
    const struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size, bool write)
{
    const struct segment *segment = &cpu->seg[seg];
    uint32_t linear = segment->base + offset;
    const struct tlb_entry *entry = tlb_hit(cpu->tlb, write ? TLB_WRITE : TLB_READ, cpu->cpl == 3, linear, size);
    if (__builtin_expect(!entry || !segment_plain(segment, offset, size, write), 0))
        return NULL;
    if (size > 1 && __builtin_expect(cpu->eflags & FLAG_AC, 0))
        return NULL;
    return (uint8_t *)(uintptr_t)(entry->addend + linear);
}

#define ACCESS_DEFINE(bits, type)                                                           \
    static inline type ld##bits(struct cpu *cpu, unsigned seg, uint32_t offset)             \
    {                                                                                       \
        const uint8_t *at = access_plain(cpu, seg, offset, sizeof(type), false);            \
        if (__builtin_expect(!at, 0))                                                       \
            return (type)access_load(cpu, seg, offset, sizeof(type));                       \
        type value;                                                                         \
        memcpy(&value, at, sizeof(value));                                                  \
        return value;                                                                       \
    }                                                                                       \
    static inline void st##bits(struct cpu *cpu, unsigned seg, uint32_t offset, type value) \
    {                                                                                       \
        uint8_t *at = access_plain(cpu, seg, offset, sizeof(type), true);                   \
        if (__builtin_expect(!at, 0))                                                       \
            access_store(cpu, seg, offset, sizeof(type), value);                            \
        else                                                                                \
            memcpy(at, &value, sizeof(value));                                              \
    }
ACCESS_DEFINE(8, uint8_t)
ACCESS_DEFINE(16, uint16_t)
ACCESS_DEFINE(32, uint32_t)
ACCESS_DEFINE(64, uint64_t)
#undef ACCESS_DEFINE

static inline uint8_t *access_rmw(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size)
{
    return access_plain(cpu, seg, offset, size, true);
}

#endif
