#!/bin/bash
# net-pcnet.sh - the driver pcnet32 on the network.
adapter=pcnet modules="mii pcnet32"
devices=(--set devices.nic.net=lan)
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
