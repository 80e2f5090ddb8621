core_libcore_a_SOURCES += \
	core/machine/board.c \
	core/machine/board.h \
	core/machine/bus.c \
	core/machine/device.c \
	core/machine/dma.c \
	core/machine/firmware.c \
	core/machine/irq.c \
	core/machine/machine.c \
	core/machine/machine.h \
	core/machine/machine_boot.c \
	core/machine/machine_crash.c \
	core/machine/machine_impl.h \
	core/machine/machine_run.c \
	core/machine/machine_stats.c \
	core/machine/parts.h \
	core/machine/pci.c \
	core/machine/pcibus.c \
	core/machine/pio.c \
	core/machine/state.c \
	core/machine/state.h \
	core/machine/state_read.c \
	core/machine/system.c \
	core/machine/timer.c \
	core/machine/vclock.c \
	core/machine/vclock.h \
	core/machine/vram.c
