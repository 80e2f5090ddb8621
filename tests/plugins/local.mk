# Plugins for the tests of the loader: one source, one shared object for each number in it. The build links them by hand,
# since some must not link cleanly.
WRONG_PLUGINS = 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32
check_DATA = $(WRONG_PLUGINS:%=tests/plugins/case-%.so)
CLEANFILES += $(check_DATA)
EXTRA_DIST += tests/plugins/wrong.c
tests/plugins/case-%.so: tests/plugins/wrong.c
	$(AM_V_CCLD)$(MKDIR_P) tests/plugins && $(CC) -I$(top_srcdir)/sdk/include $(CFLAGS) $(WARN_CFLAGS) -std=gnu11 -fPIC \
		-fvisibility=hidden -DCASE=$* -shared -o $@ $<

# A card, and the same card wrong in one way each, for the tests of `abbey plugins check`.
BROKEN_PLUGINS = 0 1 2 3 4 5 6 7 8 9 10 11 12 13
check_DATA += $(BROKEN_PLUGINS:%=tests/plugins/broken-%.so)
CLEANFILES += $(BROKEN_PLUGINS:%=tests/plugins/broken-%.so)
EXTRA_DIST += tests/plugins/broken.c
tests/plugins/broken-%.so: tests/plugins/broken.c
	$(AM_V_CCLD)$(MKDIR_P) tests/plugins && $(CC) -I$(top_srcdir)/sdk/include $(CFLAGS) $(WARN_CFLAGS) -std=gnu11 -fPIC \
		-fvisibility=hidden -DBROKEN=$* -shared -o $@ $<

# A card that goes wrong when a guest tells it to.
check_DATA += tests/plugins/frail.so
CLEANFILES += tests/plugins/frail.so
EXTRA_DIST += tests/plugins/frail.c
tests/plugins/frail.so: tests/plugins/frail.c
	$(AM_V_CCLD)$(MKDIR_P) tests/plugins && $(CC) -I$(top_srcdir)/sdk/include $(CFLAGS) $(WARN_CFLAGS) -std=gnu11 -fPIC \
		-fvisibility=hidden -shared -o $@ $<
