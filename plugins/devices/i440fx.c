/* i440fx.c - PCI host bridge: configuration mechanism #1, and the registers that steer C0000h-FFFFFh.
 *
 * Intel 82441FX PCI and Memory Controller (PMC), order number 290549 ("DS"; registers are cited by name); PCI Local Bus
 * Specification 2.1, section 3.7.4.1 for CONFIG_ADDRESS and CONFIG_DATA.
 *
 * The subsystem identification is that of virtual boards, 1AF4h:1100h, by which SeaBIOS decides that its files come
 * from the board (plugins/devices/fw-cfg.c); without it, it would guess the board's parts. No driver of an operating
 * system looks at it, and the real chip, which is older than PCI 2.2, has zeros there: `subsystem: 0`.
 *
 * What stock drivers do with it. SeaBIOS: opens PAM for writing, copies itself, closes it; sets SMRAM. Linux: checks
 * mechanism #1 by writing 80000000h to CF8h, reading it back and finding a host bridge; reads nothing else. Windows
 * 9x/NT and DOS: configuration cycles; Windows 98 looks the chip up by its identification and leaves PAM alone.
 *
 * Only a 32-bit access reaches CONFIG_ADDRESS: narrower ones to the same ports are ordinary I/O (PCI 3.7.4.1), and CF9h
 * among them is the reset register of the south bridge.
 *
 * Example: OUT CF8h, 80000858h; IN AL, CFDh reads register 59h of bus 0, device 1, function 0. */
#include <abbey/plugin.h>

struct i440fx {
    uint32_t address; /* CONFIG_ADDRESS */
    uint8_t smram;    /* SMRAM as it stands */
    uint32_t subsystem;
    abbey_pci *pci;
    const abbey_pci_1 *bus;
    const abbey_system_1 *system;
    abbey_dev *dev;
};
#define ABBEY_SELF struct i440fx

#define CONFIG_ENABLE 0x80000000u
#define CONFIG_WRITABLE 0x80fffffcu
#define PAM0 0x59
#define SMRAM 0x72
#define SMRAM_D_OPEN 0x40
#define SMRAM_D_LCK 0x10
#define SMRAM_WRITABLE 0x78 /* C_BASE_SEG is fixed at 010 */
#define SMRAM_RESET 0x02

/* DS, "PAM[6:0] - Programmable Attribute Map Registers": half a byte each, bit 0 RE, bit 1 WE. */
static const struct segment {
    uint32_t start, length;
    uint8_t reg, shift;
} segments[] = {
    { 0xf0000, 0x10000, 0x59, 4 },
    { 0xc0000, 0x4000, 0x5a, 0 },
    { 0xc4000, 0x4000, 0x5a, 4 },
    { 0xc8000, 0x4000, 0x5b, 0 },
    { 0xcc000, 0x4000, 0x5b, 4 },
    { 0xd0000, 0x4000, 0x5c, 0 },
    { 0xd4000, 0x4000, 0x5c, 4 },
    { 0xd8000, 0x4000, 0x5d, 0 },
    { 0xdc000, 0x4000, 0x5d, 4 },
    { 0xe0000, 0x4000, 0x5e, 0 },
    { 0xe4000, 0x4000, 0x5e, 4 },
    { 0xe8000, 0x4000, 0x5f, 0 },
    { 0xec000, 0x4000, 0x5f, 4 },
};

static void pam_apply(const struct i440fx *b)
{
    for (unsigned i = 0; i < sizeof segments / sizeof segments[0]; i++) {
        const struct segment *s = &segments[i];
        uint32_t attribute = abbey_pci_config_get(b->pci, s->reg, 1) >> s->shift;
        uint32_t mode = (attribute & 1 ? ABBEY_SHADOW_READ_RAM : 0) | (attribute & 2 ? ABBEY_SHADOW_WRITE_RAM : 0);
        b->system->shadow(b->dev, s->start, s->length, mode);
    }
}

static void config_address(void *self, abbey_io *io)
{
    struct i440fx *b = self;
    if (io->size != 4)
        io->value = UINT32_MAX; /* another device's I/O; nobody has answered */
    else if (io->write)
        b->address = (uint32_t)io->value & CONFIG_WRITABLE;
    else
        io->value = b->address;
}

static void config_data(void *self, abbey_io *io)
{
    struct i440fx *b = self;
    if (!io->write)
        io->value = UINT32_MAX;
    if (!(b->address & CONFIG_ENABLE))
        return;
    abbey_pci_cycle cycle = { .address = (b->address & 0xfffffcu) | (uint32_t)io->offset,
        .value = (uint32_t)io->value,
        .size = io->size,
        .write = io->write };
    b->bus->cycle(b->dev, &cycle);
    if (!io->write)
        io->value = cycle.value;
}

static int covers(uint32_t offset, uint32_t count, uint32_t first, uint32_t last)
{
    return offset <= last && offset + count > first;
}

/* DS, "SMRAM - System Management RAM Control Register": D_LCK, once set, holds itself and makes D_OPEN read-only.
 * XXX: the bits are kept, but A0000h-BFFFFh never becomes SMM memory: no processor of ours has SMM yet. */
static void smram_written(struct i440fx *b)
{
    uint32_t value = abbey_pci_config_get(b->pci, SMRAM, 1) | (b->smram & SMRAM_D_LCK);
    if (value & SMRAM_D_LCK)
        value &= ~(uint32_t)SMRAM_D_OPEN;
    b->smram = (uint8_t)value;
    abbey_pci_config_set(b->pci, SMRAM, 1, value);
}

static void config_written(void *self, uint32_t offset, uint32_t count)
{
    struct i440fx *b = self;
    if (covers(offset, count, PAM0, PAM0 + 6))
        pam_apply(b);
    if (covers(offset, count, SMRAM, SMRAM))
        smram_written(b);
}

static int32_t loaded(void *self)
{
    struct i440fx *b = self;
    b->address &= CONFIG_WRITABLE; /* the host has restored configuration space and shadow RAM */
    return 0;
}

// clang-format off
/* A register of the chip's own: `reset` value and which bits software may write. */
static const struct config_register {
    uint8_t offset, bytes;
    uint16_t reset, writable;
} registers[] = {
    { 0x0d, 1, 0x00, 0xf8 },     /* MLT */
    { 0x50, 2, 0x0000, 0xffd3 }, /* PMCCFG */
    { 0x52, 1, 0x00, 0xff },     /* DETURBO */
    { 0x53, 1, 0x80, 0xff },     /* DBC */
    { 0x54, 1, 0x00, 0xff },     /* AXC */
    { 0x55, 2, 0x0000, 0xffff }, /* DRT */
    { 0x57, 1, 0x01, 0xff },     /* DRAMC */
    { 0x58, 1, 0x10, 0xff },     /* DRAMT */
    { 0x59, 1, 0x00, 0x30 },     /* PAM0: the low half is reserved */
    { 0x5a, 1, 0x00, 0x33 },     /* PAM1-6; cache enables and reserved bits read as zero */
    { 0x5b, 1, 0x00, 0x33 },
    { 0x5c, 1, 0x00, 0x33 },
    { 0x5d, 1, 0x00, 0x33 },
    { 0x5e, 1, 0x00, 0x33 },
    { 0x5f, 1, 0x00, 0x33 },
    { 0x60, 2, 0x0101, 0xffff }, /* DRB0-7 */
    { 0x62, 2, 0x0101, 0xffff },
    { 0x64, 2, 0x0101, 0xffff },
    { 0x66, 2, 0x0101, 0xffff },
    { 0x68, 1, 0x00, 0xff }, /* FDHC */
    { 0x70, 1, 0x00, 0xff }, /* MTT */
    { SMRAM, 1, SMRAM_RESET, SMRAM_WRITABLE },
    { 0x90, 1, 0x00, 0xff },     /* ERRCMD */
};
// clang-format on

static int32_t create(abbey_dev *dev, void *self)
{
    struct i440fx *b = self;
    b->dev = dev;
    b->system = abbey_system(dev);
    b->bus = (const abbey_pci_1 *)abbey_query(dev, ABBEY_PCI_1);
    const abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x8086,
        .device = 0x1237,
        .subsystem_vendor = (uint16_t)(b->subsystem & 0xffff),
        .subsystem = (uint16_t)(b->subsystem >> 16),
        .class_code = 0x060000,
        .revision = 0x02,
        .config_written = config_written };
    b->pci = abbey_pci_add(dev, &desc, b);
    if (!b->pci)
        return -1;
    for (unsigned i = 0; i < sizeof registers / sizeof registers[0]; i++) {
        const struct config_register *r = &registers[i];
        abbey_pci_config_set(b->pci, r->offset, r->bytes, r->reset);
        abbey_pci_config_mask(b->pci, r->offset, r->bytes, r->writable, 0);
    }
    abbey_region_desc address = {
        .size = sizeof address, .max_width = 4, .start = 0xcf8, .length = 4, .fn = config_address
    };
    abbey_region_desc data = { .size = sizeof data, .max_width = 4, .start = 0xcfc, .length = 4, .fn = config_data };
    return abbey_pio_region(dev, &address, b) && abbey_pio_region(dev, &data, b) ? 0 : -1;
}

static const abbey_prop props[] = {
    ABBEY_PROP(subsystem, 0x11001af4, "subsystem identification, configuration space 2Ch as a dword"),
};
static const abbey_reg regs[] = {
    ABBEY_REG(address, 0),
    ABBEY_REG(smram, SMRAM_RESET),
};

static const abbey_device device = { .name = "i440fx",
    .summary = "440FX host bridge with the PCI bus",
    .self_size = sizeof(struct i440fx),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .loaded = loaded,
    .provides = "pci" };
ABBEY_PLUGIN(.id = "org.abbey.i440fx", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.pci/1 abbey.system/1", .device = &device);
