/* files.h - finding and reading the files that a machine is made of. */
#ifndef ABBEY_CORE_CONFIG_FILES_H
#define ABBEY_CORE_CONFIG_FILES_H

#include "core/config/report.h"

/* `path` as said in a text whose relative paths start at `dir`; "~/" is $HOME. */
const char *path_resolve(struct arena *arena, const char *dir, const char *path);

/* Reads a machine file by path or bare name. `from` is the source that named it at place `at`, NULL: the command line.
 * NULL after an error. */
struct source *machine_file_read(
    struct report *report, const char *name, const struct source *from, struct place at, uint32_t rank);

#endif
