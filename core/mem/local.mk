core_libcore_a_SOURCES += \
	core/mem/checksum.c \
	core/mem/map.h \
	core/mem/marks.c \
	core/mem/mem.c \
	core/mem/mem.h \
	core/mem/region.c \
	core/mem/vram.c \
	core/mem/walk.c \
	core/mem/walk.h \
	core/mem/window.c \
	core/mem/window.h \
	core/mem/window_check.c \
	core/mem/window_fill.c \
	core/mem/window_guard.c \
	core/mem/window_impl.h \
	core/mem/window_stats.c
