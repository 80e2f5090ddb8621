/* hostmem.h - the service abbey.host.mem/1 for unit tests, without a plugin. */
#ifndef ABBEY_TESTS_UNIT_HOSTMEM_H
#define ABBEY_TESTS_UNIT_HOSTMEM_H

#include <abbey/host.h>

/* Real memory objects and mappings of the host. */
extern const abbey_host_mem_1 hostmem;

/* When not 0: the n-th call from now that can fail does fail, once. */
extern unsigned hostmem_fail_at;

#endif
