"""The image of an integration: 120 x 50 pixels, drawn here, for the pack must have one."""

import struct
from zlib import compress, crc32

WIDTH, HEIGHT = 120, 50
GROUND, SIGN, STROKE = (255, 255, 255), (47, 72, 88), (214, 69, 65)
LEFT, TOP, SIDE, WIDE = 45, 10, 30, 4  # of the sign: a square that is struck out


def image() -> bytes:
    """Return a PNG: a square, struck out."""
    rows = b"".join(
        b"\0" + b"".join(bytes(_colour(x, y)) for x in range(WIDTH)) for y in range(HEIGHT)
    )
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", compress(rows, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _colour(x: int, y: int) -> tuple[int, int, int]:
    across, down = x - LEFT, y - TOP
    if not (0 <= across < SIDE and 0 <= down < SIDE):
        return GROUND
    if abs(across + down - SIDE) < WIDE:
        return STROKE
    edge = min(across, down, SIDE - 1 - across, SIDE - 1 - down)
    return SIGN if edge < WIDE else GROUND


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data))
