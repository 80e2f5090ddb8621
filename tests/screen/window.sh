# window.sh - the window of the SDL display, on an X server without a screen: what the guest shows is seen in it, keys
# and the mouse reach the guest, Ctrl-Alt gives the pointer back, Ctrl-Alt-Enter takes the whole screen. Prints TAP.
# SDL, D-Bus and the X libraries leave some memory to the end of the process.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
if [ ! -f "$ABBEY_BUILDDIR/plugins/hostos/sdl.so" ]; then
    echo "1..0 # SKIP built without SDL 2"
    exit 0
fi
for tool in python3 Xvfb openbox xdotool; do
    if ! command -v $tool >/dev/null; then
        echo "1..0 # SKIP needs $tool (Debian: python3 xvfb openbox xdotool)"
        exit 0
    fi
done
PYTHONDONTWRITEBYTECODE=1 exec python3 "$ABBEY_SRCDIR/tests/screen/window.py"
