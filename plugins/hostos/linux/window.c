/* window.c - what guest address spaces need of the host beside mappings: the base of GS, and guards.
 *
 * A guard is a userfaultfd in write-protect mode with UFFD_FEATURE_SIGBUS: a store to a protected page sends SIGBUS to
 * the thread that made it, on the spot and without anybody reading from the descriptor. The kernel keeps the protection
 * in the page tables, page by page, where mprotect() would split the mapping. It is taken in the mode that looks at
 * accesses of user code alone, which needs no privilege; system calls must then keep away from guarded mappings. */
#include "linux.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HWCAP2_WRGSBASE 2u      /* asm/hwcap2.h: WRGSBASE works in user mode */
#define MAPPINGS_DEFAULT 65530u /* DEFAULT_MAX_MAP_COUNT of the kernel */

/* Linux 5.11 and 5.19; named here because the build may see older headers than the kernel it runs on. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
#define FEATURE_SIGBUS (1ull << 7)
#define FEATURE_WP_SHMEM (1ull << 12)

struct abbey_guard {
    int fd;
};

static int32_t set_gs(uint64_t base)
{
    if (!(getauxval(AT_HWCAP2) & HWCAP2_WRGSBASE))
        return syscall(SYS_arch_prctl, ARCH_SET_GS, base) == 0 ? 0 : -1;
    __asm__ volatile("wrgsbase %0" : : "r"(base));
    return 0;
}

static uint64_t mappings_max(void)
{
    unsigned long long value = MAPPINGS_DEFAULT;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "re");
    if (file) {
        if (fscanf(file, "%llu", &value) != 1)
            value = MAPPINGS_DEFAULT;
        fclose(file);
    }
    return value;
}

static void guard_free(abbey_guard *guard)
{
    if (!guard)
        return;
    if (guard->fd >= 0)
        close(guard->fd);
    free(guard);
}

static abbey_guard *guard_new(void)
{
    abbey_guard *guard = malloc(sizeof *guard);
    if (!guard)
        return NULL;
    struct uffdio_api api = { .api = UFFD_API, .features = FEATURE_SIGBUS | FEATURE_WP_SHMEM };
    guard->fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
    if (guard->fd < 0 || ioctl(guard->fd, UFFDIO_API, &api) != 0) {
        guard_free(guard);
        return NULL;
    }
    return guard;
}

static int32_t guard_add(abbey_guard *guard, void *at, uint64_t bytes)
{
    struct uffdio_register range = { .range = { (uintptr_t)at, bytes }, .mode = UFFDIO_REGISTER_MODE_WP };
    return ioctl(guard->fd, UFFDIO_REGISTER, &range) == 0 ? 0 : -1;
}

static int32_t guard_set(abbey_guard *guard, void *at, uint64_t bytes, uint32_t protect)
{
    struct uffdio_writeprotect range = { .range = { (uintptr_t)at, bytes },
        .mode = protect ? UFFDIO_WRITEPROTECT_MODE_WP : 0 };
    return ioctl(guard->fd, UFFDIO_WRITEPROTECT, &range) == 0 ? 0 : -1;
}

const abbey_host_window_1 host_window = {
    .size = sizeof(abbey_host_window_1),
    .set_gs = set_gs,
    .mappings_max = mappings_max,
    .guard_new = guard_new,
    .guard_free = guard_free,
    .guard_add = guard_add,
    .guard_set = guard_set,
};
