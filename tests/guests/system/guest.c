/* guest.c - runs the rows, one TAP line each, to port E9h; exits by port 501h (SDM citations stand in the rows). */
#include "guest.h"

/* ---- state of a check ---- */

struct trap trap;
volatile uint32_t note[8];
volatile uint32_t expect_eip;
extern uint32_t trap_stack[64], trap_esp, trap_ss, trap_cs, trap_cr2, trap_cr0, trap_tr, snap[16], v86_frame[16];
extern uint8_t real_begin[], real_end[], real_stubs[], real_frame[], real_eax[], real_esp[], real_stub[];

static uint32_t features, number, failures;
static uint32_t rf_missing; /* faults whose EFLAGS image had RF clear */

/* ---- console ---- */

static void put(const char *text)
{
    while (*text)
        outb(0xe9, (uint8_t)*text++);
}
static void put_number(uint32_t value, uint32_t base, unsigned width)
{
    char digits[11];
    unsigned at = 10;
    digits[at] = 0;
    do {
        digits[--at] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value || 10 - at < width);
    put(digits + at);
}
static void put_hex(const char *name, uint32_t value)
{
    put(name);
    put_number(value, 16, 8);
}

/* ---- tables ---- */

struct desc gdt[32] __attribute__((aligned(4096))), ldt[8], idt[256] __attribute__((aligned(4096)));
struct tss32 tss_main __attribute__((aligned(4096))), tss_other __attribute__((aligned(256)));
struct tss16 tss_small __attribute__((aligned(64)));
uint8_t stack_other[4096] __attribute__((aligned(16))), stack_ring1[4096] __attribute__((aligned(16)));

struct desc desc(uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    return (struct desc){ .low = base << 16 | (limit & 0xffff),
        .high = (base & 0xff000000) | flags << 20 | (limit & 0xf0000) | access << 8 | (base >> 16 & 0xff) };
}
struct desc gate(uint32_t selector, uint32_t offset, uint32_t access, uint32_t count)
{
    return (
        struct desc){ .low = selector << 16 | (offset & 0xffff), .high = (offset & 0xffff0000) | access << 8 | count };
}
void slot(unsigned n, uint32_t base, uint32_t limit, uint32_t access, uint32_t flags)
{
    GDT_ENTRY(FREE_SEL(n)) = desc(base, limit, access, flags);
}
void slot_gate(unsigned n, uint32_t selector, void (*target)(void), uint32_t access, uint32_t count)
{
    GDT_ENTRY(FREE_SEL(n)) = gate(selector, (uint32_t)target, access, count);
}

void lgdt(uint32_t base, uint16_t limit)
{
    struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) table = { limit, base };
    __asm__ volatile("lgdt %0" ::"m"(table));
}
void lidt(uint32_t base, uint16_t limit)
{
    struct {
        uint16_t limit;
        uint32_t base;
    } __attribute__((packed)) table = { limit, base };
    __asm__ volatile("lidt %0" ::"m"(table));
}

/* Compilers call it for the copy of a struct. */
void *memcpy(void *to, const void *from, size_t count);
void *memcpy(void *to, const void *from, size_t count)
{
    volatile uint8_t *t = to;
    for (const uint8_t *f = from; count--;)
        *t++ = *f++;
    return to;
}

static void fill(void *at, uint8_t value, uint32_t count)
{
    volatile uint8_t *p = at;
    while (count--)
        *p++ = value;
}

static void tables_reset(void)
{
    fill(gdt, 0, sizeof(gdt));
    fill(ldt, 0, sizeof(ldt));
    fill(&tss_main, 0, sizeof(tss_main));
    fill(&tss_other, 0, sizeof(tss_other));
    fill(&tss_small, 0, sizeof(tss_small));
    GDT_ENTRY(KCODE) = desc(0, 0xfffff, A_CODE, F_G | F_32);
    GDT_ENTRY(KDATA) = desc(0, 0xfffff, A_DATA, F_G | F_32);
    GDT_ENTRY(UCODE) = desc(0, 0xfffff, A_CODE | A_DPL(3), F_G | F_32);
    GDT_ENTRY(UDATA) = desc(0, 0xfffff, A_DATA | A_DPL(3), F_G | F_32);
    GDT_ENTRY(TSS_MAIN) = desc((uint32_t)&tss_main, sizeof(tss_main) - 1, A_TSS32, 0);
    GDT_ENTRY(TSS_OTHER) = desc((uint32_t)&tss_other, 0x67, A_TSS32, 0);
    GDT_ENTRY(LDT_SEL) = desc((uint32_t)ldt, sizeof(ldt) - 1, A_LDT, 0);
    GDT_ENTRY(KCODE16) = desc(0, 0xffff, A_CODE, 0);
    GDT_ENTRY(KDATA16) = desc(0, 0xffff, A_DATA, 0);
    for (unsigned i = 0; i < 256; i++)
        idt[i] = gate(KCODE, (uint32_t)stubs + 16 * i, A_INT32, 0);
    idt[VECTOR_DONE].high |= A_DPL(3) << 8;
    idt[VECTOR_USER].high |= A_DPL(3) << 8;

    tss_main.ss0 = KDATA;
    tss_main.esp0 = (uint32_t)trap_stack_top;
    tss_main.iomap = offsetof(struct tss32, io);
    fill(tss_main.io, 0xff, sizeof(tss_main.io));
    fill(tss_main.redirect, 0xff, sizeof(tss_main.redirect));
    tss_other.ss0 = tss_other.ss = tss_other.ds = tss_other.es = tss_other.fs = tss_other.gs = KDATA;
    tss_other.cs = KCODE;
    tss_other.esp0 = tss_other.esp = (uint32_t)(stack_other + sizeof(stack_other));
    tss_other.eflags = 2;
    tss_other.iomap = 0x68;

    lgdt((uint32_t)gdt, sizeof(gdt) - 1);
    lidt((uint32_t)idt, sizeof(idt) - 1);
    load_ldt(0);
    load_tr(TSS_MAIN);
    for (unsigned i = 0; i < 8; i++)
        note[i] = 0;
    poke((uint32_t)user_stack_top - 4, (uint32_t)user_done);
    snap[13] = 0;
    expect_eip = 0;
}

static void state_reset(void)
{
    cr0_set(0x11);
    if (features & NEEDS_DE)
        cr4_set(0);
    if (features & NEEDS_NX)
        wrmsr(0xc0000080, 0);
    __asm__ volatile("movl %0, %%dr6" ::"r"(0xffff0ff0));
    tables_reset();
}

/* ---- one check ---- */

static void trap_fill(void)
{
    const uint32_t *s = trap_stack;
    trap = (struct trap){ .vector = s[12], .code = s[13], .eip = s[14], .cs = s[15] & 0xffff, .eflags = s[16] };
    bool outer = (trap.eflags & 0x20000) || (trap.cs & 3);
    trap.esp = outer ? s[17] : trap_esp + 68;
    trap.ss = outer ? s[18] & 0xffff : trap_ss;
    trap.v86_es = s[19];
    trap.v86_ds = s[20];
    trap.v86_fs = s[21];
    trap.v86_gs = s[22];
    trap.eax = s[11];
    trap.ecx = s[10];
    trap.edx = s[9];
    trap.ebx = s[8];
    trap.ebp = s[6];
    trap.esi = s[5];
    trap.edi = s[4];
    trap.ds = s[3] & 0xffff;
    trap.es = s[2] & 0xffff;
    trap.fs = s[1] & 0xffff;
    trap.gs = s[0] & 0xffff;
    trap.cr2 = trap_cr2;
    trap.cr0 = trap_cr0;
    trap.tr = trap_tr & 0xffff;
    trap.handler_cs = trap_cs & 0xffff;
    trap.handler_ss = trap_ss;
    trap.at = trap_esp + 56;
    trap.raw = (const uint16_t *)&s[14];
}

#define RF 0x10000u

/* Whether the marked instruction faulted, and changed nothing. */
static bool fault_clean(const char **why)
{
    *why = "EIP";
    if (expect_eip && trap.eip != expect_eip)
        return false;
    if (!snap[13])
        return true;
    *why = "a general register changed";
    if (trap.eax != snap[0] || trap.ecx != snap[1] || trap.edx != snap[2] || trap.ebx != snap[3] ||
        trap.esp != snap[4] || trap.ebp != snap[5] || trap.esi != snap[6] || trap.edi != snap[7])
        return false;
    *why = "a segment register changed";
    if (trap.ds != (snap[8] & 0xffff) || trap.es != (snap[9] & 0xffff) || trap.fs != (snap[10] & 0xffff) ||
        trap.gs != (snap[11] & 0xffff))
        return false;
    *why = "EFLAGS";
    rf_missing += !(trap.eflags & RF);
    return (trap.eflags | RF) == (snap[12] | RF);
}

static void report(const struct check *check, bool passed, const char *why)
{
    put(passed ? "ok " : "not ok ");
    put_number(++number, 10, 1);
    put(" - ");
    put(check->name);
    put("\n");
    if (passed)
        return;
    failures++;
    put("# wrong: ");
    put(why);
    put_hex("; vector ", trap.vector);
    put_hex(" code ", trap.code);
    put_hex(" cs ", trap.cs);
    put_hex(" eip ", trap.eip);
    put_hex(" (expected ", expect_eip);
    put_hex(") eflags ", trap.eflags);
    put_hex(" esp ", trap.esp);
    put_hex(" cr2 ", trap.cr2);
    put("\n# notes:");
    for (unsigned i = 0; i < 8; i++)
        put_hex(" ", note[i]);
    put("\n");
}

static void check_run(const struct check *check)
{
    if (check->needs & ~features) {
        put("ok ");
        put_number(++number, 10, 1);
        put(" - ");
        put(check->name);
        put(" # SKIP this CPU lacks the feature\n");
        return;
    }
    const char *why = "vector";
    state_reset();
    if (check->setup)
        check->setup();
    run_check(check->body, check->level);
    trap_fill();
    bool passed = trap.vector == check->vector;
    if (passed && check->vector < 0x20) {
        why = "error code";
        passed = trap.code == check->code;
    }
    passed = passed && (check->vector >= 0x20 || fault_clean(&why));
    if (passed && check->result) {
        why = "result";
        passed = check->result();
    }
    report(check, passed, why);
    state_reset();
}

/* ---- paging ---- */

uint32_t page_dir[1024] __attribute__((aligned(4096))), page_table[4][1024] __attribute__((aligned(4096)));
uint64_t pae_pdpt[4] __attribute__((aligned(32))), pae_dir[512] __attribute__((aligned(4096)));
uint64_t pae_table[8][512] __attribute__((aligned(4096)));

void tables_32(void)
{
    fill(page_dir, 0, sizeof(page_dir));
    for (uint32_t i = 0; i < 4; i++) {
        page_dir[i] = (uint32_t)page_table[i] | PTE_P | PTE_W | PTE_U;
        for (uint32_t j = 0; j < 1024; j++)
            page_table[i][j] = i << 22 | j << 12 | PTE_P | PTE_W | PTE_U;
    }
}
void tables_pae(void)
{
    fill(pae_dir, 0, sizeof(pae_dir));
    fill(pae_pdpt, 0, sizeof(pae_pdpt));
    pae_pdpt[0] = (uint32_t)pae_dir | PTE_P;
    for (uint32_t i = 0; i < 8; i++) {
        pae_dir[i] = (uint32_t)pae_table[i] | PTE_P | PTE_W | PTE_U;
        for (uint32_t j = 0; j < 512; j++)
            pae_table[i][j] = i << 21 | j << 12 | PTE_P | PTE_W | PTE_U;
    }
}
uint32_t *pte(unsigned n)
{
    return &page_table[3][n];
}
uint64_t *pae_pte(unsigned n)
{
    return &pae_table[6][n];
}
uint8_t *frame(unsigned n)
{
    return launder(PAGE(n));
}
void paging_on(uint32_t cr4, uint32_t cr0_bits)
{
    if (cr4)
        cr4_set(cr4);
    cr3_set((uint32_t)page_dir);
    cr0_set(cr0_read() | 0x80000000u | cr0_bits);
}
void paging_on_pae(uint32_t cr4, uint32_t cr0_bits)
{
    cr4_set(cr4 | 0x20);
    cr3_set((uint32_t)pae_pdpt);
    cr0_set(cr0_read() | 0x80000000u | cr0_bits);
}

/* ---- v86 and real mode ---- */

void code16(const void *bytes, uint32_t count)
{
    const uint8_t *from = bytes;
    volatile uint8_t *to = launder(V86_BASE);
    for (uint32_t i = 0; i < count; i++)
        to[i] = from[i];
    to[count] = 0xf4; /* a body that runs over its end meets HLT */
}
void start_v86(uint32_t flags)
{
    start_v86_at(0, flags);
}
void start_v86_at(uint32_t eip, uint32_t flags)
{
    const uint32_t frame_words[9] = { eip, V86_BASE >> 4, flags | 0x20002, 0xfffc, 0x2000, 0x3000, 0x3000, 0x4000,
        0x5000 };
    for (unsigned i = 0; i < 9; i++)
        v86_frame[i] = frame_words[i];
    enter_v86();
}
void start_real(void)
{
    volatile uint8_t *to = launder(REAL_BASE);
    for (uint32_t i = 0; i < (uint32_t)(real_end - real_begin); i++)
        to[i] = real_begin[i];
    for (uint32_t i = 0; i < 32; i++)
        REAL(uint32_t, i * 4) = REAL_BASE + (uint32_t)(real_stubs - real_begin) + 4 * i;
    lidt(0, 0x7f);
    enter_real();
}

#define V_FIRST 0x60

/* ---- all of it ---- */

extern const struct suite suite_segment, suite_transfer, suite_gate, suite_interrupt, suite_task, suite_v86,
    suite_paging, suite_debug, suite_privilege, suite_real;
static const struct suite *const suites[] = { &suite_segment, &suite_transfer, &suite_gate, &suite_interrupt,
    &suite_task, &suite_v86, &suite_paging, &suite_debug, &suite_privilege, &suite_real };

static void features_read(void)
{
    uint32_t a, b, c, d;
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1));
    features = (d & 0x3fffffff) | HANGS_QEMU;
    __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000000));
    if (a >= 0x80000001 && a < 0x80010000) {
        __asm__ volatile("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(0x80000001));
        if (d >> 20 & 1)
            features |= NEEDS_NX;
    }
}

/* ---- runs of their own, by a word on the command line: what cannot be reported from inside ---- */

/* A fault in the delivery of a double fault. */
static void end_triple(void)
{
    lidt(0, 0);
    __asm__ volatile("int3");
}

/* Two tasks with the T flag, each the handler of the other's trap. Their TSSes lie over their own descriptors, so that
 * the registers saved on leaving a task are its descriptor, not busy: the chain of switches has no end. */
static void end_storm(void)
{
    static struct desc table[128];
    static const unsigned index[2] = { 40, 80 };
    for (unsigned i = 0; i < 32; i++)
        table[i] = gdt[i];
    for (unsigned i = 0; i < 2; i++) {
        struct tss32 *tss = (struct tss32 *)((uint32_t)&table[index[i]] - offsetof(struct tss32, ebp));
        tss->eflags = 2;
        tss->esp = (uint32_t)(stack_other + sizeof(stack_other));
        tss->cs = KCODE;
        tss->ss = tss->ds = tss->es = KDATA;
        tss->trap = 1;
        table[index[i]] = desc((uint32_t)tss, 0x67, A_TSS32, 0);
    }
    idt[V_FIRST] = idt[GP] = gate(index[0] * 8, 0, A_GATE_TASK, 0);
    idt[DB] = gate(index[1] * 8, 0, A_GATE_TASK, 0);
    lgdt((uint32_t)table, sizeof(table) - 1);
    __asm__ volatile("int %0" ::"i"(V_FIRST));
}

static bool word_equal(const char *line, const char *word)
{
    while (*word && *word == *line)
        word++, line++;
    return !*word && (!*line || *line == ' ');
}

static void other_run(const char *line)
{
    while (*line && *line != ' ')
        line++; /* loaders put the file's name first */
    line += *line == ' ';
    if (word_equal(line, "triple"))
        end_triple();
    if (word_equal(line, "storm"))
        end_storm();
    if (word_equal(line, "careful"))
        features &= ~HANGS_QEMU;
}

void guest_main(uint32_t magic, const uint32_t *info);
void guest_main(uint32_t magic, const uint32_t *info)
{
    outb(0x21, 0xff); /* no interrupts but those that a check asks for */
    outb(0xa1, 0xff);
    features_read();
    state_reset();
    __asm__ volatile("ljmp %0, $1f\n1:\n\tmovw %w1, %%ds\n\tmovw %w1, %%es\n\tmovw %w1, %%fs\n\tmovw %w1, %%gs\n\t"
                     "movw %w1, %%ss" ::"i"(KCODE),
        "r"(KDATA));
    if (magic == 0x2badb002 && (info[0] & 4))
        other_run(launder(info[4]));
    for (unsigned i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
        for (unsigned j = 0; j < suites[i]->count; j++)
            check_run(&suites[i]->checks[j]);
    static const struct check rf = { .name = "every fault pushed EFLAGS with RF set (SDM 17.3.1.1)" };
    note[0] = rf_missing;
    report(&rf, rf_missing == 0, "faults without RF, in note 0");
    put("1..");
    put_number(number, 10, 1);
    put("\n");
    __asm__ volatile("outl %0, %w1" ::"a"(failures ? 1 : 0), "d"(0x501));
}
