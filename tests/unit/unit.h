/* unit.h - runs a table of CUnit tests and reports in TAP, one line a test. */
#ifndef ABBEY_TESTS_UNIT_H
#define ABBEY_TESTS_UNIT_H

#include <CUnit/CUnit.h>

struct unit_test {
    const char *name; /* what would be broken for a user if it failed */
    void (*run)(void);
};

/* Runs them in order; the exit status of main(). */
int unit_main(const char *suite, const struct unit_test *tests, unsigned count);

#define UNIT_MAIN(suite, tests)                                                 \
    int main(void)                                                              \
    {                                                                           \
        return unit_main((suite), (tests), sizeof(tests) / sizeof((tests)[0])); \
    }

#endif
