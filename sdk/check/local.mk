# The author's test suite, `abbey plugins check`: on the bench, in processes of its own.
noinst_LIBRARIES += sdk/check/libcheck.a
sdk_check_libcheck_a_SOURCES = \
	sdk/check/access_tests.c \
	sdk/check/backend_tests.c \
	sdk/check/check.h \
	sdk/check/file_tests.c \
	sdk/check/instance_tests.c \
	sdk/check/kit.c \
	sdk/check/leak_test.c \
	sdk/check/property_test.c \
	sdk/check/run.c \
	sdk/check/state_tests.c \
	sdk/check/tests.c
sdk_check_libcheck_a_CPPFLAGS = $(CORE_CPPFLAGS)
sdk_check_libcheck_a_CFLAGS = $(CORE_CFLAGS)
