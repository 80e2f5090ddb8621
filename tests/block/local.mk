# Disk images: the formats linked into the tests.
IMAGE_TESTS = tests/block/test_image tests/block/test_image_damage tests/block/test_redo
check_PROGRAMS += $(IMAGE_TESTS)
TESTS += $(IMAGE_TESTS) tests/block/disk_cli.sh
EXTRA_DIST += tests/block/disk_cli.sh
IMAGE_SOURCES = \
	tests/block/image_rig.c \
	tests/block/image_rig.h \
	plugins/hostos/block/file.c \
	plugins/hostos/block/image.c \
	plugins/hostos/block/image.h \
	plugins/hostos/block/lock.c \
	plugins/hostos/block/qcow2.c \
	plugins/hostos/block/qcow2.h \
	plugins/hostos/block/qcow2_compressed.c \
	plugins/hostos/block/qcow2_open.c \
	plugins/hostos/block/qcow2_refcount.c \
	plugins/hostos/block/qcow2_table.c \
	plugins/hostos/block/raw.c \
	plugins/hostos/block/redo.c \
	plugins/hostos/block/redo.h \
	plugins/hostos/block/vmdk.c \
	plugins/hostos/block/vmdk.h \
	plugins/hostos/block/vmdk_sparse.c
tests_block_test_image_SOURCES = tests/block/test_image.c $(IMAGE_SOURCES)
tests_block_test_image_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZLIB_CPPFLAGS)
tests_block_test_image_CFLAGS = $(UNIT_CFLAGS)
tests_block_test_image_LDADD = tests/unit/libunit.a $(CORE_LIBS) $(CUNIT_LIBS) $(ZLIB_LIBS)
tests_block_test_image_damage_SOURCES = tests/block/test_image_damage.c $(IMAGE_SOURCES)
tests_block_test_image_damage_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZLIB_CPPFLAGS)
tests_block_test_image_damage_CFLAGS = $(UNIT_CFLAGS)
tests_block_test_image_damage_LDADD = tests/unit/libunit.a $(CORE_LIBS) $(CUNIT_LIBS) $(ZLIB_LIBS)
tests_block_test_redo_SOURCES = tests/block/test_redo.c $(IMAGE_SOURCES)
tests_block_test_redo_CPPFLAGS = $(UNIT_CPPFLAGS) $(ZLIB_CPPFLAGS)
tests_block_test_redo_CFLAGS = $(UNIT_CFLAGS)
tests_block_test_redo_LDADD = tests/unit/libunit.a $(CORE_LIBS) $(CUNIT_LIBS) $(ZLIB_LIBS)
