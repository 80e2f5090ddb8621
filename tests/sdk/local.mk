# The SDK as an author has it: installed, and used with nothing but pkg-config; and the rules for plugins of the tree.
EXTRA_DIST += tests/sdk/root.bash tests/sdk/tutorial.sh tests/sdk/isolate.sh tests/sdk/faults.sh tests/sdk/installed.sh tests/sdk/validate.py tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh tests/sdk/manual.sh
TESTS += tests/sdk/tutorial.sh tests/sdk/isolate.sh tests/sdk/faults.sh tests/sdk/installed.sh tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh tests/sdk/manual.sh

# The record of the ABI, and plugins compiled by earlier SDKs: they stay.
KEPT_PLUGINS = copier daq doorbell ramdisk thermometer
EXTRA_DIST += tests/sdk/abi.sh tests/sdk/abi.py tests/sdk/abi-1.txt $(KEPT_PLUGINS:%=tests/plugins/kept/1.0-%.plugin)
TESTS += tests/sdk/abi.sh
