/* descriptor.h - entries of the GDT, LDT and IDT (SDM vol. 3, 3.4.5, 3.5, 6.11), and what segments admit.
 *
 * Shared by the files that implement system.h; no engine needs it. */
#ifndef ABBEY_CORE_DESCRIPTOR_H
#define ABBEY_CORE_DESCRIPTOR_H

#include "core/cpu/cpu.h"

/* Types of system descriptors (SDM table 3-2). Bit 3 marks the 32-bit kinds, bit 1 a busy TSS. */
enum {
    SYS_TSS16 = 1,
    SYS_LDT = 2,
    SYS_TSS16_BUSY = 3,
    SYS_CALL16 = 4,
    SYS_TASK_GATE = 5,
    SYS_INT16 = 6,
    SYS_TRAP16 = 7,
    SYS_TSS32 = 9,
    SYS_TSS32_BUSY = 11,
    SYS_CALL32 = 12,
    SYS_INT32 = 14,
    SYS_TRAP32 = 15
};
#define SYS_32 8u   /* of a gate or TSS type: the 32-bit kind */
#define TSS_BUSY 2u /* of a TSS type */

#define SELECTOR_RPL(selector) ((selector)&3u)
#define SELECTOR_LOCAL 4u /* TI: in the LDT */
#define SELECTOR_NULL(selector) (((selector)&0xfffcu) == 0)
/* The error code that names a selector (SDM figure 6-7); `ext` is 1 when the event was external to the program. */
#define SELECTOR_ERROR(selector, ext) (((selector)&0xfffcu) | (ext))

struct descriptor {
    uint32_t low, high; /* as in memory */
    uint32_t linear;    /* where */
};

// clang-format off
static inline uint32_t descriptor_type(const struct descriptor *d) { return d->high >> 8 & 0xf; }
static inline uint32_t descriptor_dpl(const struct descriptor *d) { return d->high >> 13 & 3; }
static inline bool descriptor_present(const struct descriptor *d) { return d->high & 0x8000; }
/* S: code or data rather than system. */
static inline bool descriptor_memory(const struct descriptor *d) { return d->high & 0x1000; }
static inline bool descriptor_code(const struct descriptor *d) { return (d->high & 0x1800) == 0x1800; }
static inline bool descriptor_conforming(const struct descriptor *d) { return (d->high & 0x1c00) == 0x1c00; }
static inline bool descriptor_writable(const struct descriptor *d) { return (d->high & 0x1a00) == 0x1200; }
// clang-format on
/* Data, or code that may be read. */
static inline bool descriptor_readable(const struct descriptor *d)
{
    return (d->high & 0x1000) && (!(d->high & 0x800) || (d->high & 0x200));
}
static inline uint32_t descriptor_base(const struct descriptor *d)
{
    return d->low >> 16 | (d->high & 0xff) << 16 | (d->high & 0xff000000);
}
uint32_t descriptor_limit(const struct descriptor *d); /* in bytes, granularity applied */

/* Gates. */
static inline uint16_t gate_selector(const struct descriptor *d)
{
    return (uint16_t)(d->low >> 16);
}
static inline uint32_t gate_offset(const struct descriptor *d)
{
    uint32_t low = d->low & 0xffff;
    return descriptor_type(d) & SYS_32 ? low | (d->high & 0xffff0000) : low;
}

/* Reads the descriptor that `selector` names; false when it lies beyond the table or there is no LDT. A null selector
 * is the caller's case. May raise #PF. */
bool descriptor_read(struct cpu *cpu, uint16_t selector, struct descriptor *d);

/* Raises vector(selector | ext) unless descriptor_read() succeeds. */
void descriptor_need(struct cpu *cpu, uint16_t selector, struct descriptor *d, uint32_t vector, uint32_t ext);

/* Sets the accessed bit of a code or data descriptor, in memory and in *d: the last step before its use. */
void descriptor_touch(struct cpu *cpu, struct descriptor *d);

/* The segment register that loading *d with `selector` gives. */
struct segment descriptor_segment(const struct descriptor *d, uint16_t selector);

/* Whether offsets [offset, offset + size) lie within the segment's limit; expand-down data included. */
bool segment_holds(const struct segment *segment, uint32_t offset, uint32_t size);

/* What real mode and v86 mode make of a segment register. */
struct segment segment_real(const struct segment *before, uint16_t selector, bool v86);

/* A data segment register after a null selector was loaded: no access passes. */
struct segment segment_null(uint16_t selector);

/* CS of the descriptor with RPL forced to `cpl`, and CPL itself. */
void segment_load_cs(struct cpu *cpu, const struct descriptor *d, uint16_t selector, uint32_t cpl);

/* On a return to an outer level: data segments that CPL may not use become null (SDM vol. 3, 5.8.6). */
void segments_drop_inner(struct cpu *cpu);

#endif
