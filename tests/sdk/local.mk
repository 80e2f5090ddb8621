# The SDK as an author has it: installed, and used with nothing but pkg-config.
dist_check_SCRIPTS = tests/sdk/doorbell.sh
TESTS += tests/sdk/doorbell.sh

# The plugins of the tree, held to the same.
dist_check_SCRIPTS += tests/sdk/hygiene.sh
TESTS += tests/sdk/hygiene.sh
