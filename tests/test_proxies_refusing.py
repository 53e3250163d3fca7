"""What a proxy says that opens no way, is not there or is none, and whose move it is."""

import json
from pathlib import Path
from socket import create_server
from threading import Event, Thread

import pytest

from ioc_removal.cli import main
from ioc_removal.trust.perform import perform
from ioc_removal.trust.recorder import NoRecord
from proxied import (
    AUTH,
    INTEGRATION,
    USER,
    Ways,
    authority,
    no_proxy_of_this_machine,
    opened,
    removal,
    unsent,
    ways,
)
from proxying import tinyproxy
from recorded import Reply, serving, unused_address

__all__ = ["authority", "no_proxy_of_this_machine", "ways"]


def test_a_refusal_names_the_proxy_and_whose_move_it_is(ways: Ways, tmp_path: Path) -> None:
    wrong = f"http://{USER}:guessed-wrong@{ways.proxy.address}"
    before = ways.proxy.asked, len(ways.secure.requests)
    reason = unsent(ways.secure.url, proxy=wrong)
    assert f"the proxy http://{ways.proxy.address} opens no way there, it answers 401" in reason
    assert "correct the name and password in its setting" in reason
    assert "guessed" not in reason
    reason = unsent(ways.secure.url, proxy=f"http://{ways.proxy.address}")
    assert "it answers 407 Proxy Authentication Required; set it with a name" in reason
    # A wrong password is not tried again: that could lock the user.
    assert (ways.proxy.asked, len(ways.secure.requests)) == (before[0] + 2, before[1])
    with tinyproxy(tmp_path, "ConnectPort 443") as strict:
        reason = unsent(ways.secure.url, proxy=f"http://{strict.address}")
    assert "it answers 403 Access violation; ask who runs the proxy" in reason


def test_a_proxy_that_is_not_there_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", address := unused_address())
    row = removal("http://target.example", total_timeout=2)
    assert (row["outcome"], row["attempts"] > 1) == ("failed", True)
    words = "Connection refused; check its address, or ask who runs it"
    assert f"the proxy {address} of HTTP_PROXY: {words}" in row["reason"]


def test_a_server_that_the_proxy_does_not_reach_is_tried_again(ways: Ways) -> None:
    before = ways.proxy.asked
    address = unused_address().replace("http", "https")
    reason = unsent(address, proxy=ways.address, total_timeout=3)
    assert "opens no way there, it answers 500 Unable to connect" in reason
    assert ways.proxy.asked > before + 1


def test_a_read_without_a_body_hears_what_the_proxy_says_of_plain_http(ways: Ways) -> None:
    action = INTEGRATION.bind(
        "cybertrace-suppliers-list",
        opened(ways.plain.url, proxy=f"http://{ways.proxy.address}"),
    )
    before = len(ways.plain.requests)
    with pytest.raises(Exception, match="407") as refused:
        list(perform(action, action.prepare({}), NoRecord()))
    assert "the proxy wants credentials of its own" in str(refused.value)
    assert len(ways.plain.requests) == before


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Reply(301, "Moved"), "it answers 301 Moved; ask who runs the proxy"),
        (
            Reply(403, "For\x1bbidden"),
            "it answers 403 For\ufffdbidden; ask who runs the proxy to let",
        ),
        (Reply(405, "No"), "ask who runs the proxy to allow CONNECT"),
        (Reply(hang_up="close"), "closed connection without response; check its address"),
    ],
)
def test_what_a_proxy_says_instead_is_told(answer: Reply, words: str) -> None:
    with serving(by=lambda _: answer) as proxy:
        reason = unsent("https://target.example", proxy=proxy.url)
    assert words in reason
    assert f"no connection to https://target.example/api/1.3: the proxy {proxy.url}" in reason
    assert len(proxy.requests) == 1


def test_a_proxy_that_hangs_is_given_up() -> None:
    never = Event()
    with serving(by=lambda _: Reply(pause=never)) as proxy:
        reason = unsent("https://target.example", proxy=proxy.url, connect_timeout=0.2)
        never.set()
    assert f"the proxy {proxy.url} did not answer within 0.2 s (connect_timeout)" in reason


def test_what_is_no_proxy_is_told() -> None:
    with create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.recv(1000)
                caller.sendall(b"220 mail.example ESMTP\r\n")

        thread = Thread(target=greet)
        thread.start()
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        reason = unsent("https://target.example", proxy=address)
        thread.join()
    assert f"the proxy {address}: what answers speaks no HTTP: 220 mail.example" in reason


def test_test_tells_a_person_of_the_proxy(
    ways: Ways, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own = {"system": "cybertrace", "url": ways.secure.url, "api_version": "1.3", "auth": AUTH}
    file = tmp_path / "settings.json"
    proxy = f"http://{USER}:guessed-wrong@{ways.proxy.address}"
    file.write_text(json.dumps({"connections": {"one": {**own, "proxy": proxy}}}))
    assert main(["--settings", str(file), "test"]) == 3
    said = capsys.readouterr()
    assert f"one: no connection to {ways.secure.url}/api/1.3: the proxy http://" in said.out
    assert "guessed" not in said.out + said.err
