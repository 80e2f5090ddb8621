#include "core/mem/walk.h"

#include <string.h>

#include "tests/unit/hostmem.h"
#include "tests/unit/unit.h"

#define MB (1ull << 20)
#define P 1u
#define W 2u
#define U 4u
#define A 0x20u
#define D 0x40u
#define PS 0x80u
#define G 0x100u
#define NX (1ull << 63)

#define DIRECTORY 0x1000u
#define TABLE 0x2000u
#define POINTERS 0x3020u
#define LINEAR 0xc0801234u

static struct mem *mem;
static struct paging paging;

/* Where the entries of LINEAR stand. */
static gpa_t pde_at(void)
{
    return paging.pae ? DIRECTORY + (LINEAR >> 21 & 511) * 8 : DIRECTORY + (LINEAR >> 22) * 4;
}

static gpa_t pte_at(void)
{
    return paging.pae ? TABLE + (LINEAR >> 12 & 511) * 8 : TABLE + (LINEAR >> 12 & 1023) * 4;
}

static void entries(uint64_t pde, uint64_t pte)
{
    mem_store(mem, pde_at(), paging.pae ? 8 : 4, pde);
    mem_store(mem, pte_at(), paging.pae ? 8 : 4, pte);
}

static uint64_t entry(gpa_t at)
{
    return mem_load(mem, at, paging.pae ? 8 : 4);
}

static void start(bool pae)
{
    mem = mem_new(&hostmem, 8 * MB, 4 * MB, NULL);
    if (!mem)
        CU_FAIL_FATAL("mem_new");
    paging = (struct paging){ .on = true, .pae = pae, .pse = true, .wp = true, .cr3 = pae ? POINTERS : DIRECTORY };
    if (pae) {
        mem_store(mem, POINTERS + 3 * 8, 8, DIRECTORY | P);
        CU_ASSERT_TRUE(walk_load_pdptes(mem, &paging));
    }
}

static struct walk out;

/* -1: translated; else the error code. */
static int walk(uint32_t access)
{
    uint32_t code = 0xdead;
    memset(&out, 0x55, sizeof out);
    return walk_linear(mem, &paging, LINEAR, access, &out, &code) ? -1 : (int)code;
}

static void no_paging(void)
{
    start(false);
    paging.on = false;
    CU_ASSERT_EQUAL(walk(WALK_WRITE | WALK_USER), -1);
    CU_ASSERT_EQUAL(out.gpa, LINEAR);
    CU_ASSERT(out.user && out.writable && out.dirty && out.executable && !out.global);
    mem_set_a20(mem, false);
    uint32_t code;
    CU_ASSERT_TRUE(walk_linear(mem, &paging, 0x101234, WALK_READ, &out, &code));
    CU_ASSERT_EQUAL(out.gpa, 0x1234);
    mem_free(mem);
}

static void small_pages(void)
{
    for (int pae = 0; pae < 2; pae++) {
        start(pae);
        entries(TABLE | P | W | U, 0x9000 | P | W | U | G);
        CU_ASSERT_EQUAL(walk(WALK_READ), -1);
        CU_ASSERT_EQUAL(out.gpa, 0x9234);
        CU_ASSERT_EQUAL(out.page_shift, 12);
        CU_ASSERT(out.user && out.writable && !out.dirty && out.executable);
        CU_ASSERT_FALSE(out.global); /* CR4.PGE is clear */
        paging.global = true;
        CU_ASSERT_EQUAL(walk(WALK_READ), -1);
        CU_ASSERT_TRUE(out.global);
        mem_free(mem);
    }
}

static void large_pages(void)
{
    start(false);
    entries(0x00400000 | PS | P | W | U, 0);
    CU_ASSERT_EQUAL(walk(WALK_WRITE), -1);
    CU_ASSERT_EQUAL(out.gpa, 0x00401234);
    CU_ASSERT_EQUAL(out.page_shift, 22);
    CU_ASSERT_TRUE(out.dirty);
    CU_ASSERT_EQUAL(entry(pde_at()), 0x00400000 | PS | P | W | U | A | D);
    mem_store(mem, pde_at(), 4, TABLE | PS | P | W | U);
    mem_store(mem, pte_at(), 4, 0x9000 | P);
    paging.pse = false; /* bit 7 means nothing: a table */
    CU_ASSERT_EQUAL(walk(WALK_READ), -1);
    CU_ASSERT_EQUAL(out.gpa, 0x9234);
    mem_free(mem);

    start(true);
    entries(0x00600000 | PS | P | W, 0);
    paging.pse = false; /* PAE does not ask */
    CU_ASSERT_EQUAL(walk(WALK_READ), -1);
    CU_ASSERT_EQUAL(out.gpa, 0x00601234);
    CU_ASSERT_EQUAL(out.page_shift, 21);
    CU_ASSERT_EQUAL(entry(pde_at()), 0x00600000 | PS | P | W | A);
    mem_free(mem);
}

static void above_4g(void)
{
    start(true);
    entries(TABLE | P | W, 0x100003000 | P | W);
    CU_ASSERT_EQUAL(walk(WALK_WRITE), -1);
    CU_ASSERT_EQUAL(out.gpa, 0x100003234);
    mem_free(mem);
}

/* SDM vol. 3, 4.6: who may do what, in all combinations. */
static void rights(void)
{
    for (unsigned combination = 0; combination < 2 * 2 * 4 * 4 * 4; combination++) {
        bool pae = combination & 1, wp = combination >> 1 & 1;
        unsigned upper = combination >> 2 & 3, lower = combination >> 4 & 3, access = combination >> 6 & 3;
        start(pae);
        paging.wp = wp;
        uint64_t pde = TABLE | P | upper << 1, pte = 0x9000 | P | lower << 1;
        entries(pde, pte);
        bool write = access & 1, user = access & 2;
        bool may_write = upper & lower & 1, may_user = upper & lower & 2;
        bool allowed = (!user || may_user) && (!write || may_write || (!user && !wp));
        int got = walk((write ? WALK_WRITE : 0) | (user ? WALK_USER : 0));
        int want = allowed ? -1 : (int)(PF_PRESENT | (write ? PF_WRITE : 0) | (user ? PF_USER : 0));
        CU_ASSERT_EQUAL(got, want);
        /* A and D exactly when the access goes through. */
        CU_ASSERT_EQUAL(entry(pde_at()), allowed ? pde | A : pde);
        CU_ASSERT_EQUAL(entry(pte_at()), allowed ? pte | A | (write ? D : 0) : pte);
        mem_free(mem);
    }
}

static void not_present(void)
{
    for (int pae = 0; pae < 2; pae++) {
        start(pae);
        entries(0x7ffe, 0);
        CU_ASSERT_EQUAL(walk(WALK_READ), 0);
        CU_ASSERT_EQUAL(walk(WALK_WRITE | WALK_USER), PF_WRITE | PF_USER);
        entries(TABLE | P, 0xfffffffe); /* not present beats every other bit, and the rights above */
        CU_ASSERT_EQUAL(walk(WALK_WRITE | WALK_USER), PF_WRITE | PF_USER);
        CU_ASSERT_EQUAL(entry(pde_at()), TABLE | P);
        mem_free(mem);
    }
    start(true);
    paging.pdpte[3] = 0;
    CU_ASSERT_EQUAL(walk(WALK_READ), 0);
    mem_free(mem);
}

static void reserved_bits(void)
{
    /* 32-bit paging: only bits 21:13 of a 4 MB entry, and only with CR4.PSE (SDM 4.3). */
    for (unsigned bit = 12; bit < 22; bit++) {
        start(false);
        entries(0x00400000 | PS | P | 1u << bit, 0);
        CU_ASSERT_EQUAL(walk(WALK_READ), bit == 12 ? -1 : (int)(PF_PRESENT | PF_RESERVED));
        mem_free(mem);
    }
    for (unsigned bit = 36; bit < 64; bit++) {
        for (int level = 0; level < 3; level++) {
            start(true);
            uint64_t extra = 1ull << bit;
            if (level == 0)
                entries(TABLE | P | extra, 0x9000 | P);
            else if (level == 1)
                entries(TABLE | P, 0x9000 | P | extra);
            else
                entries(0x600000 | PS | P | extra, 0);
            CU_ASSERT_EQUAL(walk(WALK_READ | WALK_USER), PF_PRESENT | PF_RESERVED | PF_USER);
            paging.nx = true;
            CU_ASSERT_EQUAL(walk(WALK_READ), bit == 63 ? -1 : (int)(PF_PRESENT | PF_RESERVED));
            mem_free(mem);
        }
    }
    for (unsigned bit = 13; bit < 21; bit++) {
        start(true);
        entries(0x600000 | PS | P | 1u << bit, 0);
        CU_ASSERT_EQUAL(walk(WALK_WRITE), PF_PRESENT | PF_RESERVED | PF_WRITE);
        mem_free(mem);
    }
    /* The first bad entry from the top decides. */
    start(true);
    entries(TABLE | P | 1ull << 40, 0);
    CU_ASSERT_EQUAL(walk(WALK_READ), PF_PRESENT | PF_RESERVED);
    entries(TABLE | P, 1ull << 40);
    CU_ASSERT_EQUAL(walk(WALK_READ), 0);
    mem_free(mem);
}

static void no_execute(void)
{
    start(true);
    entries(TABLE | P | U, 0x9000 | P | U);
    CU_ASSERT_EQUAL(walk(WALK_EXEC), -1);
    paging.nx = true;
    CU_ASSERT_EQUAL(walk(WALK_EXEC | WALK_USER), -1);
    CU_ASSERT_TRUE(out.executable);
    entries(TABLE | P | U | NX, 0x9000 | P | U);
    CU_ASSERT_EQUAL(walk(WALK_EXEC | WALK_USER), PF_PRESENT | PF_USER | PF_FETCH);
    entries(TABLE | P | U, 0x9000 | P | U | NX);
    CU_ASSERT_EQUAL(walk(WALK_EXEC), PF_PRESENT | PF_FETCH);
    CU_ASSERT_EQUAL(walk(WALK_READ), -1);
    CU_ASSERT_FALSE(out.executable);
    entries(0, 0);
    CU_ASSERT_EQUAL(walk(WALK_EXEC), PF_FETCH); /* told even when not present, with NXE */
    paging.nx = false;
    CU_ASSERT_EQUAL(walk(WALK_EXEC), 0);
    mem_free(mem);
}

static void probe_changes_nothing(void)
{
    start(false);
    entries(TABLE | P | W, 0x9000 | P | W);
    CU_ASSERT_EQUAL(walk(WALK_WRITE | WALK_PROBE), -1);
    CU_ASSERT_FALSE(out.dirty);
    CU_ASSERT_EQUAL(entry(pde_at()), TABLE | P | W);
    CU_ASSERT_EQUAL(entry(pte_at()), 0x9000 | P | W);
    mem_free(mem);
}

static void a20_reaches_tables(void)
{
    start(false);
    paging.cr3 = DIRECTORY | 0x100000;
    mem_set_a20(mem, false);
    entries(TABLE | 0x100000 | P | W, 0x109000 | P | W);
    CU_ASSERT_EQUAL(walk(WALK_READ), -1);
    CU_ASSERT_EQUAL(out.gpa, 0x9234);
    mem_free(mem);
}

static void tables_in_holes(void)
{
    start(false);
    paging.cr3 = 0xe0000000; /* reads all ones: a 4 MB entry with every reserved bit */
    CU_ASSERT_EQUAL(walk(WALK_WRITE), PF_PRESENT | PF_RESERVED | PF_WRITE);
    paging.pse = false; /* a table at FFFFF000h, all ones too */
    CU_ASSERT_EQUAL(walk(WALK_WRITE), -1);
    CU_ASSERT_EQUAL(out.gpa, 0xfffff234);
    mem_free(mem);
}

static void pdpte_load(void)
{
    start(true);
    uint64_t before = paging.pdpte[3];
    for (unsigned bit = 0; bit < 64; bit++) {
        bool reserved = bit == 1 || bit == 2 || (bit >= 5 && bit <= 8) || bit >= 36;
        mem_store(mem, POINTERS + 8, 8, P | 1ull << bit);
        CU_ASSERT_EQUAL(walk_load_pdptes(mem, &paging), !reserved);
        CU_ASSERT_EQUAL(paging.pdpte[3], before);
        mem_store(mem, POINTERS + 8, 8, (1ull << bit) & ~1ull);
        CU_ASSERT_TRUE(walk_load_pdptes(mem, &paging)); /* not present: nothing is reserved */
    }
    paging.cr3 |= 0x1f; /* bits 4:0 are no part of the address */
    CU_ASSERT_TRUE(walk_load_pdptes(mem, &paging));
    CU_ASSERT_EQUAL(paging.pdpte[3], before);
    mem_free(mem);
}

static const struct unit_test tests[] = {
    { "without paging an address is its own translation", no_paging },
    { "4 KB pages translate, 32-bit and PAE", small_pages },
    { "4 MB and 2 MB pages translate", large_pages },
    { "PAE reaches memory above 4 GB", above_4g },
    { "R/W, U/S and CR0.WP decide as the SDM says, and A/D follow", rights },
    { "a missing entry at any level gives its error code and no A bit", not_present },
    { "each reserved bit faults, and no other", reserved_bits },
    { "no-execute faults fetches alone", no_execute },
    { "a probe sets no bit", probe_changes_nothing },
    { "A20 takes part in the addresses of tables", a20_reaches_tables },
    { "tables in holes are all ones and harm nobody", tables_in_holes },
    { "PDPTEs are checked when loaded, all or nothing", pdpte_load },
};

UNIT_MAIN("walk", tests)
