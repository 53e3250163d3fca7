"""The limits of a connection hold over all commands of a store that processes share."""

import json
import subprocess
import sys
from pathlib import Path
from time import sleep

from postgresql import PostgreSQLServer
from recorded import Recorded, Reply, reply, serving

LONGEST = 60.0  # seconds that a command may take before the test gives up
MANY = 8


def answered(request: Recorded) -> Reply:
    sleep(0.02)  # long enough for another to be there at the same time
    return reply(201, [{"status": "Deleted" if request.method == "DELETE" else "Updated"}])


def test_calls_and_undos_of_two_processes_never_overlap(
    postgresql: PostgreSQLServer, tmp_path: Path
) -> None:
    store = postgresql.database()

    def start(*words: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "ioc_removal", *words, "--settings", "s.yml"]
        return subprocess.Popen(
            [*command, "--store", store, "--json"], cwd=tmp_path, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def ended(*processes: "subprocess.Popen[str]") -> list[str]:
        runs = []
        for process in processes:
            out, err = process.communicate(timeout=LONGEST)
            record = json.loads(out or "{}")
            assert sum(record.get("counts", {}).values()) == MANY, (out, err)
            runs.append(record["run"])
        return runs

    def values(name: str) -> str:
        file = tmp_path / name
        file.write_text("\n".join(f"{name}-{number}.example" for number in range(MANY)))
        return str(file)

    with serving(by=answered) as server:
        own = {
            "system": "cybertrace",
            "url": server.url,
            "api_version": "1.1",
            "auth": {"type": "basic", "username": "user", "password": "password"},
            "limits": {"items": 1, "in_flight": 1},
        }
        (tmp_path / "s.yml").write_text(json.dumps({"connections": {"cybertrace": own}}))
        delete = ("call", "cybertrace-indicators-delete", "--arg", "supplier=InternalTI")
        runs = ended(*(start(*delete, "--indicators", values(name)) for name in ("a", "b")))
        assert server.peak == 1
        ended(*(start("undo", run) for run in runs))
        assert server.peak == 1
        assert {request.method for request in server.requests} > {"DELETE"}
