#!/bin/bash
# readme.sh - what the README tells a newcomer to type works. Prints TAP.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}"
work=$(mktemp -d)
export ABBEY_TEMPLATE_PATH=$ABBEY_SRCDIR/sdk/template
trap 'rm -rf "$work"' EXIT
readme=$ABBEY_SRCDIR/README.md
# A block of YAML is the file that its first line names.
awk -v work="$work" '/^```yaml / { file = work "/" $2; next } /^```$/ { file = ""; next } file { print >file }' "$readme"
# The commands about machines and plugins, less their comments; `run` is for the tests that boot.
grep -oE '^    abbey [^#]*' "$readme" | sed 's/ *$//; s/^ *abbey//' | grep -v '^ run' >"$work/commands"
mapfile -t commands <"$work/commands"
mapfile -t files < <(grep -oE '`(core|plugins|sdk|configs|tests)[a-z/.-]*`' "$readme" | tr -d '`' | sort -u)
echo "1..$((${#commands[@]} + 1))"

cd "$work" || exit 99
number=0
for command in "${commands[@]}"; do
    number=$((number + 1))
    if eval "\"\$ABBEY\" $command" >out 2>&1; then
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
