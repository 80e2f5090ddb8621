"""png.py FILE X,Y... - prints size and pixels of a PNG picture of 8-bit RGB as libpng writes it (ISO/IEC 15948)."""
import struct
import sys
import zlib


def load(path):
    data = open(path, "rb").read()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
            assert (depth, colour) == (8, 2)
        elif kind == b"IDAT":
            packed += body
        at += 12 + length
    raw, rows, above, stride = zlib.decompress(packed), [], bytes(3 * width), 3 * width
    for y in range(height):
        method, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1 : (y + 1) * (stride + 1)])
        for i in range(stride):
            left, up, corner = (line[i - 3] if i > 2 else 0), above[i], (above[i - 3] if i > 2 else 0)
            if method == 4:
                guess = left + up - corner
                a, b, c = abs(guess - left), abs(guess - up), abs(guess - corner)
                add = left if a <= b and a <= c else up if b <= c else corner
            else:
                add = (0, left, up, (left + up) // 2)[method]
            line[i] = (line[i] + add) & 255
        rows.append(line)
        above = line
    return width, height, rows


if __name__ == "__main__":
    width, height, rows = load(sys.argv[1])
    print(f"{width}x{height}", *[
        bytes(rows[int(y)][3 * int(x) : 3 * int(x) + 3]).hex() for x, y in (place.split(",") for place in sys.argv[2:])
    ])
