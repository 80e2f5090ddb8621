#include "tests/unit/config_fixture.h"

/* Fields for all the properties below; nothing is ever created. */
struct anything {
    uint16_t base, port;
    uint32_t delay, vram;
    int32_t offset;
    uint64_t big;
    uint8_t small;
    bool fifo, append;
    const char *mode, *path, *title;
    abbey_irq *irq, *mouse_irq;
    abbey_char *line;
};
#define ABBEY_SELF struct anything

// clang-format off
static const abbey_prop one_irq_0[] = { ABBEY_PROP(irq, 0, "interrupt line") };
static const abbey_prop one_irq_8[] = { ABBEY_PROP(irq, 8, "interrupt line") };
static const abbey_prop pm_props[] = { ABBEY_PROP(irq, 9, "SCI") };
static const abbey_prop kbd_props[] = { ABBEY_PROP(irq, 1, "keyboard"), ABBEY_PROP(mouse_irq, 12, "mouse") };
static const abbey_prop uart_props[] = {
    ABBEY_PROP(base, 0x3f8, "first of 8 I/O ports", .min = 0x100, .max = 0xfff8),
    ABBEY_PROP(irq, 4, "ISA interrupt line"),
    ABBEY_PROP_TEXT(line, NULL, "what the serial line is connected to"),
    ABBEY_PROP(fifo, 1, "16550A with FIFO"),
};
static const abbey_prop debug_props[] = {
    ABBEY_PROP(port, 0xe9, "I/O port"),
    ABBEY_PROP_TEXT(line, NULL, "where the text goes"),
};
static const abbey_prop doorbell_props[] = {
    ABBEY_PROP(base, 0x310, "I/O port", .min = 0x100, .max = 0x3ff),
    ABBEY_PROP(delay, 50, "microseconds from OUT to interrupt", .max = 1000000),
    ABBEY_PROP(irq, 5, "ISA interrupt line"),
};
static const abbey_prop card_props[] = {
    ABBEY_PROP(vram, 16 << 20, "bytes of video memory", .flags = ABBEY_PROP_BYTES, .min = 1 << 20, .max = 256 << 20),
    ABBEY_PROP(offset, -5, "degrees", .min = -40, .max = 85),
    ABBEY_PROP(big, 0, "serial number"),
    ABBEY_PROP(small, 3, "queues"),
    ABBEY_PROP_TEXT(mode, "fast", "speed", .choices = "fast,slow,strange"),
    ABBEY_PROP_TEXT(path, NULL, "image", .flags = ABBEY_PROP_PATH | ABBEY_PROP_REQUIRED),
    ABBEY_PROP_TEXT(title, NULL, "what is written on it"),
};
static const abbey_prop file_props[] = {
    ABBEY_PROP_TEXT(path, NULL, "the file", .flags = ABBEY_PROP_PATH | ABBEY_PROP_REQUIRED),
    ABBEY_PROP(append, 0, "keep what is there"),
    ABBEY_PROP_TEXT(title, NULL, "lines", .flags = ABBEY_PROP_LIST),
};

#define NAMED(n, what, on, ...) { .device = { .name = (n), .summary = (what), .bus = (on), __VA_ARGS__ } }
static struct plugin_device devices[] = {
    NAMED("i8259",    "interrupt controllers", "isa", .irq_inputs = 16, .isa_lines = 1),
    NAMED("ioapic",   "a controller of its own", NULL, .irq_inputs = 4),
    NAMED("i8254",    "timer", "isa", .props = ABBEY_TABLE(one_irq_0)),
    NAMED("mc146818", "clock", "isa", .props = ABBEY_TABLE(one_irq_8)),
    NAMED("i440fx",   "host bridge", NULL, .provides = "pci"),
    NAMED("piix3",    "ISA bridge", "pci", .provides = "isa"),
    NAMED("bridge",   "PCI to PCI bridge", "pci", .provides = "pci"),
    NAMED("piix4-pm", "power management", "pci", .props = ABBEY_TABLE(pm_props)),
    NAMED("i8042",    "keyboard controller", "isa", .props = ABBEY_TABLE(kbd_props)),
    NAMED("ns16550",  "serial port", "isa", .props = ABBEY_TABLE(uart_props)),
    NAMED("debugcon", "debug console", "isa", .props = ABBEY_TABLE(debug_props)),
    NAMED("fw-cfg",   "firmware configuration", "isa"),
    NAMED("doorbell", "delayed interrupt on a port write", "isa", .props = ABBEY_TABLE(doorbell_props)),
    NAMED("card",     "one property of each type", "pci", .props = ABBEY_TABLE(card_props)),
};
static struct plugin_backend backends[] = {
    { .backend = { .name = "stdio", .summary = "the terminal", .kind = "char" } },
    { .backend = { .name = "null", .summary = "nothing", .kind = "char" } },
    { .backend = { .name = "file", .summary = "a file", .kind = "char", .props = ABBEY_TABLE(file_props) } },
    { .backend = { .name = "disk", .summary = "an image", .kind = "block" } },
};
#define HOSTOS { .size = sizeof(abbey_hostos), .name = "linux", .summary = "Linux" }
#define GUESTOPT { .size = sizeof(abbey_guestopt), .name = "linux", .summary = "Linux" }
static const abbey_hostos hostos = HOSTOS;
static const abbey_guestopt guestopt = GUESTOPT;
// clang-format on

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
static struct plugin plugins[] = {
    { .path = (char *)"/plugins/chips.so",
        .entry = { .id = "org.example.chips", .version = "1.2.3" },
        .kind = "device",
        .devices = devices,
        .device_count = COUNT(devices) },
    { .path = (char *)"/plugins/linux.so",
        .entry = { .id = "org.example.linux", .version = "2.0.0", .hostos = &hostos, .guestopt = &guestopt },
        .hostos = HOSTOS,
        .guestopt = GUESTOPT,
        .kind = "hostos",
        .backends = backends,
        .backend_count = COUNT(backends) },
    { .path = (char *)"/plugins/old.so",
        .kind = "device",
        .refusal = (char *)"/plugins/old.so: made for interface 0.1, this Abbey has 1.0; build it anew" },
};
static char *paths[] = { (char *)"/plugins" };
static struct plugin_set set = { .plugins = plugins, .count = COUNT(plugins), .paths = paths, .path_count = 1 };

struct plugin_set *fixture_plugins(void)
{
    return &set;
}
