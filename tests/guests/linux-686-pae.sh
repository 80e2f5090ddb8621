#!/bin/bash
# Debian's kernel 686-pae boots, works, reboots and powers off.
flavour=686-pae
. "${ABBEY_SRCDIR:?}/tests/guests/linux.bash"
