#!/bin/bash
# optimize.sh - Linux does the same with the plugin that knows it, with one that is wrong about it, and with none; and with
# the right one less has to be learned from faults. Prints TAP. ABBEY_TEST_SHORT=1 leaves it at one flavour.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
limit=1200 # seconds for a boot; alone it takes 5
export ABBEY_PLUGIN_PATH=$ABBEY_PLUGIN_PATH:$ABBEY_BUILDDIR/tests/guests/guess
guests=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0 flavours=(686 686-pae)
[ "${ABBEY_TEST_SHORT-}" ] && flavours=(686)

result() {
    local name="Linux $flavour: $1"
    shift
    number=$((number + 1))
    if "$@"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        echo "# expected: $*"
        tail -n 3 "$work"/*.out "$work"/*.err | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
skip() {
    number=$((number + 1))
    echo "ok $number - Linux $flavour: $1 # SKIP $2"
}

# run NAME PLUGINS - boots, works and powers off.
run() {
    "$ABBEY" run linux-direct --set boot.kernel="$guests/$flavour/vmlinuz" --set boot.initrd="$guests/$flavour/initrd.gz" \
        --set boot.cmdline="console=ttyS0 quiet test=work" --set "guest.optimize=[$2]" --stats "$work/$1.json" \
        --timeout $limit </dev/null >"$work/$1.out" 2>"$work/$1.err"
    status=$?
    # Memory and time differ from run to run.
    grep -a '^abbey-test: ' "$work/$1.out" | tr -d '\r' | grep -avE ' (up|sleep|date) ' >"$work/$1.said"
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
    if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guests/$flavour" "$flavour" >"$work/fetch" 2>&1; then
        for i in {1..6}; do skip "$i" "no guest: Debian's packages cannot be fetched"; done
        continue
    fi
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
