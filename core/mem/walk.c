/* The walk, and the order in which its checks come (SDM vol. 3, 4.3 to 4.8).
 *
 * From the top down, each entry must be present and have no reserved bit set; the first entry that is not decides the
 * error code. Only at the leaf are the rights of all levels put together and compared with the access. Accessed and
 * dirty bits are written last, so that an access that faults leaves the tables as they were.
 *
 * Example, 32-bit paging, a write at CPL 3 to C0801234h: entry 302h of the directory at CR3 holds 00005067h (present,
 * writable, user, PS clear); entry 001h of the table at 5000h holds 00009025h (present, read-only, user, accessed).
 * U/S is set in both, R/W is not: error code 7 (present, write, user), and bit 5 of the directory entry stays what it
 * was. At CPL 0 with CR0.WP clear the same write goes to 9234h and sets A in both entries and D in the second. */
#include "core/mem/walk.h"

#define ENTRY_P 0x1u
#define ENTRY_W 0x2u
#define ENTRY_U 0x4u
#define ENTRY_A 0x20u
#define ENTRY_D 0x40u
#define ENTRY_PS 0x80u
#define ENTRY_G 0x100u
#define ENTRY_NX (1ull << 63)

/* Reserved bits. MAXPHYADDR is 36 with PAE; PSE-36 is not offered, so 4 MB pages reach 4 GB (SDM 4.3, table 4-4).
 * XXX: on a processor without PAT, bit 12 of a 4 MB entry and bit 7 of a table entry would be reserved too. */
#define RESERVED_4M 0x003fe000ull
#define RESERVED_PAE 0x7ffffff000000000ull
#define RESERVED_2M (RESERVED_PAE | 0x001fe000ull)
#define RESERVED_PDPTE 0xfffffff0000001e6ull

#define ADDRESS_PAE 0x0000000ffffff000ull

static uint32_t fault_code(const struct paging *paging, uint32_t access, uint32_t cause)
{
    uint32_t code = cause;
    if (access & WALK_WRITE)
        code |= PF_WRITE;
    if (access & WALK_USER)
        code |= PF_USER;
    if ((access & WALK_EXEC) && paging->pae && paging->nx) /* SDM 4.7: I/D is reported only then */
        code |= PF_FETCH;
    return code;
}

/* Is the entry present and well-formed? *cause of the fault when it is not. */
static bool entry_check(const struct paging *paging, uint64_t entry, uint32_t *cause)
{
    *cause = 0;
    if (!(entry & ENTRY_P))
        return false;
    *cause = PF_PRESENT | PF_RESERVED;
    return !paging->pae || !(entry & (paging->nx ? RESERVED_PAE : RESERVED_PAE | ENTRY_NX));
}

static bool entry_read(struct mem *mem, const struct paging *paging, gpa_t at, uint64_t *entry, uint32_t *cause)
{
    *entry = mem_load(mem, at, paging->pae ? 8 : 4);
    return entry_check(paging, *entry, cause);
}

bool walk_directory(const struct mem *mem, const struct paging *paging, uint32_t linear, gpa_t *at)
{
    if (paging->pae) {
        uint64_t pdpte = paging->pdpte[linear >> 30];
        *at = ((pdpte & ADDRESS_PAE) + (linear >> 21 & 511) * 8) & mem_a20_mask(mem);
        return pdpte & ENTRY_P;
    }
    *at = ((paging->cr3 & ~MEM_PAGE_MASK) + (linear >> 22) * 4) & mem_a20_mask(mem);
    return true;
}

/* Finds the entries of `linear`; false with the cause of the fault. */
static bool tables_follow(
    struct mem *mem, const struct paging *paging, uint32_t linear, struct walk_path *path, uint32_t *cause)
{
    *cause = 0;
    if (!walk_directory(mem, paging, linear, &path->at[0]) ||
        !entry_read(mem, paging, path->at[0], &path->entry[0], cause))
        return false;
    if ((path->entry[0] & ENTRY_PS) && (paging->pae || paging->pse)) {
        path->count = 1;
        path->shift = paging->pae ? 21 : 22;
        *cause = PF_PRESENT | PF_RESERVED;
        return !(path->entry[0] & (paging->pae ? RESERVED_2M : RESERVED_4M));
    }
    gpa_t table = path->entry[0] & (paging->pae ? ADDRESS_PAE : ~(uint64_t)MEM_PAGE_MASK);
    table += paging->pae ? (linear >> 12 & 511) * 8 : (linear >> 12 & 1023) * 4;
    path->count = 2;
    path->shift = MEM_PAGE_SHIFT;
    path->at[1] = table & mem_a20_mask(mem);
    return entry_read(mem, paging, path->at[1], &path->entry[1], cause);
}

bool walk_path(struct mem *mem, const struct paging *paging, uint32_t linear, struct walk_path *path)
{
    uint32_t cause;
    return paging->on && tables_follow(mem, paging, linear, path, &cause);
}

/* Everything in *out, from entries that are present and well-formed. */
static void grant(
    const struct mem *mem, const struct paging *paging, const struct walk_path *path, uint32_t linear, struct walk *out)
{
    uint64_t leaf = path->entry[path->count - 1];
    uint64_t all = path->entry[0] & leaf, any = path->entry[0] | leaf;
    out->user = all & ENTRY_U;
    out->writable = all & ENTRY_W;
    out->executable = !(any & ENTRY_NX);
    out->accessed = all & ENTRY_A;
    out->dirty = leaf & ENTRY_D;
    out->global = paging->global && (leaf & ENTRY_G);
    out->page_shift = path->shift;
    uint64_t inside = (1ull << path->shift) - 1;
    uint64_t frame = leaf & (paging->pae ? ADDRESS_PAE : 0xfffff000ull) & ~inside;
    out->gpa = (frame | (linear & inside)) & mem_a20_mask(mem);
}

bool walk_grant(
    const struct mem *mem, const struct paging *paging, const struct walk_path *path, uint32_t linear, struct walk *out)
{
    uint32_t cause;
    if (!entry_check(paging, path->entry[path->count - 1], &cause))
        return false;
    grant(mem, paging, path, linear, out);
    return true;
}

static bool access_allowed(const struct paging *paging, uint32_t access, const struct walk *rights)
{
    if ((access & WALK_USER) && !rights->user)
        return false;
    if ((access & WALK_WRITE) && !rights->writable && ((access & WALK_USER) || paging->wp))
        return false;
    return !(access & WALK_EXEC) || rights->executable;
}

/* Accessed bits in every entry, the dirty bit in the last one of a write (SDM 4.8). */
static void bits_set(struct mem *mem, struct walk_path *path, bool write)
{
    for (unsigned i = 0; i < path->count; i++) {
        uint32_t bits = ENTRY_A | (write && i == path->count - 1 ? ENTRY_D : 0);
        if ((path->entry[i] & bits) == bits)
            continue;
        path->entry[i] |= bits;
        mem_store(mem, path->at[i], 4, (uint32_t)path->entry[i]);
    }
}

bool walk_linear(
    struct mem *mem, const struct paging *paging, uint32_t linear, uint32_t access, struct walk *out, uint32_t *code)
{
    if (!paging->on) {
        *out = (struct walk){ .gpa = linear & mem_a20_mask(mem),
            .page_shift = MEM_PAGE_SHIFT,
            .user = true,
            .writable = true,
            .dirty = true,
            .accessed = true,
            .executable = true };
        return true;
    }
    struct walk_path path;
    uint32_t cause;
    if (!tables_follow(mem, paging, linear, &path, &cause)) {
        *code = fault_code(paging, access, cause);
        return false;
    }
    grant(mem, paging, &path, linear, out);
    if (!access_allowed(paging, access, out)) {
        *code = fault_code(paging, access, PF_PRESENT);
        return false;
    }
    if (!(access & WALK_PROBE)) {
        bits_set(mem, &path, access & WALK_WRITE);
        out->accessed = true;
        out->dirty = path.entry[path.count - 1] & ENTRY_D;
    }
    return true;
}

bool walk_load_pdptes(struct mem *mem, struct paging *paging)
{
    uint64_t loaded[4];
    for (unsigned i = 0; i < 4; i++) {
        loaded[i] = mem_load(mem, ((paging->cr3 & ~31u) + i * 8) & mem_a20_mask(mem), 8);
        if ((loaded[i] & ENTRY_P) && (loaded[i] & RESERVED_PDPTE))
            return false;
    }
    for (unsigned i = 0; i < 4; i++)
        paging->pdpte[i] = loaded[i];
    return true;
}
