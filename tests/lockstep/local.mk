# Two engines side by side: on random programs, and on whole machines.
check_PROGRAMS += tests/lockstep/lockstep-random
TESTS += tests/lockstep/lockstep-random
tests_lockstep_lockstep_random_SOURCES = \
	tests/lockstep/modes.c \
	tests/lockstep/program.c \
	tests/lockstep/random.c \
	tests/lockstep/random.h \
	tests/lockstep/side.c \
	tests/lockstep/state.c \
	tests/lockstep/state.h \
	tests/lockstep/world.c \
	tests/lockstep/world.h \
	tests/conformance/gen.c \
	tests/conformance/gen.h \
	tests/conformance/gen_data.c \
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
	tests/conformance/rows_x87.c
tests_lockstep_lockstep_random_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_lockstep_lockstep_random_CFLAGS = $(UNIT_CFLAGS) -Wno-missing-field-initializers
tests_lockstep_lockstep_random_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/lockstep/lockstep-ends
TESTS += tests/lockstep/lockstep-ends
lockstep_worlds = $(tests_lockstep_lockstep_random_SOURCES:tests/lockstep/random.c=)
tests_lockstep_lockstep_ends_SOURCES = tests/lockstep/ends.c $(lockstep_worlds)
tests_lockstep_lockstep_ends_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_lockstep_lockstep_ends_CFLAGS = $(UNIT_CFLAGS) -Wno-missing-field-initializers
tests_lockstep_lockstep_ends_LDADD = $(UNIT_LIBS)

TESTS += tests/lockstep/boots.sh tests/lockstep/switches.sh tests/lockstep/system.sh
EXTRA_DIST += tests/lockstep/boots.sh tests/lockstep/switches.sh tests/lockstep/system.sh
check_PROGRAMS += tests/lockstep/lockstep-machine
tests_lockstep_lockstep_machine_SOURCES = tests/lockstep/machine.c tests/lockstep/state.c tests/lockstep/state.h
tests_lockstep_lockstep_machine_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_lockstep_lockstep_machine_CFLAGS = $(UNIT_CFLAGS)
tests_lockstep_lockstep_machine_LDADD = tests/unit/libunit.a $(CORE_LIBS) $(CUNIT_LIBS)
tests_lockstep_lockstep_machine_LDFLAGS = $(AM_LDFLAGS)
