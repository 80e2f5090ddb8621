# system-soft.sh - the guest of system-level checks with the software TLB alone.
debug=no-windows
. "${ABBEY_SRCDIR:?}/tests/guests/system.sh"
