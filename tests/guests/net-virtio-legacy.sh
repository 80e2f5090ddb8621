#!/bin/bash
# net-virtio-legacy.sh - the driver virtio_net on the network, by the legacy interface.
adapter="virtio-net, legacy"
modules="failover net_failover virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_net"
devices=(--set 'devices.nic={ device: virtio-net, net: lan }')
cmdline="virtio_pci.force_legacy=1"
. "${ABBEY_SRCDIR:?}/tests/guests/net.bash"
