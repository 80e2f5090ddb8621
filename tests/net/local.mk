# Networks.
check_PROGRAMS += tests/net/test_net
TESTS += tests/net/test_net
tests_net_test_net_SOURCES = tests/net/test_net.c tests/unit/unit.c tests/unit/unit.h plugins/hostos/net/forward.c \
	plugins/hostos/net/offload.c plugins/hostos/net/ring.c
tests_net_test_net_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_net_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_net_LDADD = $(CUNIT_LIBS) -lpthread

check_PROGRAMS += tests/net/test_merge
TESTS += tests/net/test_merge
tests_net_test_merge_SOURCES = tests/net/test_merge.c tests/unit/unit.c tests/unit/unit.h plugins/hostos/net/merge.c \
	plugins/hostos/net/offload.c
tests_net_test_merge_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_merge_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_merge_LDADD = $(CUNIT_LIBS) -lpthread

# Backends as they are built, each end of a network with a loop of its own.
NET_RIG = tests/net/net_rig.c tests/net/net_rig.h tests/unit/plugin_rig.c tests/unit/plugin_rig.h tests/unit/unit.c tests/unit/unit.h
NET_RIG_TESTS = tests/net/test_port tests/net/test_switch tests/net/test_cable tests/net/test_tap
check_PROGRAMS += $(NET_RIG_TESTS)
TESTS += $(NET_RIG_TESTS)
$(NET_RIG_TESTS): $(plugin_PROGRAMS)
tests_net_test_port_SOURCES = tests/net/test_port.c plugins/hostos/net/shape.c $(NET_RIG)
tests_net_test_port_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_port_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_port_LDADD = $(CUNIT_LIBS) -ldl -lpthread
tests_net_test_tap_SOURCES = tests/net/test_tap.c $(NET_RIG)
tests_net_test_tap_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_tap_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_tap_LDADD = $(CUNIT_LIBS) -ldl -lpthread
tests_net_test_cable_SOURCES = tests/net/test_cable.c $(NET_RIG)
tests_net_test_cable_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_cable_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_cable_LDADD = $(CUNIT_LIBS) -ldl -lpthread
tests_net_test_switch_SOURCES = tests/net/test_switch.c $(NET_RIG)
tests_net_test_switch_CPPFLAGS = $(AM_CPPFLAGS) -I$(top_srcdir)
tests_net_test_switch_CFLAGS = $(AM_CFLAGS) $(CUNIT_CFLAGS)
tests_net_test_switch_LDADD = $(CUNIT_LIBS) -ldl -lpthread
