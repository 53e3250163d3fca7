"""Keys for comparing values that are written differently and mean the same; never sent."""

from functools import lru_cache
from ipaddress import IPv6Address

from .addresses import split_port
from .typed import is_domain, judged, split_url

_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21"}


def normalised(value: str) -> str:
    """Return a key that two spellings of one indicator share; it is compared, never sent.

    It is careful: hashes, schemes and hosts in lower case, addresses in their shortest form, names
    in Punycode where that is exact, no default port, "" as the path "/". The rest of a URL (user,
    path, query, fragment) stays as it is, and so does a text of no known type.
    """
    text = value.strip()
    match judged(text)[0]:
        case "md5" | "sha1" | "sha256":
            return text.lower()
        case "ipv6":
            return str(IPv6Address(text))
        case "domain":
            return _host_key(text)
        case "url":
            return _url_key(text)
        case _:
            return text


def _url_key(text: str) -> str:
    scheme, authority, rest = split_url(text)
    user, at_sign, address = authority.rpartition("@")
    host, port = split_port(address)
    start = f"{scheme.lower()}://" if scheme else ""
    kept_port = f":{port}" if port and port != _DEFAULT_PORTS.get(scheme.lower()) else ""
    path = rest if rest[:1] in {"/", "\\"} else f"/{rest}"
    return f"{start}{user}{at_sign}{_host_key(host)}{kept_port}{path}"


def _host_key(host: str) -> str:
    if host.startswith("["):
        return f"[{IPv6Address(host[1:-1])}]"
    name = host.lower().removesuffix(".")
    return name if name.isascii() else _in_punycode(name)


@lru_cache(maxsize=1_000)  # of many URLs of one host
def _in_punycode(name: str) -> str:
    try:
        coded = name.encode("idna").decode("ascii")
        # The codec also folds letters together ("ß" and "ss"): two names must not share a key.
        exact = coded.count(".") == name.count(".") and all(map(_is_exact, name.split(".")))
    except UnicodeError:
        return name
    return coded if exact and is_domain(coded) else name


def _is_exact(label: str) -> bool:
    """Tell whether a label is what its Punycode is decoded to, without decoding it."""
    if label.isascii():
        return not label.startswith("xn--")
    from encodings.idna import nameprep  # most names are ASCII

    return nameprep(label) == label
