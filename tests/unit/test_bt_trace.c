/* test_bt_trace.c - units are named for the host's profiler and listed, and a System.map is read or refused. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/bt/internal.h"
#include "core/bt/symbols.h"
#include "tests/unit/cpu_rig.h"
#include "tests/unit/unit.h"

GUEST(loop_then_patch, "32",
    "mov $5, %ecx\n"
    "1: add $3, %eax; dec %ecx; jnz 1b\n"
    "movb $7, 1b - loop_then_patch + 0x10002\n" /* the loop's immediate */
    "hlt");

struct files {
    char perf[64], units[64], map[64];
};

static void file_name(char *name)
{
    strcpy(name, "/tmp/abbey-trace-XXXXXX");
    int fd = mkstemp(name);
    CU_ASSERT_FATAL(fd >= 0);
    close(fd);
}

static void file_write(const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static char *file_take(const char *name)
{
    char *text = NULL;
    size_t room = 0;
    FILE *file = fopen(name, "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    if (getdelim(&text, &room, 0, file) < 0)
        text = strdup("");
    fclose(file);
    unlink(name);
    return text;
}

/* Runs the guest with everything shown. */
static void traced(struct files *files, uint32_t from, uint32_t to, uint64_t *units)
{
    abbey_error error = { "" };
    struct rig *rig = rig_new();
    struct bt *bt = bt_new(rig->cpu, 4u << 20, true, &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(bt);
    bt->hot = 1;
    file_name(files->perf);
    file_name(files->units);
    const struct trace_options options = { files->perf, files->map, files->units, from, to };
    CU_ASSERT_TRUE_FATAL(bt_trace(bt, &options, &error));
    rig_flat32(rig, loop_then_patch, loop_then_patch_end);
    CU_ASSERT_EQUAL(bt_run(rig->cpu, 1000), CPU_EXIT_HALT);
    CU_ASSERT_EQUAL(rig->cpu->reg[EAX], 15);
    *units = bt->counters.units;
    bt_free(bt);
    rig_free(rig);
}

static void units_are_named_and_listed(void)
{
    if (!bt_supported())
        return;
    struct files files;
    uint64_t units;
    file_name(files.map);
    file_write(files.map, "00000400 A absolute\n00010000 T start\n00010005 t again\n00010005 t twin\n");
    traced(&files, 0, UINT32_MAX, &units);
    char *perf = file_take(files.perf), *listing = file_take(files.units), *line = perf;
    unlink(files.map);
    uint64_t lines = 0, start, size, before = 0;
    char name[80];
    for (; sscanf(line, "%" SCNx64 " %" SCNx64 " %79[^\n]", &start, &size, name) == 3; lines++) {
        CU_ASSERT(start >= before && size > 0); /* until a flush the cache grows upward */
        before = start + size;
        line = strchr(line, '\n') + 1;
    }
    CU_ASSERT_EQUAL(*line, 0);
    CU_ASSERT(units >= 2);
    CU_ASSERT_EQUAL(lines, units + 1);
    CU_ASSERT_PTR_NOT_NULL(strstr(perf, " abbey:stubs\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(perf, " guest:start+0x0 [k]\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(perf, " guest:again+0x0 [k]\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "unit guest:again+0x0 [k]: "));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "\n00010005  83 c0 03           add eax, 0x03"));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "\n00010008  49                 dec ecx "));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "\n00010009  75 fa              jnz 0x00010005 "));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "\ngone 00010005 at "));
    free(perf);
    free(listing);
}

static void a_range_of_addresses_is_listed(void)
{
    if (!bt_supported())
        return;
    struct files files;
    uint64_t units;
    file_name(files.map);
    file_write(files.map, "");
    traced(&files, 0x10001, 0x10005, &units);
    char *perf = file_take(files.perf), *listing = file_take(files.units);
    unlink(files.map);
    CU_ASSERT_PTR_NOT_NULL(strstr(perf, " guest:00010000 [k]\n"));
    CU_ASSERT_PTR_NOT_NULL(strstr(listing, "unit guest:00010005 [k]"));
    CU_ASSERT_PTR_NULL(strstr(listing, "unit guest:00010000 [k]"));
    free(perf);
    free(listing);
}

static void symbols_are_found_by_address(void)
{
    static const struct {
        uint32_t address;
        const char *name;
        uint32_t offset;
    } rows[] = { { 0xc0ffffff, NULL, 0 }, { 0xc1000000, "_text", 0 }, { 0xc1000fff, "_text", 0xfff },
        { 0xc1001000, "schedule", 0 }, { 0xffffffff, "schedule", 0x3effefff } };
    char path[64];
    abbey_error error = { "" };
    file_name(path);
    file_write(path, "c1001000 t schedule\nc1000000 T _text\nc1000800 d data\nc1000000 T _stext [module]\n");
    struct symbols *symbols = symbols_read(path, &error);
    unlink(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(symbols);
    for (unsigned i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint32_t offset = 0;
        const char *name = symbols_find(symbols, rows[i].address, &offset);
        CU_ASSERT_EQUAL(name == NULL, rows[i].name == NULL);
        CU_ASSERT(!name || strcmp(name, rows[i].name) == 0);
        CU_ASSERT_EQUAL(offset, rows[i].offset);
    }
    symbols_free(symbols);
}

static void a_bad_system_map_is_refused_with_its_line(void)
{
    static const char *const bad[] = { "c1000000 T\n", "nothing\n", "ffffffff81000000 T _text\n", "\n" };
    char path[64];
    file_name(path);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];
        abbey_error error = { "" };
        snprintf(text, sizeof text, "c0000000 T good\n%s", bad[i]);
        file_write(path, text);
        CU_ASSERT_PTR_NULL(symbols_read(path, &error));
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, ":2: "));
    }
    unlink(path);
    abbey_error error = { "" };
    CU_ASSERT_PTR_NULL(symbols_read(path, &error));
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "cannot read"));
}

static const struct unit_test tests[] = {
    { "units are named for the profiler, and listed with the guest's code", units_are_named_and_listed },
    { "only units of the wanted addresses are listed", a_range_of_addresses_is_listed },
    { "symbols are found by address", symbols_are_found_by_address },
    { "a bad System.map is refused with its line", a_bad_system_map_is_refused_with_its_line },
};
UNIT_MAIN("bt trace", tests)
