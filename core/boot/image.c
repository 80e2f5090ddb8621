#include "core/boot/parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool image_read(struct image *image, uint64_t limit, struct boot_error *error)
{
    uint64_t room = 1 * MB;
    FILE *file = fopen(image->path, "rb");
    if (!file)
        return boot_fail(error, image->mark, "%s: cannot open: %s", image->path, strerror(errno));
    image->size = 0;
    image->bytes = malloc(room);
    /* Read to the end, not to a size asked for before: it may be a pipe. */
    while (image->bytes) {
        image->size += fread(image->bytes + image->size, 1, room - image->size, file);
        if (image->size < room || room > limit)
            break;
        uint8_t *bytes = realloc(image->bytes, room *= 2);
        if (!bytes)
            image_free(image);
        image->bytes = bytes;
    }
    bool failed = ferror(file);
    int why = errno;
    fclose(file);
    if (!image->bytes)
        return boot_fail(error, image->mark, "%s: no memory to read it", image->path);
    if (!failed && image->size && image->size <= limit)
        return true;
    if (failed)
        boot_fail(error, image->mark, "%s: cannot read: %s", image->path, strerror(why));
    else if (image->size)
        boot_fail(error, image->mark, "%s: longer than the %" PRIu64 " KB that there is room for", image->path,
            (uint64_t)(limit / KB));
    else
        boot_fail(error, image->mark, "%s: the file is empty", image->path);
    image_free(image);
    return false;
}

void image_free(struct image *image)
{
    free(image->bytes);
    image->bytes = NULL;
}

uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] | bytes[1] << 8);
}

uint32_t get32(const uint8_t *bytes)
{
    return get16(bytes) | (uint32_t)get16(bytes + 2) << 16;
}

uint64_t get64(const uint8_t *bytes)
{
    return get32(bytes) | (uint64_t)get32(bytes + 4) << 32;
}

void put16(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)value;
    bytes[1] = (uint8_t)(value >> 8);
}

void put32(uint8_t *bytes, uint32_t value)
{
    put16(bytes, (uint16_t)value);
    put16(bytes + 2, (uint16_t)(value >> 16));
}

void put64(uint8_t *bytes, uint64_t value)
{
    put32(bytes, (uint32_t)value);
    put32(bytes + 4, (uint32_t)(value >> 32));
}
