/* qcow2_open.c - the header of a qcow2 image: checked when it is opened, made by create(). An image comes from
 * anywhere, so every number is held against the others and against the size of the file before it is used. */
#include "qcow2.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define L1_ENTRIES_LIMIT (1u << 22)
#define REFCOUNT_BYTES_LIMIT (1u << 23)
#define BACKING_BYTES_LIMIT 1023u
#define EXTENSION_END 0u
#define EXTENSION_BACKING_FORMAT 0xe2792acau
#define DEFAULT_CLUSTER 65536u

bool qcow2_probe(const uint8_t *header, size_t bytes)
{
    return bytes >= H_BYTES_2 && memcmp(header, "QFI\xfb", 4) == 0;
}

static int damaged(const struct image *image, abbey_error *error, const char *what)
{
    return image_fail(error, "'%s' is no good qcow2 image: %s", image->path, what);
}

/* What the first bytes say, without following any pointer. */
static int header_check(struct image *image, const uint8_t *h, uint64_t file, abbey_error *error)
{
    struct qcow2 *q = image->data;
    q->version = get_be32(h + H_VERSION);
    if (!qcow2_probe(h, H_BYTES_3))
        return damaged(image, error, "it does not begin with QFI\\xfb");
    if (q->version != 2 && q->version != 3)
        return image_fail(error, "'%s' is a qcow2 image of version %u; 2 and 3 are known", image->path, q->version);
    if (get_be32(h + H_CRYPT))
        return image_fail(
            error, "'%s' is encrypted, which is not supported; `qemu-img convert` can undo it", image->path);
    q->cluster_bits = get_be32(h + H_CLUSTER_BITS);
    if (q->cluster_bits < 9 || q->cluster_bits > 21)
        return damaged(image, error, "its clusters are neither 512 bytes to 2 MB");
    q->cluster = 1u << q->cluster_bits;
    q->l2_bits = q->cluster_bits - 3;
    image->bytes = get_be64(h + H_SIZE);
    if (image->bytes % IMAGE_SECTOR || image->bytes > 1ull << 55)
        return damaged(image, error, "its virtual size is no number of sectors");
    q->incompatible = q->version >= 3 ? get_be64(h + H_INCOMPATIBLE) : 0;
    q->dirty = q->incompatible & INCOMPATIBLE_DIRTY;
    q->refcount_order = q->version >= 3 ? get_be32(h + H_REFCOUNT_ORDER) : 4;
    if (q->refcount_order > 6)
        return damaged(image, error, "its refcounts have more than 64 bits");
    if (q->incompatible & ~(uint64_t)(INCOMPATIBLE_DIRTY | INCOMPATIBLE_CORRUPT))
        return image_fail(error,
            "'%s' uses features (%" PRIx64 "h) that are not supported: an external data file, zstd, or "
            "extended tables; `qemu-img convert` makes an image without",
            image->path, q->incompatible);
    if (q->version >= 3 && (get_be32(h + H_LENGTH) < H_BYTES_3 || get_be32(h + H_LENGTH) > q->cluster))
        return damaged(image, error, "its header is longer than a cluster");
    if ((image->flags & IMAGE_WRITE) && (q->incompatible & INCOMPATIBLE_CORRUPT))
        return image_fail(error,
            "'%s' is marked as corrupt; it can be opened read-only, and `qemu-img check -r` may repair it",
            image->path);
    if ((image->flags & IMAGE_WRITE) && get_be32(h + H_SNAPSHOTS))
        return image_fail(error,
            "'%s' has %u internal snapshots and can be opened read-only alone; `qemu-img convert` makes an "
            "image without",
            image->path, get_be32(h + H_SNAPSHOTS));
    q->end = (file + q->cluster - 1) >> q->cluster_bits;
    return 0;
}

/* A range of the file that the header names. */
static bool in_file(const struct qcow2 *q, uint64_t offset, uint64_t bytes)
{
    uint64_t file = q->end << q->cluster_bits;
    return offset && offset % q->cluster == 0 && offset <= file && bytes <= file - offset;
}

/* Numbers of 64 bits from the file; NULL after an error. */
static uint64_t *numbers_read(struct image *image, uint64_t offset, uint32_t count, abbey_error *error)
{
    uint64_t *numbers = calloc((size_t)count + 1, sizeof *numbers);
    int status = numbers ? file_read(image->fd, offset, numbers, (size_t)count * 8) : -ENOMEM;
    if (status) {
        image_fail(error, "'%s': %s", image->path, strerror(-status));
        free(numbers);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = get_be64((const uint8_t *)&numbers[i]);
    return numbers;
}

static int l1_open(struct image *image, const uint8_t *h, abbey_error *error)
{
    struct qcow2 *q = image->data;
    uint64_t per_table = (uint64_t)q->cluster << q->l2_bits, needed = (image->bytes + per_table - 1) / per_table;
    q->l1_size = get_be32(h + H_L1_SIZE);
    q->l1_offset = get_be64(h + H_L1_OFFSET);
    if (q->l1_size > L1_ENTRIES_LIMIT)
        return damaged(image, error, "its L1 table is larger than 32 MB");
    if (q->l1_size < needed)
        return damaged(image, error, "its L1 table is too short for its size");
    if (q->l1_size && !in_file(q, q->l1_offset, (uint64_t)q->l1_size * 8))
        return damaged(image, error, "its L1 table is not in the file");
    q->l1 = numbers_read(image, q->l1_offset, q->l1_size, error);
    return q->l1 ? 0 : -1;
}

static int refcounts_open(struct image *image, const uint8_t *h, abbey_error *error)
{
    struct qcow2 *q = image->data;
    uint64_t bytes = (uint64_t)get_be32(h + H_REFCOUNT_CLUSTERS) << q->cluster_bits;
    q->refcount_offset = get_be64(h + H_REFCOUNT_OFFSET);
    if (bytes > REFCOUNT_BYTES_LIMIT)
        return damaged(image, error, "its refcount table is larger than 8 MB");
    if (!bytes || !in_file(q, q->refcount_offset, bytes))
        return damaged(image, error, "its refcount table is not in the file");
    q->refcount_size = (uint32_t)(bytes / 8);
    q->refcounts = numbers_read(image, q->refcount_offset, q->refcount_size, error);
    if (!q->refcounts)
        return -1;
    for (uint32_t i = 0; i < q->refcount_size; i++)
        if (q->refcounts[i] && !in_file(q, q->refcounts[i], q->cluster))
            return damaged(image, error, "a block of refcounts is not in the file");
    return 0;
}

/* ---- what it stands on ---- */

/* From the header extensions (spec, "Header extension"). */
void image_backing_format(const uint8_t *header, uint32_t bytes, char *format, size_t room)
{
    uint32_t length = get_be32(header + H_VERSION) >= 3 ? get_be32(header + H_LENGTH) : H_BYTES_2;
    snprintf(format, room, "auto");
    for (uint32_t at = length < bytes ? (length + 7) & ~7u : bytes; at + 8 <= bytes;) {
        uint32_t type = get_be32(header + at), count = get_be32(header + at + 4);
        at += 8;
        if (type == EXTENSION_END || count > bytes - at)
            return;
        if (type == EXTENSION_BACKING_FORMAT && count < room) {
            memcpy(format, header + at, count);
            format[count] = 0;
        }
        at += (count + 7) & ~7u;
    }
}

static int backing_open(struct image *image, const uint8_t *cluster, abbey_error *error)
{
    const struct qcow2 *q = image->data;
    uint64_t offset = get_be64(cluster + H_BACKING_OFFSET);
    uint32_t bytes = get_be32(cluster + H_BACKING_BYTES);
    char format[32], name[BACKING_BYTES_LIMIT + 1];
    if (!offset || !bytes)
        return 0;
    if (bytes > BACKING_BYTES_LIMIT || offset > q->cluster || bytes > q->cluster - offset)
        return damaged(image, error, "the name of its backing file is not in its first cluster");
    memcpy(name, cluster + offset, bytes);
    name[bytes] = 0;
    image_backing_format(cluster, q->cluster, format, sizeof format);
    if (image->flags & IMAGE_ALONE)
        return 0;
    if (strncmp(name, "json:", 5) == 0)
        return image_fail(error, "'%s' stands on '%.60s': only names of files are supported", image->path, name);
    char *path = path_beside(image->path, name);
    if (!path)
        return image_fail(error, "'%s': out of memory", image->path);
    image->backing = image_open(path, format, 0, image->depth + 1, error);
    free(path);
    return image->backing ? 0 : -1;
}

static int parts_open(struct image *image, const uint8_t *header, abbey_error *error)
{
    struct qcow2 *q = image->data;
    uint8_t *cluster = calloc(1, q->cluster);
    int status = cluster ? file_read(image->fd, 0, cluster, q->cluster) : -ENOMEM;
    if (status)
        image_fail(error, "'%s': %s", image->path, strerror(-status));
    if (!status)
        status = l1_open(image, header, error);
    if (!status && (image->flags & IMAGE_WRITE))
        status = refcounts_open(image, header, error);
    q->scratch = malloc(q->cluster);
    q->packed = malloc(2 * (size_t)q->cluster);
    if (!status && (!q->scratch || !q->packed || tables_new(q)))
        status = image_fail(error, "'%s': out of memory", image->path);
    if (!status)
        status = backing_open(image, cluster, error);
    free(cluster);
    return status;
}

int qcow2_open(struct image *image, abbey_error *error)
{
    uint8_t header[H_BYTES_3];
    int64_t file = file_bytes(image->fd);
    int status = file < 0 ? (int)file : file_read(image->fd, 0, header, sizeof header);
    image->data = calloc(1, sizeof(struct qcow2));
    if (!image->data)
        status = -ENOMEM;
    if (status) {
        free(image->data);
        return image_fail(error, "'%s': %s", image->path, strerror(-status));
    }
    status = header_check(image, header, (uint64_t)file, error);
    if (!status)
        status = parts_open(image, header, error);
    if (!status && (image->flags & IMAGE_WRITE) && qcow2_of(image)->dirty)
        status = refcounts_rebuild(image, error);
    /* What we do not know about and do not keep up to date, like bitmaps, is void from now on. */
    static const uint8_t none[8];
    if (!status && (image->flags & IMAGE_WRITE) && qcow2_of(image)->version >= 3 && get_be64(header + H_AUTOCLEAR) &&
        file_write(image->fd, H_AUTOCLEAR, none, sizeof none))
        status = image_fail(error, "'%s': %s", image->path, strerror(errno));
    if (status)
        image_qcow2.close(image);
    return status;
}

/* ---- making one: header, refcount table, one refcount block, L1 table ---- */

static void header_make(uint8_t *h, const struct image_new *options, uint32_t cluster, uint32_t l1_size, uint32_t table)
{
    uint32_t at = H_BYTES_3, bits = (uint32_t)__builtin_ctz(cluster);
    memcpy(h, "QFI\xfb", 4);
    put_be32(h + H_VERSION, 3);
    put_be32(h + H_CLUSTER_BITS, bits);
    put_be64(h + H_SIZE, options->bytes);
    put_be32(h + H_L1_SIZE, l1_size);
    put_be64(h + H_L1_OFFSET, (uint64_t)cluster * (2 + table));
    put_be64(h + H_REFCOUNT_OFFSET, cluster);
    put_be32(h + H_REFCOUNT_CLUSTERS, table);
    put_be32(h + H_REFCOUNT_ORDER, 4);
    put_be32(h + H_LENGTH, H_BYTES_3);
    if (!options->backing)
        return;
    if (options->backing_format) {
        uint32_t bytes = (uint32_t)strlen(options->backing_format);
        put_be32(h + at, EXTENSION_BACKING_FORMAT);
        put_be32(h + at + 4, bytes);
        memcpy(h + at + 8, options->backing_format, bytes);
        at += 8 + ((bytes + 7) & ~7u);
    }
    at += 8; /* the end of the extensions is all zeros */
    put_be64(h + H_BACKING_OFFSET, at);
    put_be32(h + H_BACKING_BYTES, (uint32_t)strlen(options->backing));
    memcpy(h + at, options->backing, strlen(options->backing));
}

int qcow2_create(int fd, const struct image_new *options, abbey_error *error)
{
    uint32_t cluster = options->cluster ? options->cluster : DEFAULT_CLUSTER;
    uint64_t per_table = (uint64_t)cluster * (cluster / 8), tables = (options->bytes + per_table - 1) / per_table;
    uint64_t per_block = cluster / 2;
    if (cluster < 512 || cluster > 1u << 21 || (cluster & (cluster - 1)))
        return image_fail(error, "a cluster of %u bytes: 512 to 2097152 and a power of two", cluster);
    if (tables > L1_ENTRIES_LIMIT ||
        (options->backing && strlen(options->backing) > (cluster < 2048 ? 256 : BACKING_BYTES_LIMIT)))
        return image_fail(error, "'%s': too large for clusters of %u bytes", options->path, cluster);
    /* A refcount table for all that may come, as far as a cluster or a few hold it; it grows when that is not enough.
     */
    uint64_t blocks = (options->bytes / cluster + tables + tables / per_block + 16) / per_block + 2;
    uint32_t table = (uint32_t)((blocks * 8 + cluster - 1) / cluster);
    uint64_t l1_clusters = (tables * 8 + cluster - 1) / cluster;
    uint64_t used = 2 + (uint64_t)table + l1_clusters;
    if ((uint64_t)table * cluster > REFCOUNT_BYTES_LIMIT || used > per_block)
        return image_fail(error, "'%s': too large for clusters of %u bytes", options->path, cluster);
    uint8_t *bytes = calloc(1, cluster);
    if (!bytes)
        return image_fail(error, "'%s': out of memory", options->path);
    header_make(bytes, options, cluster, (uint32_t)tables, table);
    int status = file_write(fd, 0, bytes, cluster);
    memset(bytes, 0, cluster);
    for (uint64_t i = 2; !status && i < used; i++) /* also what is read before it is written */
        status = file_write(fd, i * cluster, bytes, cluster);
    put_be64(bytes, (uint64_t)cluster * (1 + table));
    if (!status)
        status = file_write(fd, cluster, bytes, cluster);
    memset(bytes, 0, cluster);
    for (uint64_t i = 0; i < used; i++)
        put_be16(bytes + 2 * i, 1);
    if (!status)
        status = file_write(fd, (uint64_t)cluster * (1 + table), bytes, cluster);
    free(bytes);
    return status ? image_fail(error, "'%s': %s", options->path, strerror(-status)) : 0;
}

void qcow2_describe(struct image *image, abbey_fact_fn fact, void *arg)
{
    const struct qcow2 *q = image->data;
    fact(arg, "version", NULL, q->version);
    fact(arg, "cluster", NULL, q->cluster);
    if (q->dirty)
        fact(arg, "dirty", "yes: repaired when it is opened for writing", 0);
}
