"""chromium.py - a headless Chromium, told what to do by the DevTools protocol over a pair of pipes: JSON objects, each ended
by a zero byte, that the browser reads from descriptor 3 and writes to descriptor 4."""
import fcntl
import json
import os
import select
import subprocess
import time


class Failed(Exception):
    pass


class Browser:
    """With one page, at about:blank."""

    def __init__(self, program, profile, log):
        from_us, to_browser = os.pipe()
        from_browser, to_us = os.pipe()

        def descriptors():  # in the child; a copy first, for the pipes may have the numbers 3 and 4
            copies = fcntl.fcntl(from_us, fcntl.F_DUPFD, 20), fcntl.fcntl(to_us, fcntl.F_DUPFD, 20)
            os.dup2(copies[0], 3)
            os.dup2(copies[1], 4)

        arguments = ["--headless=new", "--remote-debugging-pipe", f"--user-data-dir={profile}", "--disable-gpu"]
        arguments += ["--no-first-run", "--disable-dev-shm-usage", "--disable-background-networking", "--window-size=1024,768"]
        if os.getuid() == 0:
            arguments.append("--no-sandbox")  # it refuses root otherwise
        self.process = subprocess.Popen(
            [program, *arguments, "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=False,
            preexec_fn=descriptors,
            start_new_session=True,
        )
        os.close(from_us)
        os.close(to_us)
        self.write_end, self.read_end = to_browser, from_browser
        self.rest, self.number, self.session = b"", 0, None
        page = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]

    def message(self, end):
        while b"\0" not in self.rest:
            if not select.select([self.read_end], [], [], max(0, end - time.monotonic()))[0]:
                raise Failed("the browser does not answer")
            more = os.read(self.read_end, 65536)
            if not more:
                raise Failed("the browser has ended")
            self.rest += more
        text, self.rest = self.rest.split(b"\0", 1)
        return json.loads(text)

    def call(self, method, limit=300, **parameters):
        self.number += 1
        request = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        os.write(self.write_end, json.dumps(request).encode() + b"\0")
        end = time.monotonic() + limit
        while True:
            answer = self.message(end)
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise Failed(f"{method}: {answer['error']}")
                return answer["result"]

    def value(self, expression):
        """What an expression of the page's script gives; None where it fails."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def press(self, character):
        """A key of the keyboard: a letter, a digit, a space, or Enter as a line feed."""
        names = {"\n": ("Enter", "Enter", 13), " ": (" ", "Space", 32)}
        digit = f"Digit{character}" if character.isdigit() else f"Key{character.upper()}"
        key, code, number = names.get(character, (character, digit, ord(character.upper())))
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=code, windowsVirtualKeyCode=number)

    def close(self):
        try:
            self.session = None
            self.call("Browser.close", limit=20)
            self.process.wait(20)
        except (Failed, OSError, subprocess.TimeoutExpired):
            pass
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)
