"""browser.py GUEST PICTURES - see browser.sh."""
import base64
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from chromium import Browser  # noqa: E402

ABBEY, SRCDIR = os.environ["ABBEY"], os.environ["ABBEY_SRCDIR"]
guest, pictures = sys.argv[1:]
work = tempfile.mkdtemp()
number = 0
LIMIT = 300

# The dots of the page's canvas that are not black.
LIT = """(() => {
    const canvas = document.querySelector('canvas');
    const dots = new Uint32Array(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.buffer);
    return dots.reduce((sum, dot) => sum + ((dot & 0xffffff) !== 0), 0);
})()"""


def result(name, good, why=""):
    global number
    number += 1
    print(f"{'ok' if good else 'not ok'} {number} - browser: {name}")
    if not good:
        for line in str(why).splitlines():
            print(f"# {line}")
    sys.stdout.flush()


def free_port():
    return int(subprocess.check_output([f"{SRCDIR}/tests/guests/free-ports"]))


def control(*arguments):
    run = subprocess.run([ABBEY, "ctl", f"{work}/control", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return run.stdout


def attempt(test):
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        if test():
            return True
        time.sleep(0.2)
    return False


def lines():
    return [line.strip() for line in control("screen.text").removeprefix("text: ").splitlines()]


def tests(vnc, web, browser):
    result("the guest has a shell on its screen", attempt(lambda: any(line.endswith("/ #") for line in lines())), lines())
    page = f"http://127.0.0.1:{web}/vnc.html?host=127.0.0.1&port={vnc}&autoconnect=true&resize=off"
    browser.call("Page.navigate", url=page)
    size = "(() => { const c = document.querySelector('canvas'); return [c.width, c.height]; })()"
    result("the page has a canvas of the screen's size", attempt(lambda: browser.value(size) == [720, 400]), browser.value(size))
    result("and the screen on it", attempt(lambda: (browser.value(LIT) or 0) > 500), browser.value(LIT))
    before = browser.value(LIT)
    typed = ""
    for character in "seq 7654 7656":  # a keyboard holds few keys that are not read yet
        browser.press(character)
        typed += character
        attempt(lambda: any(line.endswith(typed.strip()) for line in lines()))
    browser.press("\n")
    wanted = ["7654", "7655", "7656"]
    result("what is typed into the page is typed at the guest", attempt(lambda: all(line in lines() for line in wanted)), lines())
    result("whose answer the page shows", attempt(lambda: (browser.value(LIT) or 0) > before), browser.value(LIT))
    with open(f"{pictures}/browser.png", "wb") as file:
        file.write(base64.b64decode(browser.call("Page.captureScreenshot")["data"]))
    browser.call("Page.navigate", url="about:blank")
    result("the machine goes on when the page is left", "running" in control("vm.status"), control("vm.status"))


machine = browser = None
try:
    vnc, web = free_port(), free_port()
    machine = subprocess.Popen(
        [ABBEY, "run", "linux-direct", "--timeout", "900", "--control", f"{work}/control", "--set", "memory=128M"]
        + ["--set", f"boot.kernel={guest}/vmlinuz", "--set", f"boot.initrd={guest}/initrd.gz"]
        + ["--set", "boot.cmdline=console=tty0 quiet", "--set", "devices.vga.display=screen"]
        + ["--set", f'backends.screen={{ backend: vnc, listen: "127.0.0.1:{vnc}", web: {web} }}'],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    if not attempt(lambda: "running" in control("vm.status")):
        raise RuntimeError("the machine does not start")
    browser = Browser("chromium", f"{work}/profile", open(f"{work}/log", "w"))
    tests(vnc, web, browser)
except Exception as error:  # a test that broke off is a failure too
    result("the test comes to its end", False, repr(error))
finally:
    if browser:
        browser.close()
    if machine:
        control("vm.quit")
        try:
            result("the machine ends as it was told", machine.wait(LIMIT) == 130, machine.returncode)
        except subprocess.TimeoutExpired:
            machine.kill()
            result("the machine ends as it was told", False, "it does not")
    shutil.rmtree(work, ignore_errors=True)
print(f"1..{number}")
