/* elf.h - looks into a shared object without running any of its code. */
#ifndef ABBEY_CORE_ELF_H
#define ABBEY_CORE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf_symbol {
    bool found;        /* a defined, exported data object of that name */
    uint64_t size;     /* of the object, in bytes */
    uint8_t bytes[16]; /* its first bytes as the file has them, before relocation; zero beyond its end */
};

/* Reads the dynamic symbol table of `path`. False, with the reason in `why`, when the file is not a shared object that
 * this host could load; a sound object without the symbol gives true and `found` false. */
bool elf_find(const char *path, const char *name, struct elf_symbol *symbol, char *why, size_t why_room);

#endif
