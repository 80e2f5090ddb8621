# system-loose.sh - the guest of system-level checks, with units that compare their source, and windows for all code.
debug=at-once,windows,loose
. "${ABBEY_SRCDIR:?}/tests/guests/system.sh"
