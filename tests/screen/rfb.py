"""rfb.py - a small RFB 3.8 client for tests (RFC 6143): raw encoding, keys, pointer, VNC authentication by the openssl
command; and the hand-shake of a web-socket (RFC 6455), through which it can talk as well."""
import base64
import os
import socket
import struct
import subprocess


class Refused(Exception):
    pass


def des_response(password, challenge):
    """DES of the challenge with the password, whose bytes are taken with their bits reversed."""
    key = bytes(int(f"{b:08b}"[::-1], 2) for b in password.encode()[:8].ljust(8, b"\0"))
    command = ["openssl", "enc", "-des-ecb", "-nopad", "-K", key.hex(), "-provider", "legacy", "-provider", "default"]
    return subprocess.run(command, input=challenge, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout


class WebSocket:
    """A socket whose bytes travel in binary frames."""

    def __init__(self, sock):
        self.sock, self.rest = sock, b""
        key = base64.b64encode(os.urandom(16)).decode()
        sock.sendall(
            f"GET /websockify HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: binary\r\n"
            f"Origin: http://127.0.0.1\r\n\r\n".encode()
        )
        answer = b""
        while b"\r\n\r\n" not in answer:
            more = sock.recv(1)
            if not more:
                raise Refused("no answer to the web-socket's hand-shake")
            answer += more
        if b" 101 " not in answer.split(b"\r\n")[0]:
            raise Refused(answer.decode(errors="replace"))

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def recv(self, count):
        while not self.rest:
            _, length = self.exactly(2)
            length &= 127
            if length >= 126:
                length = int.from_bytes(self.exactly(2 if length == 126 else 8), "big")
            self.rest = self.exactly(length)
        data, self.rest = self.rest[:count], self.rest[count:]
        return data

    def sendall(self, data):
        mask = os.urandom(4)
        assert len(data) < 126
        masked = bytes(b ^ mask[i % 4] for i, b in enumerate(data))
        self.sock.sendall(bytes([0x82, 0x80 | len(data)]) + mask + masked)


class Client:
    """Connected, the size known; the picture is a list of rows of pixels as integers."""

    def __init__(self, port, password=None, web=False):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=300)
        if web:
            self.sock = WebSocket(self.sock)
        assert self.exactly(12).startswith(b"RFB 003.")
        self.send(b"RFB 003.008\n")
        types = self.exactly(self.exactly(1)[0])
        if password is None:
            if 1 not in types:
                raise Refused(f"security types {list(types)}")
            self.send(b"\1")
        else:
            if 2 not in types:
                raise Refused(f"security types {list(types)}")
            self.send(b"\2")
            self.send(des_response(password, self.exactly(16)))
        if struct.unpack(">I", self.exactly(4))[0] != 0:
            raise Refused("authentication failed")
        self.send(b"\1")
        self.width, self.height = struct.unpack(">HH", self.exactly(4))
        self.exactly(16)
        self.name = self.exactly(struct.unpack(">I", self.exactly(4))[0]).decode()
        # 32 bits, little-endian, blue lowest; raw encoding and changes of size.
        self.send(struct.pack(">BxxxBBBBHHHBBBxxx", 0, 32, 24, 0, 1, 255, 255, 255, 16, 8, 0))
        self.send(struct.pack(">BxHii", 2, 2, 0, -223))
        self.rows = [[0] * self.width for _ in range(self.height)]

    def exactly(self, count):
        data = b""
        while len(data) < count:
            more = self.sock.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def send(self, data):
        self.sock.sendall(data)

    def key(self, symbol, down=None):
        for state in (1, 0) if down is None else (down,):
            self.send(struct.pack(">BBxxI", 4, state, symbol))

    def pointer(self, x, y, buttons=0):
        self.send(struct.pack(">BBHH", 5, buttons, x, y))

    def update(self, incremental=True):
        """Asks for what changed, waits for it and puts it into the picture."""
        self.send(struct.pack(">BBHHHH", 3, incremental, 0, 0, self.width, self.height))
        while True:
            kind = self.exactly(1)[0]
            if kind == 0:
                break
            if kind == 3:  # cut text
                self.exactly(3)
                self.exactly(struct.unpack(">I", self.exactly(4))[0])
            elif kind != 2:
                raise Refused(f"message {kind}")
        for _ in range(struct.unpack(">xH", self.exactly(3))[0]):
            x, y, width, height, encoding = struct.unpack(">HHHHi", self.exactly(12))
            if encoding == -223:
                self.width, self.height = width, height
                self.rows = [[0] * width for _ in range(height)]
            elif encoding == 0:
                data = self.exactly(width * height * 4)
                for row in range(height):
                    pixels = struct.unpack(f"<{width}I", data[row * width * 4 : (row + 1) * width * 4])
                    self.rows[y + row][x : x + width] = [p & 0xFFFFFF for p in pixels]
            else:
                raise Refused(f"encoding {encoding}")
