/* config_errors.h - a bad machine file for each rule, and the very text that a user gets to see: what the files of
 * cases, one for each section of a machine file, share with the program that runs them, test_config_errors.c. */
#ifndef ABBEY_TESTS_CONFIG_ERRORS_H
#define ABBEY_TESTS_CONFIG_ERRORS_H

#include <stddef.h>

#include "tests/unit/unit.h"

/* Reads the text, as file bad.yaml, with settings; there must be no machine, and these errors. */
void expect_errors(
    const char *text, size_t bytes, const char *const *settings, unsigned setting_count, const char *expected);

/* A case as a function of CUnit. The settings come after one unused element: C has no empty arrays. */
#define SET(...)            \
    {                       \
        NULL, ##__VA_ARGS__ \
    }
#define BAD(name, set, text, expected)                                                                             \
    static void name(void)                                                                                         \
    {                                                                                                              \
        static const char *const settings[] = set;                                                                 \
        expect_errors(text, sizeof(text) - 1, settings + 1, sizeof(settings) / sizeof(settings[0]) - 1, expected); \
    }

struct config_errors {
    const struct unit_test *tests;
    unsigned count;
};

extern const struct config_errors config_errors_text, config_errors_keys, config_errors_devices, config_errors_buses,
    config_errors_irqs, config_errors_backends, config_errors_merge;

#endif
