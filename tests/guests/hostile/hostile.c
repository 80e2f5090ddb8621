/* hostile.c - reads, writes and runs everything from 0 to 4 GB, at level 0 and at level 3, and code of random bytes.
 *
 * Paging maps all 4 GB one to one by large pages, but for the last. What is read must be the guest's own RAM or the FFh
 * of an address where nothing is; what happens to memory of the monitor is for its test to see
 * (tests/guests/hostile.sh). The result is TAP on the debug console. */
#include "hostile.h"

#define LARGE 0x00400000u
#define NOTHING 0x40000000u /* a physical address at which nothing is */
#define CODE_AT 0x01000000u /* random code runs here */
#define ROUNDS 20000u

static uint32_t directory[1024] __attribute__((aligned(4096)));
static uint64_t gdt[8], idt[256];
static uint32_t tss[26];
extern char stubs[], level3_done[], exception_stack_top[];
void load_tables(const void *gdtr, const void *idtr);

static uint32_t tried, trapped, wrong, wrong_address, seed = 1;
static const char *wrong_form;

static inline void out8(uint16_t port, uint8_t value)
{
    __asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static void say(const char *text)
{
    while (*text)
        out8(0xe9, (uint8_t)*text++);
}

static void say_number(uint32_t value, unsigned base)
{
    char text[12], *at = text + sizeof(text);
    *--at = 0;
    do
        *--at = "0123456789abcdef"[value % base];
    while (value /= base);
    say(at);
}

uint32_t random32(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 17;
    seed ^= seed << 5;
    return seed;
}

/* ---- tables ---- */

static uint64_t descriptor(uint32_t base, uint32_t limit, uint32_t attr)
{
    return (uint64_t)(base >> 24) << 56 | (uint64_t)(attr >> 8) << 52 | (uint64_t)(limit >> 16 & 15) << 48 |
           (uint64_t)(attr & 0xff) << 40 | (uint64_t)(base & 0xffffff) << 16 | (limit & 0xffff);
}

static uint64_t gate(const char *code, unsigned dpl)
{
    uint32_t at = (uint32_t)code;
    return (uint64_t)(at >> 16) << 48 | (uint64_t)(0x8e00 | dpl << 13) << 32 | 8u << 16 | (at & 0xffff);
}

static void tables(void)
{
    static struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) gdtr, idtr;
    gdt[1] = descriptor(0, 0xfffff, 0xc9b);
    gdt[2] = descriptor(0, 0xfffff, 0xc93);
    gdt[3] = descriptor(0, 0xfffff, 0xcfb);
    gdt[4] = descriptor(0, 0xfffff, 0xcf3);
    gdt[5] = descriptor((uint32_t)tss, sizeof(tss) - 1, 0x089);
    gdt[6] = descriptor(0x40000000, 0xfffff, 0xcf3); /* FS of load_fs */
    gdt[7] = descriptor(0xfffff000, 0xfffff, 0xcf3); /* GS of load_gs */
    tss[1] = (uint32_t)exception_stack_top;
    tss[2] = 0x10;
    tss[25] = sizeof(tss) << 16; /* no port is for level 3 */
    for (unsigned i = 0; i < 256; i++)
        idt[i] = gate(stubs + 16 * i, i == 3 || i == 4 ? 3 : 0);
    idt[0x80] = gate(level3_done, 3);
    gdtr.limit = sizeof(gdt) - 1;
    gdtr.base = (uint32_t)gdt;
    idtr.limit = sizeof(idt) - 1;
    idtr.base = (uint32_t)idt;
    load_tables(&gdtr, &idtr);
}

/* The first 8 MB are for level 3 too, or not. */
static void page(bool user_low)
{
    for (uint32_t i = 0; i < 1024; i++)
        directory[i] = i * LARGE | 0x83 | (i >= PLAY_FIRST / LARGE || user_low ? 4 : 0);
    directory[1023] = NOTHING | (directory[1023] & 0xfff); /* there is ROM behind the last addresses */
    __asm__ volatile("movl %0, %%cr3" : : "r"(directory) : "memory");
}

static void paging_on(void)
{
    uint32_t cr;
    __asm__ volatile("movl %%cr4, %0; orl $0x610, %0; movl %0, %%cr4" : "=r"(cr)); /* PSE, OSFXSR, OSXMMEXCPT */
    page(true);
    __asm__ volatile("movl %%cr0, %0; orl $0x80000020, %0; andl $~6, %0; movl %0, %%cr0" : "=r"(cr));
}

/* A tick ends code that runs in a circle. */
static void timer_on(void)
{
    out8(0x20, 0x11);
    out8(0x21, 0x20);
    out8(0x21, 4);
    out8(0x21, 3); /* ends interrupts by itself */
    out8(0x21, 0xfe);
    out8(0xa1, 0xff);
    out8(0x43, 0x34);
    out8(0x40, 0xa9); /* 1193: 1 ms */
    out8(0x40, 0x04);
}

static void fill(uint32_t first, uint32_t end)
{
    for (uint32_t *at = (uint32_t *)first; at < (uint32_t *)end; at++)
        *at = FILL * 0x01010101u;
}

/* ---- every address ---- */

static void try_address(uint32_t address)
{
    if (address < PLAY_FIRST + 600) /* with what a form touches before it: not the guest itself */
        return;
    if (address > 0u - 600 && !guard_user) /* a fault with ESP at the end of the segment ends in a triple one */
        return;
    for (unsigned i = 0; i < form_count; i++) {
        bool right = form_try(&forms[i], address, random32());
        tried++;
        trapped += trap_vector != NO_TRAP;
        if (!right && !wrong++) {
            wrong_form = forms[i].name;
            wrong_address = address;
        }
    }
}

static void everywhere(void)
{
    for (uint32_t large = 0; large < 1024; large++) {
        try_address(large * LARGE);
        try_address(large * LARGE + 0xffe);
        try_address(large * LARGE - 3);
        try_address(large * LARGE + (random32() & (LARGE - 1)));
    }
    for (uint32_t i = 0; i < 64; i++) {
        try_address(RAM_BYTES - 32 + i);
        try_address(0x7fffffe0u + i);
        try_address(0u - 1 - i);
    }
}

static void everywhere_at_level3(void)
{
    everywhere();
    leave_level3();
}

/* ---- code of random bytes ---- */

static void random_code(void)
{
    static const uint8_t prefixes[] = { 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x0f };
    uint8_t *code = (uint8_t *)(CODE_AT + (random32() & 0x3fff));
    uint32_t registers[7];
    for (unsigned i = 0; i < 64; i++)
        code[i] = (uint8_t)random32();
    for (unsigned i = 0; i < 8; i++)
        code[random32() & 63] = prefixes[random32() % sizeof(prefixes)];
    for (unsigned i = 0; i < 7; i++) {
        registers[i] = random32();
        if (random32() & 1) /* likely RAM, and often the code itself */
            registers[i] = random32() & 1 ? (uint32_t)code + (random32() & 63) : PLAY_FIRST + (random32() & 0x17fffff);
    }
    at_level3((uint32_t)code, CODE_AT + 0x8000 + (random32() & 0xffff), 0x202, registers);
}

static void result(unsigned number, const char *name, bool good)
{
    say(good ? "ok " : "not ok ");
    say_number(number, 10);
    say(" - ");
    say(name);
    say(" (");
    say_number(tried, 10);
    say(" tried, ");
    say_number(trapped, 10);
    say(" faults)\n");
    if (wrong) {
        say("# ");
        say_number(wrong, 10);
        say(" reads gave something else, first ");
        say(wrong_form);
        say(" at ");
        say_number(wrong_address, 16);
        say("\n");
    }
    tried = trapped = wrong = 0;
}

void hostile_main(void);
void hostile_main(void)
{
    say("1..3\n");
    fill(0, 4096); /* a jump to the last byte goes on here */
    out8(0x21, 0xff);
    out8(0xa1, 0xff);
    tables();
    fill(PLAY_FIRST, RAM_BYTES);
    paging_on();

    everywhere();
    result(1, "all of memory by every form at level 0", wrong == 0);
    fill(PLAY_FIRST, RAM_BYTES);
    run_at_level3(everywhere_at_level3);
    result(2, "all of memory by every form at level 3", wrong == 0);

    page(false);
    idt[0x80] = gate(level3_done, 0);
    timer_on();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        random_code();
        tried++;
    }
    result(3, "random code at level 3", true);
    out8(0x501, 0);
}
