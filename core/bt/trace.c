/* trace.c - names and listings of units.
 *
 * The names are for the host's `perf`, which takes those of code that no file holds (abbey_host_mem_1.create_code())
 * from /tmp/perf-PID.map: a line
 * "START SIZE NAME" each. A unit at C0123456h becomes `guest:c0123456 [k]`, or with the guest's System.map
 * `guest:schedule+0x26 [k]`; user code is [u] with its CR3. The file only grows: after a flush two lines may name one
 * place, and samples from before are counted for the newer name.
 *
 * A listing puts the guest's instructions beside what was made of each:
 *
 *     unit guest:schedule+0x26 [k]: 2 instructions in 163 bytes at 7f64da2201ec
 *                                              | 7f64da2201f6  cmp r12d, 0xC0123456
 *     ...
 *     c0123456  49                 dec ecx           | 7f64da220236  dec ecx
 *     c0123457  75 fd              jnz 0xC0123456    | 7f64da220238  jnz 0x00007F64DA220243
 *
 * Host code in front of the first instruction is the pads; what follows the last one's own code is out of
 * line: slow paths and exits. */
#include "core/bt/trace.h"

#include <Zydis/Zydis.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bt/internal.h"
#include "core/bt/symbols.h"

#define GUEST_COLUMNS 52

struct trace {
    FILE *perf, *units;
    uint32_t from, to;
    bool stubs_named;
    struct symbols *symbols;
    ZydisDecoder guest32, guest16, host;
    ZydisFormatter formatter;
};

static FILE *file_open(const char *path, abbey_error *error)
{
    FILE *file = strcmp(path, "-") == 0 ? stderr : fopen(path, "w");
    if (!file)
        snprintf(error->text, sizeof error->text, "cannot write '%.150s': %s", path, strerror(errno));
    else
        setvbuf(file, NULL, _IOLBF, 0); /* whoever kills us still wants what was said */
    return file;
}

struct trace *trace_new(const struct trace_options *options, abbey_error *error)
{
    struct trace *trace = calloc(1, sizeof *trace);
    if (!trace)
        return NULL;
    trace->from = options->from;
    trace->to = options->to;
    ZydisDecoderInit(&trace->guest32, ZYDIS_MACHINE_MODE_LEGACY_32, ZYDIS_STACK_WIDTH_32);
    ZydisDecoderInit(&trace->guest16, ZYDIS_MACHINE_MODE_LEGACY_16, ZYDIS_STACK_WIDTH_16);
    ZydisDecoderInit(&trace->host, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&trace->formatter, ZYDIS_FORMATTER_STYLE_INTEL);
    bool good = (!options->system_map || (trace->symbols = symbols_read(options->system_map, error))) &&
                (!options->perf_map || (trace->perf = file_open(options->perf_map, error))) &&
                (!options->units || (trace->units = file_open(options->units, error)));
    if (good)
        return trace;
    trace_free(trace);
    return NULL;
}

void trace_free(struct trace *trace)
{
    if (!trace)
        return;
    if (trace->perf && trace->perf != stderr)
        fclose(trace->perf);
    if (trace->units && trace->units != stderr)
        fclose(trace->units);
    symbols_free(trace->symbols);
    free(trace);
}

/* ---- names ---- */

static void unit_name(const struct bt *bt, const struct unit *unit, char *name, size_t room)
{
    bool user = unit->mode & MODE_USER;
    uint32_t offset;
    const char *symbol = user ? NULL : symbols_find(bt->trace->symbols, unit->eip, &offset);
    if (user)
        snprintf(name, room, "guest:%08" PRIx32 " [u cr3=%08" PRIx32 "]", unit->eip, bt->cpu->paging.cr3);
    else if (symbol)
        snprintf(name, room, "guest:%s+0x%" PRIx32 " [k]", symbol, offset);
    else
        snprintf(name, room, "guest:%08" PRIx32 " [k]", unit->eip);
}

static void perf_line(FILE *file, const uint8_t *start, const uint8_t *end, const char *name)
{
    fprintf(file, "%" PRIxPTR " %" PRIxPTR " %s\n", (uintptr_t)start, (uintptr_t)(end - start), name);
}

/* ---- listings ---- */

/* The next instruction at `at`, as text; its length, 1 where there is none. */
static size_t disassemble(const struct trace *trace, const ZydisDecoder *decoder, const uint8_t *at, size_t room,
    uint64_t address, char *text, size_t text_room)
{
    ZydisDecodedInstruction insn;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeFull(decoder, at, room, &insn, operands))) {
        snprintf(text, text_room, "db 0x%02x", at[0]);
        return 1;
    }
    ZydisFormatterFormatInstruction(
        &trace->formatter, &insn, operands, insn.operand_count_visible, text, text_room, address, NULL);
    return insn.length;
}

/* Host code from `at` to `end`; `left` stands beside its first line. */
static void list_host(const struct trace *trace, const char *left, const uint8_t *at, const uint8_t *end)
{
    do {
        char text[160] = "";
        size_t length =
            at < end ? disassemble(trace, &trace->host, at, (size_t)(end - at), (uintptr_t)at, text, sizeof text) : 0;
        if (length)
            fprintf(trace->units, "%-*s | %" PRIxPTR "  %s\n", GUEST_COLUMNS, left, (uintptr_t)at, text);
        else
            fprintf(trace->units, "%-*s |\n", GUEST_COLUMNS, left);
        left = "";
        at += length;
    } while (at < end);
}

static void list_insn(const struct bt *bt, const struct unit *unit, unsigned index)
{
    const struct trace *trace = bt->trace;
    const struct point *point = &unit->point[index];
    const struct insn *insn = point_insn(unit, point);
    const ZydisDecoder *decoder = bt->cpu->seg[CS].attr & SEG_DB ? &trace->guest32 : &trace->guest16;
    char bytes[64] = "", text[160], left[240];
    for (unsigned i = 0; i < insn->length; i++)
        snprintf(bytes + 3 * i, sizeof bytes - 3 * i, "%02x ", insn->bytes[i]);
    uint32_t eip = point->eip;
    disassemble(trace, decoder, insn->bytes, insn->length, eip, text, sizeof text);
    snprintf(left, sizeof left, "%08" PRIx32 "  %-19s%s", eip, bytes, text);
    const uint8_t *end = index + 1 < unit->count ? unit->body + point[1].code : unit->end;
    list_host(trace, left, unit->body + point->code, end);
}

static bool listed(const struct trace *trace, const struct unit *unit)
{
    return trace->units && unit->eip >= trace->from && unit->eip <= trace->to;
}

/* ---- what the translator says ---- */

void trace_made(const struct bt *bt, const struct unit *unit)
{
    struct trace *trace = bt->trace;
    char name[320];
    unit_name(bt, unit, name, sizeof name);
    if (trace->perf && !trace->stubs_named)
        perf_line(trace->perf, bt->exec, bt->exec + (bt->first_unit - bt->write), "abbey:stubs");
    trace->stubs_named = true;
    if (trace->perf)
        perf_line(trace->perf, unit->closed, unit->end, name);
    if (!listed(trace, unit))
        return;
    fprintf(trace->units, "unit %s: %u instructions in %zu bytes at %" PRIxPTR "\n", name, unit->count,
        (size_t)(unit->end - unit->closed), (uintptr_t)unit->closed);
    list_host(trace, "", unit->closed, unit->body);
    for (unsigned i = 0; i < unit->count; i++)
        list_insn(bt, unit, i);
}

void trace_gone(const struct bt *bt, const struct unit *unit)
{
    if (listed(bt->trace, unit))
        fprintf(bt->trace->units, "gone %08" PRIx32 " at %" PRIxPTR "\n", unit->eip, (uintptr_t)unit->closed);
}

void trace_flushed(const struct bt *bt)
{
    if (bt->trace->units)
        fprintf(bt->trace->units, "gone all\n");
}
