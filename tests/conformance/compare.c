#include "tests/conformance/compare.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define RF 0x10000u
#define VECTOR_PF 14u
#define PF_FETCH 0x10u /* only where no-execute paging is on: on the host, not in the guest */

/* Fields of an FXSAVE image. */
#define FX_FSW 2
#define FX_FOP 6
#define FX_FDP 16
#define FX_MXCSR 24
#define FX_XMM 160
#define FSW_ES 0x80u
#define MXCSR_OE_UE 0x18u
#define MXCSR_PE 0x20u
#define MXCSR_FLAGS 0x3fu
#define VECTOR_XM 19u
static const struct field {
    const char *name;
    uint16_t at, size;
} fields[] = {
    { "fcw", 0, 2 },
    { "fsw", 2, 2 },
    { "ftw", 4, 1 },
    { "fop", 6, 2 },
    { "fip", 8, 4 },
    { "fdp", 16, 4 },
    { "mxcsr", 24, 4 },
    { "st0", 32, 10 },
    { "st1", 48, 10 },
    { "st2", 64, 10 },
    { "st3", 80, 10 },
    { "st4", 96, 10 },
    { "st5", 112, 10 },
    { "st6", 128, 10 },
    { "st7", 144, 10 },
    { "xmm0", 160, 16 },
    { "xmm1", 176, 16 },
    { "xmm2", 192, 16 },
    { "xmm3", 208, 16 },
    { "xmm4", 224, 16 },
    { "xmm5", 240, 16 },
    { "xmm6", 256, 16 },
    { "xmm7", 272, 16 },
};

struct writer {
    char *text;
    size_t size, used;
};

__attribute__((format(printf, 2, 3))) static void say(struct writer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out->text + out->used, out->size - out->used, format, args);
    va_end(args);
    if (n > 0)
        out->used = out->used + (size_t)n < out->size ? out->used + (size_t)n : out->size - 1;
}

static void say_bytes(struct writer *out, const uint8_t *bytes, unsigned count)
{
    while (count--)
        say(out, "%02x", bytes[count]);
}

static void number(struct writer *out, const char *name, uint32_t host, uint32_t guest)
{
    if (host != guest)
        say(out, " %s host %08x guest %08x;", name, host, guest);
}

static const char *const gpr_names[8] = { "eax", "ecx", "edx", "ebx", "esp", "ebp", "esi", "edi" };
static const char *const sreg_names[6] = { "es", "cs", "ss", "ds", "fs", "gs" };

static void compare_memory(
    struct writer *out, const struct row *row, const struct conf_case *in, const uint8_t *host, const uint8_t *guest)
{
    for (uint32_t i = 0; i < in->mem_length; i++)
        if (host[i] != guest[i] && in->mem_at + i - in->target - row->skip_at >= row->skip_length) {
            say(out, " memory %08x", in->mem_at + i);
            uint32_t n = in->mem_length - i < 16 ? in->mem_length - i : 16;
            say(out, " host ");
            say_bytes(out, host + i, n);
            say(out, " guest ");
            say_bytes(out, guest + i, n);
            say(out, ";");
            return;
        }
}

static uint32_t fx_word(const struct conf_result *result, unsigned at)
{
    uint32_t word;
    memcpy(&word, result->fx + at, 4);
    return word;
}

static bool field_undefined(const struct row *row, const struct field *f, const struct conf_result *host)
{
    bool exception = host->exit == EXIT_EXCEPTION;
    /* AMD keeps the pointers only while an x87 exception is pending; Intel the one of data only then. */
    if (f->at >= FX_FOP && f->at <= FX_FDP && !(fx_word(host, FX_FSW) & FSW_ES))
        return true;
    return exception && (row->flags & ROW_LATEMMX) && f->at != FX_MXCSR && f->at < FX_XMM;
}

/* Which byte of a long operand is touched first, and so which of several faults is met, is the processor's matter: for
 * an image of many pieces any of the faults of an access will do, for a 16-byte operand only the byte is open. So are
 * a call's push and its target's limit. */
static void compare_exception(
    struct writer *out, const struct row *row, const struct conf_result *host, const struct conf_result *guest)
{
    static const uint32_t of_access = 1u << 12 | 1u << 13 | 1u << VECTOR_PF | 1u << 17;
    uint32_t vector[2] = { host->exit == EXIT_EXCEPTION ? host->vector : 31,
        guest->exit == EXIT_EXCEPTION ? guest->vector : 31 };
    bool any = row->size == 10 || row->size == 14 || row->size > 16 || (row->flags & ROW_ANYFAULT);
    if (any && (of_access >> vector[0] & of_access >> vector[1] & 1))
        return;
    number(out, "vector", vector[0], vector[1]);
    uint32_t mask = host->vector == VECTOR_PF ? ~PF_FETCH : ~0u;
    number(out, "code", host->code & mask, guest->code & mask);
    uint32_t touched = row->size > 8 || (row->flags & ROW_LATEMMX) ? ~0xfffu : ~0u;
    if (host->vector == VECTOR_PF)
        number(out, "cr2", host->cr2 & touched, guest->cr2 & touched);
}

bool results_agree(const struct row *row, const struct conf_case *in, const struct conf_result *host,
    const struct conf_result *guest, char *text, size_t size)
{
    struct writer out = { text, size, 0 };
    bool exception = host->exit == EXIT_EXCEPTION;
    *text = 0;
    number(&out, "exit", host->exit, guest->exit);
    if (exception || guest->exit == EXIT_EXCEPTION) {
        compare_exception(&out, row, host, guest);
    }
    number(&out, "eip", host->eip, guest->eip);
    uint32_t undefined = row->undefined | (row->undefined_in ? row->undefined_in(in) : 0);
    /* An overflow or underflow that is taken says whether the result was inexact beside it; the interpreter cannot. */
    bool taken = exception && host->vector == VECTOR_XM;
    uint32_t open = taken && (row->flags & ROW_STEPS)                  ? MXCSR_FLAGS
                    : taken && (fx_word(host, FX_MXCSR) & MXCSR_OE_UE) ? MXCSR_PE
                                                                       : 0;
    number(&out, "eflags", host->eflags & ~(undefined | RF), guest->eflags & ~(undefined | RF));
    for (unsigned i = 0; i < 8; i++)
        if (!(row->ignore >> i & 1))
            number(&out, gpr_names[i], host->gpr[i] & ~row->ignore_bits, guest->gpr[i] & ~row->ignore_bits);
    /* A null selector of 1 to 3 is 0 on the host when its kernel has switched tasks behind the instruction. */
    for (unsigned i = 0; i < 6; i++)
        if (host->sreg[i] || guest->sreg[i] > 3)
            number(&out, sreg_names[i], host->sreg[i], guest->sreg[i]);
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct field *f = &fields[i];
        if (f->at == FX_MXCSR && !((fx_word(host, FX_MXCSR) ^ fx_word(guest, FX_MXCSR)) & ~open))
            continue;
        if (!memcmp(host->fx + f->at, guest->fx + f->at, f->size) || field_undefined(row, f, host))
            continue;
        say(&out, " %s host ", f->name);
        say_bytes(&out, host->fx + f->at, f->size);
        say(&out, " guest ");
        say_bytes(&out, guest->fx + f->at, f->size);
        say(&out, ";");
    }
    if (!(exception && (row->flags & ROW_PARTIAL))) {
        compare_memory(&out, row, in, host->mem, guest->mem);
    }
    return out.used == 0;
}

void case_describe(const struct conf_case *in, char *text, size_t size)
{
    struct writer out = { text, size, 0 };
    say(&out, "%08x:", in->eip);
    for (uint32_t i = 0; i < in->length; i++)
        say(&out, " %02x", in->insn[i]);
    for (unsigned i = 0; i < 8; i++)
        say(&out, " %s=%08x", gpr_names[i], in->gpr[i]);
    say(&out, " eflags=%08x ds=%02x es=%02x fs=%02x gs=%02x window=%08x+%x", in->eflags, in->ds, in->es, in->fs, in->gs,
        in->mem_at, in->mem_length);
    for (unsigned i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        say(&out, " %s=", fields[i].name);
        say_bytes(&out, in->fx + fields[i].at, fields[i].size);
    }
}
