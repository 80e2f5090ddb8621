/* config_errors_buses.c - bad machine files: buses and addresses. */
#include "tests/unit/config_errors.h"

// clang-format off

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

static const struct unit_test tests[] = {
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
};
// clang-format on

const struct config_errors config_errors_buses = { tests, sizeof tests / sizeof tests[0] };
