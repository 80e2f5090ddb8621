/* test_config.c - what good machine files mean: inheritance, settings, types, lines, order; and files as they come from
 * disks: too large, missing, going in circles. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/config.h"
#include "core/config/sections.h"
#include "core/cpu/cpuid.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/unit.h"

#define PC                                                         \
    "abbey: 1\n"                                                   \
    "name: pc\n"                                                   \
    "backends:\n"                                                  \
    "  tty: { backend: stdio }\n"                                  \
    "devices:\n"                                                   \
    "  com1: { device: ns16550, bus: isa, base: 0x3f8, irq: 4 }\n" \
    "  isa:  { device: piix3, bus: pci, addr: \"01.0\" }\n"        \
    "  pic:  { device: i8259 }\n"                                  \
    "  pci:  { device: i440fx }\n"

/* ---- helpers ---- */

static char dir[] = "/tmp/abbey-config-XXXXXX";

/* Writes a file into the test's directory and returns its path, good until the next call but three. */
static const char *file_put_bytes(const char *name, const char *bytes, size_t count)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    if (!strcmp(dir + strlen(dir) - 6, "XXXXXX") && !mkdtemp(dir))
        abort();
    snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, count, file) != count)
        abort();
    fclose(file);
    return path;
}

static const char *file_put(const char *name, const char *text)
{
    return file_put_bytes(name, text, strlen(text));
}

/* What the last load wrote as errors. */
static char *errors;

static struct config *load(struct config_request request)
{
    size_t size = 0;
    free(errors);
    errors = NULL;
    FILE *out = open_memstream(&errors, &size);
    request.plugins = fixture_plugins();
    struct config *config = config_read(&request, out);
    fclose(out);
    return config;
}

static struct config *load_text(const char *text)
{
    struct config *config =
        load((struct config_request){ .file = "test.yaml", .text = text, .text_bytes = strlen(text) });
    CU_ASSERT_STRING_EQUAL(errors, "");
    return config;
}

static struct config *load_set(const char *text, const char *setting)
{
    const char *settings[] = { setting };
    struct config *config = load((struct config_request){
        .file = "test.yaml", .text = text, .text_bytes = strlen(text), .settings = settings, .setting_count = 1 });
    CU_ASSERT_STRING_EQUAL(errors, "");
    return config;
}

static struct config *load_file(const char *path)
{
    return load((struct config_request){ .file = path });
}

static const struct config_node *device(const struct config *config, const char *id)
{
    for (unsigned i = 0; i < config->device_count; i++)
        if (!strcmp(config->devices[i].id, id))
            return &config->devices[i];
    return NULL;
}

static int64_t number(const struct config *config, const char *id, const char *property)
{
    return config_value_find(device(config, id), property)->integer;
}

static void expect_line(
    const struct config *config, const char *id, const char *property, const char *chip, uint32_t pin)
{
    const struct config_value *value = config_value_find(device(config, id), property);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value->irq_chip);
    CU_ASSERT_STRING_EQUAL(value->irq_chip, chip);
    CU_ASSERT_EQUAL(value->irq_pin, pin);
}

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

/* ---- values ---- */

static void defaults(void)
{
    struct config *config = load_text("abbey: 1\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(config->memory, 128u << 20);
    CU_ASSERT_STRING_EQUAL(config->cpu_model, "pentium3");
    CU_ASSERT_STRING_EQUAL(config->cpu_engine, "auto");
    CU_ASSERT_STRING_EQUAL(config->clock, "host");
    CU_ASSERT_EQUAL(config->cpu_cache, 32u << 20);
    CU_ASSERT_STRING_EQUAL(config->host_backend, "linux");
    CU_ASSERT_STRING_EQUAL(config->log_level, "warn");
    CU_ASSERT_TRUE(config->reboot);
    CU_ASSERT_PTR_NULL(config->boot.kernel);
    CU_ASSERT_PTR_NULL(config->control_socket);
    CU_ASSERT_PTR_NULL(config->optimize[0]);
    CU_ASSERT_EQUAL(config->device_count, 0);
    config_free(config);
}

static void all_sections(void)
{
    struct config *config =
        load_text("abbey: \"1\"\nname: a b\nmemory: 0x4000000\nreboot: false\n"
                  "cpu: { model: host, engine: interp, cache: 2m, clock: instructions }\n"
                  "boot: { kernel: k, format: raw, load: 0x1000, mode: protected, cmdline: 'a: b' }\n"
                  "host: { backend: linux }\nlog: { level: trace }\nguest: { optimize: [linux] }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->name, "a b");
    CU_ASSERT_EQUAL(config->memory, 64u << 20);
    CU_ASSERT_FALSE(config->reboot);
    CU_ASSERT_STRING_EQUAL(config->cpu_model, "host");
    CU_ASSERT_EQUAL(config->cpu_cache, 2u << 20);
    CU_ASSERT_STRING_EQUAL(config->clock, "instructions");
    CU_ASSERT_STRING_EQUAL(config->boot.kernel, "k");
    CU_ASSERT_EQUAL(config->boot.kernel_mark.line, 6);
    CU_ASSERT_EQUAL(config->boot.load, 0x1000);
    CU_ASSERT_EQUAL(config->boot.entry, 0x1000);
    CU_ASSERT_STRING_EQUAL(config->boot.mode, "protected");
    CU_ASSERT_STRING_EQUAL(config->boot.cmdline, "a: b");
    CU_ASSERT_STRING_EQUAL(config->log_level, "trace");
    CU_ASSERT_STRING_EQUAL(config->optimize[0], "linux");
    config_free(config);
}

/* The schema's list of CPU models is the list of those there are. */
static void models(void)
{
    const abbey_prop *row = NULL;
    for (unsigned i = 0; i < section_count; i++)
        for (unsigned j = 0; j < sections[i].count; j++)
            if (sections[i].name && !strcmp(sections[i].rows[j].name, "model"))
                row = &sections[i].rows[j];
    CU_ASSERT_PTR_NOT_NULL_FATAL(row);
    char choices[300];
    unsigned models_there = 0, choices_there = 1;
    snprintf(choices, sizeof(choices), ",%s,", row->choices);
    for (; cpu_model_at(models_there); models_there++) {
        char name[100];
        snprintf(name, sizeof(name), ",%s,", cpu_model_at(models_there)->name);
        CU_ASSERT_PTR_NOT_NULL(strstr(choices, name));
    }
    for (const char *p = row->choices; *p; p++)
        choices_there += *p == ',';
    CU_ASSERT_EQUAL(choices_there, models_there);
}

static void properties(void)
{
    struct config *config =
        load_text("abbey: 1\ndevices:\n  pci: { device: i440fx }\n"
                  "  card: { device: card, path: /x, vram: 2M, offset: -40, big: 0xffffffffffffffff,\n"
                  "          mode: slow, title: null }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(number(config, "card", "vram"), 2 << 20);
    CU_ASSERT_EQUAL(number(config, "card", "offset"), -40);
    CU_ASSERT_EQUAL((uint64_t)number(config, "card", "big"), UINT64_MAX);
    CU_ASSERT_EQUAL(number(config, "card", "small"), 3);
    CU_ASSERT_STRING_EQUAL(config_value_find(device(config, "card"), "mode")->text, "slow");
    CU_ASSERT_STRING_EQUAL(config_value_find(device(config, "card"), "path")->text, "/x");
    CU_ASSERT_PTR_NULL(config_value_find(device(config, "card"), "title")->text);
    CU_ASSERT_PTR_NULL(config_value_find(device(config, "card"), "title")->mark.file);
    const struct config_value *value = config_value_find(device(config, "card"), "big");
    CU_ASSERT_STRING_EQUAL(value->mark.file, "test.yaml");
    CU_ASSERT_EQUAL(value->mark.line, 4);
    CU_ASSERT_EQUAL(
        value->mark.column, (int)strlen("  card: { device: card, path: /x, vram: 2M, offset: -40, big: ") + 1);
    config_free(config);
}

static void backends(void)
{
    struct config *config =
        load_text("abbey: 1\nbackends: { log: { backend: file, path: x.log, append: true }, n: { backend: 'null' } }\n"
                  "devices:\n  pic: { device: i8259 }\n"
                  "  com1: { device: ns16550, line: log }\n  dbg: { device: debugcon, line: none }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(config->backend_count, 2);
    CU_ASSERT_STRING_EQUAL(config->backends[0].type, "file");
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[0], "path")->text, "x.log");
    CU_ASSERT_EQUAL(config_value_find(&config->backends[0], "append")->integer, 1);
    CU_ASSERT_STRING_EQUAL(config_value_find(device(config, "com1"), "line")->text, "log");
    CU_ASSERT_PTR_NULL(config_value_find(device(config, "dbg"), "line")->text);
    config_free(config);
}

/* ---- lines, buses, order ---- */

/* A list of strings may be one string as well; "show" prints both as they were written. */
static void string_lists(void)
{
    struct config *config =
        load_text("abbey: 1\nbackends: { a: { backend: file, path: x, title: [one two, 3] },\n"
                  "  b: { backend: file, path: x, title: alone }, c: { backend: file, path: x, title: [] } }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[0], "title")->text, "one two\n3");
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[1], "title")->text, "alone");
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[2], "title")->text, "");
    config_free(config);
    const char *nested = "abbey: 1\nbackends: { a: { backend: file, path: x, title: [[one]] } }\n";
    config = load((struct config_request){ .file = "test.yaml", .text = nested, .text_bytes = strlen(nested) });
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "property 'title' of 'a' is text, not a list"));
}

static void irq_forms(void)
{
    struct config *config =
        load_text("abbey: 1\ndevices:\n  pic: { device: i8259 }\n  apic: { device: ioapic }\n"
                  "  pit: { device: i8254 }\n  com1: { device: ns16550, irq: pic.0x3 }\n"
                  "  bell: { device: doorbell, irq: apic.3 }\n  kbd: { device: i8042, mouse_irq: none }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    expect_line(config, "pit", "irq", "pic", 0);
    expect_line(config, "com1", "irq", "pic", 3);
    expect_line(config, "bell", "irq", "apic", 3);
    expect_line(config, "kbd", "irq", "pic", 1);
    CU_ASSERT_PTR_NULL(config_value_find(device(config, "kbd"), "mouse_irq")->irq_chip);
    config_free(config);
}

static void irq_shared_by_pci(void)
{
    struct config *config = load_text("abbey: 1\ndevices:\n  pic: { device: i8259 }\n  pci: { device: i440fx }\n"
                                      "  pm: { device: piix4-pm }\n  pm2: { device: piix4-pm, irq: 9 }\n");
    CU_ASSERT_PTR_NOT_NULL(config);
    config_free(config);
}

static void bus_order(void)
{
    struct config *config = load_text(PC);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    const char *const order[] = { "pci", "isa", "com1", "pic" };
    /* com1 waits for isa, and that for pci; pic has no `bus:` and the only isa bus is meant. */
    CU_ASSERT_EQUAL_FATAL(config->device_count, 4);
    for (unsigned i = 0; i < 4; i++)
        CU_ASSERT_STRING_EQUAL(config->devices[i].id, order[i]);
    CU_ASSERT_STRING_EQUAL(device(config, "com1")->bus, "isa");
    CU_ASSERT_STRING_EQUAL(device(config, "pic")->bus, "isa");
    CU_ASSERT_STRING_EQUAL(device(config, "isa")->bus, "pci");
    CU_ASSERT_PTR_NULL(device(config, "pci")->bus);
    CU_ASSERT_EQUAL(device(config, "isa")->pci_slot, 1);
    CU_ASSERT_EQUAL(device(config, "isa")->pci_function, 0);
    CU_ASSERT_EQUAL(device(config, "pci")->pci_slot, -1);
    CU_ASSERT_EQUAL(device(config, "com1")->mark.line, 6);
    config_free(config);
}

static void isa_on_the_board(void)
{
    struct config *config = load_text("abbey: 1\ndevices:\n  bell: { device: doorbell }\n  pic: { device: i8259 }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_PTR_NULL(device(config, "bell")->bus);
    expect_line(config, "bell", "irq", "pic", 5);
    config_free(config);
}

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
    CU_ASSERT_STRING_EQUAL(errors, "");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->name, "pc");
    CU_ASSERT_EQUAL(config->memory, 64u << 20);
    CU_ASSERT_EQUAL(number(config, "nic", "small"), 3);
    CU_ASSERT_EQUAL(number(config, "com1", "base"), 0x2f8);
    expect_line(config, "com1", "irq", "pic", 3);
    CU_ASSERT_PTR_NULL(device(config, "bell"));
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
    CU_ASSERT_EQUAL(number(config, "a", "delay"), 50);
    CU_ASSERT_PTR_NULL(config->boot.kernel);
    config_free(config);
    CU_ASSERT_PTR_NULL(load_file(file_put("four.yaml", "abbey: 1\nbase: two.yaml\ndevices: { a: null }\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "error[nothing-to-remove]: no base has a device 'a' to remove"));
}

static void base_paths(void)
{
    char expected[300];
    char sub[300];
    file_put("x", "");
    snprintf(sub, sizeof(sub), "%s/sub", dir);
    mkdir(sub, 0777);
    file_put("sub/base.yaml", "abbey: 1\nboot: { kernel: vmlinuz, initrd: /abs/initrd }\n");
    const char *path =
        file_put("paths.yaml", "abbey: 1\nbase: ./sub/base.yaml\nbackends: { log: { backend: file, path: ../log } }\n");
    struct config *config = load_file(path);
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    snprintf(expected, sizeof(expected), "%s/./sub/vmlinuz", dir);
    CU_ASSERT_STRING_EQUAL(config->boot.kernel, expected);
    CU_ASSERT_STRING_EQUAL(config->boot.initrd, "/abs/initrd");
    snprintf(expected, sizeof(expected), "%s/../log", dir);
    CU_ASSERT_STRING_EQUAL(config_value_find(&config->backends[0], "path")->text, expected);
    config_free(config);

    const char *settings[] = { "boot.kernel=here/vmlinuz", "boot.initrd=~/initrd" };
    setenv("HOME", "/home/me", 1);
    config = load((struct config_request){ .file = path, .settings = settings, .setting_count = 2 });
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->boot.kernel, "here/vmlinuz");
    CU_ASSERT_STRING_EQUAL(config->boot.initrd, "/home/me/initrd");
    config_free(config);
}

static void base_by_name(void)
{
    char sub[300], path_list[700];
    snprintf(sub, sizeof(sub), "%s/lib", dir);
    file_put("x", "");
    mkdir(sub, 0777);
    file_put("lib/pc.yaml", "abbey: 1\nname: shipped\nmemory: 32M\n");
    snprintf(path_list, sizeof(path_list), "/nowhere::%s", sub);
    setenv("ABBEY_CONFIG_PATH", path_list, 1);
    /* A file of the same name is not its own base. */
    struct config *config = load_file(file_put("pc.yaml", "abbey: 1\nbase: pc\nname: mine\n"));
    CU_ASSERT_STRING_EQUAL(errors, "");
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
    snprintf(text, sizeof(text), "abbey: 1\nbase: ../%s/a.yaml\n", strrchr(dir, '/') + 1);
    file_put("b.yaml", text);
    char a[300];
    snprintf(a, sizeof(a), "%s/a.yaml", dir);
    CU_ASSERT_PTR_NULL(load_file(a));
    snprintf(expected, sizeof(expected),
        "%s:2:7: error[base-cycle]: a machine cannot be its own base: %s -> %s -> %s/../%s/a.yaml\n", b, a, b, dir,
        strrchr(dir, '/') + 1);
    CU_ASSERT_NSTRING_EQUAL(errors, expected, strlen(expected));

    const char *own = file_put("own.yaml", "abbey: 1\nbase: own.yaml\n");
    CU_ASSERT_PTR_NULL(load_file(own));
    snprintf(expected, sizeof(expected), "%s:2:7: error[base-cycle]: a machine cannot be its own base: %s -> %s\n", own,
        own, own);
    CU_ASSERT_NSTRING_EQUAL(errors, expected, strlen(expected));
    CU_ASSERT_PTR_NULL(load_file(file_put("own2.yaml", "abbey: 1\nbase: own2\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "error[base-cycle]"));
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
    snprintf(path, sizeof(path), "%s/chain0.yaml", dir);
    CU_ASSERT_PTR_NULL(load_file(path));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "chain16.yaml:2:7: error[base-cycle]: a machine has at most 16 bases"));
    snprintf(path, sizeof(path), "%s/chain1.yaml", dir);
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
    CU_ASSERT_NSTRING_EQUAL(errors, expected, strlen(expected));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "overbad.yaml:3:9: error[out-of-range]: 'memory' is 1M to 60G, not 2"));
}

/* ---- --set ---- */

static void setting_values(void)
{
    struct config *config = load_set(PC, "devices.com1.irq=3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    expect_line(config, "com1", "irq", "pic", 3);
    CU_ASSERT_STRING_EQUAL(config_value_find(device(config, "com1"), "irq")->mark.file, "--set");
    config_free(config);

    config = load_set(PC, "devices.com1=null");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_PTR_NULL(device(config, "com1"));
    config_free(config);

    config = load_set(PC, "devices.bell={ device: doorbell, delay: 7 }");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(number(config, "bell", "delay"), 7);
    config_free(config);

    config = load_set(PC, "boot.cmdline=console=ttyS0 # *not* YAML: 'a' & b");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->boot.cmdline, "console=ttyS0 # *not* YAML: 'a' & b");
    config_free(config);

    config = load_set(PC, "boot.cmdline=\"quoted \\x41\"");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->boot.cmdline, "quoted A");
    config_free(config);

    config = load_set("abbey: 1\nboot: { cmdline: x }\n", "boot.cmdline=");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_STRING_EQUAL(config->boot.cmdline, "");
    config_free(config);

    config = load_set("abbey: 1\n", "plugins.require.org.example.chips=>=1.2 <1.3 =1.2.3");
    CU_ASSERT_PTR_NOT_NULL(config);
    config_free(config);
}

static void setting_order(void)
{
    const char *settings[] = { "devices.bell.device=doorbell", "devices.bell.irq=5", "devices.bell.irq=6" };
    struct config *config = load((struct config_request){
        .file = "t", .text = PC, .text_bytes = strlen(PC), .settings = settings, .setting_count = 3 });
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    expect_line(config, "bell", "irq", "pic", 6);
    config_free(config);
}

/* ---- hostile files ---- */

static void file_too_large(void)
{
    size_t size = (1 << 20) + 1;
    char *text = malloc(size);
    memset(text, '#', size);
    CU_ASSERT_PTR_NULL(load_file(file_put_bytes("large.yaml", text, size)));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "large.yaml' is no machine file: it has more than 1 MB\n"));
    CU_ASSERT_PTR_NULL(load_file(file_put("onlarge.yaml", "abbey: 1\nbase: large\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "onlarge.yaml:2:7: error[too-long]: '"));
    memset(text, 'x', size);
    memcpy(text, "abbey: 1\nname: ", 15);
    CU_ASSERT_PTR_NULL(load_file(file_put_bytes("scalar.yaml", text, size - 1)));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "scalar.yaml:2:7: error[too-long]: a value has at most 4096 bytes\n"));
    CU_ASSERT_TRUE(strlen(errors) < 1000);
    free(text);
}

static void too_many_members(void)
{
    char *text = malloc(40000), *p = text + sprintf(text, "abbey: 1\ndevices:\n");
    for (unsigned i = 0; i < 1001; i++)
        p += sprintf(p, "  d%u: { device: i440fx }\n", i);
    CU_ASSERT_PTR_NULL(load((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(errors, "t.yaml:1003:10: error[too-many]: a mapping or list has at most 1000 members\n"
                                   " 1003 |   d1000: { device: i440fx }\n"
                                   "      |          ^\n");
    free(text);
}

static void many_errors(void)
{
    char *text = malloc(40000), *p = text + sprintf(text, "abbey: 1\n");
    for (unsigned i = 0; i < 300; i++)
        p += sprintf(p, "unknown%u: x\n", i);
    CU_ASSERT_PTR_NULL(load((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(strstr(errors, "200 more"), "200 more errors\n");
    free(text);
}

/* A clash of all with all is told once a device, and in no time. */
static void many_clashes(void)
{
    char *text = malloc(60000), *p = text + sprintf(text, "abbey: 1\ndevices:\n  p: { device: i8259 }\n");
    for (unsigned i = 0; i < 900; i++)
        p += sprintf(p, "  d%u: { device: i8042, irq: 5, mouse_irq: none }\n", i);
    CU_ASSERT_PTR_NULL(load((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(strstr(errors, "799 more"), "799 more errors\n");
    free(text);
}

static void unreadable(void)
{
    char expected[400];
    CU_ASSERT_PTR_NULL(load_file("/nowhere/at-all.yaml"));
    CU_ASSERT_STRING_EQUAL(errors,
        "/nowhere/at-all.yaml: error[no-file]: cannot read '/nowhere/at-all.yaml': No such file or directory\n");
    file_put("x", "");
    CU_ASSERT_PTR_NULL(load_file(dir));
    snprintf(expected, sizeof(expected), "%s: error[no-file]: cannot read '%s': Is a directory\n", dir, dir);
    CU_ASSERT_STRING_EQUAL(errors, expected);
    CU_ASSERT_PTR_NULL(load_file("no-such-machine"));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "no-such-machine: error[no-file]: there is no machine 'no-such-machine'\n"));
    CU_ASSERT_PTR_NULL(load_file(""));
    CU_ASSERT_PTR_NULL(load_file(file_put("dirbase.yaml", "abbey: 1\nbase: ./.\n")));
    CU_ASSERT_PTR_NOT_NULL(strstr(errors, "Is a directory"));
}

static void long_line(void)
{
    char text[1000] = "abbey: 1\nname: \"";
    memset(text + strlen(text), 'x', 600);
    strcat(text, "\"\ncpu: { cache: 1M,                                                                                "
                 "          "
                 "                                          modle: host }\n");
    CU_ASSERT_PTR_NULL(load((struct config_request){ .file = "t.yaml", .text = text, .text_bytes = strlen(text) }));
    CU_ASSERT_STRING_EQUAL(errors, "t.yaml:3:150: error[unknown-key]: 'cpu' has no key 'modle'\n"
                                   "    3 | ...                                        modle: host }\n"
                                   "      |                                            ^~~~~ did you mean 'model'?\n");
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
            snprintf(line, sizeof(line), "%.*s%s%s", (int)(found - lines[i].text), lines[i].text, dir, found + 3);
        else
            snprintf(line, sizeof(line), "%s", lines[i].text);
        p += sprintf(p, "%-44s # %s/%s.yaml:%u\n", line, dir, lines[i].file, lines[i].line);
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
    { "a machine of one line has documented defaults", defaults },
    { "every key of every section is read", all_sections },
    { "the schema has every CPU model", models },
    { "properties get the types of their rows", properties },
    { "backends and their users", backends },
    { "strings in lists", string_lists },
    { "interrupt lines: number, pin, none, default", irq_forms },
    { "PCI devices share a line", irq_shared_by_pci },
    { "a bus is made before what sits on it", bus_order },
    { "ISA devices work without an ISA bridge", isa_on_the_board },
    { "a base is merged, replaced, removed from", base_merge },
    { "what a base removed can come back", base_null_then_new },
    { "paths are relative to the file that says them", base_paths },
    { "a base is found by name, and is not the file itself", base_by_name },
    { "a base in a circle names the circle", base_cycle },
    { "a chain of bases ends", base_too_many },
    { "an error in a base names the base", base_error_place },
    { "settings: values, null, flow mappings, literal text", setting_values },
    { "settings are applied in order", setting_order },
    { "a file or a scalar of 1 MB is refused", file_too_large },
    { "a thousand and one devices are refused", too_many_members },
    { "a thousand errors are not all printed", many_errors },
    { "many clashes are one error a device", many_clashes },
    { "a missing file, a directory, an empty name", unreadable },
    { "a long line is cut around the error", long_line },
    { "config show: every line with its place", show_marks },
    { "config show --json", show_json },
    { "config check --json", check_json },
    { "config schema has every property of every device", schema },
};

int main(void)
{
    int status = unit_main("config", tests, sizeof(tests) / sizeof(tests[0]));
    char command[300];
    free(errors);
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return status ? status : strcmp(dir + strlen(dir) - 6, "XXXXXX") ? system(command) : 0;
}
