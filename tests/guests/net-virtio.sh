#!/bin/bash
# net-virtio.sh - the driver virtio_net on the network, by the modern interface.
adapter=virtio-net
modules="failover net_failover virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net"
address=52:54:00:ab:be:01
devices=(--set "devices.nic={ device: virtio-net, mac: \"$address\", net: lan }")
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
