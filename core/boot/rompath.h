/* rompath.h - images of firmware and option ROMs among the files of the host's packages. */
#ifndef ABBEY_CORE_ROMPATH_H
#define ABBEY_CORE_ROMPATH_H

#include <stddef.h>
#include <stdint.h>

/* Reads the image `name`, at most `limit` bytes. With a slash it is a path. Else it is a name: "seabios", or a file
 * name with or without .bin or .rom, in the directories of $ABBEY_FIRMWARE_PATH (separated by colons) and then in those
 * of the packages. The caller frees the bytes; NULL with `reason` filled, which names the rule, the places, and the
 * Debian package where it is known. */
uint8_t *rompath_read(const char *name, uint64_t limit, uint64_t *length, char *reason, size_t room);

#endif
