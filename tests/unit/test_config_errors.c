/* test_config_errors.c - a bad machine file for each rule, and the very text that a user gets to see. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/unit.h"

static void expect_errors(
    const char *text, size_t bytes, const char *const *settings, unsigned setting_count, const char *expected)
{
    char *errors = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&errors, &size);
    struct config_request request = { .file = "bad.yaml",
        .text = text,
        .text_bytes = bytes,
        .settings = settings,
        .setting_count = setting_count,
        .plugins = fixture_plugins() };
    setenv("ABBEY_CONFIG_PATH", "/nowhere", 1);
    struct config *config = config_read(&request, out);
    fclose(out);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_STRING_EQUAL(errors, expected);
    if (strcmp(errors, expected) != 0)
        fprintf(stderr, "expected:\n%s\ngot:\n%s\n", expected, errors);
    config_free(config);
    free(errors);
}

// clang-format off

/* The settings come after one unused element: C has no empty arrays. */
#define SET(...) { NULL, ##__VA_ARGS__ }
#define BAD(name, set, text, expected)                                                                             \
    static void name(void)                                                                                         \
    {                                                                                                              \
        static const char *const settings[] = set;                                                                 \
        expect_errors(text, sizeof(text) - 1, settings + 1, sizeof(settings) / sizeof(settings[0]) - 1, expected); \
    }

/* ---- Bytes and YAML ---- */

BAD(bad_utf8, SET(),
    "abbey: 1\n"
    "name: \"a\xff" "b\"\n",
    "bad.yaml:2:9: error[bad-character]: invalid leading UTF-8 octet (0xFF); a machine file is UTF-8 text\n"
    "    2 | name: \"a?b\"\n"
    "      |         ^\n")

BAD(nul_byte, SET(),
    "abbey: 1\n"
    "na\x00me: x\n",
    "bad.yaml:2:3: error[bad-character]: a NUL byte; a machine file is UTF-8 text\n"
    "    2 | na?me: x\n"
    "      |   ^\n")

BAD(control_character, SET(),
    "abbey: 1\n"
    "name: a\x01" "b\n",
    "bad.yaml:2:8: error[bad-character]: control characters are not allowed (0x01); a machine file is UTF-8 text\n"
    "    2 | name: a?b\n"
    "      |        ^\n")

BAD(nul_escape, SET(),
    "abbey: 1\n"
    "name: \"a\\0b\"\n",
    "bad.yaml:2:7: error[bad-character]: a value cannot hold a NUL byte\n"
    "    2 | name: \"a\\0b\"\n"
    "      |       ^~~~~~\n")

BAD(utf16, SET(),
    "\xff\xfe" "a\x00" "b\x00",
    "bad.yaml:1:1: error[bad-character]: invalid leading UTF-8 octet (0xFF); a machine file is UTF-8 text\n"
    "    1 | ??a?b?\n"
    "      | ^\n")

BAD(not_yaml, SET(),
    "abbey: 1\n"
    "cpu: { model: pentium\n"
    "name: x\n",
    "bad.yaml:3:5: error[syntax]: did not find expected ',' or '}'\n"
    "    3 | name: x\n"
    "      |     ^\n"
    "      = while parsing a flow mapping that began at bad.yaml:2:6\n")

BAD(tab_indent, SET(),
    "abbey: 1\n"
    "cpu:\n"
    "\tmodel: pentium\n",
    "bad.yaml:3:1: error[syntax]: found character that cannot start any token\n"
    "    3 |  model: pentium\n"
    "      | ^\n"
    "      = indent with spaces; YAML has no tabs there\n"
    "      = while scanning for the next token that began at bad.yaml:3:1\n")

BAD(empty, SET(),
    "\n"
    "# nothing\n",
    "bad.yaml:1:1: error[syntax]: the file is empty; a machine says at least `abbey: 1`\n"
    "    1 | \n"
    "      | ^\n")

BAD(two_documents, SET(),
    "abbey: 1\n"
    "---\n"
    "abbey: 1\n",
    "bad.yaml:2:1: error[syntax]: a machine file has one document; this begins a second\n"
    "    2 | ---\n"
    "      | ^~~\n")

BAD(root_list, SET(),
    "- abbey\n",
    "bad.yaml:1:1: error[wrong-type]: a machine file is a mapping, not a list\n"
    "    1 | - abbey\n"
    "      | ^\n")

BAD(anchor, SET(),
    "abbey: 1\n"
    "name: &a x\n",
    "bad.yaml:2:7: error[anchor]: a machine file has no anchors and aliases; write the value out, or use base:\n"
    "    2 | name: &a x\n"
    "      |       ^~~~\n")

BAD(alias, SET(),
    "abbey: 1\n"
    "name: *a\n",
    "bad.yaml:2:7: error[anchor]: a machine file has no anchors and aliases; write the value out, or use base:\n"
    "    2 | name: *a\n"
    "      |       ^~\n")

BAD(billion_laughs, SET(),
    "abbey: 1\n"
    "a: &a [x, x]\n"
    "b: &b [*a, *a]\n",
    "bad.yaml:2:4: error[anchor]: a machine file has no anchors and aliases; write the value out, or use base:\n"
    "    2 | a: &a [x, x]\n"
    "      |    ^\n")

BAD(tag, SET(),
    "abbey: 1\n"
    "memory: !!str 64M\n",
    "bad.yaml:2:9: error[tag]: a machine file has no tags; the schema knows the type of each value\n"
    "    2 | memory: !!str 64M\n"
    "      |         ^~~~~~~~~\n")

BAD(too_deep, SET(),
    "abbey: 1\n"
    "devices: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
    "bad.yaml:2:25: error[too-deep]: mappings and lists nest at most 16 deep\n"
    "    2 | devices: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n"
    "      |                         ^\n")

BAD(complex_key, SET(),
    "abbey: 1\n"
    "{a: b}: c\n",
    "bad.yaml:2:1: error[bad-key]: a key is a plain name\n"
    "    2 | {a: b}: c\n"
    "      | ^\n")

BAD(duplicate_key, SET(),
    "abbey: 1\n"
    "name: a\n"
    "memory: 64M\n"
    "name: b\n",
    "bad.yaml:4:1: error[duplicate-key]: key 'name' is already given at bad.yaml:2:1\n"
    "    4 | name: b\n"
    "      | ^~~~\n")

BAD(duplicate_flow, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  bell: { device: doorbell, irq: none, delay: 1, delay: 2 }\n",
    "bad.yaml:3:50: error[duplicate-key]: key 'delay' is already given at bad.yaml:3:40\n"
    "    3 |   bell: { device: doorbell, irq: none, delay: 1, delay: 2 }\n"
    "      |                                                  ^~~~~\n")

BAD(duplicate_goes_on, SET(),
    "abbey: 1\n"
    "name: a\n"
    "name: b\n"
    "memory: 3\n",
    "bad.yaml:3:1: error[duplicate-key]: key 'name' is already given at bad.yaml:2:1\n"
    "    3 | name: b\n"
    "      | ^~~~\n"
    "bad.yaml:4:9: error[out-of-range]: 'memory' is 1M to 60G, not 3\n"
    "    4 | memory: 3\n"
    "      |         ^\n")

/* ---- Keys and sections ---- */

BAD(no_version, SET(),
    "name: x\n",
    "bad.yaml:1:1: error[schema-version]: the file does not say `abbey: 1`, the version of its schema\n"
    "    1 | name: x\n"
    "      | ^\n")

BAD(wrong_version, SET(),
    "abbey: 2\n"
    "name: x\n",
    "bad.yaml:1:8: error[schema-version]: this Abbey reads schema version 1, not 2\n"
    "    1 | abbey: 2\n"
    "      |        ^\n")

BAD(version_list, SET(),
    "abbey: [1]\n",
    "bad.yaml:1:8: error[schema-version]: this Abbey reads schema version 1, not a list\n"
    "    1 | abbey: [1]\n"
    "      |        ^\n")

BAD(unknown_top, SET(),
    "abbey: 1\n"
    "memroy: 64M\n",
    "bad.yaml:2:1: error[unknown-key]: a machine file has no key 'memroy'\n"
    "    2 | memroy: 64M\n"
    "      | ^~~~~~ did you mean 'memory'?\n")

BAD(unknown_top_far, SET(),
    "abbey: 1\n"
    "firmament: { bios: seabios }\n",
    "bad.yaml:2:1: error[unknown-key]: a machine file has no key 'firmament'\n"
    "    2 | firmament: { bios: seabios }\n"
    "      | ^~~~~~~~~\n")

BAD(unknown_in_section, SET(),
    "abbey: 1\n"
    "cpu: { modle: host }\n",
    "bad.yaml:2:8: error[unknown-key]: 'cpu' has no key 'modle'\n"
    "    2 | cpu: { modle: host }\n"
    "      |        ^~~~~ did you mean 'model'?\n")

BAD(section_list, SET(),
    "abbey: 1\n"
    "cpu: [host]\n",
    "bad.yaml:2:6: error[wrong-type]: 'cpu' is a mapping, not a list\n"
    "    2 | cpu: [host]\n"
    "      |      ^\n")

BAD(section_value, SET(),
    "abbey: 1\n"
    "log: debug\n",
    "bad.yaml:2:6: error[wrong-type]: 'log' is a mapping, not a value\n"
    "    2 | log: debug\n"
    "      |      ^~~~~\n")

BAD(not_a_choice, SET(),
    "abbey: 1\n"
    "cpu: { model: pentium5, engine: jit }\n",
    "bad.yaml:2:15: error[not-a-choice]: 'cpu.model' is one of pentium, pentium-mmx, pentium2, pentium3, pentium4, host, not 'pentium5'\n"
    "    2 | cpu: { model: pentium5, engine: jit }\n"
    "      |               ^~~~~~~~ did you mean 'pentium'?\n"
    "bad.yaml:2:33: error[not-a-choice]: 'cpu.engine' is one of auto, bt, interp, not 'jit'\n"
    "    2 | cpu: { model: pentium5, engine: jit }\n"
    "      |                                 ^~~\n")

BAD(memory_small, SET(),
    "abbey: 1\n"
    "memory: 512K\n",
    "bad.yaml:2:9: error[out-of-range]: 'memory' is 1M to 60G, not 512K\n"
    "    2 | memory: 512K\n"
    "      |         ^~~~\n")

BAD(memory_large, SET(),
    "abbey: 1\n"
    "memory: 1T\n",
    "bad.yaml:2:9: error[out-of-range]: 'memory' is 1M to 60G, not 1T\n"
    "    2 | memory: 1T\n"
    "      |         ^~\n")

BAD(memory_odd, SET(),
    "abbey: 1\n"
    "memory: 1025K\n",
    "bad.yaml:2:9: error[out-of-range]: 'memory' is a whole number of megabytes, not 1025K\n"
    "    2 | memory: 1025K\n"
    "      |         ^~~~~\n")

BAD(memory_text, SET(),
    "abbey: 1\n"
    "memory: lots\n",
    "bad.yaml:2:9: error[wrong-type]: 'memory' is a size such as 64K, 16M or 1G, not 'lots'\n"
    "    2 | memory: lots\n"
    "      |         ^~~~\n")

BAD(memory_map, SET(),
    "abbey: 1\n"
    "memory: { max: 1G }\n",
    "bad.yaml:2:9: error[wrong-type]: 'memory' is a size such as 64K, 16M or 1G, not a mapping\n"
    "    2 | memory: { max: 1G }\n"
    "      |         ^\n")

BAD(memory_fraction, SET(),
    "abbey: 1\n"
    "memory: 1.5G\n",
    "bad.yaml:2:9: error[wrong-type]: 'memory' is a size such as 64K, 16M or 1G, not '1.5G'\n"
    "    2 | memory: 1.5G\n"
    "      |         ^~~~\n")

BAD(octal, SET(),
    "abbey: 1\n"
    "boot: { load: 0777 }\n",
    "bad.yaml:2:15: error[wrong-type]: 'boot.load' is a whole number, not '0777'\n"
    "    2 | boot: { load: 0777 }\n"
    "      |               ^~~~\n")

BAD(name_slash, SET(),
    "abbey: 1\n"
    "name: ../x\n",
    "bad.yaml:2:7: error[bad-id]: 'name' becomes part of file names: not empty, and no '/'\n"
    "    2 | name: ../x\n"
    "      |       ^~~~\n")

BAD(reboot_yes, SET(),
    "abbey: 1\n"
    "reboot: yes\n",
    "bad.yaml:2:9: error[wrong-type]: 'reboot' is true or false, not 'yes'\n"
    "    2 | reboot: yes\n"
    "      |         ^~~\n")

/* ---- Devices and their properties ---- */

BAD(unknown_device, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com1: { device: ns16551 }\n"
    "  com2: { device: zx81 }\n",
    "bad.yaml:3:19: error[unknown-device]: no plugin has a device 'ns16551'\n"
    "    3 |   com1: { device: ns16551 }\n"
    "      |                   ^~~~~~~ did you mean 'ns16550'?\n"
    "      = looked for plugins in /plugins\n"
    "      = refused: /plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew\n"
    "bad.yaml:4:19: error[unknown-device]: no plugin has a device 'zx81'\n"
    "    4 |   com2: { device: zx81 }\n"
    "      |                   ^~~~\n")

BAD(unknown_backend, SET(),
    "abbey: 1\n"
    "backends:\n"
    "  tty: { backend: stdoi }\n",
    "bad.yaml:3:19: error[unknown-backend]: no plugin has a backend 'stdoi'\n"
    "    3 |   tty: { backend: stdoi }\n"
    "      |                   ^~~~~ did you mean 'stdio'?\n"
    "      = looked for plugins in /plugins\n"
    "      = refused: /plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew\n")

BAD(device_missing, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com1: { irq: 3 }\n",
    "bad.yaml:3:3: error[missing-property]: 'com1' does not say which `device:` it is, and no base has it\n"
    "    3 |   com1: { irq: 3 }\n"
    "      |   ^~~~\n")

BAD(device_list, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com1: [ns16550]\n",
    "bad.yaml:3:9: error[wrong-type]: 'com1' is a mapping such as { device: NAME }, not a list\n"
    "    3 |   com1: [ns16550]\n"
    "      |         ^\n")

BAD(devices_list, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  - { device: i8259 }\n",
    "bad.yaml:3:3: error[wrong-type]: 'devices' is a mapping from ids, not a list\n"
    "    3 |   - { device: i8259 }\n"
    "      |   ^\n")

BAD(device_type_map, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com1: { device: { name: ns16550 } }\n",
    "bad.yaml:3:19: error[wrong-type]: property 'device' of 'com1' is text, not a mapping\n"
    "    3 |   com1: { device: { name: ns16550 } }\n"
    "      |                   ^\n")

BAD(bad_id, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com.1: { device: i8259 }\n"
    "  9pic: { device: i8259 }\n"
    "  none: { device: i8259 }\n",
    "bad.yaml:3:3: error[bad-id]: 'com.1' is no id: a letter, then at most 62 letters, digits, - and _; `none` means nothing\n"
    "    3 |   com.1: { device: i8259 }\n"
    "      |   ^~~~~\n"
    "bad.yaml:4:3: error[bad-id]: '9pic' is no id: a letter, then at most 62 letters, digits, - and _; `none` means nothing\n"
    "    4 |   9pic: { device: i8259 }\n"
    "      |   ^~~~\n"
    "bad.yaml:5:3: error[bad-id]: 'none' is no id: a letter, then at most 62 letters, digits, - and _; `none` means nothing\n"
    "    5 |   none: { device: i8259 }\n"
    "      |   ^~~~\n")

BAD(unknown_property, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell:\n"
    "    device: doorbell\n"
    "    dealy: 75\n",
    "bad.yaml:6:5: error[unknown-property]: device 'doorbell' has no property 'dealy'\n"
    "    6 |     dealy: 75\n"
    "      |     ^~~~~ did you mean 'delay'?\n")

BAD(unknown_property_backend, SET(),
    "abbey: 1\n"
    "backends:\n"
    "  log: { backend: file, path: x, appendd: true }\n",
    "bad.yaml:3:34: error[unknown-property]: backend 'file' has no property 'appendd'\n"
    "    3 |   log: { backend: file, path: x, appendd: true }\n"
    "      |                                  ^~~~~~~ did you mean 'append'?\n")

BAD(missing_property, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  card: { device: card }\n",
    "bad.yaml:4:3: error[missing-property]: property 'path' of 'card' must be given: image\n"
    "    4 |   card: { device: card }\n"
    "      |   ^~~~\n")

BAD(property_list, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, delay: [1, 2] }\n",
    "bad.yaml:4:36: error[wrong-type]: property 'delay' of 'bell' is a whole number, not a list\n"
    "    4 |   bell: { device: doorbell, delay: [1, 2] }\n"
    "      |                                    ^\n")

BAD(property_range, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, base: 0xff, delay: 1000001 }\n",
    "bad.yaml:4:35: error[out-of-range]: property 'base' of 'bell' is 0x100 to 0x3ff, not 0xff\n"
    "    4 |   bell: { device: doorbell, base: 0xff, delay: 1000001 }\n"
    "      |                                   ^~~~\n"
    "bad.yaml:4:48: error[out-of-range]: property 'delay' of 'bell' is 0 to 1000000, not 1000001\n"
    "    4 |   bell: { device: doorbell, base: 0xff, delay: 1000001 }\n"
    "      |                                                ^~~~~~~\n")

BAD(property_types, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  card: { device: card, path: x, small: 256, big: 18446744073709551616, offset: -41 }\n",
    "bad.yaml:4:41: error[out-of-range]: property 'small' of 'card' is 0 to 255, not 256\n"
    "    4 |   card: { device: card, path: x, small: 256, big: 18446744073709551616, offset: -41 }\n"
    "      |                                         ^~~\n"
    "bad.yaml:4:51: error[out-of-range]: property 'big' of 'card' is 0 to 18446744073709551615, not 18446744073709551616\n"
    "    4 |   card: { device: card, path: x, small: 256, big: 18446744073709551616, offset: -41 }\n"
    "      |                                                   ^~~~~~~~~~~~~~~~~~~~\n"
    "bad.yaml:4:81: error[out-of-range]: property 'offset' of 'card' is -40 to 85, not -41\n"
    "    4 | ...256, big: 18446744073709551616, offset: -41 }\n"
    "      |                                            ^~~\n")

BAD(property_negative, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  card: { device: card, path: x, small: -1, vram: 64K }\n",
    "bad.yaml:4:41: error[out-of-range]: property 'small' of 'card' is 0 to 255, not -1\n"
    "    4 |   card: { device: card, path: x, small: -1, vram: 64K }\n"
    "      |                                         ^~\n"
    "bad.yaml:4:51: error[out-of-range]: property 'vram' of 'card' is 1M to 256M, not 64K\n"
    "    4 |   card: { device: card, path: x, small: -1, vram: 64K }\n"
    "      |                                                   ^~~\n")

/* ---- Buses ---- */

BAD(unknown_bus, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  isa: { device: piix3, bus: pic }\n",
    "bad.yaml:4:30: error[unknown-bus]: there is no device 'pic'; a bus of kind 'pci' is provided by 'pci'\n"
    "    4 |   isa: { device: piix3, bus: pic }\n"
    "      |                              ^~~ did you mean 'pci'?\n")

BAD(unknown_bus_none, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, bus: isa }\n",
    "bad.yaml:4:34: error[unknown-bus]: there is no device 'isa'; a bus of kind 'isa' is provided by none\n"
    "    4 |   bell: { device: doorbell, bus: isa }\n"
    "      |                                  ^~~\n")

BAD(wrong_bus, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  pic: { device: i8259, bus: pci }\n",
    "bad.yaml:4:30: error[wrong-bus]: 'pic' needs a bus of kind 'isa'; 'pci' provides 'pci'\n"
    "    4 |   pic: { device: i8259, bus: pci }\n"
    "      |                              ^~~\n")

BAD(bus_no_provider, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, bus: pic }\n",
    "bad.yaml:4:34: error[wrong-bus]: 'bell' needs a bus of kind 'isa'; 'pic' provides none\n"
    "    4 |   bell: { device: doorbell, bus: pic }\n"
    "      |                                  ^~~\n")

BAD(board_bus, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  pci2: { device: i440fx, bus: pci }\n",
    "bad.yaml:4:32: error[wrong-bus]: 'pci2' sits on the board itself; device 'i440fx' takes no bus\n"
    "    4 |   pci2: { device: i440fx, bus: pci }\n"
    "      |                                ^~~\n")

BAD(no_bus, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  isa: { device: piix3 }\n",
    "bad.yaml:3:3: error[no-bus]: 'isa' needs a bus of kind 'pci', and no device of this machine provides one; these do: 'i440fx', 'bridge'\n"
    "    3 |   isa: { device: piix3 }\n"
    "      |   ^~~\n")

BAD(several_buses, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  a: { device: i440fx }\n"
    "  b: { device: i440fx }\n"
    "  isa: { device: piix3 }\n",
    "bad.yaml:5:3: error[several-buses]: 'isa' must say its `bus:`, one of 'a', 'b'\n"
    "    5 |   isa: { device: piix3 }\n"
    "      |   ^~~\n")

BAD(bus_cycle, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  a: { device: bridge, bus: c }\n"
    "  b: { device: bridge, bus: a }\n"
    "  c: { device: bridge, bus: b }\n",
    "bad.yaml:3:3: error[bus-cycle]: a bus cannot sit on itself: 'a' on 'c' on 'b' on 'a'\n"
    "    3 |   a: { device: bridge, bus: c }\n"
    "      |   ^\n")

BAD(bus_itself, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  a: { device: bridge, bus: a }\n",
    "bad.yaml:3:3: error[bus-cycle]: a bus cannot sit on itself: 'a' on 'a'\n"
    "    3 |   a: { device: bridge, bus: a }\n"
    "      |   ^\n")

BAD(bad_addr, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  isa: { device: piix3, addr: \"20.0\" }\n"
    "  pm: { device: piix4-pm, irq: none, addr: 3 }\n",
    "bad.yaml:4:31: error[bad-addr]: an address on a pci bus is SLOT.FUNCTION, \"00.0\" to \"1f.7\", not '20.0'\n"
    "    4 |   isa: { device: piix3, addr: \"20.0\" }\n"
    "      |                               ^~~~~~\n"
    "bad.yaml:5:44: error[bad-addr]: an address on a pci bus is SLOT.FUNCTION, \"00.0\" to \"1f.7\", not '3'\n"
    "    5 |   pm: { device: piix4-pm, irq: none, addr: 3 }\n"
    "      |                                            ^\n")

BAD(addr_isa, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259, addr: 1.0 }\n",
    "bad.yaml:3:25: error[bad-addr]: only devices on a pci bus have an `addr:`; 'pic' is none\n"
    "    3 |   pic: { device: i8259, addr: 1.0 }\n"
    "      |                         ^~~~\n")

BAD(plugged_isa, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259, plugged: false }\n"
    "  pci: { device: i440fx, plugged: false }\n",
    "bad.yaml:3:25: error[bad-plugged]: only devices on a pci bus that provide no bus come and go; 'pic' is none\n"
    "    3 |   pic: { device: i8259, plugged: false }\n"
    "      |                         ^~~~~~~\n"
    "bad.yaml:4:26: error[bad-plugged]: only devices on a pci bus that provide no bus come and go; 'pci' is none\n"
    "    4 |   pci: { device: i440fx, plugged: false }\n"
    "      |                          ^~~~~~~\n")

BAD(addr_clash, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440fx }\n"
    "  isa: { device: piix3, bus: pci, addr: \"01.0\" }\n"
    "  br: { device: bridge, bus: pci, addr: \"1.0\" }\n",
    "bad.yaml:5:41: error[addr-clash]: addr 01.0 of 'br' is already held by 'isa' (bad.yaml:4:41)\n"
    "    5 |   br: { device: bridge, bus: pci, addr: \"1.0\" }\n"
    "      |                                         ^~~~~\n")

/* ---- Interrupt lines ---- */

BAD(irq_clash, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: 4 }\n"
    "  com1: { device: ns16550, irq: 4 }\n",
    "bad.yaml:5:33: error[irq-clash]: irq 4 of 'com1' is already held by 'bell' (bad.yaml:4:34); lines free on isa: 3, 5, 6, 7, 9, 10, 11, 12, 14, 15\n"
    "    5 |   com1: { device: ns16550, irq: 4 }\n"
    "      |                                 ^\n")

BAD(irq_clash_default, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell }\n"
    "  com1: { device: ns16550, irq: 5 }\n",
    "bad.yaml:4:19: error[irq-clash]: irq 5 of 'bell', its default, is already held by 'com1' (bad.yaml:5:33); lines free on isa: 3, 4, 6, 7, 9, 10, 11, 12, 14, 15\n"
    "    4 |   bell: { device: doorbell }\n"
    "      |                   ^~~~~~~~\n")

BAD(irq_clash_pin, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: pic.4 }\n"
    "  com1: { device: ns16550, irq: 4 }\n",
    "bad.yaml:5:33: error[irq-clash]: irq 4 of 'com1' is already held by 'bell' (bad.yaml:4:34); lines free on isa: 3, 5, 6, 7, 9, 10, 11, 12, 14, 15\n"
    "    5 |   com1: { device: ns16550, irq: 4 }\n"
    "      |                                 ^\n")

BAD(irq_clash_pins, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  apic: { device: ioapic }\n"
    "  bell: { device: doorbell, irq: apic.1 }\n"
    "  com1: { device: ns16550, irq: apic.1 }\n",
    "bad.yaml:5:33: error[irq-clash]: irq 1 of 'com1' is already held by 'bell' (bad.yaml:4:34); pins free on apic: 0, 2, 3\n"
    "    5 |   com1: { device: ns16550, irq: apic.1 }\n"
    "      |                                 ^~~~~~\n")

BAD(irq_clash_pci_isa, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  pci: { device: i440fx }\n"
    "  pm: { device: piix4-pm, irq: 9 }\n"
    "  bell: { device: doorbell, irq: 9 }\n",
    "bad.yaml:6:34: error[irq-clash]: irq 9 of 'bell' is already held by 'pm' (bad.yaml:5:32); lines free on isa: 3, 4, 5, 6, 7, 10, 11, 12, 14, 15\n"
    "    6 |   bell: { device: doorbell, irq: 9 }\n"
    "      |                                  ^\n")

BAD(irq_range, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: 16 }\n"
    "  com1: { device: ns16550, irq: pic.16 }\n",
    "bad.yaml:4:34: error[out-of-range]: property 'irq' of 'bell' is 0 to 15, a line of 'pic', not 16\n"
    "    4 |   bell: { device: doorbell, irq: 16 }\n"
    "      |                                  ^~\n"
    "bad.yaml:5:33: error[out-of-range]: property 'irq' of 'com1': 'pic' has inputs 0 to 15, not 16\n"
    "    5 |   com1: { device: ns16550, irq: pic.16 }\n"
    "      |                                 ^~~~~~\n")

BAD(irq_text, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: five }\n",
    "bad.yaml:4:34: error[wrong-type]: property 'irq' of 'bell' is an interrupt line: a number, CHIP.PIN or none, not 'five'\n"
    "    4 |   bell: { device: doorbell, irq: five }\n"
    "      |                                  ^~~~\n")

BAD(irq_negative, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: -1 }\n",
    "bad.yaml:4:34: error[wrong-type]: property 'irq' of 'bell' is an interrupt line: a number, CHIP.PIN or none, not '-1'\n"
    "    4 |   bell: { device: doorbell, irq: -1 }\n"
    "      |                                  ^~\n")

BAD(irq_no_chip, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: pci.3 }\n",
    "bad.yaml:4:34: error[no-controller]: there is no interrupt controller 'pci'\n"
    "    4 |   bell: { device: doorbell, irq: pci.3 }\n"
    "      |                                  ^~~~~ did you mean 'pic'?\n")

BAD(irq_wrong_chip, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: none }\n"
    "  com1: { device: ns16550, irq: bell.3 }\n",
    "bad.yaml:5:33: error[no-controller]: 'bell' is no interrupt controller\n"
    "    5 |   com1: { device: ns16550, irq: bell.3 }\n"
    "      |                                 ^~~~~~\n")

BAD(irq_no_lines, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  com1: { device: ns16550, irq: 3 }\n"
    "  bell: { device: doorbell }\n",
    "bad.yaml:3:33: error[no-controller]: property 'irq' of 'com1' means ISA line 3, and no device of this machine has ISA lines; write `none`, or add an interrupt controller\n"
    "    3 |   com1: { device: ns16550, irq: 3 }\n"
    "      |                                 ^\n"
    "bad.yaml:4:19: error[no-controller]: property 'irq' of 'bell' means ISA line 5, and no device of this machine has ISA lines; write `none`, or add an interrupt controller\n"
    "    4 |   bell: { device: doorbell }\n"
    "      |                   ^~~~~~~~\n")

BAD(irq_two_chips, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  pic2: { device: i8259 }\n"
    "  com1: { device: ns16550, irq: 3 }\n",
    "bad.yaml:5:33: error[several-controllers]: property 'irq' of 'com1' must say which controller: more than one has ISA lines; write CHIP.PIN\n"
    "    5 |   com1: { device: ns16550, irq: 3 }\n"
    "      |                                 ^\n")

/* ---- Backends and plugins ---- */

BAD(no_backend, SET(),
    "abbey: 1\n"
    "backends:\n"
    "  tty: { backend: stdio }\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  com1: { device: ns16550, line: tyt }\n",
    "bad.yaml:6:34: error[no-backend]: property 'line' of 'com1' names a backend, and there is none with the id 'tyt'\n"
    "    6 |   com1: { device: ns16550, line: tyt }\n"
    "      |                                  ^~~ did you mean 'tty'?\n")

BAD(wrong_backend, SET(),
    "abbey: 1\n"
    "backends:\n"
    "  hd: { backend: disk }\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  com1: { device: ns16550, line: hd }\n",
    "bad.yaml:6:34: error[wrong-backend]: property 'line' of 'com1' needs a backend of kind 'char'; 'hd' is of kind 'block'\n"
    "    6 |   com1: { device: ns16550, line: hd }\n"
    "      |                                  ^~\n")

BAD(backend_clash, SET(),
    "abbey: 1\n"
    "backends:\n"
    "  tty: { backend: stdio }\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  com1: { device: ns16550, line: tty }\n"
    "  debug: { device: debugcon, line: tty }\n",
    "bad.yaml:7:36: error[backend-clash]: backend 'tty' of 'debug' is already used by 'com1' (bad.yaml:6:34)\n"
    "    7 |   debug: { device: debugcon, line: tty }\n"
    "      |                                    ^~~\n")

BAD(remove_nothing, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  pci: { device: i440fx }\n"
    "  pcii: null\n",
    "bad.yaml:5:3: error[nothing-to-remove]: no base has a device 'pcii' to remove\n"
    "    5 |   pcii: null\n"
    "      |   ^~~~ did you mean 'pci'?\n")

BAD(unknown_host, SET(),
    "abbey: 1\n"
    "host: { backend: linus }\n",
    "bad.yaml:2:18: error[unknown-plugin]: no plugin of kind hostos is named 'linus'\n"
    "    2 | host: { backend: linus }\n"
    "      |                  ^~~~~ did you mean 'linux'?\n"
    "      = looked for plugins in /plugins\n"
    "      = refused: /plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew\n")

BAD(unknown_guest, SET(),
    "abbey: 1\n"
    "guest: { optimize: [linux, amiga] }\n",
    "bad.yaml:2:28: error[unknown-plugin]: no plugin of kind guestopt is named 'amiga'\n"
    "    2 | guest: { optimize: [linux, amiga] }\n"
    "      |                            ^~~~~\n")

BAD(guest_shape, SET(),
    "abbey: 1\n"
    "guest: { optimise: linux }\n",
    "bad.yaml:2:10: error[unknown-key]: 'guest' has no key 'optimise'\n"
    "    2 | guest: { optimise: linux }\n"
    "      |          ^~~~~~~~ did you mean 'optimize'?\n")

BAD(guest_list, SET(),
    "abbey: 1\n"
    "guest: { optimize: linux }\n",
    "bad.yaml:2:20: error[wrong-type]: 'guest.optimize' is a list, not a value\n"
    "    2 | guest: { optimize: linux }\n"
    "      |                    ^~~~~\n")

BAD(firmware_keys, SET(),
    "abbey: 1\n"
    "firmware: { bios: [a], boot: [com1, hd0], menu: maybe, wait: 1 }\n"
    "devices: { com1: { device: ns16550, irq: none } }\n",
    "bad.yaml:2:19: error[wrong-type]: 'firmware.bios' is text, not a list\n"
    "    2 | firmware: { bios: [a], boot: [com1, hd0], menu: maybe, wait: 1 }\n"
    "      |                   ^\n"
    "bad.yaml:2:37: error[no-device]: there is no device 'hd0' to boot from\n"
    "    2 | firmware: { bios: [a], boot: [com1, hd0], menu: maybe, wait: 1 }\n"
    "      |                                     ^~~\n"
    "bad.yaml:2:49: error[wrong-type]: 'firmware.menu' is true or false, not 'maybe'\n"
    "    2 | firmware: { bios: [a], boot: [com1, hd0], menu: maybe, wait: 1 }\n"
    "      |                                                 ^~~~~\n"
    "bad.yaml:2:56: error[unknown-key]: 'firmware' has no key 'wait'\n"
    "    2 | firmware: { bios: [a], boot: [com1, hd0], menu: maybe, wait: 1 }\n"
    "      |                                                        ^~~~\n")

BAD(require_missing, SET(),
    "abbey: 1\n"
    "plugins: { require: { org.example.chip: \">=1\" } }\n",
    "bad.yaml:2:23: error[unknown-plugin]: there is no plugin 'org.example.chip'\n"
    "    2 | plugins: { require: { org.example.chip: \">=1\" } }\n"
    "      |                       ^~~~~~~~~~~~~~~~ did you mean 'org.example.chips'?\n"
    "      = looked for plugins in /plugins\n"
    "      = refused: /plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew\n")

BAD(require_version, SET(),
    "abbey: 1\n"
    "plugins: { require: { org.example.chips: \">=1.3 <2\" } }\n",
    "bad.yaml:2:42: error[plugin-version]: this machine needs plugin 'org.example.chips' >=1.3 <2, and /plugins/chips.so has version 1.2.3\n"
    "    2 | plugins: { require: { org.example.chips: \">=1.3 <2\" } }\n"
    "      |                                          ^~~~~~~~~~\n")

BAD(require_range, SET(),
    "abbey: 1\n"
    "plugins: { require: { org.example.chips: \"1.3\" } }\n",
    "bad.yaml:2:42: error[wrong-type]: the versions of 'org.example.chips' are comparisons such as \">=2.1 <3\", not '1.3'\n"
    "    2 | plugins: { require: { org.example.chips: \"1.3\" } }\n"
    "      |                                          ^~~~~\n")

BAD(plugins_shape, SET(),
    "abbey: 1\n"
    "plugins: { paths: [x], path: { a: b } }\n",
    "bad.yaml:2:12: error[unknown-key]: 'plugins' has no key 'paths'\n"
    "    2 | plugins: { paths: [x], path: { a: b } }\n"
    "      |            ^~~~~ did you mean 'path'?\n"
    "bad.yaml:2:30: error[wrong-type]: 'plugins.path' is a list of directories, not a mapping\n"
    "    2 | plugins: { paths: [x], path: { a: b } }\n"
    "      |                              ^\n")

/* ---- --set ---- */

BAD(set_no_equals, SET("memory"),
    "abbey: 1\n",
    "--set:1:1: error[bad-setting]: a setting is PATH=VALUE, such as memory=1G or devices.com1.irq=3\n"
    "    1 | memory\n"
    "      | ^~~~~~\n")

BAD(set_empty_key, SET("devices..irq=3"),
    "abbey: 1\n",
    "--set:1:9: error[bad-setting]: a key of the path is empty\n"
    "    1 | devices..irq=3\n"
    "      |         ^\n")

BAD(set_base, SET("base=pc"),
    "abbey: 1\n",
    "--set:1:1: error[bad-setting]: `base:` belongs in a machine file; it cannot be set\n"
    "    1 | base=pc\n"
    "      | ^~~~\n")

BAD(set_unknown, SET("memroy=1G"),
    "abbey: 1\n",
    "--set:1:1: error[unknown-key]: a machine file has no key 'memroy'\n"
    "    1 | memroy=1G\n"
    "      | ^~~~~~ did you mean 'memory'?\n")

BAD(set_value, SET("name=x", "devices.com1.irq=77"),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  com1: { device: ns16550 }\n",
    "--set:2:18: error[out-of-range]: property 'irq' of 'com1' is 0 to 15, a line of 'pic', not 77\n"
    "    2 | devices.com1.irq=77\n"
    "      |                  ^~\n")

BAD(set_yaml, SET("devices.x={ device: i8259"),
    "abbey: 1\n",
    "--set:1:11: error[syntax]: did not find expected ',' or '}'\n"
    "    1 | devices.x={ device: i8259\n"
    "      |           ^\n"
    "      = while parsing a flow mapping that began at --set devices.x={ device: i8259\n")

BAD(set_control, SET("name=a\nb"),
    "abbey: 1\n",
    "--set:1:7: error[bad-character]: a setting is UTF-8 text without control characters\n"
    "    1 | name=a?b\n"
    "      |       ^\n")

BAD(set_clash, SET("devices.com1.irq=5"),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  bell: { device: doorbell, irq: 5 }\n"
    "  com1: { device: ns16550, irq: 4 }\n",
    "--set:1:18: error[irq-clash]: irq 5 of 'com1' is already held by 'bell' (bad.yaml:4:34); lines free on isa: 3, 4, 6, 7, 9, 10, 11, 12, 14, 15\n"
    "    1 | devices.com1.irq=5\n"
    "      |                  ^\n")

BAD(set_duplicate, SET("devices.bell={device: doorbell, irq: 5, irq: 6}"),
    "abbey: 1\n"
    "devices:\n"
    "  pic: { device: i8259 }\n",
    "--set:1:41: error[duplicate-key]: key 'irq' is already given at --set devices.bell={device: doorbell, irq: 5, irq: 6}\n"
    "    1 | devices.bell={device: doorbell, irq: 5, irq: 6}\n"
    "      |                                         ^~~\n")

BAD(set_through_value, SET("memory.max=1G"),
    "abbey: 1\n"
    "memory: 64M\n",
    "--set:1:1: error[wrong-type]: 'memory' is a size such as 64K, 16M or 1G, not a mapping\n"
    "    1 | memory.max=1G\n"
    "      | ^~~~~~\n")

/* ---- Bases, and all together ---- */

BAD(base_missing, SET(),
    "abbey: 1\n"
    "base: no-such-machine\n",
    "bad.yaml:2:7: error[no-file]: there is no machine 'no-such-machine'\n"
    "    2 | base: no-such-machine\n"
    "      |       ^~~~~~~~~~~~~~~\n"
    "      = looked for no-such-machine, no-such-machine.yaml, /nowhere/no-such-machine.yaml, " ABBEY_CONFIG_DIR "/no-such-machine.yaml\n")

BAD(base_list, SET(),
    "abbey: 1\n"
    "base: [pc, linux-direct]\n",
    "bad.yaml:2:7: error[wrong-type]: 'base' is text, not a list\n"
    "    2 | base: [pc, linux-direct]\n"
    "      |       ^\n")

BAD(base_path, SET(),
    "abbey: 1\n"
    "base: ./nowhere/pc.yaml\n",
    "bad.yaml:2:7: error[no-file]: cannot read './nowhere/pc.yaml': No such file or directory\n"
    "    2 | base: ./nowhere/pc.yaml\n"
    "      |       ^~~~~~~~~~~~~~~~~\n")

BAD(all_at_once, SET(),
    "abbey: 1\n"
    "memory: 0\n"
    "cpu: { model: 8086 }\n"
    "backends:\n"
    "  tty: { backend: stdio, color: red }\n"
    "devices:\n"
    "  pic: { device: i8259 }\n"
    "  com1: { device: ns16550, irq: 44, fifo: 1 }\n",
    "bad.yaml:2:9: error[out-of-range]: 'memory' is 1M to 60G, not 0\n"
    "    2 | memory: 0\n"
    "      |         ^\n"
    "bad.yaml:3:15: error[not-a-choice]: 'cpu.model' is one of pentium, pentium-mmx, pentium2, pentium3, pentium4, host, not '8086'\n"
    "    3 | cpu: { model: 8086 }\n"
    "      |               ^~~~\n"
    "bad.yaml:5:26: error[unknown-property]: backend 'stdio' has no property 'color'\n"
    "    5 |   tty: { backend: stdio, color: red }\n"
    "      |                          ^~~~~\n"
    "bad.yaml:8:33: error[out-of-range]: property 'irq' of 'com1' is 0 to 15, a line of 'pic', not 44\n"
    "    8 |   com1: { device: ns16550, irq: 44, fifo: 1 }\n"
    "      |                                 ^~\n"
    "bad.yaml:8:43: error[wrong-type]: property 'fifo' of 'com1' is true or false, not '1'\n"
    "    8 |   com1: { device: ns16550, irq: 44, fifo: 1 }\n"
    "      |                                           ^\n")

BAD(no_cascade, SET(),
    "abbey: 1\n"
    "devices:\n"
    "  pci: { device: i440f }\n"
    "  isa: { device: piix3, bus: pci }\n"
    "  pic: { device: i8295 }\n"
    "  com1: { device: ns16550, bus: isa, irq: 4 }\n",
    "bad.yaml:3:18: error[unknown-device]: no plugin has a device 'i440f'\n"
    "    3 |   pci: { device: i440f }\n"
    "      |                  ^~~~~ did you mean 'i440fx'?\n"
    "      = looked for plugins in /plugins\n"
    "      = refused: /plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew\n"
    "bad.yaml:5:18: error[unknown-device]: no plugin has a device 'i8295'\n"
    "    5 |   pic: { device: i8295 }\n"
    "      |                  ^~~~~ did you mean 'i8259'?\n")

static const struct unit_test tests[] = {
    { "a byte that is no UTF-8", bad_utf8 },
    { "a NUL byte in the file", nul_byte },
    { "a control character", control_character },
    { "a NUL byte by escape", nul_escape },
    { "a file in UTF-16", utf16 },
    { "broken YAML", not_yaml },
    { "a tab in the indentation", tab_indent },
    { "an empty file", empty },
    { "two documents", two_documents },
    { "a list instead of a machine", root_list },
    { "an anchor, before it can blow up memory", anchor },
    { "an alias", alias },
    { "a billion laughs", billion_laughs },
    { "a tag", tag },
    { "deep nesting", too_deep },
    { "a mapping as a key", complex_key },
    { "a duplicate key", duplicate_key },
    { "a duplicate key in a flow mapping", duplicate_flow },
    { "errors behind a duplicate key are reported too", duplicate_goes_on },
    { "a missing schema version", no_version },
    { "another schema version", wrong_version },
    { "a list as schema version", version_list },
    { "an unknown key", unknown_top },
    { "an unknown key with nothing near", unknown_top_far },
    { "an unknown key in a section", unknown_in_section },
    { "a list as section", section_list },
    { "a value as section", section_value },
    { "a value that is none of the choices", not_a_choice },
    { "too little memory", memory_small },
    { "too much memory", memory_large },
    { "memory that is not whole megabytes", memory_odd },
    { "memory that is no size", memory_text },
    { "memory that is a mapping", memory_map },
    { "memory with a fraction", memory_fraction },
    { "a number that is octal to some", octal },
    { "a bool that YAML 1.1 would take", reboot_yes },
    { "a name that is a path", name_slash },
    { "an unknown device says where plugins were looked for, once", unknown_device },
    { "an unknown backend", unknown_backend },
    { "an entry without device", device_missing },
    { "a device that is a list", device_list },
    { "devices as a list", devices_list },
    { "a device type that is a mapping", device_type_map },
    { "ids that are none", bad_id },
    { "an unknown property", unknown_property },
    { "an unknown property of a backend", unknown_property_backend },
    { "a required property", missing_property },
    { "a list as property", property_list },
    { "numbers beyond the range of the row", property_range },
    { "numbers beyond the type of the field", property_types },
    { "a negative number", property_negative },
    { "a bus that is not there", unknown_bus },
    { "a bus that nobody provides", unknown_bus_none },
    { "a bus of another kind", wrong_bus },
    { "a bus that is no bus", bus_no_provider },
    { "a bus for what sits on the board", board_bus },
    { "a PCI device in a machine without PCI", no_bus },
    { "a bus that could be one of two", several_buses },
    { "bridges in a circle", bus_cycle },
    { "a bridge on itself", bus_itself },
    { "an address that is none", bad_addr },
    { "an address for an ISA device", addr_isa },
    { "what cannot come and go is not unplugged", plugged_isa },
    { "two at one PCI address", addr_clash },
    { "two on one interrupt line", irq_clash },
    { "a default line that is taken", irq_clash_default },
    { "a pin taken as a line", irq_clash_pin },
    { "two on a pin of a controller without ISA lines", irq_clash_pins },
    { "a PCI and an ISA device on one line", irq_clash_pci_isa },
    { "a line that the controller does not have", irq_range },
    { "an interrupt that is neither line nor pin", irq_text },
    { "a negative line", irq_negative },
    { "a controller that is not there", irq_no_chip },
    { "a controller that is none", irq_wrong_chip },
    { "a line in a machine without interrupt controller", irq_no_lines },
    { "a line that could be one of two controllers'", irq_two_chips },
    { "a backend that is not there", no_backend },
    { "a backend of another kind", wrong_backend },
    { "a backend with two users", backend_clash },
    { "removing what is not there", remove_nothing },
    { "a host that is not there", unknown_host },
    { "an optimization that is not there", unknown_guest },
    { "guest in the wrong shape", guest_shape },
    { "optimize that is no list", guest_list },
    { "keys of the firmware", firmware_keys },
    { "a plugin that is not there", require_missing },
    { "a plugin that is too old", require_version },
    { "a version range that is none", require_range },
    { "plugins in the wrong shape", plugins_shape },
    { "a setting without value", set_no_equals },
    { "a setting with an empty key", set_empty_key },
    { "a base by setting", set_base },
    { "an unknown key by setting", set_unknown },
    { "a bad value by setting", set_value },
    { "broken YAML in a setting", set_yaml },
    { "a control character in a setting", set_control },
    { "a clash between a file and a setting", set_clash },
    { "a duplicate key in a setting", set_duplicate },
    { "a setting below a value", set_through_value },
    { "a base that is not there", base_missing },
    { "two bases", base_list },
    { "a base by a path that is not there", base_path },
    { "all errors at once, in the order of the file", all_at_once },
    { "what follows from an error is not reported", no_cascade },
};
// clang-format on

UNIT_MAIN("config errors", tests)
