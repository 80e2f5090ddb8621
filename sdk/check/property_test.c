/* property_test.c - a property row is a promise: every value in its range makes a device that works, none beyond is
 * taken. Each property is tried by itself, the others at their defaults; those that the author gives for all instances,
 * perhaps because they belong together, stay as they are. */
#include <inttypes.h>
#include <string.h>

#include "sdk/check/check.h"

#define STEPS 2000u

/* The least and the greatest value that the row's own type can have. */
static void type_bounds(uint32_t type, int64_t *min, int64_t *max)
{
    *min = type == ABBEY_TYPE_I32 ? INT32_MIN : type == ABBEY_TYPE_I64 ? INT64_MIN : 0;
    *max = type == ABBEY_TYPE_U8    ? UINT8_MAX
           : type == ABBEY_TYPE_U16 ? UINT16_MAX
           : type == ABBEY_TYPE_U32 ? UINT32_MAX
           : type == ABBEY_TYPE_I32 ? INT32_MAX
                                    : INT64_MAX;
}

static int good_value(struct check *check, const char *name, const char *value, const char *why)
{
    char more[300];
    snprintf(more, sizeof more, "%s: %s", name, value);
    abbey_bench *bench = check_bench(check, more);
    if (!bench)
        return check_fail(check, "'%s: %s' is %s and is refused: %s", name, value, why, check_said());
    check_drive(check, bench, STEPS);
    abbey_bench_free(bench);
    return CHECK_PASSED;
}

static int bad_value(struct check *check, const char *name, int64_t value, const char *why)
{
    char more[300];
    snprintf(more, sizeof more, "%s: %" PRId64, name, value);
    abbey_bench *bench = check_bench(check, more);
    if (!bench)
        return CHECK_PASSED;
    abbey_bench_free(bench);
    return check_fail(check, "'%s: %" PRId64 "' is %s and is taken", name, value, why);
}

static int number(struct check *check, const abbey_prop *p)
{
    int64_t least, greatest, min = p->min, max = p->max;
    char text[32];
    type_bounds(p->type, &least, &greatest);
    if (p->min == 0 && p->max == 0)
        min = least;
    max = max ? max : greatest;
    snprintf(text, sizeof text, "%" PRId64, min);
    if (good_value(check, p->name, text, "the least value of its range"))
        return CHECK_FAILED;
    snprintf(text, sizeof text, "%" PRId64, max);
    if (good_value(check, p->name, text, "the greatest value of its range"))
        return CHECK_FAILED;
    if (min > least && bad_value(check, p->name, min - 1, "below its range"))
        return CHECK_FAILED;
    return max < greatest ? bad_value(check, p->name, max + 1, "beyond its range") : CHECK_PASSED;
}

static int choices(struct check *check, const abbey_prop *p)
{
    char value[200];
    for (const char *at = p->choices; *at;) {
        size_t length = strcspn(at, ",");
        snprintf(value, sizeof value, "\"%.*s\"", (int)length, at);
        if (good_value(check, p->name, value, "one of its choices"))
            return CHECK_FAILED;
        at += length + (at[length] == ',');
    }
    return CHECK_PASSED;
}

static int property(struct check *check, const abbey_prop *p)
{
    bool required = p->flags & ABBEY_PROP_REQUIRED;
    if (p->type == ABBEY_TYPE_IRQ || plugin_backend_kind(p->type))
        return required ? CHECK_PASSED : good_value(check, p->name, "none", "what need not be given");
    switch (p->type) {
    case ABBEY_TYPE_BOOL:
        return good_value(check, p->name, "true", "a bool") || good_value(check, p->name, "false", "a bool");
    case ABBEY_TYPE_STRING: return p->choices ? choices(check, p) : CHECK_PASSED;
    default: return number(check, p);
    }
}

int check_properties(struct check *check)
{
    struct plugin_set *set = check_open(check);
    const abbey_device *device = check_device(set, check->name);
    abbey_bench *bench = device ? check_bench_or_fail(check) : NULL;
    int result = bench ? CHECK_PASSED : CHECK_FAILED;
    abbey_bench_free(bench);
    for (uint32_t i = 0; device && i < device->props.count && result == CHECK_PASSED; i++)
        if (!check_given(check->properties, ((const abbey_prop *)device->props.rows)[i].name))
            result = property(check, (const abbey_prop *)device->props.rows + i) ? CHECK_FAILED : CHECK_PASSED;
    plugin_set_close(set);
    return result;
}
