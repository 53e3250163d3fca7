"""The sandbox and the demo of the command, for a rehearsal: they serve, tell, and leave nothing."""

import json
import signal
from pathlib import Path

from processes import LONGEST, Program, interruptible, program, remove, sandbox

__all__ = ["interruptible", "program", "sandbox"]
CERTIFICATES = ("ca_bundle", "client_certificate")


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
