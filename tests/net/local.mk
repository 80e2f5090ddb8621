# Networks.
check_PROGRAMS += tests/net/test_net
TESTS += tests/net/test_net
tests_net_test_net_SOURCES = tests/net/test_net.c tests/unit/unit.c tests/unit/unit.h plugins/hostos/net/forward.c \
	plugins/hostos/net/offload.c plugins/hostos/net/ring.c
tests_net_test_net_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_net_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_net_LDADD = $(CUNIT_LIBS) -lpthread
