#!/bin/bash
# optimize.sh - Linux does the same with the plugin that knows it, with one that is wrong about it, and with none; and
# with the right one less has to be learned from faults. Prints TAP. ABBEY_TEST_SHORT=1 leaves it at one flavour.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
export ABBEY_PLUGIN_PATH=$ABBEY_PLUGIN_PATH:$ABBEY_BUILDDIR/tests/guests/guess
flavours=(686 686-pae)
[ "${ABBEY_TEST_SHORT-}" ] && flavours=(686)
for flavour in "${flavours[@]}"; do fetch_linux "$flavour"; done

# run NAME PLUGINS - boots, works and powers off.
run() {
    boot test=work --set "guest.optimize=[$2]" --stats "$work/$1.json"
    ended
    # Memory and time differ from run to run.
    grep -a '^abbey-test: ' "$work/out" | tr -d '\r' | grep -avE ' (up|sleep|date) ' >"$work/$1.said"
}
# counter NAME GROUP COUNTER - its value; nothing where there is none.
counter() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], {}).get(sys.argv[3], ""))' \
        "$work/$1.json" "$2" "$3"
}
worked() {
    [ $status -eq 0 ] && grep -q 'md5 32b7df5069fa87bb10fcac8ff565041f' "$work/$1.said" && cmp "$work/none.said" "$work/$1.said"
}

echo "1..$((6 * ${#flavours[@]}))"
for flavour in "${flavours[@]}"; do
    about="Linux $flavour: "
    fetch_linux "$flavour"
    run none ""
    result "works with no plugin" worked none
    if [ -z "$(counter none bt units)" ]; then
        for i in {2..6}; do skip "$i" "no translator on this host: nobody takes hints"; done
        continue
    fi
    run linux linux
    result "works the same with the plugin that knows it" worked linux
    result "is recognised, whatever its version" [ "$(counter linux guestopt recognised)" = 1 ]
    if [ "$(counter none mmu windows)" ]; then
        result "user accesses of the kernel are not learned from faults" \
            [ $(($(counter linux mmu faults_user) * 4)) -lt "$(counter none mmu faults_user)" ]
    else
        skip "user accesses of the kernel are not learned from faults" "no windows on this host"
    fi
    run wrong linux,guess
    result "works the same with wrong hints" worked wrong
    result "of which there were many" [ "$(counter wrong guestopt hints)" -gt 2000 ]
done
