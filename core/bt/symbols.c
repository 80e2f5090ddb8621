#include "core/bt/symbols.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct symbol {
    uint32_t address, order; /* order: of two at one address the first is taken */
    char *name;
};

struct symbols {
    struct symbol *rows;
    uint32_t count, room;
};

static int compare(const void *left, const void *right)
{
    const struct symbol *a = left, *b = right;
    if (a->address != b->address)
        return a->address < b->address ? -1 : 1;
    return a->order > b->order ? -1 : 1;
}

static bool add(struct symbols *symbols, uint32_t address, const char *name)
{
    if (symbols->count == symbols->room) {
        uint32_t room = symbols->room ? 2 * symbols->room : 4096;
        struct symbol *grown = realloc(symbols->rows, room * sizeof *grown);
        if (!grown)
            return false;
        symbols->rows = grown;
        symbols->room = room;
    }
    struct symbol *symbol = &symbols->rows[symbols->count];
    *symbol = (struct symbol){ address, symbols->count, strdup(name) };
    symbols->count += symbol->name != NULL;
    return symbol->name != NULL;
}

/* Sections and absolute values name no code. */
static bool is_code(char kind)
{
    return strchr("tTwW", kind) != NULL;
}

static bool lines_read(struct symbols *symbols, FILE *file, const char *path, abbey_error *error)
{
    char *line = NULL;
    size_t room = 0;
    bool good = true;
    for (unsigned number = 1; good && getline(&line, &room, file) >= 0; number++) {
        char *end, kind = 0, name[256];
        unsigned long address = strtoul(line, &end, 16);
        good = end != line && address <= UINT32_MAX && sscanf(end, " %c %255s", &kind, name) == 2;
        if (!good)
            snprintf(error->text, sizeof error->text,
                "%.150s:%u: no line of a 32-bit System.map: hexadecimal address, letter, name", path, number);
        else if (is_code(kind) && !add(symbols, (uint32_t)address, name))
            good = !snprintf(error->text, sizeof error->text, "%.150s: out of memory", path);
    }
    free(line);
    return good;
}

struct symbols *symbols_read(const char *path, abbey_error *error)
{
    FILE *file = fopen(path, "r");
    struct symbols *symbols = file ? calloc(1, sizeof *symbols) : NULL;
    bool good = symbols && lines_read(symbols, file, path, error);
    if (!symbols)
        snprintf(error->text, sizeof error->text, "cannot read '%.150s': %s", path, strerror(errno));
    if (file)
        fclose(file);
    if (!good) {
        symbols_free(symbols);
        return NULL;
    }
    if (symbols->count)
        qsort(symbols->rows, symbols->count, sizeof *symbols->rows, compare);
    return symbols;
}

void symbols_free(struct symbols *symbols)
{
    for (uint32_t i = 0; symbols && i < symbols->count; i++)
        free(symbols->rows[i].name);
    if (symbols)
        free(symbols->rows);
    free(symbols);
}

const char *symbols_find(const struct symbols *symbols, uint32_t address, uint32_t *offset)
{
    uint32_t low = 0, high = symbols ? symbols->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (symbols->rows[middle].address <= address)
            low = middle + 1;
        else
            high = middle;
    }
    if (!low)
        return NULL;
    *offset = address - symbols->rows[low - 1].address;
    return symbols->rows[low - 1].name;
}
