/* lock.c - images in use are locked: readers share, a writer is alone.
 *
 * The lock belongs to the open file description (OFD), so that two backends of one machine exclude each other as well,
 * and it goes with the process however that ends. It covers the whole file, and so meets the locks of single bytes that
 * other emulators put on theirs. Such a lock does not know its owner: who has the file open is found in /proc. */
#include "image.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whether one of the descriptors of a process is the file. */
static bool process_has(const char *pid, const struct stat *file, int but)
{
    char folder[300], path[600];
    bool self = atoi(pid) == getpid(), found = false;
    snprintf(folder, sizeof folder, "/proc/%s/fd", pid);
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && !found && (entry = readdir(dir));) {
        struct stat st;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (isdigit((unsigned char)entry->d_name[0]) && !(self && atoi(entry->d_name) == but) && stat(path, &st) == 0)
            found = st.st_dev == file->st_dev && st.st_ino == file->st_ino;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void process_name(const char *pid, char *name, size_t room)
{
    char path[300];
    snprintf(path, sizeof path, "/proc/%s/comm", pid);
    FILE *file = fopen(path, "r");
    if (!file || !fgets(name, (int)room, file))
        snprintf(name, room, "?");
    name[strcspn(name, "\n")] = 0;
    if (file)
        fclose(file);
}

/* " (process 123, NAME)" of somebody who has it open, as far as we may look; else "". */
static void holder_name(int fd, char *text, size_t room)
{
    struct stat file;
    DIR *proc = fstat(fd, &file) == 0 ? opendir("/proc") : NULL;
    text[0] = 0;
    for (struct dirent *entry; proc && !text[0] && (entry = readdir(proc));) {
        char name[64];
        if (!isdigit((unsigned char)entry->d_name[0]) || !process_has(entry->d_name, &file, fd))
            continue;
        process_name(entry->d_name, name, sizeof name);
        if (atoi(entry->d_name) == getpid())
            snprintf(text, room, " by this machine itself");
        else
            snprintf(text, room, " by process %.16s (%s)", entry->d_name, name);
    }
    if (proc)
        closedir(proc);
}

int image_lock(int fd, const char *path, bool exclusive, abbey_error *error)
{
    struct flock lock = { .l_type = exclusive ? F_WRLCK : F_RDLCK, .l_whence = SEEK_SET };
    char holder[128];
    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno != EAGAIN && errno != EACCES)
        return 0; /* a file system without locks */
    holder_name(fd, holder, sizeof holder);
    return image_fail(error, "'%s' is in use%s", path, holder);
}
