# What the SDK promises to authors of plugins.
TESTS += tests/sdk/hygiene.sh
EXTRA_DIST += tests/sdk/hygiene.sh
