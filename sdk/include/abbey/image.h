/* abbey/image.h - disk images as files, for tools: the service "abbey.host.image/1" of a hostos plugin. Machines reach
 * their disks through abbey/block.h; this is what `abbey disk` does while no machine runs.
 *
 * Every call locks the images it uses and fails when another process has them. All [any], one call at a time. */
#ifndef ABBEY_IMAGE_H
#define ABBEY_IMAGE_H

#include <abbey/types.h>

#define ABBEY_HOST_IMAGE_1 "abbey.host.image/1"

/* What an image is to be. Strings that are NULL, and zeros, are left to the service. */
typedef struct abbey_image_options {
    uint32_t size;       /* sizeof(abbey_image_options) */
    uint32_t cluster;    /* bytes of a cluster or grain */
    uint64_t bytes;      /* virtual size; convert: at least that of the source, 0 the same */
    const char *format;  /* NULL: by the ending of the path (.qcow2, .vmdk), else raw */
    const char *backing; /* create: the image it stands on, relative to the new one */
    const char *backing_format;
} abbey_image_options;

/* One fact about an image: a number, or a text when `text` is not NULL. */
typedef void (*abbey_fact_fn)(void *arg, const char *name, const char *text, uint64_t number);
/* How far a long operation is: `done` of `total` bytes. */
typedef void (*abbey_progress_fn)(void *arg, uint64_t done, uint64_t total);

typedef struct abbey_host_image_1 {
    uint32_t size;
    uint32_t reserved;
    /* "raw, qcow2, vmdk": formats that can be made. */
    const char *formats;
    /* A new, empty image; a file that exists is left alone and an error. 0 or -1. */
    int32_t (*create)(const char *path, const abbey_image_options *options, abbey_error *error);
    /* Facts in a fixed order: "format", "bytes" (virtual), "allocated" (of the host's disk), "backing", ... */
    int32_t (*info)(const char *path, const char *format, abbey_fact_fn fact, void *arg, abbey_error *error);
    /* A copy in another format, without holes and zeros; it exists only when all went well. */
    int32_t (*convert)(const char *from, const char *from_format, const char *to, const abbey_image_options *options,
        abbey_progress_fn progress, void *arg, abbey_error *error);
    /* Writes the redo log of an image into it and removes the log. What was interrupted is finished by another call. */
    int32_t (*commit)(const char *path, abbey_progress_fn progress, void *arg, abbey_error *error);
    /* Removes the redo log of an image. */
    int32_t (*discard)(const char *path, abbey_error *error);
} abbey_host_image_1;

#endif
