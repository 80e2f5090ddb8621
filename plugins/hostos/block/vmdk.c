/* vmdk.c - VMDK images: the descriptor, and a disk put together from extents. Read and written: monolithicSparse,
 * monolithicFlat, twoGbMaxExtentFlat, twoGbMaxExtentSparse, vmfs. Not: images that stand on another (snapshots), and
 * stream-optimized ones.
 *
 *     # Disk DescriptorFile
 *     CID=fffffffe
 *     parentCID=ffffffff                          nothing below
 *     createType="twoGbMaxExtentFlat"
 *     RW 4192256 FLAT "win98-f001.vmdk" 0         sectors, kind, file beside the descriptor, first sector there
 *     RW 1024 FLAT "win98-f002.vmdk" 0
 *     ddb.geometry.heads = "16"
 *
 * A descriptor names files, and an image may come from anybody: only names without a folder are opened. */
#include "vmdk.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char descriptor_begin[] = "# Disk DescriptorFile";

static struct vmdk *vmdk_of(const struct image *image)
{
    return image->data;
}

static bool vmdk_probe(const uint8_t *header, size_t bytes)
{
    return (bytes >= 4 && memcmp(header, "KDMV", 4) == 0) ||
           (bytes >= sizeof descriptor_begin && memcmp(header, descriptor_begin, sizeof descriptor_begin - 1) == 0);
}

/* ---- the descriptor ---- */

/* The value behind `key=` at the start of a line, quotes taken off; false when there is none. */
static bool value_find(const char *text, const char *key, char *value, size_t room)
{
    size_t length = strlen(key);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, length) != 0)
            continue;
        const char *at = line + length + strspn(line + length, " \t");
        if (*at++ != '=')
            continue;
        at += strspn(at, " \t\"");
        size_t count = strcspn(at, "\"\r\n");
        count = count < room - 1 ? count : room - 1;
        memcpy(value, at, count);
        value[count] = 0;
        return true;
    }
    return false;
}

static uint32_t number_find(const char *text, const char *key)
{
    char value[32];
    return value_find(text, key, value, sizeof value) ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

static int descriptor_read(struct image *image, const char *text, abbey_error *error)
{
    struct vmdk *v = vmdk_of(image);
    char parent[32] = "";
    if (strncmp(text, descriptor_begin, sizeof descriptor_begin - 1) != 0)
        return image_fail(error, "'%s' is no good VMDK image: its descriptor does not begin with '%s'", image->path,
            descriptor_begin);
    value_find(text, "createType", v->type, sizeof v->type);
    if (value_find(text, "parentCID", parent, sizeof parent) && strcasecmp(parent, "ffffffff") != 0)
        return image_fail(error,
            "'%s' holds what differs from another image (a snapshot), which is not supported; `qemu-img "
            "convert` makes a whole one",
            image->path);
    image->cylinders = number_find(text, "ddb.geometry.cylinders");
    image->heads = number_find(text, "ddb.geometry.heads");
    image->sectors = number_find(text, "ddb.geometry.sectors");
    const char *cid = strstr(text, "\nCID=");
    if (cid && strspn(cid + 5, "0123456789abcdefABCDEF") == 8)
        v->cid_at += (uint64_t)(cid + 5 - text);
    else
        v->cid_at = 0;
    return 0;
}

/* Opens the file of an extent, beside the descriptor. */
static int extent_file(struct image *image, const char *name, abbey_error *error)
{
    bool write = image->flags & IMAGE_WRITE;
    struct stat st;
    if (!*name || strchr(name, '/') || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return image_fail(
            error, "'%s' names the file '%.80s'; only files in its own folder are opened", image->path, name);
    char *path = path_beside(image->path, name);
    int fd = path ? open(path, (write ? O_RDWR : O_RDONLY) | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY) : -1;
    if (fd < 0)
        image_fail(error, "'%s', of '%s': %s", name, image->path, strerror(errno));
    else if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        image_fail(error, "'%s', of '%s', is no file", name, image->path);
    if (fd >= 0 && (!S_ISREG(st.st_mode) || image_lock(fd, path, write, error))) {
        close(fd);
        fd = -1;
    }
    free(path);
    return fd;
}

static int extent_open(struct image *image, struct extent *e, const char *name, abbey_error *error)
{
    uint64_t descriptor;
    uint32_t bytes;
    if (e->kind == EXTENT_ZERO)
        return 0;
    e->fd = extent_file(image, name, error);
    if (e->fd < 0)
        return -1;
    e->own_fd = true;
    if (e->kind == EXTENT_SPARSE)
        return sparse_open(e, name, image->flags & IMAGE_WRITE, &descriptor, &bytes, error);
    int64_t size = file_bytes(e->fd);
    uint64_t sectors = size < 0 ? 0 : (uint64_t)size / IMAGE_SECTOR;
    if (e->offset > sectors || e->sectors > sectors - e->offset)
        return image_fail(error, "'%s', of '%s', is shorter than the descriptor says", name, image->path);
    return 0;
}

static struct extent *extent_add(struct vmdk *v)
{
    if (v->count == VMDK_EXTENTS)
        return NULL;
    struct extent *grown = realloc(v->extents, (v->count + 1) * sizeof *grown);
    if (!grown)
        return NULL;
    v->extents = grown;
    grown[v->count] = (struct extent){ .fd = -1 };
    return &grown[v->count++];
}

/* "RW 4192256 FLAT "name" 0": 1 when the line is one, 0 when it is another, -1 after an error. */
static int extent_line(struct image *image, const char *line, abbey_error *error)
{
    struct vmdk *v = vmdk_of(image);
    char access[16], kind[16], name[256] = "";
    uint64_t sectors, offset = 0;
    int got = sscanf(line, "%15s %" SCNu64 " %15s \"%255[^\"\n]\" %" SCNu64, access, &sectors, kind, name, &offset);
    if (got < 3 || (strcmp(access, "RW") != 0 && strcmp(access, "RDONLY") != 0))
        return 0;
    struct extent *e = extent_add(v);
    if (!e)
        return image_fail(error, "'%s' has more than %u extents", image->path, VMDK_EXTENTS);
    bool flat = strcmp(kind, "FLAT") == 0 || strcmp(kind, "VMFS") == 0;
    if (!flat && strcmp(kind, "SPARSE") != 0 && strcmp(kind, "ZERO") != 0)
        return image_fail(
            error, "'%s' has an extent of kind %s; FLAT, VMFS, SPARSE and ZERO are known", image->path, kind);
    e->kind = flat ? EXTENT_FLAT : kind[0] == 'S' ? EXTENT_SPARSE : EXTENT_ZERO;
    e->start = image->bytes / IMAGE_SECTOR;
    e->sectors = sectors;
    e->offset = offset;
    if (!sectors || sectors > 1ull << 46 || image->bytes > 1ull << 55)
        return image_fail(error, "'%s' has an extent of %" PRIu64 " sectors", image->path, sectors);
    image->bytes += sectors * IMAGE_SECTOR;
    return extent_open(image, e, name, error) ? -1 : 1;
}

static int extents_open(struct image *image, const char *text, abbey_error *error)
{
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (extent_line(image, line, error) < 0)
            return -1;
    }
    return vmdk_of(image)->count ? 0 : image_fail(error, "'%s' is no good VMDK image: it has no extents", image->path);
}

/* The text of a descriptor, terminated. */
static char *text_read(struct image *image, uint64_t offset, uint32_t bytes, abbey_error *error)
{
    char *text = calloc(1, (size_t)bytes + 1);
    int status = text ? file_read(image->fd, offset, text, bytes) : -ENOMEM;
    if (!status)
        return text;
    image_fail(error, "'%s': %s", image->path, strerror(-status));
    free(text);
    return NULL;
}

/* The file is a sparse extent; its descriptor, if it has one, tells the rest. */
static int monolithic_open(struct image *image, abbey_error *error)
{
    struct vmdk *v = vmdk_of(image);
    uint64_t at;
    uint32_t bytes;
    struct extent *e = extent_add(v);
    if (!e)
        return image_fail(error, "'%s': out of memory", image->path);
    e->kind = EXTENT_SPARSE;
    e->fd = image->fd;
    if (sparse_open(e, image->path, image->flags & IMAGE_WRITE, &at, &bytes, error))
        return -1;
    image->bytes = e->sectors * IMAGE_SECTOR;
    if (!at)
        return 0;
    char *text = text_read(image, at, bytes, error);
    v->cid_at = at;
    int status = text ? descriptor_read(image, text, error) : -1;
    free(text);
    return status;
}

static int vmdk_close(struct image *image)
{
    struct vmdk *v = vmdk_of(image);
    for (uint32_t i = 0; i < v->count; i++) {
        sparse_close(&v->extents[i]);
        if (v->extents[i].own_fd)
            close(v->extents[i].fd);
    }
    free(v->extents);
    free(v);
    image->data = NULL;
    return 0;
}

static int vmdk_open(struct image *image, abbey_error *error)
{
    uint8_t magic[4];
    int64_t size = file_bytes(image->fd);
    int status = size < 0 ? (int)size : file_read(image->fd, 0, magic, sizeof magic);
    struct vmdk *v = image->data = calloc(1, sizeof *v);
    if (status || !v) {
        free(v);
        return image_fail(error, "'%s': %s", image->path, strerror(status ? -status : ENOMEM));
    }
    if (memcmp(magic, "KDMV", 4) == 0) {
        status = monolithic_open(image, error);
    } else if (size > VMDK_DESCRIPTOR) {
        status = image_fail(error, "'%s' is no good VMDK image: neither an extent nor a descriptor", image->path);
    } else {
        char *text = text_read(image, 0, (uint32_t)size, error);
        status = text ? descriptor_read(image, text, error) : -1;
        if (!status)
            status = extents_open(image, text, error);
        free(text);
    }
    if (status)
        vmdk_close(image);
    return status;
}

/* ---- reading and writing ---- */

/* The extent of a sector; the last one at or before it. */
static struct extent *extent_of(const struct vmdk *v, uint64_t sector)
{
    uint32_t low = 0, high = v->count;
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        if (v->extents[middle].start <= sector)
            low = middle;
        else
            high = middle;
    }
    return &v->extents[low];
}

static int vmdk_read(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes)
{
    uint64_t sector = offset / IMAGE_SECTOR, sectors = bytes / IMAGE_SECTOR;
    while (sectors) {
        struct extent *e = extent_of(vmdk_of(image), sector);
        uint64_t in = sector - e->start, part = e->sectors - in < sectors ? e->sectors - in : sectors;
        int status = 0;
        if (e->kind == EXTENT_SPARSE)
            status = sparse_read(e, in, to, part);
        else if (e->kind == EXTENT_FLAT)
            status = file_read(e->fd, (e->offset + in) * IMAGE_SECTOR, to, part * IMAGE_SECTOR);
        else
            memset(to, 0, part * IMAGE_SECTOR);
        if (status)
            return status;
        to += part * IMAGE_SECTOR;
        sector += part;
        sectors -= part;
    }
    return 0;
}

/* Whoever stands on this image sees by its content id that it has changed. */
static int cid_change(struct image *image)
{
    struct vmdk *v = vmdk_of(image);
    char digits[9], old[9] = "";
    int status = file_read(image->fd, v->cid_at, old, 8);
    uint32_t next = (uint32_t)strtoul(old, NULL, 16) + 1;
    snprintf(digits, sizeof digits, "%08x", next == UINT32_MAX ? 1 : next);
    if (!status)
        status = file_write(image->fd, v->cid_at, digits, 8);
    v->cid_new = !status;
    return status;
}

static int vmdk_write(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes)
{
    struct vmdk *v = vmdk_of(image);
    uint64_t sector = offset / IMAGE_SECTOR, sectors = bytes / IMAGE_SECTOR;
    int status = v->cid_new || !v->cid_at ? 0 : cid_change(image);
    while (sectors && !status) {
        struct extent *e = extent_of(v, sector);
        uint64_t in = sector - e->start, part = e->sectors - in < sectors ? e->sectors - in : sectors;
        if (e->kind == EXTENT_SPARSE)
            status = sparse_write(e, in, from, part);
        else if (e->kind == EXTENT_FLAT)
            status = file_write(e->fd, (e->offset + in) * IMAGE_SECTOR, from, part * IMAGE_SECTOR);
        else
            status = -EROFS;
        from += part * IMAGE_SECTOR;
        sector += part;
        sectors -= part;
    }
    return status;
}

static int vmdk_map(struct image *image, uint64_t offset, uint64_t *bytes)
{
    uint64_t sector = offset / IMAGE_SECTOR, sectors = *bytes / IMAGE_SECTOR;
    struct extent *e = extent_of(vmdk_of(image), sector);
    uint64_t in = sector - e->start;
    sectors = e->sectors - in < sectors ? e->sectors - in : sectors;
    int what = e->kind == EXTENT_SPARSE ? sparse_map(e, in, &sectors)
               : e->kind == EXTENT_FLAT ? IMAGE_DATA
                                        : IMAGE_ZERO;
    *bytes = sectors * IMAGE_SECTOR;
    return what;
}

static int vmdk_flush(struct image *image)
{
    const struct vmdk *v = vmdk_of(image);
    int status = fdatasync(image->fd) == 0 ? 0 : -errno;
    for (uint32_t i = 0; i < v->count; i++)
        if (v->extents[i].own_fd && fdatasync(v->extents[i].fd) != 0)
            status = -errno;
    return status;
}

static int vmdk_create(int fd, const struct image_new *options, abbey_error *error)
{
    char text[1024];
    const char *slash = strrchr(options->path, '/');
    uint64_t sectors = options->bytes / IMAGE_SECTOR, cylinders = sectors / (16 * 63);
    if (options->backing || options->cluster)
        return image_fail(error, "a VMDK image has neither a backing file nor a cluster size");
    snprintf(text, sizeof text,
        "# Disk DescriptorFile\nversion=1\nCID=%08x\nparentCID=ffffffff\ncreateType=\"monolithicSparse\"\n\n"
        "# Extent description\nRW %" PRIu64 " SPARSE \"%.200s\"\n\n"
        "# The Disk Data Base\n#DDB\n\nddb.virtualHWVersion = \"4\"\nddb.geometry.cylinders = \"%" PRIu64
        "\"\nddb.geometry.heads = \"16\"\nddb.geometry.sectors = \"63\"\nddb.adapterType = \"ide\"\n",
        (uint32_t)(sectors * 2654435761u) & 0xfffffffeu, sectors, slash ? slash + 1 : options->path,
        cylinders > 16383 ? 16383
        : cylinders       ? cylinders
                          : 1);
    int status = sparse_create(fd, sectors, text);
    return status ? image_fail(error, "'%s': %s", options->path, strerror(-status)) : 0;
}

static void vmdk_describe(struct image *image, abbey_fact_fn fact, void *arg)
{
    const struct vmdk *v = vmdk_of(image);
    fact(arg, "type", *v->type ? v->type : "sparse extent", 0);
    fact(arg, "extents", NULL, v->count);
}

const struct image_format image_vmdk = { .name = "vmdk",
    .probe = vmdk_probe,
    .open = vmdk_open,
    .read = vmdk_read,
    .write = vmdk_write,
    .map = vmdk_map,
    .flush = vmdk_flush,
    .close = vmdk_close,
    .create = vmdk_create,
    .describe = vmdk_describe };
