core_libcore_a_SOURCES += \
	core/cpu/interp/insn.h \
	core/cpu/interp/interp.h \
	core/cpu/interp/ops_far.c \
	core/cpu/interp/ops_io.c \
	core/cpu/interp/ops_system.c
