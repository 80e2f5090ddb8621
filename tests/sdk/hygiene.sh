#!/bin/bash
# hygiene.sh - the plugins of the tree are no better off than one built elsewhere.
#
# Every source compiles with nothing but sdk/include in its path, and its #include lines name only the SDK, its own
# folder and the system. Every built plugin exports its descriptor alone, runs no constructor, and finds all its symbols
# in the libraries it is linked with: none in the core. Prints TAP.
set -u
srcdir=${ABBEY_SRCDIR:?} builddir=${ABBEY_BUILDDIR:?}
cc=${CC:-cc}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
number=0

# check NAME COMMAND... - one test; what the command prints is shown when it fails.
check() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >"$work/out" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        head -20 "$work/out" | sed 's/^/# /'
    fi
}

# Each line of the file FOUND is a violation.
none() {
    cat "$1"
    [ ! -s "$1" ]
}

compiles() {
    # shellcheck disable=SC2086 # $CC may be a command with options
    $cc -std=gnu11 -fsyntax-only -Wall -Werror -I"$srcdir/sdk/include" "$1"
}

includes() {
    local file=$1 folder line name
    folder=$(dirname "$file")
    grep -nE '^[[:space:]]*#[[:space:]]*include' "$file" | while IFS= read -r line; do
        name=$(sed -E 's/.*include[[:space:]]*([<"][^>"]*[>"]).*/\1/' <<<"$line")
        case $name in
        \<abbey/*\>) [ -f "$srcdir/sdk/include/${name//[<>]/}" ] || echo "$line: no such header in the SDK" ;;
        \<core/* | \<tests/* | \<plugins/* | *..*) echo "$line: reaches into the tree" ;;
        \<*\>) [ ! -e "$srcdir/${name//[<>]/}" ] || echo "$line: reaches into the tree" ;;
        \"*\") [ -f "$folder/${name//\"/}" ] || echo "$line: is neither in the SDK nor beside the source" ;;
        *) echo "$line: is no file name" ;;
        esac
    done >"$work/found"
    none "$work/found"
}

exports() {
    nm -D --defined-only "$1" | awk '$3 !~ /^(abbey_plugin_entry|__(odr_asan|asan|ubsan|tsan).*|_(init|fini|edata|end)|__bss_start)$/' >"$work/found"
    nm -D --defined-only "$1" | grep -q ' abbey_plugin_entry$' || echo "abbey_plugin_entry is missing" >>"$work/found"
    none "$work/found"
}

# The compiler's own frame_dummy is one entry of 8 bytes; a sanitizer adds its own.
no_constructors() {
    nm -D "$1" | grep -qE '__(asan|ubsan|tsan)_' && return 0
    readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] //' | awk '$1 == ".init_array" && $5 != "000008" { print ".init_array has 0x" $5 " bytes" }' >"$work/found"
    none "$work/found"
}

resolves() {
    LC_ALL=C ldd -r "$1" 2>&1 | grep -E 'undefined symbol|not found' >"$work/found"
    none "$work/found"
}

while IFS= read -r file; do
    name=${file#"$srcdir"/}
    check "$name includes the SDK and the system alone" includes "$file"
    case $file in
    *.c) check "$name compiles with sdk/include alone" compiles "$file" ;;
    esac
done < <(find "$srcdir/plugins" -name '*.[ch]' | LC_ALL=C sort)

while IFS= read -r file; do
    name=${file#"$builddir"/}
    check "$name exports its descriptor alone" exports "$file"
    check "$name has no constructor" no_constructors "$file"
    check "$name finds its symbols without the core" resolves "$file"
done < <(find "$builddir/plugins" -name '*.so' | LC_ALL=C sort)

echo "1..$number"
