#define _GNU_SOURCE /* memfd_create */
#include "tests/conformance/native_host.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int to_helper[2] = { -1, -1 }, from_helper[2] = { -1, -1 };
static pid_t helper;

bool native_start(const char *program, struct conf_shared **shared)
{
    int fd = memfd_create("conformance", 0);
    if (fd < 0 || ftruncate(fd, sizeof **shared) || pipe(to_helper) || pipe(from_helper)) {
        perror("conformance: shared memory");
        return false;
    }
    *shared = mmap(NULL, sizeof **shared, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (*shared == MAP_FAILED) {
        perror("conformance: shared memory");
        return false;
    }
    /* Any contents will do, but no zeros. */
    for (uint32_t i = 0; i < ARENA_BYTES; i++)
        (*shared)->arena[i] = (uint8_t)(i * 2654435761u >> 24);
    signal(SIGPIPE, SIG_IGN);
    helper = fork();
    if (helper == 0) {
        char number[16];
        snprintf(number, sizeof number, "%d", fd);
        dup2(to_helper[0], 0);
        dup2(from_helper[1], 1);
        close(to_helper[1]);
        close(from_helper[0]);
        execl(program, program, number, (char *)NULL);
        perror(program);
        _exit(127);
    }
    close(fd);
    close(to_helper[0]);
    close(from_helper[1]);
    return helper > 0 && native_end(); /* it says when it is ready */
}

bool native_begin(void)
{
    char byte = 0;
    return write(to_helper[1], &byte, 1) == 1;
}

bool native_end(void)
{
    char byte;
    return read(from_helper[0], &byte, 1) == 1;
}

void native_stop(void)
{
    close(to_helper[1]);
    close(from_helper[0]);
    if (helper > 0)
        waitpid(helper, NULL, 0);
}
