"""Decode a stream into lines, in constant memory, and say where it is not text."""

from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, getincrementaldecoder
from collections.abc import Iterable, Iterator
from io import IncrementalNewlineDecoder
from itertools import chain

from ..errors import ArgumentError

LONGEST_LINE = 1 << 20


def encoding_of(start: bytes) -> str:
    """Return the encoding that a byte order mark names, else UTF-8."""
    if start.startswith(BOM_UTF8):
        return "utf-8-sig"
    return "utf-16" if start.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) else "utf-8"


def text_lines(pieces: Iterable[bytes], name: str) -> Iterator[str]:
    """Yield the lines of a file, each without its end; name stands in the messages."""
    return chain.from_iterable(_lines(pieces, name))


def _lines(pieces: Iterable[bytes], name: str) -> Iterator[list[str]]:
    """Yield the lines that end in each piece, and the last."""
    number, rest = 1, ""
    for text in _decoded(pieces, name):
        odd = "\0" in text or len(rest) + len(text) > LONGEST_LINE
        *lines, rest = (rest + text).split("\n")
        for at, line in enumerate((*lines, rest) if odd else (), number):
            _check_line(line, at, name)
        yield lines
        number += len(lines)
    if rest:
        yield [rest]


def _check_line(line: str, number: int, name: str) -> None:
    if "\0" in line:
        raise ArgumentError(
            f"{name}: line {number} holds a NUL byte: expected text in UTF-8"
            " (or UTF-16 with a byte order mark)"
        )
    if len(line) > LONGEST_LINE:
        raise ArgumentError(
            f"{name}: line {number} is longer than {LONGEST_LINE} characters:"
            " expected one indicator, or one row, a line"
        )


def _decoded(pieces: Iterable[bytes], name: str) -> Iterator[str]:
    decoder: IncrementalNewlineDecoder | None = None
    encoding, offset, lines = "", 0, 1
    for piece in pieces:
        if decoder is None:
            encoding = encoding_of(piece)
            decoder = IncrementalNewlineDecoder(getincrementaldecoder(encoding)(), translate=True)
        try:
            text = str(decoder.decode(piece))
        except UnicodeDecodeError as error:
            # What the decoder was given may begin with bytes kept from the piece before.
            start = offset + len(piece) - len(error.object) + error.start
            line = lines + error.object[: error.start].decode(encoding, "replace").count("\n")
            raise ArgumentError(_not_decodable(error, name, start, line)) from error
        offset += len(piece)
        lines += text.count("\n")
        yield text
    if decoder is not None:
        try:
            yield str(decoder.decode(b"", final=True))
        except UnicodeDecodeError as error:
            start = offset - len(error.object) + error.start
            raise ArgumentError(_not_decodable(error, name, start, lines)) from error


def _not_decodable(error: UnicodeDecodeError, name: str, start: int, line: int) -> str:
    return (
        f"{name}: line {line}: byte 0x{error.object[error.start]:02x} at offset {start} is not"
        f" {error.encoding.upper()}: save the file as UTF-8"
    )
