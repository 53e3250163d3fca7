"""Whatever a caller gives, it is taken, or refused in one line before anything is sent."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from pathlib import Path
from threading import Thread, stack_size
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hostile import MARKS, altered, anything, examples, nested, odd, texts
from ioc_removal.action import Action
from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.endpoint import segment
from ioc_removal.errors import ArgumentError, DefinitionError, PluginError, SettingsError
from ioc_removal.integration import load_integration
from ioc_removal.loader import parse
from ioc_removal.sandbox.seed import merged, read_faults, read_seed
from ioc_removal.secret import Secret
from ioc_removal.settings import Settings, load_settings, settings_from
from ioc_removal.token_cache import Token, TokenCache
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from ioc_removal.yaml_reading import parse_with_lines, parse_yaml
from recorded import reply, serving

INTEGRATION = load_integration()
LONGEST_LINE = 2_000  # characters
SMALL_STACK = 128 * 1024  # bytes
REMOTE = sorted(n for n, d in INTEGRATION.definitions.items() if d.system != "local")
LOCAL = sorted(n for n, d in INTEGRATION.definitions.items() if d.system == "local")
CONNECTIONS: Mapping[str, Mapping[str, Any]] = {
    "cybertrace": {
        "auth": {"type": "basic", "username": "user", "password": "made-up"},
        "api_version": "1.2",
    },
    "secmaster": {"auth": {"type": "iam_token", "token": "made-up"}},
    "waf": {"auth": {"type": "iam_token", "token": "made-up"}},
}
SETTINGS: list[Any] = [
    {
        "connections": {
            "cybertrace": {
                "system": "cybertrace",
                "url": "https://cybertrace.example",
                "tenant": "t",
                "auth": {"type": "basic", "username": "u", "password": {"env": "HOME"}},
                "api_version": "1.3",
                "ca_bundle": "/etc/ca.pem",
                "verify": True,
                "client_certificate": "~/client.pem",
                "proxy": "http://u:made-up@proxy.example",
                "connect_timeout": 1,
                "total_timeout": 2.5,
                "fingerprint": "ab" * 32,
                "defaults": {"supplier": "InternalTI"},
                "limits": {"items": 5, "per_second": 0.5},
            },
            "secmaster": {
                "system": "secmaster",
                "region": "eu-west-101",
                "auth": "huawei",
                "defaults": {"project_id": "p", "workspace_id": "w"},
            },
            "waf": {"system": "waf", "url": "https://waf.example", "auth": "huawei"},
        },
        "credentials": {
            "huawei": {
                "type": "aksk",
                "access_key": "AK",
                "secret_key": {"file": "/no/file"},
                "security_token": "made-up-token",
            },
        },
    },
    {
        "connections": {
            "secmaster": {
                "system": "secmaster",
                "region": "eu-west-101",
                "auth": {
                    "type": "iam_password",
                    "username": "u",
                    "password": "made-up",
                    "domain": "d",
                    "project_id": "p",
                    "iam_url": "https://iam.example",
                    "token_cache": "~/tokens.json",
                },
            },
            "cybertrace": {
                "system": "cybertrace",
                "nodes": ["https://a.example", "http://b.example"],
                "auth": {"type": "basic", "username": "u", "password": "made-up"},
            },
        },
    },
]
NUL_AND_NO_HOME = ("~nobody-of-that-name/x", "a\x00b", "", "\x00", "/dev", "~")
KEYS = (
    "URL",
    "NODES",
    "AUTH",
    "AUTH_TYPE",
    "USERNAME",
    "PASSWORD",
    "TOKEN",
    "ACCESS_KEY",
    "TENANT",
    "API_VERSION",
    "VERIFY",
    "CA_BUNDLE",
    "PROXY",
    "ITEMS",
    "BYTES",
    "PER_SECOND",
    "SUPPLIER",
    "TOTAL_TIMEOUT",
    "IAM_URL",
    "TOKEN_CACHE",
    "REGION",
    "TYPE",
    "",
    "NONE",
)
VARIABLES = [
    *(
        f"IOC_REMOVAL_{owner}_{key}"
        for owner in ("CYBERTRACE", "SECMASTER", "OTHER")
        for key in KEYS
    ),
    *(
        f"HUAWEICLOUD_SDK_{key}"
        for key in (
            "AK",
            "SK",
            "SECURITY_TOKEN",
            "PROJECT_ID",
            "IAM_ENDPOINT",
            "CREDENTIALS_FILE",
            "REGIONS_FILE",
            "REGION_SECMASTER_EU_WEST_101",
        )
    ),
    "HOME",
    "XDG_CACHE_HOME",
]
# As the environment of a process can be: no null character, and bytes that are no UTF-8 as halves.
words = st.text(
    st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12
) | st.sampled_from(
    [
        "true",
        "0",
        "1e999",
        "9" * 5_000,
        "https://[::1",
        "http://a:99999",
        "https://x",
        "~no-one/x",
        "basic",
        "iam_password",
        "aksk",
        "eu-west-101",
        "huawei",
        "a,b",
        "\udcff",
        "1.3",
        "nan",
        "/dev",
    ]
)


def check(error: PluginError, kind: type[PluginError], start: str = "") -> None:
    """Check that an error is of a kind, and its lines can be shown; start: of the first."""
    assert isinstance(error, kind), repr(error)
    assert str(error).startswith(start)
    lines = error.problems if isinstance(error, ArgumentError) else [str(error)]
    for line in lines:
        assert line
        assert len(line) < LONGEST_LINE, line[:300]
        assert line.isprintable(), ascii(line)


def bound(name: str, url: str) -> Action:
    system = INTEGRATION.definition(name).system
    if system == "local":
        return INTEGRATION.bind(name, None)
    own = {**CONNECTIONS[system], "system": system, "url": url, "total_timeout": 0.3}
    settings = settings_from({"connections": {"test": own}}, "test")
    return INTEGRATION.bind(name, Connection("test", settings, INTEGRATION.systems[system]))


def deep(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.nested
@pytest.mark.parametrize("name", REMOTE + LOCAL)
def test_arguments_are_taken_or_refused_by_name(name: str) -> None:
    definition = INTEGRATION.definition(name)
    good = definition.schema.part["examples"]
    known = [*definition.schema.part["properties"], "tenant", "api_version"]
    wrong = anything | st.sampled_from(
        [deep(49), deep(70), deep(5_000), ["x"] * 20_000, *MARKS, "x" * 5_000]
    )
    changes = st.dictionaries(st.sampled_from(known) | odd, wrong, max_size=3)
    with serving(by=lambda _: reply(418)) as server:

        @examples(12)
        @given(altered(good), changes)
        def holds(arguments: Any, more: Mapping[str, Any]) -> None:
            server.requests.clear()
            action = bound(name, server.url)
            whole = {**arguments, **more} if isinstance(arguments, dict) else dict(more)
            try:
                prepared = action.prepare(whole)
                if definition.acts:
                    terms = Terms(dry_run=True, snapshot=False)
                    assert len(list(perform(action, prepared, NoRecord(), terms=terms))) >= 1
            except PluginError as error:
                check(error, ArgumentError)
            assert not server.requests

        holds()


@examples(50)
@given(
    st.lists(
        st.sampled_from([*MARKS, ".", "..", "/", "%2f", "%2E", "%", "a", "я"]) | odd, max_size=5
    )
)
def test_a_path_value_stays_one_segment_or_is_refused(parts: list[str]) -> None:
    value = "".join(parts)
    try:
        quoted = segment("supplier", value)
    except ArgumentError as error:
        check(error, ArgumentError, start="supplier: ")
    else:
        assert quoted.isascii()
        assert quoted.isprintable()
        assert not set(quoted) & set("/\\?#; ")
        assert quoted not in {"", ".", ".."}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home, with nothing set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("IOC_REMOVAL_STORE", str(tmp_path / "store.db"))
    monkeypatch.delenv("IOC_REMOVAL_SETTINGS", raising=False)
    return tmp_path


def opened(settings: Settings) -> None:
    """Open every connection, as a command would."""
    for name, own in settings.connections.items():
        connection = Connection(name, settings, INTEGRATION.systems[own["system"]])
        assert all(line.isprintable() for line in connection.warnings)
        connection.hang_up()


def taken(make: Callable[[], Settings]) -> None:
    """Check that settings are used, or refused in one line."""
    try:
        opened(make())
    except PluginError as error:
        check(error, SettingsError)


def test_settings_are_taken_or_refused(home: Path) -> None:
    wrong = st.sampled_from(
        [*NUL_AND_NO_HOME, "https://[::1", "https://a:b", "http://", "\ud800", 2**70]
    )

    @examples(50)
    @given(
        altered(SETTINGS), st.sampled_from(["url", "proxy", "ca_bundle", "tenant", "region"]), wrong
    )
    def holds(document: Any, key: str, value: Any) -> None:
        taken(lambda: settings_from(document, "file", {"HOME": str(home)}))
        if isinstance(document, dict) and isinstance(document.get("connections"), dict):
            document = deepcopy(document)
            for own in document["connections"].values():
                if isinstance(own, dict):
                    own[key] = value
            taken(lambda: settings_from(document, "file", {"HOME": str(home)}))

    holds()


@pytest.mark.parametrize("key", ["ca_bundle", "client_certificate", "token_cache", "password"])
@pytest.mark.parametrize("path", ["~nobody-of-that-name/x", "a\x00b", "\ud800", "/dev/x"])
def test_a_path_that_cannot_be_is_refused(key: str, path: str, home: Path) -> None:
    own = deepcopy(SETTINGS[1]["connections"]["secmaster"])
    place = own if key in {"ca_bundle", "client_certificate"} else own["auth"]
    place[key] = {"file": path} if key == "password" else path
    taken(lambda: settings_from({"connections": {"s": own}}, "file", {"HOME": str(home)}))


def test_the_environment_is_taken_or_refused(home: Path) -> None:
    @examples(50)
    @given(
        st.dictionaries(st.sampled_from(VARIABLES), words, max_size=6),
        st.sampled_from([{}, *SETTINGS]),
    )
    def holds(variables: Mapping[str, str], document: Any) -> None:
        taken(lambda: settings_from(document, "file", {"HOME": str(home), **variables}))

    holds()


YAMLS = (
    "password: *S3CR3Tx",
    "password: !S3CR3Tx",
    'password: "\\S3CR3Tx',
    "a: b: S3CR3Tx",
    "a: @S3CR3Tx",
    "a: 'S3CR3T'x'S3CR3T",
    "a: !!bool S3CR3Tx",
    "a: !!timestamp S3CR3Tx",
    "a: !!int S3CR3Tx",
    "a: `S3CR3T",
    "a: 2024-99-99",
    "a: !!float S3CR3Tx",
    "a: !!binary S3CR3T\xe9",
    "&a [*a]",
    "a: &a {b: *a}",
    "a: " + "1" * 5_000,
    nested(600),
    "{" * 600,
    "? [a]\n: b",
    "\x00",
    "a: !!python/object:os.x {}",
    "a: &a [1,1,1,1,1,1,1,1,1]\n"
    + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
    ),
    "connections: {a: {<<: 3}}",
    "a: 1:99:99",
    "--- a\n--- b",
    "%YAML 3.9\n--- a",
    "a: [S3CR3T, S3CR3T",
    "!!set {a}",
    "!!omap [a: b]",
    "\ufeffa: b",
    "a:\n\t- S3CR3T",
)


@pytest.mark.parametrize("text", YAMLS)
def test_a_document_that_is_no_yaml_is_not_quoted(text: str, home: Path) -> None:
    """A line that cannot be read may be the one with the password."""
    (home / "settings.yml").write_text(text, encoding="utf-8")
    try:
        load_settings("settings.yml")
    except SettingsError as error:
        check(error, SettingsError)
        cause: BaseException | None = error
        while cause is not None:
            assert "S3CR3T" not in str(cause) + repr(cause)
            cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)


@pytest.mark.nested
@examples(50)
@given(
    st.text(max_size=30)
    | st.lists(
        st.sampled_from([*"[]{}:,&*!|>'\"%@` -?#\n\t", "a", "!!int ", "<<: "]), max_size=12
    ).map("".join)
)
@example("a: !!bool x")
@example("[" * 600)
def test_any_text_is_a_document_or_a_named_error(text: str) -> None:
    for reader in (parse, parse_with_lines):
        try:
            reader(text, "file")
        except DefinitionError as error:
            check(error, DefinitionError, start="file: ")


def test_the_files_of_the_sdk_are_taken_or_refused(home: Path) -> None:
    folder = home / ".huaweicloud"
    folder.mkdir()
    profiles = texts | st.sampled_from(
        [
            "[basic]\nak=a\nsk=%(sk)s",
            "[basic]\nak=a\nsk=%",
            "[basic]\nak",
            "ak=S3CR3T",
            "[basic]\nak=a\nsk=b",
            "[basic]\nak=a\nak=b",
            "[basic]\nak=é\nsk=b",
            "[basic]\nak=a\nsk=b\niam_endpoint=x y",
            "[[[",
            "\x00",
        ]
    )
    regions = st.sampled_from(
        [*YAMLS, "SECMASTER: [{id: eu-west-101, endpoint: 'http://[::1'}]"]
    ) | altered([{"SECMASTER": [{"id": "eu-west-101", "endpoint": "https://a.example"}]}]).map(
        lambda document: yaml.dump(document) if isinstance(document, dict) else str(document)
    )
    own = {"system": "secmaster", "region": "eu-west-101"}

    @examples(50)
    @given(profiles, regions)
    def holds(profile: str, region: str) -> None:
        (folder / "credentials").write_text(profile, encoding="utf-8", errors="surrogatepass")
        (folder / "regions.yaml").write_text(region, encoding="utf-8", errors="surrogatepass")
        taken(lambda: settings_from({"connections": {"s": own}}, "file", {"HOME": str(home)}))

    holds()


@pytest.mark.nested
def test_a_file_of_tokens_is_used_or_passed_over(home: Path) -> None:
    path, password = home / "tokens.json", Secret("made-up-password")
    cache = TokenCache(path)
    cache.keep("key", password, Token(Secret("made-up-token"), 4e9, "p"))
    whole = json.loads(path.read_text())
    deepest = st.sampled_from(
        [nested(5_000), nested(900), "9" * 9_000, '{"tokens": NaN}', "\ud800"]
    )

    @examples(50)
    @given(altered([whole]).map(json.dumps) | texts | deepest)
    def holds(text: str) -> None:
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        found = cache.find("key", password)
        assert found is None or found.text.reveal().isascii()
        cache.drop("key", "another")
        cache.keep("key", password, Token(Secret("made-up-token"), 4e9, "p"))
        kept = cache.find("key", password)
        assert kept is not None
        assert kept.text.reveal() == "made-up-token"

    holds()


def test_seeds_and_faults_are_taken_or_refused(home: Path) -> None:
    seeds = [
        {"cybertrace": {"users": [{"username": "u", "password": "p", "role": "Administrator"}]}},
        {
            "secmaster": {
                "workspaces": {
                    "w": {"indicators": [{"value": "a"}], "networks": {"10.0.0.0/30": {}}}
                }
            }
        },
        {"huawei": {"auth": [{"type": "aksk", "access_key": "a", "secret_key": "b"}]}},
    ]
    faults = [
        [{"system": "waf", "status": 503, "times": 2}],
        [{"answer": "endless"}],
        [{"hang_up": "after"}],
    ]

    @examples(12)
    @given(altered(seeds), altered(faults), st.sampled_from(YAMLS))
    def holds(seed: Any, rules: Any, text: str) -> None:
        for name, content in (("a", yaml.dump(seed)), ("b", yaml.dump(rules)), ("c", text[:300])):
            (home / name).write_text(content, encoding="utf-8", errors="surrogatepass")
            for reader in (lambda path: merged(read_seed(path)), read_faults):
                try:
                    reader(name)
                except PluginError as error:
                    check(error, ArgumentError)

    holds()


FILES = {
    "deep.json": nested(5_000),
    "deep.yml": nested(600, "{"),
    "nul.txt": "\x00\x00",
    "half.json": '{"a": ',
    "list.json": "[1]",
    "number.json": "9" * 9_000,
    "settings.yml": "connections: {a: {system: x}}",
    "bom.csv": "\ufeff",
    "playbook.yml": "version: 1.0\ntasks: {a: {action: *b}}",
    "odd.yml": "a: !!bool x",
    "deep.csv": '"' + "x" * 200_000,
    "stix.json": '{"type": "bundle", "objects": [null, 1, {"type": 1}]}',
    "misp.json": '{"Event": {"Attribute": [null, {"value": []}]}}',
}
DELETE = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    **{f"args {name}": (*DELETE[:2], "--args", name) for name in FILES},
    **{f"indicators {name}": (*DELETE, "--indicators", name) for name in FILES},
    **{f"run {name}": ("run", name) for name in FILES},
    **{f"settings {name}": ("--settings", name, "test") for name in FILES},
    **{f"seed {name}": ("sandbox", "--seed", name) for name in FILES if name != "deep.yml"},
    **{f"faults {name}": ("sandbox", "--faults", name) for name in FILES},
    "no home": ("--settings", "~nobody-of-that-name/x", "test"),
    "no home for the store": ("--store", "~nobody-of-that-name/x", "runs"),
    "a folder as settings": ("--settings", ".", "test"),
    "a folder as store": ("--store", ".", "runs"),
    "a file of nothing as store": ("--store", "deep.json", "runs"),
    "a folder of indicators": (*DELETE, "--indicators", "."),
    "no JSON": (*DELETE, "--arg", "indicators:=" + nested(5_000)),
    "a huge number": (*DELETE, "--arg", "indicators:=" + "9" * 9_000),
    "deep": (*DELETE, "--arg", "indicators:=" + nested(400)),
    "lines": (*DELETE[:3], "supplier=a\nb\x1b[2J", "--arg", "indicators=a"),
    "no name": (*DELETE[:3], "=\n", "--arg", "\n=x"),
    "another field": (*DELETE, "--arg", "indicat\nors=a"),
    "halves": (*DELETE, "--arg", "indicators=\udcff"),
    "a connection": ("--connection", "cybertrace=\n", *DELETE, "--arg", "indicators=a"),
    "an action": ("call", "\x1b[2J\n"),
    "a run": ("show", "\n\x1b"),
    "a playbook": ("run", "\x1b[2J\n"),
    "an input": ("run", "unmark-false-positives", "--input", "a\nb:={"),
    "a field": ("describe", "x\ny"),
    "resume": ("resume", "%"),
}


@pytest.fixture
def files(home: Path) -> Iterator[Path]:
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    with serving(by=lambda _: reply(418)) as server:
        own = {**CONNECTIONS["cybertrace"], "system": "cybertrace", "url": server.url}
        (home / "ioc-removal.yml").write_text(json.dumps({"connections": {"cybertrace": own}}))
        yield home
    assert not server.requests


@pytest.mark.nested
@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_refuses_it_in_lines(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(words)
    said = capsys.readouterr()
    assert status == 2
    assert "Traceback" not in said.err
    assert "internal error" not in said.err
    assert said.err
    for line in said.err.splitlines():
        assert len(line) < LONGEST_LINE
        assert line.isprintable(), ascii(line)


@pytest.mark.nested
@pytest.mark.parametrize(
    "text", ["[" * 3_999, "- " * 1_999, "{" * 3_000, "{a: " * 900, "[{a: " * 700]
)
def test_what_is_nested_deep_breaks_no_stack(text: str) -> None:
    """The parser in C has no bound of its own; a thread's stack may be small."""
    said = list[str]()

    def read() -> None:
        try:
            parse_yaml(text, "settings.yml")
        except DefinitionError as error:
            said.append(str(error))

    before = stack_size(SMALL_STACK)
    try:
        thread = Thread(target=read)
        thread.start()
    finally:
        stack_size(before)
    thread.join(60)
    assert said == ["settings.yml: nested too deep, or in itself"]
