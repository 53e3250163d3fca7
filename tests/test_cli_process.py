"""The command as a process of its own: streams, signals, terminals, files of any size."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from ioc_removal.sandbox import Sandbox

DELETE = "cybertrace-indicators-delete"
PROGRAM = (sys.executable, "-m", "ioc_removal")
LONGEST = 120.0  # seconds until a test gives up
MANY = 20_000
CERTIFICATES = ("ca_bundle", "client_certificate")
SECRETS = ("sandbox-password", "sandbox-secret-key", "sandbox-iam-token", "c2FuZGJveC1vcGVyYXRvc")


class Program:
    """The command, with a store of its own and settings that lead to a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path, **limits: int) -> None:
        settings = sandbox.settings()
        for connection in settings["connections"].values():
            connection["limits"] = limits
        (folder / "ioc-removal.yml").write_text(json.dumps(settings))
        self.folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("IOC_REMOVAL_")}
        self.environment = {**kept, "IOC_REMOVAL_STORE": str(folder / "store.db")}
        self.environment.pop("NO_COLOR", None)
        self.status: int | None = None

    def start(self, *words: str, **options: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )

    def run(self, *words: str) -> tuple[int, str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=LONGEST)
        for secret in SECRETS:
            assert secret not in out + err
        return process.returncode, out, err

    def on_a_terminal(self, *words: str) -> str:
        """Return what a person sees."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [*PROGRAM, *words],
            cwd=self.folder,
            env={**self.environment, "TERM": "xterm-256color", "COLUMNS": "100"},
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        seen = b""
        while True:
            try:
                piece = os.read(ours, 4096)
            except OSError:  # the other end was closed
                break
            if not piece:
                break
            seen += piece
        self.status = process.wait(LONGEST)
        os.close(ours)
        return seen.decode()


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture(autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach the program, also where the tests themselves run in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def program(sandbox: Sandbox, tmp_path: Path) -> Program:
    return Program(sandbox, tmp_path)


def remove(*values: str) -> tuple[str, ...]:
    words = (word for value in values for word in ("--arg", f"indicators={value}"))
    return ("call", DELETE, "--arg", "supplier=InternalTI", *words)


def test_json_is_alone_on_standard_output(program: Program) -> None:
    status, out, err = program.run("call", "secmaster-indicators-search", "--json", "--arg",
                                   "values=192.0.2.10")  # fmt: skip
    assert status == 0
    assert json.loads(out)["result"] == "succeeded"
    assert err.startswith("from the defaults of connection secmaster")


def test_many_thousand_indicators(program: Program, tmp_path: Path) -> None:
    lines = "".join(f"host{number}.example\n" for number in range(MANY))
    (tmp_path / "iocs.txt").write_text(lines)
    status, out, _ = program.run(
        "call", DELETE, "--arg", "supplier=InternalTI", "--indicators", "iocs.txt"
    )
    assert status == 0
    assert f"{MANY:,} of {MANY:,} done: {MANY:,} absent" in out
    assert f"… and {MANY - 50:,} absent; `ioc-removal show " in out
    assert len(out.splitlines()) < 60
    run = out.split()[-1]
    _, out, _ = program.run("show", run, "--json")
    assert len(json.loads(out)["outcomes"]) == MANY


def test_a_reader_that_goes_away_is_no_mistake(program: Program, tmp_path: Path) -> None:
    (tmp_path / "iocs.txt").write_text("".join(f"host{n}.example\n" for n in range(3_000)))
    call = ("call", DELETE, "--arg", "supplier=InternalTI", "--indicators", "iocs.txt", "--json")
    process = program.start(*call)
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(LONGEST) == 0


@pytest.mark.parametrize(
    "words",
    [remove("192.0.2.10"), ("run", "remove-iocs-after-triage", "--input", "indicators=192.0.2.10")],
)
def test_ctrl_c_ends_it_at_once_and_tells_the_run(
    words: tuple[str, ...], program: Program, sandbox: Sandbox
) -> None:
    sandbox.misbehave(method="DELETE", delay=LONGEST)
    process = program.start(*words)
    while not any(request["method"] == "DELETE" for request in sandbox.requests):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=LONGEST / 2)
    assert process.returncode == 130
    assert out == ""
    [line] = err.splitlines()
    assert line.startswith("error: interrupted: no answer so far")
    run = line.partition("`ioc-removal show ")[2].partition("`")[0]
    _, out, _ = program.run("show", run)
    assert "interrupted" in out
    assert "0 of 1" in out


@pytest.mark.parametrize("where", ["", "1"])
def test_a_mistake_of_ours_after_something_was_sent_tells_the_run(
    where: str, program: Program, tmp_path: Path
) -> None:
    (tmp_path / "rich.py").write_text("raise RuntimeError('no such luck')\n")
    program.environment |= {"PYTHONPATH": str(tmp_path), "IOC_REMOVAL_DEBUG": where}
    seen = program.on_a_terminal(*remove("192.0.2.10"))
    assert program.status == 3
    assert "internal error: RuntimeError: no such luck; please report it" in seen
    assert ("Traceback" in seen) == bool(where)
    run = seen.partition("1 removed in all; `ioc-removal show ")[2].partition("`")[0]
    assert "1 of 1 done: 1 removed" in program.run("show", run)[1]


def test_a_mistake_of_ours_before_anything_was_sent_is_a_failure(
    program: Program, tmp_path: Path
) -> None:
    (tmp_path / "rich.py").write_text("raise RuntimeError('no such luck')\n")
    program.environment["PYTHONPATH"] = str(tmp_path)
    assert "shows where); nothing was removed" in program.on_a_terminal("actions")
    assert program.status == 1


def test_a_playbook_runs_and_is_shown(program: Program, tmp_path: Path) -> None:
    (tmp_path / "iocs.txt").write_text("192.0.2.10\nmalware.example\n")
    status, out, err = program.run("run", "remove-iocs-after-triage", "--indicators", "iocs.txt")
    assert (status, err) == (
        0,
        "warning: private: 1 is a private or reserved address or a local name, which is another "
        "machine elsewhere: 192.0.2.10\n",
    )
    assert f"{DELETE}, supplier InternalTI\n" in out
    assert "4 of 4 done: 4 removed · run " in out
    run = out.split()[-1]
    assert "4 of 4 done" in program.run("show", run)[1]
    _, out, _ = program.run("show", run, "--json")
    assert json.loads(out)["output"]["report"]


def test_a_refused_playbook_sends_nothing(program: Program, sandbox: Sandbox) -> None:
    status, out, err = program.run(
        *("run", "remove-iocs-after-triage", "--json", "--input", "indicators=192.0.2.10"),
        *("--input", "suppliers=FalsePositive"),
    )
    assert status == 2
    assert "not FalsePositive" in err
    assert json.loads(out)["result"] == "failed"
    assert not sandbox.requests


def test_a_terminal_has_colours_unless_it_wants_none(program: Program) -> None:
    green = "\x1b[32mremoved"
    assert green in program.on_a_terminal(*remove("192.0.2.10"))
    assert "\x1b[3" not in program.on_a_terminal(*remove("192.0.2.10"), "--no-color")
    program.environment["NO_COLOR"] = "1"
    assert "\x1b[3" not in program.on_a_terminal(*remove("192.0.2.10"))
    assert "\x1b[1;31m" not in program.on_a_terminal(*remove())


def test_a_terminal_sees_progress_and_a_pipe_does_not(program: Program, sandbox: Sandbox) -> None:
    sandbox.misbehave(method="DELETE", delay=1.5, times=2)
    assert "0/1" in program.on_a_terminal(*remove("192.0.2.10"))
    assert program.run(*remove("malware.example"))[2] == ""


@pytest.mark.parametrize("name", ["rich", "shtab", "dbos", "jinja2", "trustme"])
def test_a_call_needs_no_extra(name: str, program: Program, tmp_path: Path) -> None:
    (tmp_path / f"{name}.py").write_text(f"raise ModuleNotFoundError('no', name={name!r})\n")
    program.environment["PYTHONPATH"] = os.pathsep.join(
        [str(tmp_path), *filter(None, [program.environment.get("PYTHONPATH")])]
    )
    assert "1 of 1 done: 1 removed" in program.on_a_terminal(*remove("192.0.2.10"))
    command, extra = {
        "shtab": (("completion", "bash"), "cli"),
        "dbos": (("demo",), "playbooks"),
        "jinja2": (("run", "x"), "playbooks"),
        "trustme": (("sandbox", "--tls"), "sandbox"),
    }.get(name, (("actions",), None))
    status, _, err = program.run(*command)
    assert status == (2 if extra else 0)
    assert extra is None or f"pip install 'ioc-removal[{extra}]'" in err


# What makes data classes; the names of Windows' users; then ours, for what few calls do or meet.
NOT_OF_A_CALL = {
    *("dataclasses", "inspect", "ast", "getpass", "encodings.ascii"),
    *(f"ioc_removal.cli.{name}" for name in ("told_file", "waiting")),
    *(f"ioc_removal.operations.{name}" for name in ("inputs", "plan_text")),
    *(f"ioc_removal.store.{name}" for name in ("sqlite_schema", "tables", "trust_tables")),
    *(f"ioc_removal.store.{name}" for name in ("chunks", "lineage", "outcome_walk", "pruned")),
    *(f"ioc_removal.store.{name}" for name in ("requests", "run_list", "set_digest")),
    *(f"ioc_removal.store.{name}" for name in ("shared_places", "unfinished")),
    *(f"ioc_removal.trust.{name}" for name in ("entries", "glances", "guarded_items")),
    *(f"ioc_removal.trust.{name}" for name in ("plain_rows", "restoring")),
    *(f"ioc_removal.{name}" for name in ("adding", "bisection", "handlers.restorings", "iam")),
    *(f"ioc_removal.{name}" for name in ("iam_login", "indicators.seen", "regions")),
    *(f"ioc_removal.handlers.{name}" for name in ("secmaster_search", "secmaster_listing")),
    *(f"ioc_removal.{name}" for name in ("settling", "signature", "token_cache", "unanswered")),
}


def test_a_call_imports_nothing_that_it_does_not_need(program: Program) -> None:
    assert program.run(*remove("192.0.2.10"))[0] == 0  # the store is made
    program.environment["PYTHONPROFILEIMPORTTIME"] = "1"
    status, _, err = program.run(*remove("malware.example"))
    imported = {line.rpartition("|")[2].strip() for line in err.splitlines()}
    assert status == 0
    assert "ioc_removal.outcome" in imported
    assert sorted(imported & NOT_OF_A_CALL) == []
    assert all(map(find_spec, NOT_OF_A_CALL))


def test_the_sandbox_serves_until_ctrl_c(program: Program, tmp_path: Path) -> None:
    (tmp_path / "faults.yml").write_text("- {system: cybertrace, status: 401}\n")
    process = program.start("sandbox", "--write-settings", "own.yml", "--faults", "faults.yml")
    assert process.stdout is not None
    assert "answer at http://127.0.0.1:" in process.stdout.readline()
    assert (tmp_path / "own.yml").stat().st_mode & 0o777 == 0o600
    assert program.run("--settings", "own.yml", "test", "cybertrace")[0] == 1
    assert program.run("--settings", "own.yml", *remove("192.0.2.10"))[0] == 0
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=LONGEST)
    assert process.returncode == 0
    assert "ended after 2 requests" in err


def test_a_rehearsal_over_tls_with_faults(program: Program, tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    program.environment["TMPDIR"] = str(tmp_path / "temporary")
    status, faults, err = program.run("sandbox", "--list-faults")
    assert (status, err) == (0, "")
    (tmp_path / "all.yml").write_text(faults, encoding="utf-8")
    (tmp_path / "one.yml").write_text("- {method: DELETE, status: 400, acted: true}\n")
    for words, lost in ((("--faults", "all.yml"), False), (("--faults", "one.yml"), True)):
        process = program.start("sandbox", "--tls", "--write-settings", "own.yml", *words)
        assert process.stdout is not None
        assert "answer at https://127.0.0.1:" in process.stdout.readline()
        assert "SHA-256 fingerprint of its certificate: " in process.stdout.readline()
        if lost:
            assert program.run("--settings", "own.yml", *remove("192.0.2.10"))[0] != 0
            assert "absent" in program.run("--settings", "own.yml", *remove("192.0.2.10"))[1]
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LONGEST)
        assert process.returncode == 0
        assert ("400 (fault 1; the system answered 201)" in err) is lost
        assert (tmp_path / "own-ca.pem").exists()
    process = program.start("sandbox", "--tls", "--json", "--client-certificate")
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    files = [told["settings"]["connections"]["waf"][name] for name in CERTIFICATES]
    assert all(Path(file).is_file() for file in files)
    assert len(told["fingerprint"]) == 64
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=LONGEST)
    assert not list((tmp_path / "temporary").iterdir())


def test_the_demo_shows_every_indicator_and_leaves_nothing(
    program: Program, tmp_path: Path
) -> None:
    program.environment["TMPDIR"] = str(tmp_path / "temporary")
    (tmp_path / "temporary").mkdir()
    status, out, err = program.run("demo")
    assert (status, err) == (0, "")
    assert "5 of 5 runs of playbooks succeeded" in out
    assert "198.51.100.23" in out
    assert 'context WAF.IpReputationRuleRemoval: {"action": ' in out
    assert not list((tmp_path / "temporary").iterdir())
    assert not (tmp_path / "store.db").exists()
