# The author's bench: a board without a CPU, in one archive. It is the core's own code, linked into one object whose
# only visible names are those of abbey/bench.h, so that a test may have a board_new() of its own.
# Link tests with BENCH_LIBS: what authors get.
BENCH_LIBS = libabbey-bench.a $(YAML_LIBS) $(JANSSON_LIBS)

noinst_LIBRARIES += sdk/bench/libbench.a
sdk_bench_libbench_a_SOURCES = \
	sdk/bench/bench.c \
	sdk/bench/bench_impl.h \
	sdk/bench/build.c \
	sdk/bench/disk.c \
	sdk/bench/drive.c \
	sdk/bench/drive.h \
	sdk/bench/control.c \
	sdk/bench/net.c \
	sdk/bench/stand_ins.c \
	sdk/bench/stand_ins.h
sdk_bench_libbench_a_CPPFLAGS = $(CORE_CPPFLAGS)
sdk_bench_libbench_a_CFLAGS = $(CORE_CFLAGS)

benchlibdir = $(libdir)
benchlib_DATA = libabbey-bench.a
pkgconfig_DATA += sdk/abbey-bench.pc
CLEANFILES += libabbey-bench.a sdk/bench/whole.o
libabbey-bench.a: sdk/bench/libbench.a core/libcore.a
	$(AM_V_GEN)$(CC) -r -nostdlib -o sdk/bench/whole.o -Wl,--whole-archive sdk/bench/libbench.a -Wl,--no-whole-archive \
		core/libcore.a && $(OBJCOPY) --localize-hidden sdk/bench/whole.o && \
		rm -f $@ && $(AR) cr $@ sdk/bench/whole.o && $(RANLIB) $@
