/* access.c - the slow paths of guest memory access: every check in its order, page borders, device memory.
 *
 * Order of checks (SDM vol. 3, 6.9): segment limit and type, then alignment, then paging. Both pages of an access
 * that crosses are translated before the first byte is moved, so an access that raises has done nothing. */
#include "core/cpu/access.h"

#include "core/cpu/interp/interp.h"

/* Raises for a segment that forbids the access (SDM vol. 3, 5.3 to 5.5). An access that runs over the end of a 4 GB
 * segment raises too, which 5.3 leaves to the processor. */
static void segment_check(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size, bool write)
{
    const struct segment *segment = &cpu->seg[seg];
    uint32_t attr = segment->attr;
    uint64_t last = (uint64_t)offset + size - 1;
    bool ok = true;
    if (cpu_protected(cpu)) { /* real mode and v86 have no types */
        bool code = (attr & SEG_CODE) != 0;
        if ((attr & (SEG_P | SEG_S)) != (SEG_P | SEG_S))
            ok = false; /* null selector */
        else if (write ? code || !(attr & SEG_RW) : code && !(attr & SEG_RW))
            ok = false;
    }
    if (!(attr & SEG_CODE) && (attr & SEG_DOWN))
        ok = ok && offset > segment->limit && last <= (attr & SEG_DB ? UINT32_MAX : UINT16_MAX);
    else
        ok = ok && last <= segment->limit;
    if (!ok)
        cpu_raise_code(cpu, seg == SS ? EXC_SS : EXC_GP, 0);
}

static void alignment_check(struct cpu *cpu, uint32_t linear, uint32_t alignment)
{
    if ((linear & (alignment - 1)) && cpu->cpl == 3 && (cpu->eflags & FLAG_AC) && (cpu->cr0 & CR0_AM))
        cpu_raise_code(cpu, EXC_AC, 0);
}

/* Notes the data breakpoints that an access meets (SDM vol. 3, 17.2.5); `kinds` has a bit per R/W value. */
static void watch_check(struct cpu *cpu, uint32_t address, uint32_t size, uint32_t kinds)
{
    static const uint8_t lengths[4] = { 1, 2, 8, 4 };
    uint32_t dr7 = cpu->dr[7];
    for (unsigned n = 0; n < 4; n++) {
        uint32_t length = lengths[dr7 >> (18 + 4 * n) & 3];
        uint32_t start = cpu->dr[n] & ~(length - 1);
        bool enabled = (dr7 >> (2 * n) & 3) && (kinds >> (dr7 >> (16 + 4 * n) & 3) & 1);
        if (enabled && (address - start < length || start - address < size))
            cpu->tlb->watch_hits |= 1u << n;
    }
}

void debug_watch_io(struct cpu *cpu, uint16_t port, uint32_t size)
{
    if (cpu->cr4 & CR4_DE)
        watch_check(cpu, port, size, 1u << 2);
}

/* The one or two pieces of an access, translated. */
struct span {
    struct tlb_entry page[2];
    uint32_t size[2];
    uint32_t pieces;
};

static void span_translate(
    struct cpu *cpu, struct span *span, uint32_t linear, uint32_t size, unsigned purpose, bool user)
{
    uint32_t room = MEM_PAGE_SIZE - (linear & MEM_PAGE_MASK);
    span->page[0] = *tlb_translate(cpu, linear, purpose, user);
    span->size[0] = size < room ? size : room;
    span->size[1] = size - span->size[0];
    span->pieces = span->size[1] ? 2 : 1;
    if (span->size[1])
        span->page[1] = *tlb_translate(cpu, linear + room, purpose, user);
    if (cpu->tlb->watch[4] & 0xff)
        watch_check(cpu, linear, size, purpose == TLB_WRITE ? 1u << 1 | 1u << 3 : 1u << 3);
}

/* The widest of 8, 4, 2, 1 that fits. */
static uint32_t piece(uint32_t count)
{
    return count >= 8 ? 8 : count >= 4 ? 4 : count >= 2 ? 2 : 1;
}

/* Behind an access that may have been a device's. */
static void device_done(struct cpu *cpu)
{
    if (atomic_load_explicit(&cpu->signals, memory_order_relaxed))
        interp_break(cpu->interp);
}

void phys_read(struct cpu *cpu, gpa_t gpa, void *to, uint32_t count)
{
    uint8_t *at = to;
    for (uint32_t size; count; count -= size, at += size, gpa += size) {
        size = piece(count);
        uint64_t value = mem_load(cpu->mem, gpa, size);
        memcpy(at, &value, size);
    }
    device_done(cpu);
}

static void phys_write(struct cpu *cpu, gpa_t gpa, const void *from, uint32_t count)
{
    const uint8_t *at = from;
    for (uint32_t size; count; count -= size, at += size, gpa += size) {
        uint64_t value = 0;
        size = piece(count);
        memcpy(&value, at, size);
        mem_store(cpu->mem, gpa, size, value);
    }
    device_done(cpu);
}

static void linear_read(struct cpu *cpu, uint32_t linear, void *to, uint32_t size, bool user)
{
    struct span span;
    uint8_t *at = to;
    span_translate(cpu, &span, linear, size, TLB_READ, user);
    for (unsigned i = 0; i < span.pieces; i++) {
        const struct tlb_entry *page = &span.page[i];
        const uint8_t *host = tlb_host(page, linear);
        if (host)
            memcpy(at, host, span.size[i]);
        else
            phys_read(cpu, tlb_gpa(page, linear), at, span.size[i]);
        at += span.size[i];
        linear += span.size[i];
    }
}

static void linear_write(struct cpu *cpu, uint32_t linear, const void *from, uint32_t size, bool user)
{
    struct span span;
    const uint8_t *at = from;
    span_translate(cpu, &span, linear, size, TLB_WRITE, user);
    for (unsigned i = 0; i < span.pieces; i++) {
        const struct tlb_entry *page = &span.page[i];
        uint8_t *host = tlb_host(page, linear);
        if (host)
            memcpy(host, at, span.size[i]);
        else
            phys_write(cpu, tlb_gpa(page, linear), at, span.size[i]);
        at += span.size[i];
        linear += span.size[i];
    }
}

uint64_t access_load(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size)
{
    uint64_t value = 0;
    uint32_t linear = cpu->seg[seg].base + offset;
    segment_check(cpu, seg, offset, size, false);
    alignment_check(cpu, linear, size);
    linear_read(cpu, linear, &value, size, cpu->cpl == 3);
    return value;
}

void access_store(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t size, uint64_t value)
{
    uint32_t linear = cpu->seg[seg].base + offset;
    segment_check(cpu, seg, offset, size, true);
    alignment_check(cpu, linear, size);
    linear_write(cpu, linear, &value, size, cpu->cpl == 3);
}

/* What #AC asks of an operand that is not 1, 2, 4 or 8 bytes long (SDM vol. 3, table 6-7): 8 for 10-byte reals, the
 * operand size for the images of FNSTENV and FNSAVE. Of 16 bytes the SDM leaves it open; processors ask for 16. */
static uint32_t natural_alignment(uint32_t count)
{
    switch (count) {
    case 14:
    case 94: return 2;
    case 28:
    case 108: return 4;
    case 16: return 16;
    default: return count > 16 ? 1 : count >= 8 ? 8 : count >= 4 ? 4 : count >= 2 ? 2 : 1;
    }
}

static uint32_t bulk_check(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t count, uint32_t align, bool write)
{
    uint32_t linear = cpu->seg[seg].base + offset;
    segment_check(cpu, seg, offset, count, write);
    if (align > 1 && (linear & (align - 1)))
        cpu_raise_code(cpu, EXC_GP, 0);
    alignment_check(cpu, linear, natural_alignment(count));
    return linear;
}

void ldn(struct cpu *cpu, unsigned seg, uint32_t offset, void *to, uint32_t count, uint32_t align)
{
    uint32_t linear = bulk_check(cpu, seg, offset, count, align, false);
    linear_read(cpu, linear, to, count, cpu->cpl == 3);
}

void stn(struct cpu *cpu, unsigned seg, uint32_t offset, const void *from, uint32_t count, uint32_t align)
{
    uint32_t linear = bulk_check(cpu, seg, offset, count, align, true);
    linear_write(cpu, linear, from, count, cpu->cpl == 3);
}

void probe_write(struct cpu *cpu, unsigned seg, uint32_t offset, uint32_t count)
{
    uint32_t linear = bulk_check(cpu, seg, offset, count, 1, true);
    struct span span;
    span_translate(cpu, &span, linear, count, TLB_WRITE, cpu->cpl == 3);
}

/* Descriptors, gates and task state are nearly always in plain pages that were looked at before. */
static inline uint8_t *sys_plain(const struct cpu *cpu, uint32_t linear, uint32_t size, unsigned purpose)
{
    const struct tlb_entry *entry = tlb_hit(cpu->tlb, purpose, false, linear, size);
    return entry ? (uint8_t *)(uintptr_t)(entry->addend + linear) : NULL;
}

#define SYS_LOAD(bits, type)                                                \
    type sys_ld##bits(struct cpu *cpu, uint32_t linear)                     \
    {                                                                       \
        const uint8_t *at = sys_plain(cpu, linear, sizeof(type), TLB_READ); \
        type value;                                                         \
        if (__builtin_expect(at != NULL, 1))                                \
            memcpy(&value, at, sizeof(value));                              \
        else                                                                \
            linear_read(cpu, linear, &value, sizeof(value), false);         \
        return value;                                                       \
    }
#define SYS_STORE(bits, type)                                          \
    void sys_st##bits(struct cpu *cpu, uint32_t linear, type value)    \
    {                                                                  \
        uint8_t *at = sys_plain(cpu, linear, sizeof(type), TLB_WRITE); \
        if (__builtin_expect(at != NULL, 1))                           \
            memcpy(at, &value, sizeof(value));                         \
        else                                                           \
            linear_write(cpu, linear, &value, sizeof(value), false);   \
    }
SYS_LOAD(8, uint8_t)
SYS_LOAD(16, uint16_t)
SYS_LOAD(32, uint32_t)
SYS_LOAD(64, uint64_t)
SYS_STORE(8, uint8_t)
SYS_STORE(16, uint16_t)
SYS_STORE(32, uint32_t)
#undef SYS_LOAD
#undef SYS_STORE

void sys_probe_write(struct cpu *cpu, uint32_t linear, uint32_t count)
{
    struct span span;
    span_translate(cpu, &span, linear, count, TLB_WRITE, false);
}

gpa_t fetch_gpa(struct cpu *cpu, uint32_t eip)
{
    if (eip > cpu->seg[CS].limit)
        cpu_raise_code(cpu, EXC_GP, 0);
    uint32_t linear = cpu->seg[CS].base + eip;
    return tlb_gpa(tlb_translate(cpu, linear, TLB_FETCH, cpu->cpl == 3), linear);
}
