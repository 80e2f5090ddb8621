/* config_errors_irqs.c - bad machine files: interrupt lines. */
#include "tests/unit/config_errors.h"

// clang-format off

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

static const struct unit_test tests[] = {
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
};
// clang-format on

const struct config_errors config_errors_irqs = { tests, sizeof tests / sizeof tests[0] };
