# One program a file: add it to check_PROGRAMS and TESTS, give it UNIT_CPPFLAGS, UNIT_CFLAGS, UNIT_LIBS.
