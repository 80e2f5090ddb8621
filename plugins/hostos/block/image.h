/* image.h - disk images: formats behind one small interface.
 *
 * An image is opened with everything it stands on (backing files, extents), and is used by one thread at a time.
 * Functions return 0 or a negative errno, so that ENOSPC is told apart; opening explains itself in an abbey_error.
 * Offsets and lengths of read() and write() are multiples of 512 and within the image: image.c checks. */
#ifndef ABBEY_BLOCK_IMAGE_H
#define ABBEY_BLOCK_IMAGE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <abbey/image.h>
#include <abbey/types.h>

#define IMAGE_SECTOR 512u
#define IMAGE_HEADER 512u     /* bytes that a probe looks at */
#define IMAGE_CHAIN_LIMIT 16u /* images on top of each other */

struct image;

#define IMAGE_WRITE 1u   /* for writing, locked against every other user; else locked against writers */
#define IMAGE_ALONE 4u   /* what it stands on is not opened: only what map() calls data is good to read */
#define IMAGE_NO_LOCK 2u /* part of an image that is locked already */

/* What map() says of a range. */
#define IMAGE_BELOW 0 /* this image has nothing there: what it stands on shows, or zeros */
#define IMAGE_DATA 1
#define IMAGE_ZERO 2 /* zeros, whatever is below */

/* What create() is to make. */
struct image_new {
    uint64_t bytes;      /* virtual size, a multiple of 512 */
    uint32_t cluster;    /* bytes, or 0 for the format's own choice */
    const char *path;    /* of the file that is being made */
    const char *backing; /* path to be put into the image, or NULL */
    const char *backing_format;
};

struct image_format {
    const char *name;
    /* Whether a file that begins so is of this format; NULL: never found by looking. */
    bool (*probe)(const uint8_t *header, size_t bytes);
    /* Takes an image with fd, path, flags, and sets bytes, backing, geometry, data. */
    int (*open)(struct image *image, abbey_error *error);
    int (*read)(struct image *image, uint64_t offset, uint8_t *to, uint64_t bytes);
    int (*write)(struct image *image, uint64_t offset, const uint8_t *from, uint64_t bytes);
    int (*readv)(struct image *image, uint64_t offset, const struct iovec *iov, int count); /* may be NULL */
    int (*writev)(struct image *image, uint64_t offset, const struct iovec *iov, int count);
    int (*zero)(struct image *image, uint64_t offset, uint64_t bytes);    /* may be NULL: zeros are written */
    int (*discard)(struct image *image, uint64_t offset, uint64_t bytes); /* may be NULL: nothing */
    /* IMAGE_BELOW, ... of the range from `offset`; *bytes shrinks to what it is true of. */
    int (*map)(struct image *image, uint64_t offset, uint64_t *bytes);
    int (*flush)(struct image *image); /* to stable storage */
    /* Writes what is held back and frees `data`; the first error. */
    int (*close)(struct image *image);
    /* Makes an empty image in the open file `fd`. */
    int (*create)(int fd, const struct image_new *options, abbey_error *error);
    /* What is worth knowing of this format alone; may be NULL. */
    void (*describe)(struct image *image, abbey_fact_fn fact, void *arg);
    /* Removes the files of an image; NULL: there is one. */
    void (*remove)(const char *path);
};

struct image {
    const struct image_format *format;
    int fd;
    char *path;
    uint32_t flags;
    uint32_t depth; /* 0, or how many stand on it */
    uint64_t bytes; /* virtual size, a multiple of 512 */
    uint32_t cylinders, heads, sectors;
    struct image *backing; /* or NULL */
    bool guessed;          /* found to be raw by looking: see image_write() */
    void *data;            /* the format's own */
};

extern const struct image_format image_raw, image_qcow2, image_vmdk;

/* By name; NULL when there is none. "auto" is none. */
const struct image_format *image_format_find(const char *name);

#define IMAGE_FORMATS "raw, qcow2, vmdk"
#define IMAGE_CHOICES "raw,qcow2,vmdk"

/* Opens an image and what it stands on. `format` "auto" looks at the file. `depth` is 0 but for backing files. NULL
 * with the reason in *error. */
struct image *image_open(const char *path, const char *format, uint32_t flags, uint32_t depth, abbey_error *error);
/* The first error of closing; the image is gone in any case. NULL is good. */
int image_close(struct image *image);

/* What was found to be raw by looking must not turn into an image of another format under the hands of the guest, which
 * would have the host open files that it names: a write that makes it look like one is refused with -EPERM. */
int image_read(struct image *image, uint64_t offset, const struct iovec *iov, int count);
int image_write(struct image *image, uint64_t offset, const struct iovec *iov, int count);
int image_zero(struct image *image, uint64_t offset, uint64_t bytes);
int image_discard(struct image *image, uint64_t offset, uint64_t bytes);
int image_flush(struct image *image);

/* A file made from nothing: fails when it exists. The path is removed again after an error. */
int image_create(const struct image_format *format, const struct image_new *options, abbey_error *error);

void image_remove(const struct image_format *format, const char *path);

/* The format that a qcow2 header of so many bytes names for what the image stands on, or "auto". */
void image_backing_format(const uint8_t *header, uint32_t bytes, char *format, size_t room);

/* Fills *error and returns -1. */
__attribute__((format(printf, 2, 3))) int image_fail(abbey_error *error, const char *format, ...);

/* All of it or an error. Reading past the end of the file gives zeros. */
int file_read(int fd, uint64_t offset, void *to, size_t bytes);
int file_write(int fd, uint64_t offset, const void *from, size_t bytes);
int file_zero(int fd, uint64_t offset, uint64_t bytes);
int64_t file_bytes(int fd);

/* A path that stands in the file `of`, relative to its folder unless absolute; the caller frees it. */
char *path_beside(const char *of, const char *path);

/* lock.c: an OFD lock of the whole file, for as long as it is open. 0, or -1 with who holds it in *error. */
int image_lock(int fd, const char *path, bool exclusive, abbey_error *error);

static inline uint16_t get_be16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}
static inline uint32_t get_be32(const uint8_t *at)
{
    return (uint32_t)get_be16(at) << 16 | get_be16(at + 2);
}
static inline uint64_t get_be64(const uint8_t *at)
{
    return (uint64_t)get_be32(at) << 32 | get_be32(at + 4);
}
static inline void put_be16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}
static inline void put_be32(uint8_t *at, uint32_t value)
{
    put_be16(at, (uint16_t)(value >> 16));
    put_be16(at + 2, (uint16_t)value);
}
static inline void put_be64(uint8_t *at, uint64_t value)
{
    put_be32(at, (uint32_t)(value >> 32));
    put_be32(at + 4, (uint32_t)value);
}

#endif
