core_libcore_a_SOURCES += \
	core/cpu/interp/insn.h \
	core/cpu/interp/interp.h
