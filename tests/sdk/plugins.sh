#!/bin/bash
# Plugins of the tree are plugins like any other: they include <abbey/...> and the C library alone, compile with nothing
# else in the include path, and export their descriptor alone. And `abbey plugins list` shows what is wrong with files
# that are refused, while machines that do not use them are as good as before. Prints TAP.
set -u
number=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

check() {
    number=$((number + 1))
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        sed 's/^/# /' "$work/log"
    fi
}

built_with() { sed -n "s/^$1 = //p" "$ABBEY_BUILDDIR/Makefile"; }

# What is in quotes must be a file of the plugin's own folder; nothing of the core is.
own_includes() { ! grep -nE '#include "(core|sdk|tests|plugins)/|#include "\.\.' "$1"; }

compiles_alone() { $(built_with CC) -std=gnu11 -fPIC -c -I"$ABBEY_SRCDIR/sdk/include" -o "$work/alone.o" "$1"; }

exports_entry() { # and at most what the linker gives to programs that libraries look into
    local exported
    exported=$(nm -D --defined-only "$1" | awk '{ print $3 }' | grep -vE '^(__(asan|ubsan|tsan|odr_asan)|(_init|_fini|_edata|_end|__bss_start)$)')
    echo "exports: $exported"
    [ "$exported" = abbey_plugin_entry ]
}

# FILE REASON: the list has the file as refused, with the reason.
refused() {
    grep -F "$work/bad/$1:" "$work/list" | grep -F "$2" || { cat "$work/list"; false; }
}

shopt -s nullglob
sources=("$ABBEY_SRCDIR"/plugins/devices/*.c)
objects=("$ABBEY_BUILDDIR"/plugins/*/*.so)
echo "1..$((2 * ${#sources[@]} + ${#objects[@]} + 11))"
for source in "${sources[@]}"; do
    check "$(basename "$source") includes nothing of the core" own_includes "$source"
    check "$(basename "$source") compiles with sdk/include alone" compiles_alone "$source"
done
for object in "${objects[@]}"; do
    check "$(basename "$object") exports its descriptor alone" exports_entry "$object"
done

mkdir "$work/bad"
for number_of_case in 2 3 4 5 6 9 10; do
    cp "$ABBEY_BUILDDIR/tests/plugins/case-$number_of_case.so" "$work/bad/"
done
echo "no object at all" >"$work/bad/text.so"
ABBEY_PLUGIN_PATH=$work/bad:$ABBEY_PLUGIN_PATH "$ABBEY" plugins list >"$work/list" 2>&1
check "list: a newer ABI" refused case-2.so "wrong ABI: built for plugin ABI 2.0, this abbey"
check "list: a newer minor" refused case-3.so "wrong ABI: built for plugin ABI 1.1, this abbey"
check "list: a library that is no plugin" refused case-4.so "not a plugin: it does not export 'abbey_plugin_entry'"
check "list: a wrong magic number" refused case-5.so "not a plugin: 'abbey_plugin_entry' starts with 12345678"
check "list: an undefined symbol" refused case-6.so "undefined symbol: a_function_that_nobody_has"
check "list: nothing in it" refused case-9.so "wrong kind: 'test.odd' has 0 devices"
check "list: an interface of the future" refused case-10.so "requires the interface 'abbey.teleport/3'"
check "list: a text" refused text.so "not a plugin: it is not an ELF file"
check "a machine that does not use them is good" env "ABBEY_PLUGIN_PATH=$work/bad:$ABBEY_PLUGIN_PATH" "$ABBEY" config check pc

described() { "$ABBEY" plugins describe "$@" ns16550 >"$work/described" && cat "$work/described"; }
counts() { described && grep -q '^  overruns  *u64  characters lost' "$work/described"; }
counts_json() {
    described --json && python3 -c '
import json, sys
rows = json.load(open(sys.argv[1]))["statistics"]
sys.exit([row["name"] for row in rows] != ["overruns"] or not rows[0]["meaning"] or rows[0]["bytes"] != 8)' "$work/described"
}
check "describe: the statistics of a device" counts
check "describe: and for programs" counts_json
