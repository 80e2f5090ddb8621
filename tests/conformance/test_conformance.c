/* An engine against the host CPU: for every row of the tables, many random cases run on both, and everything that
 * the manual defines must agree.
 *
 * CONFORMANCE_SEED   decimal; printed, so that a failure can be had again (default 1)
 * CONFORMANCE_CASES  cases a row (default 1000)
 * CONFORMANCE_ROW    only rows whose name contains this
 * CONFORMANCE_ENGINE instead of the interpreter; the translator translates each case */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/conformance/compare.h"
#include "tests/conformance/gen.h"
#include "tests/conformance/guest.h"
#include "tests/conformance/native_host.h"
#include "tests/conformance/opcodes.h"

#define MISMATCHES_SHOWED 3u

static const struct row_table *const tables[] = { &rows_alu, &rows_shift, &rows_move, &rows_string, &rows_stack,
    &rows_flow, &rows_system, &rows_x87, &rows_mmx, &rows_sse, &rows_sse3, &rows_sse4, &rows_sse4_general };
#define TABLES (sizeof tables / sizeof tables[0])

/* What the host may know and a Pentium 4 does not: SSE3 and later, and other people's. */
static const struct {
    const char *name;
    uint8_t bytes[8];
    uint8_t length;
} unknown[] = {
    { "MOVDDUP (SSE3)", { 0xf2, 0x0f, 0x12, 0xc1 }, 4 },
    { "MOVSLDUP (SSE3)", { 0xf3, 0x0f, 0x12, 0xc1 }, 4 },
    { "MOVSHDUP (SSE3)", { 0xf3, 0x0f, 0x16, 0xc1 }, 4 },
    { "ADDSUBPD (SSE3)", { 0x66, 0x0f, 0xd0, 0xc1 }, 4 },
    { "HADDPS (SSE3)", { 0xf2, 0x0f, 0x7c, 0xc1 }, 4 },
    { "LDDQU (SSE3)", { 0xf2, 0x0f, 0xf0, 0x05, 0x00, 0x10, 0x00, 0x20 }, 8 },
    { "FISTTP m32int (SSE3)", { 0xdb, 0x0d, 0x00, 0x10, 0x00, 0x20 }, 6 },
    { "FISTTP m64int (SSE3)", { 0xdd, 0x0d, 0x00, 0x10, 0x00, 0x20 }, 6 },
    { "FISTTP m16int (SSE3)", { 0xdf, 0x0d, 0x00, 0x10, 0x00, 0x20 }, 6 },
    { "PSHUFB (SSSE3)", { 0x66, 0x0f, 0x38, 0x00, 0xc1 }, 5 },
    { "PALIGNR (SSSE3)", { 0x66, 0x0f, 0x3a, 0x0f, 0xc1, 0x01 }, 6 },
    { "PMULLD (SSE4.1)", { 0x66, 0x0f, 0x38, 0x40, 0xc1 }, 5 },
    { "CRC32 (SSE4.2)", { 0xf2, 0x0f, 0x38, 0xf1, 0xc1 }, 5 },
    { "POPCNT", { 0xf3, 0x0f, 0xb8, 0xc1 }, 4 },
    { "AESENC", { 0x66, 0x0f, 0x38, 0xdc, 0xc1 }, 5 },
    { "VADDPS (AVX)", { 0xc5, 0xf0, 0x58, 0xc1 }, 4 },
    { "VPADDD (AVX2)", { 0xc5, 0xf5, 0xfe, 0xc1 }, 4 },
    { "VADDPS (AVX-512)", { 0x62, 0xf1, 0x74, 0x48, 0x58, 0xc1 }, 6 },
    { "XGETBV", { 0x0f, 0x01, 0xd0 }, 3 },
    { "RDTSCP", { 0x0f, 0x01, 0xf9 }, 3 },
    { "RDRAND", { 0x0f, 0xc7, 0xf0 }, 3 },
    { "SYSCALL", { 0x0f, 0x05 }, 2 },
    { "MOVBE", { 0x0f, 0x38, 0xf0, 0x05, 0x00, 0x10, 0x00, 0x20 }, 8 },
    { "MOVNTSS (SSE4A)", { 0xf3, 0x0f, 0x2b, 0x05, 0x00, 0x10, 0x00, 0x20 }, 8 },
};

static unsigned number, failures;
static uint64_t total;

static void tap(bool ok, const char *what, const char *name, const char *tail)
{
    number++;
    failures += !ok;
    printf("%sok %u - %s: %s%s\n", ok ? "" : "not ", number, what, name, tail);
    fflush(stdout);
}

static uint64_t setting(const char *name, uint64_t value)
{
    const char *text = getenv(name);
    return text && *text ? strtoull(text, NULL, 0) : value;
}

/* Each row has random numbers of its own, so that it gives the same cases alone as among others. */
static uint64_t row_seed(uint64_t seed, const struct row *row)
{
    for (const char *p = row->name; *p; p++)
        seed = (seed ^ (uint8_t)*p) * 0x100000001b3ull;
    return seed;
}

static void mismatch_report(const struct conf_shared *shared, uint32_t i, const char *text)
{
    static char described[4096];
    case_describe(&shared->cases[i], described, sizeof described);
    printf("# case %s\n#  %s\n", described, text);
}

/* One batch on both sides at once; returns the number of disagreements, or -1 when the helper died. */
static int batch_run(struct gen *gen, struct conf_shared *shared, struct guest *guest, uint32_t count, uint32_t *showed)
{
    static struct conf_result results[BATCH_MAX];
    static uint8_t arena[ARENA_BYTES];
    static char text[4096];
    int wrong = 0;
    for (uint32_t i = 0; i < count; i++) {
        gen->in = &shared->cases[i];
        gen_case(gen);
    }
    shared->count = count;
    if (!native_begin())
        return -1;
    for (uint32_t i = 0; i < count; i++)
        guest_run(guest, &shared->cases[i], &results[i]);
    if (!native_end()) {
        mismatch_report(shared, shared->progress, "the helper died in it");
        return -1;
    }
    for (uint32_t i = 0; i < count; i++)
        if (!results_agree(gen->row, &shared->cases[i], &shared->results[i], &results[i], text, sizeof text)) {
            wrong++;
            if ((*showed)++ < MISMATCHES_SHOWED)
                mismatch_report(shared, i, text);
        }
    guest_arena(guest, arena);
    if (memcmp(arena, shared->arena, ARENA_BYTES)) {
        if (!wrong && !(gen->row->flags & ROW_PARTIAL)) {
            wrong++;
            printf("# memory outside of the window differs after the batch\n");
        }
        guest_set_arena(guest, shared->arena);
    }
    return wrong;
}

static bool row_run(const struct row_table *table, const struct row *row, struct conf_shared *shared,
    struct guest *guest, struct forms *forms, uint64_t seed, uint64_t cases)
{
    struct gen gen = { .random = row_seed(seed, row), .table = table, .row = row, .forms = forms };
    uint64_t wrong = 0, done = 0;
    uint32_t showed = 0;
    char tail[64];
    while (done < cases) {
        uint32_t count = cases - done < BATCH_MAX ? (uint32_t)(cases - done) : BATCH_MAX;
        int n = batch_run(&gen, shared, guest, count, &showed);
        if (n < 0) {
            tap(false, table->name, row->name, ": the native helper died");
            return false;
        }
        wrong += (uint64_t)n;
        done += count;
    }
    total += done;
    snprintf(tail, sizeof tail, ": %llu cases", (unsigned long long)done);
    if (wrong)
        snprintf(tail, sizeof tail, ": %llu of %llu cases differ", (unsigned long long)wrong, (unsigned long long)done);
    tap(wrong == 0 && done > 0, table->name, row->name, tail);
    return true;
}

/* Every addressing form must have been used somewhere. */
static void forms_report(const struct forms *forms)
{
    static const char *const segs[7] = { "ES", "CS", "SS", "DS", "FS", "GS", "no" };
    char name[64], tail[64];
    for (unsigned i = 0; i < FORMS_32; i++) {
        snprintf(name, sizeof name, "32-bit mod %u rm %u", i / 8, i % 8);
        snprintf(tail, sizeof tail, ": %u cases", forms->plain[i]);
        tap(forms->plain[i] > 0, "address", name, tail);
    }
    for (unsigned group = 0; group < 12; group++) {
        uint32_t least = UINT32_MAX;
        for (unsigned i = 0; i < 64; i++)
            least = forms->sib[group * 64 + i] < least ? forms->sib[group * 64 + i] : least;
        snprintf(name, sizeof name, "mod %u SIB scale %u, every index and base", group / 4, 1u << group % 4);
        snprintf(tail, sizeof tail, ": at least %u cases each", least);
        tap(least > 0, "address", name, tail);
    }
    for (unsigned i = 0; i < FORMS_16; i++) {
        snprintf(name, sizeof name, "16-bit mod %u rm %u", i / 8, i % 8);
        snprintf(tail, sizeof tail, ": %u cases", forms->word[i]);
        tap(forms->word[i] > 0, "address", name, tail);
    }
    for (unsigned i = 0; i < FORMS_SEG; i++) {
        snprintf(name, sizeof name, "%s override, %u-bit", segs[i / 2], i & 1 ? 16 : 32);
        snprintf(tail, sizeof tail, ": %u cases", forms->seg[i]);
        tap(forms->seg[i] > 0, "address", name, tail);
    }
}

/* An older model has nothing newer, whatever the host has. */
static void unknown_report(struct guest *guest)
{
    for (unsigned i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        struct conf_case in = {
            .eip = CODE + 64, .eflags = 0x202, .cs = SEL_CODE, .ds = SEL_FLAT, .es = SEL_FLAT, .mem_at = ARENA_RW
        };
        struct conf_result out;
        in.fx[0] = 0x7f, in.fx[1] = 0x03;
        in.length = unknown[i].length;
        memcpy(in.insn, unknown[i].bytes, sizeof unknown[i].bytes);
        guest_run(guest, &in, &out);
        tap(out.exit == EXIT_EXCEPTION && out.vector == 6 && out.eip == in.eip, "not in the guest's CPU",
            unknown[i].name, ": #UD");
    }
}

static void opcodes_report(const struct cpu_model *model, struct conf_shared *shared, struct guest *guest)
{
    for (unsigned group = 0; group < OPCODE_GROUPS; group++) {
        char text[128], tail[64];
        unsigned tried = 0;
        bool ok = opcodes_agree(model, group, shared, guest, &tried, text, sizeof text);
        snprintf(tail, sizeof tail, ", %s: the same are undefined among %u forms", model->name, tried);
        tap(ok, "opcode map", opcodes_group_name(group), tail);
        if (!ok)
            printf("# %s\n", text);
    }
}

int main(int argc, char **argv)
{
    const char *only = getenv("CONFORMANCE_ROW"), *build = getenv("ABBEY_BUILDDIR"),
               *engine_name = getenv("CONFORMANCE_ENGINE"), *debug = getenv("CONFORMANCE_DEBUG");
    uint64_t seed = setting("CONFORMANCE_SEED", 1), cases = setting("CONFORMANCE_CASES", 1000);
    struct conf_shared *shared;
    static struct forms forms;
    char program[4096];
    unsigned rows = 0;
    (void)argc;
    (void)argv;
    for (unsigned t = 0; t < TABLES; t++)
        for (unsigned r = 0; r < tables[t]->count; r++)
            rows += !only || strstr(tables[t]->rows[r].name, only);
    snprintf(program, sizeof program, "%s/tests/conformance/native", build ? build : ".");
    if (!native_start(program, &shared)) {
        printf("Bail out! the 32-bit helper does not run\n");
        return 99;
    }
    const struct engine *engine = engine_find(engine_name && *engine_name ? engine_name : "interp");
    if (!engine) {
        printf("1..0 # SKIP this host has no engine '%s'\n", engine_name);
        return 0;
    }
    const struct cpu_model *all = cpu_model_find("host"), *older = cpu_model_find("pentium4");
    struct guest *guest = guest_new(shared->arena, all, engine, debug ? debug : "");
    if (!guest) {
        printf("Bail out! the host cannot give what the guest takes\n");
        return 99;
    }
    unsigned more = only ? 0
                         : FORMS_32 + 12 + FORMS_16 + FORMS_SEG + 2 * OPCODE_GROUPS +
                               (unsigned)(sizeof unknown / sizeof unknown[0]);
    printf("1..%u\n# seed %llu, %llu cases a row\n", rows + more, (unsigned long long)seed, (unsigned long long)cases);
    for (unsigned t = 0; t < TABLES; t++)
        for (unsigned r = 0; r < tables[t]->count; r++) {
            const struct row *row = &tables[t]->rows[r];
            if (only && !strstr(row->name, only))
                continue;
            if (tables[t]->needs & ~all->features)
                tap(true, tables[t]->name, row->name, " # SKIP this host has it not");
            else if (!row_run(tables[t], row, shared, guest, &forms, seed, cases))
                return 1;
        }
    uint64_t translated = guest_translated(guest);
    if (!only) {
        forms_report(&forms);
        opcodes_report(all, shared, guest);
        guest_free(guest);
        guest = guest_new(shared->arena, older, engine, debug ? debug : "");
        if (!guest) {
            printf("Bail out! there is no second guest\n");
            return 99;
        }
        unknown_report(guest);
        opcodes_report(older, shared, guest);
    }
    printf("# %u rows, %llu cases, %u checks failed; translated code was entered %llu times\n", rows,
        (unsigned long long)total, failures, (unsigned long long)translated);
    guest_free(guest);
    native_stop();
    return failures != 0;
}
