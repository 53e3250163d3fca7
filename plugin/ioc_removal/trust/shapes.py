"""What a value's own shape tells against removing it: wildcards, suffixes, private addresses."""

from collections.abc import Container, Sequence, Set
from functools import cache
from re import Pattern
from re import compile as pattern

from ..indicators.addresses import BYTE, IPV6, version_of
from ..indicators.typed import is_domain, type_of
from .forms import Forms, host_name

EXACT = frozenset({"md5", "sha1", "sha256", "ipv4", "ipv6"})
# Of the second level below a country: where the public registers names (co.uk, com.br, ne.jp).
REGISTRIES = frozenset(
    {
        *("ac", "co", "com", "ed", "edu", "gen", "go", "gob", "gouv", "gov", "gv", "id", "info"),
        *("ltd", "mil", "ne", "net", "nhs", "nom", "or", "org", "plc", "police", "sch", "web"),
    }
)
# Names that mean another machine in each network.
LOCAL = frozenset(
    {
        *("corp", "home", "home.arpa", "internal", "intranet", "lan", "local", "localdomain"),
        *("localhost", "private"),
    }
)
# First numbers of addresses of version 4 below which there is none that is reserved.
PUBLIC = frozenset(range(1, 224)) - {10, 100, 127, 169, 172, 192, 198, 203}

# Where an address of version 4 may be one that not everybody can reach; the others begin with 1
# to 223.
_RESERVED = (
    r"10|127|100\.(?:6[4-9]|[7-9][0-9]|1[01][0-9]|12[0-7])|169\.254|172\.(?:1[6-9]|2[0-9]|3[01])"
    r"|192\.(?:0|88|168)|198\.(?:1[89]|51)|203\.0"
)
_PUBLIC_IPV4 = (
    rf"(?!(?:{_RESERVED})\.)(?:[1-9][0-9]?|1[0-9]{{2}}|2[01][0-9]|22[0-3])(?:\.{BYTE}){{3}}"
)
# None of these means another address, of version 4.
GLOBAL_IPV6 = rf"(?=2[4-9a-fA-F]|3[0-9a-eA-E])(?=[0-9A-Fa-f]{{4}}:){IPV6}"
_PORT_AND_PATH = r"(?::[0-9]{1,5})?(?:/[!-'+-Z^-~\w]*)?"
_HASH = "(?=[0-9]*[A-Fa-f])(?:[0-9A-Fa-f]{64}|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{40})"
# What is plain, but for names: a URL without brackets, * and \\, an address, a hash.
_OTHERS = rf"{_PUBLIC_IPV4}|https?://{_PUBLIC_IPV4}{_PORT_AND_PATH}|{_HASH}|{GLOBAL_IPV6}"

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = rf"(?:{_LABEL}\.)+[A-Za-z][A-Za-z0-9-]{{0,61}}[A-Za-z0-9]"
_BY_NAME = pattern(rf"(?:https?://)?({_NAME})\.?{_PORT_AND_PATH}").fullmatch
LONGEST_NAME = 253  # characters

# Lines that are plain, nearly all that is_plain() tells: names with a top level in lower case and
# labels so short that they cannot be too long together, unless they may be a registry's.
_TOPS = "|".join(sorted({name.rpartition(".")[2] for name in LOCAL}))
_END_OF_NAME = r"\.?(?![^/:\n])"
_REGISTRY = rf"[A-Za-z]{{2,{max(map(len, REGISTRIES))}}}\.[a-z][a-z0-9]{_END_OF_NAME}"
_SHORT_NAME = (
    rf"(?!{_REGISTRY})(?:[A-Za-z0-9_][A-Za-z0-9_-]{{0,29}}\.(?<!-\.)){{1,7}}"
    rf"(?!(?:{_TOPS}){_END_OF_NAME})[a-z][a-z0-9-]{{0,28}}[a-z0-9]"
)
_PLAIN_LINES = rf"\n(?:{_OTHERS}|(?:https?://)?({_SHORT_NAME})\.?{_PORT_AND_PATH})(?![^\n])"
FEW = 20  # texts that are sooner looked at one by one


@cache
def _plain_lines() -> Pattern[str]:
    return pattern(_PLAIN_LINES)


@cache  # a short call is mostly about names
def _others() -> Pattern[str]:
    return pattern(_OTHERS)


def not_plain(texts: Sequence[str], second_levels: Set[str] = frozenset()) -> Sequence[str]:
    """Return those of some texts that are not plain, in their order: few of a long list."""
    joined = "\n".join(("", *texts))
    if len(texts) > FEW and joined.count("\n") == len(texts):  # none has several lines
        pieces = _plain_lines().split(joined)
        names = filter(None, pieces[1::2])
        if second_levels.isdisjoint(map(str.lower, names)):
            texts = "".join(pieces[::2]).split("\n")[1:]
    return [text for text in texts if not is_plain(text, second_levels)]


def is_plain(text: str, second_levels: Container[str] = ()) -> bool:
    """Tell of what nothing below is to be said, at first sight: most of a long list.

    A hash, a public address, a name with a suffix that is nobody's own, or a URL below
    such a name.
    """
    found = _BY_NAME(text) if "." in text else None  # a hash takes it the longest
    if found is None:
        return _others().fullmatch(text) is not None
    name = found[1].lower()
    before, _, top = name.rpartition(".")
    last = before.rpartition(".")[2]
    own = (last == before and len(top) == 2 and last in REGISTRIES) or name in second_levels
    local = top in LOCAL or f"{last}.{top}" in LOCAL
    return not own and not local and len(name) <= LONGEST_NAME


def wildcard_in(text: str, forms: Forms, *, path: bool = False) -> str | None:
    """Say how a value stands for many; None when it does not: a URL may have a query.

    path: whether a URL may hold * below its host, as false positives may.
    """
    if forms.network and forms.network.num_addresses > 1:
        return f"it is a network of {forms.network.num_addresses:,} addresses"
    if path and type_of(text.replace("*", "x")) == "url":
        text = text.replace("://", "", 1).partition("/")[0]
    if "*" in text:
        return "it holds *, which stands for anything"
    if "?" in text and not _has_query(text):
        return "it holds ?, which stands for any character"
    return None


def suffix_in(text: str, forms: Forms, second_levels: Container[str] = ()) -> str | None:
    """Say why a value is no one name but what many names end with; None when it is one.

    second_levels: public suffixes that are known beside the usual ones.
    """
    if forms.addresses or (not forms.host and type_of(text.strip()) in EXACT):
        return None
    name = forms.name
    if forms.host and name not in forms.keys and f"www.{forms.keys[0]}" != name:
        return None  # a URL with more than its host
    if not name.strip("./"):
        return "it names nothing"
    if name.startswith(".") or text.strip().startswith("."):
        return "it begins with a dot: all names below it"
    first, dot, last = name.partition(".")
    if not dot:
        return "it is a single label, as a top-level domain is"
    if (len(last) == 2 and first in REGISTRIES) or name in second_levels:
        return "it is a public suffix, below which anybody may have a name"
    return None


def private_in(forms: Forms) -> str | None:
    """Say why a value means another machine elsewhere; None when it does not."""
    if forms.addresses:
        address = forms.addresses[0]  # of version 4, when it is mapped into the other
        if address.version == 4 and int(address) >> 24 in PUBLIC:
            return None
        if address.is_loopback:
            return "a loopback address: another machine elsewhere"
        return (
            None
            if address.is_global and not address.is_multicast
            else "a private or reserved address: another machine elsewhere, or none"
        )
    for name in forms.host or forms.keys:
        labels = name.removesuffix(".").rsplit(".", 2)
        if labels[-1] in LOCAL or ".".join(labels[-2:]) in LOCAL:
            return "a name of a local network: another machine elsewhere"
    return None


def _has_query(text: str) -> bool:
    """Tell whether a question mark begins the query of a URL."""
    before = text.partition("?")[0]
    host = host_name(before)
    return type_of(text.strip()) == "url" and (is_domain(host) or version_of(host) is not None)
