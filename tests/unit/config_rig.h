/* config_rig.h - machine files made by tests, in memory and in a directory, and what was read from them. */
#ifndef ABBEY_TESTS_CONFIG_RIG_H
#define ABBEY_TESTS_CONFIG_RIG_H

#include "core/config/config.h"
#include "tests/unit/config_fixture.h"
#include "tests/unit/unit.h"

/* A small PC. */
#define PC                                                         \
    "abbey: 1\n"                                                   \
    "name: pc\n"                                                   \
    "backends:\n"                                                  \
    "  tty: { backend: stdio }\n"                                  \
    "devices:\n"                                                   \
    "  com1: { device: ns16550, bus: isa, base: 0x3f8, irq: 4 }\n" \
    "  isa:  { device: piix3, bus: pci, addr: \"01.0\" }\n"        \
    "  pic:  { device: i8259 }\n"                                  \
    "  pci:  { device: i440fx }\n"

/* The test's directory; "...XXXXXX" until the first file is put there. */
extern char file_dir[];
/* What the last load wrote as errors. */
extern char *load_errors;

/* Writes a file into the directory and returns its path, good until the next call but three. */
const char *file_put_bytes(const char *name, const char *bytes, size_t count);
const char *file_put(const char *name, const char *text);

/* Read with the plugins of the fixture; NULL with load_errors. Those of text must be without errors. */
struct config *load_request(struct config_request request);
struct config *load_text(const char *text);
struct config *load_set(const char *text, const char *setting);
struct config *load_file(const char *path);

/* A device, or NULL; the number of a property that it has; the interrupt line of one. */
const struct config_node *config_device(const struct config *config, const char *id);
int64_t config_number(const struct config *config, const char *id, const char *property);
void expect_line(const struct config *config, const char *id, const char *property, const char *chip, uint32_t pin);

/* Runs the tests and removes the directory; the exit status of main(). */
int config_main(const char *suite, const struct unit_test *tests, unsigned count);

#endif
