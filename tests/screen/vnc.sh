# vnc.sh - a VNC viewer sees the guest's screen and reaches its keyboard and mouse. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
if [ ! -f "$ABBEY_BUILDDIR/plugins/hostos/vnc.so" ]; then
    echo "1..0 # SKIP built without libvncserver"
    exit 0
fi
if ! command -v python3 >/dev/null || ! command -v openssl >/dev/null; then
    echo "1..0 # SKIP needs python3 and openssl"
    exit 0
fi
PYTHONDONTWRITEBYTECODE=1 exec python3 "$ABBEY_SRCDIR/tests/screen/vnc.py"
