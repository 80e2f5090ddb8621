bin_PROGRAMS += abbey
abbey_SOURCES = core/cli/main.c
abbey_CPPFLAGS = $(CORE_CPPFLAGS)
abbey_CFLAGS = $(CORE_CFLAGS)
abbey_LDADD = $(CORE_LIBS)
