# system-windows.sh - the guest of system-level checks with windows for all code, and pages protected without a guard.
debug=windows,no-guard
. "${ABBEY_SRCDIR:?}/tests/guests/system.sh"
