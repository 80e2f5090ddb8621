#include "core/boot/rompath.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/boot/parts.h"

/* Where Debian's packages, and those of most others, put such images. */
static const char package_dirs[] = "/usr/share/seabios:/usr/share/qemu:/usr/lib/ipxe/qemu:/usr/lib/ipxe";

/* Names that are not file names, and who has the file. */
static const struct {
    const char *name, *file, *package;
} known[] = {
    { "seabios", "bios-256k.bin", "seabios" },
    { "seabios-128k", "bios.bin", "seabios" },
    { "vgabios-stdvga", "vgabios-stdvga.bin", "seabios" },
    { "vgabios-isavga", "vgabios-isavga.bin", "seabios" },
    { "vgabios-cirrus", "vgabios-cirrus.bin", "seabios" },
    { "vgabios-vmware", "vgabios-vmware.bin", "seabios" },
    { "pxe-pcnet", "pxe-pcnet.rom", "ipxe-qemu" },
    { "pxe-e1000", "pxe-e1000.rom", "ipxe-qemu" },
    { "pxe-ne2k_pci", "pxe-ne2k_pci.rom", "ipxe-qemu" },
    { "pxe-rtl8139", "pxe-rtl8139.rom", "ipxe-qemu" },
    { "pxe-virtio", "pxe-virtio.rom", "ipxe-qemu" },
};

/* The first of DIR/FILE, DIR/FILE.bin, DIR/FILE.rom that can be opened, over all directories of the list. */
static bool dirs_try(const char *dirs, const char *file, char *path, size_t room)
{
    static const char *const endings[] = { "", ".bin", ".rom" };
    while (dirs && *dirs) {
        size_t length = strcspn(dirs, ":");
        for (unsigned i = 0; length && i < sizeof endings / sizeof endings[0]; i++) {
            FILE *there = NULL;
            if ((size_t)snprintf(path, room, "%.*s/%s%s", (int)length, dirs, file, endings[i]) < room)
                there = fopen(path, "rb");
            if (there) {
                fclose(there);
                return true;
            }
        }
        dirs += length + (dirs[length] == ':');
    }
    return false;
}

static bool path_find(const char *name, char *path, size_t path_room, char *reason, size_t room)
{
    const char *file = name, *package = NULL, *own = getenv("ABBEY_FIRMWARE_PATH");
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(known[i].name, name) == 0) {
            file = known[i].file;
            package = known[i].package;
        }
    }
    if (*name && (dirs_try(own, file, path, path_room) || dirs_try(package_dirs, file, path, path_room)))
        return true;
    snprintf(reason, room, "there is no firmware image '%s'; looked for %s in %s%s%s%s%s", name, file, own ? own : "",
        own && *own ? ":" : "", package_dirs, package ? "; on Debian: apt-get install " : "", package ? package : "");
    return false;
}

uint8_t *rompath_read(const char *name, uint64_t limit, uint64_t *length, char *reason, size_t room)
{
    struct boot_error error = { 0 };
    char path[1024];
    struct image image = { .path = name };
    if (!strchr(name, '/')) {
        if (!path_find(name, path, sizeof path, reason, room))
            return NULL;
        image.path = path;
    }
    if (!image_read(&image, limit, &error)) {
        snprintf(reason, room, "%s", error.error.text);
        return NULL;
    }
    *length = image.size;
    return image.bytes;
}
