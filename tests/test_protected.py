"""What is protected is never sent, in whatever notation it is named; and fast for long lists."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, ip_network
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ioc_removal.action import Action
from ioc_removal.connection import Connection
from ioc_removal.errors import SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.outcome import REFUSED, REMOVED
from ioc_removal.settings import settings_from
from ioc_removal.trust.forms import forms_of
from ioc_removal.trust.guards import Guards
from ioc_removal.trust.listed import Listed, read_listed
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.shapes import suffix_in
from ioc_removal.trust.terms import Terms
from ioc_removal.trust.warninglists import WarningLists, second_levels
from recorded import Server, reply, serving

INTEGRATION = load_integration()
NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}\.(?:example|test)\.(?:com|org)", fullmatch=True)
ADDRESSES = st.ip_addresses(v=4).map(str)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serving(by=lambda _: reply(201, [{"status": "Deleted"}])) as server:
        yield server


def bound(url: str) -> Action:
    own: dict[str, Any] = {"system": "cybertrace", "url": url, "api_version": "1.1"}
    own["auth"] = {"type": "basic", "username": "user", "password": "password"}
    made = settings_from({"connections": {"test": own}}, "test")
    connection = Connection("test", made, INTEGRATION.systems["cybertrace"])
    return INTEGRATION.bind("cybertrace-indicators-delete", connection)


def written(address: str) -> list[str]:
    """Return ways in which an address is written."""
    number = int(IPv4Address(address))
    mapped = f"::ffff:{number >> 16:x}:{number & 0xFFFF:x}"
    return [
        address,
        address.replace(".", "[.]"),
        f"http://{address}/",
        f"HTTPS://user@{address}:8443/a?b=c#d",
        f"{address}/path",
        f"{address}:80",
        f"http://{number}/",
        f"http://{number:#x}/x",
        mapped,
        f"http://[{mapped}]/",
        f"::FFFF:{address}",
        f"64:ff9b::{address}",
        f"http://[64:ff9b::{address}]:80/x",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
        f"2001:0:4136:e378:8000:63bf:{~number >> 16 & 0xFFFF:x}:{~number & 0xFFFF:x}",
        ".".join(f"{int(octet):03}" for octet in address.split(".")),
        ".".join(f"0{int(octet):o}" for octet in address.split(".")),
        f"http:{address}",
    ]


def named(name: str) -> list[str]:
    """Return ways in which a name is written."""
    return [
        name,
        name.upper(),
        f"{name}.",
        f"www.{name}",
        name.replace(".", "[.]"),
        f"http://{name}/",
        f"hxxps://{name.upper()}:443/Path?q=1",
        f"//{name}/x",
        f"http:/{name}/x",
        f"http:{name}",
        f"HTTPS:{name}:8443/x",
        f"ftp:user@{name}",
        f"http:\\\\{name}",
        f"http://%25{ord(name[0]):02x}{name[1:]}/",
        f"{name}/x#y",
        f"ftp://user:word@{name}",
        f"http://{name}\\x",
        f"http://%{ord(name[0]):02x}{name[1:]}/",
    ]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_protected_value_is_ever_sent(server: Server, data: Any) -> None:
    names = data.draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    addresses = data.draw(st.lists(ADDRESSES, min_size=1, max_size=3, unique=True))
    prefix = data.draw(st.integers(8, 32))
    network = IPv4Network((addresses[0], prefix), strict=False)
    inside = str(network[data.draw(st.integers(0, network.num_addresses - 1))])
    others = data.draw(st.lists(NAMES, max_size=4, unique=True))
    protected = [*names, *addresses[1:], str(network), "*.secret.example"]
    forbidden = [
        *(way for name in names for way in named(name)),
        *(way for address in (inside, *addresses) for way in written(address)),
        *named("vpn.secret.example"),
    ]
    free = [name for name in others if name not in names]
    free += [f"http://{name}/x" for name in free]
    values = data.draw(st.permutations([*forbidden, *free]))
    guards = Guards({"protected": protected})
    action = bound(server.url)
    begun = len(server.requests)
    prepared = action.prepare({"supplier": "InternalTI", "indicators": values})
    finished = list(perform(action, prepared, NoRecord(), terms=Terms(guards=guards)))
    sent = {row["indicator"] for request in server.requests[begun:] for row in request.json}
    assert sent == set(free)
    outcomes = {o.value: o for one in finished for o in one.outcomes}
    assert {value for value, o in outcomes.items() if o.outcome == REMOVED} == set(free)
    assert all("protected: " in (outcomes[v].reason or "") for v in forbidden)
    assert {outcomes[value].outcome for value in forbidden} == {REFUSED}


@given(
    st.lists(st.ip_addresses().map(lambda a: f"{a}/{a.max_prefixlen // 2}"), max_size=5),
    st.ip_addresses(),
)
def test_an_address_is_protected_by_the_ranges_that_hold_it(
    ranges: list[str], address: Any
) -> None:
    networks = [ip_network(text, strict=False) for text in ranges]
    listed = read_listed([str(network) for network in networks], "here")
    both = [address, getattr(address, "ipv4_mapped", None) or address]
    if address.version == 6:
        low, high = int(address) & 0xFFFFFFFF, int(address) >> 80 & 0xFFFFFFFF
        both += [IPv4Address(low)] if int(address) >> 32 == 0x64FF9B << 64 else []
        both += [IPv4Address(high)] if int(address) >> 112 == 0x2002 else []
        both += [IPv4Address(low ^ 0xFFFFFFFF)] if int(address) >> 96 == 0x20010000 else []
    inside = any(one in network for one in both for network in networks)
    assert bool(listed.entry(forms_of(str(address)))) == inside


def test_what_is_like_something_protected_is_not_protected() -> None:
    listed = read_listed(["example.com", "192.0.2.0/28", "http://a.example/x"], "here")
    others = ["sub.example.com", "myexample.com", "example.com.evil.example", "192.0.2.16"]
    others += ["http://a.example/xy", "a.example", "http://evil.example/?u=example.com"]
    for text in others:
        assert listed.entry(forms_of(text)) is None, text


@pytest.mark.parametrize(
    ("pattern", "values", "others"),
    [
        ("*.corp.example", ["a.CORP.example", "http://x.corp.example:80/y"], ["corp.example"]),
        ("https://bank.example/*", ["bank.example/a", "http://BANK.example/"], ["bank.example.x"]),
        ("10.0.?.1", ["10.0.7.1", "http://10.0.7.1/"], ["10.0.77.1"]),
        ("*.bücher.example", ["a.xn--bcher-kva.example", "http://a.Bücher.example/"], ["bü.de"]),
        ("http://a.example/x?id=[1]", ["a.example/x?id=[1]"], ["a.example/x?id=1"]),
    ],
)  # fmt: skip
def test_patterns(pattern: str, values: list[str], others: list[str]) -> None:
    listed = read_listed([pattern], "here")
    assert all(listed.entry(forms_of(value)) for value in values)
    assert not any(listed.entry(forms_of(value)) for value in others)


def test_a_range_is_protected_when_it_meets_one() -> None:
    listed = read_listed(["192.0.2.0/28"], "here")
    assert listed.entry(forms_of("192.0.2.0/24"))
    assert listed.entry(forms_of("192.0.2.8/30"))
    assert not listed.entry(forms_of("192.0.2.128/25"))


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ".", "//", "10.0.0.0/33", "10.0.0/8", "fe80::/xx", "a\x00b", "1.2.3.4-9"),
        *("[::1", "http://[::1/x", "re:.*", "^a.example", r".*\.a\.example", "198.51.100.300"),
        *("2001:db8:::7", "1.2.3.4.5", "12345:::1"),
    ],
)
def test_an_entry_that_protects_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"^here\[1\]: "):
        read_listed(["a.example", text], "here")


@pytest.mark.parametrize(
    ("text", "doubtful"),
    [
        ("a b", True),
        ("a.example,b.example", True),
        ("a.example", False),
        ("a_tag-1", False),
        ("11842c5779204842bfe51c3e8b7981ca", False),
        ("7", False),
        ("a.example:8443", False),
        ("[2001:db8::7]:80", False),
        ("http://intranet/x", False),
        ("http:a.example", False),
        ("bücher.example", False),
        ("198.51.100.009", False),
        ("a[.]example", False),
        ("http://a.example/x?id=[1]&y=a+b", False),
        ("google.*", False),
        ("::", False),
    ],
)
def test_an_entry_that_looks_like_no_value(text: str, doubtful: bool) -> None:
    listed = read_listed([text], "here")
    assert listed.doubts == ([text] if doubtful else [])
    assert listed.entry(forms_of(text))


def test_a_long_list_is_searched_and_not_walked() -> None:
    listed = Listed()
    for number in range(200_000):
        listed.add(f"host-{number}.example.com", "here")
    for number in range(2_000):
        listed.add_network(IPv4Network((number << 12, 24)), "here")
    found = [listed.entry(forms_of(f"http://host-{n}.example.com/{n}")) for n in range(2_000)]
    assert all(found)
    assert not any(listed.entry(forms_of(f"203.0.{n % 256}.7")) for n in range(2_000))


def test_the_warning_lists_know_what_is_good() -> None:
    lists = WarningLists("here")
    for text in (
        "8.8.8.8",
        "http://www.google.com/x",
        "mail.google.com",
        "d41d8cd98f00b204e9800998ecf8427e",
    ):
        assert lists.entry(forms_of(text)), text
    assert lists.entry(forms_of("c2.malware-host.example")) is None
    assert suffix_in("github.io", forms_of("github.io"), second_levels())
    assert json.dumps(lists.entry(forms_of("8.8.8.8"))).count("(") >= 1
