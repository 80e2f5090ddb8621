#!/bin/bash
# Debian's kernel 686 boots, works, reboots and powers off.
flavour=686
. "${ABBEY_SRCDIR:?}/tests/guests/linux.bash"
