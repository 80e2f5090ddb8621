/* test_image.c - image formats against a model in memory and against qemu-img; locks, and room that is given back. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/block/image_rig.h"

static void against_model(const char *format, uint32_t cluster, uint64_t size)
{
    uint8_t *model = calloc(1, size);
    struct image *image = rig_make(format, "image", cluster, size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image->bytes, size);
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 150; i++)
            CU_ASSERT_EQUAL(rig_step(image, model, size), 0);
        CU_ASSERT_TRUE(rig_same(image, model, size));
        CU_ASSERT_EQUAL(image_flush(image), 0);
        CU_ASSERT_EQUAL(image_close(image), 0);
        rig_qemu_agrees(format, "image", model, size);
        image = rig_reopen(format, "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_TRUE(rig_same(image, model, size));
    }
    image_close(image);
    free(model);
    rig_clean();
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
    if (!rig_has_qemu()) {
        printf("# skipped: qemu-img is not installed\n");
        return;
    }
    uint8_t *model = malloc(MODEL);
    for (unsigned k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        for (unsigned i = 0; i < MODEL; i++)
            model[i] = i >> 16 & 1 ? (uint8_t)(i * 5 + (i >> 8)) : 0;
        int fd = open(rig_path("raw"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
        file_write(fd, 0, model, MODEL);
        close(fd);
        bool packed = strstr(kinds[k].options, "compression") != NULL;
        CU_ASSERT_EQUAL(rig_shell("qemu-img convert %s -f raw -O %s -o %s raw image", packed ? "-c" : "",
                            kinds[k].format, kinds[k].options),
            0);
        struct image *image = rig_reopen("auto", "image", IMAGE_WRITE);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_STRING_EQUAL(image->format->name, kinds[k].format);
        CU_ASSERT_TRUE(rig_same(image, model, MODEL));
        for (unsigned i = 0; i < 200; i++)
            CU_ASSERT_EQUAL(rig_step(image, model, MODEL), 0);
        CU_ASSERT_TRUE(rig_same(image, model, MODEL));
        CU_ASSERT_EQUAL(image_close(image), 0);
        rig_qemu_agrees(kinds[k].format, "image", model, MODEL);
        rig_clean();
    }
    free(model);
}

static void backing_files(void)
{
    if (!rig_has_qemu()) {
        printf("# skipped: qemu-img is not installed\n");
        return;
    }
    uint8_t *model = calloc(1, 2 * MODEL);
    for (unsigned i = 0; i < MODEL; i++)
        model[i] = (uint8_t)(i * 9 + (i >> 10));
    int fd = open(rig_path("base"), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    file_write(fd, 0, model, MODEL);
    close(fd);
    /* The upper images are larger: beyond the lower one are zeros. */
    CU_ASSERT_EQUAL(
        rig_shell(
            "qemu-img create -f qcow2 -F raw -b base middle && qemu-img create -f qcow2 -o compat=0.10 -F qcow2 -b "
            "middle image %u",
            2 * MODEL),
        0);
    struct image *image = rig_reopen("auto", "image", IMAGE_WRITE);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_TRUE(rig_same(image, model, 2 * MODEL));
    for (unsigned i = 0; i < 300; i++)
        CU_ASSERT_EQUAL(rig_step(image, model, 2 * MODEL), 0);
    CU_ASSERT_TRUE(rig_same(image, model, 2 * MODEL));
    CU_ASSERT_EQUAL(image_close(image), 0);
    rig_qemu_agrees("qcow2", "image", model, 2 * MODEL);
    free(model);
    rig_clean();
}

/* ---- the file ---- */

static void locks(void)
{
    abbey_error error = { "" };
    struct image *image = rig_make("raw", "image", 0, MODEL), *other;
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    other = image_open(rig_path("image"), "raw", IMAGE_WRITE, 0, &error);
    CU_ASSERT_PTR_NULL(other);
    CU_ASSERT_PTR_NOT_NULL(strstr(error.text, "in use by this machine itself"));
    CU_ASSERT_PTR_NULL(image_open(rig_path("image"), "raw", 0, 0, &error));
    if (rig_has_qemu())
        CU_ASSERT_NOT_EQUAL(rig_shell("qemu-img convert -O raw image copy"), 0);
    image_close(image);
    image = rig_reopen("raw", "image", 0);
    other = rig_reopen("raw", "image", 0); /* readers share */
    CU_ASSERT_PTR_NOT_NULL(other);
    CU_ASSERT_PTR_NULL(image_open(rig_path("image"), "raw", IMAGE_WRITE, 0, &error));
    image_close(other);
    image_close(image);
    rig_clean();
}

static uint64_t used_blocks(const char *name)
{
    struct stat st;
    return stat(rig_path(name), &st) == 0 ? (uint64_t)st.st_blocks : 0;
}

/* What is discarded and zeroed takes no room, and what is freed is used again. */
static void room(void)
{
    uint8_t *bytes = malloc(MODEL);
    struct iovec iov = { bytes, MODEL };
    memset(bytes, 0x55, MODEL);
    struct image *image = rig_make("qcow2", "image", 65536, MODEL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    int64_t once = file_bytes(image->fd);
    for (unsigned i = 0; i < 3; i++) {
        CU_ASSERT_EQUAL(image_discard(image, 0, MODEL), 0);
        CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    }
    CU_ASSERT_EQUAL(file_bytes(image->fd), once);
    CU_ASSERT_TRUE(rig_same(image, bytes, MODEL));
    image_close(image);
    image = rig_make("raw", "sparse", 0, MODEL);
    CU_ASSERT_EQUAL(image_write(image, 0, &iov, 1), 0);
    uint64_t full = used_blocks("sparse");
    CU_ASSERT_EQUAL(image_zero(image, 0, MODEL), 0);
    CU_ASSERT_TRUE(used_blocks("sparse") < full);
    image_close(image);
    free(bytes);
    rig_clean();
}

static const struct unit_test tests[] = {
    { "raw: random reads and writes", raw },
    { "qcow2: random reads and writes", qcow2 },
    { "vmdk: random reads and writes", vmdk },
    { "images of qemu-img are read and written", of_qemu },
    { "backing files", backing_files },
    { "locks", locks },
    { "room is given back", room },
};

int main(void)
{
    return rig_main("image", tests, sizeof tests / sizeof tests[0]);
}
