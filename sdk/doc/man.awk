# man.awk - makes a manual page (man(7) macros, with tbl(1) for tables) of a page of the manual, for `man abbey-NAME`. It
# knows what our pages use of Markdown: headings, paragraphs, lists, tables, code in fences and indented, and in a line
# `code`, **bold**, *emphasis* and [links](page.md).
#
#     awk -v name=tutorial -f man.awk tutorial.md >abbey-tutorial.7

# What roff would take for its own.
function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    gsub(/'/, "\\(aq", text)
    gsub(/`/, "\\(ga", text)
    gsub(/\^/, "\\(ha", text)
    gsub(/~/, "\\(ti", text)
    return text
}
# A line that begins with a dot or a quote would be a request.
function guarded(line) { return line ~ /^[.']/ ? "\\&" line : line }

# A page of the manual as man(1) has it; anything else as it stands.
function link(text, target,    page) {
    if (target ~ /^[a-z-]+\.md(#.*)?$/) {
        sub(/\.md(#.*)?$/, "", target)
        page = "\\fBabbey\\-" escaped(target) "\\fR(7)"
        return text == target ".md" ? page : inline(text) " (" page ")"
    }
    return inline(text) (target ~ /^#/ ? "" : " (" escaped(target) ")")
}

function inline(text,    out, end, mark, middle) {
    out = ""
    while (match(text, /`|\*\*?[^ *]|\[[^]]*\]\([^)]*\)/)) {
        out = out escaped(substr(text, 1, RSTART - 1))
        mark = substr(text, RSTART, 1)
        if (mark == "[") {
            middle = substr(text, RSTART + 1, RLENGTH - 2)
            text = substr(text, RSTART + RLENGTH)
            end = index(middle, "](")
            out = out link(substr(middle, 1, end - 1), substr(middle, end + 2))
            continue
        }
        if (mark == "*" && substr(text, RSTART + 1, 1) == "*")
            mark = "**"
        text = substr(text, RSTART + length(mark))
        end = index(text, mark)
        if (!end) {
            out = out escaped(mark)
            continue
        }
        middle = substr(text, 1, end - 1)
        out = out (mark == "*" ? "\\fI" : "\\fB") (mark == "`" ? escaped(middle) : inline(middle)) "\\fR"
        text = substr(text, end + length(mark))
    }
    return out escaped(text)
}

# A row of a table in which a bar that is no border, `a|b` or a\|b, is another character.
function bars_hidden(row,    out, i, char, span) {
    gsub(/\\\|/, "\002", row)
    for (i = 1; i <= length(row); i++) {
        char = substr(row, i, 1)
        if (char == "`")
            span = !span
        out = out (char == "|" && span ? "\002" : char)
    }
    return out
}

# The paragraph or item that was gathered; a span may go over the end of a line, so that only now it is looked at.
function flush() {
    if (paragraph != "")
        print guarded(inline(paragraph))
    paragraph = ""
}
function code_begin() { flush(); print ".sp\n.RS " (list ? 6 : 4) "\n.EX"; code = 1 }
function code_end() { print ".EE\n.RE"; code = 0 }

function table_end(    row, column, cells, count, format, cell) {
    count = split(rows[1], cells, "|") - 2
    for (column = 1; column <= count; column++)
        format = format (column > 1 ? " " : "") (column < count ? "l" : "lx")
    print ".PP\n.TS\ntab(\001);\n" format "."
    for (row = 1; row <= row_count; row++) {
        split(rows[row], cells, "|")
        for (column = 1; column <= count; column++) {
            cell = cells[column + 1]
            gsub(/^ +| +$/, "", cell)
            gsub(/\002/, "|", cell)
            cell = inline(cell)
            if (row == 1)
                cell = "\\fI" cell "\\fR"
            printf "%sT{\n%s\nT}", (column > 1 ? "\001" : ""), guarded(cell)
        }
        print ""
    }
    print ".TE"
    row_count = 0
}

BEGIN { print "'\\\" t\n.TH \"ABBEY\\-" toupper(escaped(name)) "\" 7 \"\" \"Abbey\" \"Abbey manual\"" }

# Code.
/^```/ && !fence {
    if (code)
        code_end()
    fence = 1
    blanks = ""
    code_begin()
    next
}
/^```/ { fence = 0; code_end(); next }
fence { print guarded(escaped($0)); next }
code && /^ *$/ { blanks = blanks "\n"; next }
code && /^    / { printf "%s", blanks; blanks = ""; print guarded(escaped(substr($0, list ? 7 : 5))); next }
code { code_end(); blanks = ""; blank = 1 }
!row_count && (blank || heading) && /^    / { code_begin(); print guarded(escaped(substr($0, list ? 7 : 5))); next }

# Tables: the line of dashes behind the head says nothing. A bar within `code` is not a border.
/^\|[-| :]+\|$/ { next }
/^\|/ {
    flush()
    rows[++row_count] = bars_hidden($0)
    next
}
row_count { table_end() }

/^ *$/ { flush(); blank = 1; next }
/^# / {
    title = substr($0, 3)
    print ".SH NAME\nabbey\\-" escaped(name) " \\- " inline(title) "\n.SH DESCRIPTION"
    heading = 1
    blank = 0
    next
}
/^##+ / {
    flush()
    level = $1
    sub(/^##+ /, "")
    print (level == "##" ? ".SH \"" : ".SS \"") inline($0) "\""
    heading = 1
    blank = list = 0
    next
}
/^- / { flush(); print ".IP \\(bu 2"; paragraph = substr($0, 3); list = 1; blank = heading = 0; next }
/^[0-9]+\. / { flush(); print ".IP " $1 " 4"; sub(/^[0-9]+\. +/, ""); paragraph = $0; list = 1; blank = heading = 0; next }
{
    if (list && blank && /^  /)
        print ".IP \"\" 2"
    else if (blank || heading || paragraph == "") {
        list = blank ? 0 : list
        print ".PP"
    }
    sub(/^ +/, "")
    paragraph = paragraph == "" ? $0 : paragraph " " $0
    blank = heading = 0
}
END {
    if (code)
        code_end()
    if (row_count)
        table_end()
    flush()
}
