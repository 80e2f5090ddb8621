/* test_redo.c - redo logs: what a guest wrote is kept, discarded, committed, and nothing is lost on the way. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugins/hostos/block/redo.h"
#include "tests/block/image_rig.h"

static void fill(const char *name, uint8_t *model)
{
    for (unsigned i = 0; i < MODEL; i++)
        model[i] = (uint8_t)(i * 31 + (i >> 12));
    int fd = open(rig_path(name), O_WRONLY | O_CREAT | O_TRUNC, 0666);
    CU_ASSERT_EQUAL(file_write(fd, 0, model, MODEL), 0);
    close(fd);
}

static bool file_is(const char *name, const uint8_t *model)
{
    struct image *image = rig_reopen("raw", name, 0);
    bool good = image && rig_same(image, model, MODEL);
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
        struct image *image = redo_open(rig_path("image"), "auto", &error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        CU_ASSERT_TRUE(rig_same(image, model, MODEL));
        for (unsigned i = 0; i < 60; i++)
            CU_ASSERT_EQUAL(rig_step(image, model, MODEL), 0);
        CU_ASSERT_EQUAL(redo_commit(rig_path("image"), NULL, NULL, &error), -1); /* in use */
        CU_ASSERT_EQUAL(redo_discard(rig_path("image"), &error), -1);
        CU_ASSERT_EQUAL(image_close(image), 0);
        CU_ASSERT_TRUE(file_is("image", base));
    }
    CU_ASSERT_EQUAL(redo_state(rig_path("image")), REDO_LOG);
    CU_ASSERT_EQUAL(redo_discard(rig_path("image"), &error), 0);
    CU_ASSERT_EQUAL(redo_discard(rig_path("image"), &error), -1);
    CU_ASSERT_TRUE(file_is("image", base));
    memcpy(model, base, MODEL);
    struct image *image = redo_open(rig_path("image"), "auto", &error);
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    for (unsigned i = 0; i < 100; i++)
        CU_ASSERT_EQUAL(rig_step(image, model, MODEL), 0);
    CU_ASSERT_EQUAL(image_close(image), 0);
    CU_ASSERT_EQUAL(redo_commit(rig_path("image"), NULL, NULL, &error), 0);
    CU_ASSERT_EQUAL(redo_state(rig_path("image")), REDO_NONE);
    CU_ASSERT_TRUE(file_is("image", model));
    free(base);
    free(model);
    rig_clean();
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
        struct image *image = redo_open(rig_path("image"), "raw", &error);
        CU_ASSERT_PTR_NOT_NULL_FATAL(image);
        for (unsigned i = 0; i < 100; i++)
            rig_step(image, model, MODEL);
        image_close(image);
        pid_t child = fork();
        if (child == 0) {
            struct death death = { 0, at };
            _exit(redo_commit(rig_path("image"), die, &death, &error) == 0 ? 0 : 1);
        }
        waitpid(child, NULL, 0);
        CU_ASSERT_EQUAL(redo_state(rig_path("image")), REDO_COMMIT);
        CU_ASSERT_EQUAL(redo_discard(rig_path("image"), &error), -1); /* too late for that */
        CU_ASSERT_EQUAL(redo_commit(rig_path("image"), NULL, NULL, &error), 0);
        CU_ASSERT_EQUAL(redo_state(rig_path("image")), REDO_NONE);
        CU_ASSERT_TRUE(file_is("image", model));
        rig_clean();
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
    setenv("TMPDIR", rig_folder, 1);
    struct image *image = redo_open_unnamed(rig_path("image"), "auto", &error);
    struct image *second = redo_open_unnamed(rig_path("image"), "auto", &error); /* beside the first */
    CU_ASSERT_PTR_NOT_NULL_FATAL(image);
    CU_ASSERT_PTR_NOT_NULL_FATAL(second);
    for (unsigned i = 0; i < 60; i++)
        CU_ASSERT_EQUAL(rig_step(image, model, MODEL), 0);
    CU_ASSERT_TRUE(rig_same(image, model, MODEL));
    CU_ASSERT_TRUE(rig_same(second, base, MODEL));
    CU_ASSERT_EQUAL(image_close(image), 0);
    CU_ASSERT_EQUAL(image_close(second), 0);
    CU_ASSERT_TRUE(file_is("image", base));
    CU_ASSERT_EQUAL(rig_shell("[ $(ls | grep -v log | wc -l) = 1 ]"), 0);
    free(base);
    free(model);
    rig_clean();
}

static const struct unit_test tests[] = {
    { "redo logs are discarded and committed", undo },
    { "a commit that was killed is finished", commit_killed },
    { "nonpersistent disks leave nothing", nonpersistent },
};

int main(void)
{
    return rig_main("redo", tests, sizeof tests / sizeof tests[0]);
}
