#!/bin/bash
# installed.sh - a third party with nothing but the installed files, in a folder outside the tree: `abbey plugins new`
# for each kind, built, tested, checked, and run in its machine; and the samples of the SDK. Prints TAP.
. "${ABBEY_SRCDIR:?}/tests/sdk/root.bash"

# ---- abbey plugins new ----

new() { # NAME OPTION...
    (cd "$work" && abbey plugins new "$@" --summary 'made by a test' --author 'The Testers')
}
builds() { (cd "$work/$1" && make CC="$cc" CFLAGS="$cflags"); }
passes() { (cd "$work/$1" && make check CC="$cc" CFLAGS="$cflags"); }
in_ci() { (cd "$work/$1" && CC=$cc ./ci.sh); }
# The whole machine, with a guest of some bytes instead of a firmware; it says a letter on the debug port and ends.
runs() { # NAME LETTER CODE
    printf "$3" >"$work/$1/guest.bin"
    (cd "$work/$1" && ABBEY_PLUGIN_PATH=.:$ABBEY_PLUGIN_PATH abbey run "$1.yaml" --timeout 120 --set firmware=null \
        --set boot.kernel=guest.bin --set boot.format=raw --set devices.end='{device: debug-exit, port: 0xf4}' \
        --set backends.said='{backend: file, path: said}' --set devices.debug.line=said)
    echo "status $?, said: $(cat "$work/$1/said")"
    [ "$(cat "$work/$1/said")" = "$2" ]
}

# A value goes to the device's port 310h and comes back.
isa='\xba\x10\x03\xb0\x2a\xee\xb0\x00\xec\xe6\xe9\xe6\xf4\xf4'
# The low byte of the vendor in slot 5.
pci='\x66\xb8\x00\x28\x00\x80\xba\xf8\x0c\x66\xef\xba\xfc\x0c\xec\xe6\xe9\xe6\xf4\xf4'
# `a' goes to the second serial port, and what comes back is said.
hostos='\xba\xfc\x02\xb0\x03\xee\xba\xf8\x02\xb0\x61\xee\xba\xfd\x02\xec\xa8\x01\x74\xfb\xba\xf8\x02\xec\xe6\xe9\xe6\xf4\xf4'
guestopt='\xb0\x47\xe6\xe9\xe6\xf4\xf4'

# kind NAME LETTER CODE OPTION...
kind() {
    local name=$1 letter=$2 code=$3
    shift 3
    check "new $name" new "$name" "$@"
    check "$name: make" builds "$name"
    check "$name: make check, abbey plugins check included" passes "$name"
    check "$name: abbey run of its machine" runs "$name" "$letter" "$code"
}
kind own-isa '*' "$isa" --kind device --bus isa
kind own-pci 4 "$pci" --kind device --bus pci --license BSD-2-Clause
kind own-host A "$hostos" --kind hostos --license Apache-2.0
kind own-guest G "$guestopt" --kind guestopt --id com.example.guest
[ -z "$(built_with SANITIZE_CFLAGS)" ] && check "own-isa: ci.sh" in_ci own-isa
check "the licence that was asked for is the plugin's" grep -q '"license": "Apache-2.0"' <(
    ABBEY_PLUGIN_PATH=$work/own-host abbey plugins list --json)
refuses() { # nothing that is there is touched
    (cd "$work" && ! abbey plugins new own-isa && ! abbey plugins new 'Bad Name' && ! abbey plugins new x --bus eisa &&
        [ ! -e x ] && ! abbey plugins new y --summary 'a "quote"' && [ ! -e y ]) && passes own-isa
}
check "what cannot be made is refused" refuses

# ---- a machine file for editors ----

# Each machine against the schema that `abbey config schema` prints while the plugins are there, and the properties of a
# new plugin in it: a wrong one is refused.
schema() {
    ABBEY_PLUGIN_PATH=$work/own-isa:$work/own-pci:$work/own-host:$work/own-guest:$ABBEY_PLUGIN_PATH abbey config schema >"$work/schema.json" &&
        python3 "$ABBEY_SRCDIR/tests/sdk/validate.py" "$work/schema.json" "$work"/own-*/own-*.yaml "$ABBEY_CONFIG_PATH"/*.yaml \
            "$work"/samples/*/*.yaml --wrong "$work/wrong.yaml"
}
printf 'abbey: 1\nbase: pc\ndevices:\n  dut: { device: own-isa, dealy: 75 }\n' >"$work/wrong.yaml"
if python3 -c 'import jsonschema, yaml' 2>/dev/null; then
    cp -r "$ABBEY_SRCDIR/sdk/samples" "$work/samples" && chmod -R u+w "$work/samples"
    for sample in doorbell daq copier copies thermometer ramdisk rack; do
        make -C "$work/samples/$sample" CC="$cc" CFLAGS="$cflags" >/dev/null 2>&1
        ABBEY_PLUGIN_PATH=$work/samples/$sample:$ABBEY_PLUGIN_PATH
    done
    check "the JSON Schema knows the properties, and takes all machines" schema
else
    number=$((number + 1))
    echo "ok $number - the JSON Schema # SKIP python3-jsonschema and python3-yaml are not there"
fi

# ---- samples ----

sample() { make -C "$work/samples/$1" check CC="$cc" CFLAGS="$cflags"; }
sample_machine() { (cd "$work/samples/$1" && abbey config check "$1.yaml"); }
[ -d "$work/samples" ] || { cp -r "$ABBEY_SRCDIR/sdk/samples" "$work/samples" && chmod -R u+w "$work/samples"; }
for name in doorbell daq copier copies thermometer ramdisk rack; do
    check "sample $name: its test" sample "$name"
    check "sample $name: its machine is good" sample_machine "$name"
done
echo "1..$number"
