"""window.py - see window.sh."""
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

ABBEY, SRCDIR = os.environ["ABBEY"], os.environ["ABBEY_SRCDIR"]
work = tempfile.mkdtemp()
number = 0
server = manager = machine = None
BLUE, RED, BLACK = 0x0000AA, 0xAA0000, 0x000000


def result(name, good, why=""):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - window: {name}")
    if not good:
        for line in str(why).splitlines():
            print(f"# {line}")
    sys.stdout.flush()


def attempt(test, limit=300):
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.05)
    return False


def settled(value):
    """The value once a key that was typed has been shown, and it has stayed the same for a second: what was done before the
    key has reached the guest."""
    before = codes(0)
    xdo("key", "q")
    attempt(lambda: codes(0) >= before + 2)
    last, since = value(), time.monotonic()
    while time.monotonic() < since + 1:
        time.sleep(0.1)
        now = value()
        if now != last:
            last, since = now, time.monotonic()
    return last


def xdo(*arguments):
    run = subprocess.run(["xdotool", *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return run.stdout.strip()


def control(*arguments):
    run = subprocess.run([ABBEY, "ctl", f"{work}/control", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout


def geometry():
    lines = xdo("getwindowgeometry", "--shell", window).splitlines()
    values = dict(line.split("=") for line in lines if "=" in line)
    return tuple(int(values.get(name, 0)) for name in ("X", "Y", "WIDTH", "HEIGHT"))


def dots(left, top, width, height):
    """Dots of the X server's screen, which it keeps in a file in the format of xwd (XWDFile.h, version 7)."""
    data = open(f"{work}/Xvfb_screen0", "rb").read()
    header = struct.unpack(">25I", data[:100])
    assert header[11] == 32  # bits of a dot
    start, stride = header[0] + 12 * header[19], header[12]
    rows = []
    for y in range(top, top + height):
        at = start + y * stride + 4 * left
        rows += [value & 0xFFFFFF for value in struct.unpack(f"<{width}I", data[at : at + 4 * width])]
    return rows


def paper(column, row):
    """The commonest colour in a cell of the guest's text screen."""
    x, y = geometry()[:2]
    seen = dots(x + 9 * column, y + 16 * row, 9, 16)
    return max(set(seen), key=seen.count)


def shown(wanted):
    return attempt(lambda: all(paper(*cell) == colour for cell, colour in wanted.items()))


def codes(row):
    """How many codes the guest has shown there: those of the keyboard in row 0, of the mouse in row 1."""
    wanted = (BLUE, RED)[row]
    return next(column for column in range(80) if paper(column, row) != wanted)


def begin():
    global server, manager, machine, window
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "1024x768x24", "-fbdir", work, "-nolisten", "tcp"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    os.environ["DISPLAY"] = ":" + server.stdout.readline().strip()
    os.environ["SDL_VIDEODRIVER"] = "x11"
    os.environ["HOME"] = work
    with open(f"{work}/rc.xml", "w") as file:  # no decorations, so that a window is what xdotool takes it for
        file.write('<openbox_config xmlns="http://openbox.org/3.4/rc"><applications><application class="*">')
        file.write("<decor>no</decor></application></applications></openbox_config>")
    manager = subprocess.Popen(
        ["openbox", "--sm-disable", "--config-file", f"{work}/rc.xml"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    subprocess.run([sys.executable, f"{SRCDIR}/tests/screen/echo.py", f"{work}/echo.bin"], check=True)
    settings = [
        "memory=4M",
        "firmware=null",
        f"boot={{ kernel: {work}/echo.bin, format: raw, mode: real, load: 0x7c00, entry: 0x7c00 }}",
        "backends.screen={ backend: sdl }",
        "devices.vga.display=screen",
    ]
    machine = subprocess.Popen(
        [ABBEY, "run", "pc", "--timeout", "1200", "--control", f"{work}/control"]
        + [word for setting in settings for word in ("--set", setting)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=open(f"{work}/err", "w"),
    )
    attempt(lambda: xdo("search", "--onlyvisible", "--name", "Abbey") or machine.poll() is not None)
    window = xdo("search", "--onlyvisible", "--name", "Abbey").split("\n")[0]


def tests():
    begin()
    result("it opens", window != "", open(f"{work}/err").read())
    result("with the size of the guest's screen", attempt(lambda: geometry()[2:] == (720, 400)), geometry())
    result("what the guest shows is seen", shown({(0, 1): RED, (1, 1): BLACK, (0, 0): BLACK}))
    xdo("windowfocus", "--sync", window)
    xdo("key", "q")
    result("a key reaches the guest, down and up", shown({(0, 0): BLUE, (1, 0): BLUE, (2, 0): BLACK}))
    line = control("screen.text")
    result("by its place on the keyboard", line.startswith("text: \u25ba\u00c9"), line)

    x, y = geometry()[:2]
    xdo("mousemove", x + 300, y + 200)
    result("motion is the host's before a click", settled(lambda: codes(1)) == 1, codes(1))
    xdo("click", 1)
    result("a click takes the pointer", attempt(lambda: "releases" in xdo("getwindowname", window)), xdo("getwindowname", window))
    xdo("mousemove_relative", 12, 5)
    result("then motion is the guest's", attempt(lambda: codes(1) >= 4), codes(1))
    xdo("keydown", "ctrl", "keydown", "alt", "keyup", "alt", "keyup", "ctrl")
    result("Ctrl-Alt gives it back", attempt(lambda: "releases" not in xdo("getwindowname", window)), xdo("getwindowname", window))
    before = settled(lambda: codes(1))
    xdo("mousemove", x + 100, y + 100)
    after = settled(lambda: codes(1))
    result("and motion is the host's again", after == before, (before, after))

    xdo("keydown", "ctrl", "keydown", "alt", "key", "Return", "keyup", "alt", "keyup", "ctrl")
    result("Ctrl-Alt-Enter takes the whole screen", attempt(lambda: geometry()[2:] == (1024, 768)), geometry())
    result("on which the guest's stands large", attempt(lambda: dots(300, 384, 1, 1) == [BLACK] and BLUE in dots(0, 0, 1024, 200)))
    xdo("keydown", "ctrl", "keydown", "alt", "key", "Return", "keyup", "alt", "keyup", "ctrl")
    result("and gives it back", attempt(lambda: geometry()[2:] == (720, 400)), geometry())

    second = subprocess.run(
        [ABBEY, "run", "pc", "--timeout", "60", "--set", "backends.screen={ backend: sdl }"],
        env={**os.environ, "DISPLAY": ":none"},
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    result("no window without a desktop, in words", second.returncode == 1 and "no window can be opened" in second.stderr, second.stderr)
    machine.terminate()
    attempt(lambda: "asked the guest to power off" in open(f"{work}/err").read())  # two signals at once are one
    machine.terminate()
    result("SIGTERM is still the machine's", attempt(lambda: machine.poll() is not None) and machine.returncode == 143, machine.returncode)


try:
    tests()
except Exception as error:  # a test that broke off is a failure too
    result("the test comes to its end", False, repr(error))
finally:
    for process in (machine, manager, server):
        if process and process.poll() is None:
            process.kill()
            process.wait()
    shutil.rmtree(work, ignore_errors=True)
print(f"1..{number}")
