core_libcore_a_SOURCES += \
	core/stats/stats.c \
	core/stats/stats.h
