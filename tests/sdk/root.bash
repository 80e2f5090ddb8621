# root.bash - Abbey installed into a temporary place, and nothing but that in the environment. Sourced by tests that do
# what a third party does; they get $work, check(), $cc and $cflags.
: "${ABBEY_BUILDDIR:?}" "${ABBEY_SRCDIR:?}"
set -u
number=0
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

# check NAME COMMAND... - one line of TAP; the output of a command that fails is shown.
check() {
    number=$((number + 1))
    local name=$1
    shift
    if "$@" >"$work/log" 2>&1; then
        echo "ok $number - $name"
    else
        echo "not ok $number - $name"
        tail -n 60 "$work/log" | sed 's/^/# /'
    fi
}

# What this Abbey was built with: the bench of a sanitizer build needs its sanitizer.
built_with() { sed -n "s/^$1 = //p" "$ABBEY_BUILDDIR/Makefile"; }
cc=$(built_with CC) cflags="-O2 -g -Wall -Wextra -Werror $(built_with SANITIZE_CFLAGS)"

if ! MAKEFLAGS='' make -C "$ABBEY_BUILDDIR" install DESTDIR="$work/root" >"$work/log" 2>&1; then
    sed 's/^/# /' "$work/log"
    echo "Bail out! it cannot be installed"
    exit 99
fi
# The installed files say where they would be on a user's machine; here that place has the temporary root before it.
prefix=$work/root$(built_with prefix)
PKG_CONFIG_PATH=$(dirname "$(find "$work/root" -name abbey-plugin.pc)")
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR=$work/root
export ABBEY_PLUGIN_PATH=$work/root$(PKG_CONFIG_SYSROOT_DIR='' pkg-config --variable=plugindir abbey-plugin)
export ABBEY_CONFIG_PATH=$prefix/share/abbey/configs ABBEY_TEMPLATE_PATH=$prefix/share/abbey/template
export PATH=$prefix/bin:$PATH MAKEFLAGS=
hash -r
