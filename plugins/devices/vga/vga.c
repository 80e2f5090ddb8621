/* vga.c - the instance of a VGA with the Bochs VBE extensions, on PCI (1234:1111, as the standard adapter of other
 * emulators, so that stock drivers and the VGA BIOS of the distribution know it) or on ISA.
 *
 * PCI: BAR 0 is the display memory from its start, BAR 2 the registers of ports.c and dispi.c for drivers that use no
 * ports, the expansion ROM a VGA BIOS. The VGA of an ISA machine has its ports and its window alone. */
#include "vga.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ABBEY_SELF struct vga

#define ROM_NAME "vgabios-stdvga.bin"
#define ROM_MAX (256u << 10)

/* ---- the VGA BIOS ---- */

/* Where distributions put it. */
static const char *const rom_folders[] = { "/usr/share/seabios/", "/usr/share/qemu/", "/usr/share/vgabios/",
    "/usr/local/share/qemu/" };

static FILE *rom_open(const char *name)
{
    char path[4200];
    if (strchr(name, '/'))
        return fopen(name, "rb");
    for (size_t i = 0; i < sizeof rom_folders / sizeof rom_folders[0]; i++) {
        snprintf(path, sizeof path, "%s%s", rom_folders[i], name);
        FILE *file = fopen(path, "rb");
        if (file)
            return file;
    }
    return NULL;
}

/* The ROM that the property names; without one that of the distribution, if it is there. 0, or -1 after a failure. */
static int32_t rom_read(struct vga *v, abbey_pci_desc *desc)
{
    if (v->rom && strcmp(v->rom, "none") == 0)
        return 0;
    FILE *file = rom_open(v->rom ? v->rom : ROM_NAME);
    if (!file && !v->rom) {
        abbey_log(v->dev, ABBEY_LOG_INFO,
            "no VGA BIOS: there is no %s in /usr/share/seabios or /usr/share/qemu (Debian: package seabios)", ROM_NAME);
        return 0;
    }
    if (!file)
        return abbey_fail(v->dev, "rom: cannot open '%s'%s", v->rom,
            strchr(v->rom, '/') ? "" : " in /usr/share/seabios or /usr/share/qemu (Debian: package seabios)");
    uint8_t *bytes = abbey_alloc(v->dev, ROM_MAX);
    size_t count = bytes ? fread(bytes, 1, ROM_MAX, file) : 0;
    int whole = bytes && feof(file);
    fclose(file);
    if (count < 512 || !whole || bytes[0] != 0x55 || bytes[1] != 0xaa)
        return abbey_fail(
            v->dev, "rom: '%s' is no option ROM (55h AAh, 512 bytes to 256 KB)", v->rom ? v->rom : ROM_NAME);
    desc->rom = bytes;
    desc->rom_bytes = count;
    return 0;
}

/* ---- instance ---- */

static void reset(void *self)
{
    struct vga *v = self;
    v->dispi[DISPI_ID] = 0xb0c5;
    v->dispi[DISPI_BPP] = 8;
    v->stale = 1;
    vga_window_update(v);
}

static int32_t loaded(void *self)
{
    struct vga *v = self;
    if (v->dac_part > 2 || v->attr_data > 1 || v->attr_index > 0x3f || v->dispi[DISPI_WIDTH] > VGA_WIDTH_MAX ||
        v->dispi[DISPI_HEIGHT] > VGA_HEIGHT_MAX || !vga_dispi_good(v))
        return -1;
    for (uint32_t i = 0; i < 16; i++)
        if (v->attr[i] > 0x3f)
            return -1;
    v->stale = 1;
    vga_window_update(v);
    return 0;
}

static int32_t create_common(abbey_dev *dev, struct vga *v)
{
    v->dev = dev;
    if (v->vram_bytes & (v->vram_bytes - 1))
        return abbey_fail(dev, "vram: %llu bytes are no power of two", (unsigned long long)v->vram_bytes);
    v->vram = abbey_vram_new(dev, "vram", v->vram_bytes);
    v->cells = abbey_alloc(dev, VGA_CELLS_MAX * sizeof *v->cells);
    if (!v->vram || !v->cells)
        return v->vram ? abbey_fail(dev, "no memory for the text screen") : -1;
    v->screen = abbey_screen_new(dev, v->display, &vga_screen_client, v);
    if (!v->screen || vga_ports_map(v) != 0 || vga_dispi_map(v) != 0)
        return -1;
    return vga_memory_map(v);
}

static int32_t create_pci(abbey_dev *dev, void *self)
{
    struct vga *v = self;
    v->dev = dev;
    abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x1234,
        .device = 0x1111,
        .subsystem_vendor = 0x1af4,
        .subsystem = 0x1100,
        .class_code = 0x030000,
        .revision = 2,
        .bars = { { ABBEY_PCI_BAR_MEM32 | ABBEY_PCI_BAR_PREFETCH | ABBEY_PCI_BAR_VRAM, 0, v->vram_bytes, NULL }, { 0 },
            { ABBEY_PCI_BAR_MEM32, 4, 4096, vga_dispi_mmio } } };
    if (create_common(dev, v) != 0 || rom_read(v, &desc) != 0)
        return -1;
    v->pci = abbey_pci_add(dev, &desc, v);
    return v->pci ? abbey_vram_bar(v->vram, v->pci, 0) : -1;
}

static int32_t create_isa(abbey_dev *dev, void *self)
{
    return create_common(dev, self);
}

static void destroy(void *self)
{
    struct vga *v = self;
    free(v->pixels);
}

#define PROP_VRAM(bytes)                                                                                          \
    {                                                                                                             \
        .name = "vram", .type = ABBEY_TYPE_U64, .offset = (uint32_t)offsetof(struct vga, vram_bytes),             \
        .flags = ABBEY_PROP_BYTES, .value = (bytes), .meaning = "display memory, a power of two", .min = 1 << 20, \
        .max = 64 << 20                                                                                           \
    }
#define PROP_DISPLAY ABBEY_PROP_TEXT(display, NULL, "the display that shows it")

static const abbey_prop pci_props[] = {
    PROP_VRAM(16 << 20),
    PROP_DISPLAY,
    ABBEY_PROP_TEXT(rom, NULL,
        "file of the VGA BIOS, or its name in /usr/share/seabios; none; by default that of the distribution"),
};
static const abbey_prop isa_props[] = { PROP_VRAM(1 << 20), PROP_DISPLAY };

/* As an adapter comes up: nothing on the screen. A VGA BIOS, or a direct boot, sets the rest. */
static const abbey_reg regs[] = {
    ABBEY_REG(misc, 0),
    ABBEY_REG(feature, 0),
    ABBEY_REG(seq_index, 0),
    ABBEY_REG(gc_index, 0),
    ABBEY_REG(cr_index, 0),
    ABBEY_REG(attr_index, 0),
    ABBEY_REG(attr_data, 0),
    ABBEY_REG(seq, 0),
    ABBEY_REG(gc, 0),
    ABBEY_REG(cr, 0),
    ABBEY_REG(attr, 0),
    ABBEY_REG(dac, 0),
    ABBEY_REG(dac_mask, 0xff),
    ABBEY_REG(dac_read, 0),
    ABBEY_REG(dac_write, 0),
    ABBEY_REG(dac_part, 0),
    ABBEY_REG(dac_reading, 0),
    ABBEY_REG(dac_latch, 0),
    ABBEY_REG(latch, 0),
    ABBEY_REG(dispi, 0),
    ABBEY_REG(dispi_index, 0),
    ABBEY_REG(dispi_low, 0),
};

static const abbey_device devices[] = {
    { .name = "vga",
        .summary = "VGA with Bochs VBE extensions, on PCI",
        .bus = "pci",
        .self_size = sizeof(struct vga),
        .state_version = 1,
        .props = ABBEY_TABLE(pci_props),
        .regs = ABBEY_TABLE(regs),
        .create = create_pci,
        .destroy = destroy,
        .reset = reset,
        .loaded = loaded },
    { .name = "vga-isa",
        .summary = "VGA with Bochs VBE extensions, on ISA",
        .bus = "isa",
        .self_size = sizeof(struct vga),
        .state_version = 1,
        .props = ABBEY_TABLE(isa_props),
        .regs = ABBEY_TABLE(regs),
        .create = create_isa,
        .destroy = destroy,
        .reset = reset,
        .loaded = loaded },
};
ABBEY_PLUGIN(.id = "org.abbey.vga", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.mmio/1 abbey.vram/1 abbey.screen/1", .optional = "abbey.pci/1",
    .devices = ABBEY_TABLE(devices));
