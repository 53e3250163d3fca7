"""What is told of a value at first sight is what a closer look tells."""

from hypothesis import example, given
from hypothesis import strategies as st

from ioc_removal.indicators.normal import _host_key
from ioc_removal.indicators.refang import refang
from ioc_removal.indicators.typed import _closely, is_domain, plain_type
from ioc_removal.trust.forms import forms_of, host_name
from ioc_removal.trust.glances import glances, near
from ioc_removal.trust.listed import Listed
from ioc_removal.trust.patterns import Patterns, _form
from ioc_removal.trust.shapes import FEW, is_plain, not_plain, private_in, suffix_in, wildcard_in
from made_up_texts import PARTS_OF_NAMES, TEXTS


@given(TEXTS)
@example("1.2.3.4-5")
@example("1" * 32)
@example("http://a.b:8080/x]")
@example("2a00:1450:1:2:3:4:5::")
@example("1:2::3:4:5:6:7")
@example("1:2::3:4:5:6:7:8")
def test_what_is_plainly_of_a_type_is_so_at_a_closer_look(text: str) -> None:
    if (kind := plain_type(text)) is not None:
        assert refang(text) == text
        assert _closely(text) == (kind, "") or kind in {"md5", "sha1", "sha256", "ipv4"}
        assert _closely(text)[0] == kind


@given(TEXTS)
@example("https://home.arpa/x")
@example("WWW.co.uk")
@example("2a00:1450::1")
@example("http://8.8.8.8:8080/a?b")
@example("http://co.uk:80/")
@example("https://example.com/ä?b*")
def test_of_what_is_plain_the_guards_have_nothing_to_say(text: str) -> None:
    if is_plain(text, {"a.example"}):
        forms = forms_of(text)
        assert wildcard_in(text, forms) is None
        assert wildcard_in(text, forms, path=True) is None
        assert suffix_in(text, forms, {"a.example"}) is None
        assert private_in(forms) is None


def in_punycode(name: str) -> str:
    """Return a name in Punycode where that is exact, as decoding it tells."""
    try:
        coded = name.encode("idna")
        exact = coded.decode("idna") == name and is_domain(coded.decode("ascii"))
    except UnicodeError:
        return name
    return coded.decode("ascii") if exact else name


LABELS = st.text("abz09-_ßäöüéжеңı中国🙂ﬁⅷ９ﾊ\u0345\u200d", max_size=9) | PARTS_OF_NAMES


@given(st.lists(LABELS, max_size=4), st.sampled_from([*"...。．"]))
@example(["xn--bcher-kva", "bücher", "example"], ".")
@example(["bücher", "example", "com"], ".")
@example(["bücher", "example"], "。")
@example(["straße", "example"], ".")
def test_a_name_in_punycode_is_exact_where_decoding_says_so(labels: list[str], dot: str) -> None:
    name = dot.join(labels).lower().rstrip(".")
    assert name.isascii() or _host_key(name) == in_punycode(name)


@given(TEXTS | st.lists(LABELS, max_size=4).map(".".join))
@example("https://bücher.example/a")
@example("bücher.example.")
def test_a_form_has_the_name_that_is_looked_for_alone(text: str) -> None:
    forms = forms_of(text)
    assert forms.addresses or forms.name == host_name(text)


def test_addresses_are_plain_where_everybody_can_reach_them() -> None:
    plain = set[str]()
    for first in range(256):
        for second in range(256):
            text = f"{first}.{second}.7.7"
            if is_plain(text):
                assert private_in(forms_of(text)) is None, text
                plain.add(text)
    near = {"9.255", "100.63", "100.128", "172.15", "172.32", "192.1", "192.167", "198.17", "203.1"}
    assert plain >= {f"{start}.7.7" for start in near}
    assert len(plain) > 220 * 256


@given(
    st.lists(st.text("ab.*?/", max_size=5) | st.from_regex(r"\A\*\.[ab.]{0,3}\Z"), max_size=6),
    st.lists(st.text("ab./", max_size=9), max_size=3),
)
@example(["a*", "*.a", "*.A"], ["a.a"])
@example(["*.a", "a*"], ["a.a"])
@example(["*.", "*..", "*.b/"], ["a..b/", "."])
def test_the_first_pattern_is_found_as_if_each_was_tried(
    listed: list[str], texts: list[str]
) -> None:
    patterns = Patterns()
    for place, pattern in enumerate(listed):
        patterns.add(pattern, str(place))
    tried = ((one, str(place)) for place, one in enumerate(listed) for text in texts
             if _form(one).fullmatch(text))  # fmt: skip
    assert patterns.first(texts) == next(tried, None)


@given(st.lists(TEXTS))
@example(["com.a1", "www.CO", "http://co.uk./", "a.local.", "a.example.com/x", "a.b\n1.2.3.4", ""])
@example(["http://co.uk:80", "http://10.0.0.1:80/", "http://8.8.8.8/ä?b", "http://a.bc.de:1/?"])
@example(["a.example", "1.2.3.4", "10.0.0.1", "1" * 32, "2a00:1450::1", "https://a.bc.de/?b=1"])
def test_what_is_plain_of_a_list_is_so_by_itself(texts: list[str]) -> None:
    for known in (frozenset[str](), frozenset({"a.example", "bc.de"})):
        odd = [text for text in texts if not is_plain(text, known)]
        plain = ["www.example.com"] * (FEW + 1)
        assert [*not_plain(texts, known)] == [*not_plain(texts + plain, known)] == odd


@given(st.lists(TEXTS | PARTS_OF_NAMES | st.text("aw.0:/x?#", max_size=12), max_size=8))
@example(
    ["www.a.example.", "1.2.3.4", "https://WWW.a.example:80/b/?c=D/", "a/b", "0x7f.1", "1.2/8"]
)
@example(["\u212a.example", "http://1.2.3.4:8/", "1.2.3.4/24", "1.2.3.4:80/24", "a\nb", "xn--p1ai"])
@example(["a%2Eexample", "http://a.b/%43%2f#d", "%31.2.3.4", "a.b%2525", "1.2.3.4%2f8", "a.b#c/%"])
@example(
    ["2a00::0:1", "2a00:1:2:3:4:5:6:0", "3ffe:0:0:1::", "2a00:", "A%0ab", "a%c3%a4", "%77ww.a"]
)
@example(["2a00::1%31", "2a00%3a:1", "2a00::1%eth0", "2A00::1"])
@example(["http://a/b%20", "http://a/b ", "http://a/ b#", " a.b/", "a.b/#c d ", "http://a/#b%20"])
@example(["http:80/x", "https://https://a", "..", "a..", "www.", "/", "", "_.a", "01.2.3.4"])
def test_a_glance_tells_the_forms_of_a_closer_look(texts: list[str]) -> None:
    for text, glance in zip(texts, glances(texts), strict=True):
        if glance is None:
            continue
        lowered, keys, names, place = glance
        forms = forms_of(text)
        assert forms.network is None
        assert {*names} == {*(forms.host or forms.keys)}
        assert {*keys} == {*forms.keys, *forms.host}
        assert [(one.version, int(one)) for one in forms.addresses] == ([place] if place else [])
        assert {lowered, *keys, *(f"{key}/" for key in keys)} == {*forms.texts}


def spellings(text: str) -> list[str]:
    """Return entries that a text falls under, and nearly does."""
    forms = forms_of(text)
    addresses = [f"{one}/{one.max_prefixlen}" for one in forms.addresses]
    names = [*forms.keys, *forms.host]
    below = [f"*.{name}" for name in names] + [f"*{name[1:]}" for name in names if name[:1] != "."]
    return [text, *names, *addresses, *below, f"?{text[1:]}", f"{text[:3]}*", f"*{text[-4:]}"]


@given(st.lists(TEXTS, min_size=1, max_size=5), st.data())
def test_what_is_far_from_a_list_falls_under_none_of_its_entries(
    texts: list[str], data: st.DataObject
) -> None:
    listed = Listed()
    entries = st.sampled_from([entry for text in texts for entry in spellings(text)])
    for entry in data.draw(st.lists(entries, max_size=4)):
        try:
            listed.add(entry, "a test")
        except ValueError:
            continue
    close = near(texts, [listed])
    held = [text for text in texts if listed.entry(forms_of(text))]
    assert {*held} <= {*close} <= {*texts}


def test_what_is_far_from_a_list_needs_no_closer_look() -> None:
    listed = Listed()
    for entry in ("example.com", "*.example.org", "*bank*", "10.0.0.0/8", "2a00::/16", "d" * 32):
        listed.add(entry, "a test")
    far = ["example.net", "https://www.example.net:80/example.com?", "a" * 64, "11.0.0.1", "a.org"]
    close = ["WWW.example.com.", "http://example.com:80/", "a.example.org", "10.1.2.3", "D" * 32]
    assert near([*far, *close, "http://10.0.0.1/x", "my-bank.net"], [listed]) == [
        *close,
        "http://10.0.0.1/x",
        "my-bank.net",
    ]
