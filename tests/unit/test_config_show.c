/* test_config_show.c - what `abbey config` prints. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/config_rig.h"

/* `config show` of a file, to compare. */
static char *show(const char *path, bool json)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct config_request request = { .file = path, .plugins = fixture_plugins() };
    CU_ASSERT_EQUAL(config_show(&request, json, out, stderr), 0);
    fclose(out);
    return text;
}

/* ---- what `abbey config` prints ---- */

static void show_marks(void)
{
    file_put("base.yaml", "abbey: 1\nname: pc\nbackends:\n  tty: { backend: stdio }\ndevices:\n"
                          "  com1: { device: ns16550, base: 0x3f8, irq: 4 }\n  isa: { device: doorbell }\n"
                          "  pic: { device: i8259 }\n  pci: { device: i440fx }\n");
    const char *path = file_put("shown.yaml",
        "abbey: 1\nbase: base.yaml\nboot: { cmdline: \"a \\\"b\\\" \\u2028\", kernel: vmlinuz }\n"
        "backends: {}\nguest: { optimize: [linux] }\ndevices: { com1: { line: tty }, isa: null }\n");
    char *text = show(path, false);
    char expected[3000], *p = expected;
    static const struct {
        const char *text, *file;
        unsigned line;
    } lines[] = {
        { "abbey: 1", "shown", 1 },
        { "name: pc", "base", 2 },
        { "backends:", "base", 3 },
        { "  tty:", "base", 4 },
        { "    backend: stdio", "base", 4 },
        { "devices:", "base", 5 },
        { "  com1:", "base", 6 },
        { "    device: ns16550", "base", 6 },
        { "    base: 0x3f8", "base", 6 },
        { "    irq: 4", "base", 6 },
        { "    line: tty", "shown", 6 },
        { "  pic:", "base", 8 },
        { "    device: i8259", "base", 8 },
        { "  pci:", "base", 9 },
        { "    device: i440fx", "base", 9 },
        { "boot:", "shown", 3 },
        { "  cmdline: \"a \\\"b\\\" \\U00002028\"", "shown", 3 },
        { "  kernel: DIR/vmlinuz", "shown", 3 },
        { "guest:", "shown", 5 },
        { "  optimize:", "shown", 5 },
        { "    - linux", "shown", 5 },
    };
    for (unsigned i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        char line[300];
        const char *found = strstr(lines[i].text, "DIR");
        if (found)
            snprintf(line, sizeof(line), "%.*s%s%s", (int)(found - lines[i].text), lines[i].text, file_dir, found + 3);
        else
            snprintf(line, sizeof(line), "%s", lines[i].text);
        p += sprintf(p, "%-44s # %s/%s.yaml:%u\n", line, file_dir, lines[i].file, lines[i].line);
    }
    CU_ASSERT_STRING_EQUAL(text, expected);
    if (strcmp(text, expected) != 0)
        fprintf(stderr, "expected:\n%s\ngot:\n%s\n", expected, text);
    /* What is shown is itself a machine file, and means the same. */
    char *again = show(file_put("again.yaml", text), false);
    const char *a = text, *b = again;
    while (*a && *b) {
        CU_ASSERT_NSTRING_EQUAL(a, b, strcspn(a, "#"));
        a = strchr(a, '\n') + 1;
        b = strchr(b, '\n') + 1;
    }
    CU_ASSERT_TRUE(!*a && !*b);
    free(text);
    free(again);
}

static void show_json(void)
{
    char *text = show(file_put("rows.yaml", "abbey: 1\nmemory: 64M\nguest: { optimize: [linux] }\n"), true);
    json_t *rows = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_EQUAL_FATAL(json_array_size(rows), 3);
    const char *path, *value, *file;
    int line;
    CU_ASSERT_EQUAL(json_unpack(json_array_get(rows, 1), "{s:s, s:s, s:s, s:i}", "path", &path, "value", &value, "file",
                        &file, "line", &line),
        0);
    CU_ASSERT_STRING_EQUAL(path, "memory");
    CU_ASSERT_STRING_EQUAL(value, "64M");
    CU_ASSERT_EQUAL(line, 2);
    CU_ASSERT_EQUAL(json_unpack(json_array_get(rows, 2), "{s:s}", "path", &path), 0);
    CU_ASSERT_STRING_EQUAL(path, "guest.optimize.0");
    json_decref(rows);
    free(text);
}

static void check_json(void)
{
    static const char bad[] = "abbey: 1\nmemroy: 1\n";
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct config_request request = {
        .file = "bad.yaml", .text = bad, .text_bytes = strlen(bad), .plugins = fixture_plugins()
    };
    CU_ASSERT_EQUAL(config_check_json(&request, out), -1);
    fclose(out);
    json_t *list = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    CU_ASSERT_EQUAL_FATAL(json_array_size(list), 1);
    const char *file, *rule, *nearest;
    int line, column;
    CU_ASSERT_EQUAL(json_unpack(json_array_get(list, 0), "{s:s, s:i, s:i, s:s, s:s}", "file", &file, "line", &line,
                        "column", &column, "rule", &rule, "nearest", &nearest),
        0);
    CU_ASSERT_STRING_EQUAL(file, "bad.yaml");
    CU_ASSERT_STRING_EQUAL(rule, "unknown-key");
    CU_ASSERT_STRING_EQUAL(nearest, "memory");
    CU_ASSERT_TRUE(line == 2 && column == 1);
    json_decref(list);
    free(text);
}

static void schema(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    config_schema(fixture_plugins(), out);
    fclose(out);
    json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *definitions = json_object_get(root, "$defs");
    CU_ASSERT_PTR_NOT_NULL_FATAL(definitions);
    const struct plugin *chips = &fixture_plugins()->plugins[0];
    for (unsigned i = 0; i < chips->device_count; i++) {
        const abbey_device *device_type = &chips->devices[i].device;
        char name[100];
        snprintf(name, sizeof(name), "device-%s", device_type->name);
        json_t *properties = json_object_get(json_object_get(definitions, name), "properties");
        CU_ASSERT_PTR_NOT_NULL(json_object_get(properties, "device"));
        for (unsigned j = 0; j < device_type->props.count; j++)
            CU_ASSERT_PTR_NOT_NULL(json_object_get(properties, ((const abbey_prop *)device_type->props.rows)[j].name));
    }
    json_int_t minimum = 0, maximum = 0;
    CU_ASSERT_EQUAL(json_unpack(json_object_get(definitions, "device-doorbell"), "{s:{s:{s:[{s:[{s:I, s:I}]}]}}}",
                        "properties", "base", "anyOf", "anyOf", "minimum", &minimum, "maximum", &maximum),
        0);
    CU_ASSERT_EQUAL(minimum, 0x100);
    CU_ASSERT_EQUAL(maximum, 0x3ff);
    json_decref(root);
    free(text);
}

static const struct unit_test tests[] = {
    { "config show: every line with its place", show_marks },
    { "config show --json", show_json },
    { "config check --json", check_json },
    { "config schema has every property of every device", schema },
};

int main(void)
{
    return config_main("config show", tests, sizeof(tests) / sizeof(tests[0]));
}
