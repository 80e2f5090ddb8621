/* files.c - a machine file by its name.
 *
 * A name with a slash is a path. A bare one is looked for beside the file that says it (or in the current directory),
 * as NAME and NAME.yaml, then in the directories of $ABBEY_CONFIG_PATH and the one that Abbey installs its own
 * machines to. A user's `pc.yaml` may say `base: pc` and means the next `pc.yaml` on that way, not itself. */
#include "core/config/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST_FILE (1u << 20)

const char *path_resolve(struct arena *arena, const char *dir, const char *path)
{
    const char *home = getenv("HOME");
    if (!strncmp(path, "~/", 2) && home)
        return arena_format(arena, "%s%s", home, path + 1);
    if (path[0] == '/' || path[0] == '~' || !dir)
        return path;
    return arena_format(arena, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", path);
}

/* One search: the candidates tried, for the message, and the name that is looked for. */
struct search {
    struct report *report;
    const struct source *from; /* not to be found again by a bare name */
    const char *name;
    const char *tried;
    bool met_itself;
};

static bool has_suffix(const char *name)
{
    size_t length = strlen(name);
    return length > 5 && !strcmp(name + length - 5, ".yaml");
}

static const char *candidate_try(struct search *search, const char *dir, const char *suffix)
{
    struct arena *arena = search->report->arena;
    const char *path = path_resolve(arena, dir, arena_format(arena, "%s%s", search->name, suffix));
    struct stat info;
    search->tried = arena_format(arena, "%s%s%s", search->tried, *search->tried ? ", " : "", path);
    if (stat(path, &info) < 0 || (S_ISDIR(info.st_mode) && !*suffix && !has_suffix(search->name)))
        return NULL;
    if (search->from && !has_suffix(search->name) && info.st_dev == search->from->device &&
        info.st_ino == search->from->inode) {
        search->met_itself = true;
        return NULL;
    }
    return path;
}

static const char *dir_try(struct search *search, const char *dir)
{
    return candidate_try(search, dir, has_suffix(search->name) ? "" : ".yaml");
}

static const char *path_find(struct search *search)
{
    struct arena *arena = search->report->arena;
    const char *dir = search->from ? search->from->dir : NULL, *found = NULL;
    if (strchr(search->name, '/') || !*search->name)
        return path_resolve(arena, dir, search->name);
    if ((found = candidate_try(search, dir, "")))
        return found;
    if (!has_suffix(search->name) && (found = candidate_try(search, dir, ".yaml")))
        return found;
    const char *list = getenv("ABBEY_CONFIG_PATH");
    while (list && *list) {
        size_t length = strcspn(list, ":");
        if (length && (found = dir_try(search, arena_copy(arena, list, length))))
            return found;
        list += length + (list[length] == ':');
    }
    return dir_try(search, ABBEY_CONFIG_DIR);
}

/* The bytes of a file into the source; an errno, or 0. */
static int text_read(struct report *report, struct source *source, const char *path)
{
    struct stat info;
    FILE *file = fopen(path, "re");
    if (!file)
        return errno;
    int error = fstat(fileno(file), &info) < 0 ? errno : S_ISDIR(info.st_mode) ? EISDIR : 0;
    if (!error) {
        char *text = arena_alloc(report->arena, LARGEST_FILE + 2);
        source->size = fread(text, 1, LARGEST_FILE + 1, file);
        error = ferror(file) ? EIO : 0;
        source->text = text;
        source->device = info.st_dev;
        source->inode = info.st_ino;
    }
    fclose(file);
    return error;
}

struct source *machine_file_read(
    struct report *report, const char *name, const struct source *from, struct place at, uint32_t rank)
{
    struct search search = { .report = report, .from = from, .name = name, .tried = "" };
    const char *path = path_find(&search);
    const char *shown = arena_clip(report->arena, name);
    if (!path && search.met_itself)
        path = path_resolve(report->arena, from->dir, arena_format(report->arena, "%s.yaml", name));
    if (!path) {
        if (!from)
            at.mark.file = arena_printable(report->arena, name);
        struct report_item *item = report_error(report, at, "no-file", "there is no machine '%s'", shown);
        report_note(report, item, "looked for %s", arena_printable(report->arena, search.tried));
        return NULL;
    }
    struct source *source = report_source(report, path, rank);
    int error = text_read(report, source, path);
    if (!from)
        at.mark.file = source->name;
    if (error) {
        report_error(report, at, "no-file", "cannot read '%s': %s", source->name, strerror(error));
        return NULL;
    }
    if (source->size > LARGEST_FILE) {
        report_error(report, at, "too-long", "'%s' is no machine file: it has more than 1 MB", source->name);
        return NULL;
    }
    const char *slash = strrchr(path, '/');
    if (slash)
        source->dir = slash == path ? "/" : arena_copy(report->arena, path, (size_t)(slash - path));
    return source;
}
