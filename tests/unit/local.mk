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

check_PROGRAMS += tests/unit/test_config tests/unit/test_config_errors
TESTS += tests/unit/test_config tests/unit/test_config_errors
tests_unit_test_config_SOURCES = tests/unit/test_config.c tests/unit/config_fixture.c tests/unit/config_fixture.h
tests_unit_test_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_LDADD = $(UNIT_LIBS)
tests_unit_test_config_errors_SOURCES = tests/unit/test_config_errors.c tests/unit/config_fixture.c tests/unit/config_fixture.h
tests_unit_test_config_errors_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_test_config_errors_CFLAGS = $(UNIT_CFLAGS)
tests_unit_test_config_errors_LDADD = $(UNIT_LIBS)
