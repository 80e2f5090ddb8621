/* test_statistics.c - every counter stands in sdk/doc/statistics.md, with its meaning, under its group. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/machine/machine.h"
#include "core/stats/stats.h"
#include "tests/unit/unit.h"

static char *manual;

static char *file_read(const char *name)
{
    const char *folder = getenv("ABBEY_SRCDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder ? folder : ".", name);
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t room = 0;
    if (file) {
        if (getdelim(&text, &room, 0, file) < 0)
            text[0] = 0;
        fclose(file);
    }
    return text;
}

/* The manual's section of a group, as a copy. */
static char *section(const char *group)
{
    char heading[80];
    snprintf(heading, sizeof heading, "\n## %s\n", group);
    const char *start = strstr(manual, heading);
    if (!start)
        return NULL;
    const char *end = strstr(start + 1, "\n## ");
    return strndup(start, end ? (size_t)(end - start) : strlen(start));
}

static void every_counter_is_in_the_manual(void)
{
    json_t *meanings = machine_stats_meanings(), *group, *meaning;
    const char *group_name, *name;
    manual = file_read("sdk/doc/statistics.md");
    CU_ASSERT_PTR_NOT_NULL_FATAL(manual);
    CU_ASSERT(json_object_size(meanings) >= 2);
    json_object_foreach(meanings, group_name, group)
    {
        char *text = section(group_name);
        if (!text)
            printf("# the manual has no section '## %s'\n", group_name);
        CU_ASSERT_PTR_NOT_NULL(text);
        json_object_foreach(group, name, meaning)
        {
            char row[400];
            snprintf(row, sizeof row, "\n| `%s` | %s |\n", name, json_string_value(meaning));
            bool found = text && strstr(text, row);
            if (!found)
                printf("# sdk/doc/statistics.md lacks under '## %s':%s", group_name, row);
            CU_ASSERT(found);
        }
        free(text);
    }
    json_decref(meanings);
    free(manual);
}

struct sample {
    uint64_t first, second;
};

static void rows_give_values_and_meanings(void)
{
    static const struct stats_row rows[] = { STATS_ROW(struct sample, first, "one"),
        STATS_ROW_AS("2", struct sample, second, "two") };
    struct sample sample = { 7, UINT64_C(1) << 40 };
    json_t *stats = json_object();
    stats_add(stats, "g", rows, STATS_COUNT(rows), &sample);
    stats_add_integer(stats, "g", "more", 3);
    stats_add(stats, "meanings", rows, STATS_COUNT(rows), NULL);
    char *text = json_dumps(stats, JSON_COMPACT | JSON_SORT_KEYS);
    CU_ASSERT_STRING_EQUAL(
        text, "{\"g\":{\"2\":1099511627776,\"first\":7,\"more\":3},\"meanings\":{\"2\":\"two\",\"first\":\"one\"}}");
    free(text);
    json_decref(stats);
}

static const struct unit_test tests[] = {
    { "rows give counters their names, values and meanings", rows_give_values_and_meanings },
    { "every counter is in the manual with its meaning", every_counter_is_in_the_manual },
};
UNIT_MAIN("statistics", tests)
