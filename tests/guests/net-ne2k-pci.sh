#!/bin/bash
# net-ne2k-pci.sh - the driver ne2k-pci on the network.
adapter=ne2k-pci modules="8390 ne2k-pci"
devices=(--set 'devices.nic={ device: ne2k-pci, net: lan }')
cmdline="nolink"
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
