# Machines for everybody; found by name.
dist_config_DATA += \
	configs/linux-direct.yaml \
	configs/pc.yaml
