/* drive.c - a diskette drive: which media it takes, where its head is, and the disk-change line.
 *
 * The medium's size tells how it is formatted. A drive takes what its kind could: a 3.5" drive for 1.44 MB takes 720 KB
 * diskettes and not those of 1.2 MB.
 *
 * The disk-change line (pin 34, bit 7 of DIR): set while there is no medium, and after one came until the head is
 * stepped (82077AA, "Digital Input Register"; the drive's own latch). */
#include "fdc.h"

#include <string.h>

/* Media by size in sectors; the first that fits is taken. */
static const struct fdc_geometry geometries[] = {
    { 9, 2, 40, RATE_250K },  /* 360 KB, 5.25" */
    { 15, 2, 80, RATE_500K }, /* 1.2 MB, 5.25" */
    { 9, 2, 80, RATE_250K },  /* 720 KB, 3.5" */
    { 18, 2, 80, RATE_500K }, /* 1.44 MB */
    { 36, 2, 80, RATE_1M },   /* 2.88 MB */
    { 8, 1, 40, RATE_250K },  /* 160 KB, DOS 1 */
    { 9, 1, 40, RATE_250K },  /* 180 KB */
    { 8, 2, 40, RATE_250K },  /* 320 KB */
    { 10, 2, 80, RATE_250K }, /* 800 KB */
    { 20, 2, 80, RATE_500K }, /* 1.6 MB */
    { 21, 2, 80, RATE_500K }, /* 1.68 MB, DMF */
    { 21, 2, 82, RATE_500K }, /* 1.72 MB */
};
#define GEOMETRIES (sizeof geometries / sizeof geometries[0])

/* Which of them a type of drive reads, as a mask of rows, and how many tracks it has. */
static const struct {
    const char *name;
    uint32_t media;
    uint8_t tracks;
} types[] = {
    { "360K", 1u << 0 | 1u << 5 | 1u << 6 | 1u << 7, 42 },
    { "1.2M", 1u << 0 | 1u << 1 | 1u << 5 | 1u << 6 | 1u << 7, 84 },
    { "720K", 1u << 2 | 1u << 8, 84 },
    { "1.44M", 1u << 2 | 1u << 3 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11, 84 },
    { "2.88M", 1u << 2 | 1u << 3 | 1u << 4 | 1u << 8 | 1u << 9 | 1u << 10 | 1u << 11, 84 },
};
#define TYPES (sizeof types / sizeof types[0])

static uint32_t type_of(const struct fdc_drive *d)
{
    uint32_t i = 0;
    while (i + 1 < TYPES && strcmp(types[i].name, d->type) != 0)
        i++;
    return i;
}

static uint64_t geometry_bytes(const struct fdc_geometry *g)
{
    return (uint64_t)g->sectors * g->heads * g->cylinders * FDC_SECTOR;
}

static void medium_look(struct fdc_drive *d)
{
    abbey_block_info info = abbey_block_info_get(d->media);
    d->geometry = NULL;
    d->read_only = !(info.flags & ABBEY_BLOCK_WRITABLE);
    for (uint32_t i = 0; i < GEOMETRIES && !d->geometry; i++)
        if ((info.flags & ABBEY_BLOCK_PRESENT) && (types[type_of(d)].media >> i & 1) &&
            geometry_bytes(&geometries[i]) == info.bytes)
            d->geometry = &geometries[i];
    if ((info.flags & ABBEY_BLOCK_PRESENT) && !d->geometry)
        abbey_log(d->dev, ABBEY_LOG_WARN, "a drive for %s diskettes cannot read a medium of %llu bytes", d->type,
            (unsigned long long)info.bytes);
}

static void media_event(void *self, uint32_t event)
{
    struct fdc_drive *d = self;
    if (event != ABBEY_BLOCK_CHANGED)
        return; /* no motor pulls a diskette out, and nothing holds it */
    medium_look(d);
    d->changed = 1;
}

static const abbey_block_client_1 client = {
    .size = sizeof client, .flags = ABBEY_BLOCK_REMOVABLE, .event = media_event
};

uint32_t fdc_drive_readable(const struct fdc_drive *d, uint32_t rate)
{
    if (!d || !d->geometry)
        return 0;
    /* A 1.2 MB drive turns at 360 rpm, so that media written at 250 Kbit/s at 300 rpm come by faster. */
    uint32_t wanted = d->geometry->rate;
    if (wanted == RATE_250K && strcmp(d->type, "1.2M") == 0)
        wanted = RATE_300K;
    return rate == wanted;
}

int32_t fdc_drive_cylinder(const struct fdc_drive *d)
{
    if (d->geometry->cylinders > 42 || types[type_of(d)].tracks <= 42)
        return d->cylinder;
    return d->cylinder & 1 ? -1 : d->cylinder >> 1;
}

void fdc_drive_seek(struct fdc_drive *d, uint32_t cylinder)
{
    uint32_t tracks = types[type_of(d)].tracks;
    uint8_t before = d->cylinder;
    d->cylinder = (uint8_t)(cylinder < tracks ? cylinder : tracks - 1);
    if (d->cylinder != before && (abbey_block_info_get(d->media).flags & ABBEY_BLOCK_PRESENT))
        d->changed = 0;
}

int32_t fdc_drive_loaded(void *self)
{
    struct fdc_drive *d = self;
    medium_look(d);
    return d->cylinder < types[type_of(d)].tracks && d->changed <= 1 ? 0 : -1;
}

int32_t fdc_drive_create(abbey_dev *dev, void *self)
{
    struct fdc_drive *d = self;
    void *fdc;
    const struct fdc_link *link = abbey_bus_find(dev, FDC_LINK, &fdc);
    d->dev = dev;
    d->fdc = fdc;
    if (!link || link->attach(fdc, d))
        return link ? abbey_fail(dev, "unit %u of its controller is already taken", d->unit) : -1;
    if (abbey_block_attach(d->media, &client, d))
        return abbey_fail(dev, "another device uses the backend of 'media'");
    if (fdc_drive_commands(d, dev))
        return -1;
    medium_look(d);
    return 0;
}

#define ABBEY_SELF struct fdc_drive
const abbey_prop fdc_drive_props[3] = {
    ABBEY_PROP(unit, 0, "0 is drive A:, 1 is B:", .max = 1),
    ABBEY_PROP_TEXT(type, "1.44M", "what the drive is made for", .choices = "360K,1.2M,720K,1.44M,2.88M"),
    ABBEY_PROP_TEXT(media, NULL, "the diskette's image"),
};
const abbey_reg fdc_drive_regs[2] = {
    ABBEY_REG(cylinder, 0), ABBEY_REG(changed, 1), /* as after power-on */
};
