# A plugin is a program to automake: a shared object without a version, found by its file name.
PLUGIN_LINK = -shared $(PLUGIN_DEFS) $(AM_LDFLAGS)
include plugins/devices/local.mk
include plugins/hostos/block/local.mk
include plugins/hostos/net/local.mk
include plugins/hostos/linux/local.mk
include plugins/hostos/display/local.mk
include plugins/guests/local.mk
