/* file_tests.c - what can be said of a plugin file without making a device: ABI, symbols, descriptor, loading. */
#include <dirent.h>
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/check/check.h"

/* The refusal of the loader when it begins with one of the kinds, else NULL. */
static bool refused_as(struct check *check, const char *const kinds[])
{
    struct plugin_set *set = plugin_set_open_file(check->path);
    const char *refusal = set && set->count ? set->plugins[0].refusal : NULL;
    const char *kind = refusal ? refusal + strlen(set->plugins[0].path) + 2 : "";
    bool found = false;
    for (unsigned i = 0; refusal && kinds[i]; i++)
        found |= strncmp(kind, kinds[i], strlen(kinds[i])) == 0;
    if (found)
        check_fail(check, "%s", refusal);
    plugin_set_close(set);
    return found;
}

int check_abi(struct check *check)
{
    static const char *const kinds[] = { "not a plugin:", "wrong ABI:", NULL };
    return refused_as(check, kinds) ? CHECK_FAILED : CHECK_PASSED;
}

int check_descriptor(struct check *check)
{
    static const char *const kinds[] = { "bad descriptor:", "wrong kind:", NULL };
    return refused_as(check, kinds) ? CHECK_FAILED : CHECK_PASSED;
}

/* ---- symbols: the section headers of the file tell; the loader has found them sound before ---- */

struct object {
    uint8_t *bytes;
    size_t size;
};

static struct object object_read(const char *path)
{
    struct object object = { NULL, 0 };
    FILE *file = fopen(path, "rb");
    long end = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end > 0 && fseek(file, 0, SEEK_SET) == 0 && (object.bytes = malloc((size_t)end)))
        object.size = fread(object.bytes, 1, (size_t)end, file);
    if (file)
        fclose(file);
    return object;
}

/* A section of the type, with its content inside the file; NULL when there is none. */
static const Elf64_Shdr *section_find(const struct object *o, uint32_t type)
{
    const Elf64_Ehdr *head = (const void *)o->bytes;
    if (o->size < sizeof *head || head->e_shentsize != sizeof(Elf64_Shdr) || head->e_shoff > o->size ||
        head->e_shnum > (o->size - head->e_shoff) / sizeof(Elf64_Shdr))
        return NULL;
    const Elf64_Shdr *sections = (const void *)(o->bytes + head->e_shoff);
    for (unsigned i = 0; i < head->e_shnum; i++)
        if (sections[i].sh_type == type && sections[i].sh_offset <= o->size &&
            sections[i].sh_size <= o->size - sections[i].sh_offset && sections[i].sh_link < head->e_shnum)
            return &sections[i];
    return NULL;
}

static bool tool_symbol(const char *name)
{
    static const char *const known[] = { ABBEY_PLUGIN_SYMBOL, "_init", "_fini", "_edata", "_end", "__bss_start" };
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i]) == 0)
            return true;
    return strstr(name, "asan") || strstr(name, "ubsan") || strstr(name, "tsan") || strncmp(name, "__gcov", 6) == 0;
}

/* The first symbol that is exported beside the descriptor, or NULL; whether a sanitizer was used. */
static const char *export_find(const struct object *o, bool *sanitized)
{
    const Elf64_Shdr *table = section_find(o, SHT_DYNSYM);
    const Elf64_Ehdr *head = (const void *)o->bytes;
    const Elf64_Shdr *names =
        table ? (const Elf64_Shdr *)(const void *)(o->bytes + head->e_shoff) + table->sh_link : NULL;
    if (!names || names->sh_offset > o->size || names->sh_size > o->size - names->sh_offset)
        return NULL;
    const Elf64_Sym *symbols = (const void *)(o->bytes + table->sh_offset);
    const char *found = NULL;
    for (size_t i = 0; i < table->sh_size / sizeof(Elf64_Sym); i++) {
        if (symbols[i].st_name >= names->sh_size)
            continue;
        const char *name = (const char *)o->bytes + names->sh_offset + symbols[i].st_name;
        *sanitized |= strstr(name, "asan") || strstr(name, "ubsan") || strstr(name, "tsan");
        if (symbols[i].st_shndx != SHN_UNDEF && ELF64_ST_BIND(symbols[i].st_info) != STB_LOCAL && !tool_symbol(name) &&
            !found)
            found = name;
    }
    return found;
}

int check_symbols(struct check *check)
{
    static const char *const kinds[] = { "cannot load:", NULL };
    if (refused_as(check, kinds))
        return CHECK_FAILED;
    struct object object = object_read(check->path);
    bool sanitized = false;
    const char *name = export_find(&object, &sanitized);
    const Elf64_Shdr *constructors = section_find(&object, SHT_INIT_ARRAY);
    int result = CHECK_PASSED;
    if (name)
        result = check_fail(
            check, "exports '%s'; a plugin exports its descriptor alone: compile it with -fvisibility=hidden", name);
    else if (constructors && constructors->sh_size > 8 && !sanitized) /* one is the compiler's own */
        result = check_fail(check, "has a constructor, code that runs when it is only looked at; do it in create()");
    free(object.bytes);
    return result;
}

/* ---- loading and unloading ---- */

static unsigned entries(const char *folder)
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    while (dir && readdir(dir))
        count++;
    if (dir)
        closedir(dir);
    return count;
}

int check_reload(struct check *check)
{
    unsigned files = 0;
    for (unsigned i = 0; i < 100; i++) {
        struct plugin_set *set = check_open(check);
        if (!set)
            return CHECK_FAILED;
        plugin_set_close(set);
        if (i == 0)
            files = entries("/proc/self/fd");
    }
    if (entries("/proc/self/fd") != files)
        return check_fail(check, "%u files are open after it was unloaded, %u were after the first time",
            entries("/proc/self/fd"), files);
    return entries("/proc/self/task") == 3 /* with . and .. */
               ? CHECK_PASSED
               : check_fail(check, "a thread of its own runs after it was unloaded");
}
