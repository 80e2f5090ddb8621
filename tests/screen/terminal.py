"""terminal.py - see terminal.sh: the display `text` on a pseudo-terminal that this test looks at as a terminal would."""
import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import termios
import time

ABBEY, SRCDIR = os.environ["ABBEY"], os.environ["ABBEY_SRCDIR"]
work = tempfile.mkdtemp()
number = 0


def result(name, good, why=""):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - terminal: {name}")
    if not good:
        print(f"# {why!r}")
    sys.stdout.flush()


class Screen:
    """Cells of a terminal: character and colours, by the sequences that the display uses."""

    def __init__(self, rows, columns):
        self.rows, self.columns, self.all, self.rest = rows, columns, "", ""
        self.clear()

    def clear(self):
        self.cells, self.row, self.column, self.colours = {}, 0, 0, ""

    def feed(self, text):
        self.all += text
        text = self.rest + text
        while text:
            match = re.match(r"\x1b\[(\?\d+|[\d;]*)([A-Za-z])", text)
            if text[0] == "\x1b" and not match:
                break
            if match:
                what, kind = match.groups()
                if kind == "H":
                    self.row, self.column = (int(n) - 1 for n in (what or "1;1").split(";"))
                elif kind == "J":
                    self.cells = {}
                elif kind == "m":
                    self.colours = what
                text = text[match.end() :]
                continue
            self.cells[self.row, self.column] = (text[0], self.colours)
            self.column += 1
            text = text[1:]
        self.rest = text


class Terminal:
    def __init__(self, rows, columns, *arguments):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.slave, self.before = slave, termios.tcgetattr(slave)
        self.screen = Screen(rows, columns)
        self.run = subprocess.Popen(
            [ABBEY, "run", *arguments], stdin=slave, stdout=slave, stderr=subprocess.PIPE, start_new_session=True
        )

    def until(self, test, limit=300):
        end = time.monotonic() + limit
        while not test(self.screen):
            if time.monotonic() > end:
                return False
            if select.select([self.master], [], [], 0.1)[0]:
                self.screen.feed(os.read(self.master, 65536).decode(errors="replace"))
        return True

    def type(self, data):
        os.write(self.master, data)


def tests():
    subprocess.run([sys.executable, f"{SRCDIR}/tests/screen/echo.py", f"{work}/echo.bin"], check=True)
    path = f"{work}/machine.yaml"
    with open(path, "w") as file:
        file.write(
            f"""abbey: 1
base: pc
memory: 4M
firmware: null
boot: {{ kernel: {work}/echo.bin, format: raw, mode: real, load: 0x7c00, entry: 0x7c00 }}
backends: {{ screen: {{ backend: text }} }}
devices: {{ vga: {{ display: screen }} }}
"""
        )
    t = Terminal(10, 40, path, "--timeout", "1200")
    # FAh, the mouse's acknowledge, in row 1: a middle dot, yellow on red.
    shown = t.until(lambda s: s.cells.get((1, 0), "")[:1] == ("\u00b7",))
    result("cells come out as characters", shown, t.screen.all[-300:])
    result("in their colours", t.screen.cells.get((1, 0)) == ("\u00b7", "0;93;41"), t.screen.cells.get((1, 0)))
    result("and none beyond the terminal", all(r < 10 and c < 40 for r, c in t.screen.cells), t.screen.cells)
    # Each key: what is typed, and the codes that the guest's keyboard must send.
    for name, data, codes in (
        ("a letter", b"q", (0x10, 0x90)),
        ("a capital", b"Q", (0x2A, 0x10, 0xAA, 0x90)),
        ("Enter", b"\r", (0x1C, 0x9C)),
        ("Ctrl-C", b"\x03", (0x1D, 0x2E, 0xAE, 0x9D)),
        ("cursor up", b"\x1b[A", (0xE0, 0x48, 0xE0, 0xC8)),
        ("F5", b"\x1b[15~", (0x3F, 0xBF)),
        ("Alt-x", b"\x1bx", (0x38, 0x2D, 0xAD, 0xB8)),
        ("Esc", b"\x1b", (0x01, 0x81)),
        ("Ctrl-A", b"\x01\x01", (0x1D, 0x1E, 0x9E, 0x9D)),
    ):
        start = max((c for r, c in t.screen.cells if r == 0 and t.screen.cells[r, c][1] == "0;97;44"), default=-1) + 1
        wanted = [(bytes([c]).decode("cp437") if c >= 32 and c != 127 else None) for c in codes]
        t.type(data)
        seen = t.until(
            lambda s: all(
                (0, start + i) in s.cells
                and s.cells[0, start + i][1] == "0;97;44"
                and (w is None or s.cells[0, start + i][0] == w)
                for i, w in enumerate(wanted)
            )
        )
        result(f"{name} reaches the guest", seen, [t.screen.cells.get((0, start + i)) for i in range(len(codes))])
    t.type(b"\x01x")
    status = t.until(lambda s: t.run.poll() is not None) and t.run.wait()
    t.until(lambda s: "\x1b[?1049l" in s.all)
    result("Ctrl-A x quits", status == 130, status)
    result("the user's screen is back", "\x1b[?1049h" in t.screen.all and "\x1b[?1049l" in t.screen.all)
    result("and the terminal's mode", termios.tcgetattr(t.slave) == t.before)
    run = subprocess.run([ABBEY, "run", path], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    result("without a terminal it is refused", run.returncode == 1 and "needs a terminal" in run.stderr, run.stderr)


try:
    tests()
except Exception as error:  # a test that broke off is a failure too
    result("the test comes to its end", False, repr(error))
finally:
    shutil.rmtree(work)
print(f"1..{number}")
