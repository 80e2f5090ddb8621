# One program a file: add it to check_PROGRAMS and TESTS, give it UNIT_CPPFLAGS, UNIT_CFLAGS, UNIT_LIBS.

check_PROGRAMS += tests/unit/test_mem tests/unit/test_walk
TESTS += tests/unit/test_mem tests/unit/test_walk
tests_unit_test_mem_SOURCES = tests/unit/test_mem.c
tests_unit_test_mem_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_mem_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_mem_LDADD = $(UNIT_LIBS)
tests_unit_test_walk_SOURCES = tests/unit/test_walk.c
tests_unit_test_walk_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_walk_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_walk_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_boot tests/unit/acpi_dump
TESTS += tests/unit/test_boot tests/unit/acpi.sh
EXTRA_DIST += tests/unit/acpi.sh
tests_unit_test_boot_SOURCES = tests/unit/test_boot.c tests/unit/bootcase.c tests/unit/bootcase.h
tests_unit_test_boot_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_boot_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_boot_LDADD = $(UNIT_LIBS)
tests_unit_acpi_dump_SOURCES = tests/unit/acpi_dump.c tests/unit/bootcase.c tests/unit/bootcase.h
tests_unit_acpi_dump_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_acpi_dump_CFLAGS = $(UNIT_CFLAGS)
tests_unit_acpi_dump_LDADD = $(UNIT_LIBS)
