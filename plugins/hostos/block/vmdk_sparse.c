/* vmdk_sparse.c - hosted sparse extents: VDF, "Hosted Sparse Extents".
 *
 * A sector is looked up in two steps. The directory names grain tables, a grain table names grains (of 64 KB mostly):
 *
 *     sector 1000000, grains of 128 sectors  ->  grain 7812  ->  table 15, entry 132  ->  sector in the file
 *     the entry is 0: nothing was written yet, zeros;  1: zeros, on purpose
 *
 * Both exist twice. A write to a new grain goes behind the end of the file, whole, and then into both tables: a kill in
 * between leaves a grain that nobody names. */
#include "vmdk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The header. */
#define S_VERSION 4u
#define S_FLAGS 8u
#define S_CAPACITY 12u
#define S_GRAIN 20u
#define S_DESCRIPTOR 28u
#define S_DESCRIPTOR_SECTORS 36u
#define S_ENTRIES 44u
#define S_DIRECTORY_2 48u
#define S_DIRECTORY 56u
#define S_OVERHEAD 64u
#define S_UNCLEAN 72u
#define S_NEWLINES 73u

#define FLAG_NEWLINES 1u
#define FLAG_TWO_TABLES 2u
#define FLAG_ZERO_GRAIN 4u
#define FLAG_COMPRESSED 0x10000u
#define FLAG_MARKERS 0x20000u

#define GRAIN_DEFAULT 128u
#define GRAIN_LIMIT 4096u
#define TABLE_COUNT_LIMIT (1u << 20)
#define TABLE_SECTORS (TABLE_ENTRIES * 4 / IMAGE_SECTOR)
#define ENTRY_IS_ZERO 1u

/* ---- opening ---- */

static int wrong(const char *path, abbey_error *error, const char *what)
{
    return image_fail(error, "'%s' is no good VMDK extent: %s", path, what);
}

/* One directory; every table it names is in the file. NULL with the reason. */
static uint32_t *directory_read(
    const struct extent *e, uint64_t sector, uint64_t file, const char *path, abbey_error *error)
{
    uint32_t *directory = calloc((size_t)e->table_count + 1, sizeof *directory);
    int status = sector > file ? -EINVAL : directory ? 0 : -ENOMEM;
    if (!status)
        status = file_read(e->fd, sector * IMAGE_SECTOR, directory, (size_t)e->table_count * 4);
    for (uint32_t i = 0; !status && i < e->table_count; i++) {
        directory[i] = get_le32((const uint8_t *)&directory[i]);
        if (directory[i] && (uint64_t)directory[i] + TABLE_SECTORS > file)
            status = -EINVAL;
    }
    if (!status)
        return directory;
    free(directory);
    if (status == -EINVAL)
        wrong(path, error, "its directory leads out of the file");
    else
        image_fail(error, "'%s': %s", path, strerror(-status));
    return NULL;
}

static int header_check(const uint8_t *h, const char *path, abbey_error *error)
{
    uint32_t flags = get_le32(h + S_FLAGS), version = get_le32(h + S_VERSION);
    uint64_t grain = get_le64(h + S_GRAIN), capacity = get_le64(h + S_CAPACITY);
    if (memcmp(h, "KDMV", 4) != 0)
        return wrong(path, error, "it does not begin with KDMV");
    if (version < 1 || version > 3)
        return image_fail(error, "'%s' is a VMDK extent of version %u; 1 to 3 are known", path, version);
    if (flags & (FLAG_COMPRESSED | FLAG_MARKERS))
        return image_fail(
            error, "'%s' is a compressed, stream-optimized VMDK image; `qemu-img convert` makes another of it", path);
    if ((flags & FLAG_NEWLINES) && memcmp(h + S_NEWLINES, "\n \r\n", 4) != 0)
        return wrong(path, error, "its line ends were changed, as by a transfer of text files");
    if (grain < 1 || grain > GRAIN_LIMIT || (grain & (grain - 1)))
        return wrong(path, error, "its grains are no power of two of up to 4096 sectors");
    if (get_le32(h + S_ENTRIES) != TABLE_ENTRIES)
        return wrong(path, error, "its tables do not have 512 entries");
    if (!capacity || capacity > (uint64_t)TABLE_COUNT_LIMIT * TABLE_ENTRIES * grain)
        return wrong(path, error, "its capacity is nothing, or too large");
    return 0;
}

int sparse_open(struct extent *e, const char *path, bool write, uint64_t *descriptor, uint32_t *descriptor_bytes,
    abbey_error *error)
{
    uint8_t h[IMAGE_SECTOR];
    int64_t size = file_bytes(e->fd);
    int status = size < 0 ? (int)size : file_read(e->fd, 0, h, sizeof h);
    if (status)
        return image_fail(error, "'%s': %s", path, strerror(-status));
    if (header_check(h, path, error))
        return -1;
    uint64_t file = ((uint64_t)size + IMAGE_SECTOR - 1) / IMAGE_SECTOR, capacity = get_le64(h + S_CAPACITY);
    e->grain = (uint32_t)get_le64(h + S_GRAIN);
    uint64_t per_table = (uint64_t)TABLE_ENTRIES * e->grain;
    if (e->sectors && e->sectors > capacity)
        return wrong(path, error, "the descriptor gives it more sectors than it has");
    e->sectors = e->sectors ? e->sectors : capacity;
    e->table_count = (uint32_t)((capacity + per_table - 1) / per_table);
    e->end = (file + e->grain - 1) & ~(uint64_t)(e->grain - 1);
    e->tables = calloc(e->table_count, sizeof *e->tables);
    e->directory = directory_read(e, get_le64(h + S_DIRECTORY), file, path, error);
    if (!e->tables || !e->directory)
        return -1;
    if (write && (get_le32(h + S_FLAGS) & FLAG_TWO_TABLES) && get_le64(h + S_DIRECTORY_2)) {
        e->directory_2 = directory_read(e, get_le64(h + S_DIRECTORY_2), file, path, error);
        if (!e->directory_2)
            return -1;
    }
    uint64_t at = get_le64(h + S_DESCRIPTOR), sectors = get_le64(h + S_DESCRIPTOR_SECTORS);
    bool has = at && at < file && sectors && sectors <= VMDK_DESCRIPTOR / IMAGE_SECTOR;
    *descriptor = has ? at * IMAGE_SECTOR : 0;
    *descriptor_bytes = has ? (uint32_t)(sectors * IMAGE_SECTOR) : 0;
    return 0;
}

void sparse_close(struct extent *e)
{
    static const uint8_t clean = 0;
    if (e->marked)
        (void)file_write(e->fd, S_UNCLEAN, &clean, 1);
    for (uint32_t i = 0; e->tables && i < e->table_count; i++)
        free(e->tables[i]);
    free(e->tables);
    free(e->directory);
    free(e->directory_2);
}

/* ---- looking up ---- */

static uint32_t *table_get(struct extent *e, uint64_t sector, int *status)
{
    uint64_t which = sector / e->grain / TABLE_ENTRIES;
    *status = 0;
    if (which >= e->table_count)
        *status = -EIO;
    else if (!e->tables[which] && e->directory[which]) {
        uint32_t *table = malloc(TABLE_ENTRIES * sizeof *table);
        *status =
            table ? file_read(e->fd, (uint64_t)e->directory[which] * IMAGE_SECTOR, table, TABLE_ENTRIES * 4) : -ENOMEM;
        for (uint32_t i = 0; !*status && i < TABLE_ENTRIES; i++)
            table[i] = get_le32((const uint8_t *)&table[i]);
        if (*status)
            free(table);
        else
            e->tables[which] = table;
    }
    return *status ? NULL : e->tables[which];
}

/* The sector of the grain in the file, 0 or 1 for zeros; and how many sectors from `sector` on its grain still has. */
static int grain_find(struct extent *e, uint64_t sector, uint64_t *grain, uint64_t *left)
{
    int status;
    const uint32_t *table = table_get(e, sector, &status);
    *left = e->grain - sector % e->grain;
    *grain = table ? table[sector / e->grain % TABLE_ENTRIES] : 0;
    if (*grain > ENTRY_IS_ZERO && *grain + e->grain > e->end)
        return -EIO; /* damaged */
    return status;
}

int sparse_read(struct extent *e, uint64_t sector, uint8_t *to, uint64_t sectors)
{
    while (sectors) {
        uint64_t grain, left;
        int status = grain_find(e, sector, &grain, &left);
        left = left < sectors ? left : sectors;
        if (!status && grain > ENTRY_IS_ZERO)
            status = file_read(e->fd, (grain + sector % e->grain) * IMAGE_SECTOR, to, left * IMAGE_SECTOR);
        else
            memset(to, 0, left * IMAGE_SECTOR);
        if (status)
            return status;
        to += left * IMAGE_SECTOR;
        sector += left;
        sectors -= left;
    }
    return 0;
}

int sparse_map(struct extent *e, uint64_t sector, uint64_t *sectors)
{
    uint64_t grain, left;
    int status = grain_find(e, sector, &grain, &left);
    *sectors = left < *sectors ? left : *sectors;
    return status ? status : grain > ENTRY_IS_ZERO ? IMAGE_DATA : IMAGE_ZERO;
}

/* ---- writing ---- */

static int entry_put(struct extent *e, uint64_t sector, uint32_t grain)
{
    uint64_t which = sector / e->grain / TABLE_ENTRIES, entry = sector / e->grain % TABLE_ENTRIES;
    uint8_t bytes[4];
    put_le32(bytes, grain);
    int status = 0;
    if (e->directory_2 && e->directory_2[which])
        status = file_write(e->fd, (uint64_t)e->directory_2[which] * IMAGE_SECTOR + entry * 4, bytes, sizeof bytes);
    if (!status)
        status = file_write(e->fd, (uint64_t)e->directory[which] * IMAGE_SECTOR + entry * 4, bytes, sizeof bytes);
    if (!status)
        e->tables[which][entry] = grain;
    return status;
}

/* A whole grain behind the end, with `sectors` of the data in it. */
static int grain_new(struct extent *e, uint64_t sector, const uint8_t *from, uint64_t sectors)
{
    uint8_t *whole = calloc(e->grain, IMAGE_SECTOR);
    int status = whole ? e->end + e->grain > UINT32_MAX ? -EFBIG : 0 : -ENOMEM;
    if (!status) {
        memcpy(whole + sector % e->grain * IMAGE_SECTOR, from, sectors * IMAGE_SECTOR);
        status = file_write(e->fd, e->end * IMAGE_SECTOR, whole, (size_t)e->grain * IMAGE_SECTOR);
    }
    free(whole);
    if (!status)
        status = entry_put(e, sector, (uint32_t)e->end);
    if (!status)
        e->end += e->grain;
    return status;
}

int sparse_write(struct extent *e, uint64_t sector, const uint8_t *from, uint64_t sectors)
{
    static const uint8_t unclean = 1;
    int status = e->marked ? 0 : file_write(e->fd, S_UNCLEAN, &unclean, 1);
    e->marked = !status;
    while (sectors && !status) {
        uint64_t grain, left;
        status = grain_find(e, sector, &grain, &left);
        left = left < sectors ? left : sectors;
        if (!status && grain > ENTRY_IS_ZERO)
            status = file_write(e->fd, (grain + sector % e->grain) * IMAGE_SECTOR, from, left * IMAGE_SECTOR);
        else if (!status && e->directory[sector / e->grain / TABLE_ENTRIES])
            status = grain_new(e, sector, from, left);
        else if (!status)
            status = -EIO; /* hosted extents have all their tables from the start */
        from += left * IMAGE_SECTOR;
        sector += left;
        sectors -= left;
    }
    return status;
}

/* ---- making one: header, descriptor, directory and tables twice ---- */

static int tables_create(int fd, uint64_t directory, uint64_t directory_sectors, uint32_t tables)
{
    uint8_t *bytes = calloc(directory_sectors, IMAGE_SECTOR);
    if (!bytes)
        return -ENOMEM;
    for (uint32_t i = 0; i < tables; i++)
        put_le32(bytes + (size_t)i * 4, (uint32_t)(directory + directory_sectors + (uint64_t)i * TABLE_SECTORS));
    int status = file_write(fd, directory * IMAGE_SECTOR, bytes, directory_sectors * IMAGE_SECTOR);
    free(bytes);
    return status; /* the tables themselves are holes of the file: zeros */
}

int sparse_create(int fd, uint64_t sectors, const char *descriptor)
{
    uint8_t h[IMAGE_SECTOR] = "KDMV", text[20 * IMAGE_SECTOR] = { 0 };
    uint64_t per_table = (uint64_t)TABLE_ENTRIES * GRAIN_DEFAULT, tables = (sectors + per_table - 1) / per_table;
    uint64_t directory_sectors = (tables * 4 + IMAGE_SECTOR - 1) / IMAGE_SECTOR,
             part = directory_sectors + tables * TABLE_SECTORS;
    uint64_t second = 1 + sizeof text / IMAGE_SECTOR, first = second + part;
    uint64_t overhead = (first + part + GRAIN_DEFAULT - 1) / GRAIN_DEFAULT * GRAIN_DEFAULT;
    if (tables > TABLE_COUNT_LIMIT || strlen(descriptor) >= sizeof text)
        return -EFBIG;
    put_le32(h + S_VERSION, 1);
    put_le32(h + S_FLAGS, FLAG_NEWLINES | FLAG_TWO_TABLES);
    put_le64(h + S_CAPACITY, sectors);
    put_le64(h + S_GRAIN, GRAIN_DEFAULT);
    put_le64(h + S_DESCRIPTOR, 1);
    put_le64(h + S_DESCRIPTOR_SECTORS, sizeof text / IMAGE_SECTOR);
    put_le32(h + S_ENTRIES, TABLE_ENTRIES);
    put_le64(h + S_DIRECTORY_2, second);
    put_le64(h + S_DIRECTORY, first);
    put_le64(h + S_OVERHEAD, overhead);
    memcpy(h + S_NEWLINES, "\n \r\n", 4);
    memcpy(text, descriptor, strlen(descriptor));
    int status = file_write(fd, 0, h, sizeof h);
    if (!status)
        status = file_write(fd, IMAGE_SECTOR, text, sizeof text);
    if (!status)
        status = tables_create(fd, second, directory_sectors, (uint32_t)tables);
    if (!status)
        status = tables_create(fd, first, directory_sectors, (uint32_t)tables);
    memset(h, 0, sizeof h);
    return status
               ? status
               : file_write(fd, (overhead - 1) * IMAGE_SECTOR, h, sizeof h); /* the file reaches to the first grain */
}
