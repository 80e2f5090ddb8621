# Guest-specific optimizations. Plugins are installed into one folder: a host may have the name of a guest.
plugin_PROGRAMS += plugins/guests/guest-linux.so
plugins_guests_guest_linux_so_SOURCES = \
	plugins/guests/linux/extable.c \
	plugins/guests/linux/insn.c \
	plugins/guests/linux/linux.c \
	plugins/guests/linux/linux.h
plugins_guests_guest_linux_so_LDFLAGS = $(PLUGIN_LINK)
