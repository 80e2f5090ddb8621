# The Linux host backend.
plugin_PROGRAMS += plugins/hostos/linux.so
plugins_hostos_linux_so_SOURCES = \
	plugins/hostos/linux/char.c \
	plugins/hostos/linux/char.h \
	plugins/hostos/linux/char_file.c \
	plugins/hostos/linux/char_null.c \
	plugins/hostos/linux/char_pty.c \
	plugins/hostos/linux/char_socket.c \
	plugins/hostos/linux/char_stdio.c \
	plugins/hostos/linux/clock.c \
	plugins/hostos/linux/console.c \
	plugins/hostos/linux/console.h \
	plugins/hostos/linux/display_text.c \
	plugins/hostos/linux/display_text.h \
	plugins/hostos/linux/event.c \
	plugins/hostos/linux/event.h \
	plugins/hostos/linux/event_watch.c \
	plugins/hostos/linux/fault.c \
	plugins/hostos/linux/keys.c \
	plugins/hostos/linux/keys.h \
	plugins/hostos/linux/linux.c \
	plugins/hostos/linux/linux.h \
	plugins/hostos/linux/local.c \
	plugins/hostos/linux/mem.c \
	plugins/hostos/linux/process.c \
	plugins/hostos/linux/signals.c \
	plugins/hostos/linux/signals.h \
	plugins/hostos/linux/stream.c \
	plugins/hostos/linux/stream.h \
	plugins/hostos/linux/stream_end.c \
	plugins/hostos/linux/stream_end.h \
	plugins/hostos/linux/thread.c \
	plugins/hostos/linux/window.c
# Never unmapped: dlclose() must not take the code of signal handlers and exit functions away.
plugins_hostos_linux_so_LDFLAGS = $(PLUGIN_LINK) -Wl,-z,nodelete
plugins_hostos_linux_so_CPPFLAGS = $(AM_CPPFLAGS)
plugins_hostos_linux_so_CFLAGS = $(AM_CFLAGS)
if HAVE_PNG
plugins_hostos_linux_so_SOURCES += plugins/hostos/linux/picture.c
plugins_hostos_linux_so_CPPFLAGS += -DWITH_PNG
plugins_hostos_linux_so_CFLAGS += $(PNG_CFLAGS)
plugins_hostos_linux_so_LDADD = $(PNG_LIBS)
endif
