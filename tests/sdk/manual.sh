#!/bin/bash
# manual.sh - the installed manual pages say what the Markdown says: every page is there, the formatter has no
# complaint, and each heading and each line of code stands in what a reader gets. Prints TAP.
if ! command -v groff >/dev/null || ! command -v python3 >/dev/null || ! command -v tbl >/dev/null; then
    echo "1..0 # SKIP needs groff and python3 (Debian: groff-base python3)"
    exit 0
fi
. "${ABBEY_SRCDIR:?}/tests/sdk/root.bash"
pages=$prefix/share/man/man7
export LC_ALL=C.UTF-8

# formatted PAGE - as plain text on wide lines, so that nothing is broken; complaints fail.
formatted() {
    tbl "$pages/abbey-$1.7" | groff -Kutf8 -man -Tutf8 -P-cbou -rLL=240n -wchar -wmac -wsyntax -wescape -wfont >"$work/text" 2>"$work/all" || return
    # A terminal has no pages that a table could be too long for.
    ! grep -v 'will not fit on one page' "$work/all"
}
# says MARKDOWN PAGE - prints what is missing in the page.
says() {
    python3 - "$1" "$work/text" <<'END'
import re, sys
squeezed = lambda text: re.sub(r"\s+", " ", text.replace("`", "").replace("**", "")).strip()
text = squeezed(open(sys.argv[2]).read())
missing, fence = [], False
for line in open(sys.argv[1]).read().split("\n")[1:]:
    if line.startswith("```"):
        fence = not fence
    elif fence or line.startswith("## ") or line.startswith("### "):
        wanted = squeezed(line if fence else re.sub("^#+ ", "", line))
        wanted = wanted.replace("`", "")
        if wanted not in text:
            missing.append(line)
print(*missing, sep="\n")
sys.exit(bool(missing))
END
}
page() { formatted "$2" && says "$1" "$2"; }
linked() { # each page that a page names
    local name missing=0
    for name in $(grep -ohE '\\fBabbey\\-[a-z\\-]+\\fR\(7\)' "$pages"/*.7 | sed 's/.*abbey\\-//; s/\\fR.*//; s/\\-/-/g' | sort -u); do
        [ -f "$pages/abbey-$name.7" ] || { echo "no page abbey-$name"; missing=1; }
    done
    return $missing
}

for source in "$ABBEY_SRCDIR"/sdk/doc/*.md; do
    name=$(basename "$source" .md)
    check "abbey-$name(7)" page "$source" "${name/README/manual}"
done
check "abbey-reference(7), made from the headers" page "$ABBEY_BUILDDIR/sdk/doc/reference.md" reference
check "each page that is named is there" linked
echo "1..$number"
