# The SDK as an author has it: installed, and used with nothing but pkg-config; and the rules for plugins of the tree.
EXTRA_DIST += tests/sdk/doorbell.sh tests/sdk/plugins.sh
TESTS += tests/sdk/doorbell.sh tests/sdk/plugins.sh
# The SDK as an author has it: installed, and used with nothing but pkg-config.
dist_check_SCRIPTS = tests/sdk/doorbell.sh
TESTS += tests/sdk/doorbell.sh

# The plugins of the tree, held to the same.
dist_check_SCRIPTS += tests/sdk/hygiene.sh
TESTS += tests/sdk/hygiene.sh
