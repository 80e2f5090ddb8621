# Each chip: its shared object, its source, the plugin link flags.
plugin_PROGRAMS += plugins/devices/i8259.so
plugins_devices_i8259_so_SOURCES = plugins/devices/i8259.c
plugins_devices_i8259_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i8254.so
plugins_devices_i8254_so_SOURCES = plugins/devices/i8254.c
plugins_devices_i8254_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/mc146818.so
plugins_devices_mc146818_so_SOURCES = plugins/devices/mc146818.c
plugins_devices_mc146818_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/ns16550.so
plugins_devices_ns16550_so_SOURCES = plugins/devices/ns16550.c
plugins_devices_ns16550_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i440fx.so
plugins_devices_i440fx_so_SOURCES = plugins/devices/i440fx.c
plugins_devices_i440fx_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/debugcon.so
plugins_devices_debugcon_so_SOURCES = plugins/devices/debugcon.c
plugins_devices_debugcon_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/debug-exit.so
plugins_devices_debug_exit_so_SOURCES = plugins/devices/debug-exit.c
plugins_devices_debug_exit_so_LDFLAGS = $(PLUGIN_LINK)
