/* checks_paging.c - 32-bit and PAE paging (SDM vol. 3, chapter 4). Page n of the window at 12 MB is under test. */
#include "guest.h"

#define READ(linear) __asm__ volatile(FAULT "movl (%0), %%eax" ::"r"((uint32_t)(linear)) : "eax", "memory")
#define WRITE(linear) __asm__ volatile(FAULT "movl %%ecx, (%0)" ::"r"((uint32_t)(linear)) : "memory")
#define CALL(linear) __asm__ volatile("movl %0, expect_eip\n\tcall *%0" ::"r"((uint32_t)(linear)) : FULL)
#define WP 0x10000u
#define CR4_PSE 0x10u
#define CR4_PGE 0x80u
#define RET 0xc3u

static uint32_t at_fault; /* CR2 that is expected */
RESULT(cr2_right, trap.cr2 == at_fault)

/* ---- 32-bit paging: setup makes the tables and turns paging on, bodies run at level 0 or 3 ---- */

static void page(uint32_t entry, uint32_t cr4, uint32_t cr0)
{
    tables_32();
    *pte(1) = entry ? PAGE(1) | entry : 0;
    at_fault = PAGE(1) + 4;
    REAL(uint8_t, PAGE(1) + 16) = RET;
    paging_on(cr4, cr0);
}
#define P PTE_P
#define W PTE_W
#define U PTE_U
BODY(absent, page(0, 0, 0))
BODY(kernel_rw, page(P | W, 0, 0))
BODY(kernel_ro, page(P, 0, 0))
BODY(kernel_ro_wp, page(P, 0, WP))
BODY(user_ro, page(P | U, 0, 0))
BODY(user_ro_wp, page(P | U, 0, WP))
BODY(user_rw, page(P | U | W, 0, 0))
BODY(dir_kernel, tables_32(); page_dir[3] &= ~U; at_fault = PAGE(1) + 4; REAL(uint8_t, PAGE(1) + 16) = RET;
     paging_on(0, 0))
BODY(dir_ro, tables_32(); page_dir[3] &= ~W; at_fault = PAGE(1) + 4; paging_on(0, WP))
BODY(dir_absent, tables_32(); page_dir[3] = 0; at_fault = PAGE(1) + 4; paging_on(0, 0))
/* An absent entry may hold anything else. */
BODY(absent_garbage, tables_32(); *pte(1) = 0xfffffffe; at_fault = PAGE(1) + 4; paging_on(0, 0))

BODY(read_1, READ(PAGE(1) + 4))
BODY(write_1, WRITE(PAGE(1) + 4))
BODY(rmw_1, __asm__ volatile(FAULT "incl (%0)" ::"r"(PAGE(1) + 4) : "memory"))
BODY(fetch_1, CALL(PAGE(1) + 16))
BODY(read_ok, (void)peek(PAGE(1) + 4))
BODY(write_ok, poke(PAGE(1) + 4, 7))
/* The access spans pages 0 and 1. */
BODY(read_span, READ(PAGE(1) - 2))
BODY(write_span, poke(PAGE(1) - 4, 0x11223344); __asm__ volatile(FAULT "movl %%ecx, (%0)" ::"r"(PAGE(1) - 2), "c"(0)
                                                                 : "memory"))
BODY(absent_span, absent(); at_fault = PAGE(1))
RESULT(first_kept, cr2_right() && peek(PAGE(1) - 4) == 0x11223344)

/* Accessed and dirty bits. */
#define PTE(n) (*pte(n))
RESULT(a_read, (PTE(1) & (PTE_A | PTE_D)) == PTE_A && (page_dir[3] & PTE_A) && !(page_dir[3] & PTE_D))
RESULT(d_write, (PTE(1) & (PTE_A | PTE_D)) == (PTE_A | PTE_D) && !(page_dir[3] & PTE_D))
RESULT(a_untouched, !(PTE(1) & (PTE_A | PTE_D)))
RESULT(d_untouched, !(PTE(1) & PTE_D))
BODY(read_then_write, poke(PAGE(1), peek(PAGE(1))))
BODY(rmw_fault_d,
    __asm__ volatile("movl $91f, expect_eip\n\tlock; cmpxchgl %%ecx, (%0)\n91:" ::"r"(PAGE(1) + 4), "a"(0), "c"(1)
                     : "memory"))

/* 4 MB pages: window frames reached through directory entry 4, at 16 MB. */
#define BIG (16u << 20)
static void big(uint32_t entry, uint32_t cr4)
{
    tables_32();
    page_dir[4] = WINDOW | entry;
    at_fault = BIG + 0x1004;
    REAL(uint32_t, PAGE(1) + 4) = 0xfeedf00d;
    paging_on(cr4, WP);
}
BODY(big_rw, big(P | W | U | PTE_PS, CR4_PSE))
BODY(big_kernel, big(P | W | PTE_PS, CR4_PSE))
BODY(big_ro, big(P | U | PTE_PS, CR4_PSE))
BODY(big_reserved, big(P | W | U | PTE_PS | 0x200000, CR4_PSE))
BODY(big_no_pse, tables_32(); page_dir[4] = (uint32_t)page_table[3] | P | W | U | PTE_PS;
     REAL(uint32_t, PAGE(1) + 4) = 0xfeedf00d; paging_on(0, 0))
BODY(big_read, note[0] = peek(BIG + 0x1004))
BODY(big_write, poke(BIG + 0x1004, 1))
BODY(big_read_fault, READ(BIG + 0x1004))
BODY(big_write_fault, WRITE(BIG + 0x1004))
RESULT(big_value, note[0] == 0xfeedf00d)
RESULT(big_a, big_value() && (page_dir[4] & (PTE_A | PTE_D)) == PTE_A)
RESULT(big_d, (page_dir[4] & (PTE_A | PTE_D)) == (PTE_A | PTE_D))

/* ---- what the TLB may keep, and what drops it ---- */

BODY(two_frames, tables_32(); REAL(uint32_t, PAGE(1)) = 0x1111; REAL(uint32_t, PAGE(2)) = 0x2222)
#define REMAP                \
    note[0] = peek(PAGE(1)); \
    *pte(1) = PAGE(2) | P | W | U
BODY(invlpg_drops, paging_on(0, 0); REMAP; invlpg(PAGE(1) + 0x123); note[1] = peek(PAGE(1)))
BODY(cr3_drops, paging_on(0, 0); REMAP; cr3_set((uint32_t)page_dir); note[1] = peek(PAGE(1)))
BODY(global_stays, *pte(1) |= PTE_G; paging_on(CR4_PGE, 0); note[0] = peek(PAGE(1));
     *pte(1) = PAGE(2) | P | W | U | PTE_G; cr3_set((uint32_t)page_dir); note[2] = peek(PAGE(1)); invlpg(PAGE(1));
     note[1] = peek(PAGE(1)))
BODY(pge_drops, *pte(1) |= PTE_G; paging_on(CR4_PGE, 0); note[0] = peek(PAGE(1)); *pte(1) = PAGE(2) | P | W | U | PTE_G;
     cr4_set(0); note[1] = peek(PAGE(1)))
BODY(no_pge, *pte(1) |= PTE_G; paging_on(0, 0); note[0] = peek(PAGE(1)); *pte(1) = PAGE(2) | P | W | U;
     cr3_set((uint32_t)page_dir); note[1] = peek(PAGE(1)))
BODY(pg_off, *pte(1) = PAGE(2) | P | W | U; paging_on(0, 0); note[0] = peek(PAGE(1)); cr0_set(0x11);
     note[1] = peek(PAGE(1)))
RESULT(dropped, note[0] == 0x1111 && note[1] == 0x2222)
RESULT(linear_again, note[0] == 0x2222 && note[1] == 0x1111)
/* A fault drops the entry it was about: making a page present needs no INVLPG. */
BODY(made_present, paging_on(0, 0); *pte(1) = PAGE(2) | P | W | U; note[1] = peek(PAGE(1)); note[0] = 0x1111)
BODY(page1_absent, two_frames(); *pte(1) = 0)

/* ---- faults in the middle of an instruction ---- */

BODY(push_fault,
    __asm__ volatile("movl %%esp, %%ebx\n\tmovl %0, %%esp\n\tmovl $92f, %%ds:expect_eip\n92:\tpushl $1" ::"r"(PAGE(2))
                     : "ebx", "memory"))
BODY(call_fault,
    __asm__ volatile(
        "movl %%esp, %%ebx\n\tmovl %0, %%esp\n\tmovl $93f, %%ds:expect_eip\n93:\tcall user_done" ::"r"(PAGE(2))
        : "ebx", "memory"))
BODY(stack_absent, page(0, 0, 0); at_fault = PAGE(2) - 4)
RESULT(esp_kept, cr2_right() && trap.esp == PAGE(2))
BODY(movs_fault, __asm__ volatile("movl $94f, expect_eip\n94:\trep movsb" ::"S"(PAGE(3)), "D"(PAGE(1) - 5), "c"(100)
                                  : "memory"))
BODY(movs_absent, absent(); at_fault = PAGE(1))
RESULT(movs_state, cr2_right() && trap.ecx == 95 && trap.esi == PAGE(3) + 5 && trap.edi == PAGE(1))
BODY(pop_fault, __asm__ volatile("pushl $5\n\t" FAULT "popl (%0)" ::"r"(PAGE(1)) : "memory"))
BODY(pop_absent, absent(); at_fault = PAGE(1))
BODY(ins_fault, __asm__ volatile(FAULT "insb" ::"D"(PAGE(1) + 4), "d"(0x86)))
/* The GDT's page for slot 20 and above is absent: a segment load at level 3 reads it with supervisor rights. */
BODY(
    gdt_far, tables_32();
    for (unsigned i = 0; i < 32; i++) { REAL(struct desc, PAGE(0) + 8 * i) = gdt[i]; } lgdt(PAGE(0), 0x1fff);
    *pte(1) = 0; at_fault = PAGE(1) + 0x10; paging_on(0, 0))
BODY(load_far, __asm__ volatile(FAULT "movw %w0, %%fs" ::"r"(0x1013)))
BODY(gdt_kernel, gdt_far(); *pte(0) = PAGE(0) | P | W; *pte(1) = PAGE(1) | P | W;
     REAL(struct desc, PAGE(1) + 0x10) = desc(0, 0xfffff, A_DATA | A_DPL(3), F_G | F_32); cr3_set((uint32_t)page_dir))
BODY(load_kernel, __asm__ volatile("movw %w0, %%fs" ::"r"(0x1013)))
BODY(gdt_ro, gdt_kernel(); *pte(1) = PAGE(1) | P; cr0_set(cr0_read() | WP); cr3_set((uint32_t)page_dir);
     at_fault = PAGE(1) + 0x15)
RESULT(cr2_near, (trap.cr2 & ~7u) == (at_fault & ~7u))
/* The segment check comes before paging. */
BODY(small_segment, absent(); slot(0, PAGE(1), 3, A_DATA | A_DPL(3), F_32))
BODY(limit_first, __asm__ volatile("movw %w0, %%fs" ::"r"(FREE_SEL(0))); __asm__ volatile(FAULT "movl %%fs:4, %%eax" ::
                                                                                              : "eax"))
/* An instruction that reaches into an absent page. */
BODY(code_cross, absent(); REAL(uint8_t, PAGE(1) - 1) = 0xb8; at_fault = PAGE(1))
BODY(fetch_cross, CALL(PAGE(1) - 1))
BODY(cr2_keeps, __asm__ volatile("movl %0, %%cr2" ::"r"(0x12345678)); __asm__ volatile(FAULT "ud2" :::))
RESULT(cr2_kept, trap.cr2 == 0x12345678)
BODY(pg_without_pe, __asm__ volatile(FAULT "movl %0, %%cr0" ::"r"(0x80000010)))

/* ---- PAE ---- */

static void pae(uint64_t entry, uint32_t cr0)
{
    tables_pae();
    *pae_pte(1) = entry;
    at_fault = PAGE(1) + 4;
    REAL(uint8_t, PAGE(1) + 16) = RET;
    paging_on_pae(0, cr0);
}
static void pae_nx(uint64_t entry)
{
    wrmsr(0xc0000080, 0x800);
    pae(entry, 0);
}
BODY(pae_two, tables_pae(); REAL(uint32_t, PAGE(1)) = 0x1111; REAL(uint32_t, PAGE(2)) = 0x2222)
BODY(pae_absent, pae(0, 0))
BODY(pae_user_ro, pae(PAGE(1) | P | U, 0))
BODY(pae_reserved, pae(PAGE(1) | P | W | U | 1ull << 52, 0))
BODY(pae_reserved_dir, tables_pae(); pae_dir[6] |= 1ull << 62; at_fault = PAGE(1) + 4; paging_on_pae(0, 0))
BODY(pae_nx_off, pae(PAGE(1) | P | W | U | PTE_NX, 0))
BODY(pae_nx_on, pae_nx(PAGE(1) | P | W | U | PTE_NX))
BODY(pae_nx_kernel, pae_nx(PAGE(1) | P | W | PTE_NX))
BODY(pae_nx_absent, pae_nx(0))
BODY(pae_nx_dir, wrmsr(0xc0000080, 0x800); tables_pae(); pae_dir[6] |= PTE_NX; REAL(uint8_t, PAGE(1) + 16) = RET;
     paging_on_pae(0, 0); at_fault = PAGE(1) + 16)
static void pae_big(uint64_t entry)
{
    tables_pae();
    pae_dir[8] = WINDOW | entry;
    at_fault = BIG + 0x1004;
    REAL(uint32_t, PAGE(1) + 4) = 0xfeedf00d;
    paging_on_pae(0, WP);
}
BODY(pae_big_rw, pae_big(P | W | U | PTE_PS))
BODY(pae_big_reserved, pae_big(P | W | U | PTE_PS | 0x2000))
RESULT(fetch_cr2, trap.cr2 == PAGE(1) + 16)
RESULT(pae_d, (pae_dir[8] & (PTE_A | PTE_D)) == (PTE_A | PTE_D))
RESULT(pae_a_d, (*pae_pte(1) & (PTE_A | PTE_D)) == (PTE_A | PTE_D))
BODY(pae_user_rw, pae(PAGE(1) | P | W | U, 0))
BODY(pae_tables, tables_pae(); cr4_set(0x20))
/* PDPTEs are read by MOV to CR3 alone. */
BODY(pdpte_cached, pae_pdpt[1] = (uint32_t)pae_dir | P; paging_on_pae(0, 0); note[0] = peek(0x40000000 + PAGE(1));
     pae_pdpt[1] = 0; invlpg(0x40000000 + PAGE(2)); note[1] = peek(0x40000000 + PAGE(2)))
BODY(pdpte_reserved, pae_pdpt[1] = P | W;
     __asm__ volatile("movl %%cr4, %%ecx\n\t" FAULT "movl %0, %%cr3" ::"r"(pae_pdpt)
                      : "ecx", "memory"))
BODY(pdpte_reserved_pg, pae_pdpt[2] = P | 1ull << 40; cr3_set((uint32_t)pae_pdpt);
     __asm__ volatile(FAULT "movl %0, %%cr0" ::"r"(cr0_read() | 0x80000000u)))
BODY(pae_on, tables_pae(); paging_on_pae(0, 0))
BODY(absent_pdpt, tables_pae(); paging_on_pae(0, 0); at_fault = 0x40000000)
BODY(read_1g, READ(0x40000000))

// clang-format off
static const struct check rows[] = {
    { "#PF(0) on a read of an absent page at level 0 (SDM 4.7)", 0, read_1, PF, 0, absent, cr2_right, 0 },
    { "#PF(W) on a write of an absent page at level 0 (SDM 4.7)", 0, write_1, PF, 2, absent, cr2_right, 0 },
    { "#PF(U) on a read of an absent page at level 3 (SDM 4.7)", 3, read_1, PF, 4, absent, cr2_right, 0 },
    { "#PF(U W) on a write of an absent page at level 3 (SDM 4.7)", 3, write_1, PF, 6, absent, cr2_right, 0 },
    { "#PF(0) on an entry with all bits but P set (SDM 4.3)", 0, read_1, PF, 0, absent_garbage, cr2_right, 0 },
    { "#PF(0) on an absent page table (SDM 4.7)", 0, read_1, PF, 0, dir_absent, cr2_right, 0 },
    { "#PF(U P) on a read of a supervisor page (SDM 4.6)", 3, read_1, PF, 5, kernel_rw, cr2_right, 0 },
    { "#PF(U W P) on a write of a supervisor page (SDM 4.6)", 3, write_1, PF, 7, kernel_rw, cr2_right, 0 },
    { "#PF(U P) on a page of a supervisor directory entry (SDM 4.6)", 3, read_1, PF, 5, dir_kernel, cr2_right, 0 },
    { "#PF(U W P) on a write of a read-only page at level 3 (SDM 4.6)", 3, write_1, PF, 7, user_ro, cr2_right, 0 },
    { "a read of a read-only page at level 3 (SDM 4.6)", 3, read_ok, VECTOR_DONE, 0, user_ro, a_read, 0 },
    { "#PF(W) on a read-modify-write of a read-only page (SDM 4.7)", 3, rmw_1, PF, 7, user_ro, cr2_right, 0 },
    { "a write of a read-only page at level 0 without WP (SDM 4.6)",
      0, write_ok, VECTOR_RETURNED, 0, kernel_ro, d_write, 0 },
    { "a write of a read-only user page at level 0 without WP (SDM 4.6)",
      0, write_ok, VECTOR_RETURNED, 0, user_ro, d_write, 0 },
    { "#PF(W P) on a write of a read-only page at level 0 with WP (SDM 4.6)",
      0, write_1, PF, 3, kernel_ro_wp, cr2_right, 0 },
    { "#PF(W P) on a write of a read-only user page at level 0 with WP (SDM 4.6)",
      0, write_1, PF, 3, user_ro_wp, d_untouched, 0 },
    { "#PF(W P) on a write through a read-only directory entry with WP (SDM 4.6)",
      0, write_1, PF, 3, dir_ro, cr2_right, 0 },
    { "#PF(U P) on a fetch of a supervisor page, without the I bit (SDM 4.7)",
      3, fetch_1, PF, 5, kernel_rw, fetch_cr2, 0 },
    { "#PF(U) on a fetch of an absent page, without the I bit (SDM 4.7)", 3, fetch_1, PF, 4, absent, fetch_cr2, 0 },
    { "#PF on an instruction that reaches into an absent page: CR2 is the page (SDM 4.7)",
      3, fetch_cross, PF, 4, code_cross, cr2_right, 0 },
    { "#PF on an operand across a page: CR2 is the second page (SDM 4.7)",
      0, read_span, PF, 0, absent_span, cr2_right, 0 },
    { "#PF on a write across a page writes nothing (SDM 6.5)", 0, write_span, PF, 2, absent_span, first_kept, 0 },
    { "a read sets A at both levels and no D (SDM 4.8)", 0, read_ok, VECTOR_RETURNED, 0, user_rw, a_read, 0 },
    { "a write sets D in the last level alone (SDM 4.8)", 0, write_ok, VECTOR_RETURNED, 0, user_rw, d_write, 0 },
    { "a write behind a read sets D (SDM 4.8)", 0, read_then_write, VECTOR_RETURNED, 0, user_rw, d_write, 0 },
    { "a locked compare that fails sets D (SDM 4.8)", 0, rmw_fault_d, VECTOR_RETURNED, 0, user_rw, d_write, 0 },
    { "a protection fault sets neither A nor D of the page (SDM 4.8)", 3, read_1, PF, 5, kernel_rw, a_untouched, 0 },
    { "a 4 MB page maps 22 bits of offset and sets A (SDM 4.3)",
      0, big_read, VECTOR_RETURNED, 0, big_rw, big_a, NEEDS_PSE },
    { "a write sets D of a 4 MB page (SDM 4.8)", 0, big_write, VECTOR_RETURNED, 0, big_rw, big_d, NEEDS_PSE },
    { "#PF(U P) on a supervisor 4 MB page (SDM 4.6)", 3, big_read_fault, PF, 5, big_kernel, cr2_right, NEEDS_PSE },
    { "#PF(W P) on a read-only 4 MB page with WP (SDM 4.6)", 0, big_write_fault, PF, 3, big_ro, cr2_right, NEEDS_PSE },
    { "#PF(P RSVD) on a reserved bit of a 4 MB page (SDM 4.3)",
      0, big_read_fault, PF, 9, big_reserved, cr2_right, NEEDS_PSE },
    { "the PS bit means nothing without CR4.PSE (SDM 4.3)", 0, big_read, VECTOR_RETURNED, 0, big_no_pse, big_value, 0 },
    { "INVLPG drops the page of an address (SDM 4.10.4.1)",
      0, invlpg_drops, VECTOR_RETURNED, 0, two_frames, dropped, 0 },
    { "MOV to CR3 drops translations (SDM 4.10.4.1)", 0, cr3_drops, VECTOR_RETURNED, 0, two_frames, dropped, 0 },
    { "INVLPG drops a global page (SDM 4.10.4.1)",
      0, global_stays, VECTOR_RETURNED, 0, two_frames, dropped, NEEDS_PGE },
    { "a change of CR4.PGE drops global pages (SDM 4.10.4.1)",
      0, pge_drops, VECTOR_RETURNED, 0, two_frames, dropped, NEEDS_PGE },
    { "the G bit means nothing without CR4.PGE (SDM 4.10.2.4)", 0, no_pge, VECTOR_RETURNED, 0, two_frames, dropped, 0 },
    { "clearing CR0.PG makes addresses physical again (SDM 4.1.2)",
      0, pg_off, VECTOR_RETURNED, 0, two_frames, linear_again, 0 },
    { "an absent entry is not cached: present needs no INVLPG (SDM 4.10.2.3)",
      0, made_present, VECTOR_RETURNED, 0, page1_absent, dropped, 0 },
    { "#PF on a push leaves ESP (SDM 6.5)", 3, push_fault, PF, 6, stack_absent, esp_kept, 0 },
    { "#PF on the push of a call leaves ESP (SDM 6.5)", 3, call_fault, PF, 6, stack_absent, esp_kept, 0 },
    { "#PF on POP to memory leaves ESP (SDM vol. 2, POP)", 3, pop_fault, PF, 6, pop_absent, cr2_right, 0 },
    { "#PF in REP MOVS keeps count and pointers at the failing one (SDM vol. 2, REP)",
      3, movs_fault, PF, 6, movs_absent, movs_state, 0 },
    { "#PF on the destination of INS changes nothing (SDM vol. 2, INS)", 0, ins_fault, PF, 2, absent, cr2_right, 0 },
    { "#PF without U on a descriptor read at level 3 (SDM 4.6)", 3, load_far, PF, 0, gdt_far, cr2_near, 0 },
    { "descriptors are read from supervisor pages at level 3 (SDM 4.6)",
      3, load_kernel, VECTOR_DONE, 0, gdt_kernel, 0, 0 },
    { "#PF(W P) when an accessed bit cannot be set (SDM 4.6)", 3, load_far, PF, 3, gdt_ro, cr2_near, 0 },
    { "#GP of the segment comes before #PF of the page (SDM table 6-2)", 3, limit_first, GP, 0, small_segment, 0, 0 },
    { "other faults leave CR2 (SDM 6.15, vector 14)", 0, cr2_keeps, UD, 0, 0, cr2_kept, 0 },
    { "#GP(0) on CR0.PG without PE (SDM 2.5)", 0, pg_without_pe, GP, 0, 0, 0, 0 },
    { "PAE: #PF(U) on an absent page (SDM 4.7)", 3, read_1, PF, 4, pae_absent, cr2_right, NEEDS_PAE },
    { "PAE: #PF(U W P) on a read-only page (SDM 4.6)", 3, write_1, PF, 7, pae_user_ro, cr2_right, NEEDS_PAE },
    { "PAE: #PF(0) on an absent PDPTE (SDM 4.4.2)", 0, read_1g, PF, 0, absent_pdpt, cr2_right, NEEDS_PAE },
    { "PAE: A and D bits (SDM 4.8)", 3, write_ok, VECTOR_DONE, 0, pae_user_rw, pae_a_d, NEEDS_PAE },
    { "PAE: #PF(P RSVD) on a reserved bit of a PTE (SDM 4.4.2)", 0, read_1, PF, 9, pae_reserved, cr2_right, NEEDS_PAE },
    { "PAE: #PF(U P RSVD) on a reserved bit of a directory entry (SDM 4.4.2)",
      3, read_1, PF, 13, pae_reserved_dir, cr2_right, NEEDS_PAE },
    { "PAE: 2 MB pages map 21 bits of offset (SDM 4.4.2)",
      0, big_read, VECTOR_RETURNED, 0, pae_big_rw, big_value, NEEDS_PAE },
    { "PAE: a write sets D of a 2 MB page (SDM 4.8)", 0, big_write, VECTOR_RETURNED, 0, pae_big_rw, pae_d, NEEDS_PAE },
    { "PAE: #PF(P RSVD) on a reserved bit of a 2 MB page (SDM 4.4.2)",
      0, big_read_fault, PF, 9, pae_big_reserved, cr2_right, NEEDS_PAE },
    { "PAE: bit 63 is reserved without EFER.NXE (SDM 4.4.2)", 0, read_1, PF, 9, pae_nx_off, cr2_right, NEEDS_PAE },
    { "NX: #PF(I U P) on a fetch at level 3 (SDM 4.7)", 3, fetch_1, PF, 0x15, pae_nx_on, fetch_cr2, NEEDS_NX },
    { "NX: #PF(I P) on a fetch at level 0 (SDM 4.7)", 0, fetch_1, PF, 0x11, pae_nx_on, fetch_cr2, NEEDS_NX },
    { "NX: the I bit is set on a fetch of an absent page too (SDM 4.7)",
      3, fetch_1, PF, 0x14, pae_nx_absent, fetch_cr2, NEEDS_NX },
    { "NX: a directory entry forbids fetches of all its pages (SDM 4.6)",
      0, fetch_1, PF, 0x11, pae_nx_dir, fetch_cr2, NEEDS_NX },
    { "NX: reads and writes go on (SDM 4.6)",
      0, read_then_write, VECTOR_RETURNED, 0, pae_nx_kernel, pae_a_d, NEEDS_NX },
    { "PAE: PDPTEs are read when CR3 is loaded (SDM 4.4.1)",
      0, pdpte_cached, VECTOR_RETURNED, 0, pae_two, dropped, NEEDS_PAE },
    { "PAE: #GP(0) on MOV to CR3 with a reserved bit in a PDPTE (SDM 4.4.1)",
      0, pdpte_reserved, GP, 0, pae_on, 0, NEEDS_PAE },
    { "PAE: #GP(0) on setting CR0.PG with a reserved bit in a PDPTE (SDM 4.4.1)",
      0, pdpte_reserved_pg, GP, 0, pae_tables, 0, NEEDS_PAE },
};
// clang-format on
SUITE(suite_paging, rows);
