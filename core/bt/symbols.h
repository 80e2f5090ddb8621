/* symbols.h - the symbols of a guest kernel, as Linux has them in System.map and
 * /proc/kallsyms: "c1000000 T _stext" on each line. */
#ifndef ABBEY_CORE_BT_SYMBOLS_H
#define ABBEY_CORE_BT_SYMBOLS_H

#include <stdbool.h>
#include <stdint.h>

#include <abbey/types.h>

struct symbols;

/* NULL with file, line and rule when it is no such file. */
struct symbols *symbols_read(const char *path, abbey_error *error);
void symbols_free(struct symbols *symbols);

/* The last symbol at or before the address, and how far behind it that is; NULL before the first. */
const char *symbols_find(const struct symbols *symbols, uint32_t address, uint32_t *offset);

#endif
