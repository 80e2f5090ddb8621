/* test_config_files.c - machine files as they come from disks: inherited from, too large, missing, going in circles. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/unit/config_rig.h"

/* ---- inheritance ---- */

static void base_merge(void)
{
    file_put(
        "base.yaml", PC "  nic: { device: card, path: img/nic.rom, small: 7 }\n  bell: { device: doorbell, irq: 5 }\n");
    const char *path = file_put("over.yaml", "abbey: 1\nbase: base.yaml\nmemory: 64M\ndevices:\n"
                                             "  nic: { device: card, path: new.rom }\n" /* replaced whole */
                                             "  com1: { base: 0x2f8, irq: 3 }\n"        /* merged */
                                             "  bell: null\n");
    struct config *config = load_file(path);
    CU_ASSERT_STRING_EQUAL(load_errors, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->name, "pc");
    CU_ASSERT_EQUAL(config->memory, 64u << 20);
    CU_ASSERT_EQUAL(config_number(config, "nic", "small"), 3);
    CU_ASSERT_EQUAL(config_number(config, "com1", "base"), 0x2f8);
    expect_line(config, "com1", "irq", "pic", 3);
    CU_ASSERT_PTR_NULL(config_device(config, "bell"));
    config_free(config);
}

static void base_null_then_new(void)
{
    file_put("one.yaml",
        "abbey: 1\nboot: { kernel: k }\ndevices:\n  pic: { device: i8259 }\n  a: { device: doorbell, delay: 9 }\n");
    file_put("two.yaml", "abbey: 1\nbase: one.yaml\nboot: null\ndevices: { a: null }\n");
    struct config *config =
        load_file(file_put("three.yaml", "abbey: 1\nbase: two.yaml\ndevices: { a: { device: doorbell } }\n"));
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(config_number(config, "a", "delay"), 50);
    CU_ASSERT_PTR_NULL(config->boot.kernel);
    config_free(config);
    CU_ASSERT_PTR_NULL(load_file(file_put("four.yaml", "abbey: 1\nbase: two.yaml\ndevices: { a: null }\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "error[nothing-to-remove]: no base has a device 'a' to remove"));
}

static void base_paths(void)
{
    char expected[300];
    char sub[300];
    file_put("x", "");
    snprintf(sub, sizeof(sub), "%s/sub", file_dir);
    mkdir(sub, 0777);
    file_put("sub/base.yaml", "abbey: 1\nboot: { kernel: vmlinuz, initrd: /abs/initrd }\n");
    const char *path =
        file_put("paths.yaml", "abbey: 1\nbase: ./sub/base.yaml\nbackends: { log: { backend: file, path: ../log } }\n");
    struct config *config = load_file(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    snprintf(expected, sizeof(expected), "%s/./sub/vmlinuz", file_dir);
    CU_ASSERT_STRING_EQUAL(config->boot.kernel, expected);
    CU_ASSERT_STRING_EQUAL(config->boot.initrd, "/abs/initrd");
    snprintf(expected, sizeof(expected), "%s/../log", file_dir);
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[0], "path")->text, expected);
    config_free(config);

    const char *settings[] = { "boot.kernel=here/vmlinuz", "boot.initrd=~/initrd" };
    setenv("HOME", "/home/me", 1);
    config = load_request((struct config_request){ .file = path, .settings = settings, .setting_count = 2 });
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->boot.kernel, "here/vmlinuz");
    CU_ASSERT_STRING_EQUAL(config->boot.initrd, "/home/me/initrd");
    config_free(config);
}

static void base_by_name(void)
{
    char sub[300], path_list[700];
    snprintf(sub, sizeof(sub), "%s/lib", file_dir);
    file_put("x", "");
    mkdir(sub, 0777);
    file_put("lib/pc.yaml", "abbey: 1\nname: shipped\nmemory: 32M\n");
    snprintf(path_list, sizeof(path_list), "/nowhere::%s", sub);
    setenv("ABBEY_CONFIG_PATH", path_list, 1);
    /* A file of the same name is not its own base. */
    struct config *config = load_file(file_put("pc.yaml", "abbey: 1\nbase: pc\nname: mine\n"));
    CU_ASSERT_STRING_EQUAL(load_errors, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->name, "mine");
    CU_ASSERT_EQUAL(config->memory, 32u << 20);
    config_free(config);
    /* From the command line, too. */
    config = load_file("pc");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->name, "shipped");
    config_free(config);
    setenv("ABBEY_CONFIG_PATH", "/nowhere", 1);
}

static void base_cycle(void)
{
    char expected[900];
    file_put("a.yaml", "abbey: 1\nbase: b.yaml\n");
    const char *b = file_put("b.yaml", "abbey: 1\nbase: ./../" /* another way to the same file */);
    char text[400];
    snprintf(text, sizeof(text), "abbey: 1\nbase: ../%s/a.yaml\n", strrchr(file_dir, '/') + 1);
    file_put("b.yaml", text);
    char a[300];
    snprintf(a, sizeof(a), "%s/a.yaml", file_dir);
    CU_ASSERT_PTR_NULL(load_file(a));
    snprintf(expected, sizeof(expected),
        "%s:2:7: error[base-cycle]: a machine cannot be its own base: %s -> %s -> %s/../%s/a.yaml\n", b, a, b, file_dir,
        strrchr(file_dir, '/') + 1);
    CU_ASSERT_NSTRING_EQUAL(load_errors, expected, strlen(expected));

    const char *own = file_put("own.yaml", "abbey: 1\nbase: own.yaml\n");
    CU_ASSERT_PTR_NULL(load_file(own));
    snprintf(expected, sizeof(expected), "%s:2:7: error[base-cycle]: a machine cannot be its own base: %s -> %s\n", own,
        own, own);
    CU_ASSERT_NSTRING_EQUAL(load_errors, expected, strlen(expected));
    CU_ASSERT_PTR_NULL(load_file(file_put("own2.yaml", "abbey: 1\nbase: own2\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "error[base-cycle]"));
}

static void base_too_many(void)
{
    char name[40], text[80];
    for (unsigned i = 0; i < 18; i++) {
        snprintf(name, sizeof(name), "chain%u.yaml", i);
        snprintf(text, sizeof(text), i == 17 ? "abbey: 1\n" : "abbey: 1\nbase: chain%u.yaml\n", i + 1);
        file_put(name, text);
    }
    char path[300];
    snprintf(path, sizeof(path), "%s/chain0.yaml", file_dir);
    CU_ASSERT_PTR_NULL(load_file(path));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "chain16.yaml:2:7: error[base-cycle]: a machine has at most 16 bases"));
    snprintf(path, sizeof(path), "%s/chain1.yaml", file_dir);
    struct config *config = load_file(path);
    CU_ASSERT_PTR_NOT_NULL(config);
    config_free(config);
}

static void base_error_place(void)
{
    char expected[400];
    const char *bad = file_put("badbase.yaml", "abbey: 1\nmemory: 1\ncpu: { modle: host }\n");
    CU_ASSERT_PTR_NULL(load_file(file_put("overbad.yaml", "abbey: 1\nbase: badbase.yaml\nmemory: 2\n")));
    /* The overlaid value is the file's own, the key that stays is the base's; bases come first. */
    snprintf(expected, sizeof(expected), "%s:3:8: error[unknown-key]: 'cpu' has no key 'modle'\n", bad);
    CU_ASSERT_NSTRING_EQUAL(load_errors, expected, strlen(expected));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "overbad.yaml:3:9: error[out-of-range]: 'memory' is 1M to 60G, not 2"));
}

/* ---- hostile files ---- */

static void file_too_large(void)
{
    size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    memset(text, '#', size);
    CU_ASSERT_PTR_NULL(load_file(file_put_bytes("large.yaml", text, size)));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "large.yaml' is no machine file: it has more than 1 MB\n"));
    CU_ASSERT_PTR_NULL(load_file(file_put("onlarge.yaml", "abbey: 1\nbase: large\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "onlarge.yaml:2:7: error[too-long]: '"));
    memset(text, 'x', size);
    memcpy(text, "abbey: 1\nname: ", 15);
    CU_ASSERT_PTR_NULL(load_file(file_put_bytes("scalar.yaml", text, size - 1)));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "scalar.yaml:2:7: error[too-long]: a value has at most 4096 bytes\n"));
    CU_ASSERT_TRUE(strlen(load_errors) < 1000);
    free(text);
}

static void too_many_members(void)
{
    char *text = malloc(40000), *p = text + sprintf(text, "abbey: 1\ndevices:\n");
    for (unsigned i = 0; i < 1001; i++)
        p += sprintf(p, "  d%u: { device: i440fx }\n", i);
    CU_ASSERT_PTR_NULL(
        load_request((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(load_errors, "t.yaml:1003:10: error[too-many]: a mapping or list has at most 1000 members\n"
                                        " 1003 |   d1000: { device: i440fx }\n"
                                        "      |          ^\n");
    free(text);
}

static void many_errors(void)
{
    char *text = malloc(40000), *p = text + sprintf(text, "abbey: 1\n");
    for (unsigned i = 0; i < 300; i++)
        p += sprintf(p, "unknown%u: x\n", i);
    CU_ASSERT_PTR_NULL(
        load_request((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(strstr(load_errors, "200 more"), "200 more errors\n");
    free(text);
}

/* A clash of all with all is told once a device, and in no time. */
static void many_clashes(void)
{
    char *text = malloc(60000), *p = text + sprintf(text, "abbey: 1\ndevices:\n  p: { device: i8259 }\n");
    for (unsigned i = 0; i < 900; i++)
        p += sprintf(p, "  d%u: { device: i8042, irq: 5, mouse_irq: none }\n", i);
    CU_ASSERT_PTR_NULL(
        load_request((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(strstr(load_errors, "799 more"), "799 more errors\n");
    free(text);
}

static void unreadable(void)
{
    char expected[400];
    CU_ASSERT_PTR_NULL(load_file("/nowhere/at-all.yaml"));
    CU_ASSERT_STRING_EQUAL(load_errors,
        "/nowhere/at-all.yaml: error[no-file]: cannot read '/nowhere/at-all.yaml': No such file or directory\n");
    file_put("x", "");
    CU_ASSERT_PTR_NULL(load_file(file_dir));
    snprintf(expected, sizeof(expected), "%s: error[no-file]: cannot read '%s': Is a directory\n", file_dir, file_dir);
    CU_ASSERT_STRING_EQUAL(load_errors, expected);
    CU_ASSERT_PTR_NULL(load_file("no-such-machine"));
    CU_ASSERT_PTR_NOT_NULL(
        strstr(load_errors, "no-such-machine: error[no-file]: there is no machine 'no-such-machine'\n"));
    CU_ASSERT_PTR_NULL(load_file(""));
    CU_ASSERT_PTR_NULL(load_file(file_put("dirbase.yaml", "abbey: 1\nbase: ./.\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "Is a directory"));
}

static void long_line(void)
{
    char text[1000] = "abbey: 1\nname: \"";
    memset(text + strlen(text), 'x', 600);
    strcat(text, "\"\ncpu: { cache: 1M,                                                                                "
                 "          "
                 "                                          modle: host }\n");
    CU_ASSERT_PTR_NULL(
        load_request((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(load_errors,
        "t.yaml:3:150: error[unknown-key]: 'cpu' has no key 'modle'\n"
        "    3 | ...                                        modle: host }\n"
        "      |                                            ^~~~~ did you mean 'model'?\n");
}

static const struct unit_test tests[] = {
    { "a base is merged, replaced, removed from", base_merge },
    { "what a base removed can come back", base_null_then_new },
    { "paths are relative to the file that says them", base_paths },
    { "a base is found by name, and is not the file itself", base_by_name },
    { "a base in a circle names the circle", base_cycle },
    { "a chain of bases ends", base_too_many },
    { "an error in a base names the base", base_error_place },
    { "a file or a scalar of 1 MB is refused", file_too_large },
    { "a thousand and one devices are refused", too_many_members },
    { "a thousand errors are not all printed", many_errors },
    { "many clashes are one error a device", many_clashes },
    { "a missing file, a directory, an empty name", unreadable },
    { "a long line is cut around the error", long_line },
};

int main(void)
{
    return config_main("config files", tests, sizeof(tests) / sizeof(tests[0]));
}
