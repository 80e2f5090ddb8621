/* elf.c - the part of an ELF reader that answers one question: does this file export that symbol?
 *
 * dlopen() runs the constructors of whatever it is given before anybody can ask what it is. A plugin directory that
 * holds a stray library would run its code inside the VMM. So the file is read first, in the way the loader reads it:
 * program headers -> PT_DYNAMIC -> hash table -> symbol. Section headers are not looked at: the loader does not believe
 * them either, and stripped files have none.
 *
 *     e_phoff -> PT_LOAD    vaddr 0x3000, file 0x2000, 0x500 bytes     (addresses become file offsets through these)
 *                PT_DYNAMIC -> DT_GNU_HASH 0x260  DT_SYMTAB 0x280  DT_STRTAB 0x310  DT_STRSZ 0x9a
 *     hash "abbey_plugin_entry" -> bucket -> chain of symbols whose hash bit 0 ends it (GNU form),
 *     or nbucket, nchain, bucket[], chain[] (System V gABI form).
 *
 * The file may be hostile. Every read names its offset and length and is checked against the size of the file, and
 * walks along chains are bounded. Structure: System V gABI chapters 4 and 5, and the x86-64 psABI. */
#include "core/plugin/elf.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILE_LIMIT (256u << 20) /* no plugin is that big; keeps a stray disk image from being read whole */
#define HEADER_LIMIT 256u       /* program headers looked at */
#define DYNAMIC_LIMIT 4096u     /* dynamic entries looked at */
#define CHAIN_LIMIT 1000000u    /* symbols walked: hash chains of a hostile file may be long, or circles */

struct image {
    const uint8_t *bytes;
    uint64_t size;
    Elf64_Phdr headers[HEADER_LIMIT];
    unsigned header_count;
};

struct dynamic {
    uint64_t symtab, strtab, strsz, hash, gnu_hash;
};

/* Copies `count` bytes at file offset `offset`; false when the file does not have them. */
static bool image_read(const struct image *image, uint64_t offset, void *to, uint64_t count)
{
    if (offset > image->size || count > image->size - offset)
        return false;
    memcpy(to, image->bytes + offset, count);
    return true;
}

/* The same by virtual address, through the loadable segments. */
static bool image_load(const struct image *image, uint64_t addr, void *to, uint64_t count)
{
    for (unsigned i = 0; i < image->header_count; i++) {
        const Elf64_Phdr *h = &image->headers[i];
        if (h->p_type != PT_LOAD || addr < h->p_vaddr || addr - h->p_vaddr >= h->p_filesz)
            continue;
        uint64_t within = addr - h->p_vaddr;
        if (count > h->p_filesz - within || within > UINT64_MAX - h->p_offset)
            return false;
        return image_read(image, h->p_offset + within, to, count);
    }
    return false;
}

/* Whether the string at strtab + index is `name`; compares the terminator too. */
static bool name_matches(const struct image *image, const struct dynamic *dyn, uint32_t index, const char *name)
{
    char text[64];
    size_t length = strlen(name) + 1;
    if (length > sizeof text || index >= dyn->strsz || length > dyn->strsz - index)
        return false;
    return image_load(image, dyn->strtab + index, text, length) && memcmp(text, name, length) == 0;
}

/* Takes symbol `index` if it is the wanted one, defined here and exported as data. */
static bool symbol_matches(
    const struct image *image, const struct dynamic *dyn, uint32_t index, const char *name, Elf64_Sym *sym)
{
    if (!image_load(image, dyn->symtab + (uint64_t)index * sizeof *sym, sym, sizeof *sym))
        return false;
    unsigned bind = ELF64_ST_BIND(sym->st_info), visibility = ELF64_ST_VISIBILITY(sym->st_other);
    return sym->st_shndx != SHN_UNDEF && ELF64_ST_TYPE(sym->st_info) == STT_OBJECT &&
           (bind == STB_GLOBAL || bind == STB_WEAK) && (visibility == STV_DEFAULT || visibility == STV_PROTECTED) &&
           name_matches(image, dyn, sym->st_name, name);
}

static uint32_t gnu_hash(const char *name)
{
    uint32_t h = 5381;
    for (; *name; name++)
        h = h * 33 + (uint8_t)*name;
    return h;
}

static uint32_t sysv_hash(const char *name)
{
    uint32_t h = 0;
    for (; *name; name++) {
        h = (h << 4) + (uint8_t)*name;
        uint32_t high = h & 0xf0000000u;
        h = (h ^ (high >> 24)) & ~high;
    }
    return h;
}

/* GNU form: nbuckets, symoffset, bloom_size, bloom_shift; bloom (8 bytes each), buckets, chain. */
static bool find_gnu(const struct image *image, const struct dynamic *dyn, const char *name, Elf64_Sym *sym)
{
    uint32_t head[4], index, entry, wanted = gnu_hash(name);
    if (!image_load(image, dyn->gnu_hash, head, sizeof head) || head[0] == 0)
        return false;
    uint64_t buckets = dyn->gnu_hash + sizeof head + 8ull * head[2], chain = buckets + 4ull * head[0];
    if (!image_load(image, buckets + 4ull * (wanted % head[0]), &index, sizeof index) || index < head[1])
        return false;
    for (uint32_t steps = 0; steps < CHAIN_LIMIT; steps++, index++) {
        if (!image_load(image, chain + 4ull * (index - head[1]), &entry, sizeof entry))
            return false;
        if ((entry | 1u) == (wanted | 1u) && symbol_matches(image, dyn, index, name, sym))
            return true;
        if (entry & 1u)
            return false;
    }
    return false;
}

/* gABI form: nbucket, nchain, bucket[], chain[]; index 0 ends a chain. */
static bool find_sysv(const struct image *image, const struct dynamic *dyn, const char *name, Elf64_Sym *sym)
{
    uint32_t head[2], index;
    if (!image_load(image, dyn->hash, head, sizeof head) || head[0] == 0)
        return false;
    uint64_t place = dyn->hash + sizeof head + 4ull * (sysv_hash(name) % head[0]);
    for (uint32_t steps = 0; steps < CHAIN_LIMIT; steps++) {
        if (!image_load(image, place, &index, sizeof index) || index == 0)
            return false;
        if (symbol_matches(image, dyn, index, name, sym))
            return true;
        place = dyn->hash + sizeof head + 4ull * head[0] + 4ull * index;
    }
    return false;
}

/* Reads header and program headers; NULL, or why the loader would not take it. */
static const char *image_open(struct image *image)
{
    Elf64_Ehdr e;
    if (!image_read(image, 0, &e, sizeof e) || memcmp(e.e_ident, ELFMAG, SELFMAG) != 0)
        return "it is not an ELF file";
    if (e.e_ident[EI_CLASS] != ELFCLASS64 || e.e_ident[EI_DATA] != ELFDATA2LSB || e.e_machine != EM_X86_64)
        return "it is an ELF file for another processor, not for x86-64";
    if (e.e_type != ET_DYN)
        return "it is an ELF file, but no shared object";
    if (e.e_phentsize != sizeof(Elf64_Phdr) || e.e_phnum > HEADER_LIMIT ||
        !image_read(image, e.e_phoff, image->headers, (uint64_t)e.e_phnum * sizeof(Elf64_Phdr)))
        return "its ELF program headers are damaged";
    image->header_count = e.e_phnum;
    return NULL;
}

static bool dynamic_read(const struct image *image, struct dynamic *dyn)
{
    *dyn = (struct dynamic){ 0 };
    for (unsigned i = 0; i < image->header_count; i++) {
        if (image->headers[i].p_type != PT_DYNAMIC)
            continue;
        for (unsigned n = 0; n < DYNAMIC_LIMIT; n++) {
            Elf64_Dyn d;
            if (!image_load(image, image->headers[i].p_vaddr + n * sizeof d, &d, sizeof d))
                return false;
            switch (d.d_tag) {
            case DT_NULL: return dyn->symtab && dyn->strtab && (dyn->hash || dyn->gnu_hash);
            case DT_SYMTAB: dyn->symtab = d.d_un.d_ptr; break;
            case DT_STRTAB: dyn->strtab = d.d_un.d_ptr; break;
            case DT_STRSZ: dyn->strsz = d.d_un.d_val; break;
            case DT_HASH: dyn->hash = d.d_un.d_ptr; break;
            case DT_GNU_HASH: dyn->gnu_hash = d.d_un.d_ptr; break;
            default: break;
            }
        }
    }
    return false;
}

static uint8_t *file_read(const char *path, uint64_t *size, const char **why)
{
    *why = "it cannot be read";
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    uint8_t *bytes = NULL;
    long end = -1;
    if (fseek(f, 0, SEEK_END) == 0 && (end = ftell(f)) > 0 && fseek(f, 0, SEEK_SET) == 0) {
        if ((uint64_t)end > FILE_LIMIT)
            *why = "it is larger than 256 MB";
        else if ((bytes = malloc((size_t)end)) && fread(bytes, 1, (size_t)end, f) != (size_t)end) {
            free(bytes);
            bytes = NULL;
        }
    } else if (end == 0) {
        *why = "it is empty";
    }
    fclose(f);
    *size = bytes ? (uint64_t)end : 0;
    return bytes;
}

bool elf_find(const char *path, const char *name, struct elf_symbol *symbol, char *why, size_t why_room)
{
    struct image image = { 0 };
    struct dynamic dyn;
    Elf64_Sym sym;
    const char *reason;
    *symbol = (struct elf_symbol){ 0 };

    uint8_t *bytes = file_read(path, &image.size, &reason);
    image.bytes = bytes;
    if (bytes)
        reason = image_open(&image);
    if (!reason && !dynamic_read(&image, &dyn))
        reason = "its ELF dynamic section is damaged";
    if (reason) {
        snprintf(why, why_room, "%s", reason);
        free(bytes);
        return false;
    }
    if ((dyn.gnu_hash && find_gnu(&image, &dyn, name, &sym)) || (dyn.hash && find_sysv(&image, &dyn, name, &sym))) {
        symbol->found = true;
        symbol->size = sym.st_size;
        uint64_t count = sym.st_size < sizeof symbol->bytes ? sym.st_size : sizeof symbol->bytes;
        if (!image_load(&image, sym.st_value, symbol->bytes, count))
            memset(symbol->bytes, 0, sizeof symbol->bytes); /* in .bss: all zero */
    }
    free(bytes);
    return true;
}
