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

check_PROGRAMS += tests/unit/test_interp
TESTS += tests/unit/test_interp
tests_unit_test_interp_SOURCES = tests/unit/test_interp.c
tests_unit_test_interp_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_interp_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_interp_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/unit/test_system_guest
TESTS += tests/unit/test_system_guest
tests_unit_test_system_guest_SOURCES = tests/unit/test_system_guest.c
tests_unit_test_system_guest_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_system_guest_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_system_guest_LDADD = $(UNIT_LIBS)
EXTRA_tests_unit_test_system_guest_DEPENDENCIES = $(system_guest)
