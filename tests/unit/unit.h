/* unit.h - runs a table of CUnit tests and reports in TAP, one line a test. */
#ifndef ABBEY_TESTS_UNIT_H
#define ABBEY_TESTS_UNIT_H

#include <CUnit/CUnit.h>

struct unit_test {
    const char *name; /* what would be broken for a user if it failed */
    void (*run)(void);
};

/* For programs with several suites: the number of all tests first, then each suite; the exit status of main(). */
void unit_plan(unsigned count);
int unit_suite(const char *suite, const struct unit_test *tests, unsigned count);

/* Runs them in order; the exit status of main(). */
int unit_main(const char *suite, const struct unit_test *tests, unsigned count);

#define UNIT_MAIN(suite, tests)                                                 \
    int main(void)                                                              \
    {                                                                           \
        return unit_main((suite), (tests), sizeof(tests) / sizeof((tests)[0])); \
    }

#endif
