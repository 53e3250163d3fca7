"""The command as a process of its own: streams, signals, terminals, files of any size."""

import json
import signal
import time
from pathlib import Path

import pytest

from ioc_removal.sandbox import Sandbox
from processes import DELETE, LONGEST, Program, interruptible, program, remove, sandbox

__all__ = ["interruptible", "program", "sandbox"]
MANY = 20_000


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
