/* test_config_errors.c - runs the bad machine files of config_errors.h. */
#include "tests/unit/config_errors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/config/config.h"
#include "tests/unit/config_fixture.h"

void expect_errors(
    const char *text, size_t bytes, const char *const *settings, unsigned setting_count, const char *expected)
{
    char *errors = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&errors, &size);
    struct config_request request = { .file = "bad.yaml",
        .text = text,
        .text_bytes = bytes,
        .settings = settings,
        .setting_count = setting_count,
        .plugins = fixture_plugins() };
    setenv("ABBEY_CONFIG_PATH", "/nowhere", 1);
    struct config *config = config_read(&request, out);
    fclose(out);
    CU_ASSERT_PTR_NULL(config);
    CU_ASSERT_STRING_EQUAL(errors, expected);
    if (strcmp(errors, expected) != 0)
        fprintf(stderr, "expected:\n%s\ngot:\n%s\n", expected, errors);
    config_free(config);
    free(errors);
}

int main(void)
{
    static const struct config_errors *const all[] = { &config_errors_text, &config_errors_keys, &config_errors_devices,
        &config_errors_buses, &config_errors_irqs, &config_errors_backends, &config_errors_merge };
    const size_t count = sizeof all / sizeof all[0];
    unsigned tests = 0;
    int status = 0;
    for (size_t i = 0; i < count; i++)
        tests += all[i]->count;
    unit_plan(tests);
    for (size_t i = 0; i < count; i++)
        status |= unit_suite("config errors", all[i]->tests, all[i]->count);
    return status;
}
