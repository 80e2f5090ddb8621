# The interpreter and the translator against the host CPU. The helper is a 32-bit program: it needs gcc-multilib (or the like).
if HAVE_M32
check_PROGRAMS += tests/conformance/test_conformance tests/conformance/native
TESTS += tests/conformance/test_conformance tests/conformance/translated.sh tests/conformance/windows.sh
endif
EXTRA_DIST += tests/conformance/translated.sh tests/conformance/windows.sh
tests_conformance_test_conformance_SOURCES = \
	tests/conformance/case.h \
	tests/conformance/compare.c \
	tests/conformance/compare.h \
	tests/conformance/gen.c \
	tests/conformance/gen.h \
	tests/conformance/gen_data.c \
	tests/conformance/guest.c \
	tests/conformance/guest.h \
	tests/conformance/native_host.c \
	tests/conformance/native_host.h \
	tests/conformance/opcodes.c \
	tests/conformance/opcodes.h \
	tests/conformance/row.h \
	tests/conformance/rows_alu.c \
	tests/conformance/rows_flow.c \
	tests/conformance/rows_mmx.c \
	tests/conformance/rows_move.c \
	tests/conformance/rows_shift.c \
	tests/conformance/rows_sse.c \
	tests/conformance/rows_sse3.c \
	tests/conformance/rows_sse4.c \
	tests/conformance/rows_stack.c \
	tests/conformance/rows_string.c \
	tests/conformance/rows_system.c \
	tests/conformance/rows_x87.c \
	tests/conformance/test_conformance.c
tests_conformance_test_conformance_CPPFLAGS = $(UNIT_CPPFLAGS)
# A row names what it needs and leaves the rest zero.
tests_conformance_test_conformance_CFLAGS = $(UNIT_CFLAGS) -Wno-missing-field-initializers
tests_conformance_test_conformance_LDADD = $(UNIT_LIBS)

tests_conformance_native_SOURCES = tests/conformance/native.c tests/conformance/case.h
tests_conformance_native_CPPFLAGS = -I$(top_srcdir)
tests_conformance_native_CFLAGS = -std=gnu11 -m32 -fno-pie -fno-stack-protector -fcf-protection=none $(WARN_CFLAGS)
tests_conformance_native_LDFLAGS = -m32 -static
