# Small guests of ours, and real ones that boot.
EXTRA_DIST += tests/guests/fetch-linux tests/guests/init
EXTRA_DIST += tests/guests/linux.bash tests/guests/linux-686.sh tests/guests/linux-686-pae.sh
TESTS += tests/guests/linux-686.sh tests/guests/linux-686-pae.sh
