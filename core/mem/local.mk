core_libcore_a_SOURCES += \
	core/mem/mem.h \
	core/mem/walk.h
