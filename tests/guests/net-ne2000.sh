#!/bin/bash
# net-ne2000.sh - the driver ne on the network, with an adapter on ISA.
adapter=ne2000 modules="8390p ne"
devices=(--set 'devices.nic={ device: ne2000, base: 0x300, irq: 10, net: lan }')
cmdline="ne.io=0x300 ne.irq=10 nolink"
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
