"""Whatever the text, refanging, typing and keys hold to their promises."""

from io import BytesIO
from itertools import chain

from hypothesis import example, given, settings
from hypothesis import strategies as st

from ioc_removal.errors import ArgumentError
from ioc_removal.indicators.items import Indicator, Unused
from ioc_removal.indicators.normal import normalised
from ioc_removal.indicators.reader import read_indicators
from ioc_removal.indicators.refang import refang
from ioc_removal.indicators.typed import TYPES, judged, plain_type, plain_types, type_of

anything = st.text() | st.text(st.characters(codec=None, categories=None))
FRAGMENTS = r"""
hxxp fxp http HTTPS s :// : / // [ ] ( ) . dot [.] [dot] (.) [:] [://] @ ? # % * \ , ; 80 :443
192.0.2.1 2001:db8::1 example com xn-- ß İ é １ ． ٠ _ - a A 0 | = ' "
"""
pieces = st.lists(st.sampled_from(FRAGMENTS.split()) | st.characters(), max_size=12).map("".join)
urls = st.lists(
    st.text("ab,;/", max_size=6).map(lambda path: f"http://malware.example/{path}"), min_size=1
)
texts = anything | pieces
quick = settings(max_examples=300, database=None, deadline=None)


@quick
@given(texts)
@example("[[dot]]")
@example("[[:]//]")
def test_refang_leaves_nothing_to_undo(text: str) -> None:
    assert refang(refang(text)) == refang(text)


@quick
@given(texts)
def test_a_text_has_a_type_or_a_reason(text: str) -> None:
    kind, reason = judged(text)
    assert (kind in TYPES and not reason) or (kind is None and reason)


@quick
@given(texts)
def test_what_has_a_type_can_be_sent(text: str) -> None:
    if type_of(text):
        assert text.encode().decode().split() == [text]


@quick
@given(st.lists(texts, max_size=5))
@example(["пример.испытание", "malware.example/путь", "malware.example/a[.]b"])
@example([f"{'a.' * 127}example/путь", "a.example"])
def test_what_is_plain_is_so_in_a_list_and_has_nothing_to_undo(some: list[str]) -> None:
    kinds = plain_types(some)
    assert kinds == [plain_type(text) or "" for text in some]
    assert all(refang(text) == text for text, kind in zip(some, kinds, strict=True) if kind)


@quick
@given(texts)
@example("http://[::1]:80")
@example("İ.example.")
def test_a_key_is_its_own_key_and_keeps_the_type(text: str) -> None:
    key = normalised(text)
    assert normalised(key) == key
    assert type_of(key) == type_of(text.strip())


@quick
@given(
    st.binary()
    | st.lists(pieces).map("\n".join).map(lambda text: text.encode("utf-8", "surrogatepass"))
)
@example(b"\xff\xfe\x00")
@example(b"\xef\xbb\xbf")
def test_any_bytes_are_items_or_a_named_error(content: bytes) -> None:
    for name in ("iocs.csv", "iocs.txt", "iocs.json", "-"):
        try:
            items = [*chain.from_iterable(read_indicators(BytesIO(content), name))]
        except ArgumentError as error:
            assert str(error).startswith(f"{name}: ")  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017
        else:
            assert all(item.reason for item in items if isinstance(item, Unused))


@quick
@given(urls)
def test_a_list_of_urls_is_never_cut_at_a_comma(lines: list[str]) -> None:
    content = "\n".join(lines).encode()
    for name in ("iocs.csv", "iocs.txt", "-"):
        try:
            items = [*chain.from_iterable(read_indicators(BytesIO(content), name))]
        except ArgumentError as error:
            assert "--format text" in str(error)  # noqa: PT017
            assert name != "iocs.txt"
        else:
            assert {item.value for item in items if isinstance(item, Indicator)} == set(lines)
