# The SDK as an author has it: installed, and used with nothing but pkg-config; and the rules for plugins of the tree.
EXTRA_DIST += tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh
TESTS += tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh
