/* fw-cfg.c - the firmware configuration interface: named files of the board, read by number through two ports.
 *
 * There is no data sheet; the interface is QEMU's, described in its docs/specs/fw_cfg.rst ("spec"), and SeaBIOS knows a
 * virtual board by it. Port 510h takes the number of an item, and each read of port 511h gives its next byte. Item 0 is
 * the signature, 1 the features, 19h the directory of files: a count, then entries of 64 bytes {length, number, 0,
 * name}, big-endian. Files have the numbers from 20h. Ports 514h-51Bh take the address of a request in memory,
 * big-endian, the high half first; writing the low half carries it out at once ("DMA interface").
 *
 * What stock drivers do with it. SeaBIOS: looks for the signature, reads the directory, then files by DMA. Linux: its
 * qemu_fw_cfg driver needs an ACPI device that our tables do not have. Windows, DOS: nothing.
 *
 * Items are read-only: a request to write ends with the error bit. The numbered items of old versions (memory size,
 * boot device...) are empty; all of it is in files, and in CMOS memory.
 *
 * Example: OUT 510h, 0; IN AL, 511h four times gives "QEMU". */
#include <abbey/dma.h>
#include <abbey/firmware.h>
#include <abbey/io.h>
#include <abbey/plugin.h>

#include <string.h>

#define ITEM_SIGNATURE 0x00u
#define ITEM_FEATURES 0x01u
#define ITEM_DIRECTORY 0x19u
#define ITEM_FILES 0x20u
#define ITEM_MASK 0xbfffu /* spec, "Selector Register": bit 14 asks for writing */

#define FILES_MAX 128u
#define ENTRY_BYTES 64u

/* Spec, "DMA Control Register" of a request. */
#define DMA_ERROR 0x01u
#define DMA_READ 0x02u
#define DMA_SKIP 0x04u
#define DMA_SELECT 0x08u
#define DMA_WRITE 0x10u

struct fw_cfg {
    uint16_t item;
    uint32_t offset;      /* of the next byte to read */
    uint64_t dma_address; /* what was written to 514h so far */
    const uint8_t *bytes; /* of the item */
    uint64_t length;
    uint8_t *directory;
    const abbey_firmware_1 *firmware;
    abbey_dma *dma;
    abbey_dev *dev;
};
#define ABBEY_SELF struct fw_cfg

static void put_be(uint8_t *bytes, uint64_t value, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> 8 * (count - 1 - i));
}

static uint64_t get_be(const uint8_t *bytes, uint32_t count)
{
    uint64_t value = 0;
    for (uint32_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

/* Spec, "File Directory". */
static uint64_t directory_make(struct fw_cfg *f)
{
    uint32_t count = f->firmware->count(f->dev);
    count = count < FILES_MAX ? count : FILES_MAX;
    memset(f->directory, 0, 4 + FILES_MAX * ENTRY_BYTES);
    put_be(f->directory, count, 4);
    for (uint32_t i = 0; i < count; i++) {
        abbey_firmware_file file = { .size = sizeof file };
        uint8_t *entry = f->directory + 4 + i * ENTRY_BYTES;
        if (f->firmware->file(f->dev, i, &file))
            continue;
        put_be(entry, file.length, 4);
        put_be(entry + 4, ITEM_FILES + i, 2);
        strncpy((char *)entry + 8, file.name, ABBEY_FIRMWARE_NAME_MAX);
    }
    return 4 + count * ENTRY_BYTES;
}

/* Finds the bytes of the selected item; an item that is not there is empty and reads as zeros. */
static void item_find(struct fw_cfg *f)
{
    static const uint8_t signature[] = { 'Q', 'E', 'M', 'U' };
    static const uint8_t features[] = { 3, 0, 0, 0 }; /* the ports, and DMA; this one is little-endian */
    abbey_firmware_file file = { .size = sizeof file };
    f->bytes = NULL;
    f->length = 0;
    if (f->item == ITEM_SIGNATURE) {
        f->bytes = signature;
        f->length = sizeof signature;
    } else if (f->item == ITEM_FEATURES) {
        f->bytes = features;
        f->length = sizeof features;
    } else if (f->item == ITEM_DIRECTORY) {
        f->length = directory_make(f);
        f->bytes = f->directory;
    } else if (f->item >= ITEM_FILES && f->item - ITEM_FILES < FILES_MAX &&
               f->firmware->file(f->dev, f->item - ITEM_FILES, &file) == 0) {
        f->bytes = file.bytes;
        f->length = file.length;
    }
}

static void item_select(struct fw_cfg *f, uint32_t item)
{
    f->item = item & ITEM_MASK;
    f->offset = 0;
    item_find(f);
}

static void access_ports(void *self, abbey_io *io)
{
    struct fw_cfg *f = self;
    if (io->write) {
        if (io->offset == 0 && io->size == 2)
            item_select(f, (uint32_t)io->value);
        return;
    }
    io->value = 0;
    if (io->offset == 1) {
        io->value = f->offset < f->length ? f->bytes[f->offset] : 0;
        f->offset += f->offset < f->length;
    }
}

/* ---- DMA ---- */

/* Moves `length` bytes of the item to memory; beyond its end they are zeros (spec, "DMA Interface"). */
static int32_t item_copy(struct fw_cfg *f, uint64_t address, uint32_t length)
{
    static const uint8_t zeros[4096];
    uint64_t left = f->length - f->offset, part = length < left ? length : left;
    if (part && abbey_dma_write(f->dma, address, f->bytes + f->offset, part))
        return -1;
    for (uint64_t at = part; at < length; at += part) {
        part = length - at < sizeof zeros ? length - at : sizeof zeros;
        if (abbey_dma_write(f->dma, address + at, zeros, part))
            return -1;
    }
    return 0;
}

static void dma_run(struct fw_cfg *f)
{
    uint8_t request[16];
    uint64_t at = f->dma_address;
    f->dma_address = 0;
    if (abbey_dma_read(f->dma, at, request, sizeof request)) {
        abbey_log(f->dev, ABBEY_LOG_INFO, "a request at %llx, where there is no memory", (unsigned long long)at);
        return;
    }
    uint32_t control = (uint32_t)get_be(request, 4), length = (uint32_t)get_be(request + 4, 4), result = 0;
    uint64_t address = get_be(request + 8, 8);
    if (control & DMA_SELECT)
        item_select(f, control >> 16);
    if (control & DMA_READ)
        result = item_copy(f, address, length) ? DMA_ERROR : 0;
    else if (control & DMA_WRITE)
        result = DMA_ERROR;
    if ((control & (DMA_READ | DMA_SKIP)) && !result)
        f->offset += (uint32_t)(length < f->length - f->offset ? length : f->length - f->offset);
    put_be(request, result, 4);
    abbey_dma_write(f->dma, at, request, 4);
}

/* Bytes of the big-endian address; a read tells that the interface is there. */
static void access_dma(void *self, abbey_io *io)
{
    static const uint8_t signature[8] = { 'Q', 'E', 'M', 'U', ' ', 'C', 'F', 'G' };
    struct fw_cfg *f = self;
    uint8_t bytes[8];
    if (!io->write) {
        io->value = 0;
        for (uint32_t i = io->size; i-- > 0;)
            io->value = io->value << 8 | signature[(io->offset + i) & 7];
        return;
    }
    put_be(bytes, f->dma_address, 8);
    for (uint32_t i = 0; i < io->size; i++)
        bytes[(io->offset + i) & 7] = (uint8_t)(io->value >> 8 * i);
    f->dma_address = get_be(bytes, 8);
    if (io->offset == 4 && io->size == 4)
        dma_run(f);
}

static int32_t loaded(void *self)
{
    struct fw_cfg *f = self;
    f->item &= ITEM_MASK;
    item_find(f);
    return f->offset <= f->length ? 0 : -1;
}

static void reset(void *self)
{
    item_select(self, ITEM_SIGNATURE);
}

static int32_t create(abbey_dev *dev, void *self)
{
    struct fw_cfg *f = self;
    f->dev = dev;
    f->firmware = abbey_firmware(dev);
    f->dma = abbey_dma_open(dev);
    f->directory = abbey_alloc(dev, 4 + FILES_MAX * ENTRY_BYTES);
    if (!f->dma || !f->directory)
        return abbey_fail(dev, "no memory for the directory of files");
    abbey_region_desc ports = { .size = sizeof ports, .max_width = 2, .start = 0x510, .length = 2, .fn = access_ports };
    abbey_region_desc dma = { .size = sizeof dma, .max_width = 4, .start = 0x514, .length = 8, .fn = access_dma };
    return abbey_pio_region(dev, &ports, f) && abbey_pio_region(dev, &dma, f) ? 0 : -1;
}

static const abbey_reg regs[] = {
    ABBEY_REG(item, 0),
    ABBEY_REG(offset, 0),
    ABBEY_REG(dma_address, 0),
};

static const abbey_device device = { .name = "fw-cfg",
    .summary = "firmware configuration: files of the board for SeaBIOS",
    .bus = "isa",
    .self_size = sizeof(struct fw_cfg),
    .state_version = 1,
    .regs = ABBEY_TABLE(regs),
    .create = create,
    .reset = reset,
    .loaded = loaded };
ABBEY_PLUGIN(.id = "org.abbey.fw-cfg", .version = "1.0.0", .license = "MIT",
    .requires = "abbey.pio/1 abbey.dma/1 abbey.firmware/1", .device = &device);
