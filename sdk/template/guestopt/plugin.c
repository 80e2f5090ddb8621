/* @NAME@.c - @SUMMARY@.
 *
 * A machine is right with and without it, and only its speed may differ. */
#include <abbey/plugin.h>

static const abbey_guestopt guestopt = { .size = sizeof guestopt, .name = "@NAME@", .summary = "@SUMMARY@" };
ABBEY_PLUGIN(.id = "@ID@", .version = "0.1.0", .license = "@LICENSE@", .guestopt = &guestopt);
