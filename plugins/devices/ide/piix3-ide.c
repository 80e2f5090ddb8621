/* piix3-ide.c - the IDE controller of the PIIX3: two channels at the legacy ports, bus-master DMA.
 *
 * Intel 82371FB (PIIX) and 82371SB (PIIX3) PCI ISA IDE Xcelerator, order number 290550 ("DS"), section "PCI IDE
 * Register Set"; Programming Interface for Bus Master IDE Controller, revision 1.0 ("BM"). The drives are devices of
 * their own.
 *
 * A bus-master transfer: the driver writes a table of physical regions and its address, gives the drive a DMA command
 * and starts the channel, in any order of the last two. Data move when both are ready:
 *
 *     table at 1000h: { 00020000h, 0800h } { 00031000h, 8000h 0800h }     two regions of 2 KB, the second the last
 *     BMIDTP = 1000h, BMICX = 09h (to memory, start)  ->  BMISX = 01h active
 *     the drive delivers 4 KB, raises INTRQ           ->  BMISX = 04h interrupt, the table at its end: not active
 *
 * What stock drivers do. SeaBIOS: enables decoding by IDETIM = 8000h, PIO and DMA through BAR 4. Linux ata_piix: looks
 * at the enable bits of IDETIM, sets timings, stops the channel before it reads the status. Without firmware nobody
 * would enable decoding, so both channels are enabled at reset here. Timings have no effect. */
#include <stdbool.h>

#include "ide-bus.h"

#define IDETIM 0x40u
#define IDETIM_DECODE 0x8000u
#define COMMAND_IO 1u

#define BM_START 0x01u
#define BM_TO_MEMORY 0x08u
#define BM_ACTIVE 0x01u
#define BM_ERROR 0x02u
#define BM_INTERRUPT 0x04u
#define BM_CAPABLE 0x60u /* drives 0 and 1 can do DMA: for software to note */

#define DEVICE_1 0x10u
#define EXECUTE_DIAGNOSTIC 0x90u

/* How far the bus master has come in its table. */
struct position {
    uint32_t next; /* address of the next entry */
    uint32_t addr; /* of the bytes of the present one */
    uint32_t left;
    uint8_t last; /* the present entry was the last */
};

struct channel {
    struct piix3_ide *ide;
    const struct ide_drive_ops *ops[2];
    void *drive[2];
    const char *id[2];
    abbey_irq *irq;
    abbey_region *command_block, *control_block;
    uint8_t selected; /* the drive that answers */
    uint8_t intrq[2];
    uint8_t bm_command, bm_status;
    uint32_t bm_table;
    struct position at;
};

struct piix3_ide {
    struct channel channel[2];
    abbey_irq *irq_primary, *irq_secondary;
    abbey_pci *pci;
    abbey_dma *dma;
};
#define ABBEY_SELF struct piix3_ide

/* ---- the interrupt ---- */

static void intrq_update(struct channel *c)
{
    abbey_irq_set(c->irq, c->intrq[c->selected]);
}

static void bus_intrq(void *bus, uint32_t unit, uint32_t level)
{
    struct channel *c = &((struct piix3_ide *)bus)->channel[unit >> 1];
    bool was = c->intrq[c->selected];
    c->intrq[unit & 1] = level != 0;
    if (!was && c->intrq[c->selected])
        c->bm_status |= BM_INTERRUPT; /* BM section 2.3: whenever the line rises */
    intrq_update(c);
}

/* ---- the bus master ---- */

/* Takes the next entry of the table: 0, or -1 when it cannot be read. */
static int32_t entry_fetch(struct channel *c, struct position *at)
{
    uint32_t entry[2];
    if (abbey_dma_read(c->ide->dma, at->next, entry, sizeof entry))
        return -1;
    at->next += (uint32_t)sizeof entry;
    at->addr = entry[0] & ~1u;
    at->left = entry[1] & 0xfffeu;
    at->left = at->left ? at->left : 0x10000;
    at->last = (uint8_t)(entry[1] >> 31);
    return 0;
}

/* Walks `count` bytes on; `bytes` NULL moves nothing. Each entry has two bytes at least, so the walk ends. */
static uint32_t walk(struct channel *c, struct position *at, uint8_t *bytes, uint32_t count, uint32_t to_memory)
{
    uint32_t done = 0;
    while (done < count) {
        if (!at->left && (at->last || entry_fetch(c, at)))
            break;
        uint32_t part = at->left < count - done ? at->left : count - done;
        if (bytes && (to_memory ? abbey_dma_write(c->ide->dma, at->addr, bytes + done, part)
                                : abbey_dma_read(c->ide->dma, at->addr, bytes + done, part)))
            break;
        at->addr += part;
        at->left -= part;
        done += part;
    }
    return done;
}

/* After a walk that came to `at`: the table is at its end, or something in it was wrong. */
static void bm_ended(struct channel *c, const struct position *at, bool wrong)
{
    if (wrong)
        c->bm_status = (uint8_t)((c->bm_status | BM_ERROR) & ~BM_ACTIVE);
    else if (!at->left && at->last)
        c->bm_status &= (uint8_t)~BM_ACTIVE;
}

static bool bm_runs(const struct channel *c, uint32_t to_memory)
{
    return (c->bm_command & BM_START) && (c->bm_status & BM_ACTIVE) && !(c->bm_command & BM_TO_MEMORY) == !to_memory;
}

static uint32_t bus_dma(void *bus, uint32_t unit, uint8_t *bytes, uint32_t count, uint32_t to_memory)
{
    struct channel *c = &((struct piix3_ide *)bus)->channel[unit >> 1];
    if (!bm_runs(c, to_memory))
        return 0;
    struct position at = c->at;
    uint32_t done = walk(c, &at, bytes, count, to_memory);
    bool at_end = !at.left && at.last;
    if (to_memory)
        c->at = at;
    if (to_memory || done < count)
        bm_ended(c, &at, done < count && !at_end);
    return done;
}

static void bus_dma_advance(void *bus, uint32_t unit, uint32_t count)
{
    struct channel *c = &((struct piix3_ide *)bus)->channel[unit >> 1];
    if (!bm_runs(c, 0))
        return;
    walk(c, &c->at, NULL, count, 0);
    bm_ended(c, &c->at, false);
}

static void bm_command_write(struct channel *c, uint8_t value)
{
    bool starts = !(c->bm_command & BM_START) && (value & BM_START);
    c->bm_command = value & (BM_START | BM_TO_MEMORY);
    if (!(value & BM_START))
        c->bm_status &= (uint8_t)~BM_ACTIVE;
    if (!starts)
        return;
    c->bm_status |= BM_ACTIVE;
    c->at = (struct position){ .next = c->bm_table };
    if (c->ops[c->selected])
        c->ops[c->selected]->dma_ready(c->drive[c->selected]);
}

/* BM section 2: command, status, pointer to the table, of each channel. */
static uint8_t bm_read(const struct channel *c, uint32_t reg)
{
    switch (reg) {
    case 0: return c->bm_command;
    case 2: return c->bm_status;
    case 4:
    case 5:
    case 6:
    case 7: return (uint8_t)(c->bm_table >> 8 * (reg - 4));
    default: return 0;
    }
}

static void bm_write(struct channel *c, uint32_t reg, uint8_t value)
{
    switch (reg) {
    case 0: bm_command_write(c, value); break;
    case 2:
        c->bm_status =
            (uint8_t)((c->bm_status & ~BM_CAPABLE & ~(value & (BM_ERROR | BM_INTERRUPT))) | (value & BM_CAPABLE));
        break;
    case 4:
    case 5:
    case 6:
    case 7: {
        uint32_t shift = 8 * (reg - 4);
        c->bm_table = ((c->bm_table & ~(0xffu << shift)) | (uint32_t)value << shift) & ~3u;
        break;
    }
    default: break;
    }
}

static void access_bm(void *self, abbey_io *io)
{
    struct piix3_ide *ide = self;
    uint64_t value = 0;
    for (uint32_t i = 0; i < io->size; i++) {
        uint32_t offset = (uint32_t)io->offset + i;
        struct channel *c = &ide->channel[offset >> 3 & 1];
        if (io->write)
            bm_write(c, offset & 7, (uint8_t)(io->value >> 8 * i));
        else
            value |= (uint64_t)bm_read(c, offset & 7) << 8 * i;
    }
    if (!io->write)
        io->value = value;
}

/* ---- the channels ---- */

/* ATA-5 section 9.16: drive 0 answers with zeros for a drive 1 that is not there; without drive 0 the bus floats. */
static uint8_t reg_read(struct channel *c, uint32_t reg)
{
    if (c->ops[c->selected])
        return c->ops[c->selected]->read(c->drive[c->selected], reg);
    if (!c->ops[0])
        return 0xff;
    return reg == IDE_STATUS || reg == IDE_CONTROL ? 0 : c->ops[0]->read(c->drive[0], reg);
}

static void reg_write(struct channel *c, uint32_t reg, uint8_t value)
{
    bool to_both = reg != IDE_STATUS || value == EXECUTE_DIAGNOSTIC;
    if (reg == IDE_DEVICE)
        c->selected = value & DEVICE_1 ? 1 : 0;
    for (uint32_t i = 0; i < 2; i++)
        if (c->ops[i] && (to_both || i == c->selected))
            c->ops[i]->write(c->drive[i], reg, value);
    if (reg == IDE_DEVICE)
        intrq_update(c);
}

/* 32 bits at the data port are two words. */
static void data_access(struct channel *c, abbey_io *io)
{
    const struct ide_drive_ops *ops = c->ops[c->selected];
    void *drive = c->drive[c->selected];
    uint64_t value = 0;
    for (uint32_t i = 0; i < io->size; i += 2) {
        if (!ops)
            value |= 0xffffull << 8 * i;
        else if (io->write)
            ops->data_write(drive, (uint16_t)(io->value >> 8 * i));
        else
            value |= (uint64_t)ops->data_read(drive) << 8 * i;
    }
    if (!io->write)
        io->value = value;
}

static void access_command(void *self, abbey_io *io)
{
    struct channel *c = self;
    uint64_t value = 0;
    if (io->offset == IDE_DATA) {
        data_access(c, io);
        return;
    }
    for (uint32_t i = 0; i < io->size; i++) {
        if (io->write)
            reg_write(c, (uint32_t)io->offset + i, (uint8_t)(io->value >> 8 * i));
        else
            value |= (uint64_t)reg_read(c, (uint32_t)io->offset + i) << 8 * i;
    }
    if (!io->write)
        io->value = value;
}

static void access_control(void *self, abbey_io *io)
{
    struct channel *c = self;
    if (io->write)
        reg_write(c, IDE_CONTROL, (uint8_t)io->value);
    else
        io->value = reg_read(c, IDE_CONTROL);
}

static void decode_update(struct piix3_ide *ide)
{
    bool on = abbey_pci_config_get(ide->pci, 0x04, 2) & COMMAND_IO;
    for (uint32_t i = 0; i < 2; i++) {
        bool shown = on && (abbey_pci_config_get(ide->pci, IDETIM + 2 * i, 2) & IDETIM_DECODE);
        abbey_region_enable(ide->channel[i].command_block, shown);
        abbey_region_enable(ide->channel[i].control_block, shown);
    }
}

static void config_written(void *self, uint32_t offset, uint32_t count)
{
    (void)offset, (void)count;
    decode_update(self);
}

static void reset(void *self)
{
    decode_update(self);
}

static int32_t loaded(void *self)
{
    struct piix3_ide *ide = self;
    for (uint32_t i = 0; i < 2; i++)
        if (ide->channel[i].selected > 1)
            return -1;
    decode_update(ide);
    return 0;
}

/* ---- creation ---- */

static int32_t bus_attach(void *bus, abbey_dev *drive, uint32_t unit, const struct ide_drive_ops *ops, void *self)
{
    struct piix3_ide *ide = bus;
    if (unit >= IDE_UNITS)
        return abbey_fail(drive, "unit: this controller has units 0 to 3, not %u", unit);
    struct channel *c = &ide->channel[unit >> 1];
    if (c->ops[unit & 1])
        return abbey_fail(drive, "unit %u is already held by '%s'", unit, c->id[unit & 1]);
    c->ops[unit & 1] = ops;
    c->drive[unit & 1] = self;
    c->id[unit & 1] = abbey_dev_id(drive);
    return 0;
}

static const struct ide_bus_ops bus_ops = {
    .size = sizeof bus_ops, .attach = bus_attach, .intrq = bus_intrq, .dma = bus_dma, .dma_advance = bus_dma_advance
};

static int32_t channel_map(abbey_dev *dev, struct channel *c, uint64_t command, uint64_t control)
{
    abbey_region_desc block = {
        .size = sizeof block, .start = command, .length = 8, .fn = access_command, .max_width = 4, .disabled = 1
    };
    abbey_region_desc single = {
        .size = sizeof single, .start = control, .length = 1, .fn = access_control, .disabled = 1
    };
    c->command_block = abbey_pio_region(dev, &block, c);
    c->control_block = abbey_pio_region(dev, &single, c);
    return c->command_block && c->control_block ? 0 : -1;
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct piix3_ide *ide = self;
    static const abbey_pci_desc desc = { .size = sizeof desc,
        .vendor = 0x8086,
        .device = 0x7010,
        .class_code = 0x010180,
        .bars = { [4] = { .kind = ABBEY_PCI_BAR_IO, .length = 16, .max_width = 4, .fn = access_bm } },
        .config_written = config_written };
    ide->pci = abbey_pci_add(dev, &desc, ide);
    ide->dma = abbey_dma_open(dev);
    if (!ide->pci || !ide->dma)
        return -1;
    abbey_pci_config_set(ide->pci, 0x06, 2, 0x0280); /* PCISTS: medium DEVSEL#, fast back-to-back */
    for (uint32_t i = 0; i < 2; i++) {
        abbey_pci_config_set(ide->pci, IDETIM + 2 * i, 2, IDETIM_DECODE);
        abbey_pci_config_mask(ide->pci, IDETIM + 2 * i, 2, 0xffff, 0);
        ide->channel[i].ide = ide;
    }
    abbey_pci_config_mask(ide->pci, 0x44, 1, 0xff, 0); /* SIDETIM */
    ide->channel[0].irq = ide->irq_primary;
    ide->channel[1].irq = ide->irq_secondary;
    if (channel_map(dev, &ide->channel[0], 0x1f0, 0x3f6) || channel_map(dev, &ide->channel[1], 0x170, 0x376))
        return -1;
    return abbey_bus_offer(dev, IDE_BUS_1, &bus_ops, ide);
}

static const abbey_prop props[] = {
    ABBEY_PROP(irq_primary, 14, "ISA interrupt line of the primary channel"),
    ABBEY_PROP(irq_secondary, 15, "ISA interrupt line of the secondary channel"),
};

/* clang-format off */
#define CHANNEL_REGS(n) \
    ABBEY_REG(channel[n].selected, 0), ABBEY_REG(channel[n].intrq, 0), ABBEY_REG(channel[n].bm_command, 0), \
    ABBEY_REG(channel[n].bm_status, 0), ABBEY_REG(channel[n].bm_table, 0), ABBEY_REG(channel[n].at.next, 0), \
    ABBEY_REG(channel[n].at.addr, 0), ABBEY_REG(channel[n].at.left, 0), ABBEY_REG(channel[n].at.last, 0)
/* clang-format on */
static const abbey_reg regs[] = { CHANNEL_REGS(0), CHANNEL_REGS(1) };

static const abbey_device device = { .name = "piix3-ide",
    .summary = "PIIX3 IDE controller: two channels, four drives, bus-master DMA",
    .bus = "pci",
    .self_size = sizeof(struct piix3_ide),
    .state_version = 1,
    .props = ABBEY_TABLE(props),
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded,
    .provides = "ide" };
ABBEY_PLUGIN(.id = "org.abbey.piix3-ide", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.pci/1 abbey.dma/1 abbey.bus/1", .device = &device);
