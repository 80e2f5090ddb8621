# terminal.sh - the guest's text screen in a terminal, and its keyboard. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}"
if ! command -v python3 >/dev/null; then
    echo "1..0 # SKIP needs python3"
    exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "$ABBEY_SRCDIR/tests/screen/terminal.py"
