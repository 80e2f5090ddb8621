# Fuzzers: deterministic, small enough for `make check`; ABBEY_FUZZ_COUNT and ABBEY_FUZZ_SEED ask for more.
# The machines that it begins with are its own: those of configs/ grow devices that its plugins do not have.
EXTRA_DIST += tests/fuzz/machines/linux-direct.yaml tests/fuzz/machines/pc.yaml
check_PROGRAMS += tests/fuzz/fuzz_config
TESTS += tests/fuzz/fuzz_config
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c tests/fuzz/mutate.c tests/fuzz/mutate.h tests/unit/config_fixture.c \
	tests/unit/config_fixture.h
tests_fuzz_fuzz_config_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_fuzz_fuzz_config_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_config_LDADD = $(CORE_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_insn
TESTS += tests/fuzz/fuzz_insn
tests_fuzz_fuzz_insn_SOURCES = tests/fuzz/fuzz_insn.c
tests_fuzz_fuzz_insn_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_fuzz_fuzz_insn_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_insn_LDADD = $(UNIT_LIBS)

check_PROGRAMS += tests/fuzz/fuzz_devices
TESTS += tests/fuzz/fuzz_devices
tests_fuzz_fuzz_devices_SOURCES = tests/fuzz/fuzz_devices.c
tests_fuzz_fuzz_devices_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_fuzz_fuzz_devices_CFLAGS = $(UNIT_CFLAGS)
tests_fuzz_fuzz_devices_LDADD = sdk/bench/libbench.a $(UNIT_LIBS)
