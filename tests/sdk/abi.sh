#!/bin/bash
# abi.sh - what was compiled once goes on being good. The layout of everything that crosses the line between plugin and
# host is as the record says; plugins that were compiled with earlier SDKs, kept in tests/plugins/kept, load, pass
# `abbey plugins check` and do in a machine what they did. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
number=0
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc=$(sed -n 's/^CC = //p' "$ABBEY_BUILDDIR/Makefile")
record=$ABBEY_SRCDIR/tests/sdk/abi-1.txt

check() {
    number=$((number + 1))
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        head -n 40 "$work/log" | sed 's/^/# /'
    fi
}

held() { python3 "$ABBEY_SRCDIR/tests/sdk/abi.py" "$@"; }
check "the headers are as the record of the ABI says" held "$ABBEY_SRCDIR/sdk/include" "$cc" "$record"

# The guard itself: a change of the headers is found, by name, and is not taken into the record.
changed() { # FILE SED-COMMAND EXPECTED-LINE
    rm -rf "$work/include"
    cp -r "$ABBEY_SRCDIR/sdk/include" "$work/include"
    chmod -R u+w "$work/include"
    sed -i -E "$2" "$work/include/abbey/$1"
    if cmp "$ABBEY_SRCDIR/sdk/include/abbey/$1" "$work/include/abbey/$1"; then
        return 1
    fi
    cp "$record" "$work/record"
    chmod u+w "$work/record"
    ! held "$work/include" "$cc" "$work/record" >"$work/said" 2>&1
    local found=$?
    cat "$work/said"
    [ $found -eq 0 ] && grep -qF "$3" "$work/said"
}
refused() { changed "$@" && ! held "$work/include" "$cc" "$work/record" --update && cmp "$record" "$work/record"; }
check "a field that is gone is found" refused io.h '/uint64_t offset;/d' "broken: struct abbey_io.offset"
check "two fields that changed places are found" refused dev.h 's/^(.*\(\*alloc\).*)$/    uint64_t (*early)(abbey_dev *dev);\n\1/' \
    "broken: struct abbey_base_1.alloc"
check "another type of an argument is found" refused io.h 's/void \(\*move\)\(abbey_region \*region, uint64_t start\)/void (*move)(abbey_region *region, uint32_t start)/' \
    "broken: struct abbey_region_ops_1.move"
check "another interface id is found" refused io.h 's,"abbey.pio/1","abbey.pio/2",' "broken: constant ABBEY_PIO_1"
check "another value of a constant is found" refused block.h 's/ABBEY_BLOCK_FLUSH 2u/ABBEY_BLOCK_FLUSH 5u/' \
    "broken: constant ABBEY_BLOCK_FLUSH"
added() {
    changed io.h 's/^(.*\(\*move\).*)$/\1\n    void (*hide)(abbey_region *region);/' "new: struct abbey_region_ops_1.hide" &&
        held "$work/include" "$cc" "$work/record" --update && held "$work/include" "$cc" "$work/record"
}
check "what is added at the end is asked about, and can be recorded" added

# ---- compiled plugins ----

mkdir "$work/kept"
passes() { "$ABBEY" plugins check --accesses 50000 "$work/kept/$1.so"; }
for file in "$ABBEY_SRCDIR"/tests/plugins/kept/*.plugin; do
    name=$(basename "$file" .plugin)
    cp "$file" "$work/kept/$name.so"
    check "$name, as it was compiled, passes" passes "$name"
done
works() { # the doorbell's port and the disk in memory, in whole machines
    ABBEY_PLUGIN_PATH=$work/kept:$ABBEY_PLUGIN_PATH "$ABBEY" config check "$ABBEY_SRCDIR/sdk/samples/$1/$1.yaml"
}
for name in doorbell daq copier thermometer ramdisk; do
    check "the machine of $name takes the kept one" works "$name"
done
rings() { # OUT to the doorbell, IN until it rang: `1' is said on the debug port
    printf '\xba\x10\x03\xee\xec\x84\xc0\x74\xfb\x04\x30\xe6\xe9\xe6\xf4\xf4' >"$work/guest"
    (cd "$work" && ABBEY_PLUGIN_PATH=$work/kept:$ABBEY_PLUGIN_PATH "$ABBEY" run pc --timeout 120 --set firmware=null \
        --set boot.kernel=guest --set boot.format=raw --set devices.end='{device: debug-exit, port: 0xf4}' \
        --set devices.bell='{device: doorbell}' --set backends.said='{backend: file, path: said}' --set devices.debug.line=said)
    cat "$work/said"
    [ "$(cat "$work/said")" = 1 ]
}
check "a kept doorbell rings in a machine" rings
echo "1..$number"
