# Measurements: built by `make check', run by hand, never a pass/fail test.
check_PROGRAMS += tests/bench/bench_interp
tests_bench_bench_interp_SOURCES = tests/bench/bench_interp.c
tests_bench_bench_interp_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_bench_bench_interp_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_interp_LDADD = $(UNIT_LIBS)

# The kit of tests/bench/run, which builds it for itself: it is a 32-bit program whatever the compiler of this build.
EXTRA_DIST += tests/bench/run tests/bench/disk tests/bench/where tests/bench/README.md
TESTS += tests/bench/checksums.sh
EXTRA_DIST += tests/bench/checksums.sh
EXTRA_DIST += tests/bench/net tests/bench/net_user.c
EXTRA_DIST += tests/bench/kit/Makefile tests/bench/kit/bench.list tests/bench/kit/kit.h tests/bench/kit/tinytrue.S
EXTRA_DIST += tests/bench/kit/kit.c tests/bench/kit/suite.c tests/bench/kit/init.c
EXTRA_DIST += tests/bench/kit/int.c tests/bench/kit/mem.c tests/bench/kit/fp.c tests/bench/kit/fp_simd.c
EXTRA_DIST += tests/bench/kit/ind.c tests/bench/kit/os.c tests/bench/kit/smc.c
