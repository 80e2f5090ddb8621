/* test_config.c - what good machine files mean: types, lines, buses, order, settings. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/sections.h"
#include "core/cpu/cpuid.h"
#include "tests/unit/config_rig.h"

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
    CU_ASSERT_EQUAL(config_number(config, "card", "vram"), 2 << 20);
    CU_ASSERT_EQUAL(config_number(config, "card", "offset"), -40);
    CU_ASSERT_EQUAL((uint64_t)config_number(config, "card", "big"), UINT64_MAX);
    CU_ASSERT_EQUAL(config_number(config, "card", "small"), 3);
    CU_ASSERT_STRING_EQUAL(config_value_find(config_device(config, "card"), "mode")->text, "slow");
    CU_ASSERT_STRING_EQUAL(config_value_find(config_device(config, "card"), "path")->text, "/x");
    CU_ASSERT_PTR_NULL(config_value_find(config_device(config, "card"), "title")->text);
    CU_ASSERT_PTR_NULL(config_value_find(config_device(config, "card"), "title")->mark.file);
    const struct config_value *value = config_value_find(config_device(config, "card"), "big");
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
    CU_ASSERT_STRING_EQUAL(config_value_find(config_device(config, "com1"), "line")->text, "log");
    CU_ASSERT_PTR_NULL(config_value_find(config_device(config, "dbg"), "line")->text);
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
    config = load_request((struct config_request){ .file = "test.yaml", .text = nested, .text_bytes = strlen(nested) });
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_PTR_NOT_NULL(strstr(load_errors, "property 'title' of 'a' is text, not a list"));
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
    CU_ASSERT_PTR_NULL(config_value_find(config_device(config, "kbd"), "mouse_irq")->irq_chip);
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
    CU_ASSERT_STRING_EQUAL(config_device(config, "com1")->bus, "isa");
    CU_ASSERT_STRING_EQUAL(config_device(config, "pic")->bus, "isa");
    CU_ASSERT_STRING_EQUAL(config_device(config, "isa")->bus, "pci");
    CU_ASSERT_PTR_NULL(config_device(config, "pci")->bus);
    CU_ASSERT_EQUAL(config_device(config, "isa")->pci_slot, 1);
    CU_ASSERT_EQUAL(config_device(config, "isa")->pci_function, 0);
    CU_ASSERT_EQUAL(config_device(config, "pci")->pci_slot, -1);
    CU_ASSERT_EQUAL(config_device(config, "com1")->mark.line, 6);
    config_free(config);
}

static void isa_on_the_board(void)
{
    struct config *config = load_text("abbey: 1\ndevices:\n  bell: { device: doorbell }\n  pic: { device: i8259 }\n");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_PTR_NULL(config_device(config, "bell")->bus);
    expect_line(config, "bell", "irq", "pic", 5);
    config_free(config);
}

/* ---- --set ---- */

static void setting_values(void)
{
    struct config *config = load_set(PC, "devices.com1.irq=3");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    expect_line(config, "com1", "irq", "pic", 3);
    CU_ASSERT_STRING_EQUAL(config_value_find(config_device(config, "com1"), "irq")->mark.file, "--set");
    config_free(config);

    config = load_set(PC, "devices.com1=null");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_PTR_NULL(config_device(config, "com1"));
    config_free(config);

    config = load_set(PC, "devices.bell={ device: doorbell, delay: 7 }");
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    CU_ASSERT_EQUAL(config_number(config, "bell", "delay"), 7);
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
    struct config *config = load_request((struct config_request){
        .file = "t", .text = PC, .text_bytes = strlen(PC), .settings = settings, .setting_count = 3 });
    CU_ASSERT_PTR_NOT_NULL_FATAL(config);
    expect_line(config, "bell", "irq", "pic", 6);
    config_free(config);
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
    { "settings: values, null, flow mappings, literal text", setting_values },
    { "settings are applied in order", setting_order },
};

int main(void)
{
    return config_main("config", tests, sizeof(tests) / sizeof(tests[0]));
}
