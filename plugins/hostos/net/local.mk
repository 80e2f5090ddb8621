# Network backends.
plugin_PROGRAMS += plugins/hostos/net.so
plugins_hostos_net_so_SOURCES = \
	plugins/hostos/net/address.c \
	plugins/hostos/net/address.h \
	plugins/hostos/net/cable.c \
	plugins/hostos/net/cable.h \
	plugins/hostos/net/cable_tcp.c \
	plugins/hostos/net/cable_udp.c \
	plugins/hostos/net/capture.c \
	plugins/hostos/net/capture.h \
	plugins/hostos/net/forward.c \
	plugins/hostos/net/merge.c \
	plugins/hostos/net/merge.h \
	plugins/hostos/net/nat.h \
	plugins/hostos/net/offload.c \
	plugins/hostos/net/offload.h \
	plugins/hostos/net/plugin.c \
	plugins/hostos/net/port.c \
	plugins/hostos/net/port.h \
	plugins/hostos/net/port_control.c \
	plugins/hostos/net/port_receive.c \
	plugins/hostos/net/ring.c \
	plugins/hostos/net/ring.h \
	plugins/hostos/net/shape.c \
	plugins/hostos/net/shape.h \
	plugins/hostos/net/switch.c \
	plugins/hostos/net/switch.h \
	plugins/hostos/net/switch_table.c \
	plugins/hostos/net/tap.c \
	plugins/hostos/net/tap.h \
	plugins/hostos/net/tap_host.c \
	plugins/hostos/net/vde.c \
	plugins/hostos/net/vde.h \
	plugins/hostos/net/wire.h
plugins_hostos_net_so_CPPFLAGS = $(AM_CPPFLAGS)
plugins_hostos_net_so_CFLAGS = $(AM_CFLAGS)
plugins_hostos_net_so_LDFLAGS = $(PLUGIN_LINK)
if HAVE_SLIRP
plugins_hostos_net_so_SOURCES += plugins/hostos/net/nat.c
plugins_hostos_net_so_CPPFLAGS += -DHAVE_SLIRP
plugins_hostos_net_so_CFLAGS += $(SLIRP_CFLAGS)
plugins_hostos_net_so_LDADD = $(SLIRP_LIBS)
endif
