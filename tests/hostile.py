"""Answers that no honest server gives, as hypothesis makes them up."""

import json
from collections.abc import Callable, Mapping, Sequence
from gzip import compress as gzip
from os import environ
from typing import Any
from zlib import compress as deflate

from hypothesis import settings
from hypothesis import strategies as st

MORE = int(environ.get("MORE_EXAMPLES", "1"))  # times the examples of `make test`
MARKS = ("\x00", "\x1b[2J", "\u202e", "\ud83d", "\r\n", "é", "\u2028", "{}", "%s", "'", '"', "\\")


def examples(count: int) -> settings:
    """Return how many examples are made up: the same ones each time, unless more are wanted."""
    return settings(max_examples=count * MORE, database=None, deadline=None, derandomize=MORE == 1)


odd = st.text(max_size=12) | st.text(st.characters(codec=None, categories=None), max_size=6)
texts = odd | st.lists(st.sampled_from(MARKS) | odd, max_size=6).map("".join)
numbers = st.integers() | st.floats() | st.sampled_from([0, -1, 2**63, -(10**40), 1e308, True])
plain = st.none() | st.booleans() | numbers | texts
anything = st.recursive(
    plain,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def nested(depth: int, opening: str = "[", inside: str = "", closing: str = "]") -> str:
    """Return JSON that is nested so deep."""
    return opening * depth + inside + closing * depth


def steps_of(document: Any) -> list[tuple[Any, ...]]:
    """Return the way to each part of a document."""
    found: list[tuple[Any, ...]] = [()]
    entries: Any = ()
    if isinstance(document, Mapping):
        entries = document.items()
    elif isinstance(document, list):
        entries = enumerate(document)
    return found + [(key, *rest) for key, value in entries for rest in steps_of(value)]


def changed(document: Any, way: Sequence[Any], change: Callable[[Any], Any]) -> Any:
    """Return a copy of a document with one part changed."""
    if not way:
        return change(document)
    step, *rest = way
    if isinstance(document, list):
        return [changed(v, rest, change) if k == step else v for k, v in enumerate(document)]
    return {k: changed(v, rest, change) if k == step else v for k, v in document.items()}


@st.composite
def altered(draw: st.DrawFn, documents: Sequence[Any]) -> Any:
    """Return one of some documents, with up to three of its parts changed."""
    document = draw(st.sampled_from(documents))
    for _ in range(draw(st.sampled_from([0, 0, 1, 1, 2, 3]))):
        way = draw(st.sampled_from(steps_of(document)))
        new: Any = draw(
            anything
            | st.sampled_from(["", [], {}, None, "Deleted", "error", "x" * 5000, 0, [[]], [None]])
            | st.sampled_from(documents).map(lambda other: other)
        )
        kind = draw(st.sampled_from(["replace", "replace", "wrap", "twice", "add", "drop"]))
        key = draw(
            st.sampled_from(
                [
                    "status",
                    "error_code",
                    "error_msg",
                    "error",
                    "code",
                    "message",
                    "id",
                    "outcome",
                    "tenant",
                    "node",
                    "action",
                ]
            )
            | texts
        )
        document = changed(document, way, _change(kind, key, new))
    return document


def _change(kind: str, key: str, new: Any) -> Callable[[Any], Any]:
    def change(old: Any) -> Any:
        if kind == "wrap":
            return [old]
        if kind == "twice":
            return [old, old] if not isinstance(old, list) else old + old
        if kind == "add" and isinstance(old, dict):
            return {**old, key: new}
        if kind == "drop" and isinstance(old, dict | list) and old:
            return old[1:] if isinstance(old, list) else dict(list(old.items())[1:])
        return new

    return change


@st.composite
def bodies(draw: st.DrawFn, documents: Sequence[Any]) -> bytes:
    """Return the body of an answer: near a documented one, any JSON, or anything."""
    kind = draw(st.sampled_from(["altered"] * 6 + ["json", "deep", "text", "bytes", "markup"]))
    if kind == "bytes":
        return draw(st.binary(max_size=60))
    if kind == "markup":
        return b"<html><body>\x1b[31m" + draw(st.binary(max_size=20)) + b"</body></html>"
    if kind == "deep":
        return draw(st.sampled_from(DEEP)).encode()
    value = draw(texts if kind == "text" else anything if kind == "json" else altered(documents))
    if kind == "text":
        return str(value).encode("utf-8", "surrogatepass")
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    coding = draw(st.sampled_from(["utf-8"] * 5 + ["utf-8-sig", "utf-16", "latin-1"]))
    return text.encode(coding, "surrogatepass" if coding.startswith("utf") else "replace")


DEEP = (
    nested(40),
    nested(60),
    nested(2_000),
    nested(100_000),
    "[" * 100_000,
    nested(3_000, '{"data":', "1", "}"),
    '[{"status": ' + nested(49) + ', "error_indicators": []}]',
    '{"data": {"success_ids": ' + nested(45) + "}}",
    "9" * 5_000,
    '{"total": ' + "9" * 400 + ', "data": []}',
    '{"total": 1e999, "items": [], "data": []}',
    '{"total": NaN, "items": [], "data": []}',
    '{"total": -1, "items": [], "data": []}',
    '[{"status": "Deleted", "error_indicators": [NaN]}]',
    '[{"status": "a\\q"}]',
    '"\\ud800"',
)
HEADERS = (
    b"Content-Type: text/html; charset=\xff",
    b"Content-Type: multipart/mixed; boundary=x",
    b"Retry-After: 99999999999999999999999",
    b"Retry-After: -5",
    b"Retry-After: \xb2",
    b"Retry-After: Fri, 31 Feb 99999 25:61:61 GMT",
    b"Date: Thu, 99 Foo -1 00:00:00 +9999",
    b"X-request-id: " + b"r" * 3_000,
    b"X-request-id: \x1b[31mred\xff",
    b"X-request-id:",
    b"X-Subject-Token: " + b"t" * 60_000,
    b"X-Subject-Token: \xe9",
    b"Location: http://[::1",
    b"Location: //169.254.169.254/",
    b"Set-Cookie: a=b; Expires=Thu, 99-Foo-0000 00:00:00 GMT; Max-Age=x; Domain=.com; Path=\xff",
    b"Set-Cookie: " + b"c" * 9_000,
    b"Connection: upgrade",
    b"Trailer: Content-Length",
    b"no colon in this line",
    b" continued",
    b": without a name",
    b"X: " + b"y" * 70_000,
    b"X: \x00\x01\x02",
    b"Content-Encoding: gzip",
    b"Content-Encoding: deflate",
    b"Content-Encoding: gzip, gzip",
    b"Content-Encoding: br",
    b"Content-Encoding: unheard-of",
    b"Content-Encoding: " + b", ".join([b"gzip"] * 50),
    b"Transfer-Encoding: chunked",
    b"Transfer-Encoding: gzip, chunked",
    b"Transfer-Encoding: identity",
)
VERSIONS = (b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.1", b"HTTP/1.0", b"HTTP/0.9", b"HTTP/2", b"ICY")
INTERIM = (
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
    b"HTTP/1.1 102 Processing\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n" * 300,
)
SIZES = (b"+5", b"-1", b"1e3", b"0x10", b"", b"99999999999999999999", b"5, 5", b"5, 6", b"\xd9\xa1")
CHUNK_SIZES = (b"zz", b"-5", b"", b"ffffffffffffffff", b"5;" + b"x" * 70_000, b"\x00")


@st.composite
def answers(
    draw: st.DrawFn, documents: Sequence[Any], statuses: Sequence[int], often: bytes = b""
) -> bytes:
    """Return an answer, byte for byte; statuses: those that are documented; often: a header."""
    documented = st.sampled_from([*statuses, 200])
    if draw(st.booleans()):  # odd is only what is said
        said = json.dumps(draw(altered(documents))).encode()
        usual = draw(st.sampled_from([*statuses[:2], *statuses]))
        start = b"HTTP/1.1 %d OK\r\n%s\r\n" % (usual, often or b"X: y")
        return start + b"Content-Length: %d\r\n\r\n%s" % (len(said), said)
    status = draw(documented | documented | st.integers(100, 599))
    phrase = draw(st.sampled_from([b"OK", b"", b"\x1b[2J\xff", b"p" * 3_000, b"<b>"]))
    head = [draw(st.sampled_from(VERSIONS)) + b" %d " % status + phrase]
    head += draw(st.lists(st.sampled_from(HEADERS), max_size=3))
    if often and draw(st.booleans()):
        head.append(often)
    body = draw(bodies(documents))
    if draw(st.integers(0, 9)) == 0:
        body, coding = draw(
            st.sampled_from(
                [
                    (gzip(body, mtime=0), b"gzip"),
                    (deflate(body), b"deflate"),
                    (gzip(gzip(body, mtime=0), mtime=0), b"gzip, gzip"),
                    (gzip(body, mtime=0)[:-9], b"gzip"),
                ]
            )
        )
        head.append(b"Content-Encoding: " + coding)
    framing = draw(st.sampled_from(["length"] * 6 + ["close", "sizes", "two", "chunks", "broken"]))
    if framing == "length":
        more = draw(st.sampled_from([0, 0, 0, 7, -3]))
        head.append(b"Content-Length: %d" % max(0, len(body) + more))
    elif framing == "sizes":
        head.append(b"Content-Length: " + draw(st.sampled_from(SIZES)))
    elif framing == "two":
        head += [b"Content-Length: %d" % len(body), b"Content-Length: %d" % (len(body) + 5)]
    elif framing != "close":
        head.append(b"Transfer-Encoding: chunked")
        body = _chunked(body, draw(st.sampled_from(CHUNK_SIZES)) if framing == "broken" else None)
    interim = draw(st.sampled_from([b""] * 12 + list(INTERIM)))
    ending = draw(st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n"]))
    answer = interim + ending.join([*head, b"", b""]) + body
    return draw(
        st.sampled_from([answer] * 20 + [answer[: len(answer) // 2], body, b"", b"\r\n\r\n"])
    )


def _chunked(body: bytes, wrong: bytes | None) -> bytes:
    half = len(body) // 2
    first = b"%x\r\n%s\r\n" % (half, body[:half]) if half else b""
    if wrong is not None:
        return first + wrong + b"\r\n" + body[half:] + b"\r\n0\r\n\r\n"
    rest = body[half:]
    last = b"%x;name=value\r\n%s\r\n" % (len(rest), rest) if rest else b""
    return first + last + b"0\r\nX-Trailer: 1\r\nContent-Length: 3\r\n\r\n"
