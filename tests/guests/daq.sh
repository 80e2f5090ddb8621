#!/bin/bash
# daq.sh - the analog input of sdk/samples, used by a program in a booted Linux: its samples are those of the file, in
# this process and isolated; and its process is killed some twenty times (ABBEY_KILLS=100: a hundred times) while the
# guest uses the card: the guest sees a dead card, the machine goes on, device.restart brings it back as it was. Prints
# TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
kills=20 # of the hundred that $ABBEY_KILLS may ask for
[ "${ABBEY_TEST_SHORT-}" ] && kills=5
kills=${ABBEY_KILLS-$kills}
cc=$(sed -n 's/^CC = //p' "$ABBEY_BUILDDIR/Makefile")
fetch_linux 686
if ! gcc -m32 -static -O2 -Wall -Wextra -o "$work/daq-user" "$ABBEY_SRCDIR/tests/guests/daq/daq_user.c" >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    skip_all "no compiler of 32-bit programs"
fi
# shellcheck disable=SC2086 # $cc may be a command with options
$cc -O2 -std=gnu11 -I"$ABBEY_SRCDIR/sdk/include" -shared -fPIC -fvisibility=hidden -o "$work/daq.so" \
    "$ABBEY_SRCDIR/sdk/samples/daq/daq.c" || exit 99
export ABBEY_PLUGIN_PATH=$work:$ABBEY_PLUGIN_PATH
cp "$ABBEY_SRCDIR/sdk/samples/daq/signal.csv" "$work/"

# with_program COMMAND - the guest's RAM disk has the program, which runs that.
with_program() {
    initrd <<<"/daq-user $1"
    (cd "$work" && echo daq-user | cpio --quiet -R 0:0 -H newc -o | gzip -1n) >>"$initrd" || exit 99
}
# run ISOLATE - the card is at the address that the program knows; no DMA.
run() {
    boot test=script --set memory=128M \
        --set devices.adc="{ device: daq, file: $work/signal.csv, channel: 4, isolate: $1 }"
}

with_program "samples 7"
for isolate in false true; do
    run $isolate
    ended
    result "isolate: $isolate: a guest's program reads the samples of the file" said "samples 2048 2559 3071 0 4095 2048 2559"
    result "isolate: $isolate: the guest powers off" [ $status -eq 0 ]
done

# ---- a hundred deaths ----

# field NAME - a number, or a truth, of the card's description
field() {
    ctl device.describe id=adc && sed -n "s/^ *$1: //p" "$work/ctl"
}
dead() { [ "$(field dead)" = true ]; }
used_since() { [ "$(field accesses)" -gt "$1" ]; }

with_program "deaths $kills"
run true
says using
done_so_far=0
while [ $done_so_far -lt $kills ]; do
    process=$(field process) && [ "$process" -gt 0 ] && kill -KILL "$process" || break
    waits dead || break
    accesses=$(field accesses) && waits used_since "$accesses" || break # the guest has seen it
    ctl device.restart id=adc || break
    done_so_far=$((done_so_far + 1))
    says "back $((kills - done_so_far))" || break
done
result "the card's process is killed $kills times, and started again each time" [ $done_so_far -eq $kills ]
ended
result "each time it came back as it was" said "deaths over, 0 wrong, used often"
result "the guest never stopped, and powers off" [ $status -eq 0 ]
crashed() { [ "$(grep -c "'*adc'*.*org.example.daq 1.0.0: its process ended (signal 9, Killed) in " "$work/err")" -eq $kills ]; }
result "each death is reported with plugin, version and what it was doing" crashed
echo "1..$number"
