"""echo.py FILE - writes a guest for boot.format: raw in real mode, which shows on the text screen what it gets from the
keyboard controller: each byte from the keyboard as the character of that code, in row 0; each byte from the mouse in
row 1, with another attribute. It enables the mouse port and asks the mouse to report."""
import sys

code = bytearray()


def emit(*values):
    code.extend(values)


def wait_input():  # until the controller takes a byte
    emit(0xE4, 0x64, 0xA8, 0x02, 0x75, 0xFA)  # in al,64h; test al,2; jnz


def out(port, value):
    wait_input()
    emit(0xB0, value, 0xE6, port)


emit(0xFA)  # cli
emit(0xB8, 0x00, 0xB8, 0x8E, 0xC0)  # mov ax,b800h; mov es,ax
emit(0x31, 0xFF)  # xor di,di: the keyboard's place
emit(0xBE, 160, 0)  # mov si,160: the mouse's
out(0x64, 0xA8)
out(0x64, 0xD4)
out(0x60, 0xF4)
loop = len(code)
emit(0xE4, 0x64)  # in al,64h
emit(0xA8, 0x01, 0x74, 0xFA)  # test al,1; jz loop
emit(0x88, 0xC3)  # mov bl,al
emit(0xE4, 0x60)  # in al,60h
emit(0xF6, 0xC3, 0x20)  # test bl,20h
emit(0x75, 0x07)  # jnz mouse
emit(0xB4, 0x1F, 0xAB)  # mov ah,1fh; stosw
emit(0xEB, (loop - (len(code) + 2)) & 0xFF)
emit(0x90, 0x90)
emit(0x87, 0xFE)  # mouse: xchg di,si
emit(0xB4, 0x4E, 0xAB)  # mov ah,4eh; stosw
emit(0x87, 0xFE)
emit(0xEB, (loop - (len(code) + 2)) & 0xFF)
open(sys.argv[1], "wb").write(code)
