#include "tests/block/image_rig.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

char rig_folder[64];
static uint64_t seed = 20001;

uint32_t rig_roll(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

int rig_shell(const char *format, ...)
{
    char command[1500], text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(command, sizeof command, "cd %s && { %s; } >log 2>&1", rig_folder, text);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

const char *rig_path(const char *name)
{
    static char paths[4][200];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", rig_folder, name);
    return path;
}

bool rig_has_qemu(void)
{
    static int have = -1;
    if (have < 0)
        have = rig_shell("qemu-img --version") == 0;
    return have;
}

void rig_clean(void)
{
    rig_shell("chmod -R u+w .; rm -rf ./*");
}

struct image *rig_make(const char *format, const char *name, uint32_t cluster, uint64_t bytes)
{
    abbey_error error = { "" };
    struct image_new options = { .bytes = bytes, .cluster = cluster, .path = rig_path(name) };
    struct image *image = NULL;
    if (image_create(image_format_find(format), &options, &error) == 0)
        image = image_open(rig_path(name), format, IMAGE_WRITE, 0, &error);
    if (!image)
        printf("# %s\n", error.text);
    return image;
}

struct image *rig_reopen(const char *format, const char *name, uint32_t flags)
{
    abbey_error error = { "" };
    struct image *image = image_open(rig_path(name), format, flags, 0, &error);
    if (!image)
        printf("# %s\n", error.text);
    return image;
}

bool rig_same(struct image *image, const uint8_t *model, uint64_t bytes)
{
    uint8_t *all = malloc(bytes);
    struct iovec iov = { all, bytes };
    int status = image_read(image, 0, &iov, 1);
    bool good = status == 0 && memcmp(all, model, bytes) == 0;
    for (uint64_t i = 0; !good && status == 0 && i < bytes; i++)
        if (all[i] != model[i]) {
            printf("# differs at %llx: %02x, expected %02x\n", (unsigned long long)i, all[i], model[i]);
            break;
        }
    if (status)
        printf("# reading: %s\n", strerror(-status));
    free(all);
    return good;
}

int rig_step(struct image *image, uint8_t *model, uint64_t size)
{
    uint64_t offset = rig_roll() % (size / 512) * 512, bytes = (1 + rig_roll() % (rig_roll() % 8 ? 64 : 1500)) * 512ull;
    bytes = bytes < size - offset ? bytes : size - offset;
    uint32_t what = rig_roll() % 16;
    if (what == 0) {
        memset(model + offset, 0, bytes);
        return image_zero(image, offset, bytes);
    }
    uint8_t *buffer = malloc(bytes), fill = (uint8_t)rig_roll();
    uint64_t cut = rig_roll() % (bytes / 512) * 512;
    struct iovec iov[2] = { { buffer, cut }, { buffer + cut, bytes - cut } };
    int status;
    if (what < 12) {
        for (uint64_t i = 0; i < bytes; i++)
            buffer[i] = (uint8_t)(fill + i * 3 + (i >> 9));
        memcpy(model + offset, buffer, bytes);
        status = image_write(image, offset, iov, 2);
    } else {
        status = image_read(image, offset, iov, 2);
        CU_ASSERT_EQUAL(status || memcmp(buffer, model + offset, bytes), 0);
    }
    free(buffer);
    return status;
}

void rig_qemu_agrees(const char *format, const char *name, const uint8_t *model, uint64_t bytes)
{
    if (!rig_has_qemu())
        return;
    int fd = open(rig_path("raw"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    CU_ASSERT_EQUAL(file_write(fd, 0, model, bytes), 0);
    close(fd);
    if (strcmp(format, "raw") != 0)
        CU_ASSERT_EQUAL(rig_shell("qemu-img check -f %s %s", format, name), 0);
    CU_ASSERT_EQUAL(rig_shell("qemu-img compare -f %s -F raw %s raw", format, name), 0);
}

int rig_main(const char *suite, const struct unit_test *tests, unsigned count)
{
    const char *given = getenv("ABBEY_SEED");
    snprintf(rig_folder, sizeof rig_folder, "/tmp/abbey-image-XXXXXX");
    if (!mkdtemp(rig_folder))
        return 99;
    seed = given ? strtoull(given, NULL, 0) | 1 : seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    int status = unit_main(suite, tests, count);
    rig_clean();
    rmdir(rig_folder);
    return status;
}
