# linux.bash - boots a Debian kernel, $flavour, in every way that users rely on. Sourced by linux-686.sh and
# linux-686-pae.sh, which are apart so that they run beside each other. Prints TAP.
#
# ABBEY_GUESTS names the folder with the guests (default: made in the build folder). ABBEY_TEST_SHORT=1, for builds that
# repeat what another has shown, or are slow, leaves it at one boot.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}" "${flavour:?}"
limit=600 # seconds for a boot; alone it takes 10 to 30
[ "${ABBEY_TEST_SHORT-}" ] && limit=1200
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/$flavour
work=$(mktemp -d)
running=
trap 'running=$(jobs -p); [ "$running" ] && kill -KILL $running 2>/dev/null; rm -rf "$work"' EXIT
number=0

if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" "$flavour" >"$work/fetch" 2>&1; then
    sed 's/^/# /' "$work/fetch"
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi

# result NAME CONDITION... - one test; the guest's last words are shown when it fails.
result() {
    local name="Linux $flavour: $1"
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# status ${status-none}; expected: $*"
        tail -n 12 "$work/out" "$work/err" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
skip() {
    number=$((number + 1))
    echo "ok $number - Linux $flavour: $1 # SKIP $2"
}

# machine COMMANDLINE OPTION... - runs the guest with the caller's stdin, its console in $work/out; start: in the
# background, as process $pid, with the caller's descriptor 7 as stdin (a background job's own is /dev/null).
settings() {
    options=(--set boot.kernel="$guest/vmlinuz" --set boot.initrd="$guest/initrd.gz"
        --set boot.cmdline="console=ttyS0 quiet $1" "${@:2}")
    : >"$work/out" # or says() would find what the guest before has said
}
machine() {
    settings "$@"
    "$ABBEY" run linux-direct "${options[@]}" >"$work/out" 2>"$work/err"
}
start() {
    settings "$@"
    "$ABBEY" run linux-direct "${options[@]}" <&7 >"$work/out" 2>"$work/err" & # no function: the process is to get the signals
    pid=$!
}
said() {
    grep -qE "^abbey-test: $1"$'\r?$' "$work/out"
}
says() { # waits until it has said it N times
    local tries=$((limit * 10))
    until [ "$(grep -cE "^abbey-test: $1"$'\r?$' "$work/out")" -ge "${2-1}" ]; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 "$pid" 2>/dev/null || { [ "$(grep -cE "^abbey-test: $1"$'\r?$' "$work/out")" -ge "${2-1}" ]; return; }
        sleep 0.1
    done
}
powered_off() {
    [ "$status" -eq 0 ] && said "up i[56]86 [^ ]*-$flavour [0-9]+ kB 1 cpu"
}
# The guest sees about as much memory as it was given: at least $1 kB.
powered_off_with() {
    powered_off && [ "$(sed -n 's/^abbey-test: up [^ ]* [^ ]* \([0-9]*\) kB.*/\1/p' "$work/out")" -ge "$1" ]
}

off() {
    machine test=poweroff --set memory="$1" --timeout $limit </dev/null
    status=$?
    result "boots with $1, and powers off with status 0" powered_off_with "$2"
}

# The slower engine boots as well.
interpreted() {
    machine test=poweroff --engine interp --set memory=64M --timeout $limit </dev/null
    status=$?
    result "boots on the interpreter" powered_off
}

again() {
    start test=reboot --timeout $limit 7</dev/null
    result "reboots" says 'up .*' 2
    kill -TERM $pid # presses the power button, for which this guest has no driver
    sleep 0.5
    kill -TERM $pid
    wait $pid
    status=$?
    result "SIGTERM a second time ends a guest that does not listen" [ $status -eq 143 ]
}

pipes() {
    mkfifo "$work/in"
    exec 8<>"$work/in" # for both, or opening would wait for the other side
    start test=echo --timeout $limit 7<"$work/in"
    says ready
    printf 'hello guest\n' >&8
    result "answers through a pipe" says 'heard hello guest'
    head -c 600 /dev/zero | tr '\0' 'x' >&8 # more than any FIFO holds
    echo >&8
    result "takes a long line through a pipe" says "heard x{600}"
    echo end >&8 # now, or its echo may come within the answer
    wait $pid
    status=$?
    exec 8>&-
    result "ends with status 0 through pipes" powered_off
}

button() {
    start test=button --timeout $limit 7</dev/null
    says ready
    kill -TERM $pid
    wait $pid
    status=$?
    result "SIGTERM presses the power button" eval 'powered_off && said button'
}

# Over its control socket a kernel is paused many times while it boots, and then told to power off.
control() {
    local sock=$work/control i failed=0
    start test=button --timeout $limit --control "$sock" 7</dev/null
    for i in {1..30}; do
        until [ -S "$sock" ] || ! kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
        "$ABBEY" ctl "$sock" vm.pause >/dev/null 2>>"$work/err" || failed=1
        "$ABBEY" ctl "$sock" vm.resume >/dev/null 2>>"$work/err" || failed=1
        sleep 0.1
    done
    result "boots on through pauses" eval '[ $failed -eq 0 ] && says ready'
    "$ABBEY" ctl "$sock" vm.powerdown 2>>"$work/err"
    wait $pid
    status=$?
    result "vm.powerdown powers it off" eval 'powered_off && said button'
}

timeout_passes() {
    machine test=idle --timeout 2 </dev/null
    status=$?
    result "--timeout ends it with status 124" [ $status -eq 124 ]
}

work() {
    machine test=work --timeout $limit </dev/null
    status=$?
    result "runs processes" said 'fork 12345678'
    result "compresses and expands to the same" said 'gzip same'
    result "computes an MD5 sum" said 'md5 32b7df5069fa87bb10fcac8ff565041f'
    result "computes with floating point" said 'float 1.643935'
    result "sleeps two seconds in its own time" said 'sleep [23]'
    result "knows what year it is" said "date $(date -u +%Y)"
    result "powers off after work" powered_off
}

if [ "${ABBEY_TEST_SHORT-}" ]; then
    echo "1..2"
    off 64M 30000
    skip "all else" "ABBEY_TEST_SHORT is set"
else
    echo "1..20"
    off 64M 30000
    off 512M 450000
    off 2G 1900000
    interpreted
    again
    pipes
    button
    control
    timeout_passes
    work
fi
