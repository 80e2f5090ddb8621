#!/bin/bash
# readme.sh - what the README tells a newcomer to type works. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
readme=$ABBEY_SRCDIR/README.md
sed -n '/^```yaml$/,/^```$/p' "$readme" | sed '1d;$d' >"$work/mine.yaml"
# The commands about machines and plugins, less their comments; `run` is for the tests that boot.
grep -oE '^    abbey [^#]*' "$readme" | sed 's/ *$//; s/^ *abbey//' | grep -v '^ run' >"$work/commands"
mapfile -t commands <"$work/commands"
mapfile -t files < <(grep -oE '`(core|plugins|sdk|configs|tests)[a-z/.-]*`' "$readme" | tr -d '`' | sort -u)
echo "1..$((${#commands[@]} + 2))"

cd "$work" || exit 99
number=0
for command in "${commands[@]}"; do
    number=$((number + 1))
    # shellcheck disable=SC2086 # words
    if "$ABBEY" $command >out 2>&1; then
        echo "ok $number - abbey$command"
    else
        echo "not ok $number - abbey$command"
        sed 's/^/# /' out
    fi
done
missing=
for file in "${files[@]}"; do
    [ -e "$ABBEY_SRCDIR/$file" ] || missing="$missing $file"
done
number=$((number + 1))
[ "$missing" ] && echo "not ok $number - the places it names exist; missing:$missing" || echo "ok $number - the places it names exist"

# The line that compiles a plugin, against the headers of the tree.
number=$((number + 1))
line=$(grep -oE '^    cc .*' "$readme" | sed "s|\$(pkg-config --cflags abbey-plugin)|-I$ABBEY_SRCDIR/sdk/include|")
cp "$ABBEY_SRCDIR/sdk/samples/doorbell/doorbell.c" .
if eval "$line" >out 2>&1 && ABBEY_PLUGIN_PATH=. "$ABBEY" plugins describe doorbell >>out 2>&1; then
    echo "ok $number - a plugin compiles and is found"
else
    echo "not ok $number - a plugin compiles and is found"
    sed 's/^/# /' out
fi
