# Displays: what shows the guest's screen. Each that has a library of its own is a plugin of its own; the one in the
# terminal is in linux.so, which knows how to leave a terminal as it was.
SCREEN_END = plugins/hostos/display/screen_end.c plugins/hostos/display/screen_end.h

if HAVE_VNC
plugin_PROGRAMS += plugins/hostos/vnc.so
plugins_hostos_vnc_so_SOURCES = plugins/hostos/display/vnc.c plugins/hostos/display/vnc.h \
	plugins/hostos/display/vnc_server.c $(SCREEN_END)
plugins_hostos_vnc_so_CFLAGS = $(AM_CFLAGS) $(VNC_CFLAGS)
plugins_hostos_vnc_so_LDFLAGS = $(PLUGIN_LINK)
plugins_hostos_vnc_so_LDADD = $(VNC_LIBS)
endif

if HAVE_SDL
plugin_PROGRAMS += plugins/hostos/sdl.so
plugins_hostos_sdl_so_SOURCES = plugins/hostos/display/sdl.c plugins/hostos/display/sdl.h \
	plugins/hostos/display/sdl_window.c plugins/hostos/display/sdl_keys.c plugins/hostos/display/sdl_keys.h $(SCREEN_END)
plugins_hostos_sdl_so_CFLAGS = $(AM_CFLAGS) $(SDL_CFLAGS)
plugins_hostos_sdl_so_LDFLAGS = $(PLUGIN_LINK)
plugins_hostos_sdl_so_LDADD = $(SDL_LIBS)
endif
