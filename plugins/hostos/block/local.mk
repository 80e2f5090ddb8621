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
	plugins/hostos/block/nbd.c \
	plugins/hostos/block/nbd_log.c \
	plugins/hostos/block/nbd_log.h \
	plugins/hostos/block/plugin.c \
	plugins/hostos/block/qcow2.c \
	plugins/hostos/block/qcow2.h \
	plugins/hostos/block/qcow2_compressed.c \
	plugins/hostos/block/qcow2_open.c \
	plugins/hostos/block/qcow2_refcount.c \
	plugins/hostos/block/qcow2_table.c \
	plugins/hostos/block/raw.c \
	plugins/hostos/block/redo.c \
	plugins/hostos/block/redo.h \
	plugins/hostos/block/service.c \
	plugins/hostos/block/service.h \
	plugins/hostos/block/stall.c \
	plugins/hostos/block/vmdk.c \
	plugins/hostos/block/vmdk.h \
	plugins/hostos/block/vmdk_sparse.c
plugins_hostos_block_so_CPPFLAGS = $(AM_CPPFLAGS) $(ZLIB_CPPFLAGS) $(NBD_CPPFLAGS)
plugins_hostos_block_so_LDADD = $(ZLIB_LIBS) $(NBD_LIBS)
plugins_hostos_block_so_LDFLAGS = $(PLUGIN_LINK)
