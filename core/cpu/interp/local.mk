core_libcore_a_SOURCES += \
	core/cpu/interp/hostfp.c \
	core/cpu/interp/hostfp.h \
	core/cpu/interp/insn.h \
	core/cpu/interp/ops_simd.c \
	core/cpu/interp/ops_x87.c \
	core/cpu/interp/x87.c \
	core/cpu/interp/x87.h \
	core/cpu/interp/interp.h
