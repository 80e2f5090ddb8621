/* config_errors_backends.c - bad machine files: backends, the host and plugins. */
#include "tests/unit/config_errors.h"

// clang-format off

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

static const struct unit_test tests[] = {
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
};
// clang-format on

const struct config_errors config_errors_backends = { tests, sizeof tests / sizeof tests[0] };
