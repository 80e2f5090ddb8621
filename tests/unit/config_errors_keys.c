/* config_errors_keys.c - bad machine files: keys and sections. */
#include "tests/unit/config_errors.h"

// clang-format off

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

static const struct unit_test tests[] = {
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
};
// clang-format on

const struct config_errors config_errors_keys = { tests, sizeof tests / sizeof tests[0] };
