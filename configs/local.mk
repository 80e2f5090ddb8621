# Machines for everybody; found by name.
dist_config_DATA += \
	configs/cd.yaml \
	configs/disk.yaml \
	configs/floppy.yaml \
	configs/linux-direct.yaml \
	configs/linux-virtio.yaml \
	configs/pc.yaml
