#!/bin/bash
# daq.sh - the analog input of sdk/samples, used by a program in a booted Linux: its samples are those of the file, in this
# process and isolated; and its process is killed some twenty times (ABBEY_KILLS=100: a hundred times) while the guest
# uses the card: the guest sees a dead card, the machine goes on, device.restart brings it back as it was. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
work=$(mktemp -d)
pid=
trap '[ "$pid" ] && kill -KILL $pid 2>/dev/null; rm -rf "$work"' EXIT
number=0
kills=20 # of the hundred that $ABBEY_KILLS may ask for
[ "${ABBEY_TEST_SHORT-}" ] && kills=5
kills=${ABBEY_KILLS-$kills}
cc=$(sed -n 's/^CC = //p' "$ABBEY_BUILDDIR/Makefile")

if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi
if ! gcc -m32 -static -O2 -Wall -Wextra -o "$work/daq-user" "$ABBEY_SRCDIR/tests/guests/daq/daq_user.c" >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    echo "1..0 # SKIP no compiler of 32-bit programs"
    exit 0
fi
# shellcheck disable=SC2086 # $cc may be a command with options
$cc -O2 -std=gnu11 -I"$ABBEY_SRCDIR/sdk/include" -shared -fPIC -fvisibility=hidden -o "$work/daq.so" \
    "$ABBEY_SRCDIR/sdk/samples/daq/daq.c" || exit 99
export ABBEY_PLUGIN_PATH=$work:$ABBEY_PLUGIN_PATH
cp "$ABBEY_SRCDIR/sdk/samples/daq/signal.csv" "$work/"

result() { # NAME COMMAND...
    local name=$1
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 15 "$work/out" "$work/err" "$work/ctl" 2>/dev/null | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}

# initrd COMMAND - a RAM disk with the program, which runs it.
initrd() {
    printf '/daq-user %s\n' "$1" >"$work/script"
    "$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/script" "$work/initrd" &&
        (cd "$work" && echo daq-user | cpio --quiet -R 0:0 -H newc -o | gzip -1n) >>"$work/initrd"
}
# The card at the address that the program knows; no DMA. OPTION...
run() {
    exec "$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd" --timeout 1500 \
        --set boot.cmdline="console=ttyS0 quiet test=script" --set memory=128M --set control.socket="$work/sock" \
        --set devices.adc="{ device: daq, file: $work/signal.csv, channel: 4, isolate: $1 }" >"$work/out" 2>"$work/err" </dev/null
}
said() { grep -qE "^abbey-test: $1"$'\r?$' "$work/out"; }

initrd "samples 7" || exit 99
for isolate in false true; do
    (run $isolate)
    status=$?
    result "isolate: $isolate: a guest's program reads the samples of the file" said "samples 2048 2559 3071 0 4095 2048 2559"
    result "isolate: $isolate: the guest powers off" [ $status -eq 0 ]
done

# ---- a hundred deaths ----

ctl() { "$ABBEY" ctl --timeout 120 --json "$work/sock" "$@" >"$work/ctl" 2>&1; }
# field NAME - a number of the card's description
field() {
    ctl device.describe id=adc && python3 -c '
import json, sys
d = json.load(open(sys.argv[1]))
d.update(d.pop("isolate"))
print(int(d[sys.argv[2]]))' "$work/ctl" "$1"
}
# waits COMMAND... - until it succeeds, or the machine has ended, or a minute has passed
waits() {
    local tries=600
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || return 1
        kill -0 $pid 2>/dev/null || { "$@"; return; } # one more look, at what it said last
        sleep 0.1
    done
}
dead() { [ "$(field dead)" = 1 ]; }
used_since() { [ "$(field accesses)" -gt "$1" ]; }

initrd "deaths $kills" || exit 99
run true &
pid=$!
tries=6000
until said using || [ $tries -eq 0 ] || ! kill -0 $pid 2>/dev/null; do
    tries=$((tries - 1))
    sleep 0.1
done
done_so_far=0
while [ $done_so_far -lt $kills ]; do
    process=$(field process) && [ "$process" -gt 0 ] && kill -KILL "$process" || break
    waits dead || break
    accesses=$(field accesses) && waits used_since "$accesses" || break # the guest has seen it
    ctl device.restart id=adc || break
    done_so_far=$((done_so_far + 1))
    waits said "back $((kills - done_so_far))" || break
done
result "the card's process is killed $kills times, and started again each time" [ $done_so_far -eq $kills ]
wait $pid
status=$?
pid=
result "each time it came back as it was" said "deaths over, 0 wrong, used often"
result "the guest never stopped, and powers off" [ $status -eq 0 ]
crashed() { [ "$(grep -c "'*adc'*.*org.example.daq 1.0.0: its process ended (signal 9, Killed) in " "$work/err")" -eq $kills ]; }
result "each death is reported with plugin, version and what it was doing" crashed
echo "1..$number"
