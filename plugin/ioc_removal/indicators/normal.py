"""Keys for comparing values that are written differently and mean the same; never sent."""

from functools import lru_cache
from ipaddress import IPv6Address

from .addresses import split_port
from .typed import is_domain, judged, split_url

IDEOGRAPHIC_STOP = "\u3002"  # which stands for a dot
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


def _in_punycode(name: str) -> str:
    labels = [_coded(label) for label in name.split(".")]
    coded = ".".join(labels)
    return coded if all(labels) and is_domain(coded) else name


@lru_cache(maxsize=10_000)  # of many names, and of URLs of one host
def _coded(label: str) -> str:
    """Return a label in Punycode, "" where that may stand for another one, too."""
    if label.startswith("xn--"):
        return ""
    if label.isascii():
        return label
    from encodings.idna import nameprep  # most names are ASCII

    try:
        # It also folds letters together ("ß" and "ss"): two names must not share a key.
        is_exact = nameprep(label) == label and IDEOGRAPHIC_STOP not in label
    except UnicodeError:
        return ""
    return f"xn--{label.encode('punycode').decode('ascii')}" if is_exact else ""
