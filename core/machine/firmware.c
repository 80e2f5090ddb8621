/* firmware.c - what devices and firmware have to do with each other: files for the firmware, images for option ROMs. */
#include "core/machine/parts.h"

#include <stdlib.h>
#include <string.h>

#include "core/boot/rompath.h"

#define IMAGE_MAX (16u << 20)

/* Sorted by name, so that a file has the same number in each run of the same machine. */
static void file_link(struct board *board, struct firmware_file *file)
{
    struct firmware_file **at = &board->firmware_files;
    while (*at && strcmp((*at)->name, file->name) < 0)
        at = &(*at)->next;
    file->next = *at;
    *at = file;
    board->firmware_count++;
}

static struct firmware_file *file_find(const struct board *board, const char *name)
{
    struct firmware_file *file = board->firmware_files;
    while (file && strcmp(file->name, name) != 0)
        file = file->next;
    return file;
}

static int32_t firmware_add(abbey_dev *dev, const char *name, const void *bytes, uint64_t length)
{
    struct device *device = device_of(dev);
    char where[300];
    if (device_too_late(device, "abbey_firmware_add"))
        return -1;
    if (!name || !*name || strlen(name) > ABBEY_FIRMWARE_NAME_MAX || length > UINT32_MAX) {
        device_fail(
            device, "a file for the firmware has a name of 1 to %u bytes, and less than 4 GB", ABBEY_FIRMWARE_NAME_MAX);
        return -1;
    }
    const struct firmware_file *other = file_find(device->board, name);
    if (other) {
        device_fail(device, "the file '%s' for the firmware is already given by '%s' (%s)", name,
            other->device->node->id, device_where(other->device, where, sizeof where));
        return -1;
    }
    struct firmware_file *file = calloc(1, sizeof(*file));
    if (!file) {
        device_fail(device, "out of memory for a file for the firmware");
        return -1;
    }
    *file = (struct firmware_file){ .device = device, .name = name, .bytes = bytes, .length = length };
    file_link(device->board, file);
    return 0;
}

static const void *firmware_image(abbey_dev *dev, const char *name, uint64_t *length)
{
    struct device *device = device_of(dev);
    char reason[1024];
    if (device_too_late(device, "abbey_firmware_image"))
        return NULL;
    uint8_t *bytes = rompath_read(name, IMAGE_MAX, length, reason, sizeof reason);
    if (!bytes) {
        device_fail(device, "%s", reason);
        return NULL;
    }
    void *kept = dev->base->alloc(dev, *length);
    if (kept)
        memcpy(kept, bytes, *length);
    else
        device_fail(device, "out of memory for the image '%s'", name);
    free(bytes);
    return kept;
}

static uint32_t firmware_count(abbey_dev *dev)
{
    const struct board *board = device_of(dev)->board;
    return board->firmware_count;
}

static int32_t firmware_file(abbey_dev *dev, uint32_t index, abbey_firmware_file *file)
{
    const struct board *board = device_of(dev)->board;
    const struct firmware_file *found = board->firmware_files;
    for (; found && index; found = found->next)
        index--;
    if (!found)
        return -1;
    abbey_firmware_file full = {
        .size = file->size, .name = found->name, .bytes = found->bytes, .length = found->length
    };
    if (found->make)
        full.bytes = found->make(found->opaque);
    memcpy(file, &full, file->size < sizeof full ? file->size : sizeof full);
    return 0;
}

const abbey_firmware_1 firmware_interface = { .size = sizeof firmware_interface,
    .add = firmware_add,
    .image = firmware_image,
    .count = firmware_count,
    .file = firmware_file };

bool board_firmware_file(
    struct board *board, const char *name, const void *(*make)(void *opaque), void *opaque, uint64_t length)
{
    if (file_find(board, name))
        return true; /* a device's own goes before the host's */
    struct firmware_file *file = calloc(1, sizeof(*file));
    if (!file)
        return false;
    *file = (struct firmware_file){ .name = name, .make = make, .opaque = opaque, .length = length };
    file_link(board, file);
    return true;
}

void firmware_files_free(struct board *board)
{
    for (struct firmware_file *file = board->firmware_files, *next; file; file = next) {
        next = file->next;
        free(file);
    }
}
