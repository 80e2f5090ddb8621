/* walk.h - the guest's page tables as the processor walks them (SDM vol. 3, chapter 4): 32-bit and PAE paging with
 * 4 KB, 2 MB and 4 MB pages, WP, U/S, NX, global pages, accessed and dirty bits. */
#ifndef ABBEY_CORE_WALK_H
#define ABBEY_CORE_WALK_H

#include "core/mem/mem.h"

/* What the walk depends on; a copy of the CPU's registers, made when they change. */
struct paging {
    bool on;           /* CR0.PG */
    bool pae;          /* CR4.PAE */
    bool pse;          /* CR4.PSE */
    bool wp;           /* CR0.WP */
    bool nx;           /* EFER.NXE (with PAE) */
    bool global;       /* CR4.PGE */
    uint32_t cr3;      /* as loaded */
    uint64_t pdpte[4]; /* PAE: read when CR3 was loaded (SDM 4.4.1) */
};

#define WALK_READ 0u
#define WALK_WRITE 1u
#define WALK_EXEC 2u
#define WALK_USER 4u  /* or-ed: at CPL 3 */
#define WALK_PROBE 8u /* or-ed: change no A/D bits */

/* Page-fault error code bits (SDM 4.7). */
#define PF_PRESENT 1u
#define PF_WRITE 2u
#define PF_USER 4u
#define PF_RESERVED 8u
#define PF_FETCH 16u

struct walk {
    gpa_t gpa;           /* of the byte asked for, A20 applied */
    uint32_t page_shift; /* 12, 21 or 22 */
    bool user;           /* U/S set at all levels */
    bool writable;       /* R/W set at all levels */
    bool dirty;          /* the leaf's D bit, after this access */
    bool accessed;       /* the A bits of all levels, after this access */
    bool executable;
    bool global;
};

/* Translates `linear` for the access; sets A, and D on writes. Returns true with *out filled, or false with the
 * page-fault error code in *code. With paging off the address is its own translation. */
bool walk_linear(
    struct mem *mem, const struct paging *paging, uint32_t linear, uint32_t access, struct walk *out, uint32_t *code);

/* The entries on the way to an address, for whoever keeps translations. */
struct walk_path {
    unsigned count;    /* 1: a large page; 2: a directory entry and that of a page table */
    uint32_t shift;    /* of the page: 12, 21 or 22 */
    gpa_t at[2];       /* where the entries stand, A20 applied */
    uint64_t entry[2]; /* what they hold */
};

/* Where the directory entry of an address stands, A20 applied; false when its PDPTE is not present. Paging is on. */
bool walk_directory(const struct mem *mem, const struct paging *paging, uint32_t linear, gpa_t *at);

/* Finds them, with no look at rights and no change of a bit; false when the access would fault whatever it is, or when
 * paging is off. */
bool walk_path(struct mem *mem, const struct paging *paging, uint32_t linear, struct walk_path *path);

/* What the entries of a path grant; entry[1] may be another one of the same table, for the `linear` that belongs to it.
 * False when that is not present or ill-formed. */
bool walk_grant(const struct mem *mem, const struct paging *paging, const struct walk_path *path, uint32_t linear,
    struct walk *out);

/* Loads the four PDPTEs from CR3 into paging->pdpte; false when a reserved bit is set in a present one (#GP). */
bool walk_load_pdptes(struct mem *mem, struct paging *paging);

#endif
