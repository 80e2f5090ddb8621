#include "tests/unit/unit.h"

#include <CUnit/TestRun.h>
#include <stdio.h>

static unsigned test_number;

static void report(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    printf("%sok %u - %s: %s\n", failure ? "not " : "", ++test_number, suite->pName, test->pName);
    for (CU_pFailureRecord f = failure; f && f->pTest == test; f = f->pNext)
        printf("# %s:%u: %s\n", f->strFileName, f->uiLineNumber, f->strCondition);
    fflush(stdout);
}

void unit_plan(unsigned count)
{
    printf("1..%u\n", count);
}

int unit_suite(const char *suite_name, const struct unit_test *tests, unsigned count)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 99;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (unsigned i = 0; i < count; i++)
        if (!suite || !CU_add_test(suite, tests[i].name, tests[i].run))
            return 99;
    CU_set_test_complete_handler(report);
    CU_run_all_tests();
    unsigned failed = CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    return failed ? 1 : 0;
}

int unit_main(const char *suite_name, const struct unit_test *tests, unsigned count)
{
    unit_plan(count);
    return unit_suite(suite_name, tests, count);
}
