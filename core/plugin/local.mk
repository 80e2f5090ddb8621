core_libcore_a_SOURCES += \
	core/plugin/elf.c \
	core/plugin/elf.h \
	core/plugin/interfaces.c \
	core/plugin/kinds.c \
	core/plugin/load.c \
	core/plugin/load.h \
	core/plugin/plugins.c \
	core/plugin/plugins.h \
	core/plugin/rows.c
