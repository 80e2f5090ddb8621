# system-stress.sh - the guest of system-level checks with all that is rare in the translator made certain.
debug=at-once,evict,no-chain,short-units
. "${ABBEY_SRCDIR:?}/tests/guests/system.sh"
