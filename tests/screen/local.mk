# What guests show: text screens and pictures of whole machines.
check_PROGRAMS += tests/screen/screen-of
tests_screen_screen_of_SOURCES = tests/screen/screen-of.c
tests_screen_screen_of_CPPFLAGS = $(UNIT_CPPFLAGS)
tests_screen_screen_of_CFLAGS = $(UNIT_CFLAGS)
tests_screen_screen_of_LDADD = $(CORE_LIBS)
tests_screen_screen_of_LDFLAGS = $(AM_LDFLAGS)

TESTS += tests/screen/vnc.sh
EXTRA_DIST += tests/screen/vnc.sh tests/screen/vnc.py tests/screen/rfb.py tests/screen/echo.py

TESTS += tests/screen/linux.sh
EXTRA_DIST += tests/screen/linux.sh tests/screen/png.py

TESTS += tests/screen/terminal.sh
EXTRA_DIST += tests/screen/terminal.sh tests/screen/terminal.py

TESTS += tests/screen/browser.sh
EXTRA_DIST += tests/screen/browser.sh tests/screen/browser.py tests/screen/chromium.py
TESTS += tests/screen/window.sh
EXTRA_DIST += tests/screen/window.sh tests/screen/window.py

TESTS += tests/screen/vmmouse.sh
EXTRA_DIST += tests/screen/vmmouse.sh
# What tests saw, to be looked at.
CLEANFILES += tests/pictures/*.png
