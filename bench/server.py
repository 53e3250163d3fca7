"""A small server on loopback that answers deletions as the three systems do, after a pause.

python -m bench.server PAUSE [THERE] prints its port. It keeps nothing and checks nothing, so that
the processes that are measured wait for it as little as possible. THERE: how many of the indicators
that measures are about SecMaster has, none if it is not given.
"""

import json
import re
import sys
from asyncio import Protocol, SelectorEventLoop, Transport, get_running_loop
from collections.abc import Mapping
from selectors import SelectSelector
from typing import Any, cast

from .given import ids, indicators

DELETED = b'[{"status": "All indicators were successfully deleted from the database"}]'
SUPPLIERS = b'[{"name": "InternalTI", "status": "enabled"}]'
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
RULE = re.compile(r"/waf/policy/([^/]+)/ip-reputation(?:/([^/?]+))?")
RULES = 2_001  # of each policy; one more than are deleted, as the last one stays
PAGE = re.compile(r"[?&]offset=(\d+)")
LIMIT = re.compile(r"[?&]limit=(\d+)")
THERE: list[tuple[str, str]] = []  # of SecMaster: id and value


def rule_of(policy: str, rule: str) -> dict[str, object]:
    """Return a rule as WAF shows it."""
    return {
        "id": rule,
        "policyid": policy,
        "name": f"rule-{rule[-6:]}",
        "type": "idc",
        "tags": ["AliCloud"],
        "action": {"category": "block"},
        "status": 1,
        "timestamp": 1_700_000_000_000,
    }


def rule_id(number: int) -> str:
    """Return the id of a rule by its number."""
    return f"{number:032x}"


def answer(method: str, target: str, body: bytes) -> bytes:
    """Return the body of the answer to a request."""
    if target.endswith("/soc/indicators"):
        data = {"success_ids": json.loads(body)["batch_ids"], "error_ids": []}
        return json.dumps({"code": "00000000", "message": "", "data": data}).encode()
    if target.endswith("/soc/indicators/search"):
        return found(json.loads(body))
    if rule := RULE.search(target):
        policy, one = rule.groups()
        if one:
            return json.dumps(rule_of(policy, one)).encode()
        offset = int(page[1]) if (page := PAGE.search(target)) else 0
        size = int(limit[1]) if (limit := LIMIT.search(target)) else 10
        numbers = range(offset, min(offset + size, RULES))
        items = [rule_of(policy, rule_id(number)) for number in numbers]
        return json.dumps({"total": RULES, "items": items}).encode()
    return DELETED if method == "DELETE" else SUPPLIERS


def found(asked: Mapping[str, Any]) -> bytes:
    """Return what a search finds: each of some ids, else a page of what is there."""
    if "ids" in asked:
        named = [(id_, f"{id_[:8]}.example.com") for id_ in asked["ids"]]
        total = len(named)
    else:
        named = THERE[asked["offset"] : asked["offset"] + asked["limit"]]
        total = len(THERE)
    rows = [
        {"id": id_, "name": id_, "data_object": {"id": id_, "value": value, "verdict": "Black"}}
        for id_, value in named
    ]
    whole = {"code": "00000000", "message": "", "total": total, "size": 100, "data": rows}
    return json.dumps(whole).encode()


class Exchange(Protocol):
    """One connection: requests one after the other, each answered after the pause."""

    def __init__(self, pause: float) -> None:
        self._pause, self._got = pause, bytearray()

    def connection_made(self, transport: object) -> None:
        """Keep where answers go."""
        self._out = cast("Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer each request that has come whole; what that takes is a part of the pause."""
        due = get_running_loop().time() + self._pause
        self._got += data
        while (end := self._got.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._got[:end])
            length = int(length_of[1]) if (length_of := LENGTH.search(head)) else 0
            whole = end + 4 + length
            if len(self._got) < whole:
                return
            body = bytes(self._got[end + 4 : whole])
            del self._got[:whole]
            method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
            said = answer(method, target, body)
            status = b"201 Created" if said is DELETED else b"200 OK"  # as the documents have it
            head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nX-request-id: 0123\r\n"
            whole_answer = head % status + b"Content-Length: %d\r\n\r\n" % len(said) + said
            if self._pause:
                get_running_loop().call_at(due, self._out.write, whole_answer)
            else:
                self._out.write(whole_answer)


async def serve(pause: float) -> None:
    """Serve until the process is ended."""
    server = await get_running_loop().create_server(lambda: Exchange(pause), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    there = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    plain = (text.replace("[.]", ".").replace("hxxps", "https") for text in indicators(there))
    THERE += zip(ids(there), plain, strict=True)
    # Pauses of whole milliseconds more, as epoll makes them, would be measured with each request.
    SelectorEventLoop(SelectSelector()).run_until_complete(serve(float(sys.argv[1])))
