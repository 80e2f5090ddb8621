# Small guests of ours, and real ones that boot.
EXTRA_DIST += tests/guests/fetch-linux tests/guests/init
