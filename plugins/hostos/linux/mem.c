/* mem.c - memory objects and where they are mapped.
 *
 * Guest memory is a file without a name, so that the same page may stand at several addresses with different rights.
 * Address space is reserved first, PROT_NONE and without a promise of memory, and parts of it replaced with MAP_FIXED;
 * taking a mapping away puts the reservation back in one step, so no other thread's mmap can slip into the gap.
 *
 * An object for code has no file: perf looks names up in /tmp/perf-PID.map for anonymous memory and not for that of a
 * memfd. It is shared anonymous memory, mapped once without access; mremap(2) of no bytes makes a further mapping of
 * the same pages. */
#include "linux.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE 4096u
#define FOUR_GB (1ull << 32)

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u /* Linux 6.3; the file cannot be executed as a program, mappings may still be executable */
#endif

#define RESERVED_FLAGS (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)

struct abbey_memobj {
    int fd;
    uint8_t *base; /* of an object for code, which has no fd; else NULL */
    uint64_t bytes;
};

static bool aligned(uint64_t value)
{
    return value % PAGE == 0;
}

/* Without its memory. */
static abbey_memobj *object_new(const char *name, uint64_t bytes, abbey_error *error)
{
    if (bytes == 0 || !aligned(bytes) || bytes > INT64_MAX) {
        host_fail(
            error, "memory object '%s': %llu bytes is not a whole number of pages", name, (unsigned long long)bytes);
        return NULL;
    }
    abbey_memobj *object = malloc(sizeof *object);
    if (object)
        *object = (abbey_memobj){ .fd = -1, .bytes = bytes };
    else
        host_fail(error, "memory object '%s': %m", name);
    return object;
}

static abbey_memobj *mem_create_code(uint64_t bytes, abbey_error *error)
{
    abbey_memobj *object = object_new("code", bytes, error);
    if (!object)
        return NULL;
    void *base = mmap(NULL, bytes, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) {
        host_fail(error, "memory for %llu bytes of code: %m", (unsigned long long)bytes);
        free(object);
        return NULL;
    }
    object->base = base;
    return object;
}

static abbey_memobj *mem_create(const char *name, uint64_t bytes, abbey_error *error)
{
    abbey_memobj *object = object_new(name, bytes, error);
    if (!object)
        return NULL;
    object->fd = memfd_create(name, MFD_CLOEXEC | MFD_NOEXEC_SEAL);
    if (object->fd < 0 && errno == EINVAL) /* before Linux 6.3 */
        object->fd = memfd_create(name, MFD_CLOEXEC);
    if (object->fd < 0 || ftruncate(object->fd, (off_t)bytes) != 0) {
        host_fail(error, "memory object '%s' of %llu bytes: %m", name, (unsigned long long)bytes);
        if (object->fd >= 0)
            close(object->fd);
        free(object);
        return NULL;
    }
    return object;
}

static void mem_destroy(abbey_memobj *object)
{
    if (!object)
        return;
    if (object->base)
        munmap(object->base, object->bytes);
    else
        close(object->fd);
    free(object);
}

static void *mem_reserve(uint64_t bytes, uint64_t align, abbey_error *error)
{
    if (align < PAGE)
        align = PAGE;
    if (bytes == 0 || !aligned(bytes) || (align & (align - 1)) != 0 || bytes + align < bytes) {
        host_fail(error, "cannot reserve %llu bytes aligned to %llu: not whole pages, or not a power of two",
            (unsigned long long)bytes, (unsigned long long)align);
        return NULL;
    }
    /* Take too much and give back the two ends. The hint matters only where the kernel would go below 4 GB. */
    uint64_t length = bytes + align;
    void *area = mmap(NULL, length, PROT_NONE, RESERVED_FLAGS, -1, 0);
    if (area != MAP_FAILED && (uintptr_t)area < FOUR_GB) {
        munmap(area, length);
        area = mmap((void *)(16 * FOUR_GB), length, PROT_NONE, RESERVED_FLAGS, -1, 0);
    }
    if (area == MAP_FAILED) {
        host_fail(
            error, "cannot reserve %llu MB of address space: %m (see `ulimit -v')", (unsigned long long)(bytes >> 20));
        return NULL;
    }
    uintptr_t start = ((uintptr_t)area + align - 1) & ~(uintptr_t)(align - 1);
    uintptr_t head = start - (uintptr_t)area;
    if (head)
        munmap(area, head);
    if (align > head)
        munmap((void *)(start + bytes), align - head);
    if (start < FOUR_GB) {
        munmap((void *)start, bytes);
        host_fail(error, "no address space above 4 GB for %llu bytes", (unsigned long long)bytes);
        return NULL;
    }
    return (void *)start;
}

static void mem_release(void *start, uint64_t bytes)
{
    if (start)
        munmap(start, bytes);
}

static int prot_flags(uint32_t prot)
{
    return (prot & ABBEY_MAP_READ ? PROT_READ : 0) | (prot & ABBEY_MAP_WRITE ? PROT_WRITE : 0) |
           (prot & ABBEY_MAP_EXEC ? PROT_EXEC : 0);
}

/* "what of N bytes failed: why", with the remedy for the limit that VMMs run into. */
static int32_t map_fail(abbey_error *error, const char *what, uint64_t bytes)
{
    return host_fail(error, "cannot %s %llu bytes: %m%s", what, (unsigned long long)bytes,
        errno == ENOMEM ? " (out of memory, or more mappings than sysctl vm.max_map_count)" : "");
}

/* One more mapping of a part of an object for code. */
static void *code_map(const abbey_memobj *object, uint64_t offset, uint64_t bytes, uint32_t prot, void *at)
{
    void *start = at ? mremap(object->base + offset, 0, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, at)
                     : mremap(object->base + offset, 0, bytes, MREMAP_MAYMOVE);
    if (start == MAP_FAILED || mprotect(start, bytes, prot_flags(prot)) == 0)
        return start;
    int why = errno;
    munmap(start, bytes);
    errno = why;
    return MAP_FAILED;
}

static void *mem_map(abbey_memobj *object, uint64_t offset, uint64_t bytes, uint32_t prot, void *at, abbey_error *error)
{
    if (bytes == 0 || !aligned(bytes | offset | (uintptr_t)at) || bytes > object->bytes ||
        offset > object->bytes - bytes) {
        host_fail(error, "cannot map %llu bytes at offset %llu of an object of %llu bytes", (unsigned long long)bytes,
            (unsigned long long)offset, (unsigned long long)object->bytes);
        return NULL;
    }
    void *start = object->base
                      ? code_map(object, offset, bytes, prot, at)
                      : mmap(at, bytes, prot_flags(prot), MAP_SHARED | (at ? MAP_FIXED : 0), object->fd, (off_t)offset);
    if (start == MAP_FAILED) {
        map_fail(error, "map", bytes);
        return NULL;
    }
    return start;
}

static int32_t mem_unmap(void *at, uint64_t bytes, abbey_error *error)
{
    if (mmap(at, bytes, PROT_NONE, RESERVED_FLAGS | MAP_FIXED, -1, 0) == MAP_FAILED)
        return map_fail(error, "unmap", bytes);
    return 0;
}

static int32_t mem_protect(void *at, uint64_t bytes, uint32_t prot, abbey_error *error)
{
    return mprotect(at, bytes, prot_flags(prot)) == 0 ? 0 : map_fail(error, "protect", bytes);
}

static int32_t mem_discard(abbey_memobj *object, uint64_t offset, uint64_t bytes)
{
    if (bytes > object->bytes || offset > object->bytes - bytes)
        return -1;
    if (object->base) { /* the kernel wants to be shown a mapping that may write */
        void *at = object->base + offset;
        bool done = mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0 && madvise(at, bytes, MADV_REMOVE) == 0;
        return mprotect(at, bytes, PROT_NONE) == 0 && done ? 0 : -1;
    }
    return fallocate(object->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)bytes) == 0 ? 0 : -1;
}

const abbey_host_mem_1 host_mem = {
    .size = sizeof(abbey_host_mem_1),
    .page_size = PAGE,
    .create = mem_create,
    .destroy = mem_destroy,
    .reserve = mem_reserve,
    .release = mem_release,
    .map = mem_map,
    .unmap = mem_unmap,
    .protect = mem_protect,
    .discard = mem_discard,
    .create_code = mem_create_code,
};
