"""abi.py INCLUDE CC RECORD [--update] - what crosses the line between plugin and host, held against the record of it.

From the headers: each field of each struct with its offset, size and type, each size, each callback type, each constant
and interface id. A plugin that was compiled once relies on all of it. What is gone or has changed breaks such plugins and
is told by name; it takes a new interface beside the old one ("abbey.pio/2"), or a new major. What is new, at the end of
a struct that carries its size or stands in a table with a stride, breaks nothing, and is taken into the record by --update.
A new line of the record that is not at the end of its struct is a change of what came behind it, and found as that."""
import os
import re
import subprocess
import sys
import tempfile


def without_comments(text):
    return re.sub(r"//[^\n]*", "", re.sub(r"/\*.*?\*/", " ", text, flags=re.S))


def squeeze(text):
    return re.sub(r"\*\s+", "*", re.sub(r"\s+", " ", text)).strip()


def fields(body):
    """(name, type) of each field of a struct's body."""
    for part in body.split(";"):
        part = squeeze(part)
        if not part:
            continue
        pointer = re.search(r"\(\*\s*(\w+)\)", part)
        if pointer:
            yield pointer.group(1), part
            continue
        base = re.match(r"((?:const |struct |unsigned )*\w+)\s*(.*)", part)
        for one in base.group(2).split(","):
            name = re.search(r"(\w+)\s*(?:\[[^\]]*\])*$", one.strip()).group(1)
            yield name, squeeze(base.group(1) + " " + one)


def look(include):
    structs, typedefs, constants = {}, {}, []
    folder = os.path.join(include, "abbey")
    for file in sorted(os.listdir(folder)):
        if file in ("bench.h", "cp437.h"):  # the first is for tests that are compiled again, the second for data
            continue
        text = without_comments(open(os.path.join(folder, file)).read())
        flat = re.sub(r"^[ \t]*#.*(?:\\\n.*)*", "", text, flags=re.M)
        for match in re.finditer(r"struct (abbey_\w+)\s*\{(.*?)\}", flat, re.S):
            structs[match.group(1)] = list(fields(match.group(2)))
        for match in re.finditer(r"typedef ([^;{]*\(\*(\w+)\)[^;]*);", flat):
            typedefs[match.group(2)] = squeeze(match.group(1))
        constants += re.findall(r"^#define (ABBEY_\w+)[ \t]+(?=[-\"(0-9U])", text, re.M)
    return structs, typedefs, constants


def record(include, compiler):
    structs, typedefs, constants = look(include)
    source = ["#include <stdio.h>", "#include <abbey/plugin.h>", "int main(void) {"]
    for name in sorted(structs):
        source.append(f'printf("sizeof struct {name} = %zu\\n", sizeof(struct {name}));')
        for field, kind in structs[name]:
            source.append(
                f'printf("struct {name}.{field}: offset %zu, size %zu, {kind}\\n", offsetof(struct {name}, {field}), '
                f"sizeof(((struct {name} *)0)->{field}));")
    for name in sorted(typedefs):
        source.append(f'puts("typedef {name}: {typedefs[name]}");')
    for name in sorted(constants):
        source.append(
            f'printf(_Generic(({name}), char *: "constant {name} = %s\\n", default: "constant {name} = %lld\\n"), '
            f"_Generic(({name}), char *: ({name}), default: (long long)({name})));")
    source += ["return 0; }"]
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "layout")
        with open(path + ".c", "w") as out:
            out.write("\n".join(source))
        subprocess.run([*compiler.split(), "-std=gnu11", "-w", "-I", include, "-o", path, path + ".c"], check=True)
        return subprocess.run([path], check=True, capture_output=True, text=True).stdout.splitlines()


def main():
    include, compiler, path = sys.argv[1:4]
    now = record(include, compiler)
    old = [line.rstrip("\n") for line in open(path) if not line.startswith("#")] if os.path.exists(path) else []
    key = lambda line: re.split(r": | = ", line)[0]
    current = {key(line): line for line in now}
    before = {key(line): line for line in old}
    broken, grown = [], []
    for name, line in before.items():
        there = current.get(name)
        if there == line:
            continue
        if there and name.startswith("sizeof struct") and int(there.split("=")[1]) > int(line.split("=")[1]):
            grown.append(there)
        elif there and name == "constant ABBEY_ABI_MINOR":
            grown.append(there)
        else:
            broken.append(f"{name}: was '{line}', " + (f"is '{there}'" if there else "is gone"))
    grown += [line for name, line in current.items() if name not in before]
    for text in broken:
        print("broken:", text)
    if broken:
        print("plugins that were built before would fail: leave it as it was, and put a new interface or field beside it")
        return 1
    if grown and "--update" not in sys.argv:
        for text in grown:
            print("new:", text)
        print(f"if that is meant: {sys.argv[0]} INCLUDE CC {path} --update")
        return 1
    if grown or not old:
        with open(path, "w") as out:
            out.write("# What compiled plugins rely on; see abi.py. Lines are added, never changed.\n")
            out.write("\n".join(now) + "\n")
        print(f"recorded {len(grown)} new lines")
    return 0


sys.exit(main())
