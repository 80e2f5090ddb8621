core_libcore_a_SOURCES += \
	core/control/args.c \
	core/control/client.c \
	core/control/client.h \
	core/control/commands.c \
	core/control/commands.h \
	core/control/lines.c \
	core/control/lines.h \
	core/control/message.c \
	core/control/parts.h \
	core/control/server.c \
	core/control/server.h
