# linux.bash - boots a Debian kernel, $flavour, in every way that users rely on. Sourced by linux-686.sh and
# linux-686-pae.sh, which are apart so that they run beside each other. Prints TAP.
#
# ABBEY_TEST_SHORT=1, for builds that repeat what another has shown, or are slow, leaves it at one boot.
: "${flavour:?}"
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
about="Linux $flavour: "
fetch_linux "$flavour"

powered_off() {
    [ "$status" -eq 0 ] && said "up i[56]86 [^ ]*-$flavour [0-9]+ kB 1 cpu"
}
# The guest sees about as much memory as it was given: at least $1 kB.
powered_off_with() {
    powered_off && [ "$(sed -n 's/^abbey-test: up [^ ]* [^ ]* \([0-9]*\) kB.*/\1/p' "$work/out")" -ge "$1" ]
}

off() {
    boot test=poweroff --set memory="$1"
    ended
    result "boots with $1, and powers off with status 0" powered_off_with "$2"
}

# The slower engine boots as well.
interpreted() {
    boot test=poweroff --engine interp --set memory=64M
    ended
    result "boots on the interpreter" powered_off
}

again() {
    boot test=reboot
    result "reboots" says 'up .*' 2
    kill -TERM $pid # presses the power button, for which this guest has no driver
    waits has err 'asked the guest to power off' # two signals at once are one
    kill -TERM $pid
    result "SIGTERM a second time ends a guest that does not listen" ended 143
}

pipes() {
    mkfifo "$work/in"
    exec 8<>"$work/in" # for both, or opening would wait for the other side
    boot test=echo <"$work/in"
    says ready
    printf 'hello guest\n' >&8
    result "answers through a pipe" says 'heard hello guest'
    head -c 600 /dev/zero | tr '\0' 'x' >&8 # more than any FIFO holds
    echo >&8
    result "takes a long line through a pipe" says "heard x{600}"
    echo end >&8 # now, or its echo may come within the answer
    ended
    exec 8>&-
    result "ends with status 0 through pipes" powered_off
}

button() {
    boot test=button
    says ready
    kill -TERM $pid
    ended
    result "SIGTERM presses the power button" eval 'powered_off && said button'
}

# Over its control socket a kernel is paused many times while it boots, and then told to power off.
control() {
    local failed=0
    boot test=button
    for _ in {1..30}; do
        ctl vm.pause && ctl vm.resume || failed=1
        sleep 0.1
    done
    result "boots on through pauses" eval '[ $failed -eq 0 ] && says ready'
    ctl vm.powerdown
    ended
    result "vm.powerdown powers it off" eval 'powered_off && said button'
}

timeout_passes() {
    boot test=idle --timeout 2
    result "--timeout ends it with status 124" ended 124
}

work() {
    local year
    year=$(date -u +%Y)
    boot test=work
    ended
    result "runs processes" said 'fork 12345678'
    result "compresses and expands to the same" said 'gzip same'
    result "computes an MD5 sum" said 'md5 32b7df5069fa87bb10fcac8ff565041f'
    result "computes with floating point" said 'float 1.643935'
    result "sleeps two seconds in its own time" said 'sleep ([2-9]|[1-9][0-9]+)'
    result "knows what year it is" said "date ($year|$(date -u +%Y))"
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
