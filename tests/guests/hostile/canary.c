/* canary.c - loaded before the monitor: fills address space around it with a pattern, and looks at the end whether the
 * pattern is still there.
 *
 * An access that has lost its way goes, most likely, to the guest's address as if it were the host's, or a little
 * before or behind what the guest may touch. So one small object is mapped again and again over the lowest 4 GB, and a
 * page of it before and behind each mapping that the program makes. What changes any of them changes the object.
 *
 * Prints "canary: N pages intact" or "canary: BROKEN at offset X" to standard error. */
#define _GNU_SOURCE
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul
#define OBJECT (2ul << 20)
#define LOW_FIRST 0x10000ul
#define LOW_END 0x100000000ul
#define PATTERN 0x5aa5c33cu /* FFh and CCh are the guest's */

static int object = -1;
static atomic_ulong pages;

static void *map(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
    return (void *)syscall(SYS_mmap, at, length, prot, flags, fd, offset);
}

/* Puts canaries there if nothing is there yet. */
static void place(uintptr_t at, size_t length)
{
    void *got = map((void *)at, length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED_NOREPLACE, object, 0);
    if (got == (void *)at)
        atomic_fetch_add(&pages, length / PAGE);
    else if (got != MAP_FAILED)
        munmap(got, length);
}

void *mmap(void *at, size_t length, int prot, int flags, int fd, off_t offset)
{
    void *got = map(at, length, prot, flags, fd, offset);
    if (got != MAP_FAILED && object >= 0 && !(flags & MAP_FIXED)) {
        uintptr_t end = ((uintptr_t)got + length + PAGE - 1) & ~(PAGE - 1);
        place((uintptr_t)got - PAGE, PAGE);
        place(end, PAGE);
    }
    return got;
}

__attribute__((constructor)) static void begin(void)
{
    object = memfd_create("canary", MFD_CLOEXEC);
    if (object < 0 || ftruncate(object, OBJECT))
        return;
    uint32_t *words = map(NULL, OBJECT, PROT_READ | PROT_WRITE, MAP_SHARED, object, 0);
    for (size_t i = 0; i < OBJECT / 4; i++)
        words[i] = PATTERN;
    munmap(words, OBJECT);
    place(LOW_FIRST, OBJECT - LOW_FIRST);
    for (uintptr_t at = OBJECT; at < LOW_END; at += OBJECT)
        place(at, OBJECT);
}

__attribute__((destructor)) static void look(void)
{
    const uint32_t *words = map(NULL, OBJECT, PROT_READ, MAP_SHARED, object, 0);
    if (words == MAP_FAILED) {
        fputs("canary: cannot look\n", stderr);
        return;
    }
    for (size_t i = 0; i < OBJECT / 4; i++) {
        if (words[i] != PATTERN) {
            fprintf(stderr, "canary: BROKEN at offset %zx: %08x\n", i * 4, words[i]);
            return;
        }
    }
    fprintf(stderr, "canary: %lu pages intact\n", (unsigned long)pages);
}
