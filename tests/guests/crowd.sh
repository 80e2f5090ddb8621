#!/bin/bash
# crowd.sh - three hundred processes alive in Linux at a time: all compute the same, and the host's mappings stay under
# its limit. Then programs, and how much of what runs behind the boot is interpreted. Prints TAP.
# ABBEY_TEST_SHORT=1 leaves it at thirty processes, and the first part.
: "${ABBEY:?}" "${ABBEY_SRCDIR:?}" "${ABBEY_BUILDDIR:?}"
limit=1200 # seconds; alone it takes 10
guest=${ABBEY_GUESTS:-$ABBEY_BUILDDIR/guests}/686
processes=300
[ "${ABBEY_TEST_SHORT-}" ] && processes=30
work=$(mktemp -d)
pid=
trap '[ "$pid" ] && kill -KILL "$pid" 2>/dev/null; rm -rf "$work"' EXIT
number=0

if ! "$ABBEY_SRCDIR/tests/guests/fetch-linux" "$guest" 686 >"$work/fetch" 2>&1; then
    sed 's/^/# /' "$work/fetch"
    echo "1..0 # SKIP no guest: Debian's packages cannot be fetched"
    exit 0
fi

result() {
    number=$((number + 1))
    if "${@:2}"; then
        echo "ok $number - $1"
    else
        echo "not ok $number - $1"
        echo "# expected: ${*:2}"
        tail -n 5 "$work/out" "$work/err" | tr -d '\r' | cat -v | sed 's/^/#   /'
    fi
}
skip() {
    number=$((number + 1))
    echo "ok $number - $1 # SKIP $2"
}

cat >"$work/script" <<TEXT
case " \$(cat /proc/cmdline) " in
*" programs "*)
    say "begin"
    read -r line
    i=0
    while [ \$i -lt 20 ]; do
        i=\$((i + 1))
        seq 1 20000 | awk '{ s += \$1; print s % 1000 }' | sort -n | uniq -c | md5sum >/sum.\$i
        tar -C / -c bin/busybox | gzip -1 | gunzip | cmp - /bin/busybox >/dev/null 2>&1
        ls -lR /sys/bus | grep -c driver >/lines.\$i
    done
    say "end" \$(cat /sum.* | sort -u | wc -l)
    read -r line
    poweroff -f
    ;;
esac
i=0
while [ \$i -lt $processes ]; do
    sh -c 'n=0; while [ \$n -lt 20 ]; do n=\$((n + 1)); x=\$x\$(echo \$n); done; echo "\$x" >>/done; sleep 10000' &
    i=\$((i + 1))
done
until [ "\$(wc -l </done)" = $processes ]; do sleep 1; done
say "same" \$(sort /done | uniq -c)
read -r line
TEXT
"$ABBEY_SRCDIR/tests/guests/guest-initrd" "$guest" "$work/script" "$work/initrd.gz"
mkfifo "$work/in"
exec 8<>"$work/in"

# begin WORDS OPTION... - starts the guest; its socket is there.
begin() {
    : >"$work/out"
    "$ABBEY" run linux-direct --set boot.kernel="$guest/vmlinuz" --set boot.initrd="$work/initrd.gz" --set memory=256M \
        --set boot.cmdline="console=ttyS0 quiet test=script $1" --control "$work/sock" --timeout $limit "${@:2}" \
        <"$work/in" >"$work/out" 2>"$work/err" &
    pid=$!
}
says() { # waits for it
    local tries=$((limit * 10))
    until grep -qE "^abbey-test: $1"$'\r?$' "$work/out"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] && kill -0 $pid 2>/dev/null || return 1
        sleep 0.1
    done
}
end() { # lets it power off; the status
    echo >&8
    wait $pid
    status=$?
    pid=
}
# statistics NAME - into NAME.json; the guest stands still meanwhile, for on the instruction clock even an idle one runs many
# instructions between the reading of two counters.
statistics() {
    "$ABBEY" ctl --timeout 120 "$work/sock" vm.pause >/dev/null 2>>"$work/err"
    "$ABBEY" ctl --timeout 120 --json "$work/sock" vm.stats >"$work/$1.json" 2>>"$work/err"
    "$ABBEY" ctl --timeout 120 "$work/sock" vm.resume >/dev/null 2>>"$work/err"
}
# Of 1000 instructions between "begin" and "end" fewer than one was interpreted. How many there are, and how many code has
# that was never translated, is known on the instruction clock; callouts are counted on the host's, for on the other RDTSC
# and repeated strings are the interpreter's.
seldom_interpreted() {
    python3 - "$work"/{exact,plain}-{begin,end}.json <<'PYTHON'
import json, sys
values = []
for name in sys.argv[1:]:
    statistics = json.load(open(name))
    values.append(statistics.get("result", statistics))
def grown(first, key):
    return values[first + 1]["bt"][key] - values[first]["bt"][key]
instructions = values[1]["instructions"] - values[0]["instructions"]
cold = instructions - grown(0, "translated") - grown(0, "callouts")
callouts = grown(2, "callouts")
print(f"# {instructions} instructions; to the interpreter {cold} never translated, {callouts} callouts")
sys.exit(not (cold >= 0 and callouts > 0 and (cold + callouts) * 1000 < instructions))
PYTHON
}
# programs NAME OPTION... - runs them, with statistics before and behind.
programs() {
    begin programs --set guest.optimize=[] "${@:2}"
    says begin
    statistics "$1-begin"
    echo >&8
    says "end 1"
    statistics "$1-end"
    end
}

wanted="$processes 1234567891011121314151617181920"
echo "1..5"
begin ""
result "$processes processes compute the same" says "same $wanted"
statistics crowd
mappings=$(python3 -c 'import json, sys; s = json.load(open(sys.argv[1])); print(s.get("result", s).get("mmu", {}).get("vmas_max", 0))' \
    "$work/crowd.json")
echo "# $(wc -l <"/proc/$pid/maps") mappings of the host now, at most $mappings in windows"
result "the host's mappings are under its limit" [ $((mappings + 1000)) -lt "$(cat /proc/sys/vm/max_map_count)" ]
end
result "the guest powers off" [ $status -eq 0 ]
if [ "${ABBEY_TEST_SHORT-}" ]; then
    skip "programs run alike" "ABBEY_TEST_SHORT is set"
    skip "fewer than 1 in 1000 instructions are interpreted" "ABBEY_TEST_SHORT is set"
    exit 0
fi
programs plain
result "programs run alike" [ $status -eq 0 ]
if grep -q '"callouts_by_opcode"' "$work/plain-end.json"; then
    programs exact --set cpu.clock=instructions
    result "fewer than 1 in 1000 instructions are interpreted" seldom_interpreted
else
    skip "fewer than 1 in 1000 instructions are interpreted" "no translator on this host"
fi
