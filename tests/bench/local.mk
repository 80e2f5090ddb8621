# Measurements: built by `make check', run by hand, never a pass/fail test.
check_PROGRAMS += tests/bench/bench_interp
tests_bench_bench_interp_SOURCES = tests/bench/bench_interp.c
tests_bench_bench_interp_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_bench_bench_interp_CFLAGS = $(UNIT_CFLAGS)
tests_bench_bench_interp_LDADD = $(UNIT_LIBS)
