/* config_errors_merge.c - bad machine files: what is merged, which is settings and bases; and all errors of one file
 * together. */
#include "tests/unit/config_errors.h"

// clang-format off

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

const struct config_errors config_errors_merge = { tests, sizeof tests / sizeof tests[0] };
