/* config_errors_text.c - bad machine files: bytes that are no text, and YAML that is none of ours. */
#include "tests/unit/config_errors.h"

// clang-format off

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
};
// clang-format on

const struct config_errors config_errors_text = { tests, sizeof tests / sizeof tests[0] };
