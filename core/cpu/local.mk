core_libcore_a_SOURCES += \
	core/cpu/access.c \
	core/cpu/access.h \
	core/cpu/cpu.h \
	core/cpu/cpuid.h \
	core/cpu/raise.c \
	core/cpu/system.h \
	core/cpu/tlb.c \
	core/cpu/tlb.h
include core/cpu/interp/local.mk
