#!/bin/bash
# boots.sh - ABBEY_BOOTS boots in a row, of both Debian kernels in turn with 64 MB to 2 GB, each to the end of its work.
# It runs only when ABBEY_BOOTS is set: 50 take some minutes. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
if [ -z "${ABBEY_BOOTS-}" ]; then
    echo "1..0 # SKIP takes minutes: set ABBEY_BOOTS=50 to run it"
    exit 0
fi
guests=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}
flavours=(686 686-pae) sizes=(64M 128M 256M 512M 1G 2G)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for flavour in "${flavours[@]}"; do
    if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guests/$flavour" "$flavour" >"$work/fetch" 2>&1; then
        echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
        exit 0
    fi
done

worked() {
    [ "$status" -eq 0 ] || return
    for word in 'fork 12345678' 'gzip same' 'md5 32b7df5069fa87bb10fcac8ff565041f' 'float 1.643935'; do
        grep -q "^abbey-test: $word" "$work/out" || return
    done
}

echo "1..$ABBEY_BOOTS"
for ((boot = 0; boot < ABBEY_BOOTS; boot++)); do
    flavour=${flavours[boot % 2]} size=${sizes[boot / 2 % 6]}
    "$ABBEY" run linux-direct --set boot.kernel="$guests/$flavour/vmlinuz" --set boot.initrd="$guests/$flavour/initrd.gz" \
        --set boot.cmdline="console=ttyS0 quiet test=work" --set memory="$size" --timeout 1200 </dev/null >"$work/out" 2>"$work/err"
    status=$?
    if worked; then
        echo "ok $((boot + 1)) - Linux $flavour with $size"
    else
        echo "not ok $((boot + 1)) - Linux $flavour with $size"
        echo "# status $status"
        tail -n 12 "$work/out" "$work/err" | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
done
