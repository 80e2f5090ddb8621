# guest.bash - what the tests of guests share: TAP lines, machines in the background, waiting for what they say,
# Debian's kernel with a RAM disk of the test's own, servers of the host. Sourced; in the end all that it made is gone.
#
# A test never assumes that something is quick, nor which of two sides is first: the host may be ten times slower than
# usual, and any process may stand for seconds. It waits for a state, as long as the machine lives, and only reads whole
# lines. Example:
#
#     about="clock: "
#     fetch_linux 686
#     initrd <<<'say "year $(date +%Y)"'                # the guest runs this, and powers off
#     boot test=script --set memory=128M
#     result "knows the year" says "year 20[0-9][0-9]"  # ok 1 - clock: knows the year
#     result "powers off" ended 0
#     echo "1..$number"
#
# ABBEY_GUESTS names the folder with the guests (default: made in the build folder).
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guests=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}
tests=$ABBEY_SRCDIR/tests/guests
work=$(mktemp -d) || exit 99
limit=600             # seconds that one thing may take, far more than it does; a machine has twice that
[ "${ABBEY_TEST_SHORT-}" ] && limit=1200 # it is set for builds that are slow
about=                # what the names of all tests begin with
number=0              # of tests so far
pid=                  # of the machine; empty while there is none
status=               # of the machine that ended last
sock=$work/sock       # the machine's control socket
console=out           # the file in $work where the guest's words are found
exec </dev/null       # or guests would read the terminal, or the list of tests
trap clean EXIT

# end_all - ends every process that the test has started, and waits for them.
end_all() {
    local running
    running=$(jobs -p)
    # shellcheck disable=SC2086 # a list of numbers
    [ "$running" ] && kill -KILL $running 2>/dev/null
    wait 2>/dev/null # or some of them would still write to the folder that is removed
    pid=
}
clean() {
    end_all
    rm -rf "$work"
}

# ---- TAP ----

# skip_all REASON... - ends the test, of which nothing can be done here.
skip_all() {
    echo "1..0 # SKIP $*"
    exit 0
}
# skip NAME REASON - one test that cannot be made here.
skip() {
    number=$((number + 1))
    echo "ok $number - $about$1 # SKIP $2"
}
# result NAME COMMAND... - one test, which COMMAND passes; shows the last words of all sides when it fails.
result() {
    local name=$about$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# status ${status:-none}; expected: $*"
        tail -n 20 "$work"/{screen,serial,out,err,ctl,log}* 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
# need TOOL PACKAGE - skips all where there is no such program.
need() {
    command -v "$1" >/dev/null || skip_all "$1 is not installed (Debian: $2)"
}

# ---- waiting ----

# waits COMMAND... - until it succeeds; fails when the machine has ended, or time is up, and it still does not. To wait
# for another process: `pid=$other waits COMMAND...`.
waits() {
    local deadline=$((SECONDS + limit))
    until "$@"; do
        if [ $SECONDS -ge $deadline ] || ! kill -0 "$pid" 2>/dev/null; then
            "$@" # one more look, at what it did last
            return
        fi
        sleep 0.1
    done
}
# has FILE PATTERN [COUNT] - so many lines of that file in $work, which may still be written, match.
has() {
    local times
    times=$(grep -acsE "$2" "$work/$1")
    [ "${times:-0}" -ge "${3-1}" ]
}
# said PATTERN [COUNT] - the guest has said it on its console, so many times. Its lines end with a carriage return, by
# which one that is still coming is told from a whole one.
said() {
    has "$console" "^abbey-test: $1"$'\r$' "${2-1}"
}
# says PATTERN [COUNT] - waits for that.
says() {
    waits said "$@"
}
# screen_has PATTERN - a line of the text screen matches; the screen is in $work/screen.
screen_has() {
    "$ABBEY" ctl --timeout 120 "$sock" screen.text 2>/dev/null | sed '1s/^text: //' >"$work/screen"
    has screen "$1"
}
# shows PATTERN - waits for that.
shows() {
    waits screen_has "$1"
}

# ---- machines ----

# start MACHINE OPTION... - in the background, as process $pid, with the caller's stdin; what it says is in $work/out
# and $work/err. Nothing of the machine before is there any more, or it would be taken for this one's.
start() {
    rm -f "$sock" "$work/screen" "$work/serial"
    : >"$work/out" 2>"$work/err"
    "$ABBEY" run "$1" --timeout $((2 * limit)) --control "$sock" "${@:2}" <&0 >"$work/out" 2>"$work/err" &
    pid=$!
    status=
}
# ended [STATUS] - waits until the machine has ended, with that status.
ended() {
    wait "$pid"
    status=$?
    pid=
    [ $status -eq "${1-$status}" ]
}
# listens - the control socket takes connections (__SO_ACCEPTCON); the file is there a little earlier.
listens() {
    grep -q " 00010000 .* $sock\$" /proc/net/unix
}
# ctl COMMAND... - over the control socket, as soon as it listens; the answer is in $work/ctl.
ctl() {
    waits listens
    "$ABBEY" ctl --timeout 120 "$sock" "$@" >"$work/ctl" 2>&1
}
# key KEYS - presses them together.
key() {
    ctl input.key keys="$1"
}
# quit - ends the machine.
quit() {
    ctl vm.quit
    ended
}

# ---- Linux ----

# The modules of all virtio devices.
virtio_modules="virtio virtio_ring virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci"

# fetch_linux FLAVOUR - Debian's kernel 686 or 686-pae, in the folder $guest; skips all where there is none.
fetch_linux() {
    guest=$guests/$1
    initrd=$guest/initrd.gz
    if ! "$tests/fetch-linux" "$guest" "$1" >"$work/log" 2>&1; then
        sed 's/^/# /' "$work/log"
        skip_all "no guest: Debian's packages cannot be fetched"
    fi
}
# initrd MODULE... - makes the RAM disk in which `test=script` loads these modules and runs the script on stdin.
initrd() {
    initrd=$work/initrd
    cat >"$work/script"
    "$tests/guest-initrd" "$guest" "$work/script" "$initrd" "$@" || exit 99
}
# boot WORDS OPTION... - starts the kernel with these words on its command line, its console on the serial line.
boot() {
    start linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$initrd" \
        --set boot.cmdline="console=ttyS0 quiet $1" "${@:2}"
}

# ---- servers of the host ----

# peer MEGABYTES OPTION... - starts net-peer, by the command $by where there is one; its ports are in $sender, $taker
# and $echoer, its process is $peer.
by=
peer() {
    rm -f "$work/ports" "$work/sent" "$work/taken"
    $by "$tests/net-peer" "$work" "$@" 2>"$work/log-peer" &
    peer=$!
    pid=$peer waits test -s "$work/ports" && read -r sender taker echoer <"$work/ports"
}
# sum_of FILE - the sum that the peer reports there, `sent' or `taken', as soon as it has; the guest may be the first to
# know.
sum_of() {
    pid=$peer waits test -s "$work/$1" && cut -d' ' -f1 "$work/$1"
}
# nbd PLUGIN ARGUMENT... - starts an nbdkit at the socket $work/nbd, as process $server, and waits until it serves.
nbd() {
    rm -f "$work/nbd" "$work/nbd.pid"
    nbdkit --exit-with-parent --foreground --pidfile "$work/nbd.pid" --unix "$work/nbd" "$@" >"$work/log-nbd" 2>&1 &
    server=$!
    pid=$server waits test -s "$work/nbd.pid"
}
