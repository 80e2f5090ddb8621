# Each chip: its shared object, its source, the plugin link flags.
plugin_PROGRAMS += plugins/devices/i8259.so
plugins_devices_i8259_so_SOURCES = plugins/devices/i8259.c
plugins_devices_i8259_so_LDFLAGS = $(PLUGIN_LINK)

plugin_PROGRAMS += plugins/devices/i8254.so
plugins_devices_i8254_so_SOURCES = plugins/devices/i8254.c
plugins_devices_i8254_so_LDFLAGS = $(PLUGIN_LINK)
