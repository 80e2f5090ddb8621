bin_PROGRAMS += abbey
abbey_SOURCES = \
	core/cli/check.c \
	core/cli/cli.h \
	core/cli/config.c \
	core/cli/disk.c \
	core/cli/ctl.c \
	core/cli/link.c \
	core/cli/link.h \
	core/cli/main.c \
	core/cli/new.c \
	core/cli/plugins.c \
	core/cli/plugins.h \
	core/cli/run.c \
	core/cli/top.c \
	core/cli/version.c
abbey_CPPFLAGS = $(CORE_CPPFLAGS) -DABBEY_TEMPLATE_DIR='"$(datadir)/abbey/template"'
abbey_CFLAGS = $(CORE_CFLAGS)
abbey_LDADD = sdk/check/libcheck.a sdk/bench/libbench.a $(CORE_LIBS)
dist_man_MANS += core/cli/abbey.1
