/* test_plugins.c - finding, loading and refusing plugins. The files are made from tests/plugins/wrong.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/plugin/elf.h"
#include "core/plugin/plugins.h"
#include "tests/unit/unit.h"

/* The numbers of tests/plugins/wrong.c. */
// clang-format off
enum {
    GOOD, OLDER_MAJOR, NEWER_MAJOR, NEWER_MINOR, NO_SYMBOL, BAD_MAGIC, UNDEFINED, LONGER_ROWS, LONGER_ROWS_USED, EMPTY,
    UNKNOWN_INTERFACE, TWO_PROPERTIES, OFFSET_BEYOND, DEFAULT_OUTSIDE, TWO_REGISTERS, NO_NAME, TWIN, NAMESAKE,
    FUNCTION_ENTRY, SHORT_ROWS, RESERVED_NAME, LOWER_DEFAULT, ID_BAD, OPTIONAL_UNKNOWN, STATISTICS, STAT_BYTES, STAT_BEYOND,
    STAT_STATE, TWO_STATS, STAT_NAME, STAT_SKEWED, STAT_SILENT, DEVICE_CUT
};
// clang-format on

static const char *build_path(char *text, size_t room, const char *name)
{
    const char *build = getenv("ABBEY_BUILDDIR");
    snprintf(text, room, "%s/tests/plugins/%s", build ? build : ".", name);
    return text;
}

static struct plugin_set *open_case(int number)
{
    char name[32], path[512];
    snprintf(name, sizeof name, "case-%d.so", number);
    return plugin_set_open_file(build_path(path, sizeof path, name));
}

/* The refusal names the file and holds every part. */
static void refused(int number, const char *const *parts)
{
    struct plugin_set *set = open_case(number);
    CU_ASSERT_EQUAL_FATAL(set->count, 1);
    const char *refusal = set->plugins[0].refusal;
    CU_ASSERT_PTR_NOT_NULL_FATAL(refusal);
    CU_ASSERT_PTR_NOT_NULL(strstr(refusal, set->plugins[0].path));
    for (; *parts; parts++) {
        if (!strstr(refusal, *parts))
            printf("# case %d: no '%s' in: %s\n", number, *parts, refusal);
        CU_ASSERT_PTR_NOT_NULL(strstr(refusal, *parts));
    }
    CU_ASSERT_PTR_NULL(plugin_device_find(set, "odd"));
    plugin_set_close(set);
}
#define REFUSED(number, ...) refused((number), (const char *const[]){ __VA_ARGS__, NULL })

static void accepted(int number)
{
    struct plugin_set *set = open_case(number);
    if (set->plugins[0].refusal)
        printf("# case %d: %s\n", number, set->plugins[0].refusal);
    CU_ASSERT_PTR_NULL(set->plugins[0].refusal);
    CU_ASSERT_EQUAL(set->plugins[0].device_count, 1);
    plugin_set_close(set);
}

static void good_is_accepted(void)
{
    struct plugin_set *set = open_case(GOOD);
    const struct plugin_device *device = plugin_device_find(set, "good");
    CU_ASSERT_PTR_NOT_NULL_FATAL(device);
    CU_ASSERT_STRING_EQUAL(device->plugin->entry.id, "test.good");
    CU_ASSERT_STRING_EQUAL(device->plugin->kind, "device");
    CU_ASSERT_EQUAL(device->device.props.count, 2);
    CU_ASSERT_EQUAL(device->device.props.stride, sizeof(abbey_prop));
    CU_ASSERT_STRING_EQUAL(((const abbey_prop *)device->device.props.rows)[1].name, "count");
    CU_ASSERT_EQUAL(device->device.stats.count, 0); /* of a device that does not say how long it is */
    CU_ASSERT_PTR_NULL(plugin_device_find(set, "goo"));
    CU_ASSERT_PTR_NULL(plugin_backend_find(set, "good"));
    CU_ASSERT_PTR_NULL(plugin_hostos_find(set, "good"));
    CU_ASSERT_PTR_NULL(plugin_guestopt_find(set, "good"));
    plugin_set_close(set);
    accepted(LOWER_DEFAULT);
    accepted(OPTIONAL_UNKNOWN);
}

static void wrong_abi_names_both_versions_and_who_is_to_move(void)
{
    char ours[16], older[16], newer[16], minor[16];
    snprintf(ours, sizeof ours, "has %u.%u", ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR);
    snprintf(older, sizeof older, "ABI %u.%u", ABBEY_ABI_MAJOR - 1, ABBEY_ABI_MINOR);
    snprintf(newer, sizeof newer, "ABI %u.%u", ABBEY_ABI_MAJOR + 1, ABBEY_ABI_MINOR);
    snprintf(minor, sizeof minor, "ABI %u.%u", ABBEY_ABI_MAJOR, ABBEY_ABI_MINOR + 1);
    REFUSED(OLDER_MAJOR, "wrong ABI", older, ours, "update the plugin");
    REFUSED(NEWER_MAJOR, "wrong ABI", newer, ours, "update abbey");
    REFUSED(NEWER_MINOR, "wrong ABI", minor, ours, "update abbey");
}

static void what_is_no_plugin_is_refused(void)
{
    REFUSED(NO_SYMBOL, "not a plugin", "abbey_plugin_entry");
    REFUSED(FUNCTION_ENTRY, "not a plugin", "abbey_plugin_entry");
    REFUSED(BAD_MAGIC, "not a plugin", "12345678", "79656262");
}

static void code_of_a_stray_library_never_runs(void)
{
    unsetenv("ABBEY_TEST_CONSTRUCTOR_RAN");
    plugin_set_close(open_case(NO_SYMBOL));
    CU_ASSERT_PTR_NULL(getenv("ABBEY_TEST_CONSTRUCTOR_RAN"));
}

static void undefined_symbol_is_named_by_the_loader(void)
{
    REFUSED(UNDEFINED, "cannot load", "a_function_that_nobody_has");
}

static void nothing_in_it_is_the_wrong_kind(void)
{
    REFUSED(EMPTY, "wrong kind", "0 devices");
}

static void unknown_required_interface_is_named(void)
{
    REFUSED(UNKNOWN_INTERFACE, "wrong ABI", "'abbey.teleport/3'", "update abbey");
}

static void longer_rows_of_zeros_are_read(void)
{
    struct plugin_set *set = open_case(LONGER_ROWS);
    const struct plugin_device *device = plugin_device_find(set, "odd");
    CU_ASSERT_PTR_NOT_NULL_FATAL(device);
    const abbey_prop *rows = device->device.props.rows;
    CU_ASSERT_EQUAL(device->device.props.stride, sizeof(abbey_prop));
    CU_ASSERT_STRING_EQUAL(rows[1].name, "count");
    CU_ASSERT_EQUAL(rows[1].value, 7);
    plugin_set_close(set);
    REFUSED(LONGER_ROWS_USED, "wrong ABI", "row 1 of properties", "update abbey");
    REFUSED(SHORT_ROWS, "properties", "1 rows of 16 bytes");
}

static void senseless_tables_are_refused(void)
{
    REFUSED(TWO_PROPERTIES, "two properties 'count'", "rows 1 and 2");
    REFUSED(OFFSET_BEYOND, "register 'far'", "does not lie in the instance");
    REFUSED(DEFAULT_OUTSIDE, "default 144 of property 'base'", "outside its range");
    REFUSED(TWO_REGISTERS, "'mask' and 'half'", "share bytes");
    REFUSED(NO_NAME, "no good name");
    REFUSED(RESERVED_NAME, "property 'device'");
    REFUSED(ID_BAD, "reverse domain name");
}

static void statistics_are_taken_or_refused(void)
{
    struct plugin_set *set = open_case(STATISTICS);
    const struct plugin_device *device = plugin_device_find(set, "odd");
    CU_ASSERT_PTR_NOT_NULL_FATAL(device);
    CU_ASSERT_EQUAL_FATAL(device->device.stats.count, 2);
    const abbey_stat *rows = device->device.stats.rows;
    CU_ASSERT_STRING_EQUAL(rows[1].name, "lost");
    CU_ASSERT_EQUAL(rows[1].bytes, 4);
    plugin_set_close(set);
    REFUSED(STAT_BYTES, "statistic 'half'", "has 2 bytes; use 4 or 8");
    REFUSED(STAT_BEYOND, "statistic 'far'", "does not lie");
    REFUSED(STAT_STATE, "statistic 'mask' and 'mask'", "share bytes");
    REFUSED(TWO_STATS, "two statistics 'seen'", "rows 0 and 1");
    REFUSED(STAT_NAME, "statistic 'accesses'", "abbey counts");
    REFUSED(STAT_SKEWED, "statistic 'skewed'", "aligned");
    REFUSED(STAT_SILENT, "statistic 'silent'", "what it means");
    REFUSED(DEVICE_CUT, "has 64 bytes");
}

static void file_put(const char *path, const void *bytes, size_t count)
{
    FILE *f = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fwrite(bytes, 1, count, f);
    fclose(f);
}

static uint8_t *file_get(const char *path, size_t *count)
{
    FILE *f = fopen(path, "rb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(f);
    fseek(f, 0, SEEK_END);
    *count = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(*count);
    CU_ASSERT_EQUAL(fread(bytes, 1, *count, f), *count);
    fclose(f);
    return bytes;
}

static const struct plugin *find_path(const struct plugin_set *set, const char *end)
{
    for (unsigned i = 0; i < set->count; i++) {
        const char *path = set->plugins[i].path;
        if (strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0)
            return &set->plugins[i];
    }
    return NULL;
}

/* A directory with good plugins, twins and junk: the good ones are there, each of the others has its reason. */
static void a_directory_is_sorted_out(void)
{
    char dir[512], to[600], from[512];
    static const int cases[] = { GOOD, TWIN, NAMESAKE, LOWER_DEFAULT, NO_SYMBOL };
    build_path(dir, sizeof dir, "found");
    mkdir(dir, 0755);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char name[32];
        size_t count;
        snprintf(name, sizeof name, "case-%d.so", cases[i]);
        uint8_t *bytes = file_get(build_path(from, sizeof from, name), &count);
        snprintf(to, sizeof to, "%s/%02u.so", dir, i);
        file_put(to, bytes, count);
        free(bytes);
    }
    snprintf(to, sizeof to, "%s/text.so", dir);
    file_put(to, "hello\n", 6);
    snprintf(to, sizeof to, "%s/empty.so", dir);
    file_put(to, "", 0);
    snprintf(to, sizeof to, "%s/pipe.so", dir);
    mkfifo(to, 0644); /* a file that would be waited on for ever */
    snprintf(to, sizeof to, "%s/directory.so", dir);
    mkdir(to, 0755);

    setenv("ABBEY_PLUGIN_PATH", "/nowhere::/nowhere", 1);
    struct plugin_set *set = plugin_set_open((const char *const[]){ dir, dir, NULL });
    unsigned here = 0; /* those installed are in the set too */
    for (unsigned i = 0; i < set->count; i++)
        here += strncmp(set->plugins[i].path, dir, strlen(dir)) == 0;
    CU_ASSERT_EQUAL(here, 7);
    const struct plugin_device *good = plugin_device_find(set, "good");
    CU_ASSERT_PTR_NOT_NULL_FATAL(good);
    CU_ASSERT_PTR_EQUAL(good->plugin, find_path(set, "/00.so"));
    CU_ASSERT_PTR_NOT_NULL(strstr(find_path(set, "/01.so")->refusal, "another plugin 'test.good'"));
    CU_ASSERT_PTR_NOT_NULL(strstr(find_path(set, "/01.so")->refusal, "/00.so"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(find_path(set, "/02.so")->refusal, "device 'good' is already offered by 'test.good'"));
    CU_ASSERT_PTR_NULL(find_path(set, "/03.so")->refusal);
    CU_ASSERT_PTR_NOT_NULL(strstr(find_path(set, "/04.so")->refusal, "not a plugin"));
    CU_ASSERT_PTR_NOT_NULL(strstr(find_path(set, "/text.so")->refusal, "not an ELF file"));
    CU_ASSERT_PTR_NOT_NULL(strstr(find_path(set, "/empty.so")->refusal, "empty"));
    CU_ASSERT_EQUAL(set->path_count >= 2, 1);
    for (unsigned i = 1; i < set->count; i++)
        CU_ASSERT_TRUE(strcmp(set->plugins[i - 1].path, set->plugins[i].path) < 0);
    plugin_set_close(set);

    static const char *const names[] = { "00", "01", "02", "03", "04", "text", "empty", "pipe" };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(to, sizeof to, "%s/%s.so", dir, names[i]);
        unlink(to);
    }
    snprintf(to, sizeof to, "%s/directory.so", dir);
    rmdir(to);
    rmdir(dir);
}

/* The reader of ELF files is shown files that were damaged anywhere; it may answer what it likes, but must answer. */
static void damaged_files_are_survived(void)
{
    char from[512], to[512];
    size_t count;
    struct elf_symbol symbol;
    char why[80];
    uint8_t *bytes = file_get(build_path(from, sizeof from, "case-0.so"), &count);
    build_path(to, sizeof to, "mutant.so");
    unsigned answered = 0;
    srand(1);
    for (unsigned round = 0; round < 600; round++) {
        uint8_t *copy = malloc(count);
        memcpy(copy, bytes, count);
        /* Headers, hash tables and the dynamic section stand in the first pages. */
        for (unsigned n = 0; n < 1 + round % 8; n++)
            copy[(size_t)rand() % (round % 2 ? 1024 : count)] = (uint8_t)(rand() % 4 ? rand() : 0xff);
        file_put(to, copy, round % 5 ? count : (size_t)rand() % count);
        elf_find(to, ABBEY_PLUGIN_SYMBOL, &symbol, why, sizeof why);
        answered++;
        free(copy);
    }
    CU_ASSERT_EQUAL(answered, 600);
    CU_ASSERT_TRUE(elf_find(from, ABBEY_PLUGIN_SYMBOL, &symbol, why, sizeof why) && symbol.found);
    CU_ASSERT_EQUAL(symbol.size, sizeof(abbey_plugin));
    CU_ASSERT_FALSE(elf_find("/nowhere/at-all.so", ABBEY_PLUGIN_SYMBOL, &symbol, why, sizeof why));
    unlink(to);
    free(bytes);
}

static const struct unit_test tests[] = {
    { "a good plugin is accepted, its tables are plain arrays", good_is_accepted },
    { "wrong ABI: both numbers, and who has to move", wrong_abi_names_both_versions_and_who_is_to_move },
    { "what is no plugin is refused as such", what_is_no_plugin_is_refused },
    { "the code of a stray library never runs", code_of_a_stray_library_never_runs },
    { "an undefined symbol is named", undefined_symbol_is_named_by_the_loader },
    { "a plugin with nothing in it is refused", nothing_in_it_is_the_wrong_kind },
    { "a required interface that is unknown is named", unknown_required_interface_is_named },
    { "longer rows: zeros are accepted, anything else is refused", longer_rows_of_zeros_are_read },
    { "tables without sense are refused", senseless_tables_are_refused },
    { "statistics are taken, and refused when they make no sense", statistics_are_taken_or_refused },
    { "a directory is sorted out, the first of two twins wins", a_directory_is_sorted_out },
    { "damaged ELF files are survived", damaged_files_are_survived },
};
UNIT_MAIN("plugins", tests)
