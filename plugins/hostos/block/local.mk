# Block backends: disk images.
plugin_PROGRAMS += plugins/hostos/block.so
plugins_hostos_block_so_SOURCES = \
	plugins/hostos/block/disk.c \
	plugins/hostos/block/disk.h \
	plugins/hostos/block/file.c \
	plugins/hostos/block/image.c \
	plugins/hostos/block/image.h \
	plugins/hostos/block/lock.c \
	plugins/hostos/block/mode.c \
	plugins/hostos/block/plugin.c \
	plugins/hostos/block/raw.c
plugins_hostos_block_so_LDFLAGS = $(PLUGIN_LINK)
