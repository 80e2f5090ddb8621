core_libcore_a_SOURCES += \
	core/cpu/access.h \
	core/cpu/cpu.h \
	core/cpu/cpuid.h \
	core/cpu/system.h
include core/cpu/interp/local.mk
