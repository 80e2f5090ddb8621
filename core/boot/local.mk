core_libcore_a_SOURCES += \
	core/boot/acpi.c \
	core/boot/aml.c \
	core/boot/aml.h \
	core/boot/boot.c \
	core/boot/boot.h \
	core/boot/chores.c \
	core/boot/dsdt.c \
	core/boot/dsdt.h \
	core/boot/cmos.c \
	core/boot/cmos_disks.c \
	core/boot/facts.c \
	core/boot/firmware.c \
	core/boot/fwfiles.c \
	core/boot/font.c \
	core/boot/image.c \
	core/boot/linux.c \
	core/boot/multiboot.c \
	core/boot/parts.h \
	core/boot/ranges.c \
	core/boot/raw.c \
	core/boot/rom.c \
	core/boot/rompath.c \
	core/boot/rompath.h \
	core/boot/smbios.c \
	core/boot/state.c \
	core/boot/textmode.c
