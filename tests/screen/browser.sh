#!/bin/bash
# browser.sh - Chromium, without a window, opens noVNC on the machine's own web port; what is typed into the page is
# typed at the guest. What the page shows is kept as tests/pictures/browser.png in the build folder. Prints TAP.
# LibVNCServer leaves what it keeps of a web-socket behind when the connection ends, which a search for leaks finds.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}
[ -f "$ABBEY_BUILDDIR/plugins/hostos/vnc.so" ] || skip_all "built without libvncserver"
command -v python3 >/dev/null || skip_all "needs python3"
command -v chromium >/dev/null || skip_all "needs Chromium (Debian: chromium)"
[ -f /usr/share/novnc/vnc.html ] || skip_all "needs noVNC (Debian: novnc)"
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$log" 2>&1; then
    sed 's/^/# /' "$log"
    skip_all "no guest: Debian's packages cannot be fetched"
fi
mkdir -p "$ABBEY_BUILDDIR/tests/pictures"
PYTHONDONTWRITEBYTECODE=1 python3 "$ABBEY_SRCDIR/tests/screen/browser.py" "$guest" "$ABBEY_BUILDDIR/tests/pictures"
