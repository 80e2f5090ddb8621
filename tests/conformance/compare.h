/* compare.h - does the interpreter agree with the host, and if not, where. */
#ifndef ABBEY_TESTS_CONFORMANCE_COMPARE_H
#define ABBEY_TESTS_CONFORMANCE_COMPARE_H

#include <stdbool.h>
#include <stddef.h>

#include "tests/conformance/row.h"

/* True when both results agree in all that is defined; otherwise `text` tells what differs. */
bool results_agree(const struct row *row, const struct conf_case *in, const struct conf_result *host,
    const struct conf_result *guest, char *text, size_t size);

/* The inputs of a case, for people. */
void case_describe(const struct conf_case *in, char *text, size_t size);

#endif
