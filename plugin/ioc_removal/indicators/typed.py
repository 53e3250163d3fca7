"""Say what type a value is, or why it is none that can be removed; never guess."""

import re
from collections.abc import Mapping, Sequence
from unicodedata import category

from .addresses import IPV4, IPV6, judged_address, split_port, version_of

TYPES = ("md5", "sha1", "sha256", "ipv4", "ipv6", "domain", "url")

_HASHES = {32: "md5", 40: "sha1", 64: "sha256"}
_OTHER_HASHES = {56: "SHA-224", 96: "SHA-384", 128: "SHA-512"}
_HEX = re.compile(r"[0-9A-Fa-f]+")
_LABEL = r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}(?<!-)"
# A repetition is left at once where what follows it is one character.
_LABELS = r"(?:[A-Za-z0-9_][A-Za-z0-9_-]{0,62}\.(?<!-\.))"
_ASCII_DOMAIN = rf"{_LABELS}+[A-Za-z][A-Za-z0-9-]{{1,62}}(?<!-)\.?"
_PATH = r"[!-(*-\\^-~\w]*"
# What is plainly of a type, and the same refanged; the most frequent first, but for names, which
# take long to be refused.
_PLAIN = re.compile(
    rf"(?P<url>https?://{_LABELS}*{_LABEL}\.?(?::[0-9]{{1,4}})?(?:[/?#\\]{_PATH})?)"
    rf"|(?P<ipv4>{IPV4})"
    r"|(?P<sha256>[0-9A-Fa-f]{64})|(?P<md5>[0-9A-Fa-f]{32})|(?P<sha1>[0-9A-Fa-f]{40})"
    rf"|(?P<domain>{_ASCII_DOMAIN})(?P<path>/{_PATH})?"
    rf"|(?P<ipv6>{IPV6})"
)
_IS_PLAIN = _PLAIN.fullmatch
# By the last group of a match: a name with a path is a URL, too.
_MEANS: Mapping[str | None, str] = {**{kind: kind for kind in _PLAIN.groupindex}, "path": "url"}
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=://)")
_AUTHORITY = re.compile(r"[^/?#\\]*")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_PRINTABLE = re.compile(r"[!-~]+").fullmatch
_SPACE = re.compile(r"\s")
# Control characters; halves of a surrogate pair, which cannot be sent; and characters that nobody
# sees and that make two different values look alike.
_NOT_TEXT = (
    "[\x00-\x1f\x7f-\x9f\ud800-\udfff\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_LONGEST_NAME = 253  # characters
_EITHER = "not a hash, an address, a domain or a URL"


def type_of(text: str) -> str | None:
    """Return the type of a value that is already refanged, one of TYPES, or None."""
    return judged(text)[0]


def judged(text: str) -> tuple[str | None, str]:
    """Return the type of a refanged value, else None and the reason in words for a person."""
    known = plain_type(text)
    return (known, "") if known else _closely(text)


def plain_type(text: str) -> str | None:
    """Return the type of what is plainly of one, as most values are, and needs no refanging."""
    found = _IS_PLAIN(text)
    if found is None:
        return _plain_in_other_script(text) or None
    return _MEANS[found.lastgroup] if len(found["domain"] or "") <= _LONGEST_NAME else None


def plain_types(texts: Sequence[str]) -> list[str]:
    """Return of each text what plain_type() does, "" for None."""
    if texts and len(max(texts, key=len)) > _LONGEST_NAME:
        return [plain_type(text) or "" for text in texts]
    return [
        _MEANS[found.lastgroup] if found else _plain_in_other_script(text)
        for text, found in zip(texts, map(_IS_PLAIN, texts), strict=True)
    ]


def _plain_in_other_script(text: str) -> str:
    """Return "domain" for a name with letters of another script, "" for all else."""
    return "domain" if not text.isascii() and "/" not in text and is_domain(text) else ""


def _closely(text: str) -> tuple[str | None, str]:
    """Judge what is not plainly of a type."""
    if not text:
        return None, "empty"
    if not _PRINTABLE(text):
        if found := re.search(_NOT_TEXT, text):
            return None, f"holds an invisible or control character (U+{ord(found[0]):04X})"
        if _SPACE.search(text):
            return None, "holds a space: not one indicator"
    if _HEX.fullmatch(text) and (len(text) >= min(_HASHES) or text.isdigit()):
        return _hash(text)
    if _SCHEME.match(text):
        return _url(text)
    if "@" in text and "/" not in text:
        return None, "an e-mail address"
    if address := judged_address(text):
        return address
    if "/" in text or "?" in text:
        return _url(text)
    return _domain(text)


def is_domain(text: str) -> bool:
    """Say whether a text is dotted labels of letters, digits, hyphens (and "_" but at the top)."""
    if text.isascii():
        return len(text.rstrip(".")) <= _LONGEST_NAME and bool(re.fullmatch(_ASCII_DOMAIN, text))
    # A letter of another script stands for a label that is at least as long in its ASCII form.
    return is_domain(_ascii_shape(text))


def split_url(text: str) -> tuple[str, str, str]:
    """Split a URL into its scheme ("" without one), its authority and the rest."""
    found = _SCHEME.match(text)
    start = found.end() + 3 if found else 0
    authority = _AUTHORITY.match(text, start)
    end = authority.end() if authority else start
    return found[0] if found else "", text[start:end], text[end:]


def _ascii_shape(text: str) -> str:
    """Return a text with an x for each letter or digit of another script."""
    return _NOT_ASCII.sub(_shape, text)


def _shape(found: re.Match[str]) -> str:
    kind = category(found[0])
    return "x" if kind[0] in "LM" or kind == "Nd" else "!"


def _hash(text: str) -> tuple[str | None, str]:
    if known := _HASHES.get(len(text)):
        return known, ""
    if other := _OTHER_HASHES.get(len(text)):
        return None, f"a {other} hash: only MD5, SHA-1 and SHA-256 can be removed"
    if text.isdigit():
        return None, "a number"
    return None, f"{len(text)} hexadecimal digits: hashes have 32 (MD5), 40 (SHA-1), 64 (SHA-256)"


def _url(text: str) -> tuple[str | None, str]:
    """Judge a URL; without a scheme it must name a whole domain or an address."""
    scheme, authority, _ = split_url(text)
    host, port = split_port(authority.rpartition("@")[2] if scheme else authority)
    if not host:
        return None, "a URL without a host" if scheme else _EITHER
    if "*" in host:
        return None, "a wildcard: name each host"
    if port and (len(port) > 5 or int(port) > 65535):
        return None, "a URL whose port is above 65535"
    if host[0] == "[":
        known = host[-1] == "]" and version_of(host[1:-1]) == "ipv6"
    elif scheme:
        name = host.removesuffix(".")
        known = all(re.fullmatch(_LABEL, label) for label in _ascii_shape(name).split("."))
    else:
        known = is_domain(host) or version_of(host) == "ipv4"
    if known:
        return "url", ""
    return None, "a URL whose host is neither a name nor an address" if scheme else _EITHER


def _domain(text: str) -> tuple[str | None, str]:
    if is_domain(text):
        return "domain", ""
    host, port = split_port(text)
    if port and is_domain(host):
        return None, "a domain with a port: give the domain, or the whole URL"
    if "*" in text:
        return None, "a wildcard: name each host"
    if re.fullmatch(_LABEL, text):
        return None, "a name without a dot: not a domain"
    return None, _EITHER
