#include "tests/lockstep/state.h"

#include <Zydis/Zydis.h>
#include <stddef.h>
#include <string.h>

/* The guest-visible part of struct cpu, which its engines must agree on bit for bit. */
static const struct field {
    const char *name;
    uint16_t offset, size, count;
} fields[] = {
#define FIELD(member)                                                               \
    {                                                                               \
#member, offsetof(struct cpu, member), sizeof(((struct cpu *)0)->member), 1 \
    }
#define ARRAY(member)                                                                \
    {                                                                                \
#member, offsetof(struct cpu, member), sizeof(((struct cpu *)0)->member[0]), \
            sizeof(((struct cpu *)0)->member) / sizeof(((struct cpu *)0)->member[0]) \
    }
#define SEGMENT(member) FIELD(member.selector), FIELD(member.attr), FIELD(member.base), FIELD(member.limit)
    // clang-format off
    FIELD(instructions), ARRAY(reg), FIELD(eip), FIELD(eflags), FIELD(cpl),
    SEGMENT(seg[ES]), SEGMENT(seg[CS]), SEGMENT(seg[SS]), SEGMENT(seg[DS]), SEGMENT(seg[FS]), SEGMENT(seg[GS]),
    SEGMENT(ldt), SEGMENT(tr),
    FIELD(gdt.base), FIELD(gdt.limit), FIELD(idt.base), FIELD(idt.limit),
    FIELD(cr0), FIELD(cr2), FIELD(cr4), FIELD(paging.cr3), ARRAY(paging.pdpte), ARRAY(dr),
    FIELD(halted), FIELD(shutdown), FIELD(nmi_blocked), FIELD(shadow_sti), FIELD(shadow_ss),
    FIELD(efer), FIELD(pat), FIELD(apic_base), FIELD(misc_enable), FIELD(tsc_offset),
    FIELD(sysenter_cs), FIELD(sysenter_esp), FIELD(sysenter_eip),
    FIELD(mtrr_def), ARRAY(mtrr_fixed), ARRAY(mtrr_base), ARRAY(mtrr_mask),
    FIELD(fx.fcw), FIELD(fx.fsw), FIELD(fx.ftw), FIELD(fx.fop), FIELD(fx.fip), FIELD(fx.fcs), FIELD(fx.fdp), FIELD(fx.fds),
    FIELD(fx.mxcsr), ARRAY(fx.st), ARRAY(fx.xmm),
    // clang-format on
};

static void print_value(FILE *out, const uint8_t *at, unsigned size)
{
    while (size--)
        fprintf(out, "%02x", at[size]);
}

bool state_same(const struct cpu *a, const struct cpu *b, FILE *out)
{
    bool same = true;
    for (unsigned i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
        const struct field *f = &fields[i];
        for (unsigned n = 0; n < f->count; n++) {
            unsigned offset = f->offset + n * f->size;
            const uint8_t *in_a = (const uint8_t *)a + offset, *in_b = (const uint8_t *)b + offset;
            if (memcmp(in_a, in_b, f->size) == 0)
                continue;
            same = false;
            if (!out)
                return false;
            fprintf(out, "#   %s", f->name);
            if (f->count > 1)
                fprintf(out, "[%u]", n);
            fputs(": ", out);
            print_value(out, in_a, f->size);
            fputs(" / ", out);
            print_value(out, in_b, f->size);
            fputc('\n', out);
        }
    }
    return same;
}

void state_print_insn(struct cpu *cpu, FILE *out)
{
    uint8_t bytes[15];
    unsigned count = 0;
    for (; count < sizeof(bytes); count++) {
        struct walk walk;
        uint32_t code, linear = cpu->seg[CS].base + cpu->eip + count;
        uint32_t access = WALK_EXEC | WALK_PROBE | (cpu->cpl == 3 ? WALK_USER : 0);
        if (!walk_linear(cpu->mem, &cpu->paging, linear, access, &walk, &code))
            break;
        mem_read(cpu->mem, walk.gpa, &bytes[count], 1);
    }
    bool code32 = (cpu->seg[CS].attr & SEG_DB) != 0;
    ZydisDecoder decoder;
    ZydisDecoderInit(&decoder, code32 ? ZYDIS_MACHINE_MODE_LEGACY_32 : ZYDIS_MACHINE_MODE_LEGACY_16,
        code32 ? ZYDIS_STACK_WIDTH_32 : ZYDIS_STACK_WIDTH_16);
    ZydisFormatter formatter;
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    char text[128] = "(no instruction)";
    unsigned length = count;
    if (ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, count, &insn, operands))) {
        length = insn.length;
        ZydisFormatterFormatInstruction(
            &formatter, &insn, operands, insn.operand_count_visible, text, sizeof(text), cpu->eip, NULL);
    }
    fprintf(out, "# %llu cpl%u %04x:%08x  %-40s ;", (unsigned long long)cpu->instructions, cpu->cpl,
        cpu->seg[CS].selector, cpu->eip, text);
    for (unsigned i = 0; i < length; i++)
        fprintf(out, " %02x", bytes[i]);
    fputc('\n', out);
}
