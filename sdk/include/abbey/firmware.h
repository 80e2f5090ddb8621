/* abbey/firmware.h - between the firmware of a machine (its BIOS), the board, and the cards: interface
 * "abbey.firmware/1".
 *
 * A firmware that knows virtual boards asks the board for named files: how much memory there is, tables for the
 * operating system, the order of boot. The host makes them from the machine file; a device may add its own, such as an
 * option ROM that no PCI register leads to ("genroms/NAME"). The chip that shows them to the guest is a device too.
 *
 * A card with an option ROM finds its image with abbey_firmware_image(): by name among the images that the host's
 * packages bring ("vgabios-stdvga"), or by path. */
#ifndef ABBEY_FIRMWARE_H
#define ABBEY_FIRMWARE_H

#include <abbey/dev.h>

#define ABBEY_FIRMWARE_NAME_MAX 55u /* bytes of a file's name */

typedef struct abbey_firmware_file {
    uint32_t size; /* sizeof(abbey_firmware_file), set by the caller */
    uint32_t reserved;
    const char *name;
    const void *bytes; /* good until the next call of file() */
    uint64_t length;
} abbey_firmware_file;

typedef struct abbey_firmware_1 {
    uint32_t size;
    uint32_t reserved;
    int32_t (*add)(abbey_dev *dev, const char *name, const void *bytes, uint64_t length);
    const void *(*image)(abbey_dev *dev, const char *name, uint64_t *length);
    uint32_t (*count)(abbey_dev *dev);
    int32_t (*file)(abbey_dev *dev, uint32_t index, abbey_firmware_file *file);
} abbey_firmware_1;

#define ABBEY_FIRMWARE_1 "abbey.firmware/1"

/* The interface; keep it in the device's struct. [create] */
static inline const abbey_firmware_1 *abbey_firmware(abbey_dev *dev)
{
    return (const abbey_firmware_1 *)abbey_query(dev, ABBEY_FIRMWARE_1);
}

/* Gives the firmware a file. Name and bytes live as long as the device. 0, or -1 with a reported reason: the name is
 * taken, empty, or too long. [create] */
static inline int32_t abbey_firmware_add(abbey_dev *dev, const char *name, const void *bytes, uint64_t length)
{
    return abbey_firmware(dev)->add(dev, name, bytes, length);
}

/* The image of that name: a path when it has a slash; else NAME, NAME.bin or NAME.rom in the directories of
 * $ABBEY_FIRMWARE_PATH and of the host's packages. The bytes live as long as the device. NULL with a reported reason
 * that names the package to install where it is known. [create] */
static inline const void *abbey_firmware_image(abbey_dev *dev, const char *name, uint64_t *length)
{
    return abbey_firmware(dev)->image(dev, name, length);
}

/* For the chip that shows the files:
 *   count(dev)              how many there are; it never changes after create() [locked]
 *   file(dev, index, file)  one of them, in the order of names; its bytes may differ from call to call, because they
 *                           tell the board's state, its length not. 0, or -1 when there is none [locked] */

#endif
