# Every test prints TAP, so that the totals count single checks.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = ABBEY='$(abs_top_builddir)/abbey' ABBEY_SRCDIR='$(abs_top_srcdir)' ABBEY_BUILDDIR='$(abs_top_builddir)' \
	ABBEY_PLUGIN_PATH='$(abs_top_builddir)/plugins/devices:$(abs_top_builddir)/plugins/hostos:$(abs_top_builddir)/plugins/guests' \
	ABBEY_CONFIG_PATH='$(abs_top_srcdir)/configs' ; export ABBEY ABBEY_SRCDIR ABBEY_BUILDDIR ABBEY_PLUGIN_PATH ABBEY_CONFIG_PATH ;
# LeakSanitizer takes 16 bytes before a library's dynamic thread-local storage for a header of an old C library when the
# storage begins 16 bytes into a page, which happens by chance, and its search breaks off ("Tracer caught signal 11"). It
# need not look there.
AM_TESTS_ENVIRONMENT += ASAN_OPTIONS="intercept_tls_get_addr=0$${ASAN_OPTIONS:+:$$ASAN_OPTIONS}" ; export ASAN_OPTIONS ;
TEST_EXTENSIONS = .sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = bash

# Unit tests: tests/unit/NAME.c over the core, with CUnit.
UNIT_CPPFLAGS = $(CORE_CPPFLAGS)
UNIT_CFLAGS = $(CORE_CFLAGS) $(CUNIT_CFLAGS)
check_LIBRARIES = tests/unit/libunit.a
tests_unit_libunit_a_SOURCES = tests/unit/unit.c tests/unit/unit.h tests/unit/hostfault.c tests/unit/hostfault.h \
	tests/unit/hostmem.c tests/unit/hostmem.h \
	tests/unit/cpu_rig.c tests/unit/cpu_rig.h tests/unit/plugin_rig.c tests/unit/plugin_rig.h
tests_unit_libunit_a_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_unit_libunit_a_CFLAGS = $(UNIT_CFLAGS)
UNIT_LIBS = tests/unit/libunit.a $(CORE_LIBS) $(CUNIT_LIBS)

include tests/unit/local.mk
include tests/plugins/local.mk
include tests/guests/local.mk
include tests/conformance/local.mk
include tests/bench/local.mk
include tests/sdk/local.mk
include tests/fuzz/local.mk
include tests/block/local.mk
include tests/net/local.mk
include tests/devices/local.mk
include tests/lockstep/local.mk
include tests/screen/local.mk

# For builds that repeat what another has shown: the programs, and of the scripts the small guest and one kernel.
QUICK_TESTS = $(filter-out %.sh, $(TESTS)) tests/guests/system.sh tests/guests/linux-686.sh
.PHONY: quick-tests
quick-tests:
	@echo $(QUICK_TESTS)
