/* Writes the ACPI tables of a board as dsdt.dat and facp.dat to the directory named: for acpi.sh. With "plain" as the
 * second argument, of a board without PCI. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/boot/parts.h"
#include "tests/unit/bootcase.h"

static int dump(struct bootcase *b, uint32_t at, const char *directory, const char *name)
{
    char path[4096];
    uint32_t bytes = bootcase_load(b, at + 4, 4);
    uint8_t *table = malloc(bytes);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "wb");
    if (!table || !file)
        return 1;
    mem_read(b->mem, at, table, bytes);
    int failed = fwrite(table, 1, bytes, file) != bytes;
    free(table);
    return fclose(file) || failed;
}

int main(int argc, char **argv)
{
    static struct bootcase b;
    if (argc < 2)
        return 2;
    bootcase_new(&b, 64 * MB);
    if (argc > 2)
        b.devices[0].type = b.devices[1].type = "nothing";
    b.boot = boot_new(&b.config, b.mem, &b.error);
    if (!b.boot || !acpi_write(b.boot))
        return 1;
    uint32_t fadt = bootcase_load(&b, b.boot->tables + 36, 4), dsdt = bootcase_load(&b, fadt + 40, 4);
    int failed = dump(&b, fadt, argv[1], "facp.dat") || dump(&b, dsdt, argv[1], "dsdt.dat");
    bootcase_free(&b);
    return failed;
}
