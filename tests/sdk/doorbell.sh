#!/bin/bash
# Installs Abbey into a temporary place, builds the sample device there out of tree with nothing but pkg-config, runs
# its test, and looks for it among the plugins. Prints TAP.
set -u
echo 1..6
number=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND...: one line of TAP; the output of a command that fails is shown.
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

# What this Abbey was built with: the bench of a sanitizer build needs its sanitizer.
built_with() { sed -n "s/^$1 = //p" "$ABBEY_BUILDDIR/Makefile"; }

install_abbey() { MAKEFLAGS='' make -C "$ABBEY_BUILDDIR" install DESTDIR="$work/root"; }

# The installed files say where they would be on a user's machine; pkg-config puts the temporary root before that.
sample_make() { MAKEFLAGS='' make -C "$work/doorbell" CC="$(built_with CC)" CFLAGS="-g -Wall $(built_with SANITIZE_CFLAGS)" "$1"; }

build_sample() { cp "$ABBEY_SRCDIR"/sdk/samples/doorbell/* "$work/doorbell" && sample_make all; }

test_sample() { sample_make check; }

listed() {
    ABBEY_PLUGIN_PATH="$work/doorbell" "$ABBEY" plugins list | tee "$work/list" | grep -q '^device *doorbell *1\.0\.0 *1\.0 '
    local found=$?
    cat "$work/list"
    return $found
}

described() {
    ABBEY_PLUGIN_PATH="$work/doorbell" "$ABBEY" plugins describe --json doorbell >"$work/json" &&
        [ "$(grep -cE '"name": "(base|delay|irq)"' "$work/json")" = 3 ] && grep -q '"default": 784' "$work/json"
}

checked() {
    ABBEY_PLUGIN_PATH="$work/doorbell:$ABBEY_PLUGIN_PATH" "$ABBEY" config check "$work/doorbell/doorbell.yaml"
}

mkdir -p "$work/doorbell"
check "make install into a temporary root" install_abbey
export PKG_CONFIG_SYSROOT_DIR=$work/root
PKG_CONFIG_PATH=$(find "$work/root" -name pkgconfig -type d)
export PKG_CONFIG_PATH
check "the sample builds with nothing but pkg-config" build_sample
check "its test passes on the installed bench" test_sample
check "abbey plugins list shows it" listed
check "abbey plugins describe knows its properties" described
check "its machine file is good" checked
