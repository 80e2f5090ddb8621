/* test_system_guest.c - runs the guest of system-level checks (tests/guests/system) on the interpreter, in this
 * process.
 *
 * The guest speaks TAP on port E9h; its lines are this test's lines. Its world is the CPU, 32 MB of memory, and enough
 * of an interrupt controller and a timer for a hardware interrupt to arrive. Further runs end in a shutdown, which no
 * guest can report itself. */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bt/internal.h"
#include "core/cpu/access.h"
#include "core/cpu/cpuid.h"
#include "core/cpu/interp/interp.h"
#include "tests/unit/hostmem.h"

#define MEMORY (32u << 20)
#define INFO 0x9000u /* multiboot information */
#define CMDLINE 0x9100u
#define BUDGET 200u     /* instructions between looks at the timer */
#define LIMIT 50000000u /* instructions of a whole run */

struct world {
    struct cpu *cpu;
    struct mem *mem;
    bool ended, at_line_start;
    uint32_t status;
    unsigned tests, failures;
    char line[400];
    unsigned length;
    bool silent; /* print only what fails, as comments */
    enum cpu_exit (*run)(struct cpu *cpu, uint64_t budget);
    /* 8259A: base vector from ICW2, mask. 8254: an interrupt is due once a count has been written. */
    unsigned untouched; /* reads of port 86h, which only instructions that fault name */
    uint8_t icw_next, base, mask;
    bool due;
};

/* ---- the console ---- */

static void line_end(struct world *w)
{
    w->line[w->length] = 0;
    w->length = 0;
    bool failed = !strncmp(w->line, "not ok ", 7);
    w->tests += failed || !strncmp(w->line, "ok ", 3);
    w->failures += failed;
    if (w->silent && failed)
        printf("# %s\n", w->line);
    else if (!w->silent && strncmp(w->line, "1..", 3))
        puts(w->line); /* the plan is ours: more checks follow */
}

static void console(struct world *w, char c)
{
    if (c == '\n' || w->length == sizeof(w->line) - 1)
        line_end(w);
    else
        w->line[w->length++] = c;
}

/* ---- ports ---- */

static void intr_update(struct world *w)
{
    if (w->due && !(w->mask & 1))
        cpu_signal(w->cpu, CPU_SIGNAL_INTR);
    else
        cpu_unsignal(w->cpu, CPU_SIGNAL_INTR);
}

static uint32_t bus_in(void *opaque, uint16_t port, uint32_t size)
{
    struct world *w = opaque;
    w->untouched += port == 0x86;
    return size == 1 ? 0xa5 : size == 2 ? 0xa5a5 : 0xa5a5a5a5;
}

static void bus_out(void *opaque, uint16_t port, uint32_t size, uint32_t value)
{
    struct world *w = opaque;
    (void)size;
    switch (port) {
    case 0xe9: console(w, (char)value); break;
    case 0x501:
        w->ended = true;
        w->status = value;
        cpu_signal(w->cpu, CPU_SIGNAL_STOP);
        break;
    case 0x20:
        if (value & 0x10)
            w->icw_next = 2;
        break;
    case 0x21:
        if (w->icw_next == 2)
            w->base = (uint8_t)value;
        if (w->icw_next)
            w->icw_next = w->icw_next == 4 ? 0 : (uint8_t)(w->icw_next + 1);
        else
            w->mask = (uint8_t)value;
        break;
    case 0x40: w->due = true; break;
    }
}

static uint32_t bus_intr_ack(void *opaque)
{
    struct world *w = opaque;
    w->due = false;
    intr_update(w);
    return w->base;
}

static uint64_t bus_tsc(void *opaque)
{
    const struct world *w = opaque;
    return w->cpu->instructions;
}

static const struct cpu_bus bus = { .in = bus_in, .out = bus_out, .intr_ack = bus_intr_ack, .tsc = bus_tsc };

/* ---- loading ---- */

static uint8_t *file_read(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    uint8_t *bytes = malloc(1 << 20);
    *size = bytes ? fread(bytes, 1, 1 << 20, file) : 0;
    fclose(file);
    return bytes;
}

/* The state of a Multiboot 1 kernel at its entry (Multiboot Specification 0.6.96, 3.2). */
static void world_boot(struct world *w, const uint8_t *image, const char *cmdline)
{
    Elf32_Ehdr ehdr;
    const uint32_t info[5] = { 4, 0, 0, 0, CMDLINE };
    memcpy(&ehdr, image, sizeof(ehdr));
    for (unsigned i = 0; i < ehdr.e_phnum; i++) {
        Elf32_Phdr phdr;
        memcpy(&phdr, image + ehdr.e_phoff + i * sizeof(phdr), sizeof(phdr));
        if (phdr.p_type == PT_LOAD)
            mem_write(w->mem, phdr.p_paddr, image + phdr.p_offset, phdr.p_filesz);
    }
    mem_write(w->mem, INFO, info, sizeof(info));
    mem_write(w->mem, CMDLINE, cmdline, strlen(cmdline) + 1);

    struct cpu *cpu = w->cpu;
    cpu_reset(cpu, false);
    for (unsigned i = 0; i < 6; i++)
        cpu->seg[i] = (struct segment){ .selector = 0x10, .attr = 0xc093, .limit = UINT32_MAX };
    cpu->seg[CS] = (struct segment){ .selector = 8, .attr = 0xc09b, .limit = UINT32_MAX };
    cpu->cr0 = CR0_ET | CR0_PE;
    cpu->reg[EAX] = 0x2badb002;
    cpu->reg[EBX] = INFO;
    cpu->eip = ehdr.e_entry;
    cpu_paging_changed(cpu);
}

static struct world *world_new(const struct cpu_model *model, bool translated)
{
    abbey_error error;
    struct world *w = calloc(1, sizeof(*w));
    w->mem = mem_new(&hostmem, MEMORY, 3u << 30, &error);
    w->cpu = aligned_alloc(64, (sizeof(struct cpu) + 63) & ~(size_t)63);
    struct cpu *cpu = w->cpu;
    memset(cpu, 0, sizeof(*cpu));
    cpu->model = model;
    cpu->mem = w->mem;
    cpu->bus = &bus;
    cpu->bus_opaque = w;
    cpu->tlb = tlb_new();
    cpu->interp = interp_new(cpu);
    w->mask = 0xff;
    w->run = interp_run;
    if (translated) {
        bt_new(cpu, 8u << 20, true, &error)->hot = 1;
        w->run = bt_run;
    }
    return w;
}

static void world_free(struct world *w)
{
    bt_free(w->cpu->bt.bt);
    interp_free(w->cpu->interp);
    tlb_free(w->cpu->tlb);
    mem_free(w->mem);
    free(w->cpu);
    free(w);
}

static enum cpu_exit world_run(struct world *w)
{
    enum cpu_exit exit = CPU_EXIT_BUDGET;
    while (!w->ended && exit != CPU_EXIT_TRIPLE_FAULT && w->cpu->instructions < LIMIT) {
        exit = w->run(w->cpu, BUDGET);
        if (exit == CPU_EXIT_HALT && !w->due)
            break;
        intr_update(w);
    }
    return exit;
}

static void dump(struct world *w)
{
    char text[4096];
    cpu_dump(w->cpu, text, sizeof(text));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        printf("# %s\n", line);
}

/* What no guest can report itself. */
static const struct {
    const char *cmdline, *name;
} ends[] = {
    { "system.elf triple", "a fault in the delivery of #DF shuts the processor down (SDM 6.15, vector 8)" },
    { "system.elf storm", "task switches that trap into each other without end shut the processor down (SDM 7.3)" },
};

static bool shuts_down(const uint8_t *image, const char *cmdline)
{
    struct world *w = world_new(cpu_model_at(0), false);
    w->silent = true;
    world_boot(w, image, cmdline);
    bool down = world_run(w) == CPU_EXIT_TRIPLE_FAULT && w->cpu->shutdown;
    if (!down)
        dump(w);
    world_free(w);
    return down;
}

/* The whole guest on another model; checks of features that it has not are skipped. */
static bool model_passes(const uint8_t *image, const struct cpu_model *model, bool translated)
{
    struct world *w = world_new(model, translated);
    w->silent = true;
    world_boot(w, image, "");
    world_run(w);
    bool passed = w->ended && w->status == 0 && w->failures == 0;
    if (!passed)
        dump(w);
    world_free(w);
    return passed;
}

int main(void)
{
    size_t size = 0;
    char path[4096];
    const char *build = getenv("ABBEY_BUILDDIR");
    snprintf(path, sizeof(path), "%s/tests/guests/system/system.elf", build ? build : ".");
    uint8_t *image = file_read(path, &size);
    setvbuf(stdout, NULL, _IOLBF, 0);

    if (!image || size < sizeof(Elf32_Ehdr) || memcmp(image, ELFMAG, SELFMAG)) {
        printf("Bail out! %s is no ELF file that can be read\n", path);
        free(image);
        return 99;
    }
    struct world *w = world_new(cpu_model_find("host"), false); /* the one with NX */
    world_boot(w, image, "");
    world_run(w);
    unsigned tests = w->tests;
    bool passed = w->ended && w->status == 0 && w->failures == 0;
    if (!w->ended) {
        printf("not ok %u - the guest comes to its end\n", ++tests);
        dump(w);
    }
    passed = passed && w->untouched == 0;
    printf(
        "%sok %u - an INS that faults has not read its port (SDM vol. 2, INS)\n", w->untouched ? "not " : "", ++tests);
    world_free(w);

    for (unsigned i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        bool down = shuts_down(image, ends[i].cmdline);
        printf("%sok %u - %s\n", down ? "" : "not ", ++tests, ends[i].name);
        passed = passed && down;
    }
    for (unsigned i = 0; cpu_model_at(i); i++) {
        bool same = model_passes(image, cpu_model_at(i), false);
        printf("%sok %u - the same checks pass on model %s\n", same ? "" : "not ", ++tests, cpu_model_at(i)->name);
        passed = passed && same;
    }
    if (bt_supported()) {
        bool same = model_passes(image, cpu_model_find("host"), true);
        printf("%sok %u - the same checks pass when translated\n", same ? "" : "not ", ++tests);
        passed = passed && same;
    }
    printf("1..%u\n", tests);
    free(image);
    return passed ? 0 : 1;
}
