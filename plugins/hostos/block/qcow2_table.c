/* qcow2_table.c - L2 tables and refcount blocks in memory: each is a cluster of the file, the least recently used goes.
 * What is changed is written through at once, so that dropping one loses nothing. */
#include "qcow2.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int tables_new(struct qcow2 *q)
{
    for (unsigned i = 0; i < TABLE_CACHE; i++)
        if (!(q->tables[i].bytes = malloc(q->cluster)))
            return -ENOMEM;
    return 0;
}

void tables_free(struct qcow2 *q)
{
    for (unsigned i = 0; i < TABLE_CACHE; i++)
        free(q->tables[i].bytes);
}

static struct table *table_find(struct qcow2 *q, uint64_t offset)
{
    for (unsigned i = 0; i < TABLE_CACHE; i++)
        if (q->tables[i].offset == offset)
            return &q->tables[i];
    return NULL;
}

static struct table *table_oldest(struct qcow2 *q)
{
    struct table *oldest = &q->tables[0];
    for (unsigned i = 1; i < TABLE_CACHE; i++)
        if (q->tables[i].used < oldest->used)
            oldest = &q->tables[i];
    return oldest;
}

uint8_t *table_get(struct image *image, uint64_t offset, int *status)
{
    struct qcow2 *q = qcow2_of(image);
    struct table *table = table_find(q, offset);
    *status = 0;
    if (!table) {
        if (!offset || offset % q->cluster)
            *status = -EIO; /* the image is damaged */
        table = table_oldest(q);
        table->offset = 0;
        if (!*status)
            *status = file_read(image->fd, offset, table->bytes, q->cluster);
        if (*status)
            return NULL;
        table->offset = offset;
    }
    table->used = ++q->uses;
    return table->bytes;
}

uint8_t *table_new(struct image *image, uint64_t offset, int *status)
{
    struct qcow2 *q = qcow2_of(image);
    table_forget(image, offset);
    struct table *table = table_oldest(q);
    table->offset = 0;
    memset(table->bytes, 0, q->cluster);
    *status = file_write(image->fd, offset, table->bytes, q->cluster);
    if (*status)
        return NULL;
    table->offset = offset;
    table->used = ++q->uses;
    return table->bytes;
}

int table_put(struct image *image, uint64_t offset, uint32_t at, const uint8_t *from, uint32_t bytes)
{
    int status = file_write(image->fd, offset + at, from, bytes);
    struct table *table = table_find(qcow2_of(image), offset);
    if (table && !status && table->bytes + at != from)
        memcpy(table->bytes + at, from, bytes);
    else if (table && status)
        table->offset = 0; /* read again what the file has */
    return status;
}

void table_forget(struct image *image, uint64_t offset)
{
    struct table *table = table_find(qcow2_of(image), offset);
    if (table)
        table->offset = 0;
}
