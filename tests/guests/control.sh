#!/bin/bash
# control.sh - a running machine is paused, resumed, reset, watched and ended over its control socket, under each
# engine. The guests are a few bytes. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"

# machine BYTES [OPTION]... - starts a raw image in flat protected mode in the background, its socket there.
machine() {
    printf "$1" >"$work/guest.bin"
    shift
    start linux-direct --set boot.kernel="$work/guest.bin" --set boot.format=raw --set boot.mode=protected \
        --set memory=4M --set name=tiny "$@"
    waits listens
}
# abbey_ctl WORD... - what a user types.
abbey_ctl() {
    "$ABBEY" ctl --timeout 120 "$@" >"$work/ctl" 2>"$work/ctl-err"
    status=$?
}
# value KEY - of the status
value() {
    "$ABBEY" ctl --timeout 120 "$sock" vm.status 2>"$work/ctl-err" | sed -n "s/^$1: //p"
}
stands() { # paused, and time does not go on
    local first
    [ "$(value status)" = paused ] && first=$(value time) && sleep 0.2 && [ "$first" = "$(value time)" ]
}
goes_on() { # waits until time has gone on
    local first
    first=$(value time)
    [ "$(value status)" = running ] && waits later_than "$first"
}
later_than() { [ "$(value time)" -gt "$1" ]; }
was_reset() { [ "$(value resets)" = 1 ]; }

busy='\x40\xeb\xfd'         # again: inc eax; jmp again
asleep='\xf4\xeb\xfd'       # again: hlt; jmp again - with interrupts off
names=$("$ABBEY" version | sed -n 's/^engines: //p')
engines=${names:?}
set -- $engines
echo "1..$(($# * 13 + 18))"

for engine in $engines; do
    machine "$busy" --engine "$engine"
    abbey_ctl "$sock" vm.status
    result "$engine: a machine says that it runs" grep -q '^status: running' "$work/ctl"
    result "$engine: and by which engine" grep -q "^engine: $engine" "$work/ctl"
    abbey_ctl "$sock" vm.pause
    result "$engine: vm.pause is done" [ $status -eq 0 ]
    result "$engine: a paused guest and its time stand still" stands
    abbey_ctl --json "$sock" vm.stats
    result "$engine: a paused machine can be asked for its counters" grep -q '"seconds_by_state"' "$work/ctl"
    abbey_ctl "$sock" vm.pause
    result "$engine: a second pause changes nothing" eval '[ $status -eq 0 ] && stands'
    abbey_ctl "$sock" vm.resume
    result "$engine: after vm.resume they go on" eval '[ $status -eq 0 ] && goes_on'
    failed=0
    for i in {1..40}; do
        abbey_ctl "$sock" vm.pause && [ $status -eq 0 ] || failed=1
        abbey_ctl "$sock" vm.resume && [ $status -eq 0 ] || failed=1
    done
    result "$engine: forty pauses in a row" [ $failed -eq 0 ]
    abbey_ctl "$sock" vm.pause
    abbey_ctl "$sock" vm.reset
    result "$engine: a paused machine is reset, and stays paused" eval 'waits was_reset && stands'
    abbey_ctl "$sock" vm.quit
    ended
    result "$engine: vm.quit ends a paused machine with status 130" [ $status -eq 130 ]
    result "$engine: and its socket is gone" [ ! -e "$sock" ]

    machine "$asleep" --engine "$engine"
    abbey_ctl "$sock" vm.pause
    result "$engine: a sleeping guest is paused" eval '[ $status -eq 0 ] && stands'
    abbey_ctl "$sock" vm.resume
    result "$engine: and goes on" goes_on
    abbey_ctl "$sock" vm.quit
    ended
done

machine "$busy" --set cpu.clock=instructions
abbey_ctl "$sock" vm.pause
result "time by instructions stands in a pause" stands
abbey_ctl "$sock" vm.resume
result "and goes on after it" goes_on
abbey_ctl "$sock" vm.paus
result "a mistyped command ends with status 1" [ $status -eq 1 ]
result "and names the nearest" grep -q "did you mean 'vm.pause'" "$work/ctl-err"
abbey_ctl "$sock" device.describe
result "a missing argument is named" grep -q "argument 'id' is missing" "$work/ctl-err"
abbey_ctl "$sock" device.describe id=com1
result "device.describe shows the registers of a device" grep -q '^  lcr: ' "$work/ctl"
abbey_ctl "$sock"
result "without a command all are listed" eval '[ $status -eq 0 ] && grep -q "^vm.pause  *stops the guest" "$work/ctl"'
abbey_ctl "$sock" schema command=device.list
result "schema describes a command" grep -q 'devices and backends' "$work/ctl"
"$ABBEY" top --once --interval 0.3 "$sock" >"$work/ctl" 2>"$work/ctl-err"
status=$?
result "abbey top shows the shares once" eval '[ $status -eq 0 ] && grep -q "^tiny .* running" "$work/ctl" && grep -q "guest [0-9]* %" "$work/ctl"'
"$ABBEY" top --interval 0.1 "$sock" >"$work/top" 2>&1 &
top=$!
result "and again and again" waits has top '^tiny' 2
result "without control sequences where there is no terminal" eval '! grep -q $'"'\\033'"' "$work/top"'
# On a terminal, ended by Ctrl-C: the alternate screen without cursor, and back. Bash has jobs in the background ignore
# it.
script -qec "echo \$\$ >'$work/top-pid'; exec env --default-signal=INT '$ABBEY' top --interval 0.2 '$sock'" /dev/null \
    >"$work/terminal" 2>&1 &
terminal=$!
waits has terminal tiny
kill -INT "$(cat "$work/top-pid")"
wait $terminal
result "on a terminal it takes the alternate screen" eval 'head -c 14 "$work/terminal" | grep -q "^.\[?1049h.\[?25l"'
result "and gives it back, with the cursor" eval 'tail -c 14 "$work/terminal" | grep -q "^.\[?25h.\[?1049l"'
abbey_ctl "$sock" vm.quit
ended
wait $top
result "and ends with status 3 when the machine goes" [ $? -eq 3 ]

abbey_ctl "$sock" vm.status
result "without a machine the status is 3" [ $status -eq 3 ]
abbey_ctl
result "without a socket it is 2" [ $status -eq 2 ]
abbey_ctl "$sock" vm.status nonsense
result "and so with an argument that is none" [ $status -eq 2 ]

machine "$busy" --timeout 2
abbey_ctl "$sock" vm.pause
ended
result "the time limit ends a paused machine too" [ $status -eq 124 ]
