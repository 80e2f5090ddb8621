core_libcore_a_SOURCES += \
	core/machine/board.h \
	core/machine/machine.c \
	core/machine/machine.h \
	core/machine/machine_boot.c \
	core/machine/machine_impl.h \
	core/machine/machine_run.c \
	core/machine/machine_stats.c \
	core/machine/vclock.c \
	core/machine/vclock.h
