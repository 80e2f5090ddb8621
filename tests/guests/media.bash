# media.bash - what the tests share that start whole PCs from diskettes, CDs and disks: packages, images, screens. Sourced.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guests=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}
files=$guests/files
work=$(mktemp -d)
pid=
trap '[ "$pid" ] && kill -KILL $pid 2>/dev/null; rm -rf "$work"' EXIT
number=0
limit=120 # seconds; alone a start takes less than ten
[ "${ABBEY_TEST_SHORT-}" ] && limit=600

skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}
# need TOOL PACKAGE
need() {
    command -v "$1" >/dev/null || skip_all "$1 is not installed (Debian: $2)"
}
# fetch PACKAGE...
fetch() {
    if ! "$ABBEY_SRCDIR/tests/guests/fetch-files" "$files" "$@" >"$work/fetch" 2>&1; then
        sed 's/^/# /' "$work/fetch"
        skip_all "Debian's packages cannot be fetched"
    fi
}

# result NAME COMMAND... - one test; the screen and what the machine said are shown when it fails.
result() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# status ${status-none}; expected: $*"
        tail -n 25 "$work/screen" "$work/serial" "$work/err" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}

# start MACHINE OPTION... - in the background, its serial console in $work/serial.
start() {
    : >"$work/screen"
    "$ABBEY" run "$@" --timeout $limit --control "$work/sock" --set backends.serial.backend=file \
        --set backends.serial.path="$work/serial" --set devices.com1.line=serial >"$work/out" 2>"$work/err" </dev/null &
    pid=$!
    status=
}
# shows PATTERN - waits until the screen has a line that matches; serial PATTERN: the same for the serial console.
shows() {
    wait_until screen_has "$1"
}
serial() {
    wait_until serial_has "$1"
}
screen_has() {
    "$ABBEY" ctl "$work/sock" screen.text 2>/dev/null | sed '1s/^text: //' >"$work/screen"
    grep -qE "$1" "$work/screen"
}
serial_has() {
    grep -aqE "$1" "$work/serial" 2>/dev/null
}
# key KEYS - presses them together.
key() {
    "$ABBEY" ctl "$work/sock" input.key keys="$1" >/dev/null 2>&1
}
wait_until() {
    local tries=$((limit * 5))
    while ! "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 "$pid" 2>/dev/null || { "$@"; return; } # one more look, at what it said last
        sleep 0.2
    done
}
ended() {
    wait "$pid"
    status=$?
    pid=
}
quit() {
    "$ABBEY" ctl "$work/sock" vm.quit >/dev/null 2>&1
    ended
}
