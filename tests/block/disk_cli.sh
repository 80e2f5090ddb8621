#!/bin/bash
# disk_cli.sh - `abbey disk` as users and scripts use it. Prints TAP.
: "${ABBEY:?}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 99
number=0

result() {
    local name=$1
    shift
    number=$((number + 1))
    if "$@" >out 2>err </dev/null; then
        echo "ok $number - abbey disk: $name"
    else
        echo "not ok $number - abbey disk: $name"
        echo "# expected: $*"
        sed 's/^/#   /' out err
    fi
}
disk() { "$ABBEY" disk "$@"; }
fails() { # STATUS PATTERN COMMAND...: with that status, and a message that has the pattern
    local status=$1 pattern=$2
    shift 2
    "$@" 2>&1 | tee message
    [ "${PIPESTATUS[0]}" -eq "$status" ] && grep -qE "$pattern" message
}
fact() { # FILE NAME VALUE
    disk info --json "$1" | tee /dev/stderr | grep -qE "\"$2\": \"?$3\"?,?\$"
}

result "--help" eval 'disk --help | grep -q "usage: abbey disk"'
result "no command is a usage error" fails 2 usage disk
result "an unknown command too" fails 2 "no command 'shrink'" disk shrink x
result "a raw image is made" eval 'disk create a.img 1M && [ "$(stat -c %s a.img)" = 1048576 ]'
result "an image that is there is left alone" fails 1 "File exists" disk create a.img 2M
result "a size that is none is refused" fails 2 "a size is" disk create b.img 12X
result "a size that is no number of sectors is refused" fails 1 "number of sectors" disk create b.img 1000
result "nothing is left of it" eval '[ ! -e b.img ]'
result "a format that is none is refused" fails 1 "there are raw, qcow2, vmdk" disk create --format vhd b.img 1M
head -c 1M /dev/urandom >a.img
for format in qcow2 vmdk; do
    result "$format: made, with the format by its ending" eval "disk create new.$format 10G && fact new.$format format $format"
    result "$format: has its size" fact new.$format bytes 10737418240
    result "$format: takes no room" eval "[ \$(du -k new.$format | cut -f1) -lt 9000 ]"
    result "$format: converted to and from" eval "disk convert a.img a.$format && disk convert a.$format back.raw && cmp a.img back.raw"
    rm -f back.raw
done
result "info for people" eval 'disk info a.qcow2 | grep -q "^format *qcow2"'
result "a copy may be larger" eval 'disk convert a.img big.qcow2 && fact big.qcow2 bytes 1048576'
result "an image on another" eval 'disk create --backing a.img over.qcow2 && fact over.qcow2 backing a.img && disk convert over.qcow2 over.raw && cmp a.img over.raw'
result "the image below must be there" fails 1 "none.img" disk create --backing none.img over2.qcow2
result "what is no image" fails 1 "neither a file" disk info .
result "what is not there" fails 1 "No such file" disk info none
result "an error for programs" eval 'disk discard --json a.img | grep -q "\"ok\": *false"'
result "no redo log" fails 1 "has no redo log" disk commit a.img
result "a foreign format is named" eval 'printf conectix >v.vhd; head -c 1000 /dev/zero >>v.vhd; fails 1 "VHD image" disk info v.vhd'
result "clusters of another size" eval 'disk create --cluster 4K c.qcow2 1M && fact c.qcow2 cluster 4096'
echo "1..$number"
