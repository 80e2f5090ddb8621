/* mode.c - what becomes of the guest's writes. */
#include "disk.h"

#include <string.h>

struct image *mode_open(const char *path, const char *format, const char *mode, abbey_error *error)
{
    bool write = strcmp(mode, "read-only") != 0;
    return image_open(path, format, write ? IMAGE_WRITE : 0, 0, error);
}
