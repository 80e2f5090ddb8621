#!/bin/bash
# Every YAML block of the manual is what it says it is; every rule of the manual is tested, and the other way round.
doc=$ABBEY_SRCDIR/sdk/doc/machine-files.md
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0
result() { # STATUS NAME
    n=$((n + 1))
    [ "$1" = 0 ] && echo "ok $n - $2" || echo "not ok $n - $2"
}

# good-1.yaml ..., bad-1.yaml ... with the text of the block behind it as bad-1.txt
awk -v dir="$dir" '
    /^```/ && file { close(file); file = ""; next }
    /^```yaml bad$/ { expect = dir "/bad-" ++bad ".txt"; file = dir "/bad-" bad ".yaml"; next }
    /^```yaml$/ { file = dir "/good-" ++good ".yaml"; next }
    /^```$/ { if (expect) file = expect; expect = ""; next }
    file { print > file }' "$doc"

cd "$dir" || exit 99
for file in good-*.yaml; do
    "$ABBEY" config check "$file" >out 2>err && [ "$(cat out)" = "$file: ok" ]
    result $? "manual: $file is a valid machine"
    sed 's/^/# /' err
done
for file in bad-*.yaml; do
    cp "$file" bad.yaml
    "$ABBEY" config check bad.yaml 2>err
    status=$?
    sed "s|$ABBEY_SRCDIR/configs/pc.yaml|PC|" err >got
    [ $status = 1 ] && diff "${file%.yaml}.txt" got >difference
    result $? "manual: $file gives the errors shown"
    [ -s difference ] && sed 's/^/# /' difference
done
for file in "$ABBEY_SRCDIR"/configs/*.yaml; do
    "$ABBEY" config check "$file" >out 2>err
    result $? "configs/${file##*/} is a valid machine"
    sed 's/^/# /' err
    "$ABBEY" config show "$file" >shown.yaml 2>err && "$ABBEY" config check shown.yaml >out 2>err
    result $? "configs/${file##*/} is valid as config show prints it"
    sed 's/^/# /' err
done
sed -n '/^| rule |/,$p' "$doc" | grep -o '^|[^|]*|' | grep -o '`[a-z-]*`' | tr -d '`' | sort -u >documented
grep -oh 'error\[[a-z-]*\]' "$ABBEY_SRCDIR"/tests/unit/{test_config,config_errors}*.c | sed 's/error\[//; s/\]//' | sort -u >tested
diff documented tested >difference
result $? "rules in the manual are the rules that tests have seen"
sed 's/^/# /' difference
[ "$("$ABBEY" config check --json pc)" = "[]" ]
result $? "config check --json of a good machine is an empty array"
"$ABBEY" config schema | grep -q '"device-ns16550"'
result $? "config schema knows the devices of the plugins"

# plugins.path is relative to the file; a file there that is no plugin is named with the reason.
mkdir lib && cp "$ABBEY_BUILDDIR/plugins/devices/ns16550.so" lib && echo junk >lib/junk.so
printf 'abbey: 1\nplugins: { path: [lib] }\ndevices:\n  com1: { device: ns16550, irq: none }\n' >path.yaml
(cd / && ABBEY_PLUGIN_PATH= "$ABBEY" config check "$dir/path.yaml") >out 2>err
result $? "plugins.path: a plugin beside the machine file is found"
sed 's/^/# /' err
sed -i 's/ns16550/ns16551/' path.yaml
ABBEY_PLUGIN_PATH= "$ABBEY" config check path.yaml 2>err
grep -q "path.yaml:4:19: error\[unknown-device\]: no plugin has a device 'ns16551'" err &&
    grep -q "did you mean 'ns16550'?" err && grep -q '  = looked for plugins in .*/lib, ' err && grep -q '  = refused: .*lib/junk.so' err
result $? "an unknown device: where plugins were looked for, and which were refused"
sed 's/^/# /' err

"$ABBEY" config check no-such-machine >out 2>&1
[ $? = 1 ]
result $? "a machine that is not there: status 1"
"$ABBEY" config frobnicate pc >out 2>&1
[ $? = 2 ]
result $? "an unknown command: status 2"
"$ABBEY" config --help | grep -q 'usage: abbey config check'
result $? "config --help"
echo "1..$n"
