#include "core/config/version.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

/* Up to three numbers; returns what follows them, or NULL when there is not even one. */
static const char *version_parse(const char *text, uint32_t parts[3])
{
    memset(parts, 0, 3 * sizeof(*parts));
    for (unsigned i = 0; i < 3; i++) {
        if (!isdigit((unsigned char)*text))
            return NULL;
        for (; isdigit((unsigned char)*text); text++) {
            if (parts[i] > 99999999)
                return NULL;
            parts[i] = parts[i] * 10 + (uint32_t)(*text - '0');
        }
        if (*text != '.')
            break;
        if (i < 2)
            text++;
    }
    return text;
}

/* Reads the comparison at *range and moves on; `order` gets the operator. False when it is none. */
static bool comparison_parse(const char **range, char *op, bool *equal, uint32_t parts[3])
{
    const char *p = *range;
    *op = *p;
    *equal = *p == '=';
    if (!*p || !strchr("<>=", *p))
        return false;
    p++;
    if (*p == '=' && !*equal) {
        *equal = true;
        p++;
    }
    p = version_parse(p, parts);
    if (!p || (*p && *p != ' '))
        return false;
    *range = p + strspn(p, " ");
    return true;
}

bool version_range_valid(const char *range)
{
    char op;
    bool equal;
    uint32_t parts[3];
    if (!*range)
        return false;
    while (*range)
        if (!comparison_parse(&range, &op, &equal, parts))
            return false;
    return true;
}

bool version_in_range(const char *version, const char *range)
{
    uint32_t have[3], want[3];
    char op;
    bool equal;
    if (!version_parse(version, have))
        return false;
    while (*range && comparison_parse(&range, &op, &equal, want)) {
        int order = 0;
        for (unsigned i = 0; i < 3 && !order; i++)
            order = have[i] < want[i] ? -1 : have[i] > want[i];
        if (!(order == 0 ? equal : order < 0 ? op == '<' : op == '>'))
            return false;
    }
    return true;
}
