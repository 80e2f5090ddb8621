/* cpu_dump.c - the CPU's registers for people: the report of a triple fault, and the debugger's first look. */
#include <stdarg.h>
#include <stdio.h>

#include "core/cpu/cpu.h"
#include "core/mem/walk.h"

/* Text that grows to the end of a buffer and stops there. */
struct text {
    char *at;
    size_t room;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text->at, text->room, format, args);
    va_end(args);
    if (length < 0)
        return;
    size_t used = (size_t)length < text->room ? (size_t)length : text->room - (text->room > 0);
    text->at += used;
    text->room -= used;
}

static void say_flags(struct text *text, uint32_t eflags)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } names[] = {
        { FLAG_ID, "ID" },
        { FLAG_VIP, "VIP" },
        { FLAG_VIF, "VIF" },
        { FLAG_AC, "AC" },
        { FLAG_VM, "VM" },
        { FLAG_RF, "RF" },
        { FLAG_NT, "NT" },
        { FLAG_OF, "OF" },
        { FLAG_DF, "DF" },
        { FLAG_IF, "IF" },
        { FLAG_TF, "TF" },
        { FLAG_SF, "SF" },
        { FLAG_ZF, "ZF" },
        { FLAG_AF, "AF" },
        { FLAG_PF, "PF" },
        { FLAG_CF, "CF" },
    };
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (eflags & names[i].bit)
            say(text, " %s", names[i].name);
}

static void say_segment(struct text *text, const char *name, const struct segment *segment)
{
    say(text, "%-3s %04x  base %08x  limit %08x  attr %04x", name, segment->selector, segment->base, segment->limit,
        segment->attr);
    say(text, " dpl %u%s%s\n", SEG_DPL(segment->attr), segment->attr & SEG_P ? "" : " not-present",
        segment->attr & SEG_DB ? " 32-bit" : "");
}

/* The bytes at CS:EIP, as far as they are mapped to memory; the walk changes nothing. */
static void say_code(struct text *text, struct cpu *cpu)
{
    say(text, "code");
    for (uint32_t i = 0; i < 16; i++) {
        struct walk walk;
        uint32_t code, access = WALK_EXEC | WALK_PROBE | (cpu->cpl == 3 ? WALK_USER : 0);
        uint32_t linear = cpu->seg[CS].base + cpu->eip + i;
        bool marked;
        const uint8_t *page = NULL;
        if (cpu->mem && walk_linear(cpu->mem, &cpu->paging, linear, access, &walk, &code))
            page = mem_page(cpu->mem, walk.gpa & ~(gpa_t)MEM_PAGE_MASK, false, &marked);
        if (page)
            say(text, " %02x", page[walk.gpa & MEM_PAGE_MASK]);
        else
            say(text, " --");
    }
    say(text, "\n");
}

void cpu_dump(struct cpu *cpu, char *buffer, size_t size)
{
    static const char *const regs[] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
    static const char *const segs[] = { "es", "cs", "ss", "ds", "fs", "gs" };
    struct text text = { .at = buffer, .room = size };
    if (size)
        buffer[0] = 0;
    for (unsigned i = 0; i < 8; i++)
        say(&text, "%s %08x%s", regs[i], cpu->reg[i], i % 4 == 3 ? "\n" : "  ");
    say(&text, "eip %08x  eflags %08x", cpu->eip, cpu->eflags);
    say_flags(&text, cpu->eflags);
    say(&text, "  iopl %u  cpl %u%s%s\n", cpu_iopl(cpu), cpu->cpl, cpu->halted ? "  halted" : "",
        cpu->shutdown ? "  shutdown" : "");
    for (unsigned i = 0; i < 6; i++)
        say_segment(&text, segs[i], &cpu->seg[i]);
    say_segment(&text, "ldt", &cpu->ldt);
    say_segment(&text, "tr", &cpu->tr);
    say(&text, "gdt base %08x  limit %04x\n", cpu->gdt.base, cpu->gdt.limit);
    say(&text, "idt base %08x  limit %04x\n", cpu->idt.base, cpu->idt.limit);
    say(&text, "cr0 %08x  cr2 %08x  cr3 %08x  cr4 %08x  efer %llx\n", cpu->cr0, cpu->cr2, cpu->paging.cr3, cpu->cr4,
        (unsigned long long)cpu->efer);
    say(&text, "dr0 %08x  dr1 %08x  dr2 %08x  dr3 %08x  dr6 %08x  dr7 %08x\n", cpu->dr[0], cpu->dr[1], cpu->dr[2],
        cpu->dr[3], cpu->dr[6], cpu->dr[7]);
    say(&text, "last fault: vector %u", cpu->fault.vector);
    if (cpu->fault.has_code)
        say(&text, " code %04x", cpu->fault.code);
    say(&text, "\n");
    say_code(&text, cpu);
}
