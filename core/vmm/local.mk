core_libcore_a_SOURCES += \
	core/vmm/engine.c \
	core/vmm/guest.c \
	core/vmm/guest.h \
	core/vmm/vcpu.c \
	core/vmm/vcpu.h
