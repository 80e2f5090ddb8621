/* An ISA card that gives the firmware a file, for the test of the chip that shows it. */
#include <abbey/plugin.h>

struct rom_card {
    const char *name;
    uint32_t length;
};
#define ABBEY_SELF struct rom_card

static int32_t create(abbey_dev *dev, void *self)
{
    struct rom_card *card = self;
    uint8_t *bytes = abbey_alloc(dev, card->length);
    if (!bytes)
        return abbey_fail(dev, "no memory");
    for (uint32_t i = 0; i < card->length; i++)
        bytes[i] = (uint8_t)(i + 1);
    return abbey_firmware_add(dev, card->name, bytes, card->length);
}

static const abbey_prop props[] = {
    ABBEY_PROP_TEXT(name, "genroms/card.bin", "name of the file"),
    ABBEY_PROP(length, 100, "its bytes, 1, 2, 3...", .min = 1, .max = 1000),
};
static const abbey_device device = { .name = "rom-card",
    .summary = "gives the firmware a file",
    .bus = "isa",
    .self_size = sizeof(struct rom_card),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .create = create };
ABBEY_PLUGIN(.id = "org.abbey.test.rom-card", .version = "1.0.0", .license = "MIT", .requires = "abbey.firmware/1",
    .device = &device);
