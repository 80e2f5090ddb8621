/* image_rig.h - what the tests of disk images share: a folder, a model in memory to compare with, and qemu-img where it
 * is installed.
 *
 * The formats of the plugin are linked into the tests. $ABBEY_SEED starts the random numbers elsewhere. */
#ifndef ABBEY_TESTS_IMAGE_RIG_H
#define ABBEY_TESTS_IMAGE_RIG_H

#include "plugins/hostos/block/image.h"
#include "tests/unit/unit.h"

#define MODEL (6u << 20) /* bytes of an image for which nothing else is needed */

extern char rig_folder[64];

/* Makes the folder, runs the tests and removes it; the exit status of main(). */
int rig_main(const char *suite, const struct unit_test *tests, unsigned count);

/* A path in the folder, good until the next call but three. */
const char *rig_path(const char *name);
/* Runs a command of the shell in the folder; its exit status. */
int rig_shell(const char *format, ...) __attribute__((format(printf, 1, 2)));
void rig_clean(void);

uint32_t rig_roll(void); /* a random number */

/* A new image, opened to be written; one that is there. NULL with a message. */
struct image *rig_make(const char *format, const char *name, uint32_t cluster, uint64_t bytes);
struct image *rig_reopen(const char *format, const char *name, uint32_t flags);
/* A random operation on an image and its model; 0, or what the image gave. */
int rig_step(struct image *image, uint8_t *model, uint64_t size);
/* Whether they hold the same. */
bool rig_same(struct image *image, const uint8_t *model, uint64_t bytes);

bool rig_has_qemu(void);
/* qemu-img, if there is one, finds no fault, and the content of the model, which is put into the file `raw`. */
void rig_qemu_agrees(const char *format, const char *name, const uint8_t *model, uint64_t bytes);

#endif
