#!/bin/bash
# Both Debian kernels from the first instruction to power-off under interpreter and translator side by side, and one of
# them with wrong hints for the translator. It takes some minutes for each, so it runs only when ABBEY_LOCKSTEP_BOOTS is
# set. Prints TAP.
: "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
if [ -z "${ABBEY_LOCKSTEP_BOOTS-}" ]; then
    echo "1..0 # SKIP takes minutes: set ABBEY_LOCKSTEP_BOOTS=1 to run it"
    exit 0
fi
guests=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0
export ABBEY_PLUGIN_PATH=$ABBEY_PLUGIN_PATH:$ABBEY_BUILDDIR/tests/guests/guess
echo "1..3"
for run in 686 686-pae 686-pae,guess; do
    number=$((number + 1))
    flavour=${run%,*}
    hints=${run#"$flavour"}
    name="interp and bt agree over the boot of Linux $flavour${hints:+, with wrong hints}"
    if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guests/$flavour" "$flavour" >"$work/fetch" 2>&1; then
        echo "ok $number - $name # SKIP no guest: Debian's packages cannot be fetched"
        continue
    fi
    if "$ABBEY_BUILDDIR/tests/lockstep/lockstep-machine" --engines interp,bt --set memory=64M \
        --set boot.kernel="$guests/$flavour/vmlinuz" --set boot.initrd="$guests/$flavour/initrd.gz" \
        --set boot.cmdline="console=ttyS0 quiet test=work" --set "guest.optimize=[${hints#,}]" \
        --set backends.tty.backend=file --set backends.tty.path="$work/tty" linux-direct >"$work/out" 2>"$work/err" &&
        grep -q "to its end" "$work/out"; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
    fi
    sed 's/^/# /' "$work/out"
    tail -n 3 "$work/tty.b" | tr -d '\r' | cat -v | sed 's/^/# /'
done
