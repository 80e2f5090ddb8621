/* version.h - "which versions will do": ranges such as ">=2.1 <3". */
#ifndef ABBEY_CORE_CONFIG_VERSION_H
#define ABBEY_CORE_CONFIG_VERSION_H

#include <stdbool.h>

/* Comparisons separated by spaces, all of which must hold: >= > <= < = before MAJOR[.MINOR[.PATCH]], absent parts
 * being 0. */
bool version_range_valid(const char *range);
/* Whether `version` lies in a valid range. */
bool version_in_range(const char *version, const char *range);

#endif
