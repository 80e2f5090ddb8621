/* test_image.c - image formats against a model in memory, against qemu-img where it is installed, and against damage.
 *
 * The formats of the plugin are linked into the test. $ABBEY_SEED starts the random numbers elsewhere. */
#include "plugins/hostos/block/image.h"
#include "plugins/hostos/block/redo.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/unit.h"

static char folder[64];
static uint64_t seed = 20001;

static uint32_t roll(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 16);
}

/* Runs a command of the shell in the test's folder; its exit status. */
__attribute__((format(printf, 1, 2))) static int shell(const char *format, ...)
{
    char command[1500], text[1200];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(command, sizeof command, "cd %s && { %s; } >log 2>&1", folder, text);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *in_folder(const char *name)
{
    static char paths[4][200];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static bool have_qemu(void)
{
    static int have = -1;
    if (have < 0)
        have = shell("qemu-img --version") == 0;
    return have;
}

static void clean(void)
{
    shell("chmod -R u+w .; rm -rf ./*");
}

/* ---- images and a model ---- */

#define MODEL (6u << 20)

static struct image *make(const char *format, const char *name, uint32_t cluster, uint64_t bytes)
{
    abbey_error error = { "" };
    struct image_new options = { .bytes = bytes, .cluster = cluster, .path = in_folder(name) };
    struct image *image = NULL;
    if (image_create(image_format_find(format), &options, &error) == 0)
        image = image_open(in_folder(name), format, IMAGE_WRITE, 0, &error);
    if (!image)
        printf("# %s\n", error.text);
    return image;
}

static struct image *reopen(const char *format, const char *name, uint32_t flags)
{
    abbey_error error = { "" };
    struct image *image = image_open(in_folder(name), format, flags, 0, &error);
    if (!image)
        printf("# %s\n", error.text);
    return image;
}

static bool same(struct image *image, const uint8_t *model, uint64_t bytes)
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

/* A random operation on both. */
static int step(struct image *image, uint8_t *model, uint64_t size)
{
    uint64_t offset = roll() % (size / 512) * 512, bytes = (1 + roll() % (roll() % 8 ? 64 : 1500)) * 512ull;
    bytes = bytes < size - offset ? bytes : size - offset;
    uint32_t what = roll() % 16;
    if (what == 0) {
        memset(model + offset, 0, bytes);
        return image_zero(image, offset, bytes);
    }
    uint8_t *buffer = malloc(bytes), fill = (uint8_t)roll();
    uint64_t cut = roll() % (bytes / 512) * 512;
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

/* qemu-img finds no fault, and the same content as in `raw`. */
static void qemu_agrees(const char *format, const char *name, const uint8_t *model, uint64_t bytes)
{
    if (!have_qemu())
        return;
    int fd = open(in_folder("raw"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    CU_ASSERT_EQUAL(file_write(fd, 0, model, bytes), 0);
    close(fd);
    if (strcmp(format, "raw") != 0)
        CU_ASSERT_EQUAL(shell("qemu-img check -f %s %s", format, name), 0);
    CU_ASSERT_EQUAL(shell("qemu-img compare -f %s -F raw %s raw", format, name), 0);
}

static void against_model(const char *format, uint32_t cluster, uint64_t size)
{
    uint8_t *model = calloc(1, size);
    struct image *image = make(format, "image", cluster, size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image->bytes, size);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 150; i++)
            CU_ASSERT_EQUAL(step(image, model, size), 0);
        CU_ASSERT_TRUE(same(image, model, size));
        CU_ASSERT_EQUAL(image_flush(image), 0);
        CU_ASSERT_EQUAL(image_close(image), 0);
        qemu_agrees(format, "image", model, size);
        image = reopen(format, "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_TRUE(same(image, model, size));
    }
    image_close(image);
    free(model);
    clean();
}

static void raw(void)
{
    against_model("raw", 0, MODEL);
    against_model("raw", 0, 512 * 7);
}

static void qcow2(void)
{
    against_model("qcow2", 512, MODEL); /* tables of all kinds are small, and grow */
    against_model("qcow2", 4096, MODEL + 512);
    against_model("qcow2", 65536, MODEL);
    against_model("qcow2", 2 << 20, MODEL + 512 * 3);
}

static void vmdk(void)
{
    against_model("vmdk", 0, MODEL);
    against_model("vmdk", 0, 70u << 20); /* several tables */
}

/* ---- images of others ---- */

/* Written by qemu-img in many forms, changed by us, and found good by it. */
static void of_qemu(void)
{
    static const struct {
        const char *format, *options;
        bool write;
    } kinds[] = {
        { "qcow2", "compat=0.10", true },
        { "qcow2", "compat=1.1,lazy_refcounts=on", true },
        { "qcow2", "cluster_size=512", true },
        { "qcow2", "cluster_size=2M", true },
        { "qcow2", "refcount_bits=1", true },
        { "qcow2", "refcount_bits=64,cluster_size=4k", true },
        { "qcow2", "preallocation=metadata", true },
        { "qcow2", "compression_type=zlib", true },
        { "vmdk", "subformat=monolithicSparse", true },
        { "vmdk", "subformat=monolithicFlat", true },
        { "vmdk", "subformat=twoGbMaxExtentFlat", true },
        { "vmdk", "subformat=twoGbMaxExtentSparse", true },
    };
    if (!have_qemu()) {
        printf("# skipped: qemu-img is not installed\n");
        return;
    }
    uint8_t *model = malloc(MODEL);
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned i = 0; i < MODEL; i++)
            model[i] = i >> 16 & 1 ? (uint8_t)(i * 5 + (i >> 8)) : 0;
        int fd = open(in_folder("raw"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        file_write(fd, 0, model, MODEL);
        close(fd);
        bool packed = strstr(kinds[k].options, "compression") != NULL;
        CU_ASSERT_EQUAL(shell("qemu-img convert %s -f raw -O %s -o %s raw image", packed ? "-c" : "", kinds[k].format,
                            kinds[k].options),
            0);
        struct image *image = reopen("auto", "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_STRING_EQUAL(image->format->name, kinds[k].format);
        CU_ASSERT_TRUE(same(image, model, MODEL));
        for (unsigned i = 0; i < 200; i++)
            CU_ASSERT_EQUAL(step(image, model, MODEL), 0);
        CU_ASSERT_TRUE(same(image, model, MODEL));
        CU_ASSERT_EQUAL(image_close(image), 0);
        qemu_agrees(kinds[k].format, "image", model, MODEL);
        clean();
    }
    free(model);
}

static void backing_files(void)
{
    if (!have_qemu()) {
        printf("# skipped: qemu-img is not installed\n");
        return;
    }
    uint8_t *model = calloc(1, 2 * MODEL);
    for (unsigned i = 0; i < MODEL; i++)
        model[i] = (uint8_t)(i * 9 + (i >> 10));
    int fd = open(in_folder("base"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    file_write(fd, 0, model, MODEL);
    close(fd);
    /* The upper images are larger: beyond the lower one are zeros. */
    CU_ASSERT_EQUAL(
        shell("qemu-img create -f qcow2 -F raw -b base middle && qemu-img create -f qcow2 -o compat=0.10 -F qcow2 -b "
              "middle image %u",
            2 * MODEL),
        0);
    struct image *image = reopen("auto", "image", IMAGE_WRITE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_TRUE(same(image, model, 2 * MODEL));
    for (unsigned i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(step(image, model, 2 * MODEL), 0);
    CU_ASSERT_TRUE(same(image, model, 2 * MODEL));
    CU_ASSERT_EQUAL(image_close(image), 0);
    qemu_agrees("qcow2", "image", model, 2 * MODEL);
    free(model);
    clean();
}

/* ---- what goes wrong ---- */

/* Left by a process that was killed: opened again it is whole, and no cluster has leaked. */
static void killed(void)
{
    uint8_t *model = calloc(1, MODEL);
    for (unsigned round = 0; round < 8; round++) {
        uint32_t cluster = round % 2 ? 4096 : 65536;
        int ends[2];
        struct image *image = make("qcow2", "image", cluster, MODEL);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        image_close(image);
        memset(model, 0, MODEL);
        CU_ASSERT_EQUAL_FATAL(pipe(ends), 0);
        pid_t child = fork();
        if (child == 0) { /* numbers each sector that it has written and flushed */
            image = reopen("qcow2", "image", IMAGE_WRITE);
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
        uint32_t i = 0, last = 50 + roll() % 200;
        while (read(ends[0], &i, sizeof i) == sizeof i) {
            memset(model + i * 7919 % (MODEL / 512) * 512ull, (int)(i | 1), 512);
            if (i == last)
                kill(child, SIGKILL);
        }
        waitpid(child, NULL, 0);
        close(ends[0]);
        image = reopen("auto", "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        /* The write under way at the end may have arrived or not. */
        uint64_t next = (i + 1) * 7919ull % (MODEL / 512) * 512;
        struct iovec iov = { model + next, 512 };
        image_read(image, next, &iov, 1);
        CU_ASSERT_TRUE(same(image, model, MODEL));
        CU_ASSERT_EQUAL(image_close(image), 0);
        qemu_agrees("qcow2", "image", model, MODEL);
        clean();
    }
    free(model);
}

/* A damaged image is refused in words, or stood: nothing crashes, nothing outside is touched. */
static void damage(const char *format, unsigned mutants)
{
    struct image *image = make(format, "good", strcmp(format, "qcow2") == 0 ? 4096 : 0, MODEL);
    uint8_t *model = calloc(1, MODEL), *bytes;
    unsigned opened = 0;
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    for (unsigned i = 0; i < 40; i++)
        step(image, model, MODEL);
    image_close(image);
    int fd = open(in_folder("good"), O_RDONLY);
    int64_t size = file_bytes(fd);
    bytes = malloc((size_t)size);
    file_read(fd, 0, bytes, (size_t)size);
    close(fd);
    for (unsigned m = 0; m < mutants; m++) {
        abbey_error error = { "" };
        uint32_t flags = m % 2 ? IMAGE_WRITE : 0, reach = m % 3 ? 128 : 65536;
        unlink(in_folder("image"));
        fd = open(in_folder("image"), O_RDWR | O_CREAT | O_TRUNC, 0666);
        file_write(fd, 0, bytes, (size_t)size);
        for (unsigned n = 1 + roll() % 4; n; n--) {
            uint8_t value = roll() % 3 ? (uint8_t)roll() : roll() % 2 ? 0xff : 0;
            file_write(fd, roll() % reach, &value, 1);
        }
        if (m % 16 == 0 && ftruncate(fd, roll() % size) != 0)
            CU_FAIL("cannot shorten the file");
        close(fd);
        image = image_open(in_folder("image"), format, flags, 0, &error);
        CU_ASSERT_TRUE(image || *error.text);
        opened += image != NULL;
        for (unsigned i = 0; image && i < 12 && image->bytes; i++) {
            uint8_t buffer[8192];
            struct iovec iov = { buffer, sizeof buffer };
            uint64_t at = roll() % (image->bytes / 512 < 1u << 20 ? image->bytes / 512 : 1u << 20) * 512;
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
    clean();
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
    CU_ASSERT_EQUAL(shell("head -c 4096 /dev/urandom >x && cp x y"), 0);
    for (unsigned m = 0; m < mutants; m++) {
        abbey_error error = { "" };
        char text[sizeof good];
        memcpy(text, good, sizeof good);
        for (unsigned n = 1 + roll() % 4; n; n--) {
            size_t length = strlen(text), at = roll() % length;
            if (roll() % 8 == 0)
                memmove(text + at, text + at + 1, length - at);
            else
                text[at] = (char)(roll() % 2 ? '0' + roll() % 10 : 1 + roll() % 126);
        }
        FILE *file = fopen(in_folder("image"), "w");
        fputs(text, file);
        fclose(file);
        struct image *image = image_open(in_folder("image"), "vmdk", 0, 0, &error);
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
    clean();
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
    CU_ASSERT_EQUAL(shell("head -c 4096 /dev/urandom >x && ln -s x link"), 0);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        abbey_error error = { "" };
        FILE *file = fopen(in_folder("image"), "w");
        fprintf(file, "# Disk DescriptorFile\nversion=1\nCID=fffffffe\n%s", cases[i].lines);
        fclose(file);
        struct image *image = image_open(in_folder("image"), "auto", 0, 0, &error);
        CU_ASSERT_PTR_NULL(image);
        image_close(image);
        CU_ASSERT_PTR_NOT_NULL(strstr(error.text, cases[i].says));
        if (!strstr(error.text, cases[i].says))
            printf("# '%s' gives '%s'\n", cases[i].lines, error.text);
    }
    clean();
}

/* A guest that writes an image header to a disk whose format was guessed would have us open what it names. */
static void guessed_raw(void)
{
    uint8_t sector[512] = "QFI\xfb\0\0\0\3";
    struct iovec iov = { sector, sizeof sector };
    struct image *image = make("raw", "image", 0, MODEL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0); /* it was said to be raw */
    memset(sector, 0, sizeof sector);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    image_close(image);
    image = reopen("auto", "image", IMAGE_WRITE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    memcpy(sector, "QFI\xfb", 4);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), -EPERM);
    memcpy(sector, "KDMV", 4);
    memset(sector + 4, 1, 1);
    CU_ASSERT_EQUAL(image_write(image, 512, &iov, 1), 0);
    image_close(image);
    clean();
}

static void locks(void)
{
    abbey_error error = { "" };
    struct image *image = make("raw", "image", 0, MODEL), *other;
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    other = image_open(in_folder("image"), "raw", IMAGE_WRITE, 0, &error);
    CU_ASSERT_PTR_NULL(other);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in use by this machine itself"));
    CU_ASSERT_PTR_NULL(image_open(in_folder("image"), "raw", 0, 0, &error));
    if (have_qemu())
        CU_ASSERT_NOT_EQUAL(shell("qemu-img convert -O raw image copy"), 0);
    image_close(image);
    image = reopen("raw", "image", 0);
    other = reopen("raw", "image", 0); /* readers share */
    CU_ASSERT_PTR_NOT_NULL(other);
    CU_ASSERT_PTR_NULL(image_open(in_folder("image"), "raw", IMAGE_WRITE, 0, &error));
    image_close(other);
    image_close(image);
    clean();
}

static uint64_t used_blocks(const char *name)
{
    struct stat st;
    return stat(in_folder(name), &st) == 0 ? (uint64_t)st.st_blocks : 0;
}

/* What is discarded and zeroed takes no room, and what is freed is used again. */
static void room(void)
{
    uint8_t *bytes = malloc(MODEL);
    struct iovec iov = { bytes, MODEL };
    memset(bytes, 0x55, MODEL);
    struct image *image = make("qcow2", "image", 65536, MODEL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    int64_t once = file_bytes(image->fd);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(image_discard(image, 0, MODEL), 0);
        CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    }
    CU_ASSERT_EQUAL(file_bytes(image->fd), once);
    CU_ASSERT_TRUE(same(image, bytes, MODEL));
    image_close(image);
    image = make("raw", "sparse", 0, MODEL);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    uint64_t full = used_blocks("sparse");
    CU_ASSERT_EQUAL(image_zero(image, 0, MODEL), 0);
    CU_ASSERT_TRUE(used_blocks("sparse") < full);
    image_close(image);
    free(bytes);
    clean();
}

/* ---- redo logs ---- */

static void fill(const char *name, uint8_t *model)
{
    for (unsigned i = 0; i < MODEL; i++)
        model[i] = (uint8_t)(i * 31 + (i >> 12));
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    CU_ASSERT_EQUAL(file_write(fd, 0, model, MODEL), 0);
    close(fd);
}

static bool file_is(const char *name, const uint8_t *model)
{
    struct image *image = reopen("raw", name, 0);
    bool good = image && same(image, model, MODEL);
    image_close(image);
    return good;
}

static void undo(void)
{
    abbey_error error = { "" };
    uint8_t *base = malloc(MODEL), *model = malloc(MODEL);
    fill("image", base);
    memcpy(model, base, MODEL);
    for (unsigned run = 0; run < 3; run++) { /* the log goes on from run to run */
        struct image *image = redo_open(in_folder("image"), "auto", &error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_TRUE(same(image, model, MODEL));
        for (unsigned i = 0; i < 60; i++)
            CU_ASSERT_EQUAL(step(image, model, MODEL), 0);
        CU_ASSERT_EQUAL(redo_commit(in_folder("image"), NULL, NULL, &error), -1); /* in use */
        CU_ASSERT_EQUAL(redo_discard(in_folder("image"), &error), -1);
        CU_ASSERT_EQUAL(image_close(image), 0);
        CU_ASSERT_TRUE(file_is("image", base));
    }
    CU_ASSERT_EQUAL(redo_state(in_folder("image")), REDO_LOG);
    CU_ASSERT_EQUAL(redo_discard(in_folder("image"), &error), 0);
    CU_ASSERT_EQUAL(redo_discard(in_folder("image"), &error), -1);
    CU_ASSERT_TRUE(file_is("image", base));
    memcpy(model, base, MODEL);
    struct image *image = redo_open(in_folder("image"), "auto", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(step(image, model, MODEL), 0);
    CU_ASSERT_EQUAL(image_close(image), 0);
    CU_ASSERT_EQUAL(redo_commit(in_folder("image"), NULL, NULL, &error), 0);
    CU_ASSERT_EQUAL(redo_state(in_folder("image")), REDO_NONE);
    CU_ASSERT_TRUE(file_is("image", model));
    free(base);
    free(model);
    clean();
}

/* The process that commits is killed at the n-th step of its progress. */
struct death {
    unsigned steps, at;
};

static void die(void *arg, uint64_t done, uint64_t total)
{
    struct death *death = arg;
    (void)done, (void)total;
    if (death->steps++ == death->at)
        kill(getpid(), SIGKILL);
}

static void commit_killed(void)
{
    uint8_t *base = malloc(MODEL), *model = malloc(MODEL);
    for (unsigned at = 0; at < 5; at++) {
        abbey_error error = { "" };
        fill("image", base);
        memcpy(model, base, MODEL);
        struct image *image = redo_open(in_folder("image"), "raw", &error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        for (unsigned i = 0; i < 100; i++)
            step(image, model, MODEL);
        image_close(image);
        pid_t child = fork();
        if (child == 0) {
            struct death death = { 0, at };
            _exit(redo_commit(in_folder("image"), die, &death, &error) == 0 ? 0 : 1);
        }
        waitpid(child, NULL, 0);
        CU_ASSERT_EQUAL(redo_state(in_folder("image")), REDO_COMMIT);
        CU_ASSERT_EQUAL(redo_discard(in_folder("image"), &error), -1); /* too late for that */
        CU_ASSERT_EQUAL(redo_commit(in_folder("image"), NULL, NULL, &error), 0);
        CU_ASSERT_EQUAL(redo_state(in_folder("image")), REDO_NONE);
        CU_ASSERT_TRUE(file_is("image", model));
        clean();
    }
    free(base);
    free(model);
}

static void nonpersistent(void)
{
    abbey_error error = { "" };
    uint8_t *base = malloc(MODEL), *model = malloc(MODEL);
    fill("image", base);
    memcpy(model, base, MODEL);
    setenv("TMPDIR", folder, 1);
    struct image *image = redo_open_unnamed(in_folder("image"), "auto", &error);
    struct image *second = redo_open_unnamed(in_folder("image"), "auto", &error); /* beside the first */
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    for (unsigned i = 0; i < 60; i++)
        CU_ASSERT_EQUAL(step(image, model, MODEL), 0);
    CU_ASSERT_TRUE(same(image, model, MODEL));
    CU_ASSERT_TRUE(same(second, base, MODEL));
    CU_ASSERT_EQUAL(image_close(image), 0);
    CU_ASSERT_EQUAL(image_close(second), 0);
    CU_ASSERT_TRUE(file_is("image", base));
    CU_ASSERT_EQUAL(shell("[ $(ls | grep -v log | wc -l) = 1 ]"), 0);
    free(base);
    free(model);
    clean();
}

static const struct unit_test tests[] = {
    { "raw: random reads and writes", raw },
    { "qcow2: random reads and writes", qcow2 },
    { "vmdk: random reads and writes", vmdk },
    { "images of qemu-img are read and written", of_qemu },
    { "backing files", backing_files },
    { "qcow2: killed while it writes", killed },
    { "qcow2: damaged images", damaged_qcow2 },
    { "vmdk: damaged images", damaged_vmdk },
    { "damaged VMDK descriptors", damaged_descriptor },
    { "vmdk: descriptors", descriptors },
    { "a guessed raw image stays raw", guessed_raw },
    { "locks", locks },
    { "room is given back", room },
    { "redo logs are discarded and committed", undo },
    { "a commit that was killed is finished", commit_killed },
    { "nonpersistent disks leave nothing", nonpersistent },
};

int main(void)
{
    const char *given = getenv("ABBEY_SEED");
    snprintf(folder, sizeof folder, "/tmp/abbey-image-XXXXXX");
    if (!mkdtemp(folder))
        return 99;
    seed = given ? strtoull(given, NULL, 0) | 1 : seed;
    printf("# seed %llu\n", (unsigned long long)seed);
    int status = unit_main("image", tests, sizeof tests / sizeof tests[0]);
    clean();
    rmdir(folder);
    return status;
}
