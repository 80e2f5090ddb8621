#!/bin/bash
# net-e1000.sh - the driver e1000 on the network.
adapter=e1000 modules="e1000"
devices=(--set 'devices.nic={ device: e1000, net: lan }')
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
