# The SDK as an author has it: installed, and used with nothing but pkg-config; and the rules for plugins of the tree.
EXTRA_DIST += tests/sdk/installed.sh tests/sdk/validate.py tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh
TESTS += tests/sdk/installed.sh tests/sdk/check.sh tests/sdk/doorbell.sh tests/sdk/plugins.sh tests/sdk/hygiene.sh tests/sdk/readme.sh
