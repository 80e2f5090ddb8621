#define _GNU_SOURCE
#include "tests/unit/hostmem.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct abbey_memobj {
    int fd;
};

unsigned hostmem_fail_at;

static int refused(abbey_error *error, const char *what)
{
    if (!hostmem_fail_at || --hostmem_fail_at)
        return 0;
    if (error)
        snprintf(error->text, sizeof error->text, "%s: made to fail", what);
    return 1;
}

static void *failed(abbey_error *error, const char *what)
{
    if (error)
        snprintf(error->text, sizeof error->text, "%s failed", what);
    return NULL;
}

static abbey_memobj *create(const char *name, uint64_t bytes, abbey_error *error)
{
    if (refused(error, "create"))
        return NULL;
    abbey_memobj *object = malloc(sizeof *object);
    if (!object)
        return failed(error, "malloc");
    object->fd = memfd_create(name, MFD_CLOEXEC);
    if (object->fd < 0 || ftruncate(object->fd, (off_t)bytes) < 0) {
        if (object->fd >= 0)
            close(object->fd);
        free(object);
        return failed(error, "memfd_create");
    }
    return object;
}

static abbey_memobj *create_code(uint64_t bytes, abbey_error *error)
{
    return create("code", bytes, error);
}

static void destroy(abbey_memobj *object)
{
    if (!object)
        return;
    close(object->fd);
    free(object);
}

static void *reserve(uint64_t bytes, uint64_t align, abbey_error *error)
{
    if (refused(error, "reserve"))
        return NULL;
    void *start = mmap(NULL, bytes + align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (start == MAP_FAILED)
        return failed(error, "mmap");
    uint64_t at = (uint64_t)start, aligned = (at + align - 1) & ~(align - 1);
    if (aligned > at)
        munmap(start, aligned - at);
    if (at + align > aligned)
        munmap((void *)(aligned + bytes), at + align - aligned);
    return (void *)aligned;
}

static void release(void *start, uint64_t bytes)
{
    munmap(start, bytes);
}

static int host_prot(uint32_t prot)
{
    return (prot & ABBEY_MAP_READ ? PROT_READ : 0) | (prot & ABBEY_MAP_WRITE ? PROT_WRITE : 0) |
           (prot & ABBEY_MAP_EXEC ? PROT_EXEC : 0);
}

static void *map(abbey_memobj *object, uint64_t offset, uint64_t bytes, uint32_t prot, void *at, abbey_error *error)
{
    if (refused(error, "map"))
        return NULL;
    void *start = mmap(at, bytes, host_prot(prot), MAP_SHARED | (at ? MAP_FIXED : 0), object->fd, (off_t)offset);
    return start == MAP_FAILED ? failed(error, "mmap") : start;
}

static int32_t unmap(void *at, uint64_t bytes, abbey_error *error)
{
    void *start = mmap(at, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return start == MAP_FAILED ? failed(error, "mmap"), -1 : 0;
}

static int32_t protect(void *at, uint64_t bytes, uint32_t prot, abbey_error *error)
{
    return mprotect(at, bytes, host_prot(prot)) < 0 ? failed(error, "mprotect"), -1 : 0;
}

static int32_t discard(abbey_memobj *object, uint64_t offset, uint64_t bytes)
{
    return fallocate(object->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes);
}

const abbey_host_mem_1 hostmem = {
    .size = sizeof hostmem,
    .page_size = 4096,
    .create = create,
    .destroy = destroy,
    .reserve = reserve,
    .release = release,
    .map = map,
    .unmap = unmap,
    .protect = protect,
    .discard = discard,
    .create_code = create_code,
};
