#include "tests/unit/config_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char file_dir[] = "/tmp/abbey-config-XXXXXX";

const char *file_put_bytes(const char *name, const char *bytes, size_t count)
{
    static char paths[4][256];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    if (!strcmp(file_dir + strlen(file_dir) - 6, "XXXXXX") && !mkdtemp(file_dir))
        abort();
    snprintf(path, sizeof(paths[0]), "%s/%s", file_dir, name);
    FILE *file = fopen(path, "w");
    if (!file || fwrite(bytes, 1, count, file) != count)
        abort();
    fclose(file);
    return path;
}

const char *file_put(const char *name, const char *text)
{
    return file_put_bytes(name, text, strlen(text));
}

char *load_errors;

struct config *load_request(struct config_request request)
{
    size_t size = 0;
    free(load_errors);
    load_errors = NULL;
    FILE *out = open_memstream(&load_errors, &size);
    request.plugins = fixture_plugins();
    struct config *config = config_read(&request, out);
    fclose(out);
    return config;
}

struct config *load_text(const char *text)
{
    struct config *config =
        load_request((struct config_request){ .file = "test.yaml", .text = text, .text_bytes = strlen(text) });
    CU_ASSERT_STRING_EQUAL(load_errors, "");
    return config;
}

struct config *load_set(const char *text, const char *setting)
{
    const char *settings[] = { setting };
    struct config *config = load_request((struct config_request){
        .file = "test.yaml", .text = text, .text_bytes = strlen(text), .settings = settings, .setting_count = 1 });
    CU_ASSERT_STRING_EQUAL(load_errors, "");
    return config;
}

struct config *load_file(const char *path)
{
    return load_request((struct config_request){ .file = path });
}

const struct config_node *config_device(const struct config *config, const char *id)
{
    for (unsigned i = 0; i < config->device_count; i++)
        if (!strcmp(config->devices[i].id, id))
            return &config->devices[i];
    return NULL;
}

int64_t config_number(const struct config *config, const char *id, const char *property)
{
    return config_value_find(config_device(config, id), property)->integer;
}

void expect_line(const struct config *config, const char *id, const char *property, const char *chip, uint32_t pin)
{
    const struct config_value *value = config_value_find(config_device(config, id), property);
    CU_ASSERT_PTR_NOT_NULL_FATAL(value->irq_chip);
    CU_ASSERT_STRING_EQUAL(value->irq_chip, chip);
    CU_ASSERT_EQUAL(value->irq_pin, pin);
}

int config_main(const char *suite, const struct unit_test *tests, unsigned count)
{
    int status = unit_main(suite, tests, count);
    char command[300];
    free(load_errors);
    snprintf(command, sizeof(command), "rm -rf %s", file_dir);
    return status ? status : strcmp(file_dir + strlen(file_dir) - 6, "XXXXXX") ? system(command) : 0;
}
