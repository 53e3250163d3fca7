"""The version of the API is asked for once, remembered, and never taken for a removal."""

import json
from collections.abc import Callable
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from ioc_removal.cli import main
from ioc_removal.connection import Connection
from ioc_removal.errors import ApiError, ArgumentError, TransportError
from ioc_removal.integration import load_integration
from ioc_removal.sandbox import Sandbox
from ioc_removal.settings import settings_from
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from ioc_removal.trust.terms import Terms
from recorded import Recorded, Reply, Server, reply, serving, unused_address

INTEGRATION = load_integration()
AUTH = {"type": "basic", "username": "soc", "password": "of-the-target"}
FOUND = "/api/{}/suppliers"


def speaks(*versions: str) -> Callable[[Recorded], Reply]:
    def answer(request: Recorded) -> Reply:
        if request.target.split("/")[2] not in versions:
            return reply(404, {})
        return reply(201, [{"status": "ok"}]) if request.method == "DELETE" else reply(200, [])

    return answer


def opened(address: str, cache: Path | None = None, **more: Any) -> Connection:
    own = {"system": "cybertrace", "url": address, "auth": AUTH, "limits": {"items": 1}, **more}
    environment = {"XDG_CACHE_HOME": str(cache)} if cache else {}
    settings = settings_from({"connections": {"one": own}}, "test", environment)
    return Connection("one", settings, INTEGRATION.systems["cybertrace"])


def removals(
    connection: Connection, supplier: str = "InternalTI", *, dry_run: bool = False, **more: Any
) -> list[dict[str, Any]]:
    action = INTEGRATION.bind("cybertrace-indicators-delete", connection)
    values = [f"192.0.2.{number}" for number in range(3)]
    prepared = action.prepare({"supplier": supplier, "indicators": values, **more})
    performed = perform(action, prepared, NoRecord(), terms=Terms(dry_run=dry_run))
    return [outcome.row() for finished in performed for outcome in finished.outcomes]


def outcomes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["outcome"] for row in rows]


def asked(server: Server) -> list[str]:
    return [request.target for request in server.requests if request.method == "GET"]


@pytest.mark.parametrize("spoken", ["1.3", "1.2", "1.1", "1.0"])
def test_the_newest_version_is_found_once(spoken: str) -> None:
    with serving(by=speaks("1.0", spoken)) as server:
        connection = opened(server.url)
        assert outcomes(removals(connection)) == ["removed"] * 3
        assert outcomes(removals(connection)) == ["removed"] * 3
    versions = ["1.3", "1.2", "1.1", "1.0"]
    assert asked(server) == [FOUND.format(v) for v in versions[: versions.index(spoken) + 1]]
    assert {request.target.split("/")[2] for request in server.requests[-6:]} == {spoken}


def test_a_version_that_is_set_and_that_of_tenants_are_not_asked_for(tmp_path: Path) -> None:
    with serving(by=speaks("1.1", "1.3")) as server:
        assert outcomes(removals(opened(server.url, tmp_path, api_version="1.1")))
        assert outcomes(removals(opened(server.url, tmp_path, tenant="A"))) == ["removed"] * 3
    assert not asked(server)
    assert server.requests[-1].target == "/api/1.3/A/suppliers/InternalTI/indicators"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("supplier", ["InternalTI", "FalsePositive"])
@pytest.mark.parametrize(
    ("answer", "requests", "outcome", "words"),
    [
        (reply(404, {}), 4, "refused", "no version of the REST API is spoken at http://127"),
        (reply(401, {}), 1, "refused", "the connection was closed after: 401"),
        (reply(403, {}), 1, "refused", "the connection was closed after: 403"),
        (Reply(200, body=b"<html>"), 4, "failed", "not JSON; check url, or set api_version"),
        (reply(200, "1.3"), 4, "failed", "no list of suppliers; check url, or set api_version"),
        (Reply(hang_up="close"), 4, "failed", "version of the REST API could not be found out"),
    ],
)
def test_without_a_version_nothing_is_sent(
    answer: Reply, requests: int, outcome: str, words: str, supplier: str, tmp_path: Path
) -> None:
    with serving(by=lambda _: answer) as server:
        rows = removals(opened(server.url, tmp_path), supplier)
    assert outcomes(rows) == [outcome] * 3
    assert all(words in row["reason"] for row in rows)
    assert all("what was done" not in row["reason"] for row in rows)
    assert len(asked(server)) == len(server.requests) == requests
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_ends_with_3(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.json"
    own = {"system": "cybertrace", "url": unused_address(), "auth": AUTH, "total_timeout": 0.5}
    file.write_text(json.dumps({"connections": {"one": own}}))
    options = ["--settings", str(file), "--store", str(tmp_path / "store.db"), "--json", "call"]
    given = [
        "--arg",
        "supplier=InternalTI",
        "--arg",
        "indicators=192.0.2.1",
        "--arg",
        "indicators=192.0.2.2",
    ]
    assert main([*options, "cybertrace-indicators-delete", *given]) == 3
    said = json.loads(capsys.readouterr().out)
    assert said["counts"] == {"failed": 2}


def test_a_dry_run_only_reads() -> None:
    with serving(by=speaks("1.2")) as server:
        assert outcomes(removals(opened(server.url), dry_run=True)) == ["planned"] * 3
    assert asked(server) == [request.target for request in server.requests]


def test_an_option_goes_with_the_version_that_was_found() -> None:
    with serving(by=speaks("1.1")) as server:
        with pytest.raises(ArgumentError, match=r"with REST API 1\.2 or later"):
            removals(opened(server.url), "FalsePositive", unmark_detections=True)
        assert len(asked(server)) == len(server.requests)
        assert outcomes(removals(opened(server.url), "FalsePositive")) == ["removed"] * 3
        assert "unmark_detections" not in server.requests[-1].json[0]
    with serving(by=speaks("1.2")) as server:
        removals(opened(server.url), "FalsePositive", unmark_detections=True)
    assert server.requests[-1].json[0]["unmark_detections"] is True


def test_an_option_is_not_dropped_when_the_version_is_found_late() -> None:
    first = iter([Reply(hang_up="close")])
    with serving(by=lambda request: next(first, None) or speaks("1.1")(request)) as server:
        rows = removals(opened(server.url), "FalsePositive", unmark_detections=True)
    assert outcomes(rows) == ["refused"] * 3
    assert "the server speaks REST API 1.1, which does not know it" in rows[0]["reason"]
    assert len(asked(server)) == len(server.requests)


def test_the_result_is_kept_for_the_next_run(tmp_path: Path) -> None:
    with serving(by=speaks("1.1")) as server:
        assert opened(server.url, tmp_path).api_version == "1.1"
        assert len(server.requests) == 3
        file = tmp_path / "ioc-removal" / "versions.json"
        assert file.stat().st_mode & 0o777 == 0o600
        again = opened(server.url + "/", tmp_path)
        assert again.api_version == "1.1"
        assert outcomes(removals(again)) == ["removed"] * 3
        assert len(asked(server)) == 3
        entries = json.loads(file.read_text())["versions"]
        damages: tuple[Any, ...] = (
            {key: {**entry, "expires": 1} for key, entry in entries.items()},
            {key: {**entry, "version": "9.9"} for key, entry in entries.items()},
            dict.fromkeys(entries, "1.1"),
            [],
        )
        for damage in damages:
            server.requests.clear()
            file.write_text(json.dumps({"versions": damage}))
            assert opened(server.url, tmp_path).api_version == "1.1"
            assert len(asked(server)) == 3
        file.chmod(0o644)
        assert opened(server.url, tmp_path).api_version == "1.1"
        assert len(asked(server)) == 6


def test_a_404_forgets_what_was_kept(tmp_path: Path) -> None:
    with serving(by=speaks("1.3")) as server:
        assert opened(server.url, tmp_path).api_version == "1.3"
        server.answerer = speaks("1.1")
        assert outcomes(removals(opened(server.url, tmp_path))) == ["failed"] * 3
        assert outcomes(removals(opened(server.url, tmp_path))) == ["removed"] * 3


def test_many_ask_once() -> None:
    with serving(by=speaks("1.2")) as server:
        connection, start = opened(server.url), Barrier(8)
        said: list[str | None] = []

        def ask() -> None:
            start.wait(10)
            said.append(connection.api_version)

        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert said == ["1.2"] * 8
    assert len(server.requests) == 2


def test_what_asking_meets_is_told_to_a_reader() -> None:
    with serving(by=lambda _: reply(401, {})) as server:
        action = INTEGRATION.bind("cybertrace-suppliers-list", opened(server.url))
        with pytest.raises(ApiError, match="401"):
            list(perform(action, action.prepare({}), NoRecord()))
    with serving(by=lambda _: Reply(200, body=b"<html>")) as server:
        action = INTEGRATION.bind("cybertrace-suppliers-list", opened(server.url))
        with pytest.raises(TransportError) as vain:
            list(perform(action, action.prepare({}), NoRecord()))
    assert not vain.value.sent


def test_test_tells_the_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox() as sandbox:
        own = sandbox.settings()["connections"]["cybertrace"]
        own.pop("api_version", None)
        file = tmp_path / "settings.json"
        file.write_text(json.dumps({"connections": {"one": own}}))
        assert main(["--settings", str(file), "test"]) == 0
    assert "one: ok, Kaspersky CyberTrace REST API 1.3 at " in capsys.readouterr().out
