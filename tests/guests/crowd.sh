#!/bin/bash
# crowd.sh - three hundred processes alive in Linux at a time: all compute the same, and the host's mappings stay under
# its limit. Then programs, and how much of what runs behind the boot is interpreted. Prints TAP.
# ABBEY_TEST_SHORT=1 leaves it at thirty processes, and the first part.
. "${ABBEY_SRCDIR:?}/tests/guests/guest.bash"
processes=300
[ "${ABBEY_TEST_SHORT-}" ] && processes=30
fetch_linux 686

initrd <<TEXT
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
mkfifo "$work/in"
exec 8<>"$work/in"

begin() { # WORDS OPTION...
    boot "test=script $1" --set memory=256M "${@:2}" <"$work/in"
}
end() { # lets it power off
    echo >&8
    ended "$@"
}
# statistics NAME - into NAME.json; the guest stands still meanwhile, for on the instruction clock even an idle one runs
# many instructions between the reading of two counters.
statistics() {
    ctl vm.pause
    ctl --json vm.stats
    mv "$work/ctl" "$work/$1.json"
    ctl vm.resume
}
# Of 1000 instructions between "begin" and "end" fewer than one was interpreted. How many there are, and how many code
# has that was never translated, is known on the instruction clock; callouts are counted on the host's, for on the other
# RDTSC and repeated strings are the interpreter's.
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
result "the guest powers off" end 0
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
