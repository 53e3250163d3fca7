"""Whatever a file holds, it is read or refused, quotes no secret and breaks no stack."""

import json
from pathlib import Path
from threading import Thread, stack_size
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from hostile import altered, examples, nested, texts
from ioc_removal.errors import ArgumentError, DefinitionError, PluginError, SettingsError
from ioc_removal.loader import parse
from ioc_removal.sandbox.seed import merged, read_faults, read_seed
from ioc_removal.secret import Secret
from ioc_removal.settings import load_settings, settings_from
from ioc_removal.token_cache import Token, TokenCache
from ioc_removal.yaml_reading import parse_with_lines, parse_yaml
from refused import check, home, taken

__all__ = ["home"]

SMALL_STACK = 128 * 1024  # bytes
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
