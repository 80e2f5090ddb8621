/* test_image_damage.c - images that somebody has cut short, damaged or made up. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/block/image_rig.h"

/* Left by a process that was killed: opened again it is whole, and no cluster has leaked. */
static void killed(void)
{
    uint8_t *model = calloc(1, MODEL);
    for (unsigned round = 0; round < 8; round++) {
        uint32_t cluster = round % 2 ? 4096 : 65536;
        int ends[2];
        struct image *image = rig_make("qcow2", "image", cluster, MODEL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        image_close(image);
        memset(model, 0, MODEL);
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) { /* numbers each sector that it has written and flushed */
            image = rig_reopen("qcow2", "image", IMAGE_WRITE);
            for (uint32_t i = 0;; i++) {
                uint8_t sector[512];
                uint32_t at = i * 7919 % (MODEL / 512);
                memset(sector, (int)(i | 1), sizeof sector);
                struct iovec iov = { sector, sizeof sector };
                if (image_write(image, at * 512ull, &iov, 1) || image_flush(image) || write(ends[1], &i, sizeof i) < 0)
                    _exit(1);
            }
        }
        close(ends[1]);
        uint32_t i = 0, last = 50 + rig_roll() % 200;
        while (read(ends[0], &i, sizeof i) == sizeof i) {
            memset(model + i * 7919 % (MODEL / 512) * 512ull, (int)(i | 1), 512);
            if (i == last)
                kill(child, SIGKILL);
        }
        waitpid(child, NULL, 0);
        close(ends[0]);
        image = rig_reopen("auto", "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        /* The write under way at the end may have arrived or not. */
        uint64_t next = (i + 1) * 7919ull % (MODEL / 512) * 512;
        struct iovec iov = { model + next, 512 };
        image_read(image, next, &iov, 1);
        CU_ASSERT_TRUE(rig_same(image, model, MODEL));
        CU_ASSERT_EQUAL(image_close(image), 0);
        rig_qemu_agrees("qcow2", "image", model, MODEL);
        rig_clean();
    }
    free(model);
}

/* A damaged image is refused in words, or stood: nothing crashes, nothing outside is touched. */
static void damage(const char *format, unsigned mutants)
{
    struct image *image = rig_make(format, "good", strcmp(format, "qcow2") == 0 ? 4096 : 0, MODEL);
    uint8_t *model = calloc(1, MODEL), *bytes;
    unsigned opened = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    for (unsigned i = 0; i < 40; i++)
        rig_step(image, model, MODEL);
    image_close(image);
    int fd = open(rig_path("good"), O_RDONLY);
    int64_t size = file_bytes(fd);
    bytes = malloc((size_t)size);
    file_read(fd, 0, bytes, (size_t)size);
    close(fd);
    for (unsigned m = 0; m < mutants; m++) {
        abbey_error error = { "" };
        uint32_t flags = m % 2 ? IMAGE_WRITE : 0, reach = m % 3 ? 128 : 65536;
        unlink(rig_path("image"));
        fd = open(rig_path("image"), O_RDWR | O_CREAT | O_TRUNC, 0666);
        file_write(fd, 0, bytes, (size_t)size);
        for (unsigned n = 1 + rig_roll() % 4; n; n--) {
            uint8_t value = rig_roll() % 3 ? (uint8_t)rig_roll() : rig_roll() % 2 ? 0xff : 0;
            file_write(fd, rig_roll() % reach, &value, 1);
        }
        if (m % 16 == 0 && ftruncate(fd, rig_roll() % size) != 0)
            CU_FAIL("cannot shorten the file");
        close(fd);
        image = image_open(rig_path("image"), format, flags, 0, &error);
        CU_ASSERT_TRUE(image || *error.text);
        opened += image != NULL;
        for (unsigned i = 0; image && i < 12 && image->bytes; i++) {
            uint8_t buffer[8192];
            struct iovec iov = { buffer, sizeof buffer };
            uint64_t at = rig_roll() % (image->bytes / 512 < 1u << 20 ? image->bytes / 512 : 1u << 20) * 512;
            uint64_t run = image->bytes - at;
            iov.iov_len = run < sizeof buffer ? run : sizeof buffer;
            memset(buffer, 0, sizeof buffer);
            (void)image->format->map(image, at, &run);
            if (i % 3 == 2 && flags)
                (void)image_zero(image, at, iov.iov_len);
            else if (i % 3 == 1 && flags)
                (void)image_write(image, at, &iov, 1);
            else
                (void)image_read(image, at, &iov, 1);
        }
        image_close(image);
    }
    printf("# %u of %u damaged %s images could be opened\n", opened, mutants, format);
    free(bytes);
    free(model);
    rig_clean();
}

static unsigned mutant_count(void)
{
    const char *given = getenv("ABBEY_FUZZ_COUNT");
    return given ? (unsigned)strtoul(given, NULL, 0) : 1000;
}

static void damaged_vmdk(void)
{
    damage("vmdk", mutant_count());
}

static void damaged_qcow2(void)
{
    damage("qcow2", mutant_count());
}

/* Some characters of a descriptor are others, or gone. */
static void damaged_descriptor(void)
{
    static const char good[] = "# Disk DescriptorFile\nversion=1\nCID=fffffffe\nparentCID=ffffffff\n"
                               "createType=\"twoGbMaxExtentFlat\"\n\n# Extent description\nRW 8 FLAT \"x\" 0\n"
                               "RW 4 ZERO\nRW 8 FLAT \"y\" 0\n\n# The Disk Data Base\nddb.geometry.cylinders = \"1\"\n"
                               "ddb.geometry.heads = \"16\"\nddb.geometry.sectors = \"63\"\n";
    unsigned opened = 0, mutants = mutant_count();
    CU_ASSERT_EQUAL(rig_shell("head -c 4096 /dev/urandom >x && cp x y"), 0);
    for (unsigned m = 0; m < mutants; m++) {
        abbey_error error = { "" };
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        for (unsigned n = 1 + rig_roll() % 4; n; n--) {
            size_t length = strlen(text), at = rig_roll() % length;
            if (rig_roll() % 8 == 0)
                memmove(text + at, text + at + 1, length - at);
            else
                text[at] = (char)(rig_roll() % 2 ? '0' + rig_roll() % 10 : 1 + rig_roll() % 126);
        }
        FILE *file = fopen(rig_path("image"), "w");
        fputs(text, file);
        fclose(file);
        struct image *image = image_open(rig_path("image"), "vmdk", 0, 0, &error);
        CU_ASSERT_TRUE(image || *error.text);
        opened += image != NULL;
        for (uint64_t at = 0; image && at < 20 * 512 && at + 512 <= image->bytes; at += 512) {
            uint8_t sector[512];
            struct iovec iov = { sector, sizeof sector };
            (void)image_read(image, at, &iov, 1);
        }
        image_close(image);
    }
    printf("# %u of %u damaged descriptors could be opened\n", opened, mutants);
    CU_ASSERT_TRUE(opened > 0 && opened < mutants);
    rig_clean();
}

/* What a descriptor may name, and what not. */
static void descriptors(void)
{
    static const struct {
        const char *lines, *says;
    } cases[] = {
        { "RW 8 FLAT \"../x\" 0\n", "only files in its own folder" },
        { "RW 8 FLAT \"/etc/passwd\" 0\n", "only files in its own folder" },
        { "RW 8 FLAT \"link\" 0\n", "symbolic links" },
        { "RW 9 FLAT \"x\" 0\n", "shorter" },
        { "RW 8 FLAT \"x\" 1\n", "shorter" },
        { "RW 8 FLAT \"none\" 0\n", "No such file" },
        { "RW 8 STRANGE \"x\" 0\n", "kind STRANGE" },
        { "RW 8 SPARSE \"x\"\n", "KDMV" },
        { "RW 18446744073709551615 ZERO\n", "sectors" },
        { "parentCID=12345678\nRW 8 FLAT \"x\" 0\n", "snapshot" },
        { "", "no extents" },
    };
    CU_ASSERT_EQUAL(rig_shell("head -c 4096 /dev/urandom >x && ln -s x link"), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        abbey_error error = { "" };
        FILE *file = fopen(rig_path("image"), "w");
        fprintf(file, "# Disk DescriptorFile\nversion=1\nCID=fffffffe\n%s", cases[i].lines);
        fclose(file);
        struct image *image = image_open(rig_path("image"), "auto", 0, 0, &error);
        CU_ASSERT_PTR_NULL(image);
        image_close(image);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
        if (!strstr(error.text, cases[i].says))
            printf("# '%s' gives '%s'\n", cases[i].lines, error.text);
    }
    rig_clean();
}

/* A guest that writes an image header to a disk whose format was guessed would have us open what it names. */
static void guessed_raw(void)
{
    uint8_t sector[512] = "QFI\xfb\0\0\0\3";
    struct iovec iov = { sector, sizeof sector };
    struct image *image = rig_make("raw", "image", 0, MODEL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0); /* it was said to be raw */
    memset(sector, 0, sizeof sector);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    image_close(image);
    image = rig_reopen("auto", "image", IMAGE_WRITE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    memcpy(sector, "QFI\xfb", 4);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), -EPERM);
    memcpy(sector, "KDMV", 4);
    memset(sector + 4, 1, 1);
    CU_ASSERT_EQUAL(image_write(image, 512, &iov, 1), 0);
    image_close(image);
    rig_clean();
}

static const struct unit_test tests[] = {
    { "qcow2: killed while it writes", killed },
    { "qcow2: damaged images", damaged_qcow2 },
    { "vmdk: damaged images", damaged_vmdk },
    { "damaged VMDK descriptors", damaged_descriptor },
    { "vmdk: descriptors", descriptors },
    { "a guessed raw image stays raw", guessed_raw },
};

int main(void)
{
    return rig_main("image damage", tests, sizeof tests / sizeof tests[0]);
}
