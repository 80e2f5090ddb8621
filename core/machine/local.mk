core_libcore_a_SOURCES += \
	core/machine/board.c \
	core/machine/board.h \
	core/machine/device.c \
	core/machine/dma.c \
	core/machine/irq.c \
	core/machine/parts.h \
	core/machine/pci.c \
	core/machine/pcibus.c \
	core/machine/pio.c \
	core/machine/state.c \
	core/machine/system.c \
	core/machine/timer.c
