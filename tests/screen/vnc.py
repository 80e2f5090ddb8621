"""vnc.py - see vnc.sh."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from rfb import Client, Refused  # noqa: E402

ABBEY, SRCDIR = os.environ["ABBEY"], os.environ["ABBEY_SRCDIR"]
work = tempfile.mkdtemp()
number = 0
running = None
LIMIT = 300  # seconds for what takes a moment: the host may be slow


def result(name, good, why=""):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - vnc: {name}")
    if not good:
        print(f"# {why}")
    sys.stdout.flush()


def free_port():
    return int(subprocess.check_output([f"{SRCDIR}/tests/guests/free-ports"]))


def machine(more):
    path = os.path.join(work, "machine.yaml")
    with open(path, "w") as file:
        file.write(
            f"""abbey: 1
base: pc
memory: 4M
firmware: null
boot: {{ kernel: {work}/echo.bin, format: raw, mode: real, load: 0x7c00, entry: 0x7c00 }}
backends:
  screen: {{ backend: vnc, {more} }}
devices:
  vga: {{ display: screen }}
"""
        )
    return path


def start(more):
    global running
    stop()
    running = subprocess.Popen(
        [ABBEY, "run", machine(more), "--timeout", str(4 * LIMIT), "--control", f"{work}/control"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=open(f"{work}/err", "w"),
    )
    attempt(lambda: "running" in control("vm.status") or running.poll() is not None)


def stop():
    global running
    if running:
        control("vm.quit")
        running.wait(LIMIT)
        running = None
    if os.path.exists(f"{work}/control"):
        os.unlink(f"{work}/control")


def control(*arguments):
    command = [ABBEY, "ctl", f"{work}/control", *arguments]
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout


def attempt(test, limit=LIMIT):
    """Whether the condition comes true in time."""
    end = time.monotonic() + limit
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.05)
    return False


def paper(client, column, row):
    """The commonest colour in a cell of 9 by 16 dots."""
    dots = [client.rows[16 * row + y][9 * column + x] for y in range(16) for x in range(9)]
    return max(set(dots), key=dots.count)


def shown(client, wanted):
    """Whether these cells get these papers, by incremental updates."""
    for _ in range(50):
        if all(paper(client, *cell) == colour for cell, colour in wanted.items()):
            return True
        client.update()
    return False


def viewer(port, **options):
    client = Client(port, **options)
    client.update(incremental=False)
    return client


BLUE, RED, BLACK = 0x0000AA, 0xAA0000, 0x000000


def seen_and_typed(client, first):
    """Types a letter; the guest shows two codes from cell `first` on."""
    before = shown(client, {(first, 0): BLACK, (first + 1, 0): BLACK})
    client.key(ord("q"))
    return before and shown(client, {(first, 0): BLUE, (first + 1, 0): BLUE, (first + 2, 0): BLACK})


def tests():
    subprocess.run([sys.executable, f"{SRCDIR}/tests/screen/echo.py", f"{work}/echo.bin"], check=True)
    port = free_port()
    start(f'listen: "127.0.0.1:{port}"')
    client = viewer(port)
    client.update(incremental=False)
    result("the size is that of text mode", (client.width, client.height) == (720, 400), (client.width, client.height))
    # The acknowledge of the mouse is the first thing on the screen.
    result("what the guest shows is seen", shown(client, {(0, 1): RED, (1, 1): BLACK}))
    result("keys reach the guest", seen_and_typed(client, 0))
    line = control("screen.text")  # 10h, then 90h: its make and its break code
    result("by their codes", line.startswith("text: \u25ba\u00c9"), line)
    client.pointer(100, 100)
    client.pointer(110, 95, 1)
    client.pointer(110, 95, 0)
    result("the pointer reaches the guest", shown(client, {(3, 1): RED, (9, 1): RED}))
    second = viewer(port)
    second.key(ord("A"))  # with the Shift that the guest's keyboard needs
    result("two viewers see the same", shown(client, {(5, 0): BLUE}) and shown(second, {(5, 0): BLUE}))

    web = viewer(port, web=True)
    result("a web-socket is the same screen", shown(web, {(0, 0): BLUE, (5, 0): BLUE}))
    web.key(ord("x"))
    result("and keyboard", shown(web, {(7, 0): BLUE}))

    # A viewer that reads nothing holds up neither the guest nor others for long.
    mute = Client(port)
    for _ in range(200):
        mute.send(b"\3\0" + b"\0\0\0\0" + (720).to_bytes(2, "big") + (400).to_bytes(2, "big"))
    began = time.monotonic()
    answer = control("vm.status")
    result("a viewer that does not read does not stop the machine", "running" in answer, answer)
    result("nor the others for ever", seen_and_typed(client, 8), time.monotonic() - began)
    # Nonsense on the line.
    for nonsense in (b"RFB 003.008\n" + b"\xff" * 40, b"GET / HTTP/1.1\r\n\r\n", b"\0" * 100, b"RFB 003.003\n\1\xff"):
        with socket.create_connection(("127.0.0.1", port)) as sock:
            sock.sendall(nonsense)
    result("nonsense is survived", attempt(lambda: "running" in control("vm.status")))
    stop()

    start(f'listen: "127.0.0.1:{port}", password: secret')
    try:
        Client(port)
        result("a password is asked for", False, "let in without")
    except Refused:
        result("a password is asked for", True)
    try:
        Client(port, password="wrong")
        result("a wrong one is refused", False, "let in")
    except Refused:
        result("a wrong one is refused", True)
    try:
        result("the right one is taken", viewer(port, password="secret").width == 720)
    except Refused as error:
        result("the right one is taken", False, error)
    stop()

    for listen in ("0.0.0.0:5900", ":5900", "[::]:5900"):
        run = subprocess.run(
            [ABBEY, "run", machine(f'listen: "{listen}"')], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        result(f"{listen} without a password is refused", run.returncode == 1 and "password" in run.stderr, run.stderr)
    run = subprocess.run(
        [ABBEY, "run", machine("listen: nowhere")], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    result("a wrong address is refused", run.returncode == 1 and "host:port" in run.stderr, run.stderr)

    root = f"{work}/web"
    os.mkdir(root)
    with open(f"{root}/vnc.html", "w") as file:
        file.write("<p>a page</p>")
    web_port = free_port()
    start(f'listen: "127.0.0.1:{port}", web: {web_port}, web_root: {root}')
    for time_of in ("are served", "are served again"):
        with socket.create_connection(("127.0.0.1", web_port), timeout=LIMIT) as sock:
            sock.sendall(b"GET /vnc.html HTTP/1.0\r\n\r\n")
            answer = b""
            while more := sock.recv(1000):
                answer += more
        result(f"the pages of web_root {time_of}", b"<p>a page</p>" in answer, answer)
    result("and the machine goes on", attempt(lambda: "running" in control("vm.status")))


try:
    tests()
except Exception as error:  # a test that broke off is a failure too
    result("the test comes to its end", False, repr(error))
finally:
    stop()
    shutil.rmtree(work)
print(f"1..{number}")
