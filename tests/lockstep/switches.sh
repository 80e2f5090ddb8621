#!/bin/bash
# switches.sh - what needs the translator, under each of its stress switches (core/bt/debug.c): instructions against the
# host's processor, random programs against the interpreter, the system guest, the hostile guest, a boot of Linux.
# ABBEY_SWITCHES=1 runs all of that, some minutes a switch; ABBEY_SWITCHES=NAMES those switches alone. Without it there
# are a few programs a switch, in all less than a minute. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
sets=(no-windows windows windows,no-guard windows,one-page-fills no-windows,one-page-tlb no-chain no-liveness evict
    short-units at-once drop-pages windows,kick no-windows,kick kick-some)
[ "${ABBEY_SWITCHES:-1}" = 1 ] || sets=($ABBEY_SWITCHES)
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
export CONFORMANCE_ENGINE=bt

# check NAME COMMAND... - one test: it ends with 0, and prints no "not ok".
check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/out" 2>"$work/err" && ! grep -q '^not ok' "$work/out"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        { grep '^not ok' "$work/out" || cat "$work/out" "$work/err"; } | tail -n 20 | sed 's/^/#   /'
    fi
}

conformance() {
    CONFORMANCE_DEBUG=$1 CONFORMANCE_CASES=300 "$ABBEY_BUILDDIR/tests/conformance/test_conformance"
}
programs() {
    "$ABBEY_BUILDDIR/tests/lockstep/lockstep-random" --engines interp,bt --debug "$1" --seed "$2" --count "$3"
}
system() {
    debug=$1 bash "$ABBEY_SRCDIR/tests/guests/system.sh"
}
hostile() {
    HOSTILE_ENGINES=bt:$1 bash "$ABBEY_SRCDIR/tests/guests/hostile.sh"
}
some() { # for guests with too many boundaries to kick at each
    case $1 in
    *kick) echo "$1-some" ;;
    *) echo "$1" ;;
    esac
}
linux() {
    local debug=$(some "$1")
    "$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$guest/initrd.gz" \
        --set boot.cmdline="console=ttyS0 quiet test=work" --set memory=128M --set cpu.debug="$debug" --timeout 1200 \
        </dev/null || return
    for word in 'fork 12345678' 'gzip same' 'md5 32b7df5069fa87bb10fcac8ff565041f' 'float 1.643935'; do
        grep -q "^abbey-test: $word" "$work/out" || return
    done
}

if [ -z "${ABBEY_SWITCHES-}" ]; then
    echo "1..$((2 * ${#sets[@]}))"
    for debug in "${sets[@]}"; do
        check "$debug: random programs, seeds from 1" programs "$debug" 1 500000
        check "$debug: the system guest" system "$(some "$debug")"
    done
    exit 0
fi
if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$work/fetch" 2>&1; then
    sed 's/^/# /' "$work/fetch"
    guest=
fi
echo "1..$((5 * ${#sets[@]}))"
for debug in "${sets[@]}"; do
    check "$debug: instructions as the host's processor does them" conformance "$debug"
    check "$debug: random programs, seeds from 300000" programs "$debug" 300000 3000000
    check "$debug: the system guest" system "$debug"
    check "$debug: the hostile guest" hostile "$debug"
    if [ "$guest" ]; then
        check "$debug: Linux boots and works" linux "$debug"
    else
        number=$((number + 1))
        echo "ok $number - $debug: Linux boots and works # SKIP no guest: Debian's packages cannot be fetched"
    fi
done
