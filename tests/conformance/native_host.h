/* native_host.h - the 32-bit helper process (native.c) that runs cases on the host CPU. */
#ifndef ABBEY_TESTS_CONFORMANCE_NATIVE_HOST_H
#define ABBEY_TESTS_CONFORMANCE_NATIVE_HOST_H

#include <stdbool.h>

#include "tests/conformance/case.h"

/* Starts `program` with shared->arena as the contents of the RW pages. False, with a line on stderr, when it cannot. */
bool native_start(const char *program, struct conf_shared **shared);
/* Has the batch in shared->cases run; false when the helper died. */
bool native_begin(void);
bool native_end(void);
void native_stop(void);

#endif
