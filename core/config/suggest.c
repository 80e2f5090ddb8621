/* The measure is the optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours
 * cost one each, upper and lower case are the same letter. "dealy" is one away from "delay". A name is near when at
 * most a third of the wanted one would have to change, since a far-fetched hint is worse than none. */
#include "core/config/suggest.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LONGEST 40u

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

static int same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static unsigned distance(const char *a, const char *b)
{
    size_t m = strlen(a), n = strlen(b);
    if (m > LONGEST || n > LONGEST)
        return LONGEST;
    unsigned rows[3][LONGEST + 1]; /* rows i-2, i-1, i of the table, in turn */
    for (unsigned j = 0; j <= n; j++)
        rows[0][j] = j;
    for (unsigned i = 1; i <= m; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *above_that = rows[(i + 1) % 3];
        row[0] = i;
        for (unsigned j = 1; j <= n; j++) {
            row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same(a[i - 1], b[j - 1]));
            if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) && same(a[i - 2], b[j - 1]))
                row[j] = least(row[j], above_that[j - 2] + 1);
        }
    }
    return rows[m % 3][n];
}

void suggest_offer(struct suggestion *suggestion, const char *candidate)
{
    unsigned d = distance(suggestion->wanted, candidate);
    size_t length = strlen(suggestion->wanted);
    unsigned limit = length < 6 ? 1 : (unsigned)(length / 3);
    if (length >= 3 && length < 6)
        limit = 2;
    if (d > limit || d >= strlen(candidate) || (suggestion->best && d >= suggestion->distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = d;
}

void suggest_offer_list(struct suggestion *suggestion, const char *list, char *room, unsigned room_bytes)
{
    while (*list) {
        size_t length = strcspn(list, ",");
        char part[LONGEST + 1];
        if (length < sizeof(part) && length < room_bytes) {
            snprintf(part, sizeof(part), "%.*s", (int)length, list);
            const char *before = suggestion->best;
            suggest_offer(suggestion, part);
            if (suggestion->best == part) {
                snprintf(room, room_bytes, "%s", part);
                suggestion->best = room;
            } else {
                suggestion->best = before;
            }
        }
        list += length + (list[length] == ',');
    }
}
