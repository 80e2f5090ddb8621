/* config_errors_devices.c - bad machine files: devices and their properties. */
#include "tests/unit/config_errors.h"

// clang-format off

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

static const struct unit_test tests[] = {
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
};
// clang-format on

const struct config_errors config_errors_devices = { tests, sizeof tests / sizeof tests[0] };
